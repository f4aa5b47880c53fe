//! Working time (法定期限计算): which days are working days, when an office is open, and periods
//! counted in either.
//!
//! - [`Calendar`]: periods in working days, calendar days, months and years (民法典 200-204).
//! - [`Timetable`] and [`Hours`]: periods in seconds of working hours.
//!
//! Everything is a pure function of the rows it was built from, total for every possible date, and
//! bounded in time by the number of rows and pauses, never by the length of the period: results
//! beyond what a [`Day`] can hold stop at [`Day::MIN`] or [`Day::MAX`] and are provisional. Which
//! unit a law counts in, and which pauses are lawful, is the business of the rules.

mod calendar;
mod hours;
mod pauses;
mod timetable;

pub use calendar::{Calendar, CalendarError, CalendarRow, DayKind};
pub use hours::Hours;
pub use timetable::{OfficeRow, Timetable, TimetableError};

use crate::time::{Day, Local};

/// What a period is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    WorkingDay,
    CalendarDay,
    Month,
    Year,
}

/// A pause of the clock. One whose end lies before its begin covers nothing; one that is still
/// open ends at `Local(i64::MAX)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub begin: Local,
    pub end: Local,
}

/// A computed date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub day: Day,
    /// Some day that mattered lies outside the loaded calendar: raise nothing on it.
    pub provisional: bool,
}

/// A computed reading of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub at: Local,
    /// Some day that mattered lies outside the loaded calendar: raise nothing on it.
    pub provisional: bool,
}
