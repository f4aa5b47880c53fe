//! What supervision came to in the end, in a form that does not depend on positions in the log, so
//! that two homes can be compared.

use plumbline::App;
use plumbline::alert::as_alert;
use plumbline_contract::alert::{AlertAct, AlertLeaf};
use plumbline_contract::id::EventSeq;
use plumbline_kernel::GAP_RULE;
use plumbline_ledger::{Report, TrustedKeys, verify};
use plumbline_store::KeyId;
use std::collections::BTreeMap;

/// An alert as it stands: everything that its reader sees, with events named by (source, id).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    pub rule: String,
    pub key: String,
    pub episode: String,
    pub level: &'static str,
    pub due: Option<String>,
    pub at: String,
    pub stands: bool,
    pub region: String,
    pub dept: String,
    pub evidence: Vec<String>,
}

/// All alert leaves with their positions in the ledger.
#[must_use]
pub fn alert_leaves(app: &App) -> Vec<(u64, AlertLeaf)> {
    app.with_ledger(|ledger| {
        let leaves = ledger.leaves(0..ledger.size()).unwrap();
        let alert = |(index, leaf): (usize, Result<Vec<u8>, _>)| {
            let bytes: Vec<u8> = leaf.unwrap();
            as_alert(index as u64, &bytes).unwrap().map(|alert| (index as u64, alert))
        };
        leaves.enumerate().filter_map(alert).collect()
    })
}

/// The alerts of the plugins named by `rules` (a prefix of rule ids), in an order of their own.
///
/// # Panics
/// If an alert was raised twice: that would be a second card.
#[must_use]
pub fn outcomes(app: &App, rules: &str) -> Vec<Outcome> {
    let mut alerts: BTreeMap<String, (Outcome, bool)> = BTreeMap::new();
    for (index, leaf) in alert_leaves(app) {
        if !leaf.rule.starts_with(rules) {
            continue;
        }
        if matches!(leaf.act, AlertAct::Withdrawn | AlertAct::Closed) {
            alerts.get_mut(&leaf.id).unwrap().0.stands = false;
            continue;
        }
        let stood = alerts.get(&leaf.id).is_some_and(|(known, _)| known.stands);
        let raised = leaf.act == AlertAct::Raised;
        assert_ne!(stood, raised, "leaf {index} does not follow from what stood: {leaf:?}");
        alerts.insert(leaf.id.clone(), (outcome(app, leaf), raised));
    }
    let mut alerts: Vec<_> = alerts.into_values().map(|(alert, _)| alert).collect();
    alerts.sort();
    alerts
}

fn outcome(app: &App, leaf: AlertLeaf) -> Outcome {
    let mut evidence: Vec<_> = leaf.evidence.iter().map(|seq| name(app, *seq)).collect();
    evidence.sort();
    // The episode of a gap is a position; its evidence names the event.
    let episode = if leaf.rule == GAP_RULE { String::new() } else { leaf.episode };
    Outcome {
        rule: leaf.rule,
        key: leaf.key,
        episode,
        level: leaf.level.as_str(),
        due: leaf.due,
        at: leaf.at,
        stands: true,
        region: leaf.region,
        dept: leaf.dept,
        evidence,
    }
}

fn name(app: &App, seq: u64) -> String {
    let event = app.store().get(EventSeq(seq)).unwrap().unwrap();
    format!("{} {}", event.source, event.id)
}

/// The log without what the host writes itself: (source, id, version) by position.
#[must_use]
pub fn log(app: &App) -> Vec<(String, String, u32)> {
    let rows = app.store().read(EventSeq(0), usize::MAX).unwrap().into_iter();
    let rows = rows.filter(|row| !row.event.is_host());
    rows.map(|row| (row.event.source.clone(), row.event.id.clone(), row.event.dataversion))
        .collect()
}

/// Every key of every deployment with its state and its wake.
#[must_use]
pub fn states(app: &App) -> BTreeMap<(u16, KeyId), (Vec<u8>, Option<i64>)> {
    let mut states = BTreeMap::new();
    for deployment in app.deployments() {
        for (id, kept) in app.store().states(deployment.id, None, usize::MAX).unwrap() {
            let wake = kept.wake.map(|wake| wake.0);
            states.insert((deployment.id.0, id), (kept.state, wake));
        }
    }
    states
}

/// The key of a home's ledger.
#[must_use]
pub fn ledger_key(app: &App) -> TrustedKeys {
    let vkey = std::fs::read_to_string(app.home().ledger_dir().join("vkey")).unwrap();
    TrustedKeys::from_text(&vkey).unwrap()
}

/// The full check of a home's ledger, with its own key.
///
/// # Errors
/// What is damaged.
pub fn verify_ledger(app: &App) -> Result<Report, plumbline_ledger::Damage> {
    verify(&app.home().ledger_dir(), &ledger_key(app))
}

/// Replays all deployments.
///
/// # Panics
/// If a replay derives anything that the ledger does not hold, or the other way round.
pub fn assert_replays(app: &App) {
    let replayed = plumbline::replay::replay(app).unwrap();
    for one in &replayed {
        assert!(one.difference.is_none(), "{one:#?}");
    }
    let same: u64 = replayed.iter().map(|one| one.same).sum();
    assert_eq!(same, alert_leaves(app).len() as u64);
}
