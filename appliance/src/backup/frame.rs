//! The frames inside a backup: sections with counts and digests, and a trailer over everything.

use super::FORMAT;
use super::container::{damaged, unwritten};
use crate::error::{AppError, Kind};
use plumbline_ledger::Sha256;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};

pub(super) const HEADER: u8 = b'H';
pub(super) const SECTION: u8 = b'S';
pub(super) const FILE: u8 = b'F';
pub(super) const PAIRS: u8 = b'P';
pub(super) const LEAVES: u8 = b'L';
pub(super) const EVENTS: u8 = b'V';
pub(super) const END: u8 = b'E';
pub(super) const TRAILER: u8 = b'T';

/// Records are gathered to this many bytes before they become a frame.
pub(super) const FRAME_BYTES: usize = 256 * 1024;
/// Largest frame that is read, in bytes: [`FRAME_BYTES`] and one record more.
const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What a section held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    pub name: String,
    /// Files, pairs of keys and values, or leaves.
    pub items: u64,
    pub bytes: u64,
    /// SHA-256 of its frames, in hexadecimal.
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trailer {
    pub(super) sections: Vec<Section>,
    /// SHA-256 of all frames before, in hexadecimal.
    pub(super) sha256: String,
}

/// Sums up one section while it is written or read.
#[derive(Debug)]
struct Sum {
    name: String,
    items: u64,
    bytes: u64,
    hash: Sha256,
}

impl Sum {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), items: 0, bytes: 0, hash: Sha256::default() }
    }

    fn add(&mut self, head: &[u8], content: &[u8], items: u64) {
        self.items += items;
        self.bytes += content.len() as u64;
        self.hash.update(head);
        self.hash.update(content);
    }

    fn section(self) -> Section {
        let Self { name, items, bytes, hash } = self;
        Section { name, items, bytes, sha256: hash.hex() }
    }
}

/// Writes frames in order.
#[derive(Debug)]
pub(super) struct FrameWriter<W: Write> {
    to: W,
    whole: Sha256,
    sum: Option<Sum>,
    sections: Vec<Section>,
}

impl<W: Write> FrameWriter<W> {
    pub(super) fn begin(to: W, header: &impl Serialize) -> Result<Self, AppError> {
        let mut writer = Self { to, whole: Sha256::default(), sum: None, sections: Vec::new() };
        writer.frame(HEADER, &json(header), 0)?;
        Ok(writer)
    }

    /// Puts a record frame into a section; another name than before begins a new section.
    pub(super) fn put(
        &mut self,
        section: &str,
        kind: u8,
        content: &[u8],
        items: u64,
    ) -> Result<(), AppError> {
        if self.sum.as_ref().is_none_or(|sum| sum.name != section) {
            self.end()?;
            self.frame(SECTION, section.as_bytes(), 0)?;
            self.sum = Some(Sum::new(section));
        }
        self.frame(kind, content, items)
    }

    /// Writes the trailer and gives back what was written to.
    pub(super) fn finish(mut self) -> Result<(W, Trailer), AppError> {
        self.end()?;
        let trailer = Trailer {
            sections: std::mem::take(&mut self.sections),
            sha256: self.whole.clone().hex(),
        };
        self.frame(TRAILER, &json(&trailer), 0)?;
        Ok((self.to, trailer))
    }

    fn end(&mut self) -> Result<(), AppError> {
        let Some(sum) = self.sum.take() else { return Ok(()) };
        let section = sum.section();
        self.frame(END, &json(&section), 0)?;
        self.sections.push(section);
        Ok(())
    }

    fn frame(&mut self, kind: u8, content: &[u8], items: u64) -> Result<(), AppError> {
        let head = head(kind, content.len());
        self.whole.update(&head);
        self.whole.update(content);
        if let Some(sum) = &mut self.sum {
            sum.add(&head, content, items);
        }
        let write = self.to.write_all(&head).and_then(|()| self.to.write_all(content));
        write.map_err(|error| unwritten(&error))
    }
}

/// A record frame of a section.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) kind: u8,
    pub(super) content: Vec<u8>,
}

/// Reads frames in order and judges counts and digests.
#[derive(Debug)]
pub(super) struct FrameReader<R: Read> {
    from: R,
    whole: Sha256,
    sum: Option<Sum>,
    sections: Vec<Section>,
    trailer: Option<Trailer>,
}

