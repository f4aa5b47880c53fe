//! Flags and distributions as tables, for a spreadsheet: CSV with the flags, or a workbook with
//! flags, distributions and warnings. Texts are written as texts: a cell never becomes a formula.

use super::{Words, say};
use crate::error::{AppError, Kind};
use crate::text::Lang;
use plumbline_ocds::{Findings, Group, Indicator};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

/// Flags that fit on a sheet, whose rows the format bounds at 1,048,576.
const FLAGS_MAX: usize = 1_000_000;
/// Width of a column, in characters.
const COLUMN_WIDTH: f64 = 22.0;
/// The day that every file names as its own, so that equal findings are equal files.
const MADE_ON: &str = "2026-01-01";
const COLUMNS: [&str; 6] = ["group", "unit", "indicator", "name", "value", "figures"];
const SPREAD: [&str; 10] =
    ["indicator", "group", "units", "flagged", "min", "q1", "median", "q3", "max", "limit"];

/// The flags as CSV.
///
/// # Errors
/// If they cannot be written.
pub fn csv(findings: &Findings, lang: Lang) -> Result<Vec<u8>, AppError> {
    let failed = |error: &dyn std::fmt::Display| AppError::new(Kind::Failed, "output", error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|error| failed(&error))?;
    for (group, unit, indicator, value) in findings.rows() {
        // A spreadsheet takes these signs at the beginning for a formula.
        let guard = if unit.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
        let (guarded, code) = (format!("{guard}{unit}"), indicator.to_string());
        let (name, value) = (Words::name(lang, indicator), value.to_string());
        let figures = in_words(findings, lang, (group, unit, indicator));
        writer
            .write_record([group.as_str(), &guarded, &code, &name, &value, &figures])
            .map_err(|error| failed(&error))?;
    }
    writer.into_inner().map_err(|error| failed(&error))
}

/// The figures behind a flag; nothing where it has none.
fn in_words(
    findings: &Findings,
    lang: Lang,
    (group, unit, indicator): (Group, &str, Indicator),
) -> String {
    let figures = findings.figures(group, unit, indicator);
    figures.map(|figures| Words::figures(lang, figures)).unwrap_or_default()
}

/// The bytes of the workbook.
///
/// # Errors
/// If there are more flags than a sheet has rows.
pub fn workbook(findings: &Findings, lang: Lang) -> Result<Vec<u8>, AppError> {
    let flags = findings.rows().count();
    if flags > FLAGS_MAX {
        return Err(AppError::new(Kind::Usage, "too-many-cards", format!("{flags} > {FLAGS_MAX}")));
    }
    write(findings, lang).map_err(|error| AppError::new(Kind::Failed, "xlsx", error))
}

fn write(findings: &Findings, lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::parse_from_str(MADE_ON)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let sheet = sheet(&mut book, "flags", &COLUMNS, lang)?;
    for (row, (of, unit, indicator, value)) in (1..).zip(findings.rows()) {
        sheet.write_string(row, 0, Words::group(lang, of))?;
        sheet.write_string(row, 1, unit)?;
        sheet.write_string(row, 2, indicator.to_string())?;
        sheet.write_string(row, 3, Words::name(lang, indicator))?;
        sheet.write_number(row, 4, value)?;
        sheet.write_string(row, 5, in_words(findings, lang, (of, unit, indicator)))?;
    }
    distributions(&mut book, findings, lang)?;
    let sheet = self::sheet(&mut book, "warnings", &["warning"], lang)?;
    for (row, one) in (1..).zip(&findings.warnings) {
        sheet.write_string(row, 0, Words::warning(lang, *one))?;
    }
    book.save_to_buffer()
}

fn distributions(book: &mut Workbook, findings: &Findings, lang: Lang) -> Result<(), XlsxError> {
    let sheet = sheet(book, "distributions", &SPREAD, lang)?;
    let all = findings.distributions.iter();
    let all = all.flat_map(|(code, groups)| groups.iter().map(move |(of, one)| (code, of, one)));
    for (row, (indicator, of, one)) in (1..).zip(all) {
        sheet.write_string(row, 0, indicator.to_string())?;
        sheet.write_string(row, 1, Words::group(lang, *of))?;
        // A sheet holds numbers with 53 bits; no log has so many processes.
        sheet.write_number(row, 2, one.units as f64)?;
        sheet.write_number(row, 3, one.flagged as f64)?;
        if let Some(s) = one.spread {
            for (column, value) in (4..).zip([s.min, s.q1, s.median, s.q3, s.max, s.limit]) {
                sheet.write_number(row, column, value)?;
            }
        }
    }
    Ok(())
}

fn sheet<'a>(
    book: &'a mut Workbook,
    name: &str,
    columns: &[&str],
    lang: Lang,
) -> Result<&'a mut Worksheet, XlsxError> {
    let sheet = book.add_worksheet().set_name(say(lang, name))?;
    let bold = Format::new().set_bold();
    for (column, name) in (0_u16..).zip(columns) {
        sheet.write_string_with_format(0, column, say(lang, name), &bold)?;
        sheet.set_column_width(column, COLUMN_WIDTH)?;
    }
    sheet.set_freeze_panes(1, 0)
}
