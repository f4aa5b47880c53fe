//! Sheets as CSV: one sheet is headings and rows; several follow each other, each under its title.

use crate::text::{self, Lang};
use plumbline_report::sheet::{Cell, Sheet};

/// Spreadsheets in China take a file without it for GB18030.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// A spreadsheet takes a cell that begins so for a formula.
const FORMULA: [char; 5] = ['=', '+', '@', '\t', '\r'];

/// The bytes of the file.
#[must_use]
pub fn csv(sheets: &[Sheet], lang: Lang) -> Vec<u8> {
    let mut lines: Vec<Vec<String>> = Vec::new();
    for (place, sheet) in sheets.iter().enumerate() {
        if sheets.len() > 1 {
            if place > 0 {
                lines.push(vec![String::new()]);
            }
            lines.push(vec![lang.pick(&sheet.title.zh, &sheet.title.en).to_owned()]);
        }
        let headings =
            sheet.columns.iter().map(|column| lang.pick(&column.title.zh, &column.title.en));
        let mark = text::say(lang, "report.mark", &[]);
        lines.push(headings.map(str::to_owned).chain([mark]).collect());
        for row in &sheet.rows {
            let mark =
                if row.small_sample { text::say(lang, "report.small", &[]) } else { String::new() };
            lines.push(row.cells.iter().map(|of| cell(of, lang)).chain([mark]).collect());
        }
    }
    let mut writer = ::csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for line in lines {
        writer.write_record(&line).expect("memory takes what is written");
    }
    let bytes = writer.into_inner().expect("memory takes what is written");
    [BYTE_ORDER_MARK.as_bytes(), &bytes].concat()
}

/// A text that would be a formula gets an apostrophe, as spreadsheets write it themselves.
fn cell(cell: &Cell, lang: Lang) -> String {
    let shown = cell.show(lang == Lang::Zh);
    let is_text = matches!(cell, Cell::Text(_) | Cell::Words(_));
    if is_text && shown.starts_with(FORMULA) { format!("'{shown}") } else { shown }
}
