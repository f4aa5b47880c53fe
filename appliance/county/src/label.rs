//! What the generator knows of its own doings: where it broke a rule on purpose, and where it only
//! looks so. No rule is ever asked.

use plumbline_contract::alert::Level;
use plumbline_contract::time::Local;
use serde::{Deserialize, Serialize};

/// Whether a rule ought to raise something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// 违规: the rule ought to raise an alert.
    Violation,
    /// 合法而形似: lawful, though it looks alike; no alert may come.
    Decoy,
}

/// One injected violation or decoy of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub rule: String,
    pub kind: Kind,
    /// What the alert is about: its subject, which is the key of the rule's stream as a rule.
    pub key: String,
    pub region: String,
    pub dept: String,
    pub zh: String,
    pub en: String,
    /// The level at the end of the year; `None` where the story leaves it open.
    pub level: Option<Level>,
    /// About when the alert's fact comes about, by the local clock. Several violations of one key are
    /// told apart by it.
    pub when: Local,
    /// `id` of the events that the story is made of, the first and the last one.
    pub events: (String, String),
}
