//! Cells of a workbook (XLSX). A workbook is an archive of compressed texts, which a few kilobytes
//! can make as large as one likes: everything is bounded before and while it is read.

use super::sheet::{Broken, COLUMNS_MAX, Cells, Sheet};
use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, open_workbook_from_rs};
use std::io::{self, Cursor, Read};
use zip::ZipArchive;

/// Most that the parts of a workbook may have together once they are expanded, in bytes: the strings
/// of all its sheets are in memory at the same time.
const EXPANDED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most parts of a workbook; a usual one has a dozen.
const PARTS_MAX: usize = 1024;
/// Most text of all cells together, in bytes. Cells may share one string, so it is no smaller for
/// being bounded above.
const TEXT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Numbers from here on have lost digits: a spreadsheet keeps fifteen.
const EXACT_MAX: f64 = 1e15;

/// See [`super::sheet::read`].
pub(super) fn read(bytes: &[u8], names: &[&str]) -> Result<Sheet, Broken> {
    let broken = |error: &dyn std::fmt::Display| Broken::new("workbook", error, ".xlsx");
    measure(bytes, EXPANDED_BYTES_MAX)?;
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes))
        .map_err(|error: calamine::XlsxError| broken(&error))?;
    let sheets = book.sheet_names();
    let wanted = sheets.iter().find(|sheet| names.contains(&sheet.as_str()));
    let Some(name) = wanted.or(sheets.first()).cloned() else {
        return Err(Broken::new("no-heading", "", ""));
    };
    let others = sheets.iter().filter(|sheet| **sheet != name).cloned();
    // With a sheet of the table's own name, the others are meant for something else.
    let other_sheets = if wanted.is_some() { Vec::new() } else { others.collect() };
    let mut reader = book.worksheet_cells_reader(&name).map_err(|error| broken(&error))?;
    let sheet = Sheet { name, encoding: "XLSX", other_sheets, ..Sheet::default() };
    let mut rows = Rows { cells: Cells::of(sheet), ..Rows::default() };
    loop {
        match reader.next_cell() {
            Ok(Some(cell)) => rows.take(cell.get_position(), cell.get_value())?,
            Ok(None) => break,
            Err(error) => return Err(broken(&error).at(rows.line)),
        }
    }
    rows.end_line()?;
    rows.cells.finish()
}

/// Expands all parts without keeping them: what the archive says of their sizes may be a lie.
fn measure(bytes: &[u8], max: u64) -> Result<(), Broken> {
    let broken = |error: &dyn std::fmt::Display| Broken::new("workbook", error, ".xlsx");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.len() > PARTS_MAX {
        return Err(Broken::new("workbook-size", archive.len(), PARTS_MAX));
    }
    let mut left = max;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| broken(&error))?;
        let read = io::copy(&mut part.take(left + 1), &mut io::sink());
        let read = read.map_err(|error| broken(&error))?;
        left = left.checked_sub(read).ok_or_else(|| Broken::new("workbook-size", "", max))?;
    }
    Ok(())
}

/// Cells as they come, into lines.
#[derive(Debug, Default)]
struct Rows {
    cells: Cells,
    /// The row whose cells are being gathered, counted from 1; 0 before the first.
    line: u64,
    gathered: Vec<String>,
    text_bytes: usize,
}

impl Rows {
    fn take(&mut self, (row, column): (u32, u32), value: &DataRef<'_>) -> Result<(), Broken> {
        let line = u64::from(row) + 1;
        if line < self.line {
            return Err(Broken::new("workbook", "row order", ".xlsx").at(line));
        }
        if line > self.line {
            self.end_line()?;
            self.line = line;
        }
        let text = text(value).map_err(|broken| broken.at(line))?;
        if text.is_empty() {
            return Ok(());
        }
        self.text_bytes += text.len();
        if self.text_bytes > TEXT_BYTES_MAX {
            return Err(Broken::new("workbook-size", "", TEXT_BYTES_MAX).at(line));
        }
        let column = column as usize;
        if column >= COLUMNS_MAX {
            return Err(Broken::new("columns", column + 1, COLUMNS_MAX).at(line));
        }
        if self.gathered.len() <= column {
            self.gathered.resize(column + 1, String::new());
        }
        self.gathered[column] = text;
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), Broken> {
        let mut cells = std::mem::take(&mut self.gathered);
        // Cells at the end of a row that were never filled are not in the file.
        let width = self.cells.sheet.heading.len();
        let is_comment = cells.first().is_some_and(|cell| cell.starts_with("# "));
        if cells.len() < width && !is_comment {
            cells.resize(width, String::new());
        }
        if self.line == 0 { Ok(()) } else { self.cells.take(self.line, cells) }
    }
}

/// A cell as a person who typed CSV would have written it.
fn text(value: &DataRef<'_>) -> Result<String, Broken> {
    Ok(match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.abs() >= EXACT_MAX => {
            return Err(Broken::new("digits", number, "text"));
        }
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(moment) => moment_text(moment),
        DataRef::Error(error) => return Err(Broken::new("cell-error", error, "")),
    })
}

