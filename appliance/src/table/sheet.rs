//! The cells of a file of a reference table: CSV in UTF-8, UTF-16 or GB18030, or a workbook.
//!
//! It knows nothing of tables and their columns. What it cannot read is a problem with its place.

use super::problem::{Problem, Severity};
use super::xlsx;
use plumbline_contract::table::TABLE_ROWS_MAX;
use std::borrow::Cow;

/// Largest file of a table, in bytes: a million rows of 250 bytes.
pub const TABLE_FILE_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Most columns of a file: the tables have two dozen, a county adds some of its own.
pub const COLUMNS_MAX: usize = 256;
/// Begins a line that explains something and is no row.
const COMMENT: &str = "# ";

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Name of the sheet, of a workbook.
    pub name: String,
    /// `UTF-8`, `GB18030`, `UTF-16` or `XLSX`.
    pub encoding: &'static str,
    pub heading: Vec<String>,
    pub lines: Vec<Line>,
    /// Sheets that were not read although something stands there.
    pub other_sheets: Vec<String>,
}

/// One row of cells, as many as the heading has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1, as people and spreadsheets do.
    pub number: u64,
    pub cells: Vec<String>,
}

/// What keeps a file from being read any further.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Broken {
    pub code: &'static str,
    pub line: u64,
    pub value: String,
    pub allowed: String,
}

impl Broken {
    pub(super) fn new(code: &'static str, value: impl ToString, allowed: impl ToString) -> Self {
        Self { code, line: 0, value: value.to_string(), allowed: allowed.to_string() }
    }

    pub(super) fn at(self, line: u64) -> Self {
        Self { line, ..self }
    }

    /// As a problem of a table.
    #[must_use]
    pub fn problem(&self, table: &str) -> Problem {
        let problem = Problem::new(Severity::Error, self.code, table);
        problem.at(self.line, "").value(&self.value, &self.allowed)
    }
}

/// The cells of a file; of a workbook those of the sheet with one of these names, or its first.
///
/// # Errors
/// If it is no such file, or larger than the limits.
pub fn read(bytes: &[u8], names: &[&str]) -> Result<Sheet, Broken> {
    if bytes.len() > TABLE_FILE_BYTES_MAX {
        return Err(Broken::new("file-size", bytes.len(), TABLE_FILE_BYTES_MAX));
    }
    match bytes {
        [0x50, 0x4b, 0x03, 0x04, ..] => xlsx::read(bytes, names),
        // A workbook of Excel 97: saving it anew is safer than reading its format.
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Err(Broken::new("old-workbook", "", ".xlsx / .csv")),
        _ => csv(bytes),
    }
}

fn csv(bytes: &[u8]) -> Result<Sheet, Broken> {
    let (text, encoding) = decode(bytes)?;
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if first.contains('\t') && !first.contains(',') { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut cells = Cells::of(Sheet { encoding, ..Sheet::default() });
    let mut record = csv::StringRecord::new();
    let mut lines = Lines { text: &text, at: 0, line: 1 };
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => return cells.finish(),
            Ok(true) => {
                let start = record.position().map_or(0, csv::Position::byte);
                let number = lines.number(start as usize);
                cells.take(number, record.iter().map(str::to_owned).collect())?;
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                return Err(Broken::new("csv", error, "CSV").at(line));
            }
        }
    }
}

/// Counts lines: the reader's own count is behind where lines end with two signs or are blank.
#[derive(Debug)]
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the first sign at or behind a place that does not end a line.
    fn number(&mut self, start: usize) -> u64 {
        let bytes = self.text.as_bytes();
        let ends = bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let place = start + ends;
        self.line += bytes[self.at..place].iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = place;
        self.line
    }
}

/// The text of a file. Spreadsheets write UTF-8 with a byte order mark, UTF-16, or in China GB18030.
fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, &'static str), Broken> {
    use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};
    let decoded = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok().map(Cow::Borrowed),
        [0xff, 0xfe, rest @ ..] => {
            return UTF_16LE
                .decode_without_bom_handling_and_without_replacement(rest)
                .map(|text| (text, "UTF-16"))
                .ok_or_else(|| wrong_encoding(bytes));
        }
        [0xfe, 0xff, rest @ ..] => {
            return UTF_16BE
                .decode_without_bom_handling_and_without_replacement(rest)
                .map(|text| (text, "UTF-16"))
                .ok_or_else(|| wrong_encoding(bytes));
        }
        _ => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    };
    if let Some(text) = decoded {
        return Ok((text, "UTF-8"));
    }
    let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(|text| (text, "GB18030")).ok_or_else(|| wrong_encoding(bytes))
}

