//! A key that sees more events than it keeps stays below the host's limit of a state, and what is
//! kept can still be corrected.
#![allow(clippy::unwrap_used)]

use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::{TableSet, TableSpec};
use plumbline_contract::task::{EventView, Input, LookMode, Task, Verdict};
use plumbline_contract::time::{Zone, parse_stamp};
use plumbline_guest::native::{Native, NativeHost};
use plumbline_powers::Powers;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What the host allows a state.
const STATE_BYTES_MAX: usize = 256 * 1024;

fn calendar() -> TableSet {
    let spec = TableSpec::find("calendar").unwrap();
    let day = json!({ "date": "2026-04-06", "kind": "holiday" });
    let mut set = TableSet::default();
    set.put("calendar", 1, [spec.row_of_json(day.as_object().unwrap()).unwrap()]);
    set
}

/// Looks once after all events. A second event of one number is a correction of the first.
fn judge(stream: &str, events: &[(u64, &str, String)]) -> Verdict {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let parameters = Value::Object(manifest.parameters(&Map::new()).unwrap()).to_string();
    let native = Native::<Powers>::new(&parameters).unwrap();
    let host = NativeHost::new(Arc::new(calendar()), Zone::shanghai());
    let start = parse_stamp("2026-01-05T09:00").unwrap().local;
    let inputs = events.iter().enumerate().map(|(seq, (number, kind, data))| {
        let time = start.plus_minutes(*number as i64);
        let is_first = events[..seq].iter().all(|(earlier, ..)| earlier != number);
        Input::Event(EventView {
            seq: seq as u64,
            identity: number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            version: if is_first { 1 } else { 2 },
            kind,
            time,
            recorded: time,
            corrected: None,
            logged: start.plus_minutes(100_000),
            region: "370203",
            dept: "11370203004188888X",
            actor: "officer-370203-0123",
            source: "urn:county:370203:bureau-of-finance:levies",
            serial: None,
            data,
        })
    });
    let task = Task { stream, key: "K", state: &[], inputs: inputs.collect() };
    native.supervise(&host, &[task], LookMode::Last).remove(0)
}

/// For each stream more events than it keeps.
fn crowds() -> Vec<(&'static str, usize, &'static str, Value)> {
    let acct = "h:0123456789abcdef0123456789abcdef";
    let items: Vec<_> = (0..300)
        .map(|n| json!({ "item_no": format!("LSVAU2180N218{n:04}"), "name": "机动车" }))
        .collect();
    let taken = json!({ "list_no": "清单2026-0001", "case_no": "C", "kind": "seize",
        "officers": ["a", "b"], "urgent": false, "items": items });
    let paid = json!({ "taxpayer": "91370203MA3C000001", "code": "10101", "period": "2026-01-05",
        "pay_no": "337020260105000001", "amount": 1_234_567, "acct": acct, "kind": "tax" });
    let change = json!({ "project": "2026-370203-48-01-000001", "contract_no": "HT-2026-0000001",
        "change_no": "BG-1", "amount": 1_234_567, "approval_no": "", "reason": "design" });
    let charged = json!({ "school": "S", "term": "2026-1", "stage": "compulsory",
        "code": "agency-book-1", "kind": "agency", "student_cnt": 45, "amount": 450_000,
        "receipt_no": "370203000001", "notice_given": true });
    let decided = json!({ "case_no": "F", "respondent": "11370203004188888X", "result": "annul",
        "cause": "治安管理处罚" });
    let held = json!({ "item_no": "V", "list_no": "L", "from": 1, "turn": 1 });
    let approved = json!({ "case_no": "C", "list_no": "清单2026-000001", "kind": "seize",
        "approver": "o-1" });
    vec![
        ("measure", 500, "coercion.measure.taken", taken),
        ("item", 200, "fact.powers.held", held),
        ("coercion", 900, "coercion.measure.approved", approved),
        ("levy", 1_100, "levy.paid", paid),
        ("review", 600, "review.decided", decided.clone()),
        ("respondent", 1_100, "review.decided", decided),
        ("school", 3_100, "edu.fee.charged", charged),
        ("project", 1_100, "project.change", change),
    ]
}

#[test]
fn crowded_keys_stay_small() {
    for (stream, count, kind, data) in crowds() {
        let event = |number: usize| {
            let mut data = data.clone();
            if stream == "item" {
                data["list_no"] = json!(format!("清单2026-{number:04}"));
            }
            // Repeats of the list itself, then what was given back of it.
            let (kind, data) = match (stream, number) {
                ("measure", 100..) => (
                    "coercion.measure.lifted",
                    json!({ "list_no": "L", "partial": true, "item_nos": [format!("V{number}")] }),
                ),
                _ => (kind, data),
            };
            (number as u64, kind, data.to_string())
        };
        let events: Vec<_> = (0..count).map(event).collect();
        let verdict = judge(stream, &events);
        let bytes = verdict.state.len();
        assert!(bytes <= STATE_BYTES_MAX, "{stream}: {bytes} bytes");
        assert!(bytes > 4_000, "{stream}: {bytes} bytes are no crowd");
    }
}

#[test]
fn what_is_kept_can_be_corrected_in_a_crowd() {
    let charge = |amount: i64| {
        json!({ "school": "S", "term": "2026-1", "stage": "compulsory", "code": "book",
            "kind": "agency", "student_cnt": 1, "amount": amount, "receipt_no": "R" })
        .to_string()
    };
    let published = json!({ "school": "S", "term": "2026-1", "code": "book", "price": 100 });
    let mut events = vec![(0, "edu.fee.published", published.to_string())];
    events.push((1, "edu.fee.charged", charge(900)));
    events.extend((2..3_200).map(|number| (number, "edu.fee.charged", charge(100))));
    let fired = |events: &[_]| judge("school", events).findings.len();
    assert_eq!(fired(&events), 1);
    events.push((1, "edu.fee.charged", charge(100)));
    assert_eq!(fired(&events), 0);
}
