//! The bytes of events on the disk: one event, and a block of up to 32 of them, compressed.
//!
//! The bytes of an event are postcard over the fields of `Event` in their order, so a change of
//! that struct is a new schema version; a test pins them.

use crate::api::Wanted;
use crate::error::StoreError;
use crate::stretch::Stretch;
use plumbline_contract::event::{Event, EventRef, fingerprint};
use plumbline_contract::id::EventSeq;
use std::cell::RefCell;
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
        Ok(decode_event(&self.body)?.to_event())
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

pub(crate) fn decode_event(body: &[u8]) -> Result<EventRef<'_>, StoreError> {
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

pub(crate) fn decode(block: &[u8]) -> Result<Vec<Stored>, StoreError> {
    let mut rows = Vec::new();
    each(block, |back, body| {
        rows.push(Stored { back, body: body.to_vec() });
        Ok(())
    })?;
    Ok(rows)
}

/// The events of a block that begins at a position.
pub(crate) fn events(first: EventSeq, block: &[u8]) -> Result<Stretch, StoreError> {
    let (count, raw_bytes) = head(&mut &*block)?;
    let mut events = Stretch::new(first, count, raw_bytes);
    each(block, |_, body| events.push(decode_event(body)?))?;
    Ok(events)
}

/// Adds the wanted events of a block, from a position in it on, which is where `events` end.
pub(crate) fn sift_from(
    (first, from): (EventSeq, EventSeq),
    block: &[u8],
    wanted: &mut Wanted<'_>,
    events: &mut Stretch,
) -> Result<(), StoreError> {
    let mut before = from.0.saturating_sub(first.0);
    each(block, |_, body| match before {
        0 => sift(body, wanted, events),
        _ => {
            before -= 1;
            Ok(())
        }
    })
}

/// Adds the event of these bytes if its type is wanted.
pub(crate) fn sift(
    body: &[u8],
    wanted: &mut Wanted<'_>,
    events: &mut Stretch,
) -> Result<(), StoreError> {
    if wanted(kind(body).ok_or_else(damaged)?) {
        return events.push(decode_event(body)?);
    }
    events.pass();
    Ok(())
}

/// The type of the event of these bytes: what stands behind its id and its source.
fn kind(mut body: &[u8]) -> Option<&str> {
    let mut text = || {
        let len = usize::try_from(take_varint(&mut body)?).ok()?;
        let (text, rest) = body.split_at_checked(len)?;
        body = rest;
        Some(text)
    };
    let [_id, _source, kind] = [text()?, text()?, text()?];
    std::str::from_utf8(kind).ok()
}

