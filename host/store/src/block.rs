//! The bytes of events on the disk: one event, and a block of up to 32 of them, compressed.
//!
//! The bytes of an event are postcard over the fields of `Event` in their order, so a change of
//! that struct is a new schema version; a test pins them.

use crate::error::StoreError;
use plumbline_contract::event::{Event, fingerprint};
use plumbline_contract::id::EventSeq;
use std::fmt;

/// Events in a full block. Fewer blocks are fewer keys, which is what sled's cost grows with; more
/// events would pass the value limit.
pub(crate) const BLOCK_EVENTS: usize = 32;
/// Speed over size: level 1 takes about a microsecond per event and level 3 gains 4 %.
const ZSTD_LEVEL: i32 = 1;
/// Largest block before compression, in bytes: 32 events at their limit and the framing.
const RAW_BYTES_MAX: usize = BLOCK_EVENTS * (crate::limit::EVENT_BYTES_MAX + 256);

/// One event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// How far before this event the previous event about the same subject lies; 0 if none does.
    pub(crate) back: u64,
    pub(crate) body: Vec<u8>,
}

impl Stored {
    pub(crate) fn event(&self) -> Result<Event, StoreError> {
        decode_event(&self.body)
    }
}

/// An event with everything the writer needs to place it; made outside the writer's thread.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) body: Vec<u8>,
    pub(crate) prints: Prints,
}

/// Fingerprints of one event, and its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prints {
    /// Of (source, id).
    pub(crate) identity: u64,
    /// Of (source, id, version).
    pub(crate) versioned: u64,
    pub(crate) version: u32,
    /// Of the subject, if there is one.
    pub(crate) subject: Option<u64>,
}

impl Prepared {
    pub(crate) fn new(event: &Event) -> Result<Self, StoreError> {
        let body = postcard::to_allocvec(event)
            .map_err(|error| StoreError::Corrupt(format!("event cannot be encoded: {error}")))?;
        Ok(Self { body, prints: Prints::of(event) })
    }
}

impl Prints {
    pub(crate) fn of(event: &Event) -> Self {
        let identity = event.identity();
        let version = event.dataversion;
        let versioned = fingerprint(&[&identity.to_le_bytes(), &version.to_le_bytes()]);
        Self { identity, versioned, version, subject: subject_print(&event.subject) }
    }
}

pub(crate) fn subject_print(subject: &str) -> Option<u64> {
    (!subject.is_empty()).then(|| fingerprint(&[subject.as_bytes()]))
}

pub(crate) fn decode_event(body: &[u8]) -> Result<Event, StoreError> {
    postcard::from_bytes(body)
        .map_err(|error| StoreError::Corrupt(format!("event cannot be decoded: {error}")))
}

/// The bytes of one tail event.
pub(crate) fn encode_tail(stored: &Stored) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(stored.body.len() + 10);
    push_varint(&mut bytes, stored.back);
    bytes.extend_from_slice(&stored.body);
    bytes
}

pub(crate) fn decode_tail(mut bytes: &[u8]) -> Result<Stored, StoreError> {
    let back = take_varint(&mut bytes).ok_or_else(damaged)?;
    Ok(Stored { back, body: bytes.to_vec() })
}

/// Compresses blocks; keeps its working memory from one to the next.
pub(crate) struct Packer(zstd::bulk::Compressor<'static>);

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packer")
    }
}

impl Packer {
    pub(crate) fn new() -> Result<Self, StoreError> {
        Ok(Self(zstd::bulk::Compressor::new(ZSTD_LEVEL)?))
    }

    /// Compresses rows into blocks of at most `bytes_max` bytes: a block that is larger is cut in
    /// two, down to one event, which may be of any size.
    pub(crate) fn seal(
        &mut self,
        first: EventSeq,
        rows: &[Stored],
        bytes_max: usize,
        put: &mut impl FnMut(EventSeq, &[u8]),
    ) -> Result<(), StoreError> {
        let block = self.encode(rows)?;
        if block.len() <= bytes_max || rows.len() == 1 {
            put(first, &block);
            return Ok(());
        }
        let (left, right) = rows.split_at(rows.len() / 2);
        self.seal(first, left, bytes_max, put)?;
        self.seal(EventSeq(first.0 + left.len() as u64), right, bytes_max, put)
    }

    /// Number of rows, size before compression, then the compressed rows.
    pub(crate) fn encode(&mut self, rows: &[Stored]) -> Result<Vec<u8>, StoreError> {
        let mut raw = Vec::with_capacity(rows.iter().map(|row| row.body.len() + 8).sum());
        for row in rows {
            push_varint(&mut raw, row.back);
            push_varint(&mut raw, row.body.len() as u64);
            raw.extend_from_slice(&row.body);
        }
        let packed = self.0.compress(&raw)?;
        let mut block = Vec::with_capacity(packed.len() + 8);
        push_varint(&mut block, rows.len() as u64);
        push_varint(&mut block, raw.len() as u64);
        block.extend_from_slice(&packed);
        Ok(block)
    }
}

pub(crate) fn decode(mut block: &[u8]) -> Result<Vec<Stored>, StoreError> {
    let count = take_varint(&mut block).ok_or_else(damaged)? as usize;
    let raw_bytes = take_varint(&mut block).ok_or_else(damaged)? as usize;
    if count > BLOCK_EVENTS || raw_bytes > RAW_BYTES_MAX {
        return Err(damaged());
    }
    let raw = zstd::bulk::decompress(block, raw_bytes)
        .map_err(|error| StoreError::Corrupt(format!("block cannot be decompressed: {error}")))?;
    let mut raw = &raw[..];
    let mut rows = Vec::with_capacity(count);
    while rows.len() < count {
        let back = take_varint(&mut raw).ok_or_else(damaged)?;
        let len = take_varint(&mut raw).ok_or_else(damaged)? as usize;
        let (body, rest) = raw.split_at_checked(len).ok_or_else(damaged)?;
        rows.push(Stored { back, body: body.to_vec() });
        raw = rest;
    }
    if raw.is_empty() { Ok(rows) } else { Err(damaged()) }
}

fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn damaged() -> StoreError {
    StoreError::Corrupt("damaged event block".into())
}
