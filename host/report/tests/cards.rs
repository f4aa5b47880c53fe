//! Cards from the leaves of the ledger and the acts of people.

use crate::support::at;
use plumbline_contract::alert::{AlertAct, AlertLeaf, Level};
use plumbline_contract::id::{DeploymentId, PackageHash};
use plumbline_contract::time::Zone;
use plumbline_report::cards::{Card, CardAct, CardBook, CardState, Handling};
use serde_json::json;

fn leaf(act: AlertAct, level: Level, issued: &str) -> AlertLeaf {
    AlertLeaf {
        leaf: "alert".to_owned(),
        act,
        id: "a".to_owned(),
        rule: "APPR-T02".to_owned(),
        key: "c".to_owned(),
        stream: "case".to_owned(),
        stream_key: "c".to_owned(),
        episode: String::new(),
        level,
        due: None,
        at: "2026-03-03T00:00:00+08:00".to_owned(),
        issued_at: format!("{issued}T00:10:00+08:00"),
        late: false,
        region: "370203".to_owned(),
        dept: "D1".to_owned(),
        plugin: "approval".to_owned(),
        plugin_version: "0.1.0".to_owned(),
        package: PackageHash([0; 32]),
        deployment: DeploymentId(1),
        params: String::new(),
        tables: std::collections::BTreeMap::new(),
        law: Vec::new(),
        evidence: Vec::new(),
        values: json!({ "officer": "O1", "item": "I1", "steps_missing": ["review"], "bidders": ["B2", "B1"] }),
        reason: None,
    }
}

fn act(act: Handling, day: &str) -> CardAct {
    let done_at = format!("{day}T09:00:00+08:00");
    CardAct { alert: "a".to_owned(), act, done_at, level: None, by: None, reason: None }
}

fn fold(leaves: &[AlertLeaf], acts: &[CardAct]) -> Card {
    let mut book = CardBook::new(Zone::shanghai(), at("2026-04-01 00:00"));
    (0..).zip(leaves).for_each(|(index, leaf)| book.take(index, leaf));
    acts.iter().for_each(|act| assert!(book.handle(act)));
    book.cards().remove(0)
}

#[test]
fn a_card_is_raised_escalated_lowered_and_withdrawn() {
    use AlertAct::{Amended, Closed, Escalated, Lowered, Raised, Withdrawn};
    let (notice, yellow, red) = (Level::Notice, Level::Yellow, Level::Red);
    // (leaves) -> level, worst, state, counts
    let rows = [
        (vec![(Raised, yellow)], yellow, yellow, CardState::Issued, true),
        (vec![(Raised, notice)], notice, notice, CardState::Issued, false),
        (vec![(Raised, yellow), (Escalated, red)], red, red, CardState::Issued, true),
        (
            vec![(Raised, red), (Lowered, yellow), (Amended, yellow)],
            yellow,
            red,
            CardState::Issued,
            true,
        ),
        (vec![(Raised, red), (Withdrawn, yellow)], red, red, CardState::Withdrawn, false),
        (vec![(Raised, red), (Closed, red)], red, red, CardState::Closed, true),
    ];
    for (acts, level, worst, state, counts) in rows {
        let leaves: Vec<_> =
            acts.iter().map(|(act, level)| leaf(*act, *level, "2026-03-04")).collect();
        let card = fold(&leaves, &[]);
        assert_eq!(
            (card.level, card.worst, card.state, card.counts()),
            (level, worst, state, counts),
            "{acts:?}"
        );
    }
}

#[test]
fn a_withdrawn_card_may_stand_again() {
    let leaves = [
        leaf(AlertAct::Raised, Level::Yellow, "2026-03-04"),
        leaf(AlertAct::Withdrawn, Level::Yellow, "2026-03-05"),
        leaf(AlertAct::Raised, Level::Yellow, "2026-03-09"),
    ];
    let card = fold(&leaves, &[]);
    assert_eq!(
        (card.state, card.issued, card.counts()),
        (CardState::Issued, at("2026-03-09 00:10"), true)
    );
    assert_eq!(
        (card.officer.as_deref(), card.item.as_deref(), card.step.as_deref()),
        (Some("O1"), Some("I1"), Some("review"))
    );
    assert_eq!(card.parties, ["B1", "B2"]);
}

#[test]
fn people_explain_appeal_uphold_and_withdraw() {
    let raised = [leaf(AlertAct::Raised, Level::Red, "2026-03-04")];
    let lowered = CardAct { level: Some(Level::Yellow), ..act(Handling::Lowered, "2026-03-08") };
    // (acts) -> state, level, upheld
    let rows = [
        (vec![act(Handling::Explained, "2026-03-05")], CardState::Explained, Level::Red, false),
        (vec![act(Handling::Appealed, "2026-03-05")], CardState::Appealed, Level::Red, false),
        (vec![act(Handling::Upheld, "2026-03-08")], CardState::Upheld, Level::Red, true),
        (
            vec![act(Handling::Appealed, "2026-03-05"), lowered],
            CardState::Upheld,
            Level::Yellow,
            true,
        ),
        (
            vec![act(Handling::Upheld, "2026-03-08"), act(Handling::Appealed, "2026-03-09")],
            CardState::Appealed,
            Level::Red,
            false,
        ),
        (
            vec![act(Handling::Upheld, "2026-03-08"), act(Handling::Withdrawn, "2026-03-10")],
            CardState::Withdrawn,
            Level::Red,
            true,
        ),
        // After the day as of which is looked.
        (vec![act(Handling::Upheld, "2026-04-08")], CardState::Issued, Level::Red, false),
    ];
    for (acts, state, level, upheld) in rows {
        let card = fold(&raised, &acts);
        assert_eq!(
            (card.state, card.level, card.upheld.is_some()),
            (state, level, upheld),
            "{acts:?}"
        );
    }
}
