//! Rows as a workbook (XLSX), with a second sheet that says what the columns are. It writes texts as
//! texts: a cell never becomes a formula. A workbook is made in memory, so that it is bounded, and
//! the sheet's own bounds are said instead of cutting anything off.

use super::column::{Cell, Column};
use crate::backup::unwritten;
use crate::error::{AppError, Kind};
use crate::text::{self, Lang};
use plumbline_contract::time::{Day, Zone};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::fs::File;

/// Rows of a sheet without its heading: the format bounds them at 1,048,576.
pub(super) const ROWS_MAX: u64 = 1_048_575;
/// Most cells, because each takes some hundred bytes of memory: half a GiB together.
pub(super) const CELLS_MAX: u64 = 5_000_000;
/// Whole numbers from here on lose digits in a sheet, which keeps fifteen; they become texts.
const EXACT_MAX: u64 = 1_000_000_000_000_000;
/// The first day that all spreadsheets count alike.
const FIRST_YEAR: i32 = 1901;
/// The last day that a sheet can show.
const LAST_YEAR: i32 = 9999;
/// Headings of the sheet of columns, as the messages name them.
const HEADING: [&str; 6] =
    ["data.column", "data.title", "data.about", "data.kind", "data.unit", "data.personal"];
/// Width of a column, in characters.
const COLUMN_WIDTH: f64 = 22.0;
/// The day that every file names as its own, so that equal sets are equal files.
const MADE_ON: &str = "2026-01-01";

/// See the module.
pub(super) struct SheetFile<'a> {
    file: File,
    book: Workbook,
    columns: Vec<Column>,
    dates: Format,
    lang: Lang,
    zone: &'a Zone,
    rows: u64,
}

