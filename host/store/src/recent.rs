//! The blocks that were decoded last: the deployments follow the log close behind each other, and
//! what one has read the next need not unpack again.

use crate::error::StoreError;
use crate::log::Shared;
use crate::stretch::Stretch;
use plumbline_contract::id::EventSeq;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of the texts of all kept events: a driver's batch of 8,192 events of a usual size and what
/// follows from it, some 8 MiB with what is kept of an event beside its texts.
const BYTES_MAX: usize = 6 << 20;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Counts how often blocks were rewritten: what was read before must not be kept after.
    rewritten: u64,
    /// By the position of the first event.
    blocks: BTreeMap<u64, Block>,
    bytes: usize,
    /// Rises with each block that is kept.
    next: u64,
}

#[derive(Debug)]
struct Block {
    events: Arc<Stretch>,
    kept_at: u64,
}

impl Recent {
    /// The block that holds a sealed position.
    pub(crate) fn block(&self, shared: &Shared, at: EventSeq) -> Result<Arc<Stretch>, StoreError> {
        let rewritten = {
            let kept = self.kept();
            if let Some(events) = kept.find(at) {
                return Ok(events);
            }
            kept.rewritten
        };
        let events = Arc::new(shared.stretch_at(at)?);
        let mut kept = self.kept();
        if kept.rewritten == rewritten {
            kept.keep(events.clone());
        }
        Ok(events)
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
    fn find(&self, at: EventSeq) -> Option<Arc<Stretch>> {
        let (_, block) = self.blocks.range(..=at.0).next_back()?;
        (at < block.events.end()).then(|| block.events.clone())
    }

    fn keep(&mut self, events: Arc<Stretch>) {
        let first = events.first().0;
        self.bytes += events.bytes();
        let block = Block { events, kept_at: self.next };
        self.next += 1;
        if let Some(former) = self.blocks.insert(first, block) {
            self.bytes -= former.events.bytes();
        }
        while self.bytes > BYTES_MAX {
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
            self.bytes -= block.events.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumbline_contract::event::EventRef;

    /// A block of two events with texts of so many bytes.
    fn block(first: u64, bytes: usize) -> Arc<Stretch> {
        let mut events = Stretch::new(EventSeq(first), 2, 0);
        let body = [BODY, b"\0"].concat();
        let event: EventRef<'_> = postcard::from_bytes(&body).expect("decodes");
        let data = "x".repeat(bytes / 2 - TEXTS_BYTES);
        (0..2).for_each(|_| events.push(EventRef { data: &data, ..event }).expect("fits"));
        Arc::new(events)
    }

    /// An event in the bytes of schema version 1, without its data.
    const BODY: &[u8] = b"\x02e1\x01s\x01k\x00\x02\x01\x00\x04\x06330781\x01d\x00\x00\x01";
    /// Bytes of its texts.
    const TEXTS_BYTES: usize = 11;

    #[test]
    fn the_oldest_blocks_go_when_there_is_no_room() {
        let mut kept = Kept::default();
        let bytes = BYTES_MAX / 3;
        let firsts = |kept: &Kept| kept.blocks.keys().copied().collect::<Vec<_>>();
        for first in [0, 2, 4, 6] {
            kept.keep(block(first, bytes));
        }
        assert_eq!(firsts(&kept), [2, 4, 6]);
        assert!(kept.find(EventSeq(1)).is_none());
        assert_eq!(kept.find(EventSeq(5)).map(|events| events.len()), Some(2));
        assert!(kept.find(EventSeq(8)).is_none());
        // A reader that begins anew does not lose what it has just read.
        kept.keep(block(0, bytes));
        kept.keep(block(2, bytes));
        assert!(kept.find(EventSeq(0)).is_some());
        // One block may be larger than all the room.
        kept.keep(block(8, BYTES_MAX + 2));
        assert!(kept.bytes <= BYTES_MAX);
    }
}
