//! A plugin that misbehaves is contained and named; nobody else, not even its own other keys, is
//! touched by it, and replay derives the same gaps.

use plumbline_contract::alert::Level;
use plumbline_kernel::GAP_RULE;
use plumbline_tests::outcome::{Outcome, alert_leaves, assert_replays, outcomes, verify_ledger};
use plumbline_tests::{TestHome, case, event, plugins, vendors};
use serde_json::{Map, Value, json};
use std::path::Path;

/// How it misbehaves, the code of the fault and a word of its text.
const WAYS: [(&str, &str, &str); 11] = [
    ("loop", "fuel_spent", "2000000000"),
    ("memory", "memory_full", "67108864"),
    ("trap", "trap", "out of spite"),
    ("recursion", "trap", "stack"),
    ("rule", "bad_output", "HSTL-99"),
    ("level", "bad_output", "no level red"),
    ("evidence", "bad_output", "evidence 18446744073709551615"),
    ("flood", "bad_output", "1000 findings"),
    ("table", "refused", "officer"),
    ("fact", "refused", "rumour"),
    ("tick", "trap", "out of spite, later"),
];

fn item(key: &str, no: &str, time: &str) -> String {
    let id = format!("{key}-{no}");
    event(&id, "hostile.item", time, &json!({ "key": key, "no": no }))
}

/// The first file: three keys, of which one turns evil after an honest item, beside approval's.
fn first() -> Vec<String> {
    let mut lines = case(1, "2026-02-09T10:00:00", "");
    lines.push(item("evil-1", "honest", "2026-02-09T11:00:00"));
    lines.push(item("good-1", "a", "2026-02-09T11:01:00"));
    lines.push(item("evil-1", "b", "2026-02-09T11:02:00"));
    lines.push(item("good-2", "a", "2026-02-09T11:03:00"));
    lines.push(item("evil-1", "c", "2026-02-09T11:04:00"));
    lines
}

/// The second file, which carries log time past the deadline of the case.
fn second() -> Vec<String> {
    let mut lines = vec![item("good-1", "b", "2026-02-12T11:00:00")];
    lines.extend(case(2, "2026-03-31T10:00:00", ""));
    lines
}

/// A closed home with both plugins' packages compiled.
fn template(packages: &Path, vendors: &Path) -> tempfile::TempDir {
    let home = TestHome::with_approval(packages);
    home.enable(vendors, "hostile.wasm", &Map::new());
    home.close()
}

fn run(template: &Path, vendors: &Path, how: &str) -> TestHome {
    let home = TestHome::copy_of(&template.join("home"));
    let mut parameters = Map::new();
    parameters.insert("how".to_owned(), json!([how]));
    home.enable(vendors, "hostile.wasm", &parameters);
    assert_eq!(home.import("first.ndjson", &first()).rejected, 0);
    assert_eq!(home.import("second.ndjson", &second()).rejected, 0);
    home
}

fn cards(home: &TestHome, key: &str) -> Vec<(String, String)> {
    let own = outcomes(&home.app, "HSTL-").into_iter().filter(|alert| alert.key == key);
    own.map(|Outcome { rule, episode, .. }| (rule, episode)).collect()
}

fn card(rule: &str, episode: &str) -> (String, String) {
    (rule.to_owned(), episode.to_owned())
}

#[test]
fn each_way_of_misbehaving_is_contained_and_named() {
    let (Some(packages), Some(vendors)) = (plugins(), vendors()) else { return };
    let template = template(&packages, &vendors);
    let undisturbed = {
        let home = run(template.path(), &vendors, "not");
        assert!(!outcomes(&home.app, "APPR-").is_empty());
        assert!(outcomes(&home.app, GAP_RULE).is_empty());
        outcomes(&home.app, "APPR-")
    };
    for (how, code, text) in WAYS {
        let home = run(template.path(), &vendors, how);
        assert_eq!(outcomes(&home.app, "APPR-"), undisturbed, "{how}");
        check_named(&home, how, code, text);
        let whole = ["a", "b"].map(|no| card("HSTL-01", no));
        let aged = ["a", "b"].map(|no| card("HSTL-02", no));
        assert_eq!(cards(&home, "good-1"), [whole, aged].concat(), "{how}");
        let honest = if how == "tick" { vec!["b", "c", "honest"] } else { vec!["honest"] };
        let wanted: Vec<_> = honest.iter().map(|no| card("HSTL-01", no)).collect();
        let evil = cards(&home, "evil-1");
        let seen: Vec<_> = evil.iter().filter(|(rule, _)| rule == "HSTL-01").cloned().collect();
        assert_eq!(seen, wanted, "{how}: what was honest counts");
        assert_replays(&home.app);
        verify_ledger(&home.app).unwrap();
    }
}

