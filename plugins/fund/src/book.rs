//! Lines of one key in compact form: what streams with very many events keep instead of `Facts`.
//! It keeps no department, officer or source; the alerts of these streams go to the key's own.

use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local};

/// One event, as its newest version says it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Line<T> {
    identity: u64,
    version: u32,
    pub(crate) seq: u64,
    pub(crate) time: Local,
    pub(crate) item: T,
}

impl<T> Line<T> {
    pub(crate) fn identity(&self) -> u64 {
        self.identity
    }
}

/// Lines in the order in which they happened, whatever the order of their arrival.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Book<T>(Vec<Line<T>>);

impl<T> Default for Book<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Book<T> {
    /// Takes what `event` says of the moment `time`; an older version of a known line is ignored.
    pub(crate) fn put(&mut self, event: &Event<'_>, time: Local, item: T) {
        let known = self.0.iter().position(|line| line.identity == event.identity);
        if let Some(index) = known {
            if self.0[index].version >= event.version {
                return;
            }
            self.0.remove(index);
        }
        let (identity, version, seq) = (event.identity, event.version, event.seq);
        let place = self.0.partition_point(|line| (line.time, line.identity) <= (time, identity));
        self.0.insert(place, Line { identity, version, seq, time, item });
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Line<T>> {
        self.0.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes out the line at `index`.
    pub(crate) fn remove(&mut self, index: usize) -> Line<T> {
        self.0.remove(index)
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&Line<T>) -> bool) {
        self.0.retain(keep);
    }
}

impl<'a, T> IntoIterator for &'a Book<T> {
    type Item = &'a Line<T>;
    type IntoIter = std::slice::Iter<'a, Line<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
