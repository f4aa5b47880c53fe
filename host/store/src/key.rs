//! The key layout of the one tree: a prefix byte, a partition byte, then the parts, integers
//! big-endian so that byte order is number order.
//!
//! | prefix | parts | value |
//! |---|---|---|
//! | `E` | first seq | block of up to 32 compressed events |
//! | `H` | seq | one event of the tail that is not in a block yet |
//! | `D` | seq, a multiple of 128 | dedupe and subject fingerprints of the sealed events from there |
//! | `T` | deployment, stream, key | state and wake |
//! | `M` | deployment, wake, stream, key | nothing: the wakes in order |
//! | `S` | deployment, stream, key, alert | what stands |
//! | `C` | deployment | cursor |
//! | `A` | leaf number | leaf |
//! | `G` | deployment, gap number | gap |
//! | `V` | table, version | rows |
//! | `P` | name | settings value |
//! | `N` | counter | next number |
//! | `Z` | | schema version |
//!
//! Texts end with a double zero and have their own zeros escaped: no head key is a prefix of
//! another, so the further chunks of a large value sort directly behind its head.

use crate::api::{GapId, KeyId};
use crate::error::StoreError;
use plumbline_contract::id::{DeploymentId, EventSeq, LeafIndex, TableVersion};
use plumbline_contract::time::Local;

/// Number of partitions. A county is one; the byte is there so that more need no new layout.
pub(crate) const PARTITIONS: u8 = 1;

pub(crate) const EVENTS: u8 = b'E';
pub(crate) const TAIL: u8 = b'H';
pub(crate) const DEDUPE: u8 = b'D';
pub(crate) const STATES: u8 = b'T';
pub(crate) const WAKES: u8 = b'M';
pub(crate) const STANDING: u8 = b'S';
pub(crate) const CURSORS: u8 = b'C';
pub(crate) const OUTBOX: u8 = b'A';
pub(crate) const GAPS: u8 = b'G';
pub(crate) const TABLES: u8 = b'V';
pub(crate) const META: u8 = b'P';
pub(crate) const COUNTERS: u8 = b'N';
pub(crate) const SCHEMA: u8 = b'Z';

/// All prefixes.
pub(crate) const KINDS: [u8; 13] = [
    EVENTS, TAIL, DEDUPE, STATES, WAKES, STANDING, CURSORS, OUTBOX, GAPS, TABLES, META, COUNTERS,
    SCHEMA,
];

/// Every key of one kind starts so.
pub(crate) fn kind(prefix: u8) -> Vec<u8> {
    vec![prefix, PARTITIONS - 1]
}

