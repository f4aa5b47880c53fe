//! What the writer knows of all events without reading them: one table of identities for the
//! dedupe, one of subjects, both by 64-bit fingerprint in memory; and the entries on the disk from
//! which they are rebuilt at opening.
//!
//! A fingerprint is a hint, never a proof: every hit is verified against the stored event.

use crate::error::StoreError;
use plumbline_contract::id::EventSeq;

/// Events whose entries share one value: a multiple of the block size; 128 entries at their
/// largest (33 bytes) stay within one chunk.
pub(crate) const ENTRIES_PER_KEY: u64 = 128;

/// How an event relates to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    New {
        identity: u64,
    },
    /// Takes the place of `old` as the newest version; `old` stays findable by its own version.
    Superseding {
        identity: u64,
        old: EventSeq,
        old_versioned: u64,
    },
    Older {
        versioned: u64,
    },
}

/// Everything the index keeps of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) class: Class,
    pub(crate) subject: Option<u64>,
}

/// Finds the newest version of a fact by (source, id) and older ones by (source, id, version):
/// one slot per event either way.
#[derive(Debug, Default)]
pub(crate) struct Dedupe(FingerTable);

impl Dedupe {
    pub(crate) fn note(&mut self, seq: EventSeq, class: Class) {
        match class {
            Class::New { identity } => self.0.insert(identity, seq),
            Class::Superseding { identity, old, old_versioned } => {
                self.0.replace(identity, old, seq);
                self.0.insert(old_versioned, old);
            }
            Class::Older { versioned } => self.0.insert(versioned, seq),
        }
    }

    /// Events that may have this fingerprint.
    pub(crate) fn candidates(&self, print: u64) -> Vec<EventSeq> {
        self.0.find(print).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.used
    }
}

/// Finds the newest event about a subject; the events link back from there.
#[derive(Debug, Default)]
pub(crate) struct Subjects(FingerTable);

impl Subjects {
    pub(crate) fn newest(&self, subject: u64) -> Option<EventSeq> {
        self.0.find(subject).next()
    }

    pub(crate) fn note(&mut self, subject: u64, seq: EventSeq) {
        match self.newest(subject) {
            Some(old) => self.0.replace(subject, old, seq),
            None => self.0.insert(subject, seq),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.used
    }
}

impl Entry {
    pub(crate) fn encode(self, bytes: &mut Vec<u8>) {
        let (kind, print) = match self.class {
            Class::New { identity } => (KIND_NEW, identity),
            Class::Superseding { identity, .. } => (KIND_SUPERSEDING, identity),
            Class::Older { versioned } => (KIND_OLDER, versioned),
        };
        bytes.push(kind | if self.subject.is_some() { HAS_SUBJECT } else { 0 });
        bytes.extend_from_slice(&print.to_le_bytes());
        if let Class::Superseding { old, old_versioned, .. } = self.class {
            bytes.extend_from_slice(&old.0.to_le_bytes());
            bytes.extend_from_slice(&old_versioned.to_le_bytes());
        }
        if let Some(subject) = self.subject {
            bytes.extend_from_slice(&subject.to_le_bytes());
        }
    }

    /// Reads all entries of one value.
    pub(crate) fn decode_all(mut bytes: &[u8]) -> Result<Vec<Self>, StoreError> {
        let mut entries = Vec::new();
        while let Some((kind, rest)) = bytes.split_first() {
            bytes = rest;
            let print = take_u64(&mut bytes)?;
            let class = match kind & !HAS_SUBJECT {
                KIND_NEW => Class::New { identity: print },
                KIND_SUPERSEDING => Class::Superseding {
                    identity: print,
                    old: EventSeq(take_u64(&mut bytes)?),
                    old_versioned: take_u64(&mut bytes)?,
                },
                KIND_OLDER => Class::Older { versioned: print },
                _ => return Err(damaged()),
            };
            let subject = if kind & HAS_SUBJECT != 0 { Some(take_u64(&mut bytes)?) } else { None };
            entries.push(Self { class, subject });
        }
        Ok(entries)
    }
}

const KIND_NEW: u8 = 0;
const KIND_SUPERSEDING: u8 = 1;
const KIND_OLDER: u8 = 2;
const HAS_SUBJECT: u8 = 0x80;

fn take_u64(bytes: &mut &[u8]) -> Result<u64, StoreError> {
    let (head, rest) = bytes.split_first_chunk().ok_or_else(damaged)?;
    *bytes = rest;
    Ok(u64::from_le_bytes(*head))
}

fn damaged() -> StoreError {
    StoreError::Corrupt("damaged entry of the dedupe index".into())
}

/// Fingerprints to positions, several positions per fingerprint allowed, nothing ever removed.
///
/// Open addressing in one vector of 16-byte slots. It grows by a quarter, not by doubling, and is
/// kept at most 85 % full: 19 to 24 bytes per event.
#[derive(Debug, Default)]
struct FingerTable {
    slots: Vec<Slot>,
    used: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    print: u64,
    seq: u64,
}

const EMPTY: Slot = Slot { print: 0, seq: u64::MAX };
const SLOTS_MIN: usize = 64;

impl FingerTable {
    fn find(&self, print: u64) -> impl Iterator<Item = EventSeq> + '_ {
        let start = if self.slots.is_empty() { 0 } else { self.home(print) };
        let (before, from) = self.slots.split_at(start);
        from.iter()
            .chain(before)
            .take_while(|slot| slot.seq != EMPTY.seq)
            .filter(move |slot| slot.print == print)
            .map(|slot| EventSeq(slot.seq))
    }

