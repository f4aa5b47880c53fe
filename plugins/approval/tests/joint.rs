//! APPR-J01 in an import: the timers of a joint approval have long passed when its events come in,
//! and what its cases tell comes after them.
#![allow(clippy::unwrap_used)]

use plumbline_approval::Approval;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::TableSet;
use plumbline_contract::task::{EventView, Input, LookMode, Task, Verdict};
use plumbline_contract::time::{Local, Zone, parse_stamp};
use plumbline_guest::native::{Native, NativeHost};
use serde_json::{Map, Value};
use std::sync::Arc;

const STARTED: &str = r#"{"joint_no":"J1","case_nos":["C1","C2"],"lead_dept":"D1"}"#;
const C1: &str = r#"{"joint_no":"J1","case_no":"C1","dept":"D1","replies":[],"pauses":[],
    "ext_wd":0,"rev":1}"#;
const C2: &str = r#"{"joint_no":"J1","case_no":"C2","dept":"D2","replies":[],"pauses":[],
    "ext_wd":0,"rev":1}"#;

fn local(text: &str) -> Local {
    parse_stamp(text).unwrap().local
}

fn event(seq: u64, kind: &'static str, time: &str, data: &'static str) -> Input<'static> {
    Input::Event(EventView {
        seq,
        identity: seq,
        version: 1,
        kind,
        time: local(time),
        recorded: local(time),
        corrected: None,
        logged: local("2026-08-03T09:00"),
        region: "370203",
        dept: "D1",
        actor: "",
        source: "example",
        serial: None,
        data,
    })
}

/// What stands after the start and these standings, all of them logged five months later.
fn judge(standings: &[&'static str]) -> Verdict {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let parameters = Value::Object(manifest.parameters(&Map::new()).unwrap()).to_string();
    let native = Native::<Approval>::new(&parameters).unwrap();
    let host = NativeHost::new(Arc::new(calendar()), Zone::shanghai());
    let mut inputs = vec![event(0, "approval.joint.started", "2026-03-02T09:00", STARTED)];
    let told = |(index, data): (usize, &&'static str)| {
        event(index as u64 + 1, "fact.approval.standing", "2026-08-03T09:00", data)
    };
    inputs.extend(standings.iter().enumerate().map(told));
    let task = Task { stream: "joint", key: "J1", state: &[], inputs };
    native.supervise(&host, &[task], LookMode::Trace).remove(0)
}

fn calendar() -> TableSet {
    let spec = plumbline_contract::table::TableSpec::find("calendar").unwrap();
    let day = serde_json::json!({ "date": "2026-04-06", "kind": "holiday" });
    let mut set = TableSet::default();
    set.put("calendar", 1, [spec.row_of_json(day.as_object().unwrap()).unwrap()]);
    set
}

fn episodes(verdict: &Verdict) -> Vec<&str> {
    verdict.findings.iter().map(|finding| finding.episode.as_str()).collect()
}

#[test]
fn nothing_is_judged_before_the_cases_have_told() {
    let verdict = judge(&[]);
    assert!(verdict.findings.is_empty(), "{:?}", verdict.findings);
    assert!(verdict.trace.iter().any(|check| check.zh.contains("成员办件情况尚未告知")));
}

#[test]
fn a_member_is_judged_once_its_own_case_has_told() {
    assert_eq!(episodes(&judge(&[C2])), ["C2/D2"]);
}

#[test]
fn the_whole_is_judged_once_all_cases_have_told() {
    let verdict = judge(&[C1, C2]);
    let mut episodes = episodes(&verdict);
    episodes.sort_unstable();
    assert_eq!(episodes, ["C2/D2", "total"]);
}
