//! Alerts of the host itself: about sources, rules, its own clock and its own derivations. This is
//! where their leaves are made, and where it is known which of them stand.
//!
//! What stands is folded from the ledger, so that a restart neither raises an alert again nor
//! forgets to close one. What is to be raised is judged elsewhere.

use crate::app::{App, HOST_SOURCE};
use crate::error::{AppError, Kind};
use plumbline_contract::alert::{AlertAct, AlertLeaf, Level, alert_id};
use plumbline_contract::desk::CALENDAR_TABLE;
use plumbline_contract::id::{DeploymentId, PackageHash};
use plumbline_contract::time::Millis;
use plumbline_kernel::GAP_RULE;
use plumbline_ledger::sha256_hex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Prefix of the host's own rules.
pub const RULE_PREFIX: &str = "HOST-";
/// A source has been still for longer than it should.
pub const SILENT: &str = "HOST-S01";
/// A source sent much less than on days of the same kind.
pub const VOLUME: &str = "HOST-S02";
/// A source's own count of a day differs from what came in.
pub const COUNT: &str = "HOST-S03";
/// A source's clock is wrong.
pub const SKEW: &str = "HOST-S04";
/// A rule never fires, or fires too often.
pub const RULE: &str = "HOST-R01";
/// The nightly reconciliation has found a difference.
pub const DIFFERENCE: &str = "HOST-V01";
/// The nightly reconciliation did not take place.
pub const UNRECONCILED: &str = "HOST-V02";
/// The host's clock jumped, or is behind the log.
pub const CLOCK: &str = "HOST-C01";

/// A rule of the host. Its name and sentence are `host.<id>-name` and `host.<id>` in the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct HostRule {
    pub id: &'static str,
    pub levels: &'static [Level],
}

/// All rules of the host, in the order of their ids.
pub const RULES: [HostRule; 9] = [
    HostRule { id: CLOCK, levels: &[Level::Yellow] },
    HostRule { id: GAP_RULE, levels: &[Level::Yellow] },
    HostRule { id: RULE, levels: &[Level::Notice] },
    HostRule { id: SILENT, levels: &[Level::Yellow] },
    HostRule { id: VOLUME, levels: &[Level::Notice] },
    HostRule { id: COUNT, levels: &[Level::Yellow] },
    HostRule { id: SKEW, levels: &[Level::Notice, Level::Yellow] },
    HostRule { id: DIFFERENCE, levels: &[Level::Red] },
    HostRule { id: UNRECONCILED, levels: &[Level::Yellow] },
];

/// The deployment number of the host's own alerts; those of plugins begin at 1.
pub const HOST_DEPLOYMENT: DeploymentId = DeploymentId(0);
/// Reason of a closing: what the alert warned of is over.
const OVER: &str = "condition_over";
/// Leaves read under one hold of the ledger, so that the driver never waits long for it.
const LEAVES_AT_ONCE: u64 = 1024;
/// Setting that keeps what was folded from the ledger.
const META: &str = "watch/alerts";

/// Whether a rule of the host finds fault with a subject now.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    pub rule: &'static str,
    /// The source, the rule or the deployment that it is about.
    pub subject: String,
    /// Empty where one alert at a time stands about a subject; else what tells them apart.
    pub part: String,
    /// `None` if all is well (again).
    pub fault: Option<Fault>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub level: Level,
    /// Since when.
    pub at: Millis,
    pub region: String,
    pub dept: String,
    pub evidence: Vec<u64>,
    /// What fills the placeholders of the sentence.
    pub values: Value,
}

/// An alert that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Standing {
    id: String,
    episode: String,
    level: Level,
}

/// How often a rule of a plugin has fired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    pub raised: u64,
    pub withdrawn: u64,
}

/// See the module.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HostAlerts {
    /// Leaves folded so far.
    leaves: u64,
    /// By `rule/subject/part`.
    standing: BTreeMap<String, Standing>,
    /// By `deployment/rule`.
    fired: BTreeMap<String, Fired>,
}