/// Names the line on which the text stops being UTF-8.
fn wrong_encoding(bytes: &[u8]) -> Broken {
    let good = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let line = bytes[..good].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    Broken::new("encoding", "", "UTF-8 / GB18030").at(line)
}

/// Rows as they come, into a sheet: the first is the heading, blank lines and comments are no rows.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) sheet: Sheet,
    has_heading: bool,
}

impl Cells {
    pub(super) fn of(sheet: Sheet) -> Self {
        Self { sheet, has_heading: false }
    }

    pub(super) fn take(&mut self, number: u64, mut cells: Vec<String>) -> Result<(), Broken> {
        for cell in &mut cells {
            let trimmed = cell.trim();
            if trimmed.len() < cell.len() {
                *cell = trimmed.to_owned();
            }
        }
        let is_comment = cells.first().is_some_and(|cell| cell.starts_with(COMMENT));
        if is_comment || cells.iter().all(String::is_empty) {
            return Ok(());
        }
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if let Some(cell) = cells.iter().find(|cell| cell.contains(control)) {
            let shown = cell.replace(control, "�");
            return Err(Broken::new("control", shown, "").at(number));
        }
        if !self.has_heading {
            let filled = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
            cells.truncate(filled);
            if cells.len() > COLUMNS_MAX {
                return Err(Broken::new("columns", cells.len(), COLUMNS_MAX).at(number));
            }
            (self.sheet.heading, self.has_heading) = (cells, true);
            return Ok(());
        }
        let width = self.sheet.heading.len();
        let is_wider = cells.iter().skip(width).any(|cell| !cell.is_empty());
        if is_wider || cells.len() < width {
            return Err(Broken::new("cells", cells.len(), width).at(number));
        }
        cells.truncate(width);
        if self.sheet.lines.len() == TABLE_ROWS_MAX {
            return Err(Broken::new("rows", "", TABLE_ROWS_MAX).at(number));
        }
        self.sheet.lines.push(Line { number, cells });
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Sheet, Broken> {
        if !self.has_heading {
            return Err(Broken::new("no-heading", "", ""));
        }
        Ok(self.sheet)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn every_encoding_of_a_spreadsheet_gives_the_same_cells() {
        let text =
            "item_code,name\r\nA1,食品经营许可\r\n\r\n,,\r\n# 说明,x,y,z\r\nB2,\"两行\n文字\"\r\n";
        let gbk = encoding_rs::GBK.encode(text).0.into_owned();
        let tabbed = utf16(&text.replace(',', "\t"));
        let files = [
            ("UTF-8", text.as_bytes().to_vec()),
            ("UTF-8", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
            ("GB18030", gbk),
            ("UTF-16", utf16(text)),
            ("UTF-16", tabbed),
        ];
        for (encoding, bytes) in files {
            let sheet = read(&bytes, &[]).unwrap();
            assert_eq!(sheet.encoding, encoding);
            assert_eq!(sheet.heading, ["item_code", "name"], "{encoding}");
            let lines: Vec<_> = sheet.lines.iter().map(|l| (l.number, l.cells.join("|"))).collect();
            let wanted = [(2, "A1|食品经营许可".to_owned()), (6, "B2|两行\n文字".to_owned())];
            assert_eq!(lines, wanted, "{encoding}");
        }
    }

    #[test]
    fn what_is_no_table_is_said_with_its_line() {
        let wide = vec!["x"; COLUMNS_MAX + 1].join(",");
        let rows: [(&[u8], &str, u64); 9] = [
            (b"", "no-heading", 0),
            (b"# only a comment\n,,\n", "no-heading", 0),
            (b"a,b\n1,2,3\n", "cells", 2),
            (b"a,b\n1\n", "cells", 2),
            (b"a,b\n\n1,\x07\n", "control", 3),
            (b"a,b\n1,\xff\xff\n", "encoding", 2),
            (wide.as_bytes(), "columns", 1),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old-workbook", 0),
            (b"PK\x03\x04 but no archive", "workbook", 0),
        ];
        for (bytes, code, line) in rows {
            let broken = read(bytes, &[]).unwrap_err();
            assert_eq!((broken.code, broken.line), (code, line), "{broken:?}");
        }
    }
}
