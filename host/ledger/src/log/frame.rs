//! The segment files: frames of leaves, one after another, in files named by their place.
//!
//! A frame is the leaf's length (2 bytes, big endian), a CRC-32 over length and leaf (4 bytes), and
//! the leaf. The checksum tells a torn append from a whole one; that a leaf is the right one is
//! told by its hash only.

use crate::error::LedgerError;
use crate::log::sync_folder;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes of a frame before its leaf.
pub(crate) const FRAME_HEAD_BYTES: u64 = 6;
/// A new segment is begun when one has reached this size in bytes: it still fits on any medium.
const SEGMENT_BYTES: u64 = 256 * 1024 * 1024;
const SEGMENT_SUFFIX: &str = ".seg";
/// Digits of a segment's name: any 64-bit offset.
const NAME_DIGITS: usize = 20;

/// All segments of a ledger. Offsets count through all of them.
#[derive(Debug)]
pub(crate) struct Segments {
    dir: PathBuf,
    /// Where each segment starts; never empty once the first append was made.
    starts: Vec<u64>,
    end: u64,
    tail: Option<File>,
    /// [`SEGMENT_BYTES`], except in tests.
    segment_bytes: u64,
}

/// What stands at one place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FrameRead {
    Leaf(Vec<u8>),
    /// Incomplete or wrong, and why.
    Bad(&'static str),
    /// The end of the last segment.
    End,
}

impl Segments {
    /// Lists the segments in `dir` and checks that they follow one another without a gap.
    pub(crate) fn open(dir: &Path) -> Result<Self, LedgerError> {
        let io = LedgerError::io;
        let damaged = |path: &Path, what| LedgerError::DamagedFile { path: path.to_owned(), what };
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).map_err(io(dir))? {
            let entry = entry.map_err(io(dir))?;
            let (path, meta) = (entry.path(), entry.metadata().map_err(io(dir))?);
            let start = entry.file_name().to_str().and_then(parse_name);
            let start = start.ok_or_else(|| damaged(&path, "not a segment of this ledger"))?;
            found.push((start, meta.len()));
        }
        found.sort_unstable();
        let mut end = 0;
        for (start, length) in &found {
            if *start != end {
                return Err(damaged(
                    &segment_path(dir, *start),
                    "the segment before it is missing or has another length",
                ));
            }
            end += length;
        }
        let starts = found.into_iter().map(|(start, _)| start).collect();
        Ok(Self { dir: dir.to_owned(), starts, end, tail: None, segment_bytes: SEGMENT_BYTES })
    }

    /// Where the next frame will start.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Appends frames for `leaves`, syncs them, and returns where each starts.
    pub(crate) fn append(&mut self, leaves: &[Vec<u8>]) -> Result<Vec<u64>, LedgerError> {
        let bytes: usize = leaves.iter().map(|leaf| leaf.len() + 6).sum();
        let mut frames = Vec::with_capacity(bytes);
        let mut offsets = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            offsets.push(self.end + frames.len() as u64);
            let length = u16::try_from(leaf.len()).expect("the caller has checked the length");
            frames.extend_from_slice(&length.to_be_bytes());
            frames.extend_from_slice(&checksum(length, leaf).to_be_bytes());
            frames.extend_from_slice(leaf);
        }
        let start = self.starts.last().copied();
        let full = start.is_none_or(|start| self.end - start >= self.segment_bytes);
        if full || self.tail.is_none() {
            self.open_tail(full)?;
        }
        let tail = self.tail.as_mut().expect("the tail was just opened");
        let write = tail.write_all(&frames).and_then(|()| tail.sync_data());
        write.map_err(LedgerError::io(&self.dir))?;
        self.end += frames.len() as u64;
        Ok(offsets)
    }

    fn open_tail(&mut self, begin: bool) -> Result<(), LedgerError> {
        if begin {
            self.starts.push(self.end);
        }
        let start = *self.starts.last().expect("a segment was begun");
        let path = segment_path(&self.dir, start);
        let mut options = OpenOptions::new();
        options.append(true).create_new(begin);
        self.tail = Some(options.open(&path).map_err(LedgerError::io(&path))?);
        if begin { sync_folder(&self.dir) } else { Ok(()) }
    }

    /// Cuts off everything from `offset` on, durably.
    pub(crate) fn cut(&mut self, offset: u64) -> Result<(), LedgerError> {
        self.tail = None;
        while let Some(&start) = self.starts.last().filter(|&&start| start > offset) {
            let path = segment_path(&self.dir, start);
            fs::remove_file(&path).map_err(LedgerError::io(&path))?;
            self.starts.pop();
        }
        if let Some(&start) = self.starts.last() {
            let path = segment_path(&self.dir, start);
            let file = OpenOptions::new().write(true).open(&path);
            file.and_then(|file| file.set_len(offset - start).and_then(|()| file.sync_all()))
                .map_err(LedgerError::io(&path))?;
        }
        self.end = offset;
        sync_folder(&self.dir)
    }
}

