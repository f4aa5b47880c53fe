//! Indicators that compare all units: R024, R025, R038, R048, R058.

use crate::{award, bid, flagged, process, race, survey};
use plumbline_ocds::{Findings, Group, Indicator};
use serde_json::{Value, json};

fn meta(findings: &Findings, indicator: Indicator, name: &str) -> String {
    let figure = findings.meta.get(&indicator).and_then(|figures| figures.get(name));
    figure.map_or_else(String::new, |figure| format!("{figure:.4}"))
}

/// Two prices that are equal to the winner's among seven that are twice as high: with nine values
/// h = 2.6667, so that q1 = 0.6667, q3 = 1 and the fence lies at 0.1667.
fn close() -> Vec<Value> {
    let mut processes: Vec<_> = (0..7).map(|n| race(&format!("far-{n}"), 200.0)).collect();
    processes.extend([race("near", 100.0), race("near too", 110.0)]);
    processes
}

#[test]
fn price_close_to_the_winner() {
    let findings = survey("", &close());
    // Quartiles of 0, 0.1 and seven times 1: q1 = 0.1 + 0.6667 * 0.9.
    assert_eq!(meta(&findings, Indicator::R024, "q1"), "0.7000");
    assert_eq!(meta(&findings, Indicator::R024, "q3"), "1.0000");
    assert_eq!(meta(&findings, Indicator::R024, "lower_fence"), "0.2500");
    assert_eq!(flagged(&findings, Group::Ocid, Indicator::R024), "near=0 near too=0.1");
    assert_eq!(flagged(&findings, Group::Tenderer, Indicator::R024), "L=0 W=0");
}

#[test]
fn a_threshold_stands_in_for_the_fence() {
    let findings = survey("[R024]\nthreshold = 0.05", &close());
    assert_eq!(flagged(&findings, Group::Ocid, Indicator::R024), "near=0");
    assert_eq!(meta(&findings, Indicator::R024, "q1"), "");
    assert_eq!(meta(&findings, Indicator::R024, "lower_fence"), "0.0500");
    let exact = survey("[R024]\nthreshold = 0.1", &close());
    assert_eq!(flagged(&exact, Group::Ocid, Indicator::R024), "near=0 near too=0.1");
}

#[test]
fn a_fence_at_zero_flags_nothing() {
    let mut processes: Vec<_> = (0..8).map(|n| race(&format!("near-{n}"), 100.0)).collect();
    processes.push(race("far", 300.0));
    let findings = survey("", &processes);
    assert_eq!(meta(&findings, Indicator::R024, "lower_fence"), "0.0000");
    assert_eq!(flagged(&findings, Group::Ocid, Indicator::R024), "");
    assert_eq!(flagged(&findings, Group::Ocid, Indicator::R058), "");
}

/// What is left out of R024 and R058, each beside six ordinary processes.
#[test]
fn what_prices_are_not_compared() {
    let near = |bids: Value, awards: Value| process("P", bids, awards);
    let (w, l) = (bid("valid", &["W"], 100.0), bid("valid", &["L"], 100.0));
    let won = || json!([award("active", &["W"])]);
    let mut advance = near(json!([w, l]), won());
    advance["method_details"] = json!("lottery");
    let mut cancelled = near(json!([w, l]), won());
    cancelled["tender_status"] = json!("cancelled");
    let mut dollars = bid("valid", &["L"], 100.0);
    dollars["currency"] = json!("USD");
    let rows = [
        ("plain", near(json!([w, l]), won()), true),
        (
            "pending award",
            near(json!([w, l]), json!([award("active", &["W"]), award("pending", &[])])),
            false,
        ),
        (
            "unknown award",
            near(json!([w, l]), json!([award("active", &["W"]), award("draft", &[])])),
            false,
        ),
        ("award without status", near(json!([w, l]), json!([award("active", &["W"]), {}])), true),
        (
            "two awards",
            near(json!([w, l]), json!([award("active", &["W"]), award("active", &["W"])])),
            false,
        ),
        ("two suppliers", near(json!([w, l]), json!([award("active", &["W", "X"])])), false),
        (
            "cancelled award",
            near(json!([w, l]), json!([award("cancelled", &["X"]), award("active", &["W"])])),
            true,
        ),
        ("joint bid", near(json!([w, bid("valid", &["L", "M"], 100.0)]), won()), false),
        ("not lowest", near(json!([w, bid("valid", &["L"], 99.0)]), won()), false),
        ("disqualified", near(json!([w, bid("disqualified", &["L"], 100.0)]), won()), false),
        ("lower bid of the winner", near(json!([bid("valid", &["W"], 150.0), w, l]), won()), true),
        ("price of nothing", near(json!([bid("valid", &["W"], -1.0), l]), won()), false),
        ("set in advance", advance, false),
        ("cancelled", cancelled, false),
        ("other currency", near(json!([w, dollars]), won()), false),
    ];
    let settings =
        "no_price_comparison_procurement_methods = [\"lottery\"]\n[R024]\nthreshold = 0.01";
    for (name, process, compared) in rows {
        let processes: Vec<_> =
            (0..6).map(|n| race(&format!("far-{n}"), 200.0)).chain([process]).collect();
        let findings = survey(settings, &processes);
        assert_eq!(findings.value(Group::Ocid, "P", Indicator::R024).is_some(), compared, "{name}");
    }
}

