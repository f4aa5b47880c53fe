//! The calendar of a region: which local days are working days, and periods counted in days.
//!
//! A day is a working day if it is Monday to Friday, unless a row says `holiday`, or if a row says
//! `workday-swap` (调休上班). Only the days on which a row changes something are kept, with running
//! sums, so that a count is two binary searches.

use super::{Due, Span, Unit, pauses};
use crate::id::region_contains;
use crate::json::{self, Value};
use crate::time::{Day, days_in_month};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a row of the calendar makes of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayKind {
    /// 放假
    Holiday,
    /// 调休上班: a working day, usually at a weekend.
    WorkdaySwap,
}

impl DayKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holiday => "holiday",
            Self::WorkdaySwap => "workday-swap",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Holiday, Self::WorkdaySwap].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One row of the reference table `calendar`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarRow {
    pub date: Day,
    pub kind: DayKind,
    pub occasion: String,
    /// The region in which the row holds; `None` or empty for the whole nation.
    pub region: Option<String>,
}

impl CalendarRow {
    /// Reads a row as it stands in the table: an object with `date`, `kind`, `occasion`, `region`.
    ///
    /// # Errors
    /// Names the row and the field that is missing or malformed.
    pub fn from_json(text: &str) -> Result<Self, CalendarError> {
        let row = json::Object::parse(text);
        let field = |name| row.get(name).and_then(Value::text).unwrap_or_default();
        let error = |field| CalendarError::Field { field, row: text.into() };
        let date = field("date");
        let date = if date.len() == 10 { Day::parse(&date) } else { None };
        Ok(Self {
            date: date.ok_or_else(|| error("date"))?,
            kind: DayKind::parse(&field("kind")).ok_or_else(|| error("kind"))?,
            occasion: field("occasion").into_owned(),
            region: match row.get("region") {
                None | Some(Value::Null) => None,
                Some(value) => Some(value.text().ok_or_else(|| error("region"))?.into_owned()),
            },
        })
    }

    /// The region's code; empty for the whole nation, as [`region_contains`] wants it.
    fn area(&self) -> &str {
        self.region.as_deref().unwrap_or("")
    }
}

impl fmt::Display for CalendarRow {
    /// `2026-02-14 workday-swap (spring_festival) in 520000`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.date, self.kind.as_str(), self.occasion)?;
        match self.area() {
            "" => Ok(()),
            area => write!(f, " in {area}"),
        }
    }
}

/// Why rows make no calendar. Each names the row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    #[error("field `{field}` is missing or malformed in calendar row {row}")]
    Field { field: &'static str, row: String },
    #[error("calendar row {row} occurs twice")]
    Duplicate { row: String },
    #[error("calendar row {row} contradicts row {other}")]
    Contradiction { row: String, other: String },
    #[error("calendar row {row} lies outside the years 1 to 9999")]
    Year { row: String },
}

/// Which local days are working days in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// First and last day covered; the first is after the last when nothing is loaded.
    loaded: (Day, Day),
    /// Days that are not what their weekday says, ascending, each with the number of working days
    /// gained (lost if negative) up to and including it.
    changes: Vec<(Day, i64)>,
}

impl Calendar {
    /// The calendar of `region`. Rows of regions that contain it override national rows, and the
    /// row of the smaller region overrides that of the larger. Rows of other regions are checked
    /// for duplicates only, so `region` may be empty to check a table as a whole.
    ///
    /// # Errors
    /// Names the row that occurs twice, contradicts another of the same region, or lies outside
    /// the years 1 to 9999.
    pub fn from_rows(
        rows: impl IntoIterator<Item = CalendarRow>,
        region: &str,
    ) -> Result<Self, CalendarError> {
        let mut seen: BTreeMap<(Day, String), DayKind> = BTreeMap::new();
        let mut years = BTreeSet::new();
        let mut chosen: BTreeMap<Day, CalendarRow> = BTreeMap::new();
        for row in rows {
            let year = row.date.ymd().0;
            if !(1..=9999).contains(&year) {
                return Err(CalendarError::Year { row: row.to_string() });
            }
            if let Some(kind) = seen.insert((row.date, row.area().into()), row.kind) {
                return Err(clash(&row, &CalendarRow { kind, ..row.clone() }));
            }
            if row.area().is_empty() {
                years.insert(year);
            }
            if region_contains(row.area(), region) {
                choose(&mut chosen, row)?;
            }
        }
        Ok(Self { loaded: covered(&years), changes: changes(&chosen) })
    }

    /// Monday to Friday, with nothing loaded: every computed date is provisional.
    #[must_use]
    pub fn weekends_only() -> Self {
        Self { loaded: (Day::MAX, Day::MIN), changes: Vec::new() }
    }