/// A date, a time of day, or both.
fn moment_text(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let serial = moment.as_f64();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (serial < 1.0, serial.fract() == 0.0) {
        (true, _) => format!("{hour:02}:{minute:02}"),
        (_, true) => date,
        _ => format!("{date}T{hour:02}:{minute:02}:{second:02}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::table::sheet;
    use rust_xlsxwriter::{Format, Workbook};
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn book(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
        let mut book = Workbook::new();
        fill(&mut book);
        book.save_to_buffer().unwrap()
    }

    #[test]
    fn cells_read_as_a_person_would_type_them() {
        let bytes = book(|book| {
            let sheet = book.add_worksheet();
            for (column, heading) in ["code", "days", "from", "open", "flag"].iter().enumerate() {
                sheet.write_string(0, column as u16, *heading).unwrap();
            }
            let date = Format::new().set_num_format("yyyy-mm-dd");
            let time = Format::new().set_num_format("hh:mm");
            sheet.write_string(2, 0, "许可-1").unwrap();
            sheet.write_number(2, 1, 20).unwrap();
            sheet.write_number_with_format(2, 2, 46082, &date).unwrap();
            sheet.write_number_with_format(2, 3, 0.375, &time).unwrap();
            sheet.write_boolean(2, 4, true).unwrap();
            sheet.write_string(3, 0, "# 说明").unwrap();
            sheet.write_string(4, 0, "B").unwrap();
        });
        let sheet = sheet::read(&bytes, &[]).unwrap();
        assert_eq!((sheet.encoding, sheet.heading.len()), ("XLSX", 5));
        let lines: Vec<_> =
            sheet.lines.iter().map(|line| (line.number, line.cells.join("|"))).collect();
        let wanted = [(3, "许可-1|20|2026-03-01|09:00|true".to_owned()), (5, "B||||".to_owned())];
        assert_eq!(lines, wanted);
    }

    #[test]
    fn a_sheet_is_chosen_by_its_name() {
        let bytes = book(|book| {
            for (name, cell) in [("说明", "read me"), ("tariff", "fee_code")] {
                let sheet = book.add_worksheet();
                sheet.set_name(name).unwrap();
                sheet.write_string(0, 0, cell).unwrap();
            }
        });
        let named = sheet::read(&bytes, &["tariff", "收费标准库"]).unwrap();
        assert_eq!(
            (named.name.as_str(), named.heading.as_slice()),
            ("tariff", &["fee_code".into()][..])
        );
        assert!(named.other_sheets.is_empty());
        let first = sheet::read(&bytes, &["item"]).unwrap();
        assert_eq!((first.name.as_str(), first.other_sheets), ("说明", vec!["tariff".to_owned()]));
    }

    #[test]
    fn numbers_that_lost_digits_and_errors_are_refused() {
        let long = book(|book| {
            let sheet = book.add_worksheet();
            sheet.write_string(0, 0, "dept").unwrap();
            sheet.write_number(1, 0, 913_702_030_000_000_000.0_f64).unwrap();
        });
        let broken = sheet::read(&long, &[]).unwrap_err();
        assert_eq!((broken.code, broken.line), ("digits", 2));
    }

    fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn hostile_archives_are_refused_before_they_are_expanded() {
        let zeros = vec![b' '; 3 * 1024 * 1024];
        let bomb = archive(&[("xl/workbook.xml", &zeros), ("xl/sharedStrings.xml", &zeros)]);
        assert!(bomb.len() < 64 * 1024, "{}", bomb.len());
        assert_eq!(measure(&bomb, 6 * 1024 * 1024), Ok(()));
        let broken = measure(&bomb, 6 * 1024 * 1024 - 1).unwrap_err();
        assert_eq!(broken.code, "workbook-size");
        // The sizes that the archive states are not believed.
        let mut liar = bomb.clone();
        let size = (zeros.len() as u32).to_le_bytes();
        let places: Vec<_> = (0..liar.len() - 4).filter(|at| liar[*at..*at + 4] == size).collect();
        assert!(!places.is_empty());
        for place in places {
            liar[place..place + 4].copy_from_slice(&10_u32.to_le_bytes());
        }
        assert!(measure(&liar, 1024 * 1024).is_err());
        let many: Vec<_> = (0..=PARTS_MAX).map(|index| format!("{index}")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert_eq!(measure(&archive(&many), 1024).unwrap_err().code, "workbook-size");
        let empty = archive(&[("xl/workbook.xml", b"<workbook/>")]);
        assert!(sheet::read(&empty, &[]).is_err());
    }

    #[test]
    fn one_string_in_many_cells_is_counted_each_time() {
        let mut rows = Rows::default();
        let cell = "x".repeat(1024 * 1024);
        let shared = DataRef::SharedString(&cell);
        let mut taken = Ok(());
        for row in 0..=TEXT_BYTES_MAX as u32 / 1024 / 1024 {
            taken = rows.take((row, 0), &shared);
            // The lines themselves are of no interest here.
            rows.cells = Cells::default();
        }
        assert_eq!(taken.unwrap_err().code, "workbook-size");
        let far = rows.take((10_000, COLUMNS_MAX as u32), &DataRef::Bool(true));
        assert!(far.is_err());
    }
}
