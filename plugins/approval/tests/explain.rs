//! The explanation of a case shows its clock in both languages.
#![allow(clippy::unwrap_used)]

use plumbline_approval::Approval;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::{TableSet, TableSpec};
use plumbline_contract::task::{EventView, Input, LookMode, Task};
use plumbline_contract::time::{Zone, parse_stamp};
use plumbline_guest::native::{Native, NativeHost};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const EVENTS: [(&str, &str, &str); 5] = [
    ("accepted", "2026-03-02T09:00", r#"{"item_code":"A","officer":"o1"}"#),
    ("paused", "2026-03-04T09:00", r#"{"kind":"testing","notice_no":"N1"}"#),
    ("resumed", "2026-03-23T09:00", r#"{"kind":"testing"}"#),
    ("paused", "2026-03-24T09:00", r#"{"kind":"tender","notice_no":"N2"}"#),
    (
        "extended",
        "2026-03-25T09:00",
        r#"{"days_wd":10,"approver_rank":"head","applicant_told":true}"#,
    ),
];

fn tables() -> TableSet {
    let spec = TableSpec::find("item").unwrap();
    let row = json!({
        "item_code": "A", "promised_wd": 15, "statutory_wd": 20,
        "special_links": [{ "kind": "testing", "max_wd": 10 }],
    });
    let mut set = TableSet::default();
    set.put("item", 1, [spec.row_of_json(row.as_object().unwrap()).unwrap()]);
    let spec = TableSpec::find("calendar").unwrap();
    let day = json!({ "date": "2026-04-06", "kind": "holiday" });
    set.put("calendar", 1, [spec.row_of_json(day.as_object().unwrap()).unwrap()]);
    set
}

#[test]
fn clock_of_a_case_is_told_in_both_languages() {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let parameters = Value::Object(manifest.parameters(&Map::new()).unwrap()).to_string();
    let native = Native::<Approval>::new(&parameters).unwrap();
    let host = NativeHost::new(Arc::new(tables()), Zone::shanghai());
    let kinds = EVENTS.map(|(kind, ..)| format!("approval.case.{kind}"));
    let event = |index: usize| {
        let (_, at, data) = EVENTS[index];
        let time = parse_stamp(at).unwrap().local;
        Input::Event(EventView {
            seq: index as u64,
            identity: index as u64,
            version: 1,
            kind: &kinds[index],
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
    };
    let inputs = (0..EVENTS.len()).map(event).collect();
    let task = Task { stream: "case", key: "C1", state: &[], inputs };
    let verdicts = native.supervise(&host, &[task], LookMode::Trace);
    let clock = verdicts[0].trace.iter().find(|check| check.zh.contains("计时起点")).unwrap();
    assert_eq!(clock.rule, "APPR-T03");
    assert_eq!(
        clock.zh,
        "计时起点 2026-03-02（受理），自次日 2026-03-03 起按工作日计；\
         法定期限 20+10 个工作日，应办结日 2026-04-28；\
         承诺期限 15+10 个工作日，应办结日 2026-04-21；\
         停表 testing 2026-03-04 至 2026-03-23：在事项特别程序内，依法停表，最长计至 2026-03-18；\
         停表 tender 2026-03-24 至 …：种类不在事项特别程序内，不停表；\
         2026-03-25 延期 10 个工作日，在法定期限内作出，计入；\
         截至 2026-03-25 共 23 个自然日：已用 7 个工作日，停表 10 个工作日，休息日 6 天不计"
    );
    let values: Value = serde_json::from_str(&clock.values).unwrap();
    assert_eq!(values["about"], "clock");
    assert_eq!(values["statutory_due"], "2026-04-28");
    assert_eq!((&values["used_wd"], &values["stopped_wd"]), (&json!(7), &json!(10)));
    assert_eq!(
        values["stops"],
        json!([
            { "kind": "testing", "begin": "2026-03-04", "ground": "lawful", "counts": true,
              "end": "2026-03-23", "wd": 13, "max_wd": 10, "counted_until": "2026-03-18" },
            { "kind": "tender", "begin": "2026-03-24", "ground": "unlawful", "counts": false },
        ])
    );
    assert!(clock.en.contains("statutory limit 20+10 working days, due 2026-04-28"));
    assert!(clock.en.contains("stop tender 2026-03-24 to …: not lawful for the item"));
}
