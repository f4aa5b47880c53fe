//! The figures behind flags: each flag has those that made it, and lists stay bounded.

use crate::{award, bid, process, race, survey};
use plumbline_ocds::figure::LISTED_MAX;
use plumbline_ocds::{Figure, Group, Indicator, Process};
use serde_json::json;

#[test]
fn every_flag_names_what_it_was_made_of() {
    let mut short = race("SHORT", 100.0);
    short["period_from"] = json!("2026-03-01T00:00:00Z");
    short["period_to"] = json!("2026-03-10T23:00:00Z");
    let bids = json!([bid("valid", &["W"], 120.0), bid("disqualified", &["D"], 90.0)]);
    let last = process("LAST", bids, json!([award("active", &["W"])]));
    let settings = "[R024]\nthreshold = 0.1\n[R058]\nthreshold = 0.4\n[R038]\nthreshold = 0.5\n\
        minimum_submitted_bids = 1";
    let findings = survey(settings, &[short, last, race("FAR", 150.0)]);
    let all: Vec<_> = findings.rows().collect();
    for (group, unit, indicator, _) in &all {
        let figures = findings.figures(*group, unit, *indicator);
        assert!(figures.is_some_and(|it| !it.is_empty()), "{group} {unit} {indicator}");
    }
    let told = serde_json::to_value(&findings).unwrap();
    let rows = [
        (
            "OCID",
            "SHORT",
            "R003",
            json!({ "days": 9.0, "threshold": 15.0,
            "from": "2026-03-01T00:00:00Z", "to": "2026-03-10T23:00:00Z" }),
        ),
        (
            "OCID",
            "SHORT",
            "R024",
            json!({ "winner": "W", "second": "L", "winning_price": 100.0,
            "second_price": 100.0, "limit": 0.1 }),
        ),
        ("OCID", "SHORT", "R028", json!({ "tenderers": ["L", "W"] })),
        (
            "OCID",
            "FAR",
            "R058",
            json!({ "winner": "W", "second": "L", "winning_price": 100.0,
            "second_price": 150.0, "limit": 0.4 }),
        ),
        ("OCID", "LAST", "R035", json!({ "winners": ["W"], "disqualified": ["D"] })),
        ("OCID", "LAST", "R036", json!({ "lowest_disqualified": 90.0, "lowest_valid": 120.0 })),
        (
            "Tenderer",
            "D",
            "R038",
            json!({ "disqualified_bids": 1, "submitted_bids": 1,
            "processes_in_all": 1, "limit": 0.5 }),
        ),
        ("Tenderer", "W", "R058", json!({ "processes": ["FAR"] })),
    ];
    for (group, unit, indicator, wanted) in rows {
        assert_eq!(told["Figures"][group][unit][indicator], wanted, "{group} {unit} {indicator}");
    }
    assert!(told["Figures"]["OCID"]["FAR"]["R028"].is_null(), "no figures without a flag");
}

#[test]
fn a_tenderer_who_is_in_everything_has_a_bounded_list() {
    let all: Vec<_> = (0..LISTED_MAX + 7).map(|n| race(&format!("p{n:03}"), 100.0)).collect();
    let findings = survey("", &all);
    let figures = findings.figures(Group::Tenderer, "L", Indicator::R028).unwrap();
    let Some(Figure::List(processes)) = figures.get("processes") else { panic!("no list") };
    assert_eq!((processes.len(), processes[0].as_str()), (LISTED_MAX, "p000"));
}

#[test]
fn parties_of_a_process_are_named_as_flags_name_them() {
    let mut race = race("P", 1.0);
    (race["buyer"], race["procuring_entity"]) = (json!("B"), json!("E"));
    let process = Process::read(&race.to_string()).unwrap();
    let parties: Vec<_> = process.parties().into_iter().collect();
    let wanted = [
        (Group::Buyer, "B"),
        (Group::ProcuringEntity, "E"),
        (Group::Tenderer, "L"),
        (Group::Tenderer, "W"),
    ];
    assert_eq!(parties, wanted);
}
