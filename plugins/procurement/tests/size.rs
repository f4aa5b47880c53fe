//! States stay below the host's limit at the size of the largest tenders and of years of one key,
//! and one verdict never publishes more facts than it may.
#![allow(clippy::unwrap_used)]

use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::TableSet;
use plumbline_contract::task::{
    EventView, FACTS_MAX, FINDINGS_MAX, Input, LookMode, STATE_BYTES_MAX, Task, Verdict,
};
use plumbline_contract::time::{Local, Zone};
use plumbline_guest::native::{Native, NativeHost};
use plumbline_procurement::Procurement;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// 2026-03-02 09:00 by the clock of Beijing.
const START_MS: i64 = 1_772_413_200_000;
const HOUR_MS: i64 = 3_600_000;

fn event(nth: usize, kind: &str, data: Value) -> Event {
    let zone = Zone::shanghai();
    let at = zone.instant(Local(START_MS + nth as i64 * HOUR_MS));
    Event {
        id: format!("event-{nth}"),
        source: "/370203/trading-platform".to_owned(),
        kind: kind.to_owned(),
        subject: String::new(),
        time: at,
        recorded: at,
        corrected: None,
        logged: at,
        region: "370203".to_owned(),
        dept: "11370203MB2856789X".to_owned(),
        serial: None,
        actor: Some("officer-0012".to_owned()),
        dataversion: 1,
        data: data.to_string(),
    }
}

/// Folds all events in one task and judges what comes of it.
fn fold(stream: &str, events: &[Event]) -> Verdict {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let parameters = Value::Object(manifest.parameters(&Map::new()).unwrap()).to_string();
    let native = Native::<Procurement>::new(&parameters).unwrap();
    let host = NativeHost::new(Arc::new(TableSet::default()), Zone::shanghai());
    let zone = Zone::shanghai();
    let views: Vec<_> = events
        .iter()
        .enumerate()
        .map(|(seq, event)| EventView::of(EventSeq(seq as u64), event, &zone))
        .collect();
    let inputs = views.into_iter().map(Input::Event).collect();
    let task = Task { stream, key: "key", state: &[], inputs };
    let verdict = native.supervise(&host, &[task], LookMode::Last).remove(0);
    let size = verdict.state.len();
    assert!(size <= STATE_BYTES_MAX, "{stream}: {size} bytes of state");
    assert!(verdict.facts.len() <= FACTS_MAX, "{stream}: {} facts", verdict.facts.len());
    assert!(verdict.findings.len() <= FINDINGS_MAX, "{stream}: {}", verdict.findings.len());
    verdict
}

fn bidder(nth: usize) -> String {
    format!("91370203MA3{nth:06}X")
}

fn hash(of: &str, nth: usize) -> String {
    format!("h:{of}{nth:060}")
}

fn registered() -> Event {
    let data = json!({ "ocid": "ocds-cn-370203-2026-0001", "kind": "works", "buyer": "B",
        "agency": "AG", "method": "open", "mandatory": true, "estimate": 5_000_000_000_i64 });
    event(0, "proc.project.registered", data)
}

#[test]
fn a_tender_with_four_hundred_bidders() {
    let ocid = "ocds-cn-370203-2026-0001";
    let items: Vec<_> = (0..300)
        .map(|nth| json!({ "code": format!("0105{nth:08}"), "unit_price": 123_456 + nth }))
        .collect();
    let mut events = vec![registered()];
    for nth in 0..400 {
        let bidder = bidder(nth);
        events.push(event(
            events.len(),
            "proc.doc.obtained",
            json!({ "ocid": ocid, "bidder": bidder,
            "at": "2026-03-03T09:00:00", "ip_h": hash("i", nth), "account_h": hash("u", nth),
            "contact_h": hash("c", nth) }),
        ));
        events.push(event(
            events.len(),
            "proc.bond.paid",
            json!({ "ocid": ocid, "bidder": bidder,
            "amount": 1, "acct_h": hash("b", nth), "payer_name_h": hash("n", nth) }),
        ));
        events.push(event(events.len(), "proc.bid.submitted", json!({ "ocid": ocid, "lot": "L1",
            "bidder": bidder, "at": "2026-03-20T09:00:00", "price": 4_000_000_000_i64 + nth as i64,
            "tool_machine_h": hash("m", 1), "disk_serial_h": hash("d", nth), "cpu_h": hash("p", nth),
            "author_h": hash("a", nth), "upload_account_h": hash("l", nth), "software_no": "S-1",
            "mac_h": [hash("x", nth), hash("y", nth)], "ip_h": hash("q", nth),
            "legal_rep_h": hash("r", nth), "pm_h": hash("g", nth), "agent_h": hash("t", nth),
            "contact_h": hash("c", nth), "typo_set_h": [hash("z", nth)],
            "text_simhash": format!("{:016x}", nth * 7919), "item_prices": items })));
    }
    events.push(event(
        events.len(),
        "proc.opening.held",
        json!({ "ocid": ocid, "at": "2026-03-22T09:30:00", "bidder_count": 400 }),
    ));
    events.push(event(
        events.len(),
        "proc.award.decided",
        json!({ "ocid": ocid, "supplier": bidder(0), "amount": 4_000_000_000_i64, "rank": 1 }),
    ));
    let verdict = fold("bids", &events);
    let linked = verdict.findings.iter().filter(|finding| finding.rule == "PROC-C01").count();
    assert!(linked > 0, "one machine made all bids");
    assert_eq!(verdict.facts.iter().filter(|fact| fact.name == "outcome").count(), 1);
    fold("process", &events);
}

