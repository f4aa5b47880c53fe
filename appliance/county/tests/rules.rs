//! The rules on a small made-up county: every violation gets its card, no decoy and no ordinary event
//! gets one.
#![allow(clippy::unwrap_used)]

mod support;

use plumbline_approval::Approval;
use plumbline_contract::time::Day;
use plumbline_county::Options;
use plumbline_county::report::{Report, compare};
use support::{Harness, make, table_set};

/// A county small enough for an unoptimised build.
const SMALL: Options = Options { seed: 7, scale: 0.01, tellings: 2 };

fn score(deploy: impl Fn(Harness) -> Harness) -> Report {
    let percent = std::env::var("COUNTY_SCALE").ok().and_then(|text| text.parse().ok());
    let tellings = std::env::var("COUNTY_TELLINGS").ok().and_then(|text| text.parse().ok());
    let seed = std::env::var("COUNTY_SEED").ok().and_then(|text| text.parse().ok());
    let options = Options {
        seed: seed.unwrap_or(SMALL.seed),
        scale: percent.map_or(SMALL.scale, |percent: f64| percent / 100.0),
        tellings: tellings.unwrap_or(SMALL.tellings),
    };
    let year = make(&options);
    if let Ok(path) = std::env::var("COUNTY_OUT") {
        std::fs::write(path, year.lines.join("\n")).unwrap();
    }
    let harness = deploy(Harness::new(table_set(&year.made)));
    let rules = harness.rules();
    let rules: Vec<_> = rules.iter().map(String::as_str).collect();
    let until = Day::from_ymd(2025, 12, 31).unwrap().plus(1).start();
    let cards = harness.run(&year.lines, until);
    compare(&year.made.labels, &cards, &rules)
}

fn check(report: &Report) {
    assert!(report.rules.values().all(|score| score.is_clean()), "\n{report}");
}

#[test]
fn approval_agrees_with_the_labels() {
    let manifest = include_str!("../../../plugins/approval/manifest.toml");
    check(&score(|harness| harness.with::<Approval>(manifest)));
}

#[test]
fn procurement_agrees_with_the_labels() {
    let manifest = include_str!("../../../plugins/procurement/manifest.toml");
    check(&score(|harness| harness.with::<plumbline_procurement::Procurement>(manifest)));
}

#[test]
fn powers_agrees_with_the_labels() {
    let manifest = include_str!("../../../plugins/powers/manifest.toml");
    check(&score(|harness| harness.with::<plumbline_powers::Powers>(manifest)));
}

#[test]
fn penalty_agrees_with_the_labels() {
    let manifest = include_str!("../../../plugins/penalty/manifest.toml");
    check(&score(|harness| harness.with::<plumbline_penalty::Penalty>(manifest)));
}

#[test]
fn fund_agrees_with_the_labels() {
    let manifest = include_str!("../../../plugins/fund/manifest.toml");
    check(&score(|harness| harness.with::<plumbline_fund::Fund>(manifest)));
}

#[test]
fn conduct_agrees_with_the_labels() {
    let manifest = include_str!("../../../plugins/conduct/manifest.toml");
    check(&score(|harness| harness.with::<plumbline_conduct::Conduct>(manifest)));
}

#[test]
fn grid_agrees_with_the_labels() {
    let manifest = include_str!("../../../plugins/grid/manifest.toml");
    check(&score(|harness| harness.with::<plumbline_grid::Grid>(manifest)));
}

/// Told so often that a new month begins while too many of an officer's cases are overdue: each
/// month has its notice, and its label.
#[test]
fn a_backlog_over_a_month_s_end_is_labelled_in_both_months() {
    let year = make(&Options { seed: 2025, scale: 0.001, tellings: 12 });
    let manifest = include_str!("../../../plugins/approval/manifest.toml");
    let harness = Harness::new(table_set(&year.made)).with::<Approval>(manifest);
    let until = Day::from_ymd(2025, 12, 31).unwrap().plus(1).start();
    let cards = harness.run(&year.lines, until);
    let report = compare(&year.made.labels, &cards, &["APPR-R02"]);
    check(&report);
    assert!(report.rules["APPR-R02"].matched > 12, "no telling crosses a month's end:\n{report}");
}