pub(crate) fn number(prefix: u8, number: u64) -> Vec<u8> {
    let mut key = kind(prefix);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

pub(crate) fn block(first: EventSeq) -> Vec<u8> {
    number(EVENTS, first.0)
}

pub(crate) fn tail(seq: EventSeq) -> Vec<u8> {
    number(TAIL, seq.0)
}

pub(crate) fn leaf(leaf: LeafIndex) -> Vec<u8> {
    number(OUTBOX, leaf.0)
}

pub(crate) fn next_leaf() -> Vec<u8> {
    let mut key = kind(COUNTERS);
    key.push(OUTBOX);
    key
}

pub(crate) fn next_gap(deployment: DeploymentId) -> Vec<u8> {
    let mut key = kind(COUNTERS);
    key.push(GAPS);
    key.extend_from_slice(&deployment.0.to_be_bytes());
    key
}

pub(crate) fn deployment(prefix: u8, deployment: DeploymentId) -> Vec<u8> {
    let mut key = kind(prefix);
    key.extend_from_slice(&deployment.0.to_be_bytes());
    key
}

pub(crate) fn state(of: DeploymentId, id: &KeyId) -> Vec<u8> {
    let mut key = deployment(STATES, of);
    push_text(&mut key, &id.stream);
    push_text(&mut key, &id.key);
    key
}

pub(crate) fn wake(of: DeploymentId, wake: Local, id: &KeyId) -> Vec<u8> {
    let mut key = deployment(WAKES, of);
    key.extend_from_slice(&ordered(wake).to_be_bytes());
    push_text(&mut key, &id.stream);
    push_text(&mut key, &id.key);
    key
}

/// All wakes of a deployment after this key are later than `wake`.
pub(crate) fn wake_end(of: DeploymentId, wake: Local) -> Vec<u8> {
    let mut key = deployment(WAKES, of);
    key.extend_from_slice(&ordered(wake).to_be_bytes());
    key.extend_from_slice(&[0xff; 2]);
    key
}

/// Start of the keys of all standing alerts of one key.
pub(crate) fn standing_of(of: DeploymentId, id: &KeyId) -> Vec<u8> {
    let mut key = deployment(STANDING, of);
    push_text(&mut key, &id.stream);
    push_text(&mut key, &id.key);
    key
}

pub(crate) fn standing(of: DeploymentId, id: &KeyId, alert: &str) -> Vec<u8> {
    let mut key = standing_of(of, id);
    push_text(&mut key, alert);
    key
}

pub(crate) fn gap(of: DeploymentId, gap: GapId) -> Vec<u8> {
    let mut key = deployment(GAPS, of);
    key.extend_from_slice(&gap.0.to_be_bytes());
    key
}

pub(crate) fn table(name: &str, version: TableVersion) -> Vec<u8> {
    let mut key = table_name(name);
    key.extend_from_slice(&version.0.to_be_bytes());
    key
}

pub(crate) fn table_name(name: &str) -> Vec<u8> {
    let mut key = kind(TABLES);
    push_text(&mut key, name);
    key
}

pub(crate) fn meta(name: &str) -> Vec<u8> {
    let mut key = kind(META);
    push_text(&mut key, name);
    key
}

/// Start of the keys of all settings whose names start with `prefix`.
pub(crate) fn meta_prefix(prefix: &str) -> Vec<u8> {
    let mut key = meta(prefix);
    key.truncate(key.len() - END.len());
    key
}

/// The first key after all that start with `prefix`.
pub(crate) fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// Reads the parts of a key behind its prefix and partition.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    key: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(crate) fn of(key: &'a [u8]) -> Result<Self, StoreError> {
        let rest = key.get(2..).ok_or_else(|| malformed(key))?;
        Ok(Self { key, rest })
    }

    /// Whether nothing follows: a head key was read to its end.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn u16(&mut self) -> Result<u16, StoreError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, StoreError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, StoreError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn local(&mut self) -> Result<Local, StoreError> {
        Ok(Local((self.u64()? ^ SIGN) as i64))
    }

    pub(crate) fn key_id(&mut self) -> Result<KeyId, StoreError> {
        Ok(KeyId { stream: self.text()?, key: self.text()? })
    }

    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        let mut bytes = Vec::with_capacity(self.rest.len());
        loop {
            match self.rest {
                [0, 0, rest @ ..] => {
                    self.rest = rest;
                    return String::from_utf8(bytes).map_err(|_| malformed(self.key));
                }
                [0, 0xff, rest @ ..] => {
                    bytes.push(0);
                    self.rest = rest;
                }
                [byte, rest @ ..] if *byte != 0 => {
                    bytes.push(*byte);
                    self.rest = rest;
                }
                _ => return Err(malformed(self.key)),
            }
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or_else(|| malformed(self.key))?;
        self.rest = rest;
        Ok(*head)
    }
}

pub(crate) fn malformed(key: &[u8]) -> StoreError {
    StoreError::Corrupt(format!("malformed key {}", show(key)))
}

/// A key as people can read it.
pub(crate) fn show(key: &[u8]) -> String {
    key.escape_ascii().to_string()
}

const END: [u8; 2] = [0, 0];
const SIGN: u64 = 1 << 63;

fn push_text(key: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        key.push(byte);
        if byte == 0 {
            key.push(0xff);
        }
    }
    key.extend_from_slice(&END);
}

/// Signed order as unsigned order.
fn ordered(wake: Local) -> u64 {
    wake.0 as u64 ^ SIGN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_order_is_the_order_of_wake_stream_key() {
        let id = |stream: &str, key: &str| KeyId { stream: stream.into(), key: key.into() };
        let of = DeploymentId(7);
        let ordered = [
            (Local(i64::MIN), id("a", "")),
            (Local(-1), id("a", "x")),
            (Local(0), id("a", "x")),
            (Local(0), id("a", "x\0")),
            (Local(0), id("a", "x\0b")),
            (Local(0), id("a", "xa")),
            (Local(0), id("a\0", "a")),
            (Local(0), id("ab", "案件")),
            (Local(i64::MAX), id("\u{10ffff}", "\u{10ffff}")),
        ];
        let keys: Vec<_> = ordered.iter().map(|(at, id)| wake(of, *at, id)).collect();
        assert!(keys.is_sorted());
        for ((at, id), key) in ordered.iter().zip(&keys) {
            let mut parts = Parts::of(key).expect("parts");
            assert_eq!(parts.u16(), Ok(7));
            assert_eq!((&parts.local().expect("wake"), &parts.key_id().expect("id")), (at, id));
            assert!(*key < wake_end(of, *at), "{at:?} {id:?}");
        }
        assert!(wake_end(of, Local(-1)) < keys[2]);
    }

    #[test]
    fn prefixes_end_where_the_next_begins() {
        for (prefix, after) in [(&b"P\0"[..], &b"P\x01"[..]), (b"a\xff", b"b"), (b"\xff", b"")] {
            assert_eq!(after_prefix(prefix), after);
        }
        let name = meta("deploy/1");
        assert!(name.starts_with(&meta_prefix("deploy/")) && !name.starts_with(&meta_prefix("d/")));
    }
}