impl std::fmt::Debug for SheetFile<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SheetFile").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl<'a> SheetFile<'a> {
    pub(super) fn begin(
        file: File,
        columns: &[&Column],
        lang: Lang,
        zone: &'a Zone,
    ) -> Result<Self, AppError> {
        let mut book = Workbook::new();
        let columns: Vec<_> = columns.iter().map(|column| (*column).clone()).collect();
        begin(&mut book, &columns, lang).map_err(|error| failed(&error))?;
        let dates = Format::new().set_num_format("yyyy-mm-dd");
        Ok(Self { file, book, columns, dates, lang, zone, rows: 0 })
    }

    pub(super) fn row(&mut self, row: &[Cell]) -> Result<(), AppError> {
        self.rows += 1;
        if self.rows > ROWS_MAX {
            return Err(AppError::new(Kind::Usage, "data-rows", ROWS_MAX));
        }
        if self.rows * row.len() as u64 > CELLS_MAX {
            return Err(AppError::new(Kind::Usage, "data-cells", CELLS_MAX));
        }
        let line = u32::try_from(self.rows).expect("rows are bounded");
        let sheet = self.book.worksheet_from_index(0).map_err(|error| failed(&error))?;
        for (index, cell) in (0_u16..).zip(row) {
            write(sheet, (line, index), cell, &self.dates, self.zone).map_err(|error| {
                let name = &self.columns[usize::from(index)].name;
                match error {
                    XlsxError::MaxStringLengthExceeded => {
                        AppError::new(Kind::Usage, "data-cell", format!("{line}, {name}"))
                    }
                    other => failed(&other),
                }
            })?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<File, AppError> {
        self.describe().map_err(|error| failed(&error))?;
        let saved = self.book.save_to_writer(&self.file);
        saved.map_err(|error| match error {
            XlsxError::IoError(error) => unwritten(&error),
            other => failed(&other),
        })?;
        Ok(self.file)
    }

    /// The sheet of the columns.
    fn describe(&mut self) -> Result<(), XlsxError> {
        let lang = self.lang;
        let sheet = self.book.add_worksheet().set_name(say(lang, "data.columns"))?;
        let bold = Format::new().set_bold();
        for (index, name) in (0..).zip(HEADING) {
            sheet.write_string_with_format(0, index, say(lang, name), &bold)?;
            sheet.set_column_width(index, COLUMN_WIDTH)?;
        }
        for (line, column) in (1..).zip(&self.columns) {
            let kind = say(lang, &format!("data.kind-{}", column.kind.as_str()));
            let personal = if column.personal { say(lang, "data.yes") } else { String::new() };
            let texts = [&column.name, &column.zh, &column.en, &kind, &column.unit, &personal];
            for (index, text) in (0..).zip(texts) {
                sheet.write_string(line, index, text)?;
            }
        }
        Ok(())
    }
}

fn say(lang: Lang, key: &str) -> String {
    text::say(lang, key, &[])
}

fn failed(error: &XlsxError) -> AppError {
    AppError::new(Kind::Failed, "xlsx", error)
}

fn begin(book: &mut Workbook, columns: &[Column], lang: Lang) -> Result<(), XlsxError> {
    let made = ExcelDateTime::parse_from_str(MADE_ON)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let sheet = book.add_worksheet().set_name(say(lang, "data.rows"))?;
    let bold = Format::new().set_bold();
    for (index, column) in (0_u16..).zip(columns) {
        sheet.write_string_with_format(0, index, &column.name, &bold)?;
        sheet.set_column_width(index, COLUMN_WIDTH)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    dates: &Format,
    zone: &Zone,
) -> Result<(), XlsxError> {
    match cell {
        Cell::None => {}
        Cell::Integer(number) if number.unsigned_abs() < EXACT_MAX => {
            sheet.write_number(row, column, *number as f64)?;
        }
        Cell::Number(number) => {
            sheet.write_number(row, column, *number)?;
        }
        Cell::Flag(flag) => {
            sheet.write_boolean(row, column, *flag)?;
        }
        Cell::Date(day) => match serial(*day)? {
            Some(date) => {
                sheet.write_datetime_with_format(row, column, &date, dates)?;
            }
            None => {
                sheet.write_string(row, column, day.to_string())?;
            }
        },
        Cell::Text(text) => {
            sheet.write_string(row, column, text)?;
        }
        Cell::Integer(_) | Cell::Time(_) => {
            sheet.write_string(row, column, cell.text(zone).unwrap_or_default())?;
        }
    }
    Ok(())
}

/// A day as a sheet counts it, if it can.
fn serial(day: Day) -> Result<Option<ExcelDateTime>, XlsxError> {
    let (year, month, day) = day.ymd();
    if !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
        return Ok(None);
    }
    let (year, month, day) = (year.unsigned_abs() as u16, month as u8, day as u8);
    ExcelDateTime::from_ymd(year, month, day).map(Some)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::centre::Set;

    fn fails(rows: impl Iterator<Item = Vec<Cell>>) -> &'static str {
        let zone = Zone::shanghai();
        let all = Set::Rules.columns();
        let columns: Vec<_> = all.iter().collect();
        let file = tempfile::tempfile().unwrap();
        let mut sheet = SheetFile::begin(file, &columns, Lang::En, &zone).unwrap();
        let mut refused = rows.map(|row| sheet.row(&row)).filter_map(Result::err);
        refused.next().map_or("nothing", |error| error.message)
    }

    #[test]
    fn data_beyond_what_a_sheet_holds_is_refused() {
        let rows = |count: u64, width: usize| (0..count).map(move |_| vec![Cell::None; width]);
        assert_eq!(fails(rows(ROWS_MAX, 1)), "nothing");
        assert_eq!(fails(rows(ROWS_MAX + 1, 1)), "data-rows");
        assert_eq!(fails(rows(CELLS_MAX / 1000, 1000)), "nothing");
        assert_eq!(fails(rows(CELLS_MAX / 1000 + 1, 1000)), "data-cells");
        let text = |length: usize| std::iter::once(vec![Cell::Text("长".repeat(length))]);
        assert_eq!((fails(text(32_767)), fails(text(32_768))), ("nothing", "data-cell"));
    }
}
