//! Keys of the size that a county may see stay within what the host keeps of one key, and still say
//! what they have to say.
#![allow(clippy::unwrap_used)]

use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::{TableSet, TableSpec};
use plumbline_contract::task::{EventView, Input, LookMode, Task};
use plumbline_contract::time::{Day, Local, Zone};
use plumbline_fund::Fund;
use plumbline_guest::native::{Native, NativeHost};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the host keeps of one key at most, bytes.
const STATE_MAX: usize = 256 * 1024;
/// Events of one task.
const TASK_EVENTS: usize = 500;

/// A key that is told of `count` things, one every `minutes`.
struct Big {
    stream: &'static str,
    kind: &'static str,
    count: usize,
    minutes: i64,
    data: fn(usize) -> Value,
    /// A rule that must stand at the end; empty if none may.
    rule: &'static str,
}

fn month(nth: usize) -> String {
    format!("{:04}-{:02}", 1990 + nth / 12, nth % 12 + 1)
}

/// A keyed hash as connectors write it.
fn hash(nth: usize) -> String {
    format!("h:{nth:064x}")
}

fn payment(nth: usize) -> Value {
    json!({
        "pay_no": format!("ZF2026-{nth:06}"), "fund_code": "F1", "project": "P1", "payer": "U1",
        "payee_ref": "G1", "amount": 4_000_000 + nth, "purpose_code": format!("purpose-{}", nth % 30),
        "approver_chain": [{ "role": "leader", "officer": "o-102" }], "plan_no": "FA1",
    })
}

const BIG: [Big; 10] = [
    Big {
        stream: "person",
        kind: "fund.subsidy.paid",
        count: 2_000,
        minutes: 60 * 24 * 10,
        data: |nth| {
            json!({
                "prog": format!("prog-{}", nth % 3), "person": hash(1), "period": month(nth / 3),
                "amount": 62_000, "acct_h": hash(nth % 5), "batch": "B", "result": "paid",
                "village12": "370203001001",
            })
        },
        rule: "",
    },
    Big {
        stream: "account",
        kind: "fund.subsidy.paid",
        count: 9_600,
        minutes: 30,
        data: |nth| {
            json!({
                "prog": "dibao", "person": hash(nth % 400), "period": month(nth / 400), "amount": 1,
                "acct_h": hash(1), "result": "paid", "household_h": hash(nth % 400),
            })
        },
        rule: "FUND-B03",
    },
    Big {
        stream: "fund",
        kind: "fund.disbursed",
        count: 20_000,
        minutes: 50,
        data: payment,
        rule: "",
    },
    Big {
        stream: "project",
        kind: "fund.disbursed",
        count: 1_500,
        minutes: 500,
        data: payment,
        rule: "",
    },
    Big {
        stream: "pair",
        kind: "fund.disbursed",
        count: 3_000,
        minutes: 500,
        data: payment,
        rule: "FUND-P03",
    },
    Big {
        stream: "plan",
        kind: "fund.disbursed",
        count: 3_000,
        minutes: 50,
        data: payment,
        rule: "",
    },
    Big {
        stream: "village",
        kind: "fund.beneficiary.enrolled",
        count: 5_000,
        minutes: 60,
        data: |nth| {
            json!({
                "prog": "dibao", "person": hash(nth), "village12": "370203001001", "relation": "",
            })
        },
        rule: "",
    },
    Big {
        stream: "invoice",
        kind: "fund.expense.booked",
        count: 400,
        minutes: 50,
        data: |nth| json!({ "project": "P1", "voucher": format!("V{nth}"), "seller": "S", "amount": 5 }),
        rule: "FUND-P06",
    },
    Big {
        stream: "campaign",
        kind: "fund.donation.received",
        count: 6_000,
        minutes: 300,
        data: |_| json!({ "amount": 100, "campaign": "C", "disaster": true, "purposes": ["relief"] }),
        rule: "FUND-D01",
    },
    Big {
        stream: "house",
        kind: "fact.fund.claim",
        count: 400,
        minutes: 3_000,
        data: |nth| {
            json!({
                "house": "H", "application_no": format!("GJJ-{nth:08}"), "person": hash(nth),
                "household_h": "", "co_owner": false, "live": true, "at": nth * 1_000, "rev": 1,
            })
        },
        rule: "",
    },
];

/// The nation's calendar, without which no period ends.
fn calendar() -> TableSet {
    let spec = TableSpec::find("calendar").unwrap();
    let mut lines = plumbline_contract::CALENDAR_CSV.lines();
    let heading: Vec<_> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| spec.row(heading.iter().copied().zip(line.split(','))).unwrap();
    let mut tables = TableSet::default();
    tables.put("calendar", 1, lines.map(row));
    tables
}

#[test]
fn large_keys_are_kept_within_bounds() {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let parameters = Value::Object(manifest.parameters(&Map::new()).unwrap()).to_string();
    let native = Native::<Fund>::new(&parameters).unwrap();
    let host = NativeHost::new(Arc::new(calendar()), Zone::shanghai());
    for big in &BIG {
        let start = Day::from_ymd(2026, 1, 5).unwrap().start();
        let payloads: Vec<_> = (0..big.count).map(|nth| (big.data)(nth).to_string()).collect();
        let (mut state, mut standing) = (Vec::new(), BTreeSet::new());
        for (task, payloads) in payloads.chunks(TASK_EVENTS).enumerate() {
            let inputs = payloads.iter().enumerate().map(|(index, data)| {
                let nth = task * TASK_EVENTS + index;
                Input::Event(view(
                    big.kind,
                    nth,
                    start.plus_minutes(big.minutes * nth as i64),
                    data,
                ))
            });
            let inputs = inputs.collect();
            let task = Task { stream: big.stream, key: "K", state: &state, inputs };
            let verdict = native.supervise(&host, &[task], LookMode::Last).remove(0);
            for gone in verdict.withdrawals {
                standing.remove(&(gone.rule, gone.episode));
            }
            standing.extend(verdict.findings.into_iter().map(|found| (found.rule, found.episode)));
            state = verdict.state;
            let (stream, bytes) = (big.stream, state.len());
            assert!(bytes <= STATE_MAX, "{stream} keeps {bytes} bytes");
        }
        let rules: BTreeSet<_> = standing.iter().map(|(rule, _)| rule.as_str()).collect();
        let wanted: BTreeSet<_> = [big.rule].into_iter().filter(|rule| !rule.is_empty()).collect();
        assert_eq!(rules, wanted, "{} of {} bytes", big.stream, state.len());
    }
}

fn view<'a>(kind: &'a str, nth: usize, at: Local, data: &'a str) -> EventView<'a> {
    EventView {
        seq: nth as u64,
        // Spread like the hashes that they are, so that their size in a state is the real one.
        identity: (nth as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        version: 1,
        kind,
        time: at,
        recorded: at,
        corrected: None,
        logged: at,
        region: "370203",
        dept: "11370203MB0000000X",
        actor: "o-102",
        source: "/370203/finance",
        serial: None,
        data,
    }
}
