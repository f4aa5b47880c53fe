//! Indicators that look at one process: R003, R018, R028, R030, R035, R036.

use crate::{alone, award, bid, flagged, process, survey};
use plumbline_ocds::{Group, Indicator};
use serde_json::{Value, json};

fn period(from: &str, to: &str) -> Value {
    json!({ "ocid": "P", "method": "open", "method_details": "urgent",
            "period_from": from, "period_to": to })
}

#[test]
fn short_submission_period() {
    let limited = "[R003]\nprocurement_methods = [\"limited\"]";
    let urgent = "[R003.procurement_method_details]\nurgent = 5";
    let rows = [
        // 14 days and nearly 24 hours are 14 whole days.
        ("", "2026-03-01T00:00:00Z", "2026-03-15T23:59:59Z", Some(1.0)),
        ("", "2026-03-01T00:00:00Z", "2026-03-16T00:00:00Z", None),
        ("", "2026-03-01T00:00:00+08:00", "2026-03-15T16:00:00Z", None),
        ("", "2026-03-01T00:00:00+08:00", "2026-03-15T15:59:59Z", Some(1.0)),
        ("[R003]\nthreshold = 16", "2026-03-01T00:00:00Z", "2026-03-16T00:00:00Z", Some(1.0)),
        (urgent, "2026-03-01T00:00:00Z", "2026-03-06T00:00:00Z", None),
        (urgent, "2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z", Some(1.0)),
        (limited, "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", None),
        // The end before the begin is no long period.
        ("", "2026-03-16T00:00:00Z", "2026-03-01T00:00:00Z", Some(1.0)),
        // What names no instant is unknown.
        ("", "2026-03-01", "2026-03-05", None),
        ("", "2026-03-01T00:00:00", "2026-03-05T00:00:00", None),
        ("[R003]\nenabled = false", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", None),
    ];
    for (settings, from, to, want) in rows {
        let got = alone(settings, Indicator::R003, &period(from, to));
        assert_eq!(got, want, "{settings} {from} {to}");
    }
}

#[test]
fn single_bid_received() {
    let count = "[R018]\ncount_tenderers = true";
    let all = "[R018]\nprocurement_methods = []";
    let rows = [
        ("", "open", Some(1), 0, Some(1.0)),
        ("", "selective", Some(1), 3, Some(1.0)),
        ("", "limited", Some(1), 1, None),
        ("", "", Some(1), 1, None),
        (all, "direct", Some(1), 1, Some(1.0)),
        ("", "open", Some(2), 1, None),
        ("", "open", Some(0), 0, None),
        // Named tenderers count only on request, and only without a published number.
        ("", "open", None, 1, None),
        (count, "open", None, 1, Some(1.0)),
        (count, "open", None, 0, None),
        (count, "open", Some(2), 1, None),
    ];
    for (settings, method, number, named, want) in rows {
        let tenderers: Vec<_> = (0..named).map(|n| format!("T{n}")).collect();
        let mut process = json!({ "ocid": "P", "tenderers": tenderers });
        if !method.is_empty() {
            process["method"] = json!(method);
        }
        if let Some(number) = number {
            process["tenderers_count"] = json!(number);
        }
        let got = alone(settings, Indicator::R018, &process);
        assert_eq!(got, want, "{settings} {method} {number:?} {named}");
    }
}

#[test]
fn identical_bid_prices() {
    let rows = [
        (json!([bid("valid", &["A"], 5.0), bid("disqualified", &["B"], 5.0)]), "A=1 B=1"),
        (json!([bid("valid", &["A"], 5.0), bid("valid", &["B"], 5.01)]), ""),
        // One tenderer may bid the same twice.
        (json!([bid("valid", &["A"], 5.0), bid("valid", &["A"], 5.0)]), ""),
        (
            json!([
                bid("valid", &["A"], 5.0),
                bid("valid", &["A"], 5.0),
                bid("valid", &["B"], 5.0)
            ]),
            "A=1 B=1",
        ),
        // Joint bidders are another bidder than one of them.
        (json!([bid("valid", &["A", "B"], 5.0), bid("valid", &["A"], 5.0)]), "A=1 B=1"),
        (json!([bid("valid", &["A", "B"], 5.0), bid("valid", &["B", "A"], 5.0)]), ""),
        (json!([bid("withdrawn", &["A"], 5.0), bid("valid", &["B"], 5.0)]), ""),
        (json!([bid("pending", &["A"], 5.0), bid("valid", &["B"], 5.0)]), ""),
        (json!([bid("valid", &[""], 5.0), bid("valid", &["B"], 5.0)]), ""),
        (json!([bid("valid", &["A"], 0.0), bid("valid", &["B"], 0.0)]), ""),
    ];
    for (bids, want) in rows {
        let findings = survey("", &[process("P", bids.clone(), json!([]))]);
        assert_eq!(flagged(&findings, Group::Tenderer, Indicator::R028), want, "{bids}");
        let whole = if want.is_empty() { "" } else { "P=1" };
        assert_eq!(flagged(&findings, Group::Ocid, Indicator::R028), whole, "{bids}");
    }
    let mut other = bid("valid", &["A"], 5.0);
    other["currency"] = json!("USD");
    let mixed = process("P", json!([other, bid("valid", &["B"], 5.0)]), json!([]));
    assert_eq!(alone("", Indicator::R028, &mixed), None, "the same figure is not the same price");
}

#[test]
fn late_bid_won() {
    let end = "2026-03-10T09:00:00+08:00";
    let rows = [
        ("2026-03-10T09:00:01+08:00", "valid", "active", "W=1"),
        ("2026-03-10T09:00:00+08:00", "valid", "active", ""),
        // The same instant, and one before, written in another offset.
        ("2026-03-10T01:00:00Z", "valid", "active", ""),
        ("2026-03-10T01:00:01Z", "valid", "active", "W=1"),
        ("2026-03-10T10:00:00+10:00", "valid", "active", ""),
        ("2026-03-11T00:00:00+08:00", "disqualified", "active", ""),
        ("2026-03-11T00:00:00+08:00", "valid", "pending", ""),
        // Not an instant: compared as texts, as the published tool does.
        ("2026-03-11", "valid", "active", "W=1"),
        ("2026-03-10", "valid", "active", ""),
    ];
    for (at, status, won, want) in rows {
        let mut late = bid(status, &["W", "V"], 5.0);
        late["at"] = json!(at);
        let mut process = process("P", json!([late]), json!([award(won, &["W", "U"])]));
        process["period_to"] = json!(end);
        let findings = survey("", &[process]);
        assert_eq!(flagged(&findings, Group::Tenderer, Indicator::R030), want, "{at} {status}");
        let whole = if want.is_empty() { "" } else { "P=1" };
        assert_eq!(flagged(&findings, Group::Ocid, Indicator::R030), whole, "{at} {status}");
    }
}

#[test]
fn all_but_the_winner_disqualified() {
    let won = || json!([award("active", &["W"])]);
    let (w, a, b) = (|| bid("valid", &["W"], 1.0), "disqualified", "valid");
    let rows = [
        ("", json!([w(), bid(a, &["A"], 2.0), bid(a, &["B"], 3.0)]), won(), Some(2.0)),
        // Tenderers count, not bids; the winner's own disqualified bid does not count.
        ("", json!([w(), bid(a, &["A"], 2.0), bid(a, &["A"], 3.0)]), won(), Some(1.0)),
        ("", json!([w(), bid(a, &["W"], 2.0)]), won(), None),
        ("", json!([w()]), won(), None),
        ("", json!([w(), bid(b, &["A"], 2.0), bid(a, &["B"], 2.0)]), won(), None),
        ("[R035]\nthreshold = 2", json!([w(), bid(a, &["A"], 2.0)]), won(), None),
        (
            "[R035]\nthreshold = 2",
            json!([w(), bid(a, &["A"], 2.0), bid(a, &["B"], 2.0)]),
            won(),
            Some(2.0),
        ),
        ("[R035]\nthreshold = 0", json!([w()]), won(), None),
        ("", json!([w(), bid(a, &["A"], 2.0)]), json!([award("active", &["X"])]), None),
        ("", json!([w(), bid(a, &["A"], 2.0)]), json!([award("active", &["W", "X"])]), None),
        (
            "",
            json!([w(), bid(a, &["A"], 2.0)]),
            json!([award("active", &["W"]), award("active", &["W"])]),
            Some(1.0),
        ),
        (
            "",
            json!([w(), bid(a, &["A"], 2.0)]),
            json!([award("active", &["W"]), award("pending", &["W"])]),
            None,
        ),
        (
            "",
            json!([w(), bid(a, &["A"], 2.0)]),
            json!([award("active", &["W"]), award("cancelled", &["X"])]),
            Some(1.0),
        ),
    ];
    for (settings, bids, awards, want) in rows {
        let findings = survey(settings, &[process("P", bids.clone(), awards.clone())]);
        assert_eq!(findings.value(Group::Ocid, "P", Indicator::R035), want, "{bids} {awards}");
        let winner = findings.value(Group::Tenderer, "W", Indicator::R035);
        assert_eq!(winner, want.map(|_| 0.0), "{bids} {awards}");
    }
}

#[test]
fn lowest_bid_disqualified() {
    let won = || json!([award("active", &["W"])]);
    let rows = [
        (json!([bid("disqualified", &["A"], 1.0), bid("valid", &["W"], 2.0)]), won(), Some(1.0)),
        (json!([bid("disqualified", &["A"], 3.0), bid("valid", &["W"], 2.0)]), won(), None),
        // Of equal prices the first one counts.
        (json!([bid("valid", &["W"], 2.0), bid("disqualified", &["A"], 2.0)]), won(), None),
        (json!([bid("disqualified", &["A"], 2.0), bid("valid", &["W"], 2.0)]), won(), Some(1.0)),
        (json!([bid("disqualified", &["A"], 1.0), bid("valid", &["W"], 0.0)]), won(), None),
        (
            json!([bid("disqualified", &["A"], 1.0), bid("valid", &["W"], 2.0)]),
            json!([award("cancelled", &["W"])]),
            None,
        ),
        // A pending award beside an active one does not hinder.
        (
            json!([bid("disqualified", &["A"], 1.0), bid("valid", &["W"], 2.0)]),
            json!([award("active", &["W"]), award("pending", &[])]),
            Some(1.0),
        ),
        (
            json!([
                bid("withdrawn", &["C"], 0.5),
                bid("disqualified", &["A"], 1.0),
                bid("valid", &["W"], 2.0)
            ]),
            won(),
            Some(1.0),
        ),
    ];
    for (bids, awards, want) in rows {
        let got = alone("", Indicator::R036, &process("P", bids.clone(), awards.clone()));
        assert_eq!(got, want, "{bids} {awards}");
    }
}