/// Hands over how far back each row points, and the bytes of its event.
fn each(
    mut block: &[u8],
    mut take: impl FnMut(u64, &[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (count, raw_bytes) = head(&mut block)?;
    unpack(block, raw_bytes, |mut raw| {
        for _ in 0..count {
            let back = take_varint(&mut raw).ok_or_else(damaged)?;
            let len = take_varint(&mut raw).ok_or_else(damaged)? as usize;
            let (body, rest) = raw.split_at_checked(len).ok_or_else(damaged)?;
            take(back, body)?;
            raw = rest;
        }
        if raw.is_empty() { Ok(()) } else { Err(damaged()) }
    })
}

/// Number of rows, and their size before compression.
fn head(block: &mut &[u8]) -> Result<(usize, usize), StoreError> {
    let count = take_varint(block).ok_or_else(damaged)? as usize;
    let raw_bytes = take_varint(block).ok_or_else(damaged)? as usize;
    if count > BLOCK_EVENTS || raw_bytes > RAW_BYTES_MAX {
        return Err(damaged());
    }
    Ok((count, raw_bytes))
}

/// What a thread keeps from one block to the next: to make a decompressor costs as much as to unpack
/// a block.
struct Unpacker {
    inner: zstd::bulk::Decompressor<'static>,
    raw: Vec<u8>,
}

/// Hands over a block of so many bytes as it was before compression.
fn unpack<T>(
    block: &[u8],
    raw_bytes: usize,
    read: impl FnOnce(&[u8]) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    thread_local! {
        static KEPT: RefCell<Option<Unpacker>> = const { RefCell::new(None) };
    }
    let failed = |error| StoreError::Corrupt(format!("block cannot be decompressed: {error}"));
    KEPT.with_borrow_mut(|kept| {
        let Unpacker { inner, raw } = match kept {
            Some(kept) => kept,
            None => {
                let inner = zstd::bulk::Decompressor::new().map_err(failed)?;
                kept.insert(Unpacker { inner, raw: Vec::new() })
            }
        };
        raw.clear();
        raw.reserve(raw_bytes);
        inner.decompress_to_buffer(block, raw).map_err(failed)?;
        read(raw)
    })
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::stretch::Rows;
    use plumbline_contract::time::Millis;

    /// An event with something in every field but the actor.
    pub(crate) fn event(data: &str) -> Event {
        Event {
            id: "e1".into(),
            source: "s".into(),
            kind: "approval.case.accepted".into(),
            subject: "案1".into(),
            time: Millis(1),
            recorded: Millis(-1),
            corrected: Some(Millis(300)),
            logged: Millis(2),
            region: "330781".into(),
            dept: "d".into(),
            serial: Some(7),
            actor: None,
            dataversion: 2,
            data: data.into(),
        }
    }

    /// Bytes of schema version 1: a difference here needs a new version and an upgrade.
    #[test]
    fn the_bytes_of_an_event_are_those_of_schema_version_1() {
        let prepared = Prepared::new(&event("{}")).expect("encodes");
        let wanted = "\\x02e1\\x01s\\x16approval.case.accepted\\x04\\xe6\\xa1\\x881\\x02\\x01\
                      \\x01\\xd8\\x04\\x04\\x06330781\\x01d\\x01\\x07\\x00\\x02\\x02{}";
        assert_eq!(prepared.body.escape_ascii().to_string(), wanted);
        let prints = prepared.prints;
        let wanted = Prints {
            identity: 17_897_161_635_347_496_437,
            versioned: 18_119_501_765_527_628_166,
            version: 2,
            subject: Some(12_113_670_475_510_149_847),
        };
        assert_eq!(prints, wanted);
        let stored = Stored { back: 300, body: prepared.body };
        assert_eq!(encode_tail(&stored)[..3], [0xac, 0x02, 0x02]);
        assert_eq!(decode_tail(&encode_tail(&stored)), Ok(stored.clone()));
        assert_eq!(stored.event(), Ok(event("{}")));
    }

    #[test]
    fn a_block_is_cut_until_its_parts_fit() {
        let row = |size| Stored { back: 0, body: (0..size).map(|byte| byte as u8).collect() };
        let rows: Vec<Stored> = [10, 200, 30, 5000, 10].into_iter().map(row).collect();
        let mut blocks = Vec::new();
        let mut packer = Packer::new().expect("packer");
        packer
            .seal(EventSeq(64), &rows, 200, &mut |first, block| {
                blocks.push((first, block.to_vec()))
            })
            .expect("seals");
        assert!(blocks.len() > 1);
        let mut next = 64;
        for (first, block) in &blocks {
            assert_eq!(first.0, next);
            let part = decode(block).expect("decodes");
            assert!(block.len() <= 200 || part.len() == 1);
            assert_eq!(part, rows[next as usize - 64..][..part.len()]);
            next += part.len() as u64;
        }
        assert_eq!(next, 69);
    }

    #[test]
    fn damaged_blocks_are_refused() {
        let whole = event(&"body".repeat(50));
        let row = Stored { back: 1, body: Prepared::new(&whole).expect("encodes").body };
        let block =
            Packer::new().and_then(|mut it| it.encode(&[row.clone(), row])).expect("encodes");
        let cut = &block[..block.len() - 1];
        let mut more_rows = block.clone();
        more_rows[0] = 3;
        let mut too_many = block.clone();
        too_many[0] = 33;
        let mut fewer_rows = block.clone();
        fewer_rows[0] = 1;
        for damaged in [&b""[..], b"\x01", cut, &more_rows, &too_many, &fewer_rows] {
            assert!(matches!(decode(damaged), Err(StoreError::Corrupt(_))), "{damaged:?}");
            assert!(matches!(events(EventSeq(0), damaged), Err(StoreError::Corrupt(_))));
        }
        assert_eq!(decode(&block).map(|rows| rows.len()), Ok(2));
        let mut rows = Rows::new(EventSeq(7));
        rows.extend(events(EventSeq(7), &block).expect("decodes").into(), 2);
        assert!(rows.iter().map(|(_, event)| event.to_event()).eq([whole.clone(), whole]));
        // A body that is no event is found by who reads events.
        let body = Stored { back: 1, body: b"body".to_vec() };
        let block = Packer::new().and_then(|mut it| it.encode(&[body])).expect("encodes");
        assert!(matches!(events(EventSeq(0), &block), Err(StoreError::Corrupt(_))));
    }
}