/// What the fold needs of an alert leaf.
#[derive(Deserialize)]
struct Seen {
    act: AlertAct,
    id: String,
    rule: String,
    stream_key: String,
    episode: String,
    level: Level,
    deployment: DeploymentId,
}

impl HostAlerts {
    /// What was kept at the last [`HostAlerts::keep`].
    ///
    /// # Errors
    /// If the store fails.
    pub fn load(app: &App) -> Result<Self, AppError> {
        let Some(bytes) = app.store().meta(META)? else { return Ok(Self::default()) };
        // What is kept is a short cut; if it cannot be read, the ledger is folded from its start.
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// # Errors
    /// If the store fails.
    pub fn keep(&self, app: &App) -> Result<(), AppError> {
        let bytes = serde_json::to_vec(self)
            .map_err(|error| AppError::new(Kind::Failed, "store", error))?;
        Ok(app.store().put_meta(META, &bytes)?)
    }

    /// Takes in the leaves that are new.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn follow(&mut self, app: &App) -> Result<(), AppError> {
        loop {
            let leaves = sealed(app, self.leaves)?;
            if leaves.is_empty() {
                return Ok(());
            }
            for bytes in leaves {
                self.take(&bytes)?;
                self.leaves += 1;
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), AppError> {
        if !bytes.starts_with(br#"{"leaf":"alert","#) {
            return Ok(());
        }
        let seen: Seen = serde_json::from_slice(bytes).map_err(|error| {
            let detail = format!("leaf {}: {error}", self.leaves);
            AppError::new(Kind::Integrity, "ledger-damaged", detail)
        })?;
        if seen.deployment != HOST_DEPLOYMENT {
            let fired = self.fired.entry(format!("{}/{}", seen.deployment, seen.rule)).or_default();
            fired.raised += u64::from(seen.act == AlertAct::Raised);
            fired.withdrawn += u64::from(seen.act == AlertAct::Withdrawn);
            return Ok(());
        }
        let name = format!("{}/{}", seen.rule, seen.stream_key);
        if matches!(seen.act, AlertAct::Closed | AlertAct::Withdrawn) {
            self.standing.remove(&name);
        } else {
            let Seen { id, episode, level, .. } = seen;
            self.standing.insert(name, Standing { id, episode, level });
        }
        Ok(())
    }

    /// How often a rule of a deployment has fired.
    #[must_use]
    pub fn fired(&self, deployment: DeploymentId, rule: &str) -> Fired {
        self.fired.get(&format!("{deployment}/{rule}")).copied().unwrap_or_default()
    }

    /// Alerts of a rule that stand.
    #[must_use]
    pub fn open(&self, rule: &str) -> u64 {
        let mine = |name: &&String| name.split_once('/').is_some_and(|(of, _)| of == rule);
        self.standing.keys().filter(mine).count() as u64
    }

    /// Raises, escalates, lowers and closes as the judgements say; returns how many leaves that
    /// took. About what is not judged, nothing changes.
    ///
    /// # Errors
    /// If the store or the ledger fails.
    pub fn settle(
        &mut self,
        app: &App,
        judgements: &[Judgement],
        now: Millis,
    ) -> Result<usize, AppError> {
        let mut leaves = Vec::new();
        for judgement in judgements {
            leaves.extend(self.change(app, judgement, now)?);
        }
        if !leaves.is_empty() {
            app.record(&leaves)?;
            self.follow(app)?;
        }
        Ok(leaves.len())
    }

    fn change(
        &self,
        app: &App,
        judgement: &Judgement,
        now: Millis,
    ) -> Result<Option<Vec<u8>>, AppError> {
        let stood = self.standing.get(&format!("{}/{}", judgement.rule, stream_key(judgement)));
        let act = match (stood, &judgement.fault) {
            (None, None) => return Ok(None),
            (None, Some(_)) => AlertAct::Raised,
            (Some(_), None) => AlertAct::Closed,
            (Some(stood), Some(fault)) if stood.level < fault.level => AlertAct::Escalated,
            (Some(stood), Some(fault)) if stood.level > fault.level => AlertAct::Lowered,
            (Some(_), Some(_)) => return Ok(None),
        };
        let episode = match stood {
            Some(stood) => stood.episode.clone(),
            None => app.zone().rfc3339(now),
        };
        let mut leaf = leaf(app, judgement, act, episode, now)?;
        if let (Some(stood), None) = (stood, &judgement.fault) {
            leaf.level = stood.level;
            leaf.id.clone_from(&stood.id);
        }
        let bytes = serde_json::to_vec(&leaf);
        bytes.map(Some).map_err(|error| AppError::new(Kind::Failed, "store", error))
    }
}

fn stream_key(judgement: &Judgement) -> String {
    match judgement.part.as_str() {
        "" => judgement.subject.clone(),
        part => format!("{}/{part}", judgement.subject),
    }
}

/// One leaf. Its parameters are the thresholds of `config.toml`, its package is none.
fn leaf(
    app: &App,
    judgement: &Judgement,
    act: AlertAct,
    episode: String,
    now: Millis,
) -> Result<AlertLeaf, AppError> {
    let config = serde_json::to_vec(&app.config().health)
        .map_err(|error| AppError::new(Kind::Failed, "config", error))?;
    let tables = app.tables();
    let calendar = tables.changes().iter().rev().find(|(_, table, _)| table == CALENDAR_TABLE);
    let stream_key = stream_key(judgement);
    let fault = judgement.fault.clone();
    let reason = fault.is_none().then(|| OVER.to_owned());
    let fault = fault.unwrap_or_else(|| Fault {
        level: Level::Notice,
        at: now,
        region: app.config().region.clone(),
        dept: String::new(),
        evidence: Vec::new(),
        values: Value::Object(serde_json::Map::new()),
    });
    Ok(AlertLeaf {
        leaf: "alert".to_owned(),
        act,
        id: alert_id(HOST_DEPLOYMENT, judgement.rule, &stream_key, &episode),
        rule: judgement.rule.to_owned(),
        key: judgement.subject.clone(),
        stream: "host".to_owned(),
        stream_key,
        episode,
        level: fault.level,
        due: None,
        at: app.zone().rfc3339(fault.at),
        issued_at: app.zone().rfc3339(now),
        late: false,
        region: fault.region,
        dept: fault.dept,
        plugin: HOST_SOURCE.to_owned(),
        plugin_version: env!("CARGO_PKG_VERSION").to_owned(),
        package: PackageHash([0; 32]),
        deployment: HOST_DEPLOYMENT,
        params: sha256_hex(&config),
        tables: calendar
            .map(|(_, table, version)| (table.clone(), version.0))
            .into_iter()
            .collect(),
        law: Vec::new(),
        evidence: fault.evidence,
        values: fault.values,
        reason,
    })
}

fn sealed(app: &App, from: u64) -> Result<Vec<Vec<u8>>, AppError> {
    app.with_ledger(|ledger| {
        let end = ledger.checkpoint().size().min(from.saturating_add(LEAVES_AT_ONCE));
        if from >= end {
            return Ok(Vec::new());
        }
        Ok(ledger.leaves(from..end)?.collect::<Result<Vec<_>, _>>()?)
    })
}

#[cfg(test)]
mod tests {
    use super::RULES;
    use crate::text::find;

    #[test]
    fn every_rule_of_the_host_has_its_name_and_its_sentence() {
        assert!(RULES.is_sorted_by_key(|rule| rule.id));
        for rule in RULES {
            assert!(find(&format!("host.{}-name", rule.id)).is_some(), "{}", rule.id);
            assert!(find(&format!("host.{}", rule.id)).is_some(), "{}", rule.id);
        }
    }
}
