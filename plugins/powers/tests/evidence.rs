//! What a card cites: examples compare what fires, these the positions of the events that prove it
//! and the facts that one stream tells another.
#![allow(clippy::unwrap_used)]

use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::{TableSet, TableSpec};
use plumbline_contract::task::{EventView, Input, LookMode, Task, Verdict};
use plumbline_contract::time::{Zone, parse_stamp};
use plumbline_guest::native::{Native, NativeHost};
use plumbline_powers::Powers;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Events of one key, by kind, time and data; their positions count from 1.
fn judge(stream: &str, key: &str, events: &[(&str, &str, Value)]) -> Verdict {
    let spec = TableSpec::find("calendar").unwrap();
    let day = json!({ "date": "2026-04-06", "kind": "holiday" });
    let mut tables = TableSet::default();
    tables.put("calendar", 1, [spec.row_of_json(day.as_object().unwrap()).unwrap()]);
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let parameters = Value::Object(manifest.parameters(&Map::new()).unwrap()).to_string();
    let native = Native::<Powers>::new(&parameters).unwrap();
    let host = NativeHost::new(Arc::new(tables), Zone::shanghai());
    let texts: Vec<_> = events.iter().map(|(.., data)| data.to_string()).collect();
    let inputs = events.iter().zip(&texts).enumerate().map(|(index, ((kind, at, _), data))| {
        let (seq, time) = (index as u64 + 1, parse_stamp(at).unwrap().local);
        Input::Event(EventView {
            seq,
            identity: seq,
            version: 1,
            kind,
            time,
            recorded: time,
            corrected: None,
            logged: time,
            region: "370203",
            dept: "D1",
            actor: "",
            source: "example",
            serial: None,
            data,
        })
    });
    let task = Task { stream, key, state: &[], inputs: inputs.collect() };
    native.supervise(&host, &[task], LookMode::Last).remove(0)
}

fn taken(list_no: &str) -> Value {
    json!({ "list_no": list_no, "case_no": "C1", "kind": "seize", "officers": ["a", "b"],
        "urgent": false, "items": [{ "item_no": "V1", "name": "车辆" }] })
}

#[test]
fn a_late_lifting_is_cited_after_taking_and_extension() {
    let extended = json!({ "list_no": "L1", "days": 30, "approver": "a", "told": true });
    let events = [
        ("coercion.measure.taken", "2026-03-02T09:00", taken("L1")),
        ("coercion.measure.extended", "2026-03-20T09:00", extended),
        ("coercion.measure.lifted", "2026-05-20T09:00", json!({ "list_no": "L1" })),
    ];
    let verdict = judge("measure", "L1", &events);
    assert_eq!(verdict.findings.len(), 1);
    assert_eq!(verdict.findings[0].evidence, [1, 2, 3]);
}

#[test]
fn a_list_tells_its_things_when_it_changes() {
    let lifted = json!({ "list_no": "L1", "partial": true, "item_nos": ["V1"] });
    let events = [
        ("coercion.measure.taken", "2026-03-02T09:00", taken("L1")),
        ("coercion.measure.lifted", "2026-03-20T09:00", lifted),
    ];
    for (count, has_end) in [(1, false), (2, true)] {
        let verdict = judge("measure", "L1", &events[..count]);
        let told: Vec<Value> =
            verdict.facts.iter().map(|fact| serde_json::from_str(&fact.data).unwrap()).collect();
        assert_eq!(told.len(), 1);
        assert_eq!((&told[0]["item_no"], &told[0]["list_no"]), (&json!("V1"), &json!("L1")));
        assert_eq!(told[0].get("to").is_some(), has_end);
    }
}

#[test]
fn the_thing_answers_the_later_list_only() {
    let held = |list_no: &str, from: i64| json!({ "item_no": "V1", "list_no": list_no, "from": from, "turn": 1 });
    let events = [
        ("fact.powers.held", "2026-03-02T09:00", held("L9", 1_000)),
        ("fact.powers.held", "2026-03-03T09:00", held("L1", 2_000)),
    ];
    let verdict = judge("item", "V1", &events);
    let keys: Vec<_> = verdict.facts.iter().map(|fact| fact.key.as_str()).collect();
    assert_eq!(keys, ["L1"]);
    let doubled =
        json!({ "item_no": "V1", "list_no": "L1", "other": "L9", "doubled": true, "turn": 1 });
    let verdict = judge(
        "measure",
        "L1",
        &[
            ("coercion.measure.taken", "2026-03-03T09:00", taken("L1")),
            ("fact.powers.doubled", "2026-03-03T10:00", doubled),
        ],
    );
    assert_eq!(verdict.findings[0].rule, "CMP-P03");
    assert_eq!(verdict.findings[0].evidence, [2]);
}