    /// The first day of the covered range. The range is whole years for which there is at least one
    /// national row, without a gap from the first. With nothing loaded it is after [`last_day`].
    ///
    /// [`last_day`]: Self::last_day
    #[must_use]
    pub fn first_day(&self) -> Day {
        self.loaded.0
    }

    /// The last day of the covered range.
    #[must_use]
    pub fn last_day(&self) -> Day {
        self.loaded.1
    }

    /// Whether the day lies in the covered range; what is computed from any other is provisional.
    #[must_use]
    pub fn is_loaded(&self, day: Day) -> bool {
        self.loaded.0 <= day && day <= self.loaded.1
    }

    #[must_use]
    pub fn is_working(&self, day: Day) -> bool {
        let is_weekday = day.weekday() < 5;
        let is_changed = self.changes.binary_search_by_key(&day, |(day, _)| *day).is_ok();
        is_weekday != is_changed
    }

    /// Days d of the unit with `from` < d <= `to`, less the union of the pauses; a pause takes the
    /// days d with date(begin) < d <= date(end). Zero if `to` is not after `from`.
    ///
    /// In months or years: how many whole ones have passed, each paused day moving the end by one.
    #[must_use]
    pub fn count(&self, from: Day, to: Day, unit: Unit, pauses: &[Span]) -> i32 {
        let (from, to) = (i64::from(from.0), i64::from(to.0));
        let days = pauses.iter().map(|pause| (pause.begin.day(), pause.end.day()));
        let days = days.map(|(begin, end)| (i64::from(begin.0), i64::from(end.0)));
        let paused = pauses::union(days, from, to);
        let length = |begin: i64, end: i64| match unit {
            Unit::WorkingDay => self.working_through(end) - self.working_through(begin),
            Unit::CalendarDay | Unit::Month | Unit::Year => end - begin,
        };
        let days = length(from, to.max(from))
            - paused.iter().map(|(begin, end)| length(*begin, *end)).sum::<i64>();
        match unit {
            Unit::WorkingDay | Unit::CalendarDay => saturate(days).0,
            Unit::Month => whole_months(saturate(from), saturate(from + days)),
            Unit::Year => whole_months(saturate(from), saturate(from + days)) / 12,
        }
    }

    /// The last day of a period of `amount` units. The start day does not count (民法典 201); a
    /// month without the start's day ends on its last day (民法典 202). With `roll`, a last day
    /// that is no working day moves to the next one (民法典 203).
    ///
    /// A negative amount goes back: -1 working day is the last working day before `from`.
    #[must_use]
    pub fn add(&self, from: Day, amount: i32, unit: Unit, roll: bool) -> Due {
        let start = i64::from(from.0);
        let wanted = match unit {
            Unit::WorkingDay => self.step(start, i64::from(amount)),
            Unit::CalendarDay => start + i64::from(amount),
            Unit::Month => add_months(from, i64::from(amount)),
            Unit::Year => add_months(from, i64::from(amount) * 12),
        };
        let last = if roll { self.next_working(wanted) } else { wanted };
        // What the calendar decided: the days that were counted, those that were skipped in
        // rolling, and the last day itself, on which cards would be raised.
        let (mut first_decided, mut last_decided) = (wanted.min(last), last);
        if unit == Unit::WorkingDay && amount > 0 {
            first_decided = first_decided.min(start + 1);
        } else if unit == Unit::WorkingDay && amount < 0 {
            last_decided = last_decided.max(start - 1);
        }
        let provisional =
            first_decided < i64::from(self.loaded.0.0) || last_decided > i64::from(self.loaded.1.0);
        Due { day: saturate(last), provisional }
    }

    /// The days `from` <= d < `to` that are not what their weekday says.
    pub(super) fn changes_between(&self, from: Day, to: Day) -> impl Iterator<Item = Day> {
        let begin = self.changes.partition_point(|(day, _)| *day < from);
        self.changes[begin..].iter().map(|(day, _)| *day).take_while(move |day| *day < to)
    }

    /// Working days up to and including `day`, from an arbitrary zero.
    fn working_through(&self, day: i64) -> i64 {
        let upto = self.changes.partition_point(|(changed, _)| i64::from(changed.0) <= day);
        let gained = if upto == 0 { 0 } else { self.changes[upto - 1].1 };
        weekdays_through(day) + gained
    }

    /// The `amount`th working day after `start`, or before it if negative; `start` itself for zero.
    fn step(&self, start: i64, amount: i64) -> i64 {
        match amount {
            0 => start,
            1.. => self.day_of(self.working_through(start) + amount),
            _ => self.day_of(self.working_through(start - 1) + amount + 1),
        }
    }