#[test]
fn a_committee_of_nine_before_a_hundred_bids() {
    let ocid = "ocds-cn-370203-2026-0001";
    let mut events = vec![registered()];
    for nth in 0..9 {
        events.push(event(
            events.len(),
            "proc.expert.drawn",
            json!({ "ocid": ocid, "draw_no": "D",
            "expert_id": format!("ZJ-{nth:08}"), "random": true, "major": "civil",
            "drawn_at": "2026-03-21T14:00:00" }),
        ));
        for bid in 0..100 {
            let items: Vec<_> =
                (0..20).map(|item| json!({ "item": format!("t{item}"), "score": 3.25 })).collect();
            events.push(event(
                events.len(),
                "proc.evaluation.scored",
                json!({ "ocid": ocid,
                "expert_id": format!("ZJ-{nth:08}"), "bidder": bidder(bid), "lot": "L1",
                "items": items, "started": "2026-03-22T10:00:00",
                "ended": "2026-03-22T10:20:00" }),
            ));
        }
    }
    events.push(event(events.len(), "proc.evaluation.finished", json!({ "ocid": ocid })));
    fold("panel", &events);
}

#[test]
fn years_of_one_key() {
    let names: Vec<_> = (0..9).map(bidder).collect();
    let outcome = |nth: usize| {
        event(
            nth,
            "fact.procurement.outcome",
            json!({ "buyer": "B", "category": "roads",
            "record": format!("ocds-cn-370203-2026-{nth:06}/L1"), "kind": "works",
            "winner": names[nth % 9], "at": START_MS + nth as i64 * HOUR_MS, "evidence": nth,
            "bidder_count": 9, "bidders": names, "price": 99_600_000, "control_price": 100_000_000 }),
        )
    };
    let outcomes: Vec<_> = (0..2_000).map(outcome).collect();
    let market = fold("market", &outcomes);
    assert!(market.findings.iter().any(|finding| finding.rule == "PROC-C06"));
    let close = fold("buyer", &outcomes);
    assert!(close.findings.iter().any(|finding| finding.rule == "PROC-C10"));
    let purchases: Vec<_> = (0..2_000)
        .map(|nth| {
            event(
                nth,
                "fact.procurement.purchase",
                json!({ "buyer": "B",
            "category": "roads", "record": format!("ocds-cn-370203-2026-{nth:06}/L1/0"),
            "supplier": bidder(nth), "project": format!("undertaking number {nth}"),
            "budget_line": "2120303", "contract": 100, "estimate": 390_000_000,
            "threshold": 400_000_000, "at": START_MS + nth as i64 * HOUR_MS, "evidence": nth,
            "tendered": false, "excused": false }),
            )
        })
        .collect();
    fold("buyer", &[outcomes, purchases].concat());
    let joined: Vec<_> = (0..4_000)
        .map(|nth| {
            event(
                nth,
                "fact.procurement.joined",
                json!({ "party_ref": bidder(1),
            "ocid": format!("ocds-cn-370203-2026-{nth:06}"), "act": "bid", "region": "370203",
            "listed": "", "alias": "", "at": START_MS + nth as i64 * HOUR_MS, "evidence": nth }),
            )
        })
        .collect();
    let deviations: Vec<_> = names.iter().map(|name| format!("-1250@-1025@{name}")).collect();
    let panels: Vec<_> = (0..1_000)
        .map(|nth| {
            event(
                nth,
                "fact.procurement.panel",
                json!({ "party_ref": "ZJ-1",
            "ocid": format!("ocds-cn-370203-2026-{nth:06}"), "copy": false, "bids": 9,
            "deviations": deviations, "at": START_MS + nth as i64 * HOUR_MS, "evidence": nth }),
            )
        })
        .collect();
    fold("party", &[joined, panels].concat());
    let draws: Vec<_> = (0..5_000)
        .map(|nth| {
            event(
                nth,
                "fact.procurement.draw",
                json!({ "major": "civil",
            "ocid": format!("ocds-cn-370203-2026-{:06}", nth / 5),
            "expert_id": format!("ZJ-{:08}", nth * 7 % 300), "evidence": nth,
            "at": START_MS + nth as i64 * HOUR_MS }),
            )
        })
        .collect();
    fold("major", &draws);
}
