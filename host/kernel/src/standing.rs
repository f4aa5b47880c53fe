//! What the host keeps of an alert that stands, and what changed between two sets of them.

use plumbline_contract::alert::{AlertAct, AlertLeaf, Level};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An alert that stands, as small as its comparison allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingAlert {
    pub rule: String,
    pub episode: String,
    pub level: Level,
    /// The entity that the alert is about.
    pub subject: String,
    pub region: String,
    pub dept: String,
    /// RFC 3339: when the fact came about.
    pub at: String,
    /// Last lawful day.
    pub due: Option<String>,
}

impl StandingAlert {
    /// What stands behind a leaf; `None` if the leaf ends its alert.
    #[must_use]
    pub fn after(leaf: &AlertLeaf) -> Option<Self> {
        match leaf.act {
            AlertAct::Withdrawn | AlertAct::Closed => None,
            AlertAct::Raised | AlertAct::Escalated | AlertAct::Lowered | AlertAct::Amended => {
                Some(Self {
                    rule: leaf.rule.clone(),
                    episode: leaf.episode.clone(),
                    level: leaf.level,
                    subject: leaf.key.clone(),
                    region: leaf.region.clone(),
                    dept: leaf.dept.clone(),
                    at: leaf.at.clone(),
                    due: leaf.due.clone(),
                })
            }
        }
    }

    /// The row that the store keeps.
    #[must_use]
    pub fn row(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a standing alert has only keys that are texts")
    }

    /// Reads [`StandingAlert::row`]; `None` if it is anything else.
    #[must_use]
    pub fn read(row: &[u8]) -> Option<Self> {
        serde_json::from_slice(row).ok()
    }
}

/// What an alert is without its deployment: the same fact found by two deployments has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    pub stream: String,
    pub key: String,
    pub rule: String,
    pub episode: String,
}

/// One alert that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub rule: String,
    pub subject: String,
    pub region: String,
    pub dept: String,
    pub stream: String,
    pub key: String,
    pub episode: String,
    pub before: Option<Side>,
    pub after: Option<Side>,
}

/// One side of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    pub level: Level,
    pub at: String,
    pub due: Option<String>,
}

/// How two sets of standing alerts differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Alerts that are the same on both sides.
    pub same: u64,
    /// Cards that only the second side has.
    pub gained: Vec<Change>,
    /// Cards that only the first side has.
    pub lost: Vec<Change>,
    /// Cards of both sides that differ in colour, last lawful day or moment.
    pub changed: Vec<Change>,
}

/// Compares two sets, in the order of identities.
#[must_use]
pub fn compare(
    before: &BTreeMap<Identity, StandingAlert>,
    after: &BTreeMap<Identity, StandingAlert>,
) -> Comparison {
    let mut comparison = Comparison::default();
    for (identity, old) in before {
        match after.get(identity) {
            None => comparison.lost.push(change(identity, Some(old), None)),
            Some(new) if side(old) == side(new) => comparison.same += 1,
            Some(new) => comparison.changed.push(change(identity, Some(old), Some(new))),
        }
    }
    let fresh = after.iter().filter(|(identity, _)| !before.contains_key(*identity));
    comparison.gained.extend(fresh.map(|(identity, new)| change(identity, None, Some(new))));
    comparison
}

fn side(alert: &StandingAlert) -> Side {
    Side { level: alert.level, at: alert.at.clone(), due: alert.due.clone() }
}

fn change(
    identity: &Identity,
    before: Option<&StandingAlert>,
    after: Option<&StandingAlert>,
) -> Change {
    let shown = after.or(before);
    let text = |pick: fn(&StandingAlert) -> &String| shown.map(pick).cloned().unwrap_or_default();
    Change {
        rule: identity.rule.clone(),
        subject: text(|alert| &alert.subject),
        region: text(|alert| &alert.region),
        dept: text(|alert| &alert.dept),
        stream: identity.stream.clone(),
        key: identity.key.clone(),
        episode: identity.episode.clone(),
        before: before.map(side),
        after: after.map(side),
    }
}

/// Figures of one group of changes: a rule, a department, a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub gained: Colours,
    pub lost: Colours,
    /// Cards whose colour rose, fell, or stayed while a date changed.
    pub raised: u64,
    pub lowered: u64,
    pub moved: u64,
}

/// Cards by colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Colours {
    pub notice: u64,
    pub yellow: u64,
    pub red: u64,
}

impl Colours {
    fn add(&mut self, level: Level) {
        *match level {
            Level::Notice => &mut self.notice,
            Level::Yellow => &mut self.yellow,
            Level::Red => &mut self.red,
        } += 1;
    }

    #[must_use]
    pub fn sum(&self) -> u64 {
        self.notice + self.yellow + self.red
    }
}

impl Comparison {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty() && self.changed.is_empty()
    }

    /// Figures by what `group` says of a change, for instance its rule.
    #[must_use]
    pub fn by(&self, group: impl Fn(&Change) -> &str) -> BTreeMap<String, Figures> {
        let mut groups: BTreeMap<String, Figures> = BTreeMap::new();
        for change in self.gained.iter().chain(&self.lost).chain(&self.changed) {
            let figures = groups.entry(group(change).to_owned()).or_default();
            match (&change.before, &change.after) {
                (None, Some(after)) => figures.gained.add(after.level),
                (Some(before), None) => figures.lost.add(before.level),
                (Some(before), Some(after)) if before.level < after.level => figures.raised += 1,
                (Some(before), Some(after)) if before.level > after.level => figures.lowered += 1,
                _ => figures.moved += 1,
            }
        }
        groups
    }
}
