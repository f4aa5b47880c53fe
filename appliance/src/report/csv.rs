//! Sheets as CSV: one sheet is headings and rows; several follow each other, each under its title.

use crate::text::{Lang, say};
use plumbline_report::sheet::{Cell, Sheet};

/// Spreadsheets in China take a file without it for GB18030.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// A spreadsheet takes a cell that begins so for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The bytes of the file.
#[must_use]
pub fn csv(sheets: &[Sheet], lang: Lang) -> Vec<u8> {
    let mut lines: Vec<Vec<String>> = Vec::new();
    for (place, sheet) in sheets.iter().enumerate() {
        if sheets.len() > 1 {
            if place > 0 {
                lines.push(vec![String::new()]);
            }
            lines.push(vec![text(lang.pick(&sheet.title.zh, &sheet.title.en))]);
        }
        let headings =
            sheet.columns.iter().map(|column| lang.pick(&column.title.zh, &column.title.en));
        let mark = say(lang, "report.mark", &[]);
        lines.push(headings.map(text).chain([mark]).collect());
        for row in &sheet.rows {
            let mark =
                if row.small_sample { say(lang, "report.small", &[]) } else { String::new() };
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

/// Numbers are no texts: a negative one stays as it is.
fn cell(cell: &Cell, lang: Lang) -> String {
    let shown = cell.show(lang == Lang::Zh);
    if matches!(cell, Cell::Text(_) | Cell::Words(_)) { text(&shown) } else { shown }
}

/// A text that would be a formula gets an apostrophe, as spreadsheets write it themselves.
fn text(text: &str) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumbline_report::exact::Milli;

    #[test]
    fn texts_are_guarded_and_numbers_are_not() {
        for (given, expected) in [
            (Cell::text("=A1"), "'=A1"),
            (Cell::text("+86"), "'+86"),
            (Cell::text("-cmd"), "'-cmd"),
            (Cell::text("@x"), "'@x"),
            (Cell::text("\tx"), "'\tx"),
            (Cell::text("\rx"), "'\rx"),
            (Cell::text("D-1"), "D-1"),
            (Cell::Number(Milli(-9_677)), "-9.677"),
            (Cell::Count(-1), "-1"),
        ] {
            assert_eq!(cell(&given, Lang::Zh), expected, "{given:?}");
        }
    }
}
