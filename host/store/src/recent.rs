//! The blocks that were decoded last: the deployments follow the log close behind each other, and
//! what one has read the next need not unpack again.

use crate::api::Row;
use crate::block::Stored;
use crate::error::StoreError;
use crate::log::Shared;
use crate::stage::READ_ATTEMPTS_MAX;
use plumbline_contract::id::EventSeq;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of the bodies of all kept events: a driver's batch of 8,192 events of a usual size and what
/// follows from it, some 15 MiB with what their texts take beside the bytes.
const BODY_BYTES_MAX: usize = 6 << 20;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Counts how often blocks were rewritten: what was read before must not be kept after.
    rewritten: u64,
    /// By the position of the first event.
    blocks: BTreeMap<u64, Block>,
    body_bytes: usize,
    /// Rises with each block that is kept.
    next: u64,
}

#[derive(Debug)]
struct Block {
    rows: Arc<[Row]>,
    body_bytes: usize,
    kept_at: u64,
}

impl Recent {
    /// The block that holds a sealed position.
    pub(crate) fn block(&self, shared: &Shared, at: EventSeq) -> Result<Arc<[Row]>, StoreError> {
        let rewritten = {
            let kept = self.kept();
            if let Some(rows) = kept.find(at) {
                return Ok(rows);
            }
            kept.rewritten
        };
        let (first, stored) = unpack(shared, at)?;
        let body_bytes = stored.iter().map(|stored| stored.body.len()).sum();
        let rows = rows(first, &stored)?;
        let mut kept = self.kept();
        if kept.rewritten == rewritten {
            kept.keep(first, rows.clone(), body_bytes);
        }
        Ok(rows)
    }

    /// Blocks have been rewritten.
    pub(crate) fn forget(&self) {
        let mut kept = self.kept();
        *kept = Kept { rewritten: kept.rewritten + 1, ..Kept::default() };
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing here panics halfway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn find(&self, at: EventSeq) -> Option<Arc<[Row]>> {
        let (first, block) = self.blocks.range(..=at.0).next_back()?;
        (at.0 - first < block.rows.len() as u64).then(|| block.rows.clone())
    }

    fn keep(&mut self, first: EventSeq, rows: Arc<[Row]>, body_bytes: usize) {
        let block = Block { rows, body_bytes, kept_at: self.next };
        self.next += 1;
        self.body_bytes += body_bytes;
        if let Some(former) = self.blocks.insert(first.0, block) {
            self.body_bytes -= former.body_bytes;
        }
        while self.body_bytes > BODY_BYTES_MAX {
            self.drop_one();
        }
    }

    /// The log is read forwards, so the block with the lowest position is the oldest, unless a
    /// reader has begun anew behind it.
    fn drop_one(&mut self) {
        let (low, high) = (self.blocks.first_key_value(), self.blocks.last_key_value());
        let older = low.zip(high).map(
            |((low, first), (high, last))| {
                if first.kept_at <= last.kept_at { *low } else { *high }
            },
        );
        if let Some(block) = older.and_then(|first| self.blocks.remove(&first)) {
            self.body_bytes -= block.body_bytes;
        }
    }
}

pub(crate) fn rows(first: EventSeq, stored: &[Stored]) -> Result<Arc<[Row]>, StoreError> {
    let row = |(stored, seq): (&Stored, u64)| {
        Ok(Row { seq: EventSeq(seq), event: Arc::new(stored.event()?) })
    };
    stored.iter().zip(first.0..).map(row).collect()
}

/// A block of several chunks may be replaced between them; then it is read once more.
fn unpack(shared: &Shared, at: EventSeq) -> Result<(EventSeq, Vec<Stored>), StoreError> {
    for _ in 1..READ_ATTEMPTS_MAX {
        match shared.block_at(at) {
            Err(StoreError::Corrupt(_)) => {}
            other => return other,
        }
    }
    shared.block_at(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: usize) -> Arc<[Row]> {
        let stored = Stored { back: 0, body: BODY.to_vec() };
        rows(EventSeq(0), &vec![stored; number]).expect("decodes")
    }

    /// An event in the bytes of schema version 1.
    const BODY: &[u8] = b"\x02e1\x01s\x01k\x00\x02\x01\x00\x04\x06330781\x01d\x00\x00\x01\x02{}";

    #[test]
    fn the_oldest_blocks_go_when_there_is_no_room() {
        let mut kept = Kept::default();
        let bytes = BODY_BYTES_MAX / 3;
        let firsts = |kept: &Kept| kept.blocks.keys().copied().collect::<Vec<_>>();
        for first in [0, 2, 4, 6] {
            kept.keep(EventSeq(first), block(2), bytes);
        }
        assert_eq!(firsts(&kept), [2, 4, 6]);
        assert!(kept.find(EventSeq(1)).is_none());
        assert_eq!(kept.find(EventSeq(5)).map(|rows| rows.len()), Some(2));
        assert!(kept.find(EventSeq(8)).is_none());
        // A reader that begins anew does not lose what it has just read.
        kept.keep(EventSeq(0), block(2), bytes);
        kept.keep(EventSeq(2), block(2), bytes);
        assert!(kept.find(EventSeq(0)).is_some());
        // One block may be larger than all the room.
        kept.keep(EventSeq(8), block(1), BODY_BYTES_MAX + 1);
        assert!(kept.body_bytes <= BODY_BYTES_MAX);
    }
}
