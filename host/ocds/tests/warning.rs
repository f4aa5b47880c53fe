//! Warnings, distributions and the shape of the result.

use crate::{award, bid, process, race, survey};
use plumbline_ocds::{Group, Indicator, Settings, Survey, Warning};
use serde_json::{Value, json};

fn period(ocid: usize, days: u32) -> Value {
    json!({ "ocid": ocid.to_string(), "period_from": "2026-03-01T00:00:00Z",
            "period_to": format!("2026-03-{:02}T00:00:00Z", 1 + days) })
}

#[test]
fn too_many_flags_are_said() {
    let with = |short: usize, all: usize| -> Vec<Warning> {
        let processes: Vec<_> =
            (0..all).map(|n| period(n, if n < short { 3 } else { 20 })).collect();
        survey("", &processes).warnings
    };
    let (indicator, group) = (Indicator::R003, Group::Ocid);
    assert_eq!(with(3, 20), [Warning::TooMany { indicator, group, flagged: 3, units: 20 }]);
    assert_eq!(with(2, 20), [], "a tenth is not more than a tenth");
    assert_eq!(with(19, 19), [], "so few units say nothing");
}

/// What the published sample shows: everybody wins, so that both quartiles are one, and everybody
/// with enough bids is flagged.
#[test]
fn a_degenerate_fence_is_said() {
    let processes: Vec<_> = (0..25)
        .map(|n| {
            let winner = format!("T{n}");
            let bids = json!([bid("valid", &[&winner], 0.0)]);
            process(&n.to_string(), bids, json!([award("active", &[&winner])]))
        })
        .collect();
    let findings = survey("", &processes);
    let (indicator, group) = (Indicator::R025, Group::Tenderer);
    let wanted = [
        Warning::Degenerate { indicator, group, quartile: 1.0, units: 25 },
        Warning::TooMany { indicator, group, flagged: 25, units: 25 },
    ];
    assert_eq!(findings.warnings, wanted);
    let fixed = survey("[R025]\nthreshold = 0.5", &processes);
    assert_eq!(fixed.warnings, [], "a threshold does not degenerate");
}

#[test]
fn what_was_left_out_is_said() {
    let mut dollars = race("D", 150.0);
    dollars["bids"][1]["currency"] = json!("USD");
    let mut cut = race("C", 150.0);
    cut["bids_left_out"] = json!(40);
    let mut survey = Survey::new(Settings::default());
    for payload in [cut.to_string(), dollars.to_string(), "null".to_owned(), "{}".to_owned()] {
        survey.add_payload(&payload);
    }
    let findings = survey.finish();
    assert_eq!(findings.processes, 2);
    // The other price of the dollar process was asked for twice: for R024 and R036.
    let (group, quartile, units) = (Group::Ocid, 0.5, 1);
    let lone = |indicator| Warning::Degenerate { indicator, group, quartile, units };
    let wanted = [
        lone(Indicator::R024),
        lone(Indicator::R058),
        Warning::OtherCurrency { bids: 2 },
        Warning::BidsLeftOut { processes: 1, bids: 40 },
        Warning::Unreadable { processes: 2 },
    ];
    assert_eq!(findings.warnings, wanted);
}

#[test]
fn the_result_has_the_published_shape() {
    let seconds = [150.0; 9].into_iter().chain([100.0]);
    let mut processes: Vec<_> =
        seconds.enumerate().map(|(n, second)| race(&format!("p{n}"), second)).collect();
    processes[0]["buyer"] = json!("B");
    let settings = "[R025]\nenabled = false\n[R038]\nenabled = false\n[R058]\nenabled = false";
    let result = serde_json::to_value(survey(settings, &processes)).unwrap();
    let wanted = json!({
        "OCID": { "p9": { "R024": 0.0, "R028": 1.0 } },
        "Tenderer": { "L": { "R024": 0.0, "R028": 1.0 }, "W": { "R024": 0.0, "R028": 1.0 } },
        "Meta": { "R024": { "q1": 0.5, "q3": 0.5, "lower_fence": 0.5 } },
    });
    for (key, value) in wanted.as_object().unwrap() {
        let got = &result[key];
        if key != "OCID" && key != "Tenderer" {
            assert_eq!(got, value, "{key}");
        }
    }
    assert_eq!(result["OCID"]["p9"], wanted["OCID"]["p9"]);
    assert!(result.get("Buyer").is_none(), "groups without flags are left out");
    let spread = &result["Distributions"]["R024"]["OCID"];
    assert_eq!((&spread["units"], &spread["limit"]), (&json!(10), &json!(0.5)));
    assert_eq!(result["Distributions"]["R036"]["OCID"], json!({ "units": 10, "flagged": 0 }));
    let codes: Vec<_> = result["Warnings"].as_array().unwrap().iter().map(|w| &w["code"]).collect();
    assert_eq!(codes, ["degenerate"]);
}
