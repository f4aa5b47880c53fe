//! A key that lives for years stays within what a host keeps of it, and the work for one more event
//! stays small: each stream that collects over many events is filled beyond its bounds.
#![allow(clippy::unwrap_used)]

use plumbline_conduct::Conduct;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::TableSet;
use plumbline_contract::task::{EventView, Input, LookMode, Task};
use plumbline_contract::time::{Day, Local, Zone};
use plumbline_guest::native::{Native, NativeHost};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What a host keeps of one key at most.
const STATE_BYTES_MAX: usize = 256 * 1024;

type Make = fn(u64) -> (&'static str, Value);

/// The state after `count` events of a stream, one each hour, taken in ten tasks.
fn fill(stream: &str, count: u64, make: Make) -> (usize, usize) {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let parameters = Value::Object(manifest.parameters(&Map::new()).unwrap()).to_string();
    let native = Native::<Conduct>::new(&parameters).unwrap();
    let host = NativeHost::new(Arc::new(TableSet::default()), Zone::shanghai());
    let start = Day::from_ymd(2026, 3, 2).unwrap().start();
    let made: Vec<_> = (0..count).map(|n| (n, make(n))).collect();
    let made: Vec<_> = made.iter().map(|(n, (kind, data))| (*n, *kind, data.to_string())).collect();
    let (mut state, mut findings) = (Vec::new(), 0);
    for part in made.chunks(made.len().div_ceil(10)) {
        let event = |(n, kind, data): &(u64, &'static str, String)| {
            let time: Local = start.plus_hours(*n as i64);
            Input::Event(EventView {
                seq: *n,
                identity: *n,
                version: 1,
                kind,
                time,
                recorded: time,
                corrected: None,
                logged: time,
                region: "370203",
                dept: "91370203MA0000000X",
                actor: "",
                source: "plumbline",
                serial: None,
                data: data.to_owned().leak(),
            })
        };
        let inputs = part.iter().map(event).collect();
        let task = Task { stream, key: "k", state: &state, inputs };
        let verdict = native.supervise(&host, &[task], LookMode::Last).remove(0);
        findings += verdict.findings.len();
        state = verdict.state;
    }
    (state.len(), findings)
}

#[test]
fn states_are_bounded() {
    let rows: [(&str, u64, Make); 7] = [
        ("target", 1_000, |n| {
            let person = format!("h:{n:064x}");
            let title = format!("{:016x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let data = json!({ "complaint_no": format!("TS-2026-370203-{n:06}"), "about": "D5",
                "officer": "o", "person_h": person, "title_sim": title, "new_facts": false });
            ("complaint.filed", data)
        }),
        ("closing", 3_000, |n| {
            let data = json!({ "dept": "D5", "month": "2026-03", "turn": 1, "done": n, "at": n + 1,
                "complaint_no": format!("TS-2026-370203-{n:06}"), "done_seq": n, "seq": n,
                "by": format!("TS-2026-370203-{:06}", n + 1), "unknown": false });
            ("fact.conduct.false_close", data)
        }),
        ("complaint", 1_000, |n| {
            let data = json!({ "complaint_no": "K1", "by": format!("TS-2026-370203-{n:06}"),
                "via": "match", "turn": 1, "at": n, "seq": n, "new_facts": false });
            ("fact.conduct.again", data)
        }),
        ("record", 1_000, |n| {
            let fields: Vec<_> = (0..40).map(|f| format!("{f}{}", "x".repeat(80))).collect();
            let data = json!({ "source": "hall/a", "record": format!("record-{n:032}"),
                "type": "approval.case.decided", "fields": fields, "hash_before": "a",
                "hash_after": "b", "corrected": false });
            ("platform.record.changed", data)
        }),
        ("reason", 3_000, |n| {
            let data = json!({ "alert": format!("{n:016x}"), "by": "o", "by_dept": "D5",
                "reason_hash": "r" });
            ("platform.alert.answered", data)
        }),
        ("setting", 10_000, |n| match n % 20 {
            0 => {
                let data = json!({ "rule": "APPR-T02", "deployment": 1, "change": "parameter",
                    "parameter": "promise_red_wd", "before": n.to_string(),
                    "after": (n + 1).to_string(), "looser": "up", "by": ["a"], "roles": ["x"] });
                ("platform.setting.changed", data)
            }
            _ => ("platform.alert.raised", json!({ "alert": n.to_string(), "rule": "APPR-T02" })),
        }),
        ("ledger_count", 3_000, |n| {
            let data = json!({ "month": "2025-12", "dept": "D5", "lower": 1, "upper": 2,
                "what": format!("approval.case.kind-{n:06}") });
            ("platform.ledger.count", data)
        }),
    ];
    for (stream, count, make) in rows {
        let (bytes, findings) = fill(stream, count, make);
        assert!(bytes < STATE_BYTES_MAX, "{stream}: {bytes} bytes after {count} events");
        assert!(bytes > 1_000, "{stream}: only {bytes} bytes, nothing was kept");
        let raises = !matches!(stream, "complaint" | "reason");
        assert_eq!(findings > 0, raises, "{stream}: {findings} findings");
    }
}
