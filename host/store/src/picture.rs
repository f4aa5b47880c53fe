//! A picture of the whole tree at one moment, read while writes go on; and the tree made from one.
//!
//! sled has no snapshots, and its live files must not be copied. So the reader walks the tree a
//! stretch at a time, and before the writer changes a key that the reader has not reached, it notes
//! what stood there. One lock keeps a stretch and a change apart: no write waits longer than one
//! stretch takes. What changes most is walked first, and events, which never change, last, so that
//! little has to be noted.

use crate::error::StoreError;
use crate::key;
use crate::kv::{Kv, VALUE_BYTES_MAX};
use crate::log::Shared;
use plumbline_contract::id::{EventSeq, LeafIndex};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most pairs in one stretch: the writer waits for the reading of one stretch, a few milliseconds.
const STRETCH_PAIRS: usize = 512;
/// Most bytes of former values kept for the reader. A picture that falls so far behind is given up,
/// because the memory belongs to the supervision.
const NOTED_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Bytes that a noted key costs besides its own and its value's.
const NOTED_OVERHEAD_BYTES: usize = 96;
/// Longest key: prefix and partition, a table or deployment, two texts with escaped zeros, numbers.
const PAIR_KEY_BYTES_MAX: usize = 8 * 1024;

/// The order of the walk.
const ORDER: [u8; 12] = [
    key::SCHEMA,
    key::COUNTERS,
    key::CURSORS,
    key::OUTBOX,
    key::GAPS,
    key::TAIL,
    key::STATES,
    key::WAKES,
    key::META,
    key::TABLES,
    key::DEDUPE,
    key::EVENTS,
];

/// One key of the tree with its value, as they stand on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

impl Pair {
    /// Which part of the store it belongs to: a word for people, the same for all keys of a kind.
    #[must_use]
    pub fn part(&self) -> &'static str {
        match self.key.first().copied().unwrap_or_default() {
            key::EVENTS | key::TAIL => "events",
            key::DEDUPE => "index",
            key::STATES => "states",
            key::WAKES => "wakes",
            key::CURSORS => "cursors",
            key::OUTBOX => "outbox",
            key::GAPS => "gaps",
            key::TABLES => "tables",
            key::META => "settings",
            _ => "counters",
        }
    }
}

/// Where the store stood when a picture was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub next_seq: EventSeq,
    /// The outbox holds the leaves from here up to `next_leaf`.
    pub first_leaf: LeafIndex,
    pub next_leaf: LeafIndex,
}

/// Reads a picture. Dropping it ends the picture.
#[derive(Debug)]
pub struct Picture<'a> {
    shared: &'a Shared,
    moment: Moment,
}

/// How far the reader has come, and what stood at the keys that have changed since.
#[derive(Debug, Default)]
struct Noted {
    /// Place of the reader: a position in [`ORDER`] and a key from which on it has to read.
    rank: usize,
    from: Vec<u8>,
    before: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
    overtaken: bool,
}

/// The picture that is being read, if any. Its lock keeps changes and stretches apart.
#[derive(Debug, Default)]
pub(crate) struct PictureSlot(Mutex<Option<Noted>>);

type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

impl PictureSlot {
    // Whoever panics with this lock has at worst left a picture behind that is given up with it.
    fn lock(&self) -> MutexGuard<'_, Option<Noted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a picture; on the writer's thread, between two groups.
    pub(crate) fn begin(&self) -> Result<(), StoreError> {
        let mut slot = self.lock();
        if slot.is_some() {
            return Err(StoreError::Pictured);
        }
        *slot = Some(Noted::default());
        Ok(())
    }

    /// Applies a group of changes, after noting what it takes from the picture.
    pub(crate) fn apply(&self, kv: &Kv, changes: Changes) -> Result<(), StoreError> {
        let mut slot = self.lock();
        if let Some(noted) = slot.as_mut().filter(|noted| !noted.overtaken) {
            noted.note(kv, &changes)?;
        }
        kv.apply(changes)
    }
}

impl Noted {
    fn note(&mut self, kv: &Kv, changes: &Changes) -> Result<(), StoreError> {
        for key in changes.keys() {
            if !self.is_ahead(key) || self.before.contains_key(key) {
                continue;
            }
            let old = kv.get(key)?.map(|value| value.to_vec());
            self.bytes += cost(key, old.as_ref());
            self.before.insert(key.clone(), old);
        }
        if self.bytes > NOTED_BYTES_MAX {
            *self = Self { overtaken: true, ..Self::default() };
        }
        Ok(())
    }

