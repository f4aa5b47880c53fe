//! Streams that gather many cases under one key stay within what a key may hold, with identifiers
//! as long as real ones and more cases than any county has.
#![allow(clippy::unwrap_used)]

use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::TableSet;
use plumbline_contract::task::{EventView, Input, LookMode, STATE_BYTES_MAX, Task};
use plumbline_contract::time::{Local, Zone};
use plumbline_guest::native::{Native, NativeHost};
use plumbline_penalty::Penalty;
use serde_json::{Value, json};
use std::sync::Arc;

const DEPT: &str = "11370203MB0000001T";

/// The bytes that are kept after so many events of one key.
fn kept(stream: &str, kind: &str, count: usize, data: impl Fn(usize) -> Value) -> usize {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let parameters = Value::Object(manifest.parameters(&serde_json::Map::new()).unwrap());
    let native = Native::<Penalty>::new(&parameters.to_string()).unwrap();
    let host = NativeHost::new(Arc::new(TableSet::default()), Zone::shanghai());
    let texts: Vec<_> = (0..count).map(|nth| data(nth).to_string()).collect();
    let inputs = texts.iter().enumerate().map(|(nth, data)| {
        let time = Local(1_767_229_200_000 + nth as i64 * 60_000);
        Input::Event(EventView {
            seq: nth as u64,
            identity: nth as u64,
            version: 1,
            kind,
            time,
            recorded: time,
            corrected: None,
            logged: time,
            region: "370203",
            dept: DEPT,
            actor: "",
            source: "/370203/enforcement",
            serial: None,
            data,
        })
    });
    let inputs = inputs.collect();
    let task = Task { stream, key: "K", state: &[], inputs };
    native.supervise(&host, &[task], LookMode::Last).remove(0).state.len()
}

fn ruling(nth: usize) -> Value {
    json!({
        "case_no": format!("鲁青市监处罚〔2026〕{nth:08}"), "rev": nth, "officer": "370203000123",
        "dept": DEPT, "year": 2026, "month": "2026-01", "decided": 20454, "at": nth * 60_000,
        "kind": "fine", "corrected": false, "party": "91370203MA3C00000X", "cause": "CF0001",
        "reason": "first_violation", "fine": 500_000 + nth, "ratio": 50_000 + nth * 100,
        "group": "CF0001/county/2026-01-01/ratio/repeat=false", "in_time": true,
        "act": format!("2026-01-10/the place of act {nth}/CF0001"),
    })
}

#[test]
fn states_stay_within_what_a_key_may_hold() {
    let evidence = |nth: usize| {
        json!({
            "case_no": format!("C{nth}"), "ev_no": format!("370203-2026-{nth:06}"),
            "kind": "inquiry", "officers": ["o1", "o2"], "place_geo": "36.123456,120.123456",
            "start": "2026-01-05T09:00:00+08:00", "end": "2026-01-05T09:10:00+08:00",
        })
    };
    let outlier = |nth: usize| {
        json!({
            "case_no": format!("鲁青市监处罚〔2026〕{nth:08}"), "officer": "370203000123",
            "dept": DEPT, "month": "2026-01", "at": nth * 60_000, "grade": 2, "tenths": 300,
            "peers": 600, "figure": 5_000_000, "median": 500_000, "turn": 1,
        })
    };
    let tally = |nth: usize| {
        let ratios: Vec<_> = (0..=20).map(|at| format!("{at}/200")).collect();
        json!({
            "officer": format!("3702030{:05}", nth / 12), "dept": DEPT, "year": 2026,
            "nth": nth % 12 + 1, "rev": nth, "cases": 4000, "spared": 100, "fines": 3000,
            "warnings": 900, "total": 3_000_000_000_i64, "late_days": 900, "ratios": ratios,
        })
    };
    let rows = [
        ("peer", kept("peer", "fact.penalty.ruling", 1_000, ruling)),
        ("party", kept("party", "fact.penalty.ruling", 1_200, ruling)),
        ("officer", kept("officer", "fact.penalty.ruling", 7_000, ruling)),
        ("deviation", kept("deviation", "fact.penalty.outlier", 1_500, outlier)),
        ("bench", kept("bench", "fact.penalty.tally", 3_000, tally)),
        ("presence", kept("presence", "penalty.evidence.taken", 1_500, evidence)),
    ];
    for (stream, bytes) in rows {
        assert!(bytes > 10_000, "{stream} kept next to nothing: {bytes} bytes");
        assert!(bytes < STATE_BYTES_MAX, "{stream} kept {bytes} bytes");
    }
}