/// One card and one row for each input that was not supervised, with the culprit's name.
fn check_named(home: &TestHome, how: &str, code: &str, text: &str) {
    let hostile = home.app.deployments().into_iter().find(|one| one.plugin == "hostile");
    let hostile = hostile.unwrap();
    let gaps = home.app.store().gaps(hostile.id).unwrap();
    let named = alert_leaves(&home.app).into_iter().map(|(_, leaf)| leaf);
    let named: Vec<_> = named.filter(|leaf| leaf.rule == GAP_RULE).collect();
    assert_eq!(gaps.len(), if how == "tick" { 1 } else { 2 }, "{how}: {gaps:#?}");
    assert_eq!(named.len(), gaps.len(), "{how}: {named:#?}");
    for (gap, leaf) in gaps.iter().zip(&named) {
        assert_eq!((gap.row.id.key.as_str(), gap.row.code.as_str()), ("evil-1", code), "{how}");
        assert!(gap.row.fault.contains(text), "{how}: {}", gap.row.fault);
        assert_eq!((leaf.plugin.as_str(), leaf.key.as_str()), ("hostile", "evil-1"), "{how}");
        assert_eq!((leaf.deployment, leaf.level), (hostile.id, Level::Yellow), "{how}");
        assert_eq!(leaf.values, json!({ "code": code, "fault": gap.row.fault }), "{how}");
        assert_eq!(leaf.evidence, [gap.row.from.0], "{how}");
        assert_eq!(gap.row.from, gap.row.to, "{how}");
    }
}

#[test]
fn a_key_that_fails_on_a_tick_does_not_fail_at_every_tick_again() {
    let (Some(packages), Some(vendors)) = (plugins(), vendors()) else { return };
    let template = template(&packages, &vendors);
    let home = TestHome::copy_of(&template.path().join("home"));
    let parameters = Map::from_iter([("how".to_owned(), Value::from(vec!["tick"]))]);
    home.enable(&vendors, "hostile.wasm", &parameters);
    home.receive("2026-02-09T11:00:00+08:00", &[item("evil-1", "a", "2026-02-09T11:00:00")]);
    for minute in 0..5 {
        home.tick(&format!("2026-02-10T11:0{minute}:00+08:00"));
    }
    assert_eq!(outcomes(&home.app, GAP_RULE).len(), 1);
    // A new event wakes it up again.
    home.receive("2026-02-10T12:00:00+08:00", &[item("evil-1", "b", "2026-02-10T12:00:00")]);
    assert_eq!(outcomes(&home.app, GAP_RULE).len(), 2);
    assert_replays(&home.app);
}

#[test]
fn what_is_a_gap_does_not_depend_on_how_the_log_was_cut() {
    let (Some(packages), Some(vendors)) = (plugins(), vendors()) else { return };
    let template = template(&packages, &vendors);
    let at_once = run(template.path(), &vendors, "trap");
    let home = TestHome::copy_of(&template.path().join("home"));
    let parameters = Map::from_iter([("how".to_owned(), Value::from(vec!["trap"]))]);
    home.enable(&vendors, "hostile.wasm", &parameters);
    for (number, line) in first().into_iter().chain(second()).enumerate() {
        home.import(&format!("{number}.ndjson"), &[line]);
    }
    assert_eq!(outcomes(&home.app, ""), outcomes(&at_once.app, ""));
    assert_replays(&home.app);
}