/// Reads frames in order from one offset to the end of the last segment.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    segments: &'a Segments,
    offset: u64,
    reader: Option<BufReader<File>>,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(segments: &'a Segments, offset: u64) -> Self {
        Self { segments, offset, reader: None }
    }

    /// Where the next frame starts.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads the next frame. After a bad one the place stays where it was.
    pub(crate) fn next(&mut self) -> Result<FrameRead, LedgerError> {
        let Segments { dir, starts, end, .. } = self.segments;
        if self.offset >= *end {
            let what = "its place is behind the end of the file";
            return Ok(if self.offset > *end { FrameRead::Bad(what) } else { FrameRead::End });
        }
        let number = starts.partition_point(|start| *start <= self.offset);
        let start = starts[number.checked_sub(1).expect("the first segment starts at 0")];
        let segment_end = starts.get(number).copied().unwrap_or(*end);
        let path = segment_path(dir, start);
        if self.reader.is_none() || self.offset == start {
            let open = || {
                let mut file = File::open(&path)?;
                file.seek(SeekFrom::Start(self.offset - start))?;
                Ok(BufReader::new(file))
            };
            self.reader = Some(open().map_err(LedgerError::io(&path))?);
        }
        let reader = self.reader.as_mut().expect("the reader was just opened");
        let read = read_frame(reader, segment_end - self.offset).map_err(LedgerError::io(&path))?;
        match &read {
            FrameRead::Leaf(leaf) => self.offset += FRAME_HEAD_BYTES + leaf.len() as u64,
            _ => self.reader = None,
        }
        Ok(read)
    }
}

/// Reads one frame of which `room` bytes are left in the segment.
fn read_frame(reader: &mut impl Read, room: u64) -> io::Result<FrameRead> {
    let mut head = [0; FRAME_HEAD_BYTES as usize];
    if room < FRAME_HEAD_BYTES {
        return Ok(FrameRead::Bad("the frame is incomplete"));
    }
    reader.read_exact(&mut head)?;
    let [l0, l1, c0, c1, c2, c3] = head;
    let length = u16::from_be_bytes([l0, l1]);
    if room - FRAME_HEAD_BYTES < u64::from(length) {
        return Ok(FrameRead::Bad("the frame is incomplete"));
    }
    let mut leaf = vec![0; usize::from(length)];
    reader.read_exact(&mut leaf)?;
    if checksum(length, &leaf) != u32::from_be_bytes([c0, c1, c2, c3]) {
        return Ok(FrameRead::Bad("the frame does not match its checksum"));
    }
    Ok(FrameRead::Leaf(leaf))
}

fn checksum(length: u16, leaf: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_be_bytes());
    hasher.update(leaf);
    hasher.finalize()
}

fn segment_path(dir: &Path, start: u64) -> PathBuf {
    dir.join(format!("{start:0NAME_DIGITS$}{SEGMENT_SUFFIX}"))
}

fn parse_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SEGMENT_SUFFIX)?;
    let valid = digits.len() == NAME_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    if valid { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(segments: &Segments, offset: u64) -> Vec<Vec<u8>> {
        let mut scan = Scan::new(segments, offset);
        let mut leaves = Vec::new();
        while let FrameRead::Leaf(leaf) = scan.next().unwrap() {
            leaves.push(leaf);
        }
        assert_eq!(scan.offset(), segments.end());
        leaves
    }

    #[test]
    fn a_full_segment_is_followed_by_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Segments { segment_bytes: 100, ..Segments::open(dir.path()).unwrap() };
        let batches: Vec<Vec<Vec<u8>>> =
            (1..9_u8).map(|n| vec![vec![n; 20], vec![n; 30]]).collect();
        let mut segments = open();
        let mut offsets = Vec::new();
        for (number, batch) in batches.iter().enumerate() {
            // Opening in between must continue the last segment.
            if number % 3 == 2 {
                segments = open();
            }
            offsets.extend(segments.append(batch).unwrap());
        }
        assert_eq!(segments.starts, [0, 124, 248, 372]);
        for (number, offset) in offsets.iter().enumerate() {
            assert_eq!(read(&segments, *offset), batches.concat()[number..]);
        }
        // A cut removes whole segments behind it and shortens the one it falls into.
        for (leaves, starts) in [(14, 4), (9, 3), (8, 3), (0, 1)] {
            segments.cut(offsets[leaves]).unwrap();
            assert_eq!(read(&open(), 0), batches.concat()[..leaves]);
            assert_eq!(open().starts.len(), starts);
        }
        segments = open();
        segments.append(&batches[0]).unwrap();
        assert_eq!(read(&open(), 0), batches[0]);
    }

    #[test]
    fn a_missing_segment_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let mut segments = Segments { segment_bytes: 1, ..Segments::open(dir.path()).unwrap() };
        for n in 0..3 {
            segments.append(&[vec![n; 10]]).unwrap();
        }
        std::fs::remove_file(segment_path(dir.path(), 16)).unwrap();
        let error = Segments::open(dir.path()).unwrap_err();
        assert!(matches!(error, LedgerError::DamagedFile { .. }), "{error}");
    }
}
