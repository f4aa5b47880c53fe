//! The event log as readers see it: sealed blocks in the tree, the tail in memory.

use crate::api::Wanted;
use crate::block::{self, Stored};
use crate::error::StoreError;
use crate::index::{Entry, Subjects};
use crate::key::{self, Parts};
use crate::kv::Kv;
use crate::picture::PictureSlot;
use crate::recent::Recent;
use crate::stage::{self, Lent, READ_ATTEMPTS_MAX};
use crate::stretch::{Rows, Stretch};
use plumbline_contract::id::EventSeq;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Bytes of texts from which on a reader who sifts begins another stretch: large enough that it
/// seldom takes memory, small against what such a reader holds.
const SIFTED_BYTES: usize = 256 << 10;

/// What the writer and the readers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) kv: Kv,
    pub(crate) picture: PictureSlot,
    pub(crate) recent: Recent,
    tail: RwLock<Tail>,
    subjects: RwLock<Subjects>,
    /// Number that the next leaf will get.
    pub(crate) leaf_next: AtomicU64,
    /// All leaves below are on the disk.
    pub(crate) leaf_durable: AtomicU64,
}

/// The newest events, which are not in a block yet: always less than one block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    pub(crate) first: EventSeq,
    pub(crate) rows: Vec<Stored>,
    /// One for each row, for the index on the disk once the row is sealed.
    pub(crate) entries: Vec<Entry>,
}

impl Tail {
    pub(crate) fn next(&self) -> EventSeq {
        EventSeq(self.first.0 + self.rows.len() as u64)
    }
}

impl Shared {
    pub(crate) fn new(kv: Kv, tail: Tail, subjects: Subjects, leaf_next: u64) -> Self {
        Self {
            kv,
            picture: PictureSlot::default(),
            recent: Recent::default(),
            tail: RwLock::new(tail),
            subjects: RwLock::new(subjects),
            leaf_next: AtomicU64::new(leaf_next),
            leaf_durable: AtomicU64::new(leaf_next),
        }
    }

    // A thread that panics while it holds a lock has changed nothing by halves: both values are
    // replaced or extended in one step. So a poisoned lock is taken over.

    pub(crate) fn tail(&self) -> RwLockReadGuard<'_, Tail> {
        self.tail.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tail_mut(&self) -> RwLockWriteGuard<'_, Tail> {
        self.tail.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn subjects(&self) -> RwLockReadGuard<'_, Subjects> {
        self.subjects.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn subjects_mut(&self) -> RwLockWriteGuard<'_, Subjects> {
        self.subjects.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// At most `max` rows from a position on.
    pub(crate) fn rows(&self, from: EventSeq, max: usize) -> Result<Rows, StoreError> {
        let mut found = Rows::new(from);
        // Rows move from the tail into blocks meanwhile, never back, so this ends.
        while found.len() < max {
            let room = max - found.len();
            if let Some(tail) = self.tail_from(found.end(), room, &mut |_| true)? {
                found.extend(Arc::new(tail), room);
                break;
            }
            let block = self.recent.block(self, found.end())?;
            found.extend(block, room);
        }
        Ok(found)
    }

    /// Events of some types between two positions, at most `max`. Nothing of them is kept for other
    /// readers, and blocks are unpacked as far as they are wanted.
    pub(crate) fn sift(
        &self,
        (from, until): (EventSeq, EventSeq),
        max: usize,
        wanted: &mut Wanted<'_>,
    ) -> Result<Rows, StoreError> {
        let mut found = Rows::new(from);
        while found.len() < max && found.end() < until {
            let room = max - found.len();
            if let Some(tail) = self.tail_from(found.end(), usize::MAX, wanted)? {
                found.extend(Arc::new(tail), room);
                break;
            }
            let events = self.sift_blocks((found.end(), until), room, wanted)?;
            found.extend(Arc::new(events), room);
        }
        Ok(found)
    }

    /// The same of blocks alone, as much as goes into one stretch.
    fn sift_blocks(
        &self,
        (from, until): (EventSeq, EventSeq),
        max: usize,
        wanted: &mut Wanted<'_>,
    ) -> Result<Stretch, StoreError> {
        let mut events = Stretch::new(from, 0, SIFTED_BYTES + SIFTED_BYTES / 4);
        let tail = self.tail().first;
        while events.len() < max && events.bytes() < SIFTED_BYTES && events.end() < until.min(tail)
        {
            let at = events.end();
            self.read_block(at, |first, value| {
                let mark = events.mark();
                let read = block::sift_from((first, at), value, wanted, &mut events);
                if read.is_err() {
                    events.back_to(mark);
                }
                read
            })?;
            if events.end() == at {
                return Err(missing(at));
            }
        }
        Ok(events)
    }

