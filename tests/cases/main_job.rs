//! Events in, explained and sealed cards out; replay gives the same bytes.

use plumbline::alert::AlertState;
use plumbline::{explain, replay};
use plumbline_contract::alert::Level;
use plumbline_ledger::{TrustedKeys, verify};
use plumbline_tests::{TestHome, case, event, plugins};
use serde_json::json;

#[test]
fn an_overdue_case_becomes_a_sealed_card_that_replays_and_explains() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let mut lines = case(1, "2026-02-09T10:00:00", "");
    lines.extend(case(2, "2026-02-09T10:00:00", "2026-02-12T10:00:00"));
    // Something late in the log, so that log time passes the deadline of the first case.
    lines.extend(case(3, "2026-03-31T10:00:00", ""));
    let report = home.import("a.ndjson", &lines);
    assert_eq!((report.new, report.rejected), (lines.len() as u64, 0));

    let alerts = home.alerts();
    let red: Vec<_> = alerts.iter().filter(|alert| alert.rule == "APPR-T03").collect();
    let [card] = red.as_slice() else { panic!("one red card expected: {alerts:#?}") };
    assert_eq!((card.key.as_str(), card.level), ("C00001", Level::Red));
    assert_eq!(card.due.as_deref(), Some("2026-03-13"));
    assert_eq!(card.at, "2026-03-14T00:00:00+08:00");
    assert_eq!(card.issued_at, "2026-03-14T00:10:00+08:00");
    assert_eq!(card.state, AlertState::Open);

    let replayed = replay::replay(&home.app).unwrap();
    assert!(replayed.iter().all(|one| one.difference.is_none()), "{replayed:#?}");
    assert_eq!(replayed.iter().map(|one| one.same).sum::<u64>(), home_alert_leaves(&home));

    let explanation = explain::explain(&home.app, "C00001").unwrap();
    assert!(explanation.checks.iter().any(|check| check.outcome == "fires"));
    assert!(explanation.checks.iter().any(|check| check.outcome == "quiet"));

    let ledger_dir = home.app.home().ledger_dir();
    let vkey = std::fs::read_to_string(ledger_dir.join("vkey")).unwrap();
    verify(&ledger_dir, &TrustedKeys::from_text(&vkey).unwrap()).unwrap();
}

fn home_alert_leaves(home: &TestHome) -> u64 {
    home.app.with_ledger(|ledger| {
        let leaves = ledger.leaves(0..ledger.size()).unwrap();
        leaves.filter(|leaf| leaf.as_ref().unwrap().starts_with(br#"{"leaf":"alert""#)).count()
    }) as u64
}

#[test]
fn a_second_import_of_the_same_file_adds_nothing() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let lines = case(1, "2026-02-09T10:00:00", "");
    home.import("a.ndjson", &lines);
    let before = (home.app.store().next_seq(), home.alerts());
    let report = home.import("a.ndjson", &lines);
    assert_eq!((report.new, report.repeated), (0, lines.len() as u64));
    assert_eq!((home.app.store().next_seq(), home.alerts()), before);
}

#[test]
fn a_correction_withdraws_the_card_and_its_leaves_stay() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let mut lines = case(1, "2026-02-09T10:00:00", "2026-03-20T10:00:00");
    lines.extend(case(3, "2026-03-31T10:00:00", ""));
    home.import("a.ndjson", &lines);
    let is_red = |alert: &plumbline::alert::Alert| alert.rule == "APPR-T03";
    assert_eq!(home.alerts().iter().find(|a| is_red(a)).unwrap().state, AlertState::Open);
    let data = json!({ "case_no": "C00001", "result": "grant", "officer": "o-1",
        "signer": "o-2", "doc_no": "D1" });
    let corrected = event("C00001-decided", "approval.case.decided", "2026-03-10T10:00:00", &data);
    let mut corrected: serde_json::Value = serde_json::from_str(&corrected).unwrap();
    corrected["dataversion"] = 2.into();
    corrected["recordedtime"] = "2026-03-20T10:00:00+08:00".into();
    corrected["correctedtime"] = "2026-04-01T10:00:00+08:00".into();
    let report = home.import("b.ndjson", &[corrected.to_string()]);
    assert_eq!(report.superseding, 1);
    let alerts = home.alerts();
    let red = alerts.iter().find(|alert| is_red(alert)).unwrap();
    assert_eq!(red.state, AlertState::Withdrawn);
    assert_eq!(red.reason.as_deref(), Some("data_corrected"));
    assert!(red.first_leaf < red.leaf);
    let replayed = replay::replay(&home.app).unwrap();
    assert!(replayed.iter().all(|one| one.difference.is_none()), "{replayed:#?}");
}

#[test]
fn malformed_lines_are_rejected_with_reasons_and_the_good_ones_count() {
    let home = TestHome::bare();
    let good = case(1, "2026-02-09T10:00:00", "");
    let lines = vec![
        "{".to_owned(),
        r#"{"specversion":"1.0"}"#.to_owned(),
        good[0].clone(),
        good[0].replace("2026-02-09T10", "0000-00-00T10"),
        good[1].replace("\"D-001\"", "17"),
        good[1].clone(),
    ];
    let report = home.import("bad.ndjson", &lines);
    assert_eq!((report.new, report.rejected), (2, 4));
    let file = report.rejects_file.unwrap();
    let written = std::fs::read_to_string(file).unwrap();
    assert_eq!(written.lines().count(), 4);
    for (line, number) in written.lines().zip([1, 2, 4, 5]) {
        let reject: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(reject["line"], number, "{reject}");
        assert!(!reject["zh"].as_str().unwrap().is_empty());
    }
}
