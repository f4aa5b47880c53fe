//! Small values for the tests.

use plumbline_contract::event::Event;
use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_contract::time::{Local, Millis};
use plumbline_store::{Commit, Cursor, GapRow, KeyId, KeyState};

pub(crate) fn event(id: &str, version: u32, subject: &str, data: &str) -> Event {
    Event {
        id: id.into(),
        source: "urn:office:行政审批局".into(),
        kind: "approval.case.accepted".into(),
        subject: subject.into(),
        time: Millis(1_767_225_600_000),
        recorded: Millis(1_767_225_601_000),
        corrected: (version > 1).then_some(Millis(1_767_225_700_000)),
        logged: Millis(1_767_225_602_000),
        region: "330781".into(),
        dept: "11330781MB0000001X".into(),
        serial: Some(1),
        actor: None,
        dataversion: version,
        data: data.into(),
    }
}

/// Event number `number` of a series over 11 subjects.
pub(crate) fn numbered(number: u64) -> Event {
    let data = format!(r#"{{"number":{number},"note":"第{number}件"}}"#);
    event(&format!("e{number}"), 1, &format!("case-{}", number % 11), &data)
}

/// `len` bytes that no compression makes shorter.
pub(crate) fn noise(len: usize, mut seed: u64) -> String {
    let mut text = String::with_capacity(len);
    while text.len() < len {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push(char::from(33 + (seed >> 33) as u8 % 94));
    }
    text
}

pub(crate) fn id(key: &str) -> KeyId {
    KeyId { stream: "case".into(), key: key.into() }
}

pub(crate) fn state(state: &[u8], wake: Option<i64>) -> KeyState {
    KeyState { state: state.to_vec(), wake: wake.map(Local), region: "331082".to_owned() }
}

pub(crate) fn cursor(seq: u64) -> Cursor {
    Cursor { seq: EventSeq(seq), tick_after: None }
}

pub(crate) fn gap(from: u64, to: u64) -> GapRow {
    GapRow {
        from: EventSeq(from),
        to: EventSeq(to),
        id: id("k"),
        code: "trap".into(),
        fault: "插件崩溃".into(),
    }
}

pub(crate) fn commit(deployment: u16, from: u64, to: u64) -> Commit {
    Commit {
        deployment: DeploymentId(deployment),
        from: cursor(from),
        to: cursor(to),
        ..Commit::default()
    }
}