    /// `day` itself or the first working day after it.
    fn next_working(&self, day: i64) -> i64 {
        self.day_of(self.working_through(day - 1) + 1)
    }

    /// The first day up to which there are `count` working days; such a day is a working day.
    fn day_of(&self, count: i64) -> i64 {
        // Changes up to which there are too few lie before the answer; no other does, so that what
        // they gained is what the answer's weekdays lack, up to the day of the next change.
        let is_before =
            |(day, gained): &(Day, i64)| weekdays_through(i64::from(day.0)) + gained < count;
        let before = self.changes.partition_point(is_before);
        let gained = if before == 0 { 0 } else { self.changes[before - 1].1 };
        let day = weekday_of(count - gained);
        self.changes.get(before).map_or(day, |(next, _)| day.min(i64::from(next.0)))
    }
}

/// Takes `row` for its day unless one of a smaller region is there already.
fn choose(chosen: &mut BTreeMap<Day, CalendarRow>, row: CalendarRow) -> Result<(), CalendarError> {
    if let Some(other) = chosen.get(&row.date) {
        let inside_other = region_contains(other.area(), row.area());
        let holds_other = region_contains(row.area(), other.area());
        if inside_other && holds_other {
            return Err(clash(&row, other));
        }
        if holds_other {
            return Ok(());
        }
    }
    chosen.insert(row.date, row);
    Ok(())
}

fn clash(row: &CalendarRow, other: &CalendarRow) -> CalendarError {
    if row.kind == other.kind {
        CalendarError::Duplicate { row: row.to_string() }
    } else {
        CalendarError::Contradiction { row: row.to_string(), other: other.to_string() }
    }
}

fn covered(years: &BTreeSet<i32>) -> (Day, Day) {
    let Some(first) = years.first() else { return (Day::MAX, Day::MIN) };
    let end = (*first..).find(|year| !years.contains(year)).unwrap_or(*first);
    let new_year = |year| Day::from_ymd(year, 1, 1).expect("the years are 1 to 10000");
    (new_year(*first), new_year(end).plus(-1))
}

fn changes(chosen: &BTreeMap<Day, CalendarRow>) -> Vec<(Day, i64)> {
    let mut gained = 0;
    let mut changes = Vec::new();
    for (day, row) in chosen {
        let change = match (row.kind, day.weekday() < 5) {
            (DayKind::Holiday, true) => -1,
            (DayKind::WorkdaySwap, false) => 1,
            _ => continue,
        };
        gained += change;
        changes.push((*day, gained));
    }
    changes
}

/// Mondays to Fridays up to and including `day`, from the week of 1970-01-01 on.
fn weekdays_through(day: i64) -> i64 {
    // Day 0 is a Thursday, so day -3 is the Monday of its week.
    let since_monday = day + 3;
    since_monday.div_euclid(7) * 5 + (since_monday.rem_euclid(7) + 1).min(5)
}

/// The first day up to which there are `count` Mondays to Fridays, by the same zero.
fn weekday_of(count: i64) -> i64 {
    (count - 1).div_euclid(5) * 7 + (count - 1).rem_euclid(5) - 3
}

/// The same day of the month `months` later, or that month's last day if it is shorter.
fn add_months(from: Day, months: i64) -> i64 {
    let (year, month, day) = from.ymd();
    let months = i64::from(year) * 12 + i64::from(month) - 1 + months;
    let year = months.div_euclid(12);
    let month = months.rem_euclid(12) as u32 + 1;
    let date = i32::try_from(year)
        .ok()
        .and_then(|year| Day::from_ymd(year, month, day.min(days_in_month(year, month))));
    // No such day fits: far enough outside that the result saturates and is provisional.
    let beyond = if year < 0 { i64::from(i32::MIN) - 1 } else { i64::from(i32::MAX) + 1 };
    date.map_or(beyond, |date| i64::from(date.0))
}

/// The largest number of months that, added to `from`, stays at or before `to`.
fn whole_months(from: Day, to: Day) -> i32 {
    let (from_year, from_month, _) = from.ymd();
    let (to_year, to_month, _) = to.ymd();
    let months = (i64::from(to_year) - i64::from(from_year)) * 12
        + (i64::from(to_month) - i64::from(from_month));
    let is_short = add_months(from, months) > i64::from(to.0);
    // A day range has fewer than 142 million months, so this fits.
    (months - i64::from(is_short)).max(0) as i32
}

fn saturate(day: i64) -> Day {
    Day(day.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32)
}