    /// At most `max` events of the tail from a position on, if it lies there or behind.
    fn tail_from(
        &self,
        at: EventSeq,
        max: usize,
        wanted: &mut Wanted<'_>,
    ) -> Result<Option<Stretch>, StoreError> {
        let tail = self.tail();
        let Some(skip) = at.0.checked_sub(tail.first.0) else { return Ok(None) };
        let rows = || tail.rows.iter().skip(skip as usize).take(max);
        let bytes = rows().map(|row| row.body.len()).sum();
        let mut events = Stretch::new(at, tail.rows.len().min(max), bytes);
        rows().try_for_each(|row| block::sift(&row.body, wanted, &mut events))?;
        Ok(Some(events))
    }

    /// The events of the block that holds a sealed position.
    pub(crate) fn stretch_at(&self, seq: EventSeq) -> Result<Stretch, StoreError> {
        let events = self.read_block(seq, block::events)?;
        if seq < events.end() { Ok(events) } else { Err(missing(seq)) }
    }

    /// Reads the block that holds a sealed position. A block of several chunks may be replaced
    /// between them; then it is read once more.
    fn read_block<T>(
        &self,
        seq: EventSeq,
        mut read: impl FnMut(EventSeq, &[u8]) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut once = || {
            let (first, value) = self.block_bytes(seq)?;
            read(first, &value)
        };
        for _ in 1..READ_ATTEMPTS_MAX {
            match once() {
                Err(StoreError::Corrupt(_)) => {}
                other => return other,
            }
        }
        once()
    }

    /// The block that holds a sealed position as it lies on the disk, and where it begins.
    fn block_bytes(&self, seq: EventSeq) -> Result<(EventSeq, Lent), StoreError> {
        // Who reads on asks for the first event of the next block.
        if let Some(value) = stage::lend(&self.kv, &key::block(seq))? {
            return Ok((seq, value));
        }
        let first = self.block_first(seq)?;
        let value = stage::lend(&self.kv, &key::block(first))?;
        Ok((first, value.ok_or_else(|| missing(seq))?))
    }

    /// The block that holds a sealed position.
    pub(crate) fn block_at(&self, seq: EventSeq) -> Result<(EventSeq, Vec<Stored>), StoreError> {
        let first = self.block_first(seq)?;
        let value = stage::read(&self.kv, &key::block(first))?.ok_or_else(|| missing(seq))?;
        let rows = block::decode(&value)?;
        if seq.0 < first.0 + rows.len() as u64 { Ok((first, rows)) } else { Err(missing(seq)) }
    }

    /// Positions of the newest `max` events about a subject, ascending.
    pub(crate) fn by_subject(
        &self,
        subject: &str,
        max: usize,
    ) -> Result<Vec<EventSeq>, StoreError> {
        let mut found = Vec::new();
        let Some(print) = block::subject_print(subject) else { return Ok(found) };
        let mut at = self.subjects().newest(print);
        let mut block = (EventSeq(0), Vec::new());
        while let Some(seq) = at.filter(|_| found.len() < max) {
            let row = self.row_at(seq, &mut block)?;
            // Two subjects with one fingerprint share a chain.
            if row.event()?.subject == subject {
                found.push(seq);
            }
            at = (row.back > 0).then(|| seq.0.checked_sub(row.back).map(EventSeq)).flatten();
        }
        found.reverse();
        Ok(found)
    }

    /// One row, from `block` if it lies there; else `block` becomes the block it lies in.
    pub(crate) fn row_at(
        &self,
        seq: EventSeq,
        block: &mut (EventSeq, Vec<Stored>),
    ) -> Result<Stored, StoreError> {
        let index = |first: EventSeq| seq.0.checked_sub(first.0).map(|index| index as usize);
        if let Some(row) = index(block.0).and_then(|index| block.1.get(index)) {
            return Ok(row.clone());
        }
        {
            let tail = self.tail();
            if let Some(index) = index(tail.first) {
                return tail.rows.get(index).cloned().ok_or_else(|| missing(seq));
            }
        }
        *block = self.block_at(seq)?;
        index(block.0).and_then(|index| block.1.get(index)).cloned().ok_or_else(|| missing(seq))
    }

    /// Position after the last block.
    pub(crate) fn sealed_end(&self) -> Result<EventSeq, StoreError> {
        let last = self.kv.last(&key::block(EventSeq(0)), &key::block(EventSeq(u64::MAX)))?;
        let Some((key, _)) = last else { return Ok(EventSeq(0)) };
        let (first, rows) = self.block_at(EventSeq(Parts::of(&key)?.u64()?))?;
        Ok(EventSeq(first.0 + rows.len() as u64))
    }

    fn block_first(&self, seq: EventSeq) -> Result<EventSeq, StoreError> {
        let pair = self.kv.last(&key::block(EventSeq(0)), &key::block(seq))?;
        // The pair may be a further chunk of a block; its key starts like that of the block.
        let (key, _) = pair.ok_or_else(|| missing(seq))?;
        Ok(EventSeq(Parts::of(&key)?.u64()?))
    }
}

fn missing(seq: EventSeq) -> StoreError {
    StoreError::Corrupt(format!("event {seq} is missing"))
}
