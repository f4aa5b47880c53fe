//! What administrators did with a plugin, read from the acts in the ledger: when, where, what
//! became what. It reads nothing but the ledger, which nobody can quietly rewrite.

use crate::app::App;
use crate::error::{AppError, Kind};
use plumbline_kernel::{Deployment, Mode, SettingChange, setting_changes};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What alert leaves begin with; acts begin otherwise, and there are far fewer of them.
const ALERT_LEAF: &[u8] = br#"{"leaf":"alert""#;

/// One act that changed a deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Act {
    /// Index of the leaf.
    pub leaf: u64,
    /// What was done, for instance `setting` or `promote`.
    pub what: String,
    /// RFC 3339, by the wall clock.
    pub done_at: String,
    pub plugin: String,
    pub deployment: u16,
    pub mode: Mode,
    pub changes: Vec<SettingChange>,
    /// The ground that was given, the reason, and the hash of the report or of the profile.
    #[serde(flatten)]
    pub told: BTreeMap<&'static str, Value>,
}

/// What an act may tell beside the deployment.
const TOLD: [&str; 6] = ["ground", "law", "profile", "report", "region", "signed"];

/// The acts on one plugin's deployments, oldest first.
///
/// # Errors
/// If the ledger cannot be read.
pub fn history(app: &App, plugin: &str) -> Result<Vec<Act>, AppError> {
    let mut known: BTreeMap<u16, Deployment> = BTreeMap::new();
    let mut acts = Vec::new();
    for (leaf, act) in leaves(app, 0)? {
        if act["plugin"].as_str() != Some(plugin) || act["deployment"].is_null() {
            continue;
        }
        let deployment: Deployment = serde_json::from_value(act["deployment"].clone())
            .map_err(|error| AppError::new(Kind::Integrity, "ledger-damaged", error))?;
        let changes = setting_changes(known.get(&deployment.id.0), &deployment);
        let text = |name: &str| act[name].as_str().unwrap_or_default().to_owned();
        let told = TOLD.into_iter().filter(|name| !act[*name].is_null());
        acts.push(Act {
            leaf,
            what: text("leaf"),
            done_at: text("done_at"),
            plugin: plugin.to_owned(),
            deployment: deployment.id.0,
            mode: deployment.mode,
            changes,
            told: told.map(|name| (name, act[name].clone())).collect(),
        });
        known.insert(deployment.id.0, deployment);
    }
    Ok(acts)
}

/// The first leaf from an index on that is an act of this kind.
///
/// # Errors
/// If the ledger cannot be read.
pub fn first_act(app: &App, from: u64, what: &str) -> Result<Option<u64>, AppError> {
    let found = leaves(app, from)?.into_iter().find(|(_, act)| act["leaf"] == what);
    Ok(found.map(|(leaf, _)| leaf))
}

/// The ground that the newest act on a region's setting named, if it named one.
#[must_use]
pub fn ground(acts: &[Act], region: &str) -> Option<String> {
    let concerns = |act: &&Act| {
        act.mode == Mode::Live && act.changes.iter().any(|change| change.region == region)
    };
    let newest = acts.iter().rev().find(concerns)?;
    newest.told.get("ground")?.get(region)?.as_str().map(str::to_owned)
}

/// The leaves from an index on that are no alerts, with their positions.
///
/// # Errors
/// If the ledger cannot be read.
pub(crate) fn leaves(app: &App, from: u64) -> Result<Vec<(u64, Value)>, AppError> {
    app.with_ledger(|ledger| {
        let mut acts = Vec::new();
        for (index, leaf) in (from..ledger.size()).zip(ledger.leaves(from..ledger.size())?) {
            let leaf = leaf?;
            if !leaf.starts_with(ALERT_LEAF) {
                acts.extend(serde_json::from_slice(&leaf).ok().map(|act| (index, act)));
            }
        }
        Ok(acts)
    })
}
