//! Rows of a CSV file (RFC 4180), with recovery: a row with broken quotes costs its first line
//! only. Columns are found by the names in the header.

use crate::lines::{self, BYTE_ORDER_MARK, RECORD_BYTES_MAX};
use crate::mapping::{CsvLayout, Encoding, Lookup, Scope};
use crate::reject::{Reject, RejectCode};
use crate::window::Window;
use memchr::{memchr, memchr_iter, memchr2};
use std::borrow::Cow;
use std::io;
use std::ops::Range;

#[derive(Debug)]
pub(crate) struct Rows {
    layout: CsvLayout,
    header: Vec<String>,
    fields: Vec<Field>,
    /// Bytes of the window that the row given last takes up.
    row_bytes: usize,
    /// Lines before the next row.
    line: u64,
}

/// A field of a row: without its quotes, but with doubled ones inside.
#[derive(Clone, Debug)]
struct Field {
    range: Range<usize>,
    doubled: bool,
}

/// What the file holds next.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    Row(Row<'a>),
    /// An empty line.
    Nothing,
    Reject(Reject),
}

#[derive(Debug)]
pub(crate) struct Row<'a> {
    rows: &'a Rows,
    bytes: &'a [u8],
    /// Line on which it begins, counted from 1.
    pub(crate) line: u64,
    pub(crate) byte: u64,
}

impl Lookup for Row<'_> {
    fn get(&self, _: Scope, name: &str) -> Result<Option<Cow<'_, str>>, Reject> {
        let index = self.rows.header.iter().position(|column| column == name);
        let Some(field) = index.and_then(|index| self.rows.fields.get(index)) else {
            return Ok(None);
        };
        let text = self.rows.text(self.bytes, field);
        let text = text.ok_or_else(|| Reject::new(RejectCode::InvalidUtf8, name, ""))?;
        Ok(Some(text).filter(|text| !(text.is_empty() && self.rows.layout.empty_is_absent)))
    }
}

enum Parsed {
    Row { next: usize },
    More,
    Broken(&'static str),
}

impl Rows {
    pub(crate) fn new(layout: CsvLayout) -> Self {
        Self { layout, header: Vec::new(), fields: Vec::new(), row_bytes: 0, line: 0 }
    }

    /// Reads the header and looks for the columns that are needed; what is wrong with it.
    pub(crate) fn read_header(
        &mut self,
        window: &mut Window,
        needed: &[&str],
    ) -> io::Result<Vec<Reject>> {
        while window.bytes().len() < BYTE_ORDER_MARK.len() && window.more()? {}
        if window.bytes().starts_with(BYTE_ORDER_MARK) {
            window.consume(BYTE_ORDER_MARK.len());
        }
        if let Some(columns) = self.layout.columns.clone() {
            self.header = columns;
        } else {
            match self.next_found(window)? {
                Some(Found::Row(row)) => {
                    let names = row.rows.fields.iter().map(|field| row.rows.text(row.bytes, field));
                    self.header = names.map(|name| name.unwrap_or_default().into_owned()).collect();
                }
                Some(Found::Reject(reject)) => return Ok(vec![reject]),
                Some(Found::Nothing) | None => {}
            }
        }
        let lacking = needed.iter().filter(|name| !self.header.iter().any(|have| have == *name));
        let reject = |name: &&str| Reject::new(RejectCode::MissingColumn, name, "").at(1, 0);
        Ok(lacking.map(reject).collect())
    }

    /// Goes on at `byte`, before which there are `line` lines; false if the stream ends before.
    pub(crate) fn resume(&mut self, window: &mut Window, byte: u64, line: u64) -> io::Result<bool> {
        window.consume(std::mem::take(&mut self.row_bytes));
        if byte > window.offset() {
            self.line = line;
        }
        window.skip_to(byte)
    }

    pub(crate) fn position(&self, window: &Window) -> (u64, u64) {
        (window.offset() + self.row_bytes as u64, self.line)
    }

