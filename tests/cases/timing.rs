//! Time: what is late says so, tables change under open cases, and neither the order of arrival nor
//! the cut of regions changes what comes out in the end.

use plumbline::alert::{Alert, AlertState};
use plumbline_tests::outcome::{Outcome, assert_replays, outcomes};
use plumbline_tests::random::Random;
use plumbline_tests::{TestHome, case, event, plugins};
use serde_json::{Map, Value, json};

/// Accepted on 2026-02-09: 20 working days end on 2026-03-13.
const ACCEPTED: &str = "2026-02-09T10:00:00";
const RECEIVED: &str = "2026-02-09T10:00:05+08:00";
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

fn reds(home: &TestHome) -> Vec<Alert> {
    home.alerts().into_iter().filter(|alert| alert.rule == "APPR-T03").collect()
}

fn open_reds(home: &TestHome) -> Vec<(String, Option<String>)> {
    let open = reds(home).into_iter().filter(|alert| alert.state == AlertState::Open);
    open.map(|alert| (alert.key, alert.due)).collect()
}

#[test]
fn a_card_after_downtime_is_dated_when_it_was_due_and_says_that_it_is_late() {
    let Some(packages) = plugins() else { return };
    for (tick, late) in [("2026-03-14T00:10:00+08:00", false), ("2026-03-15T09:00:00+08:00", true)]
    {
        let home = TestHome::with_approval(&packages);
        home.receive(RECEIVED, &case(1, ACCEPTED, ""));
        assert_eq!(reds(&home), []);
        home.tick(tick);
        let reds = reds(&home);
        let [card] = reds.as_slice() else { panic!("{tick}: {reds:#?}") };
        assert_eq!(card.at, "2026-03-14T00:00:00+08:00", "{tick}");
        assert_eq!((card.issued_at.as_str(), card.late), (tick, late));
        assert_replays(&home.app);
    }
}

#[test]
fn a_new_calendar_is_applied_to_open_cases() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    home.receive(RECEIVED, &case(1, ACCEPTED, ""));
    home.tick("2026-03-14T09:00:00+08:00");
    let due = |day: &str| vec![("C00001".to_owned(), Some(day.to_owned()))];
    assert_eq!(open_reds(&home), due("2026-03-13"));
    home.load_calendar("2026-03-14T10:00:00+08:00", &["2026-03-12,holiday,local"]);
    assert_eq!(open_reds(&home), []);
    assert_eq!(reds(&home)[0].state, AlertState::Withdrawn);
    home.tick("2026-03-17T09:00:00+08:00");
    assert_eq!(open_reds(&home), due("2026-03-16"));
    assert_eq!(reds(&home)[0].tables["calendar"], 2);
    assert_replays(&home.app);
}

#[test]
fn a_period_that_ends_beyond_the_calendar_raises_nothing_until_one_is_loaded() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    home.receive("2026-12-21T10:00:05+08:00", &case(1, "2026-12-21T10:00:00", ""));
    home.tick("2027-03-15T09:00:00+08:00");
    assert_eq!(reds(&home), []);
    home.load_calendar(
        "2027-03-15T10:00:00+08:00",
        &["2027-01-01,holiday,new_year", "2027-02-05,holiday,spring_festival"],
    );
    let reds = reds(&home);
    let [card] = reds.as_slice() else { panic!("{reds:#?}") };
    assert_eq!(card.due.as_deref(), Some("2027-01-19"));
    assert_eq!(card.at, "2027-01-20T00:00:00+08:00");
    assert_eq!(card.issued_at, "2027-03-15T10:00:00+08:00");
    assert_replays(&home.app);
}

/// A case of another region.
fn case_in(region: &str, number: usize) -> Vec<String> {
    let lines = case(number, ACCEPTED, "");
    lines.iter().map(|line| line.replace("\"370203\"", &format!("\"{region}\""))).collect()
}

