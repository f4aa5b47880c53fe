//! The mark: how far the store has acknowledged, in a file of its own.
//!
//! sled ends a damaged log at the damage and goes on from there, so a flipped byte could take back
//! what was acknowledged without a word. The mark is written after each sync and never synced
//! itself: whatever of it reaches the disk names a state that was durable, so a store that is
//! behind its mark has lost something. It decides nothing else and is not needed to open.

use crate::error::StoreError;
use plumbline_contract::event::fingerprint;
use plumbline_contract::id::EventSeq;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Beside the files of sled, which takes no notice of it.
const FILE: &str = "acknowledged";
/// Two positions and their fingerprint.
const BYTES: usize = 24;

/// Positions that the next event and the next leaf will get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) events: EventSeq,
    pub(crate) leaves: u64,
}

#[derive(Debug)]
pub(crate) struct Mark {
    file: File,
}

impl Mark {
    /// Opens the mark in the store's directory and judges the positions that were found there.
    pub(crate) fn open(dir: &Path, found: Position) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(dir.join(FILE))?;
        let mut bytes = Vec::new();
        (&mut file).take(BYTES as u64).read_to_end(&mut bytes)?;
        let marked = decode(&bytes).unwrap_or_default();
        let lost = |what, end: u64, marked: u64| {
            let text = format!("{what} end at {end}, but were acknowledged up to {marked}");
            Err(StoreError::Corrupt(text))
        };
        if found.events < marked.events {
            return lost("events", found.events.0, marked.events.0);
        }
        if found.leaves < marked.leaves {
            return lost("leaves", found.leaves, marked.leaves);
        }
        Ok(Self { file })
    }

    /// Notes what has just become durable.
    pub(crate) fn set(&self, position: Position) -> io::Result<()> {
        self.file.write_all_at(&encode(position), 0)
    }
}

fn encode(position: Position) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    bytes[..8].copy_from_slice(&position.events.0.to_le_bytes());
    bytes[8..16].copy_from_slice(&position.leaves.to_le_bytes());
    let print = fingerprint(&[&bytes[..16]]);
    bytes[16..].copy_from_slice(&print.to_le_bytes());
    bytes
}

/// `None` if it is not whole: after a power cut it may be empty or zeros.
fn decode(bytes: &[u8]) -> Option<Position> {
    let number = |at: usize| {
        let part = bytes.get(at..at + 8)?;
        Some(u64::from_le_bytes(part.try_into().expect("eight bytes were taken")))
    };
    let position = Position { events: EventSeq(number(0)?), leaves: number(8)? };
    (number(16)? == fingerprint(&[&bytes[..16]])).then_some(position)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Mark, Position};
    use crate::error::StoreErrorKind;
    use plumbline_contract::id::EventSeq;
    use std::fs;

    fn at(events: u64, leaves: u64) -> Position {
        Position { events: EventSeq(events), leaves }
    }

    #[test]
    fn a_store_behind_its_mark_has_lost_something() {
        let dir = tempfile::tempdir().unwrap();
        Mark::open(dir.path(), at(0, 0)).unwrap().set(at(7, 3)).unwrap();
        for (found, lost) in [(at(7, 3), None), (at(9, 4), None), (at(6, 3), Some("events end"))] {
            let opened = Mark::open(dir.path(), found).map(drop);
            let error = opened.err().map(|error| (error.kind(), error.to_string()));
            assert_eq!(error.is_some(), lost.is_some(), "{found:?}");
            if let (Some((kind, text)), Some(lost)) = (error, lost) {
                assert_eq!(kind, StoreErrorKind::Corrupt);
                assert!(text.contains(lost), "{text}");
            }
        }
        let error = Mark::open(dir.path(), at(7, 2)).unwrap_err().to_string();
        assert!(error.ends_with("leaves end at 2, but were acknowledged up to 3"), "{error}");
    }

    #[test]
    fn a_mark_that_is_not_whole_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        Mark::open(dir.path(), at(0, 0)).unwrap().set(at(7, 3)).unwrap();
        let path = dir.path().join(super::FILE);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[9] ^= 1;
        for torn in [Vec::new(), vec![0; 24], whole[..23].to_vec(), flipped] {
            fs::write(&path, torn).unwrap();
            Mark::open(dir.path(), at(0, 0)).unwrap();
        }
    }
}
