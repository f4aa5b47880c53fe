//! A bounded dossier for keys that live for years: the earliest facts of one key, corrections in
//! place of what they correct. What lies beyond the bound changes nothing, whatever the order of
//! arrival. It keeps less of each event than `Facts`.

use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local};

/// One fact.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Item<F> {
    pub(crate) time: Local,
    identity: u64,
    version: u32,
    pub(crate) seq: u64,
    pub(crate) dept: String,
    pub(crate) fact: F,
}

/// Facts in the order in which they happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Shelf<F> {
    items: Vec<Item<F>>,
}

impl<F> Default for Shelf<F> {
    fn default() -> Self {
        Self { items: Vec::new() }
    }
}

impl<F> Shelf<F> {
    /// Takes a fact; of more than `max` the earliest stay. Says whether anything has changed.
    pub(crate) fn put(&mut self, event: &Event<'_>, fact: F, max: usize) -> bool {
        let known = self.items.iter().position(|item| item.identity == event.identity);
        if let Some(index) = known {
            if self.items[index].version >= event.version {
                return false;
            }
            self.items.remove(index);
        }
        let item = Item {
            time: event.time,
            identity: event.identity,
            version: event.version,
            seq: event.seq,
            dept: event.dept.to_owned(),
            fact,
        };
        let order = |item: &Item<F>| (item.time, item.identity);
        let place = self.items.partition_point(|other| order(other) <= order(&item));
        if place >= max {
            return known.is_some();
        }
        self.items.insert(place, item);
        self.items.truncate(max);
        true
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Item<F>> {
        self.items.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Item<F>> {
        self.items.iter_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