#[test]
fn heavily_discounted_bid() {
    let seconds = [110.0, 120.0, 130.0, 140.0, 150.0, 160.0, 170.0, 180.0, 400.0];
    let processes: Vec<_> =
        seconds.iter().enumerate().map(|(n, second)| race(&format!("{n}"), *second)).collect();
    let findings = survey("", &processes);
    // h = 2.6667 and 7.3333: q1 = 0.2667, q3 = 0.7333, the fence 0.7333 + 0.7.
    assert_eq!(meta(&findings, Indicator::R058, "q1"), "0.2667");
    assert_eq!(meta(&findings, Indicator::R058, "q3"), "0.7333");
    assert_eq!(meta(&findings, Indicator::R058, "upper_fence"), "1.4333");
    assert_eq!(flagged(&findings, Group::Ocid, Indicator::R058), "8=3");
    assert_eq!(flagged(&findings, Group::Tenderer, Indicator::R058), "W=0");
    let fixed = survey("[R058]\nthreshold = 0.8", &processes);
    assert_eq!(flagged(&fixed, Group::Ocid, Indicator::R058), "7=0.8 8=3");
}

/// `F` bids in ten processes and wins two; each other tenderer bids once and wins, but for one.
fn losing() -> Vec<Value> {
    let plain = |n: usize, winner: &str, other: &str| {
        let bids = json!([bid("valid", &["F"], 0.0), bid("valid", &[other], 0.0)]);
        process(&format!("{n}"), bids, json!([award("active", &[winner])]))
    };
    let mut processes: Vec<_> =
        (0..8).map(|n| plain(n, &format!("T{n}"), &format!("T{n}"))).collect();
    processes.push(plain(8, "F", "N"));
    // More than one bid in a process counts once.
    let alone = json!([bid("valid", &["F"], 0.0), bid("valid", &["F"], 0.0)]);
    processes.push(process("9", alone, json!([award("active", &["F"])])));
    processes
}

#[test]
fn excessive_unsuccessful_bids() {
    let findings = survey("", &losing());
    // Ratios 0, 0.2 and eight times 1; h = 2.9167: q1 = 0.2 + 0.9167 * 0.8, q3 = 1.
    assert_eq!(meta(&findings, Indicator::R025, "q1"), "0.9333");
    assert_eq!(meta(&findings, Indicator::R025, "q3"), "1.0000");
    assert_eq!(meta(&findings, Indicator::R025, "lower_fence"), "0.8333");
    assert_eq!(meta(&findings, Indicator::R025, "upper_fence"), "1.0000");
    // N wins nothing, and with one bid it is among those with the most: the third quartile is one.
    assert_eq!(flagged(&findings, Group::Tenderer, Indicator::R025), "F=0.2 N=0");
    let busier = survey("[R025]\npercentile = 100", &losing());
    assert_eq!(flagged(&busier, Group::Tenderer, Indicator::R025), "F=0.2");
    let fixed = survey("[R025]\npercentile = 100\nthreshold = 0.2", &losing());
    assert_eq!(flagged(&fixed, Group::Tenderer, Indicator::R025), "F=0.2");
    let below = survey("[R025]\nthreshold = 0.19", &losing());
    assert_eq!(flagged(&below, Group::Tenderer, Indicator::R025), "N=0");
}

fn bought(ocid: &str, buyer: &str, entity: &str, statuses: &[(&str, &str)]) -> Value {
    let bids = statuses.iter().map(|(status, tenderer)| bid(status, &[tenderer], 0.0));
    let mut process = process(ocid, bids.collect(), json!([]));
    process["buyer"] = json!(buyer);
    process["procuring_entity"] = json!(entity);
    process
}