impl<R: Read> FrameReader<R> {
    /// Reads the header, which must be that of a `kind` of file.
    pub(super) fn begin<H: DeserializeOwned>(
        from: R,
        kind_wanted: &str,
    ) -> Result<(Self, H), AppError> {
        let (whole, sections) = (Sha256::default(), Vec::new());
        let mut reader = Self { from, whole, sum: None, sections, trailer: None };
        let (kind, content) = reader.frame()?;
        // The format comes first: the rest of another format's header may be another.
        let format: serde_json::Value = parse(&content)?;
        match format.get("format").and_then(serde_json::Value::as_u64) {
            Some(found) if kind == HEADER && found == u64::from(FORMAT) => {}
            Some(found) if kind == HEADER => {
                return Err(AppError::new(Kind::Usage, "backup-format", found));
            }
            _ => return Err(wrong("it has no header")),
        }
        if format["kind"] != kind_wanted {
            return Err(AppError::new(Kind::Usage, "backup-kind", &format["kind"]));
        }
        Ok((reader, parse(&content)?))
    }

    /// The next record; the caller counts its items with [`FrameReader::count`]. `None` behind the
    /// trailer.
    pub(super) fn next(&mut self) -> Result<Option<Record>, AppError> {
        while self.trailer.is_none() {
            let before = self.whole.clone();
            let (kind, content) = self.frame()?;
            match kind {
                SECTION if self.sum.is_none() => {
                    let name = str::from_utf8(&content).map_err(|_| wrong("a section's name"))?;
                    self.sum = Some(Sum::new(name));
                }
                FILE | PAIRS | LEAVES | EVENTS => {
                    let sum = self.sum.as_mut().ok_or_else(|| wrong("a record in no section"))?;
                    sum.add(&head(kind, content.len()), &content, 0);
                    return Ok(Some(Record { kind, content }));
                }
                END => {
                    let sum = self.sum.take().ok_or_else(|| wrong("the end of no section"))?;
                    let (found, said) = (sum.section(), parse::<Section>(&content)?);
                    if found != said {
                        return Err(wrong(&format!("section {} is not what it was", said.name)));
                    }
                    self.sections.push(found);
                }
                TRAILER if self.sum.is_none() => {
                    let trailer: Trailer = parse(&content)?;
                    if trailer.sections != self.sections || trailer.sha256 != before.hex() {
                        return Err(wrong("its trailer is for another content"));
                    }
                    self.trailer = Some(trailer);
                }
                _ => return Err(wrong("a frame in the wrong place")),
            }
        }
        Ok(None)
    }

    pub(super) fn count(&mut self, items: u64) {
        if let Some(sum) = &mut self.sum {
            sum.items += items;
        }
    }

    /// What was read, and its trailer.
    pub(super) fn finish(self) -> Result<(R, Trailer), AppError> {
        let trailer = self.trailer.ok_or_else(|| wrong("it has no trailer"))?;
        Ok((self.from, trailer))
    }

    fn frame(&mut self) -> Result<(u8, Vec<u8>), AppError> {
        let mut head = [0; 5];
        self.from.read_exact(&mut head).map_err(|error| damaged(&error))?;
        let [kind, length @ ..] = head;
        let length = u32::from_le_bytes(length) as usize;
        if length > FRAME_BYTES_MAX {
            return Err(wrong("a frame is too large"));
        }
        let mut content = vec![0; length];
        self.from.read_exact(&mut content).map_err(|error| damaged(&error))?;
        self.whole.update(&head);
        self.whole.update(&content);
        Ok((kind, content))
    }
}

/// A list of texts as the content of a record: each with its length before it.
pub(super) fn push_part(content: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).expect("records are bounded far below 4 GiB");
    content.extend_from_slice(&length.to_le_bytes());
    content.extend_from_slice(part);
}

/// The parts of a record.
pub(super) fn parts(mut content: &[u8]) -> Result<Vec<&[u8]>, AppError> {
    let mut parts = Vec::new();
    while !content.is_empty() {
        let (length, rest) = content.split_first_chunk().ok_or_else(|| wrong("a record"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (part, rest) = rest.split_at_checked(length).ok_or_else(|| wrong("a record"))?;
        parts.push(part);
        content = rest;
    }
    Ok(parts)
}

pub(super) fn wrong(what: &str) -> AppError {
    AppError::new(Kind::Integrity, "backup-damaged", what)
}

fn head(kind: u8, length: usize) -> [u8; 5] {
    let length = u32::try_from(length).expect("records are bounded far below 4 GiB");
    let [a, b, c, d] = length.to_le_bytes();
    [kind, a, b, c, d]
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("headers have only keys that are texts")
}

fn parse<T: DeserializeOwned>(content: &[u8]) -> Result<T, AppError> {
    serde_json::from_slice(content).map_err(|error| wrong(&error.to_string()))
}
