//! Cutting a stream of JSON into events: by line, or element by element of a JSON array. A broken
//! piece ends where the next one can be found again.

use crate::reject::{Reject, RejectCode};
use crate::window::Window;
use memchr::memchr;
use plumbline_contract::event::Event;
use std::io::{self, Cursor};
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
    Piece {
        piece: Range<usize>,
        next: usize,
    },
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
    fn cut(self, bytes: &[u8], ended: bool) -> Cut {
        match self {
            Self::Lines => cut_line(bytes, ended),
            Self::Elements { .. } => cut_element(bytes, ended),
        }
    }

    /// Cuts the next piece out of the stream and reads it; false at the end. `number` counts the
    /// pieces, `read` answers nothing for a piece that says nothing.
    pub(crate) fn step(
        &mut self,
        window: &mut Window,
        number: &mut u64,
        read: impl FnOnce(&[u8]) -> Option<Result<Event, Reject>>,
        give: &mut impl FnMut(Result<Event, Reject>),
    ) -> io::Result<bool> {
        self.pass_separators(window)?;
        loop {
            let at = window.offset();
            match self.cut(window.bytes(), window.ended()) {
                Cut::Piece { piece, next } => {
                    *number += 1;
                    let answer = if piece.len() > RECORD_BYTES_MAX {
                        Some(Err(too_long(piece.len())))
                    } else {
                        read(&window.bytes()[piece.clone()])
                    };
                    let byte = at + piece.start as u64;
                    window.consume(next);
                    answer
                        .into_iter()
                        .for_each(|answer| give(answer.map_err(|reject| reject.at(*number, byte))));
                    break;
                }
                Cut::End => {
                    window.consume(window.bytes().len());
                    break;
                }
                Cut::More if window.bytes().len() > 2 * RECORD_BYTES_MAX => {
                    *number += 1;
                    let skipped = skip_line(window)?;
                    give(Err(too_long(skipped).at(*number, at)));
                    break;
                }
                Cut::More => {
                    window.more()?;
                }
            }
        }
        self.pass_separators(window)?;
        let on = !(window.bytes().is_empty() && window.ended());
        if !on && *self == (Self::Elements { open: true }) {
            *self = Self::Elements { open: false };
            let reject = Reject::new(RejectCode::NotJson, "", "the array is not closed");
            give(Err(reject.at(*number, window.offset())));
        }
        Ok(on)
    }

    /// Goes on at `byte` of a stream of which nothing was consumed but the byte order mark; false
    /// if it ends before. Elements are cut from the beginning, since only that tells whether the
    /// place is inside an array or behind it.
    pub(crate) fn resume(&mut self, window: &mut Window, byte: u64) -> io::Result<bool> {
        if *self == Self::Lines {
            return window.skip_to(byte);
        }
        // What is wrong with them was said when they were read.
        let mut number = 0;
        while window.offset() < byte && self.step(window, &mut number, |_| None, &mut |_| {})? {}
        Ok(window.offset() >= byte)
    }

    /// Consumes what stands between elements, so that an array is seen to end with its last one.
    fn pass_separators(&mut self, window: &mut Window) -> io::Result<()> {
        let Self::Elements { open } = self else { return Ok(()) };
        loop {
            let held = window.bytes();
            let n = held.iter().take_while(|byte| is_separator(**byte)).count();
            for byte in &held[..n] {
                *open = if *open { *byte != b']' } else { *byte == b'[' };
            }
            let all = n == held.len();
            window.consume(n);
            if !all || !window.more()? {
                return Ok(());
            }
        }
    }
}

/// The events of a whole text.
pub(crate) fn all(
    mut split: Split,
    bytes: &[u8],
    read: impl Fn(&[u8]) -> Result<Event, Reject>,
) -> (Vec<Event>, Vec<Reject>) {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let mut window = Window::new(Box::new(Cursor::new(bytes.to_vec())));
    let (mut events, mut rejects, mut number) = (Vec::new(), Vec::new(), 0);
    let mut give = |answer| match answer {
        Ok(event) => events.push(event),
        Err(reject) => rejects.push(reject),
    };
    let read = |text: &[u8]| (!text.trim_ascii().is_empty()).then(|| read(text));
    // A text in memory can be read without fail.
    while let Ok(true) = split.step(&mut window, &mut number, read, &mut give) {}
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

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | b',' | b'[' | b']')
}

fn cut_line(bytes: &[u8], ended: bool) -> Cut {
    match memchr(b'\n', bytes) {
        Some(at) => Cut::Piece { piece: 0..at, next: at + 1 },
        None if !ended => Cut::More,
        None if bytes.is_empty() => Cut::End,
        None => Cut::Piece { piece: 0..bytes.len(), next: bytes.len() },
    }
}

fn cut_element(bytes: &[u8], ended: bool) -> Cut {
    if bytes.is_empty() {
        return if ended { Cut::End } else { Cut::More };
    }
    let end = if bytes[0] == b'{' {
        object_end(bytes)
    } else {
        // Something else stands where an object should: it goes as far as the next object or line.
        memchr::memchr3(b'{', b'\n', b']', bytes)
    };
    let len = match end {
        Some(len) => len,
        None if ended => bytes.len(),
        None => return Cut::More,
    };
    Cut::Piece { piece: 0..len, next: len }
}

/// Length of the object that begins here, found by counting brackets. A line break inside a string
/// ends a broken one: JSON has none there, and what follows it can be read again.
pub(crate) fn object_end(bytes: &[u8]) -> Option<usize> {
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
