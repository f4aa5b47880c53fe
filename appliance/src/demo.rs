//! A believable county at speed: three weeks of approvals in seconds, good and bad, and what the
//! supervision makes of them. It needs nothing but this binary and the plugins beside it.

mod county;
pub mod hall;
pub mod year;

use crate::alert::AlertState;
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::{clock, table};
use plumbline_contract::alert::{AlertAct, Level};
use plumbline_contract::desk::Desk;
use plumbline_contract::event::Event;
use plumbline_contract::table::TableRow;
use plumbline_contract::time::{Day, Local};
use plumbline_contract::worktime::Unit;
use plumbline_county::Made;
use plumbline_ingest::{Mode, Reading, Rights, read_event};
use serde_json::Value;
use std::collections::BTreeMap;

/// Hand-made cases, each with a story; they lie in `examples/events` for everybody to read.
const STORIES: &str = include_str!("../../examples/events/county-week.ndjson");
const STORY_TABLES: [(&str, &str); 5] = [
    ("item", include_str!("../../examples/events/tables/item.csv")),
    ("authority_grant", include_str!("../../examples/events/tables/authority_grant.csv")),
    ("item_special_link", include_str!("../../examples/events/tables/item_special_link.csv")),
    ("tariff", include_str!("../../examples/events/tables/tariff.csv")),
    ("collection_account", include_str!("../../examples/events/tables/collection_account.csv")),
];
/// First and last day of the play.
const FIRST: &str = "2026-03-02";
const LAST: &str = "2026-03-27";
/// Days on which the invented departments receive cases.
const RECEIVING_DAYS: usize = 8;

/// What one day brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayReport {
    pub day: Day,
    pub is_working: bool,
    pub events: usize,
    pub notices: u64,
    pub yellows: u64,
    pub reds: u64,
    pub withdrawn: u64,
}

/// Loads the tables of the play, and of the year before it, into a fresh home whose plugins are
/// enabled.
///
/// # Errors
/// If the home cannot take them.
pub fn prepare(app: &App, year: &Made) -> Result<(), AppError> {
    tables(year)?.into_iter().try_for_each(|(name, rows)| app.load_table(name, rows).map(drop))
}

/// The tables of both, each as one; what is exported of them can be loaded again.
fn tables(year: &Made) -> Result<BTreeMap<&str, Vec<TableRow>>, AppError> {
    let mut tables: BTreeMap<&str, Vec<TableRow>> = BTreeMap::new();
    let of_year = year.tables.iter().map(|(name, text)| (*name, text.clone()));
    let of_stories = STORY_TABLES.into_iter().map(|(name, text)| (name, text.to_owned()));
    for (name, text) in of_year.chain(of_stories).chain(county::tables()) {
        tables.entry(name).or_default().extend(table::parse_csv(name, text.as_bytes())?);
    }
    tables
        .values_mut()
        .for_each(|rows| rows.sort_by(|a, b| (&a.key, a.from).cmp(&(&b.key, b.from))));
    Ok(tables)
}

/// Plays all days; `tell` hears of each.
///
/// # Errors
/// If the home fails.
pub fn play(app: &App, tell: &mut dyn FnMut(DayReport)) -> Result<(), AppError> {
    let date = |text: &str| Day::parse(text).ok_or_else(|| wrong(text));
    let (first, last) = (date(FIRST)?, date(LAST)?);
    let tables = app.tables().view(app.store(), app.store().next_seq())?;
    let desk = Desk::open(&tables, "370203", "").map_err(wrong)?;
    let mut events = events(app, &desk, first)?.into_iter().peekable();
    for number in first.0..=last.0 {
        let day = Day(number);
        let end = app.zone().instant(Local(day.plus(1).start().0 + 10 * 60_000));
        let mut batch = Vec::new();
        while events.peek().is_some_and(|event| event.logged <= end) {
            batch.extend(events.next());
        }
        let is_working = desk.calendar().is_working(day);
        let mut report = DayReport { day, is_working, events: batch.len(), ..Default::default() };
        app.append(&batch)?;
        app.tick(end, true)?;
        for (_, alert) in app.settle()? {
            match (alert.act, alert.level) {
                (AlertAct::Withdrawn | AlertAct::Closed, _) => report.withdrawn += 1,
                (AlertAct::Lowered | AlertAct::Amended, _) => {}
                (_, Level::Notice) => report.notices += 1,
                (_, Level::Yellow) => report.yellows += 1,
                (_, Level::Red) => report.reds += 1,
            }
        }
        tell(report);
    }
    Ok(())
}

/// A case that is worth a look: the subject of an open red card, else of any card.
///
/// # Errors
/// If the ledger cannot be read.
pub fn worth_a_look(app: &App) -> Result<Option<String>, AppError> {
    let alerts = app.alerts()?;
    let open = || alerts.iter().filter(|alert| alert.state == AlertState::Open);
    let deadline = open().find(|alert| alert.level == Level::Red && alert.due.is_some());
    Ok(deadline.or_else(|| open().next()).map(|alert| alert.key.clone()))
}

fn wrong(what: impl std::fmt::Display) -> AppError {
    AppError::new(Kind::Failed, "demo", what)
}

fn events(app: &App, desk: &Desk, first: Day) -> Result<Vec<Event>, AppError> {
    let plus = |day: Day, amount: i32| desk.add(day, amount, Unit::WorkingDay, false).day;
    let mut days = vec![first];
    while days.len() < RECEIVING_DAYS {
        days.push(plus(days[days.len() - 1], 1));
    }
    let invented = county::events(&days, &plus);
    let lines = STORIES.lines().map(str::to_owned).chain(invented.into_iter().map(|r| r.line));
    let reading = Reading {
        zone: app.zone(),
        received: clock::now(),
        mode: Mode::Import,
        rights: Rights::NONE,
    };
    let mut events = Vec::new();
    for line in lines {
        let line: Value = serde_json::from_str(&line).map_err(wrong)?;
        let event = read_event(line.to_string().as_bytes(), &reading);
        events.push(event.map_err(|reject| wrong(reject.en()))?);
    }
    events.sort_by(|a, b| (a.logged, &a.id).cmp(&(b.logged, &b.id)));
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumbline_county::Options;

    #[test]
    fn the_tables_of_all_parts_fit_together() {
        let options = Options { scale: 0.01, ..Options::default() };
        let year = plumbline_county::year(&options, &mut |_| Ok(())).expect("nothing is written");
        for (name, rows) in tables(&year).expect("each part is right in itself") {
            let csv = table::export::export(table::find(name).expect("known"), &rows);
            assert_eq!(
                table::parse_csv(name, &csv).map(|again| again.len()),
                Ok(rows.len()),
                "{name}"
            );
        }
    }
}
