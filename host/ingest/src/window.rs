//! A window on a byte stream: what has been read and not yet consumed, with its place in the
//! stream. A broken gzip stream ends like a short file and is remembered; other failures of
//! reading are errors.

use crate::reject::{Reject, RejectCode};
use std::fmt;
use std::io::{self, ErrorKind, Read};

/// Bytes asked of the reader at once.
const CHUNK_BYTES: usize = 256 * 1024;

pub(crate) struct Window {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Place of `buffer[start]` in the uncompressed stream.
    offset: u64,
    ended: bool,
    /// Why the stream could not be decompressed to its end.
    broken: Option<String>,
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.end - self.start;
        f.debug_struct("Window").field("offset", &self.offset).field("held", &held).finish()
    }
}

impl Window {
    pub(crate) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, end: 0, offset: 0, ended: false, broken: None }
    }

    /// What is held.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether nothing will follow what is held.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    pub(crate) fn consume(&mut self, n: usize) {
        assert!(n <= self.end - self.start, "only what is held can be consumed");
        self.start += n;
        self.offset += n as u64;
    }

    /// Reads more; false at the end of the stream.
    pub(crate) fn more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() < self.end + CHUNK_BYTES {
            self.buffer.resize((self.buffer.len() * 2).max(self.end + CHUNK_BYTES), 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(n) => {
                    self.end += n;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // What a decoder says about bytes that it cannot decode.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof
                    ) =>
                {
                    self.ended = true;
                    self.broken = Some(error.to_string());
                }
                Err(error) => return Err(error),
            }
            return Ok(false);
        }
    }

    /// Consumes up to the place `offset` of the stream; false if the stream ends before it.
    pub(crate) fn skip_to(&mut self, offset: u64) -> io::Result<bool> {
        while self.offset < offset {
            let wanted = offset - self.offset;
            let held = self.bytes().len();
            self.consume(usize::try_from(wanted).unwrap_or(usize::MAX).min(held));
            if self.offset < offset && !self.more()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A reject for a stream that could not be decompressed; given once.
    pub(crate) fn take_broken(&mut self) -> Option<Reject> {
        let reason = self.broken.take()?;
        let mut reject = Reject::new(RejectCode::BrokenGzip, "", &reason);
        reject.byte = Some(self.offset + self.bytes().len() as u64);
        Some(reject)
    }
}
