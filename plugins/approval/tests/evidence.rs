//! What a card cites: examples compare what fires, these the positions of the events that prove it.
#![allow(clippy::unwrap_used)]

use plumbline_approval::Approval;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::{TableSet, TableSpec};
use plumbline_contract::task::{EventView, Input, LookMode, Task, Verdict};
use plumbline_contract::time::{Zone, parse_stamp};
use plumbline_guest::native::{Native, NativeHost};
use serde_json::{Map, Value, json};
use std::sync::Arc;

fn tables() -> TableSet {
    let mut set = TableSet::default();
    for (table, row) in [
        ("item", json!({ "item_code": "A", "promised_wd": 5, "statutory_wd": 10 })),
        ("calendar", json!({ "date": "2026-04-06", "kind": "holiday" })),
    ] {
        let spec = TableSpec::find(table).unwrap();
        set.put(table, 1, [spec.row_of_json(row.as_object().unwrap()).unwrap()]);
    }
    set
}

/// Events of one key, by kind, time and data; their positions count from 1. An import logs them all
/// at one time; else they are logged as they happen.
fn judge(
    stream: &str,
    key: &str,
    import: Option<&str>,
    events: &[(&str, &str, String)],
) -> Verdict {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let parameters = Value::Object(manifest.parameters(&Map::new()).unwrap()).to_string();
    let native = Native::<Approval>::new(&parameters).unwrap();
    let host = NativeHost::new(Arc::new(tables()), Zone::shanghai());
    let import = import.map(|at| parse_stamp(at).unwrap().local);
    let inputs = events.iter().enumerate().map(|(index, (kind, at, data))| {
        let (seq, time) = (index as u64 + 1, parse_stamp(at).unwrap().local);
        Input::Event(EventView {
            seq,
            identity: seq,
            version: 1,
            kind,
            time,
            recorded: time,
            corrected: None,
            logged: import.unwrap_or(time),
            region: "370203",
            dept: "D1",
            actor: "",
            source: "example",
            serial: None,
            data,
        })
    });
    let task = Task { stream, key, state: &[], inputs: inputs.collect() };
    native.supervise(&host, &[task], LookMode::Every).remove(0)
}

#[test]
fn a_late_decision_is_cited_after_the_acceptance() {
    // The decision is in the log when the case is first seen to be late.
    let events = [
        ("approval.case.received", "2026-03-02T09:00", json!({ "item_code": "A" }).to_string()),
        ("approval.case.decided", "2026-03-31T09:00", json!({ "result": "refuse" }).to_string()),
        ("approval.case.accepted", "2026-03-03T09:00", json!({ "officer": "o1" }).to_string()),
    ];
    let verdict = judge("case", "C1", Some("2026-04-02T09:00"), &events);
    for rule in ["APPR-T02", "APPR-T03"] {
        let card = verdict.findings.iter().rfind(|finding| finding.rule == rule).unwrap();
        assert_eq!(card.evidence, [3, 2], "{rule}");
    }
}

#[test]
fn receipts_of_another_numbering_do_not_use_up_the_mentions() {
    let received = |serial: i64| {
        let data = json!({ "case_no": format!("C{serial}"), "serial": serial }).to_string();
        ("approval.case.received", "2026-03-02T09:00", data)
    };
    let fee = |number: i64| {
        let data = json!({ "case_no": "X", "receipt_no": number.to_string() }).to_string();
        ("approval.case.fee_charged", "2026-03-02T10:00", data)
    };
    let mut events = vec![received(1041), received(1043)];
    // More than are kept: far above the register, then just above it.
    events.extend((0..600).map(|number| fee(900_000 + number)));
    events.extend((0..600).map(|number| fee(1100 + number)));
    events.push(fee(1042));
    let named = events.len() as u64;
    events.push(("approval.case.received", "2026-03-04T09:00", received(1044).2));
    let verdict = judge("serial", "D1/2026", None, &events);
    let card = verdict.findings.iter().find(|finding| finding.episode == "1042").unwrap();
    assert_eq!(card.evidence, [named]);
}
