//! The changes of one group before they are applied, and values that are larger than one tree
//! value: a head under the key itself, further chunks under the key and a chunk number.

use crate::error::StoreError;
use crate::key;
use crate::kv::{Bytes, Kv, Pair, VALUE_BYTES_MAX};
use plumbline_contract::event::fingerprint;
use std::collections::BTreeMap;
use std::ops::Deref;

/// Head of a value in one chunk: no further chunks.
const HEAD_BYTES: usize = 2;
/// Head of a value in several chunks: their number and a fingerprint of the whole.
const LONG_HEAD_BYTES: usize = HEAD_BYTES + 8;
/// How often a read of a chunked value starts over when a writer replaces it meanwhile.
pub(crate) const READ_ATTEMPTS_MAX: usize = 16;

/// Space for data in a value of one chunk.
pub(crate) const ONE_CHUNK_BYTES_MAX: usize = VALUE_BYTES_MAX - HEAD_BYTES;

/// A head key with its whole value.
pub(crate) type Value = (Bytes, Vec<u8>);

/// Reads of the tree with the group's own changes on top.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    kv: &'a Kv,
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(kv: &'a Kv) -> Self {
        Self { kv, changes: BTreeMap::new() }
    }

    pub(crate) fn kv(&self) -> &'a Kv {
        self.kv
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    pub(crate) fn into_changes(self) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        self.changes
    }

    /// The value as it will be once the group is applied.
    pub(crate) fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        read_with(key, |key| self.get(key))
    }

    /// Writes a value under a key that holds none.
    pub(crate) fn put_new(&mut self, key: Vec<u8>, value: &[u8]) {
        let chunks = split(value);
        for (number, chunk) in chunks.into_iter().enumerate().rev() {
            self.changes.insert(chunk_key(&key, number), Some(chunk));
        }
    }

    /// Writes a value over whatever is there.
    pub(crate) fn put(&mut self, key: Vec<u8>, value: &[u8]) -> Result<(), StoreError> {
        self.replace(key, Some(value)).map(|_| ())
    }

    /// Removes a value with all its chunks; says whether there was one.
    pub(crate) fn remove(&mut self, key: Vec<u8>) -> Result<bool, StoreError> {
        Ok(self.replace(key, None)?.is_some())
    }

    /// Writes or removes a value, with the chunks of the one before; returns the start of the one
    /// before, which is all of it where it had one chunk.
    pub(crate) fn replace(
        &mut self,
        key: Vec<u8>,
        value: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let old = self.get(&key)?;
        let old = old.as_ref().map(|head| parse_head(&key, head)).transpose()?;
        let before = old.map_or(0, |(more, ..)| 1 + more);
        let after = value.map_or(0, |value| chunk_count(value.len()));
        (after..before).for_each(|number| self.remove_raw(chunk_key(&key, number)));
        let old = old.map(|(.., data)| data.to_vec());
        if let Some(value) = value {
            self.put_new(key, value);
        }
        Ok(old)
    }

    /// Writes a value that is a key's mere presence.
    pub(crate) fn mark(&mut self, key: Vec<u8>) {
        self.changes.insert(key, Some(Vec::new()));
    }

    /// Removes a key without chunks.
    pub(crate) fn remove_raw(&mut self, key: Vec<u8>) {
        self.changes.insert(key, None);
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(key) {
            Some(change) => Ok(change.clone()),
            None => Ok(self.kv.get(key)?.map(|value| value.to_vec())),
        }
    }
}

/// The value under a key as it is on the disk.
pub(crate) fn read(kv: &Kv, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(lend(kv, key)?.map(|value| value.to_vec()))
}

/// A value that is not copied if it is in one chunk.
#[derive(Debug)]
pub(crate) enum Lent {
    /// With its head.
    One(Bytes),
    Several(Vec<u8>),
}

impl Deref for Lent {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::One(chunk) => &chunk[HEAD_BYTES..],
            Self::Several(value) => value,
        }
    }
}

/// As [`read`], for who only looks at it.
pub(crate) fn lend(kv: &Kv, key: &[u8]) -> Result<Option<Lent>, StoreError> {
    let once = || {
        let Some(head) = kv.get(key)? else { return Ok(None) };
        if is_whole(key, &head)? {
            return Ok(Some(Lent::One(head)));
        }
        let get = |key: &[u8]| Ok(kv.get(key)?.map(|chunk| chunk.to_vec()));
        follow(key, &head, get).map(|value| Some(Lent::Several(value)))
    };
    let mut result = Ok(None);
    for _ in 0..READ_ATTEMPTS_MAX {
        result = once();
        if result.is_ok() {
            break;
        }
    }
    result
}

