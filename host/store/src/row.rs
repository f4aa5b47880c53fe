//! The bytes of cursors, states, gaps, counters and tables on the disk. Events: `block`.

use crate::api::{Cursor, GapRow, KeyState, TableRow};
use crate::error::StoreError;
use crate::limit;
use plumbline_contract::time::Local;
use serde::Serialize;

/// Tables are written once and read at every start: worth a slower compression.
const ZSTD_LEVEL_TABLE: i32 = 6;
/// Texts, day numbers and lengths of the largest table.
const TABLE_RAW_BYTES_MAX: usize = limit::TABLE_BYTES_MAX + 32 * limit::TABLE_ROWS_MAX;

const NO_WAKE: u8 = 0;
const WAKE: u8 = 1;

pub(crate) fn encode_cursor(cursor: &Cursor) -> Result<Vec<u8>, StoreError> {
    encode(cursor)
}

/// No stored cursor is the start of the log.
pub(crate) fn cursor(bytes: Option<&[u8]>) -> Result<Cursor, StoreError> {
    bytes.map_or_else(|| Ok(Cursor::default()), |bytes| decode("cursor", bytes))
}

/// The wake first, so that it is in the head chunk of a large state.
pub(crate) fn encode_state(state: &KeyState) -> Vec<u8> {
    let region = state.region.as_bytes();
    let mut bytes = Vec::with_capacity(state.state.len() + region.len() + 11);
    match state.wake {
        Some(wake) => {
            bytes.push(WAKE);
            bytes.extend_from_slice(&wake.0.to_le_bytes());
        }
        None => bytes.push(NO_WAKE),
    }
    bytes.extend_from_slice(&(region.len() as u16).to_le_bytes());
    bytes.extend_from_slice(region);
    bytes.extend_from_slice(&state.state);
    bytes
}

pub(crate) fn state(bytes: &[u8]) -> Result<KeyState, StoreError> {
    let wake = wake_of_state(bytes)?;
    let rest = &bytes[if wake.is_some() { 9 } else { 1 }..];
    let (len, rest) = rest.split_first_chunk().ok_or_else(|| damaged("state"))?;
    let len = usize::from(u16::from_le_bytes(*len));
    let (region, state) = rest.split_at_checked(len).ok_or_else(|| damaged("state"))?;
    let region = std::str::from_utf8(region).map_err(|_| damaged("state"))?.to_owned();
    Ok(KeyState { state: state.to_vec(), wake, region })
}

pub(crate) fn wake_of_state(bytes: &[u8]) -> Result<Option<Local>, StoreError> {
    match bytes.split_first() {
        Some((&NO_WAKE, _)) => Ok(None),
        Some((&WAKE, rest)) => {
            let wake = rest.first_chunk().ok_or_else(|| damaged("state"))?;
            Ok(Some(Local(i64::from_le_bytes(*wake))))
        }
        _ => Err(damaged("state")),
    }
}

pub(crate) fn encode_gap(gap: &GapRow) -> Result<Vec<u8>, StoreError> {
    encode(gap)
}

pub(crate) fn gap(bytes: &[u8]) -> Result<GapRow, StoreError> {
    decode("gap", bytes)
}

/// No stored counter is 0.
pub(crate) fn counter(bytes: Option<&[u8]>) -> Result<u64, StoreError> {
    let Some(bytes) = bytes else { return Ok(0) };
    Ok(u64::from_le_bytes(bytes.try_into().map_err(|_| damaged("counter"))?))
}

pub(crate) fn encode_table(rows: &[TableRow]) -> Result<Vec<u8>, StoreError> {
    let raw = encode(rows)?;
    let mut bytes = (raw.len() as u64).to_le_bytes().to_vec();
    bytes.extend(zstd::bulk::compress(&raw, ZSTD_LEVEL_TABLE)?);
    Ok(bytes)
}

pub(crate) fn table(bytes: &[u8]) -> Result<Vec<TableRow>, StoreError> {
    let (len, packed) = bytes.split_first_chunk().ok_or_else(|| damaged("table"))?;
    let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| damaged("table"))?;
    if len > TABLE_RAW_BYTES_MAX {
        return Err(damaged("table"));
    }
    let raw = zstd::bulk::decompress(packed, len).map_err(|_| damaged("table"))?;
    decode("table", &raw)
}

fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_allocvec(value)
        .map_err(|error| StoreError::Corrupt(format!("row cannot be encoded: {error}")))
}

fn decode<'b, T: serde::Deserialize<'b>>(what: &str, bytes: &'b [u8]) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|_| damaged(what))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt(format!("damaged {what}"))
}
