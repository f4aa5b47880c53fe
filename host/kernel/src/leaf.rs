//! Alerts as bytes of the ledger.

use crate::{Plan, StandingAlert};
use plumbline_contract::alert::{AlertAct, AlertLeaf, Level, alert_id};
use plumbline_contract::task::{EVIDENCE_MAX, Fault, Finding, Withdrawal};
use plumbline_contract::time::{Local, Millis};
use std::collections::BTreeMap;

/// The host's own rule: a plugin failed on a key, whose events were not supervised.
pub const GAP_RULE: &str = "HOST-G01";

/// What all leaves of one batch have in common.
#[derive(Clone, Copy, Debug)]
pub struct LeafContext<'a> {
    pub plan: &'a Plan,
    /// For each variant the versions of the tables that it may read, at this position of the log.
    pub tables: &'a [BTreeMap<String, u32>],
    /// Region of each input of the batch; none for ticks, whose region is that of their key.
    pub regions: &'a [&'a str],
}

/// Where in the task something came about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) variant: usize,
    pub(crate) stream: &'a str,
    pub(crate) key: &'a str,
    pub(crate) region: &'a str,
    pub(crate) issued: Millis,
}

/// A leaf before it becomes bytes.
#[derive(Clone, Debug)]
pub(crate) struct Made(AlertLeaf);

impl Made {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        leaf_bytes(&self.0)
    }

    /// What stands from now on; nothing if the leaf ends its alert.
    pub(crate) fn standing(&self) -> (String, Option<StandingAlert>) {
        (self.0.id.clone(), StandingAlert::after(&self.0))
    }
}

impl LeafContext<'_> {
    fn blank(&self, place: Place<'_>, rule: &str, episode: &str, act: AlertAct) -> AlertLeaf {
        let variant = &self.plan.variants()[place.variant];
        let manifest = &variant.manifest;
        let deployment = self.plan.deployment();
        let stream_key = format!("{}/{}", place.stream, place.key);
        AlertLeaf {
            leaf: "alert".to_owned(),
            act,
            id: alert_id(deployment, rule, &stream_key, episode),
            rule: rule.to_owned(),
            key: place.key.to_owned(),
            stream: place.stream.to_owned(),
            stream_key: place.key.to_owned(),
            episode: episode.to_owned(),
            level: Level::Yellow,
            due: None,
            at: String::new(),
            issued_at: self.plan.zone().rfc3339(place.issued),
            late: false,
            region: place.region.to_owned(),
            dept: String::new(),
            plugin: manifest.plugin.id.clone(),
            plugin_version: manifest.plugin.version.clone(),
            package: variant.package,
            deployment,
            params: variant.parameters_sha256.clone(),
            tables: self.tables[place.variant].clone(),
            law: manifest.rule(rule).map(|rule| rule.law.clone()).unwrap_or_default(),
            evidence: Vec::new(),
            values: serde_json::Value::Object(serde_json::Map::new()),
            reason: None,
        }
    }

    fn text(&self, local: Local) -> String {
        self.plan.zone().rfc3339(self.plan.zone().instant(local))
    }

    pub(crate) fn finding(&self, place: Place<'_>, finding: &Finding) -> Made {
        let act = match finding.was {
            None => AlertAct::Raised,
            Some(was) if was < finding.level => AlertAct::Escalated,
            Some(was) if was > finding.level => AlertAct::Lowered,
            Some(_) => AlertAct::Amended,
        };
        let mut leaf = self.blank(place, &finding.rule, &finding.episode, act);
        leaf.key.clone_from(&finding.subject);
        leaf.level = finding.level;
        leaf.due = finding.due.map(|day| day.to_string());
        leaf.at = self.text(finding.at);
        leaf.late = self.plan.zone().local(place.issued).day() > finding.seen.day();
        leaf.region.clone_from(&finding.region);
        leaf.dept.clone_from(&finding.dept);
        leaf.evidence.clone_from(&finding.evidence);
        leaf.values = serde_json::from_str(&finding.values).unwrap_or_default();
        Made(leaf)
    }

    pub(crate) fn withdrawal(&self, place: Place<'_>, gone: &Withdrawal) -> Made {
        let mut leaf = self.blank(place, &gone.rule, &gone.episode, AlertAct::Withdrawn);
        leaf.at = self.text(gone.seen);
        leaf.reason = Some(gone.reason.clone());
        Made(leaf)
    }

    /// A gap: events `evidence` of this key were not supervised.
    pub(crate) fn gap(&self, place: Place<'_>, fault: &Fault, evidence: &[u64]) -> Made {
        let episode = evidence.first().map(ToString::to_string).unwrap_or_default();
        let mut leaf = self.blank(place, GAP_RULE, &episode, AlertAct::Raised);
        leaf.at.clone_from(&leaf.issued_at);
        leaf.evidence = evidence.iter().copied().take(EVIDENCE_MAX).collect();
        leaf.values = serde_json::json!({ "code": fault.code(), "fault": fault.account() });
        Made(leaf)
    }

    /// The end of an alert that a rebuild no longer finds.
    pub(crate) fn ending(&self, place: Place<'_>, was: &StandingAlert, reason: &str) -> Made {
        let is_gap = was.rule == GAP_RULE;
        let act = if is_gap { AlertAct::Closed } else { AlertAct::Withdrawn };
        let mut leaf = self.blank(place, &was.rule, &was.episode, act);
        leaf.at.clone_from(&leaf.issued_at);
        leaf.key.clone_from(&was.subject);
        leaf.level = was.level;
        leaf.region.clone_from(&was.region);
        leaf.dept.clone_from(&was.dept);
        leaf.reason = Some(if is_gap { "gap_replayed" } else { reason }.to_owned());
        Made(leaf)
    }
}

/// The bytes of an alert leaf.
#[must_use]
pub fn leaf_bytes(leaf: &AlertLeaf) -> Vec<u8> {
    serde_json::to_vec(leaf).expect("an alert leaf has only keys that are texts")
}