/// Puts the chunks of scanned values together: yields head keys with whole values.
pub(crate) fn values(
    pairs: impl Iterator<Item = Result<Pair, StoreError>>,
) -> impl Iterator<Item = Result<Value, StoreError>> {
    let mut pairs = pairs;
    std::iter::from_fn(move || {
        let (key, head) = match pairs.next()? {
            Ok(pair) => pair,
            Err(error) => return Some(Err(error)),
        };
        Some(assemble(&key, &head, &mut pairs).map(|value| (key, value)))
    })
}

fn assemble(
    key: &[u8],
    head: &[u8],
    pairs: &mut impl Iterator<Item = Result<Pair, StoreError>>,
) -> Result<Vec<u8>, StoreError> {
    let (more, sum, data) = parse_head(key, head)?;
    let mut value = data.to_vec();
    for number in 1..=more {
        match pairs.next().transpose()? {
            Some((at, chunk)) if *at == chunk_key(key, number) => value.extend_from_slice(&chunk),
            _ => return Err(incomplete(key)),
        }
    }
    if more > 0 && fingerprint(&[&value]) != sum {
        return Err(incomplete(key));
    }
    Ok(value)
}

fn read_with(
    key: &[u8],
    get: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(mut head) = get(key)? else { return Ok(None) };
    if is_whole(key, &head)? {
        head.drain(..HEAD_BYTES);
        return Ok(Some(head));
    }
    follow(key, &head, get).map(Some)
}

fn is_whole(key: &[u8], head: &[u8]) -> Result<bool, StoreError> {
    Ok(parse_head(key, head)?.0 == 0)
}

/// The value that begins with this head, with its further chunks.
fn follow(
    key: &[u8],
    head: &[u8],
    get: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<Vec<u8>, StoreError> {
    let (more, sum, data) = parse_head(key, head)?;
    let mut value = data.to_vec();
    for number in 1..=more {
        value.extend(get(&chunk_key(key, number))?.ok_or_else(|| incomplete(key))?);
    }
    if fingerprint(&[&value]) == sum { Ok(value) } else { Err(incomplete(key)) }
}

/// Number of further chunks, fingerprint of the whole, and the data in the head.
fn parse_head<'h>(key: &[u8], head: &'h [u8]) -> Result<(usize, u64, &'h [u8]), StoreError> {
    let (more, data) = head.split_first_chunk().ok_or_else(|| incomplete(key))?;
    let more = usize::from(u16::from_le_bytes(*more));
    if more == 0 {
        return Ok((0, 0, data));
    }
    let (sum, data) = data.split_first_chunk().ok_or_else(|| incomplete(key))?;
    Ok((more, u64::from_le_bytes(*sum), data))
}

fn chunk_count(len: usize) -> usize {
    if len <= ONE_CHUNK_BYTES_MAX { 1 } else { (len + LONG_HEAD_BYTES).div_ceil(VALUE_BYTES_MAX) }
}

fn split(value: &[u8]) -> Vec<Vec<u8>> {
    let more = chunk_count(value.len()) - 1;
    // The limits on leaves, states, settings and tables keep every value far below 65,536 chunks.
    let more = u16::try_from(more).expect("a value within its limit has fewer than 65,536 chunks");
    let mut head = more.to_le_bytes().to_vec();
    if more == 0 {
        head.extend_from_slice(value);
        return vec![head];
    }
    head.extend_from_slice(&fingerprint(&[value]).to_le_bytes());
    let (first, rest) = value.split_at(VALUE_BYTES_MAX - LONG_HEAD_BYTES);
    head.extend_from_slice(first);
    std::iter::once(head).chain(rest.chunks(VALUE_BYTES_MAX).map(<[u8]>::to_vec)).collect()
}

fn chunk_key(key: &[u8], number: usize) -> Vec<u8> {
    let mut key = key.to_vec();
    if number > 0 {
        key.extend_from_slice(&(number as u16).to_be_bytes());
    }
    key
}

fn incomplete(key: &[u8]) -> StoreError {
    StoreError::Corrupt(format!("incomplete value under key {}", key::show(key)))
}
