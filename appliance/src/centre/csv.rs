//! Rows as CSV. An empty text is `""` and no value is nothing at all, so that both can be told apart;
//! the crate that reads CSV elsewhere cannot write that.

use super::column::{Cell, Column};
use super::export::Encoding;
use crate::backup::unwritten;
use crate::error::AppError;
use encoding_rs::GB18030;
use plumbline_contract::time::Zone;
use std::fs::File;
use std::io::{BufWriter, Write};

/// Spreadsheets in China take a file without it for GB18030.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// See the module.
#[derive(Debug)]
pub(super) struct CsvFile<'a> {
    file: BufWriter<File>,
    encoding: Encoding,
    zone: &'a Zone,
    line: String,
}

impl<'a> CsvFile<'a> {
    pub(super) fn begin(
        file: File,
        columns: &[&Column],
        encoding: Encoding,
        zone: &'a Zone,
    ) -> Result<Self, AppError> {
        let mut file = BufWriter::new(file);
        if encoding == Encoding::Utf8Bom {
            file.write_all(BYTE_ORDER_MARK).map_err(|error| unwritten(&error))?;
        }
        let mut csv = Self { file, encoding, zone, line: String::new() };
        let names = columns.iter().map(|column| Some(column.name.clone()));
        csv.write(names, &[])?;
        Ok(csv)
    }

    pub(super) fn row(&mut self, row: &[Cell]) -> Result<(), AppError> {
        let zone = self.zone;
        self.write(row.iter().map(|cell| cell.text(zone)), row)
    }

    fn write(
        &mut self,
        texts: impl Iterator<Item = Option<String>>,
        row: &[Cell],
    ) -> Result<(), AppError> {
        self.line.clear();
        for (index, text) in texts.enumerate() {
            if index > 0 {
                self.line.push(',');
            }
            let is_text = matches!(row.get(index), Some(Cell::Text(_)));
            match text {
                Some(text) if is_text && self.encoding.is_for_spreadsheets() => {
                    quote(&mut self.line, &harmless(text));
                }
                Some(text) => quote(&mut self.line, &text),
                // A line without anything would be no line to many readers.
                None if row.len() == 1 => self.line.push_str("\"\""),
                None => {}
            }
        }
        self.line.push_str("\r\n");
        let bytes = match self.encoding {
            Encoding::Gb18030 => GB18030.encode(&self.line).0,
            Encoding::Utf8 | Encoding::Utf8Bom => self.line.as_bytes().into(),
        };
        self.file.write_all(&bytes).map_err(|error| unwritten(&error))
    }

    pub(super) fn finish(self) -> Result<File, AppError> {
        self.file.into_inner().map_err(|error| unwritten(error.error()))
    }
}

/// A text that no spreadsheet will calculate.
fn harmless(text: String) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text }
}

fn quote(line: &mut String, text: &str) {
    let plain = !text.is_empty() && !text.contains(['"', ',', '\r', '\n']);
    if plain && text.trim().len() == text.len() {
        return line.push_str(text);
    }
    line.push('"');
    line.push_str(&text.replace('"', "\"\""));
    line.push('"');
}
