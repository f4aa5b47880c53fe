//! Settings: codes, defaults, redactions, exclusions, and files that are wrong.

use crate::{alone, award, bid, flagged, process, race, survey};
use plumbline_ocds::{Group, Indicator, Settings};
use serde_json::json;

#[test]
fn words_of_publishers_become_codes() {
    let bids = json!([bid("rejected", &["A"], 1.0), bid("active", &["W"], 2.0)]);
    let odd = process("P", bids, json!([award("Active", &["W"])]));
    let codes = "[codelists.bid_status]\nrejected = \"disqualified\"\nactive = \"valid\"\n\
                 [codelists.award_status]\nActive = \"active\"";
    assert_eq!(alone("", Indicator::R036, &odd), None);
    assert_eq!(alone(codes, Indicator::R036, &odd), Some(1.0));
}

#[test]
fn defaults_stand_in_for_what_is_missing() {
    let bids = json!([
        { "tenderers": ["A"], "price": 1.0, "status": "disqualified" },
        { "tenderers": ["W"], "price": 2.0 },
    ]);
    let bare = process("P", bids, json!([{ "suppliers": ["W"] }]));
    let all = "[defaults]\ncurrency = \"CNY\"\nbid_status = \"valid\"\naward_status = \"active\"";
    assert_eq!(alone("", Indicator::R036, &bare), None);
    assert_eq!(alone(all, Indicator::R036, &bare), Some(1.0));
}

#[test]
fn placeholders_are_nothing() {
    let bids = json!([bid("valid", &["A"], 1.0), bid("valid", &["NONE"], 1.0)]);
    let same = process("P", bids, json!([]));
    assert_eq!(alone("", Indicator::R028, &same), Some(1.0));
    let organization = "[redactions]\norganization_id = [\"NONE\"]";
    assert_eq!(alone(organization, Indicator::R028, &same), None);
    assert_eq!(alone("[redactions]\namount = [1.0]", Indicator::R028, &same), None);
}

#[test]
fn excluded_methods_are_not_looked_at() {
    let mut same = race("P", 100.0);
    same["method_details"] = json!("lottery");
    let exclude = "[exclusions]\nprocurement_method_details = [\"lottery\"]";
    assert_eq!(alone(exclude, Indicator::R028, &same), None);
    let include = "price_comparison_procurement_methods = [\"auction\"]";
    assert_eq!(alone(include, Indicator::R028, &same), None);
    let both = "price_comparison_procurement_methods = [\"lottery\"]\n\
                no_price_comparison_procurement_methods = [\"lottery\"]";
    assert_eq!(alone(both, Indicator::R028, &same), Some(1.0));
    let unnamed = race("P", 100.0);
    assert_eq!(alone(include, Indicator::R028, &unnamed), None);
    assert_eq!(alone("", Indicator::R028, &unnamed), Some(1.0));
}

#[test]
fn pending_bids_count_on_request() {
    let bids = json!([bid("pending", &["A"], 1.0), bid("valid", &["B"], 1.0)]);
    let open = process("P", bids, json!([]));
    assert_eq!(alone("", Indicator::R028, &open), None);
    let program = include_str!("../../../examples/ocds/as-cardinal.toml");
    assert_eq!(alone(program, Indicator::R028, &open), Some(1.0));
}

#[test]
fn the_first_currency_is_compared_unless_one_is_named() {
    let mut dollars = race("D", 100.0);
    for bid in dollars["bids"].as_array_mut().unwrap() {
        bid["currency"] = json!("USD");
    }
    let processes = [race("C", 100.0), dollars];
    let first = survey("[R024]\nthreshold = 0.1", &processes);
    assert_eq!(first.currency.as_deref(), Some("CNY"));
    assert_eq!(flagged(&first, Group::Ocid, Indicator::R024), "C=0");
    let named = survey("currency = \"USD\"\n[R024]\nthreshold = 0.1", &processes);
    assert_eq!(flagged(&named, Group::Ocid, Indicator::R024), "D=0");
}

#[test]
fn a_wrong_settings_file_is_refused() {
    let rows = [
        ("R024.treshold = 1.0", "treshold"),
        ("[R099]", "R099"),
        ("[R025]\npercentile = 101", "R025.percentile"),
        ("[R048]\ndigits = 0", "R048.digits"),
        ("[warnings]\nshare = 1.5", "warnings.share"),
        ("[R038]\nminimum_counts = \"people\"", "people"),
        ("currency = ", "currency"),
    ];
    for (text, part) in rows {
        let error = Settings::parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
    assert_eq!(Settings::parse("").unwrap(), Settings::default());
}
