//! Measures as rows: every figure of the named statistics, month by month, and the facts that plugins
//! publish. Nothing is computed here; a row is a cell of `plumbline report`, or an event of the log.

use super::column::Cell;
use super::filter::Filter;
use super::rows::Take;
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::report::Gathered;
use plumbline_contract::event::{Event, FACT_TYPE_PREFIX};
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::Day;
use plumbline_report::period::Period;
use plumbline_report::sheet::{self, Sheet};
use plumbline_report::statistics::{Scope, Statistics};

/// Months that are told where none are asked for: those of a year.
const MONTHS: i32 = 12;
/// Most months of one file: ten years.
const MONTHS_MAX: usize = 120;
/// Columns of a statistic that say what a row is about; the others are measures.
const LEADING: usize = 2;
/// Events read at once.
const EVENTS_AT_ONCE: usize = 1024;

/// The months of a filter, oldest first: those that lie in its days with at least one day.
fn months(filter: &Filter, as_of: Day) -> Result<Vec<Period>, AppError> {
    let last = Period::month_of(filter.to.unwrap_or(as_of).min(as_of));
    let first = match filter.from {
        Some(from) => Period::month_of(from),
        None => last.shifted(1 - MONTHS),
    };
    let mut months = Vec::new();
    let mut month = first;
    while month.days().0 <= last.days().0 {
        if months.len() >= MONTHS_MAX {
            let detail = format!("{first} – {last} > {MONTHS_MAX}");
            return Err(AppError::new(Kind::Usage, "data-days", detail));
        }
        months.push(month);
        month = month.shifted(1);
    }
    Ok(months)
}

/// The figures of all statistics.
///
/// # Errors
/// If there are too many months, the log cannot be read, or `take` fails.
pub(super) fn measures(app: &App, filter: &Filter, take: Take<'_>) -> Result<(), AppError> {
    let mut gathered = Gathered::read(app, None, None)?;
    let region = filter.region.clone().unwrap_or_default();
    let dept = filter.dept.clone().unwrap_or_default();
    gathered.keep(&region, &dept);
    for period in months(filter, gathered.as_of)? {
        app.go_on()?;
        let scope =
            Scope { period, as_of: gathered.as_of, region: region.clone(), dept: dept.clone() };
        let statistics =
            Statistics::new(&gathered.cases, &gathered.cards, &gathered.directory, scope);
        let sheets = Statistics::list().filter_map(|(id, ..)| statistics.sheet(id));
        for sheet in sheets {
            for cells in rows(&sheet, period, gathered.as_of) {
                if take(cells)?.is_break() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// The rows of one statistic, a row for each of its figures.
fn rows(sheet: &Sheet, period: Period, as_of: Day) -> Vec<Vec<Cell>> {
    let text = |text: &str| Cell::Text(text.to_owned());
    let mut all = Vec::new();
    for row in &sheet.rows {
        let name = match row.cells.get(1) {
            Some(sheet::Cell::Text(name)) => text(name),
            Some(sheet::Cell::Words(words)) => text(&words.zh),
            _ => Cell::None,
        };
        let measured = sheet.columns.iter().zip(&row.cells).skip(LEADING);
        for (column, cell) in measured {
            let Some(figures) = figures(cell) else { continue };
            let mut cells = vec![
                text(&sheet.id),
                text(&period.to_string()),
                Cell::Date(as_of),
                text(&row.key),
                name.clone(),
                text(&column.id),
                text(&column.title.zh),
                text(&column.title.en),
            ];
            cells.extend(figures);
            cells.push(Cell::Flag(row.small_sample));
            all.push(cells);
        }
    }
    all
}

/// Value, part, whole, low, high of a figure; `None` of a cell that holds none. Shares and their
/// bounds are per cent.
#[expect(
    clippy::cast_precision_loss,
    reason = "hundredths of a percent, and thousandths of points"
)]
fn figures(cell: &sheet::Cell) -> Option<[Cell; 5]> {
    let none = || Cell::None;
    let percent = |basis_points: i64| Cell::Number(basis_points as f64 / 100.0);
    Some(match cell {
        sheet::Cell::Count(count) => [Cell::Number(*count as f64), none(), none(), none(), none()],
        sheet::Cell::Share(share) => {
            let (part, whole) = (Cell::Integer(share.part), Cell::Integer(share.whole));
            [share.basis_points().map_or(Cell::None, percent), part, whole, none(), none()]
        }
        sheet::Cell::Interval(bounds) => {
            [none(), none(), none(), percent(bounds.low), percent(bounds.high)]
        }
        sheet::Cell::Number(number) => {
            [Cell::Number(number.0 as f64 / 1000.0), none(), none(), none(), none()]
        }
        sheet::Cell::Text(_) | sheet::Cell::Words(_) | sheet::Cell::Empty => return None,
    })
}

/// What plugins told each other, as it stands in the log.
///
/// # Errors
/// If the log cannot be read, or `take` fails.
pub(super) fn facts(app: &App, filter: &Filter, take: Take<'_>) -> Result<(), AppError> {
    let (end, zone) = (app.store().next_seq(), app.zone());
    let mut next = EventSeq(0);
    while next < end {
        app.go_on()?;
        let rows = app.store().read(next, EVENTS_AT_ONCE)?;
        let Some(last) = rows.last() else { break };
        next = last.seq.next();
        for row in rows.iter().filter(|row| row.seq < end) {
            let Some(cells) = fact(row.seq, &row.event) else { continue };
            if filter.takes_event(&row.event, zone) && take(cells)?.is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn fact(seq: EventSeq, event: &Event) -> Option<Vec<Cell>> {
    let (domain, name) = event.kind.strip_prefix(FACT_TYPE_PREFIX)?.split_once('.')?;
    let text = |text: &str| Cell::Text(text.to_owned());
    Some(vec![
        i64::try_from(seq.0).map_or(Cell::None, Cell::Integer),
        text(domain),
        text(name),
        text(&event.subject),
        Cell::Time(event.logged),
        text(&event.region),
        text(&event.dept),
        if event.is_blank() { Cell::None } else { text(&event.data) },
    ])
}