    /// The next row, which stays valid until the next call; `None` at the end.
    pub(crate) fn next_found<'a>(
        &'a mut self,
        window: &'a mut Window,
    ) -> io::Result<Option<Found<'a>>> {
        window.consume(std::mem::take(&mut self.row_bytes));
        loop {
            let held = window.bytes();
            let byte = window.offset();
            if held.is_empty() && window.ended() {
                return Ok(None);
            }
            let full = held.len() > RECORD_BYTES_MAX;
            let reject = match self.parse(held, window.ended()) {
                Parsed::Row { next } if next <= RECORD_BYTES_MAX => {
                    let line = self.line + 1;
                    self.line += memchr_iter(b'\n', &held[..next]).count().max(1) as u64;
                    self.row_bytes = next;
                    return Ok(Some(self.found(window.bytes(), line, byte)));
                }
                Parsed::More if !full => {
                    window.more()?;
                    continue;
                }
                Parsed::Row { next } => lines::too_long(next),
                // A quote that nothing closes looks like an endless row.
                Parsed::More if held.contains(&self.layout.quote) => broken("a quote stays open"),
                Parsed::More => lines::too_long(held.len()),
                Parsed::Broken(why) => broken(why),
            };
            self.line += 1;
            lines::skip_line(window)?;
            return Ok(Some(Found::Reject(reject.at(self.line, byte))));
        }
    }

    fn found<'a>(&'a self, bytes: &'a [u8], line: u64, byte: u64) -> Found<'a> {
        if let [field] = &self.fields[..]
            && field.range.is_empty()
        {
            return Found::Nothing;
        }
        let (got, want) = (self.fields.len(), self.header.len());
        if want > 0 && got != want {
            let counts = format!("{got} columns, the header has {want}");
            let reject = Reject::new(RejectCode::ColumnCount, "", &counts);
            return Found::Reject(reject.at(line, byte));
        }
        Found::Row(Row { rows: self, bytes, line, byte })
    }

    /// Finds the fields of the row that begins here.
    fn parse(&mut self, bytes: &[u8], ended: bool) -> Parsed {
        let CsvLayout { delimiter, quote, .. } = self.layout;
        self.fields.clear();
        let mut at = 0;
        loop {
            let (field, after) = if bytes.get(at) == Some(&quote) {
                match quoted(bytes, at, quote) {
                    Some(found) => found,
                    None if ended => return Parsed::Broken("a quote stays open"),
                    None => return Parsed::More,
                }
            } else {
                let length = memchr2(delimiter, b'\n', &bytes[at..]);
                if length.is_none() && !ended {
                    return Parsed::More;
                }
                let end = at + length.unwrap_or(bytes.len() - at);
                let line_end = bytes.get(end) != Some(&delimiter);
                let carriage = line_end && end > at && bytes[end - 1] == b'\r';
                (Field { range: at..end - usize::from(carriage), doubled: false }, end)
            };
            self.fields.push(field);
            match &bytes[after..] {
                [] if ended => return Parsed::Row { next: after },
                [] => return Parsed::More,
                [b'\n', ..] => return Parsed::Row { next: after + 1 },
                [b'\r', b'\n', ..] => return Parsed::Row { next: after + 2 },
                [b'\r'] if ended => return Parsed::Row { next: after + 1 },
                [b'\r'] => return Parsed::More,
                [byte, ..] if *byte == delimiter => at = after + 1,
                _ => return Parsed::Broken("text follows a closing quote"),
            }
        }
    }

    /// The text of a field without white space around it; `None` if it is not in the encoding.
    fn text<'b>(&self, bytes: &'b [u8], field: &Field) -> Option<Cow<'b, str>> {
        let raw = &bytes[field.range.clone()];
        let text = match self.layout.encoding {
            Encoding::Utf8 => Cow::Borrowed(std::str::from_utf8(raw).ok()?),
            Encoding::Gb18030 => {
                encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(raw)?
            }
        };
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        if !field.doubled {
            return Some(text);
        }
        let quote = char::from(self.layout.quote).to_string();
        Some(Cow::Owned(text.replace(&quote.repeat(2), &quote)))
    }
}

/// The quoted field that begins at `at`, and where it ends; `None` if it does not.
fn quoted(bytes: &[u8], at: usize, quote: u8) -> Option<(Field, usize)> {
    let mut from = at + 1;
    let mut doubled = false;
    loop {
        let close = from + memchr(quote, &bytes[from..])?;
        if bytes.get(close + 1) != Some(&quote) {
            return Some((Field { range: at + 1..close, doubled }, close + 1));
        }
        doubled = true;
        from = close + 2;
        if from > bytes.len() {
            return None;
        }
    }
}

fn broken(why: &str) -> Reject {
    Reject::new(RejectCode::BrokenQuotes, "", why)
}