#[test]
fn excessive_disqualified_bids() {
    let mut processes = Vec::new();
    for n in 0..6 {
        let bids = [("valid", format!("T{n}")), ("valid", format!("U{n}"))];
        let bids = bids.each_ref().map(|(status, id)| (*status, id.as_str()));
        for round in 0..2 {
            processes.push(bought(&format!("{n}-{round}"), &format!("B{n}"), "E", &bids));
        }
    }
    let harsh = [("disqualified", "D"), ("disqualified", "D"), ("valid", "W")];
    processes.push(bought("harsh", "HARSH", "E", &harsh));
    processes.push(bought("harsh 2", "HARSH", "E", &[("valid", "W"), ("withdrawn", "D")]));
    // Six ratios of zero and one half: both quartiles are zero, so that the threshold is needed.
    let findings = survey("", &processes);
    assert_eq!(meta(&findings, Indicator::R038, "Buyer_upper_fence"), "0.0000");
    assert_eq!(flagged(&findings, Group::Buyer, Indicator::R038), "");
    let fixed = survey("[R038]\nthreshold = 0.5", &processes);
    assert_eq!(flagged(&fixed, Group::Buyer, Indicator::R038), "HARSH=0.5");
    assert_eq!(flagged(&fixed, Group::Tenderer, Indicator::R038), "D=1");
    assert_eq!(flagged(&fixed, Group::ProcuringEntity, Indicator::R038), "");
    let strict = survey("[R038]\nthreshold = 0.5\nminimum_submitted_bids = 3", &processes);
    assert_eq!(flagged(&strict, Group::Tenderer, Indicator::R038), "");
}

/// The definition speaks of processes, the published program counts bids.
#[test]
fn minimum_of_buyers() {
    let once = [bought("1", "B", "P", &[("valid", "W"), ("disqualified", "D")])];
    let program = survey(include_str!("../../../examples/ocds/as-cardinal.toml"), &once);
    assert_eq!(flagged(&program, Group::Buyer, Indicator::R038), "B=0.5");
    assert_eq!(flagged(&program, Group::ProcuringEntity, Indicator::R038), "P=0.5");
    let defined = survey("", &once);
    assert_eq!(flagged(&defined, Group::Buyer, Indicator::R038), "");
    let twice = [
        bought("1", "B", "P", &[("valid", "W"), ("disqualified", "D")]),
        bought("2", "B", "P", &[("valid", "W"), ("disqualified", "D")]),
    ];
    let defined = survey("", &twice);
    assert_eq!(flagged(&defined, Group::Buyer, Indicator::R038), "B=0.5");
}

/// A supplier of that many processes with an item of each of these classes.
fn supplies(supplier: &str, processes: usize, classes: &[&str]) -> Vec<Value> {
    let award = json!({ "status": "active", "suppliers": [supplier], "classes": classes });
    (0..processes).map(|n| process(&format!("{supplier}-{n}"), json!([]), json!([award]))).collect()
}

#[test]
fn heterogeneous_supplier() {
    let mut processes = Vec::new();
    for (supplier, classes) in [("A", 1), ("B", 1), ("C", 2), ("D", 2), ("E", 3)] {
        let all = ["10", "20", "30"];
        processes.extend(supplies(supplier, 20, &all[..classes]));
    }
    let many = ["11000000", "12", "13", "14", "15", "16", "17", "18", "19", "21"];
    processes.extend(supplies("ALL", 20, &many));
    processes.extend(supplies("FEW", 19, &many));
    let findings = survey("", &processes);
    // Values 1, 1, 2, 2, 3, 10; h = 1.9167 and 5.0833 - 0.0833: q1 = 1, q3 = 3.5833.
    assert_eq!(meta(&findings, Indicator::R048, "q1"), "1.0000");
    assert_eq!(meta(&findings, Indicator::R048, "q3"), "3.5833");
    assert_eq!(meta(&findings, Indicator::R048, "upper_fence"), "7.4583");
    assert_eq!(flagged(&findings, Group::Tenderer, Indicator::R048), "ALL=10");
    let one_digit = survey("[R048]\ndigits = 1\nthreshold = 2", &processes);
    assert_eq!(
        flagged(&one_digit, Group::Tenderer, Indicator::R048),
        "ALL=2 C=2 D=2 E=3",
        "by the first digit there are two classes"
    );
    let fewer = survey("[R048]\nminimum_contracting_processes = 19\nthreshold = 10", &processes);
    assert_eq!(flagged(&fewer, Group::Tenderer, Indicator::R048), "ALL=10 FEW=10");
    let joint = json!({ "status": "active", "suppliers": ["ALL", "X"], "classes": ["77"] });
    processes.push(process("joint", json!([]), json!([joint])));
    let findings = survey("", &processes);
    assert_eq!(flagged(&findings, Group::Tenderer, Indicator::R048), "ALL=10");
}
