//! Sheets as a workbook: counts and points as numbers, percentages as people read them, texts as
//! texts, so that no cell becomes a formula. Equal sheets are equal files.

use crate::error::{AppError, Kind};
use crate::text::{self, Lang};
use plumbline_report::exact::MILLI;
use plumbline_report::sheet::{Cell, Row, Sheet};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

/// Rows that fit on a sheet besides headings and notes, whose number the format bounds at 1,048,576.
const ROWS_MAX: usize = 1_000_000;
/// Characters of a sheet's name that the format allows.
const NAME_CHARS_MAX: usize = 31;
/// Width of a column, in characters.
const COLUMN_WIDTH: f64 = 16.0;
/// The day that every file names as its own.
const MADE_ON: &str = "2026-01-01";

/// The bytes of the workbook.
///
/// # Errors
/// If there are more rows than a sheet has.
pub fn workbook(sheets: &[Sheet], lang: Lang) -> Result<Vec<u8>, AppError> {
    if let Some(sheet) = sheets.iter().find(|sheet| sheet.rows.len() > ROWS_MAX) {
        let detail = format!("{}: {} rows > {ROWS_MAX}", sheet.id, sheet.rows.len());
        return Err(AppError::new(Kind::Usage, "xlsx", detail));
    }
    write(sheets, lang).map_err(|error| AppError::new(Kind::Failed, "xlsx", error))
}

fn write(sheets: &[Sheet], lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::parse_from_str(MADE_ON)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    for (place, sheet) in sheets.iter().enumerate() {
        let page = book.add_worksheet().set_name(name(sheet, place, lang))?;
        fill(page, sheet, lang)?;
    }
    book.save_to_buffer()
}

/// The title up to the period, with its place where several would be called the same.
fn name(sheet: &Sheet, place: usize, lang: Lang) -> String {
    let title = lang.pick(&sheet.title.zh, &sheet.title.en);
    let short = title.split(['（', '(']).next().unwrap_or(title).trim();
    let allowed = short.chars().filter(|c| !"[]:*?/\\'".contains(*c));
    let name: String = format!("{} ", place + 1).chars().chain(allowed).collect();
    name.chars().take(NAME_CHARS_MAX).collect()
}

fn fill(page: &mut Worksheet, sheet: &Sheet, lang: Lang) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    page.write_string_with_format(0, 0, lang.pick(&sheet.title.zh, &sheet.title.en), &bold)?;
    let mark = text::say(lang, "report.mark", &[]);
    let titles = sheet.columns.iter().map(|of| lang.pick(&of.title.zh, &of.title.en));
    for (column, title) in (0_u16..).zip(titles.chain([mark.as_str()])) {
        page.write_string_with_format(1, column, title, &bold)?;
        page.set_column_width(column, COLUMN_WIDTH)?;
    }
    page.set_freeze_panes(2, 0)?;
    let mut line = 2;
    for row in &sheet.rows {
        cells(page, line, row, lang)?;
        line += 1;
    }
    for note in &sheet.notes {
        page.write_string(line, 0, lang.pick(&note.zh, &note.en))?;
        line += 1;
    }
    Ok(())
}

fn cells(page: &mut Worksheet, line: u32, row: &Row, lang: Lang) -> Result<(), XlsxError> {
    let mut column = 0;
    for cell in &row.cells {
        match cell {
            Cell::Empty => {}
            // A sheet holds numbers with 53 bits; counts of a county fit.
            Cell::Count(count) => {
                page.write_number(line, column, *count as f64)?;
            }
            Cell::Number(number) => {
                page.write_number(line, column, number.0 as f64 / MILLI as f64)?;
            }
            other => {
                page.write_string(line, column, other.show(lang == Lang::Zh))?;
            }
        }
        column += 1;
    }
    if row.small_sample {
        page.write_string(line, column, text::say(lang, "report.small", &[]))?;
    }
    Ok(())
}
