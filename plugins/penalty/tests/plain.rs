//! A log of another legal order: with every other rule off, the plain limits ask the host for
//! nothing, leave no timer and tell nothing.
#![allow(clippy::unwrap_used)]

use plumbline_contract::manifest::Manifest;
use plumbline_contract::task::{EventView, Input, LookMode, Task, Verdict, WAKE_ON_TABLE};
use plumbline_contract::time::{Day, Local};
use plumbline_contract::worktime::{Due, Moment, Span, Unit};
use plumbline_guest::native::Native;
use plumbline_guest::{CalendarId, Host};
use plumbline_penalty::Penalty;
use serde_json::{Value, json};

/// A host that may not be asked.
#[derive(Debug)]
struct Mute;

impl Host for Mute {
    fn lookup(&self, table: &str, key: &str, _: Day) -> Option<String> {
        panic!("asked for {key} of {table}")
    }
    fn scan(&self, table: &str, prefix: &str, _: Day, _: u32) -> Vec<(String, String)> {
        panic!("asked for {prefix} of {table}")
    }
    fn open(&self, _: &str, _: &str) -> CalendarId {
        panic!("asked for a calendar")
    }
    fn is_working(&self, _: CalendarId, _: Day) -> bool {
        panic!("asked for a working day")
    }
    fn add(&self, _: CalendarId, _: Day, _: i32, _: Unit, _: bool) -> Due {
        panic!("asked for a date")
    }
    fn count(&self, _: CalendarId, _: Day, _: Day, _: Unit, _: &[Span]) -> i32 {
        panic!("asked for a count")
    }
    fn add_worktime(&self, _: CalendarId, _: Local, _: i64) -> Moment {
        panic!("asked for a moment")
    }
    fn worktime(&self, _: CalendarId, _: Local, _: Local, _: &[Span]) -> i64 {
        panic!("asked for hours")
    }
    fn to_local(&self, utc_ms: i64) -> Local {
        Local(utc_ms)
    }
    fn message(&self, _: &str) {}
}

/// Folds a case whose events happen on the days named, all at midnight.
fn fold(events: &[(&str, &str, i32)]) -> Verdict {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let on = ["PEN-L01", "PEN-L02", "PEN-L03"];
    let ids = manifest.rules.iter().map(|rule| rule.id.as_str());
    let off: Vec<_> = ids.filter(|id| !on.contains(id)).collect();
    let given = json!({
        "off": off, "send_max_cal": 90, "appeal_max_cal": 60, "surcharge_min_cal": 60,
    });
    let parameters = Value::Object(manifest.parameters(given.as_object().unwrap()).unwrap());
    let native = Native::<Penalty>::new(&parameters.to_string()).unwrap();
    let data = |mode: &str| json!({ "case_no": "A1", "mode": mode }).to_string();
    let datas: Vec<_> = events.iter().map(|(_, mode, _)| data(mode)).collect();
    let inputs = events.iter().zip(&datas).enumerate().map(|(nth, ((kind, _, day), data))| {
        let time = Day(13_000).plus(*day).start();
        Input::Event(EventView {
            seq: nth as u64,
            identity: nth as u64,
            version: 1,
            kind,
            time,
            recorded: time,
            corrected: None,
            logged: time,
            region: "000000",
            dept: "police",
            actor: "",
            source: "/log",
            serial: None,
            data,
        })
    });
    let inputs = inputs.collect();
    let task = Task { stream: "case", key: "A1", state: &[], inputs };
    native.supervise(&Mute, &[task], LookMode::Last).remove(0)
}

#[test]
fn plain_limits_need_no_host() {
    let road = |sent, surcharge, appeal| {
        let verdict = fold(&[
            ("penalty.decision.made", "", 0),
            ("penalty.doc.served", "sent", sent),
            ("penalty.doc.served", "notified", 110),
            ("penalty.fine.surcharge", "", surcharge),
            ("penalty.appeal.filed", "", appeal),
            ("penalty.fine.paid", "", 400),
            ("penalty.court.applied", "", 500),
        ]);
        assert!(verdict.facts.is_empty() && verdict.measures.is_empty());
        // A card that stands is looked at again when a table changes, at no time of its own.
        assert!(verdict.wake.is_none_or(|wake| wake == WAKE_ON_TABLE), "{:?}", verdict.wake);
        let mut rules: Vec<_> = verdict.findings.into_iter().map(|found| found.rule).collect();
        rules.sort_unstable();
        rules
    };
    assert_eq!(road(90, 170, 170), [""; 0]);
    assert_eq!(road(91, 170, 170), ["PEN-L01"]);
    assert_eq!(road(90, 170, 171), ["PEN-L02"]);
    assert_eq!(road(90, 169, 170), ["PEN-L03"]);
    assert_eq!(road(91, 169, 171), ["PEN-L01", "PEN-L02", "PEN-L03"]);
}
