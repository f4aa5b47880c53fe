//! Who may say what of the supervision itself: events of the types `platform.*`.
//!
//! Ordinary sources may say nothing of it: the rules about supervisors rest on these events, and who
//! could write that an alert was answered could hush it up. It grants nothing by itself; the caller
//! says which rights hold.

use plumbline_contract::event::PLATFORM_COUNT_TYPE;
use std::collections::BTreeSet;

/// Rights of what is being read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Everything of it comes from a host: an import that an administrator has marked as such.
    pub as_host: bool,
    /// Sources that are platforms of a lower level: they may deliver the counts of their records.
    pub lower: BTreeSet<String>,
}

impl Rights {
    /// Those of ordinary sources.
    pub const NONE: &'static Self = &Self { as_host: false, lower: BTreeSet::new() };

    /// Whether a source may deliver an event of a type `platform.*`.
    #[must_use]
    pub fn allow(&self, source: &str, kind: &str) -> bool {
        self.as_host || (kind == PLATFORM_COUNT_TYPE && self.lower.contains(source))
    }
}
