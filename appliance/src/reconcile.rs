//! The nightly reconciliation: everything is derived anew from the log and must come out the same.
//!
//! The result is an act in the ledger and is remembered in the store; the watch raises an alert if
//! there was a difference, and also if no reconciliation took place: silence is no proof of order.

use crate::app::App;
use crate::error::{AppError, Kind};
use crate::replay::{Replayed, replay};
use crate::watch::{HealthConfig, Report};
use crate::{act, clock};
use plumbline_contract::time::{MS_PER_MINUTE, Millis, Zone};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Setting that keeps the latest result.
const META: &str = "watch/reconciled";
/// A night may take so long before it counts as missed.
const NIGHT_MS_MAX: i64 = 12 * 60 * MS_PER_MINUTE;
/// Longest account of an error that is remembered, in characters.
const DETAIL_CHARS_MAX: usize = 500;

/// What a reconciliation found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// When it began.
    pub at: Millis,
    pub took_ms: i64,
    pub deployments: Vec<Derived>,
    /// Why it could not be carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// One deployment, derived anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    pub deployment: u16,
    pub plugin: String,
    pub events: u64,
    /// Alert leaves that came out the same, byte for byte.
    pub same: u64,
    pub differs: bool,
    /// The first leaf of the ledger that differs; `None` if the derivation has more leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<u64>,
}

impl Reconciled {
    /// The latest result of a home.
    ///
    /// # Errors
    /// If the store fails. A result that cannot be read is none: it is made anew.
    pub fn latest(app: &App) -> Result<Option<Self>, AppError> {
        Ok(app.store().meta(META)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Whether everything came out the same.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.failed.is_none() && !self.deployments.iter().any(|derived| derived.differs)
    }
}

/// Derives everything anew and puts the result on record. What keeps it from that is a result too.
///
/// # Errors
/// If the result cannot be put on record.
pub fn reconcile(app: &App, now: Millis) -> Result<Reconciled, AppError> {
    let started = clock::running().0;
    let (deployments, failed) = match replay(app) {
        Ok(all) => (all.into_iter().map(derived).collect(), None),
        Err(error) => {
            (Vec::new(), Some(error.to_string().chars().take(DETAIL_CHARS_MAX).collect()))
        }
    };
    let took_ms = clock::running().0 - started;
    let reconciled = Reconciled { at: now, took_ms, deployments, failed };
    let particulars = json!({
        "sound": reconciled.is_sound(), "deployments": reconciled.deployments,
        "failed": reconciled.failed,
    });
    app.record(&[act::leaf("reconciled", now, app.zone(), particulars)])?;
    let bytes = serde_json::to_vec(&reconciled)
        .map_err(|error| AppError::new(Kind::Failed, "store", error))?;
    app.store().put_meta(META, &bytes)?;
    Ok(reconciled)
}

fn derived(replayed: Replayed) -> Derived {
    let Replayed { deployment, plugin, events, same, difference, .. } = replayed;
    let leaf = difference.as_ref().and_then(|difference| difference.leaf);
    Derived { deployment, plugin, events, same, differs: difference.is_some(), leaf }
}

/// Whether the reconciliation of the latest night is still to be done.
#[must_use]
pub fn is_pending(report: &Report, config: &HealthConfig, zone: &Zone) -> bool {
    let Some(night) = config.last_night(zone, report.looked) else { return false };
    report.reconciled.as_ref().map_or(report.since, |done| done.at) < night
}

/// Whether it is to be done now.
#[must_use]
pub fn is_due(report: &Report, config: &HealthConfig, zone: &Zone) -> bool {
    is_pending(report, config, zone) && report.events <= config.reconcile_events
}

/// Why nobody can rely on the latest reconciliation: code, since when, and the account of an error.
#[must_use]
pub fn obstacle(
    report: &Report,
    config: &HealthConfig,
    zone: &Zone,
) -> Option<(&'static str, Millis, String)> {
    if let Some(done) = &report.reconciled
        && let Some(detail) = &done.failed
    {
        return Some(("failed", done.at, detail.clone()));
    }
    if !is_pending(report, config, zone) {
        return None;
    }
    let done = report.reconciled.as_ref().map_or(report.since, |done| done.at);
    if report.events > config.reconcile_events {
        return Some(("too-large", done, format!("{} events", report.events)));
    }
    // A host that was off makes up for the night first.
    let first = config.next_night(zone, done)?;
    let late = report.looked.0 >= first.max(report.up_since).0.saturating_add(NIGHT_MS_MAX);
    late.then(|| ("overdue", done, String::new()))
}