    fn insert(&mut self, print: u64, seq: EventSeq) {
        if (self.used + 1) * 20 > self.slots.len() * 17 {
            self.grow();
        }
        self.place(Slot { print, seq: seq.0 });
        self.used += 1;
    }

    /// Points the slot of (`print`, `old`) to `new`.
    fn replace(&mut self, print: u64, old: EventSeq, new: EventSeq) {
        let len = self.slots.len();
        let start = if len == 0 { 0 } else { self.home(print) };
        for step in 0..len {
            let slot = &mut self.slots[(start + step) % len];
            if slot.seq == EMPTY.seq {
                break;
            }
            if slot.print == print && slot.seq == old.0 {
                slot.seq = new.0;
                return;
            }
        }
        self.insert(print, new);
    }

    fn place(&mut self, new: Slot) {
        let len = self.slots.len();
        let mut at = self.home(new.print);
        while self.slots[at].seq != EMPTY.seq {
            at = if at + 1 == len { 0 } else { at + 1 };
        }
        self.slots[at] = new;
    }

    fn grow(&mut self) {
        let len = (self.slots.len() + self.slots.len() / 4).max(SLOTS_MIN);
        let old = std::mem::replace(&mut self.slots, vec![EMPTY; len]);
        old.into_iter().filter(|slot| slot.seq != EMPTY.seq).for_each(|slot| self.place(slot));
    }

    /// Spreads the fingerprint over any number of slots, so that it need not be a power of two.
    fn home(&self, print: u64) -> usize {
        let mixed = print.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((u128::from(mixed ^ (mixed >> 29)) * self.slots.len() as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_table_finds_what_was_put_in_through_every_growth() {
        let mut table = FingerTable::default();
        let mut model = BTreeMap::<u64, Vec<u64>>::new();
        for seq in 0..20_000_u64 {
            // Few distinct prints at first, so that equal ones meet; some at the ends of the range.
            let print = match seq % 7 {
                0 => seq % 50,
                1 => u64::MAX - seq % 3,
                _ => seq.wrapping_mul(0x1234_5678_9abc_def1),
            };
            table.insert(print, EventSeq(seq));
            model.entry(print).or_default().push(seq);
        }
        for (print, seqs) in &model {
            let mut found: Vec<u64> = table.find(*print).map(|seq| seq.0).collect();
            found.sort_unstable();
            assert_eq!(&found, seqs);
        }
        assert_eq!(table.find(51).count(), 0);
        let bytes = table.slots.len() * std::mem::size_of::<Slot>();
        assert!((16..=24).contains(&(bytes / table.used)), "{bytes} bytes for {}", table.used);
    }

    #[test]
    fn entries_survive_their_encoding() {
        let identity = 0x0123_4567_89ab_cdef;
        let superseding =
            Class::Superseding { identity, old: EventSeq(u64::MAX - 1), old_versioned: 9 };
        let classes = [Class::New { identity }, superseding, Class::Older { versioned: 3 }];
        let entries: Vec<Entry> = classes
            .into_iter()
            .flat_map(|class| [None, Some(0), Some(77)].map(|subject| Entry { class, subject }))
            .collect();
        let mut bytes = Vec::new();
        entries.iter().for_each(|entry| entry.encode(&mut bytes));
        assert_eq!(Entry::decode_all(&bytes), Ok(entries));
        assert!(Entry::decode_all(&bytes[..bytes.len() - 1]).is_err());
        assert!(Entry::decode_all(&[5; 9]).is_err());
    }
}