#[test]
fn a_plugin_sees_the_regions_only_that_it_is_enabled_for() {
    let Some(packages) = plugins() else { return };
    let regions = [("370203", 1), ("370203004", 2), ("370202", 3), ("370283", 4), ("370200", 5)];
    let lines: Vec<_> =
        regions.iter().flat_map(|(region, number)| case_in(region, *number)).collect();
    type Row<'a> = (&'a [&'a str], &'a [&'a str]);
    let rows: [Row<'_>; 4] = [
        (&["370203"], &["C00001", "C00002"]),
        (&["370203", "370202"], &["C00001", "C00002", "C00003"]),
        (&["370200"], &["C00001", "C00002", "C00003", "C00004", "C00005"]),
        (&["370100"], &[]),
    ];
    for (roots, wanted) in rows {
        let home = TestHome::bare();
        for root in roots {
            home.enable_in(root, &packages, "approval.wasm", &Map::new());
        }
        home.receive(RECEIVED, &lines);
        home.tick("2026-03-15T09:00:00+08:00");
        let leaves = plumbline_tests::outcome::alert_leaves(&home.app).into_iter();
        let reds = leaves.filter(|(_, leaf)| leaf.rule == "APPR-T03");
        let mut found: Vec<_> = reds.map(|(_, leaf)| leaf.key).collect();
        found.sort();
        assert_eq!(found, wanted, "{roots:?}");
        assert_replays(&home.app);
    }
}

/// A decision in one of its versions: the first says that it came too late.
fn decision(version: u32) -> String {
    let at = if version == 1 { "2026-03-20T10:00:00" } else { "2026-03-10T10:00:00" };
    let data = json!({ "case_no": "C00001", "result": "grant", "officer": "o-1",
        "signer": "o-2", "doc_no": "D1" });
    let line = event("C00001-decided", "approval.case.decided", at, &data);
    let mut line: Value = serde_json::from_str(&line).unwrap();
    line["recordedtime"] = "2026-03-20T10:00:00+08:00".into();
    if version > 1 {
        line["dataversion"] = version.into();
        line["correctedtime"] = "2026-04-01T10:00:00+08:00".into();
    }
    line.to_string()
}

#[test]
fn the_highest_version_counts_in_whatever_order_versions_come() {
    let Some(packages) = plugins() else { return };
    let mut ends = Vec::new();
    for order in [[1, 2], [2, 1]] {
        let home = TestHome::with_approval(&packages);
        home.receive(RECEIVED, &case(1, ACCEPTED, ""));
        for version in order {
            home.receive(&format!("2026-04-0{version}T11:00:00+08:00"), &[decision(version)]);
        }
        home.tick("2026-04-03T09:00:00+08:00");
        assert_eq!(open_reds(&home), [] as [(String, Option<String>); 0], "{order:?}");
        assert_replays(&home.app);
        ends.push(standing(&home));
    }
    assert_eq!(ends[0], ends[1]);
}

/// What stands in the end; what was withdrawn on the way depends on the way.
fn standing(home: &TestHome) -> Vec<Outcome> {
    outcomes(&home.app, "").into_iter().filter(|alert| alert.stands).collect()
}

#[test]
fn the_order_of_arrival_does_not_change_what_stands_in_the_end() {
    let Some(packages) = plugins() else { return };
    let mut lines = vec![decision(1), decision(2)];
    for number in 1..40 {
        let day = 1 + number % 27;
        let decided = match number % 4 {
            _ if number == 1 => String::new(),
            0 => String::new(),
            1 => format!("2026-02-{day:02}T15:00:00"),
            2 => format!("2026-02-{day:02}T10:01:00"),
            _ => format!("2026-04-{day:02}T15:00:00"),
        };
        lines.extend(case(number, &format!("2026-02-{day:02}T10:00:00"), &decided));
    }
    let end = |lines: &[String]| {
        let home = TestHome::with_approval(&packages);
        // In three deliveries, so that earlier events arrive after later ones were looked at.
        for (number, part) in lines.chunks(lines.len().div_ceil(3)).enumerate() {
            assert_eq!(home.import(&format!("{number}.ndjson"), part).rejected, 0);
        }
        home.import("last.ndjson", &case(99, "2026-06-30T10:00:00", ""));
        assert_replays(&home.app);
        let mut standing = standing(&home);
        standing.retain(|alert| alert.rule.starts_with("APPR-T"));
        standing
    };
    let wanted = end(&lines);
    assert!(wanted.iter().filter(|alert| alert.rule == "APPR-T03").count() > 10);
    for seed in SEEDS {
        let mut shuffled = lines.clone();
        Random::new(seed).shuffle(&mut shuffled);
        let found = end(&shuffled);
        let identity = |alert: &Outcome| {
            let Outcome { rule, key, episode, level, due, at, .. } = alert.clone();
            (rule, key, episode, level, due, at)
        };
        let found: Vec<_> = found.iter().map(identity).collect();
        let wanted: Vec<_> = wanted.iter().map(identity).collect();
        let missing: Vec<_> = wanted.iter().filter(|alert| !found.contains(alert)).collect();
        let extra: Vec<_> = found.iter().filter(|alert| !wanted.contains(alert)).collect();
        assert!(missing.is_empty() && extra.is_empty(), "seed {seed}: {missing:#?} {extra:#?}");
    }
}
