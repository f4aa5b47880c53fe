//! A desk calendar: the calendar and the timetable of one region and organ, opened from the
//! reference tables `calendar` and `office_hours`. The engine and the SDK's native harness share it,
//! so that an example counts the same days in both.

use crate::id::region_contains;
use crate::table::Tables;
use crate::time::{Day, Local};
use crate::worktime::{
    Calendar, CalendarRow, Due, Hours, Moment, OfficeRow, Span, Timetable, Unit,
};

/// Table of public holidays and make-up days.
pub const CALENDAR_TABLE: &str = "calendar";
/// Table of timetables.
pub const OFFICE_HOURS_TABLE: &str = "office_hours";

/// See the module.
#[derive(Clone, Debug)]
pub struct Desk {
    calendar: Calendar,
    timetable: Timetable,
}

impl Desk {
    /// Opens the calendar of a region with the timetable of an organ. Without rows in the tables the
    /// calendar knows weekends only (every date is provisional) and the timetable is the standard one.
    ///
    /// # Errors
    /// Names the row that makes no sense; the import of a table checks this before it takes effect.
    pub fn open(tables: &dyn Tables, region: &str, organ: &str) -> Result<Self, String> {
        let rows = tables.rows(CALENDAR_TABLE);
        let rows = rows.into_iter().map(|row| CalendarRow::from_json(&row.json));
        let rows: Vec<_> = rows.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let mine = |row: &CalendarRow| match &row.region {
            Some(of) => region_contains(of, region),
            None => true,
        };
        let rows: Vec<_> = rows.into_iter().filter(mine).collect();
        let calendar = if rows.is_empty() {
            Calendar::weekends_only()
        } else {
            Calendar::from_rows(rows, region).map_err(|error| error.to_string())?
        };
        let rows = tables.rows(OFFICE_HOURS_TABLE);
        let rows = rows.into_iter().map(|row| OfficeRow::from_json(&row.json));
        let rows: Vec<_> = rows.filter(|row| row.organ == organ).collect();
        let timetable = if rows.is_empty() {
            Timetable::standard()
        } else {
            Timetable::from_rows(rows).map_err(|error| error.to_string())?
        };
        Ok(Self { calendar, timetable })
    }

    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// A date that the loaded calendar does not cover counts as provisional.
    #[must_use]
    pub fn add(&self, from: Day, amount: i32, unit: Unit, roll: bool) -> Due {
        self.calendar.add(from, amount, unit, roll)
    }

    #[must_use]
    pub fn count(&self, from: Day, to: Day, unit: Unit, pauses: &[Span]) -> i32 {
        self.calendar.count(from, to, unit, pauses)
    }

    fn hours(&self) -> Hours<'_> {
        Hours { calendar: &self.calendar, timetable: &self.timetable }
    }

    #[must_use]
    pub fn add_worktime(&self, from: Local, seconds: i64) -> Moment {
        self.hours().add(from, seconds)
    }

    #[must_use]
    pub fn worktime(&self, from: Local, to: Local, pauses: &[Span]) -> i64 {
        self.hours().elapsed(from, to, pauses)
    }
}
