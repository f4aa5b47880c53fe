//! MP4 files: the first H.264 track, whole or in fragments, as access units in decoding order.
//!
//! Sizes and counts come from the file and are not believed: each is held against the bytes that are
//! there. Edit lists are left aside; they shift the clock by a picture or two.

mod table;

use super::UNIT_BYTES_MAX;
use crate::error::VideoError;
use crate::nal::{self, NalType};
use crate::unit::{AccessUnit, Codec};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use table::{Entry, Track};

/// Bytes of `moov` or `moof`: the index of a day of video has less than 30 MB.
const INDEX_BYTES_MAX: u64 = 64 << 20;
/// Boxes on the outermost level: a day in fragments of a second has 172,800.
const BOXES_MAX: u32 = 1_000_000;

/// Whether a file begins like an MP4 file.
pub(super) fn looks_like(head: &[u8]) -> bool {
    let kind = head.get(4..8);
    matches!(kind, Some(b"ftyp" | b"moov" | b"mdat" | b"free" | b"skip" | b"wide" | b"styp"))
}

/// See the module.
#[derive(Debug)]
pub struct Mp4 {
    file: File,
    path: PathBuf,
    track: Track,
    entries: std::vec::IntoIter<Entry>,
    failed: bool,
}

impl Mp4 {
    /// Reads the index. The codec may be one that gives no units.
    pub(super) fn open(mut file: File, path: &Path) -> Result<(Self, Codec), VideoError> {
        let io = |error| VideoError::Io { path: path.to_owned(), error };
        let end = file.seek(SeekFrom::End(0)).map_err(io)?;
        let mut track = None;
        let mut entries = Vec::new();
        let mut at = 0;
        for _ in 0..BOXES_MAX {
            let Some((kind, head, size)) = box_at(&mut file, at, end).map_err(io)? else { break };
            if matches!(&kind, b"moov" | b"moof") {
                if size > INDEX_BYTES_MAX {
                    return Err(VideoError::Mp4("the index is too large"));
                }
                let whole = at.checked_add(head + size).is_some_and(|after| after <= end);
                if !whole {
                    return Err(VideoError::Mp4("the index is cut off"));
                }
                let body = read_at(&mut file, at + head, size).map_err(io)?;
                if &kind == b"moov" {
                    let found = Track::read(&body)?;
                    entries = found.entries(&body)?;
                    track = Some(found);
                } else if let Some(track) = &mut track {
                    track.fragment(&body, at, &mut entries)?;
                }
            }
            let Some(next) = at.checked_add(head + size).filter(|next| *next < end) else { break };
            at = next;
        }
        let track = track.ok_or(VideoError::Mp4("no index: the recording was never finished"))?;
        let codec = track.codec.clone();
        if codec != Codec::H264 {
            entries.clear();
        }
        let entries = entries.into_iter();
        Ok((Self { file, path: path.to_owned(), track, entries, failed: false }, codec))
    }

    pub(super) fn next(&mut self) -> Result<Option<AccessUnit>, VideoError> {
        if self.failed {
            return Ok(None);
        }
        let Some(entry) = self.entries.next() else { return Ok(None) };
        let sample = self.sample(&entry).inspect_err(|_| self.failed = true)?;
        Ok(Some(self.unit(&entry, &sample)))
    }

    fn sample(&mut self, entry: &Entry) -> Result<Vec<u8>, VideoError> {
        if entry.size as usize > UNIT_BYTES_MAX {
            return Err(VideoError::UnitTooLarge(UNIT_BYTES_MAX));
        }
        let io = |error| VideoError::Io { path: self.path.clone(), error };
        let sample = read_at(&mut self.file, entry.offset, u64::from(entry.size)).map_err(io)?;
        if sample.len() < entry.size as usize {
            return Err(VideoError::Mp4("the file is cut off"));
        }
        Ok(sample)
    }

    /// Start codes in place of lengths, parameter sets before key pictures. A length that lies takes
    /// the rest of the sample: the decoder will say what it thinks of it.
    fn unit(&self, entry: &Entry, sample: &[u8]) -> AccessUnit {
        let mut data = Vec::with_capacity(sample.len() + 64);
        let (mut key, mut has_parameters) = (false, false);
        let mut units = Vec::new();
        let mut rest = sample;
        while let Some((length, after)) = rest.split_at_checked(self.track.length_bytes) {
            let length = length.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
            let (unit, after) = after.split_at(length.min(after.len()));
            rest = after;
            if unit.is_empty() {
                continue;
            }
            key |= NalType::of(unit) == NalType::Key;
            has_parameters |= NalType::of(unit) == NalType::Sps;
            units.push(unit);
        }
        if key && !has_parameters {
            self.track.parameters.iter().for_each(|unit| nal::push_unit(&mut data, unit));
        }
        units.into_iter().for_each(|unit| nal::push_unit(&mut data, unit));
        AccessUnit { at_us: self.track.micros(entry.time), key, data }
    }
}

/// Kind, bytes of head and bytes of body of the box at a place; `None` at the end or where no box is.
fn box_at(file: &mut File, at: u64, end: u64) -> std::io::Result<Option<([u8; 4], u64, u64)>> {
    let head = read_at(file, at, 16)?;
    let Some((size, rest)) = head.split_first_chunk::<4>() else { return Ok(None) };
    let Some((kind, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
    let (head, size) = match u32::from_be_bytes(*size) {
        0 => (8, end - at),
        1 => match rest.first_chunk::<8>() {
            Some(size) => (16, u64::from_be_bytes(*size)),
            None => return Ok(None),
        },
        size => (8, u64::from(size)),
    };
    Ok(size.checked_sub(head).map(|body| (*kind, head, body)))
}

fn read_at(file: &mut File, at: u64, bytes: u64) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut buffer = Vec::new();
    file.take(bytes).read_to_end(&mut buffer)?;
    Ok(buffer)
}
