//! A dossier: the final facts of one key, whatever the order of their arrival.

use crate::Event;
use plumbline_contract::time::Local;
use serde::{Deserialize, Serialize};

/// One fact with the marks of the event that reported it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<F> {
    pub seq: u64,
    identity: u64,
    version: u32,
    /// When it happened.
    pub time: Local,
    /// When its original row was created in the source system.
    pub recorded: Local,
    pub dept: String,
    pub actor: String,
    pub source: String,
    pub fact: F,
}

/// The facts of one key in the order in which they happened. A higher version of a fact replaces
/// the lower one, an older version that arrives later is ignored: the final facts count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts<F> {
    entries: Vec<Entry<F>>,
}

impl<F> Default for Facts<F> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<F> Facts<F> {
    /// Takes a fact that `event` reports.
    pub fn put(&mut self, event: &Event<'_>, fact: F) {
        let known = self.entries.iter().position(|entry| entry.identity == event.identity);
        if let Some(index) = known {
            if self.entries[index].version >= event.version {
                return;
            }
            self.entries.remove(index);
        }
        let entry = Entry {
            seq: event.seq,
            identity: event.identity,
            version: event.version,
            time: event.time,
            recorded: event.recorded,
            dept: event.dept.to_owned(),
            actor: event.actor.to_owned(),
            source: event.source.to_owned(),
            fact,
        };
        // Equal times keep the order of identity, so that the order of arrival leaves no trace.
        let order = |entry: &Entry<F>| (entry.time, entry.recorded, entry.identity);
        let place = self.entries.partition_point(|other| order(other) <= order(&entry));
        self.entries.insert(place, entry);
    }

    /// In the order in which they happened.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry<F>> {
        self.entries.iter()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }
}

impl<'a, F> IntoIterator for &'a Facts<F> {
    type Item = &'a Entry<F>;
    type IntoIter = std::slice::Iter<'a, Entry<F>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
