//! The report of a shadow run as a workbook: summary, figures by rule, department and region, and
//! every card that would be another. It writes texts as texts: a cell never becomes a formula.

use super::{ShadowReport, Tried};
use crate::error::{AppError, Kind};
use crate::text::{self, Lang};
use plumbline_contract::alert::Level;
use plumbline_kernel::{Change, Figures, Side};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::collections::BTreeMap;

/// Cards that fit on a sheet, whose rows the format bounds at 1,048,576.
const CARDS_MAX: usize = 1_000_000;
/// Width of a column of texts, in characters.
const COLUMN_WIDTH: f64 = 22.0;
/// The day that every file names as its own, so that equal reports are equal files.
const MADE_ON: &str = "2026-01-01";

/// A line of the summary: its name, and what it says of a side.
type Line<T> = (&'static str, fn(&Tried) -> T);

/// The bytes of the workbook.
///
/// # Errors
/// If there are more cards than a sheet has rows.
pub fn workbook(report: &ShadowReport, lang: Lang) -> Result<Vec<u8>, AppError> {
    let cards = report.comparison.gained.len()
        + report.comparison.lost.len()
        + report.comparison.changed.len();
    if cards > CARDS_MAX {
        return Err(AppError::new(Kind::Usage, "too-many-cards", format!("{cards} > {CARDS_MAX}")));
    }
    write(report, lang).map_err(|error| AppError::new(Kind::Failed, "xlsx", error))
}

fn write(report: &ShadowReport, lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::parse_from_str(MADE_ON)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    summary(sheet(&mut book, "summary", lang)?, report, lang)?;
    figures(sheet(&mut book, "by-rule", lang)?, &report.by_rule, lang)?;
    figures(sheet(&mut book, "by-dept", lang)?, &report.by_dept, lang)?;
    figures(sheet(&mut book, "by-region", lang)?, &report.by_region, lang)?;
    changes(sheet(&mut book, "cards", lang)?, report, lang)?;
    book.save_to_buffer()
}

fn say(lang: Lang, name: &str) -> String {
    text::say(lang, &format!("xlsx.{name}"), &[])
}

fn sheet<'a>(
    book: &'a mut Workbook,
    name: &str,
    lang: Lang,
) -> Result<&'a mut Worksheet, XlsxError> {
    book.add_worksheet().set_name(say(lang, name))
}

fn head(sheet: &mut Worksheet, lang: Lang, names: &[&str]) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    for (column, name) in (0_u16..).zip(names) {
        sheet.write_string_with_format(0, column, say(lang, name), &bold)?;
        sheet.set_column_width(column, COLUMN_WIDTH)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn summary(sheet: &mut Worksheet, report: &ShadowReport, lang: Lang) -> Result<(), XlsxError> {
    head(sheet, lang, &["what", "present", "candidate"])?;
    let whole = [
        ("plugin", report.plugin.clone()),
        ("region", report.region.clone()),
        ("from", report.from.to_string()),
        ("until", report.until.to_string()),
    ];
    let mut row = 1;
    for (name, value) in whole {
        sheet.write_string(row, 0, say(lang, name))?;
        sheet.write_string(row, 2, value)?;
        row += 1;
    }
    let texts: [Line<String>; 3] = [
        ("version", |tried| tried.version.clone()),
        ("package", |tried| tried.package.to_string()),
        ("parameters", |tried| tried.parameters.to_string()),
    ];
    for (name, value) in texts {
        sheet.write_string(row, 0, say(lang, name))?;
        if let Some(present) = &report.present {
            sheet.write_string(row, 1, value(present))?;
        }
        sheet.write_string(row, 2, value(&report.candidate))?;
        row += 1;
    }
    // A sheet holds numbers with 53 bits; fuel of years fits.
    let numbers: [Line<f64>; 5] = [
        ("standing", |tried| tried.standing as f64),
        ("gaps", |tried| tried.gaps as f64),
        ("inputs", |tried| tried.inputs as f64),
        ("fuel", |tried| tried.fuel as f64),
        ("fuel-per-input", Tried::fuel_per_input),
    ];
    for (name, value) in numbers {
        sheet.write_string(row, 0, say(lang, name))?;
        if let Some(present) = &report.present {
            sheet.write_number(row, 1, value(present))?;
        }
        sheet.write_number(row, 2, value(&report.candidate))?;
        row += 1;
    }
    Ok(())
}

fn figures(
    sheet: &mut Worksheet,
    groups: &BTreeMap<String, Figures>,
    lang: Lang,
) -> Result<(), XlsxError> {
    let names = [
        "group",
        "gained-notice",
        "gained-yellow",
        "gained-red",
        "lost-notice",
        "lost-yellow",
        "lost-red",
        "raised",
        "lowered",
        "moved",
    ];
    head(sheet, lang, &names)?;
    for (row, (group, of)) in (1..).zip(groups) {
        sheet.write_string(row, 0, group)?;
        let numbers = [
            of.gained.notice,
            of.gained.yellow,
            of.gained.red,
            of.lost.notice,
            of.lost.yellow,
            of.lost.red,
            of.raised,
            of.lowered,
            of.moved,
        ];
        for (column, number) in (1..).zip(numbers) {
            sheet.write_number(row, column, number as f64)?;
        }
    }
    Ok(())
}

fn changes(sheet: &mut Worksheet, report: &ShadowReport, lang: Lang) -> Result<(), XlsxError> {
    let names = [
        "what",
        "rule",
        "subject",
        "region",
        "dept",
        "level-before",
        "level-after",
        "due-before",
        "due-after",
        "at-before",
        "at-after",
    ];
    head(sheet, lang, &names)?;
    let level = |side: &Option<Side>| side.as_ref().map(|side| say_level(lang, side.level));
    for (row, (what, change)) in (1..).zip(cards(report)) {
        let (before, after) = (&change.before, &change.after);
        let due = |side: &Option<Side>| side.as_ref().and_then(|side| side.due.clone());
        let at = |side: &Option<Side>| side.as_ref().map(|side| side.at.clone());
        let texts = [
            Some(say(lang, what)),
            Some(change.rule.clone()),
            Some(change.subject.clone()),
            Some(change.region.clone()),
            Some(change.dept.clone()),
            level(before),
            level(after),
            due(before),
            due(after),
            at(before),
            at(after),
        ];
        for (column, text) in (0..).zip(texts) {
            sheet.write_string(row, column, text.unwrap_or_default())?;
        }
    }
    Ok(())
}

fn say_level(lang: Lang, level: Level) -> String {
    text::say(lang, &format!("level.{}", level.as_str()), &[])
}

/// Every card that would be another, with the name of what would become of it.
pub fn cards(report: &ShadowReport) -> impl Iterator<Item = (&'static str, &Change)> {
    let comparison = &report.comparison;
    let gained = comparison.gained.iter().map(|change| ("gained", change));
    let lost = comparison.lost.iter().map(|change| ("lost", change));
    let changed = comparison.changed.iter().map(|change| ("changed", change));
    gained.chain(lost).chain(changed)
}
