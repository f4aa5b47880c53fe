//! Alerts as they stand in the ledger. One JSON object is one leaf; its bytes are a contract.

use crate::id::{DeploymentId, PackageHash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How grave an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 提示: a reminder without score.
    Notice,
    /// 黄牌
    Yellow,
    /// 红牌
    Red,
}

impl Level {
    pub const ALL: [Self; 3] = [Self::Notice, Self::Yellow, Self::Red];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }
}

/// What a leaf of kind `alert` does to its alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertAct {
    Raised,
    /// The same alert at a higher level.
    Escalated,
    /// The same alert at a lower level, because the facts were corrected.
    Lowered,
    /// The same alert at the same level with another `due` or `at`, because the facts changed.
    Amended,
    /// No longer true; the earlier leaves stay.
    Withdrawn,
    /// Over: what the host warned of has been made good, for instance a gap that was replayed.
    Closed,
}

/// A leaf that raises, changes or withdraws one alert. Field order is the order of the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertLeaf {
    /// Always `alert`.
    pub leaf: String,
    pub act: AlertAct,
    /// [`alert_id`]: the same for all leaves of one alert.
    pub id: String,
    pub rule: String,
    /// The entity that the alert is about.
    pub key: String,
    pub stream: String,
    pub stream_key: String,
    pub episode: String,
    pub level: Level,
    /// Last lawful day, `YYYY-MM-DD`.
    pub due: Option<String>,
    /// RFC 3339 with the region's offset: when the fact came about.
    pub at: String,
    /// RFC 3339: when the host raised it, in log time.
    pub issued_at: String,
    /// Raised on a later local date than it should have been, for instance after downtime.
    pub late: bool,
    pub region: String,
    pub dept: String,
    pub plugin: String,
    pub plugin_version: String,
    pub package: PackageHash,
    pub deployment: DeploymentId,
    /// SHA-256 of the parameters in canonical form, in hexadecimal.
    pub params: String,
    /// Versions of the reference tables that were in force, of those that the plugin may read.
    pub tables: BTreeMap<String, u32>,
    /// Ids of rows in the reference table `law_ref`.
    pub law: Vec<String>,
    /// Positions in the event log.
    pub evidence: Vec<u64>,
    pub values: serde_json::Value,
    /// Why, for a withdrawal or a closing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// The identity of an alert: (deployment lineage, rule, stream key, episode) as 16 hexadecimal
/// digits. Raising it again is an escalation, never a second card.
#[must_use]
pub fn alert_id(deployment: DeploymentId, rule: &str, key: &str, episode: &str) -> String {
    let parts =
        [&deployment.0.to_le_bytes()[..], rule.as_bytes(), key.as_bytes(), episode.as_bytes()];
    format!("{:016x}", crate::event::fingerprint(&parts))
}
