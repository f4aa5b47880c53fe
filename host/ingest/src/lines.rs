//! Cutting a stream of JSON into events: by line, or element by element of a JSON array. A broken
//! piece ends where the next one can be found again.

use crate::reject::{Reject, RejectCode};
use crate::window::Window;
use memchr::memchr;
use plumbline_contract::event::Event;
use std::io;
use std::ops::Range;

/// Longest line, element or CSV row, in bytes: four times the largest payload, since white space
/// and the envelope come on top.
pub(crate) const RECORD_BYTES_MAX: usize = 256 * 1024;

/// The mark that some programs write at the beginning of UTF-8 text.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where the next piece is in the bytes held.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// A piece, and where the one after it begins.
    Piece { piece: Range<usize>, next: usize },
    /// The piece is not complete yet.
    More,
    End,
}

/// How pieces are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    Lines,
    /// Of an array, or one after the other. `open` once a `[` waits for its `]`.
    Elements {
        open: bool,
    },
}

impl Split {
    /// The next piece of `bytes`, of which nothing follows if `ended`.
    fn cut(&mut self, bytes: &[u8], ended: bool) -> Cut {
        match self {
            Self::Lines => cut_line(bytes, ended),
            Self::Elements { open } => cut_element(bytes, ended, open),
        }
    }

    /// Cuts the next piece out of the stream and gives it to `read`; false at the end. `number`
    /// counts the pieces.
    pub(crate) fn step(
        &mut self,
        window: &mut Window,
        number: &mut u64,
        read: impl FnOnce(&[u8]) -> Option<Result<Event, Reject>>,
    ) -> io::Result<(bool, Option<Result<Event, Reject>>)> {
        loop {
            let at = window.offset();
            let state = *self;
            match self.cut(window.bytes(), window.ended()) {
                Cut::Piece { piece, next } => {
                    *number += 1;
                    let answer = if piece.len() > RECORD_BYTES_MAX {
                        Some(Err(too_long(piece.len())))
                    } else {
                        read(&window.bytes()[piece.clone()])
                    };
                    window.consume(next);
                    let place = (*number, at + piece.start as u64);
                    return Ok((true, answer.map(|a| a.map_err(|r| r.at(place.0, place.1)))));
                }
                Cut::End => {
                    window.consume(window.bytes().len());
                    let unclosed = *self == Self::Elements { open: true };
                    *self = Self::Lines;
                    return Ok((false, unclosed.then(|| Err(array_not_closed(*number, at)))));
                }
                Cut::More if window.bytes().len() > 2 * RECORD_BYTES_MAX => {
                    *number += 1;
                    let skipped = skip_line(window)?;
                    return Ok((true, Some(Err(too_long(skipped).at(*number, at)))));
                }
                Cut::More => {
                    *self = state;
                    window.more()?;
                }
            }
        }
    }
}

/// The lines of a whole text.
pub(crate) fn all_lines(
    bytes: &[u8],
    read: impl Fn(&[u8]) -> Result<Event, Reject>,
) -> (Vec<Event>, Vec<Reject>) {
    all(Split::Lines, bytes, read)
}

/// The elements of a whole text.
pub(crate) fn all_elements(
    bytes: &[u8],
    read: impl Fn(&[u8]) -> Result<Event, Reject>,
) -> (Vec<Event>, Vec<Reject>) {
    all(Split::Elements { open: false }, bytes, read)
}

fn all(
    mut split: Split,
    bytes: &[u8],
    read: impl Fn(&[u8]) -> Result<Event, Reject>,
) -> (Vec<Event>, Vec<Reject>) {
    let (mut events, mut rejects) = (Vec::new(), Vec::new());
    let mut at = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let mut number = 0;
    while let Cut::Piece { piece, next } = split.cut(&bytes[at..], true) {
        number += 1;
        let text = &bytes[at..][piece.clone()];
        let place = (at + piece.start) as u64;
        if text.len() > RECORD_BYTES_MAX {
            rejects.push(too_long(text.len()).at(number, place));
        } else if !text.trim_ascii().is_empty() {
            match read(text) {
                Ok(event) => events.push(event),
                Err(reject) => rejects.push(reject.at(number, place)),
            }
        }
        at += next;
    }
    if split == (Split::Elements { open: true }) {
        rejects.push(array_not_closed(number, bytes.len() as u64));
    }
    (events, rejects)
}

/// Discards the rest of a line that is too long to hold; its length.
pub(crate) fn skip_line(window: &mut Window) -> io::Result<usize> {
    let start = window.offset();
    loop {
        let found = memchr(b'\n', window.bytes());
        window.consume(found.map_or(window.bytes().len(), |at| at + 1));
        if found.is_some() || !window.more()? {
            return Ok(usize::try_from(window.offset() - start).unwrap_or(usize::MAX));
        }
    }
}

pub(crate) fn too_long(bytes: usize) -> Reject {
    let size = format!("{bytes} bytes, {RECORD_BYTES_MAX} allowed");
    Reject::new(RejectCode::LineTooLong, "", &size)
}

fn array_not_closed(number: u64, byte: u64) -> Reject {
    Reject::new(RejectCode::NotJson, "", "the array is not closed").at(number, byte)
}

fn cut_line(bytes: &[u8], ended: bool) -> Cut {
    match memchr(b'\n', bytes) {
        Some(at) => Cut::Piece { piece: 0..at, next: at + 1 },
        None if !ended => Cut::More,
        None if bytes.is_empty() => Cut::End,
        None => Cut::Piece { piece: 0..bytes.len(), next: bytes.len() },
    }
}

fn cut_element(bytes: &[u8], ended: bool, open: &mut bool) -> Cut {
    let separator = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | b',' | b'[' | b']');
    let start = bytes.iter().position(|byte| !separator(byte)).unwrap_or(bytes.len());
    for byte in &bytes[..start] {
        match byte {
            b'[' => *open = true,
            b']' => *open = false,
            _ => {}
        }
    }
    if start == bytes.len() {
        return if ended { Cut::End } else { Cut::More };
    }
    let end = if bytes[start] == b'{' {
        object_end(&bytes[start..])
    } else {
        // Something else stands where an object should: it goes as far as the next object or line.
        memchr::memchr3(b'{', b'\n', b']', &bytes[start..])
    };
    match end {
        Some(len) => Cut::Piece { piece: start..start + len, next: start + len },
        None if ended => Cut::Piece { piece: start..bytes.len(), next: bytes.len() },
        None => Cut::More,
    }
}

/// Length of the object that begins here, found by counting brackets. A line break inside a string
/// ends a broken one: JSON has none there, and what follows it can be read again.
fn object_end(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => loop {
                match bytes.get(at)? {
                    b'"' => {
                        at += 1;
                        break;
                    }
                    b'\n' => return Some(at),
                    b'\\' => at += 2,
                    _ => at += 1,
                }
            },
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}