    /// Whether the reader has yet to read this key.
    fn is_ahead(&self, key: &[u8]) -> bool {
        let rank = ORDER.iter().position(|kind| key.first() == Some(kind));
        rank.is_some_and(|rank| {
            rank > self.rank || rank == self.rank && key >= self.from.as_slice()
        })
    }

    /// Reads on. A stretch may hold nothing, where everything in it is newer than the picture;
    /// `None` is the end.
    fn stretch(&mut self, kv: &Kv) -> Result<Option<Vec<Pair>>, StoreError> {
        if self.overtaken {
            return Err(StoreError::Overtaken { max: NOTED_BYTES_MAX });
        }
        let Some(kind) = ORDER.get(self.rank) else { return Ok(None) };
        let all = key::kind(*kind);
        let end = key::after_prefix(&all);
        let from = self.from.clone().max(all);
        let mut pairs = BTreeMap::new();
        for pair in kv.range(&from, &end).take(STRETCH_PAIRS) {
            let (key, value) = pair?;
            pairs.insert(key.to_vec(), value.to_vec());
        }
        // A full stretch ends behind its last key; a short one has come to the end of its kind.
        let last = pairs.last_key_value().filter(|_| pairs.len() == STRETCH_PAIRS);
        let next = last.map(|(key, _)| [key.as_slice(), &[0]].concat());
        let until = next.clone().unwrap_or(end);
        self.overlay(&from, &until, &mut pairs);
        if next.is_none() {
            self.rank += 1;
        }
        self.from = next.unwrap_or_default();
        Ok(Some(pairs.into_iter().map(|(key, value)| Pair { key, value }).collect()))
    }

    /// Puts back what stood between two keys when the picture was begun.
    fn overlay(&mut self, from: &[u8], until: &[u8], pairs: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
        let mut noted = self.before.split_off(from);
        self.before.append(&mut noted.split_off(until));
        for (key, old) in noted {
            self.bytes -= cost(&key, old.as_ref());
            match old {
                Some(value) => pairs.insert(key, value),
                None => pairs.remove(&key),
            };
        }
    }
}

fn cost(key: &[u8], old: Option<&Vec<u8>>) -> usize {
    key.len() + old.map_or(0, Vec::len) + NOTED_OVERHEAD_BYTES
}

impl<'a> Picture<'a> {
    pub(crate) fn new(shared: &'a Shared, moment: Moment) -> Self {
        Self { shared, moment }
    }

    #[must_use]
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// The next pairs, some hundred at once; none at the end.
    ///
    /// # Errors
    /// If the store cannot be read, or so much was written meanwhile that the picture was given up.
    pub fn stretch(&mut self) -> Result<Vec<Pair>, StoreError> {
        loop {
            let mut slot = self.shared.picture.lock();
            let noted = slot.as_mut().expect("the picture stands until it is dropped");
            match noted.stretch(&self.shared.kv)? {
                Some(pairs) if pairs.is_empty() => {}
                Some(pairs) => return Ok(pairs),
                None => return Ok(Vec::new()),
            }
        }
    }
}

impl Drop for Picture<'_> {
    fn drop(&mut self) {
        *self.shared.picture.lock() = None;
    }
}

/// Makes a store in a directory that holds none, out of the pairs of a picture.
#[derive(Debug)]
pub struct Restorer {
    kv: Kv,
}

impl Restorer {
    /// # Errors
    /// If there is something in the directory, or it cannot be made.
    pub fn create(dir: &Path) -> Result<Self, StoreError> {
        if dir.exists() && std::fs::read_dir(dir)?.next().is_some() {
            return Err(StoreError::Occupied(dir.display().to_string()));
        }
        Ok(Self { kv: Kv::open(dir)? })
    }

    /// # Errors
    /// If a pair cannot stand in a store, or the disk fails.
    pub fn put(&self, pairs: Vec<Pair>) -> Result<(), StoreError> {
        for pair in &pairs {
            let known = pair.key.first().is_some_and(|kind| key::KINDS.contains(kind));
            let fits = pair.key.len() <= PAIR_KEY_BYTES_MAX && pair.value.len() <= VALUE_BYTES_MAX;
            if !known || !fits {
                let key = key::show(&pair.key[..pair.key.len().min(64)]);
                return Err(StoreError::Corrupt(format!("{key} is no key of a store")));
            }
        }
        self.kv.apply(pairs.into_iter().map(|pair| (pair.key, Some(pair.value))))
    }

    /// Makes everything durable. The store is to be opened and checked then.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn finish(self) -> Result<(), StoreError> {
        self.kv.sync()
    }
}
