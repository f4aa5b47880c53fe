//! Files that are a bare H.264 byte stream. They carry no times: the parameter set may name the rate,
//! else 25 pictures a second are taken.

use super::UNIT_BYTES_MAX;
use crate::error::VideoError;
use crate::nal::{self, NalType};
use crate::sps::Sps;
use crate::unit::{AccessUnit, Codec};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 256 << 10;
/// Pictures a second where the stream does not say.
const RATE_DEFAULT: f64 = 25.0;

/// What a byte stream is coded as; `None` if the bytes are no byte stream.
pub(super) fn codec(head: &[u8]) -> Option<Codec> {
    let starts = head.starts_with(&[0, 0, 1]) || head.starts_with(&[0, 0, 0, 1]);
    if starts && nal::looks_like_h265(head) {
        return Some(Codec::H265);
    }
    let sound = |unit: &[u8]| unit[0] & 0x80 == 0 && !matches!(NalType::of(unit), NalType::Other);
    (starts && nal::units(head).next().is_some_and(sound)).then_some(Codec::H264)
}

/// See the module.
#[derive(Debug)]
pub struct AnnexB {
    file: File,
    path: PathBuf,
    buffer: Vec<u8>,
    /// Bytes of the buffer that hold no further start code.
    searched: usize,
    ended: bool,
    unit: Vec<u8>,
    has_picture: bool,
    key: bool,
    at_us: f64,
    rate: f64,
}

impl AnnexB {
    pub(super) fn new(file: File, path: &Path) -> Self {
        Self {
            file,
            path: path.to_owned(),
            buffer: Vec::new(),
            searched: 0,
            ended: false,
            unit: Vec::new(),
            has_picture: false,
            key: false,
            at_us: 0.0,
            rate: RATE_DEFAULT,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<AccessUnit>, VideoError> {
        while let Some(nal) = self.next_nal()? {
            let kind = NalType::of(&nal);
            let finished = self.has_picture && begins_unit(kind, &nal);
            let done = finished.then(|| self.take());
            if kind == NalType::Sps
                && let Some(rate) = Sps::parse(&nal).and_then(|sps| sps.frame_rate)
            {
                self.rate = rate;
            }
            self.has_picture |= kind.is_picture();
            self.key |= kind == NalType::Key;
            nal::push_unit(&mut self.unit, &nal);
            if self.unit.len() > UNIT_BYTES_MAX {
                return Err(self.give_up());
            }
            if done.is_some() {
                return Ok(done);
            }
        }
        Ok(self.has_picture.then(|| self.take()))
    }

    fn take(&mut self) -> AccessUnit {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a file of 2^53 microseconds is not read"
        )]
        let at_us = self.at_us as i64;
        self.at_us += 1e6 / self.rate;
        self.has_picture = false;
        AccessUnit {
            at_us,
            key: std::mem::take(&mut self.key),
            data: std::mem::take(&mut self.unit),
        }
    }

    fn give_up(&mut self) -> VideoError {
        self.ended = true;
        self.buffer.clear();
        self.unit.clear();
        self.has_picture = false;
        VideoError::UnitTooLarge(UNIT_BYTES_MAX)
    }

    /// The next NAL unit, without its start code.
    fn next_nal(&mut self) -> Result<Option<Vec<u8>>, VideoError> {
        loop {
            // The buffer begins with a start code once one was found.
            let from = if self.buffer.starts_with(&[0, 0, 1]) { 3 } else { 0 };
            let search = self.searched.max(from);
            if let Some(at) = nal::find_start(&self.buffer[search.min(self.buffer.len())..]) {
                let end = search + at;
                let nal = nal::units(&self.buffer[..end]).next().map(<[u8]>::to_vec);
                self.buffer.drain(..end);
                self.searched = 3;
                if let Some(nal) = nal {
                    return Ok(Some(nal));
                }
                continue;
            }
            if self.ended {
                let nal = nal::units(&self.buffer).next().map(<[u8]>::to_vec);
                self.buffer.clear();
                return Ok(nal);
            }
            self.searched = self.buffer.len().saturating_sub(2).max(from);
            if self.buffer.len() > UNIT_BYTES_MAX {
                return Err(self.give_up());
            }
            self.read_more()?;
        }
    }

    fn read_more(&mut self) -> Result<(), VideoError> {
        let mut chunk = vec![0; CHUNK_BYTES];
        let read = self.file.read(&mut chunk).map_err(|error| {
            self.ended = true;
            VideoError::Io { path: self.path.clone(), error }
        })?;
        self.ended = read == 0;
        self.buffer.extend_from_slice(&chunk[..read]);
        Ok(())
    }
}

/// Whether a NAL unit that follows a picture belongs to the next one.
fn begins_unit(kind: NalType, nal: &[u8]) -> bool {
    match kind {
        NalType::Delimiter | NalType::Sps | NalType::Pps | NalType::Sei => true,
        NalType::Slice | NalType::Key => nal::slice_is_first(nal),
        NalType::Other => false,
    }
}
