//! When an office is open: spans of the day for each weekday. Whether a date is a working day at
//! all is the calendar's business.

use crate::json::{self, Value};
use crate::time::{Day, MS_PER_DAY, MS_PER_MINUTE};
use std::collections::BTreeMap;

/// One row of the reference table `office_hours`: when an organ is open on one weekday. Several
/// rows for the same weekday add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeRow {
    /// Code of the department or hall.
    pub organ: String,
    /// 1 for Monday to 7 for Sunday.
    pub weekday: i64,
    /// `HH:MM`, local time.
    pub open: String,
    /// `HH:MM`; `24:00` is the end of the day.
    pub close: String,
    pub lunch_from: Option<String>,
    pub lunch_to: Option<String>,
}

impl OfficeRow {
    /// Reads a row as it stands in the table. What is missing is left empty, and then refused by
    /// [`Timetable::from_rows`]; the weekday may be written as a number or as a text.
    #[must_use]
    pub fn from_json(text: &str) -> Self {
        let row = json::Object::parse(text);
        let field = |name| row.get(name).and_then(Value::text).filter(|text| !text.is_empty());
        let owned = |name| field(name).unwrap_or_default().into_owned();
        let weekday = row.get("weekday").and_then(Value::int);
        Self {
            organ: owned("organ"),
            weekday: weekday.or_else(|| field("weekday")?.parse().ok()).unwrap_or(0),
            open: owned("open"),
            close: owned("close"),
            lunch_from: field("lunch_from").map(Into::into),
            lunch_to: field("lunch_to").map(Into::into),
        }
    }
}

/// Why rows make no timetable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimetableError {
    #[error("the timetable of organ `{organ}` has no hours from Monday to Friday")]
    NoHours { organ: String },
    #[error("weekday {weekday} of organ `{organ}` is not 1 (Monday) to 7 (Sunday)")]
    Weekday { organ: String, weekday: i64 },
    #[error("`{text}` of organ `{organ}`, weekday {weekday}, is no time from 00:00 to 24:00")]
    Clock { organ: String, weekday: i64, text: String },
    #[error("organ `{organ}` closes at {close} on weekday {weekday}, not after opening at {open}")]
    Reversed { organ: String, weekday: i64, open: String, close: String },
    #[error("the lunch break of organ `{organ}`, weekday {weekday}, lacks its begin or end")]
    HalfLunch { organ: String, weekday: i64 },
    #[error("the lunch break of organ `{organ}`, weekday {weekday}, is not inside its hours")]
    Lunch { organ: String, weekday: i64 },
    #[error("organ `{organ}` has overlapping hours on weekday {weekday}")]
    Overlap { organ: String, weekday: i64 },
    #[error("the rows are of two organs, `{organ}` and `{other}`")]
    TwoOrgans { organ: String, other: String },
    #[error("{day} is both an extra day off and an extra working day")]
    Contradiction { day: Day },
}

/// Opening hours of one organ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// For each weekday from Monday: (open, close) in milliseconds since midnight, ascending and
    /// not overlapping.
    spans: [Vec<(i64, i64)>; 7],
    /// Days on which this organ works (true) or not, whatever the calendar says.
    extra: BTreeMap<Day, bool>,
}

impl Timetable {
    /// Monday to Friday, 09:00-12:00 and 13:30-17:30.
    #[must_use]
    pub fn standard() -> Self {
        let day = vec![(minutes(9, 0), minutes(12, 0)), (minutes(13, 30), minutes(17, 30))];
        let spans = std::array::from_fn(|weekday| if weekday < 5 { day.clone() } else { vec![] });
        Self { spans, extra: BTreeMap::new() }
    }

    /// The timetable of the one organ that all rows are of. A weekday without rows has no hours.
    ///
    /// Hours given for Saturday or Sunday hold on those that are working days (调休上班); they do
    /// not make other weekends working time.
    ///
    /// # Errors
    /// Names the organ, the weekday and what is wrong.
    pub fn from_rows(rows: impl IntoIterator<Item = OfficeRow>) -> Result<Self, TimetableError> {
        let mut spans: [Vec<(i64, i64)>; 7] = Default::default();
        let mut organ: Option<String> = None;
        for row in rows {
            let first = organ.get_or_insert_with(|| row.organ.clone());
            if *first != row.organ {
                let (organ, other) = (first.clone(), row.organ);
                return Err(TimetableError::TwoOrgans { organ, other });
            }
            let index =
                usize::try_from(row.weekday).ok().filter(|weekday| (1..=7).contains(weekday));
            let Some(index) = index else {
                let (organ, weekday) = (row.organ, row.weekday);
                return Err(TimetableError::Weekday { organ, weekday });
            };
            spans[index - 1].extend(row_spans(&row)?);
        }
        let organ = organ.unwrap_or_default();
        for (day, weekday) in spans.iter_mut().zip(1..) {
            day.sort_unstable();
            if day.windows(2).any(|pair| pair[1].0 < pair[0].1) {
                return Err(TimetableError::Overlap { organ, weekday });
            }
        }
        if spans[..5].iter().all(Vec::is_empty) {
            return Err(TimetableError::NoHours { organ });
        }
        Ok(Self { spans, extra: BTreeMap::new() })
    }

    /// The same with days on which this organ is closed, or works, whatever the calendar says.
    ///
    /// # Errors
    /// If a day is in both lists.
    pub fn with_days(
        mut self,
        off: impl IntoIterator<Item = Day>,
        work: impl IntoIterator<Item = Day>,
    ) -> Result<Self, TimetableError> {
        let off = off.into_iter().map(|day| (day, false));
        let work = work.into_iter().map(|day| (day, true));
        for (day, works) in off.chain(work) {
            if self.extra.insert(day, works).is_some_and(|before| before != works) {
                return Err(TimetableError::Contradiction { day });
            }
        }
        Ok(self)
    }

    /// The hours of `weekday` (0 for Monday). A weekend without hours of its own has Monday's, or
    /// those of the first weekday that has any: that is what a swapped working day follows.
    pub(super) fn spans(&self, weekday: u8) -> &[(i64, i64)] {
        let own = &self.spans[usize::from(weekday)];
        if weekday < 5 || !own.is_empty() {
            return own;
        }
        self.spans.iter().find(|spans| !spans.is_empty()).map_or(&[], Vec::as_slice)
    }

    /// Whether this organ has its own word on `day`.
    pub(super) fn extra(&self) -> &BTreeMap<Day, bool> {
        &self.extra
    }
}

fn row_spans(row: &OfficeRow) -> Result<Vec<(i64, i64)>, TimetableError> {
    let (organ, weekday) = (|| row.organ.clone(), row.weekday);
    let clock = |text: &str| {
        let error = || TimetableError::Clock { organ: organ(), weekday, text: text.into() };
        parse_clock(text).ok_or_else(error)
    };
    let (open, close) = (clock(&row.open)?, clock(&row.close)?);
    if close <= open {
        let (open, close) = (row.open.clone(), row.close.clone());
        return Err(TimetableError::Reversed { organ: organ(), weekday, open, close });
    }
    let (from, to) = match (&row.lunch_from, &row.lunch_to) {
        (None, None) => return Ok(vec![(open, close)]),
        (Some(from), Some(to)) => (clock(from)?, clock(to)?),
        _ => return Err(TimetableError::HalfLunch { organ: organ(), weekday }),
    };
    if !(open < from && from < to && to < close) {
        return Err(TimetableError::Lunch { organ: organ(), weekday });
    }
    Ok(vec![(open, from), (to, close)])
}

/// `HH:MM` up to `24:00`, as milliseconds since midnight.
fn parse_clock(text: &str) -> Option<i64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let [h0, h1, b':', m0, m1] = *text.as_bytes() else { return None };
    let (hour, minute) = (digit(h0)? * 10 + digit(h1)?, digit(m0)? * 10 + digit(m1)?);
    let at = minutes(hour, minute);
    (minute < 60 && at <= MS_PER_DAY).then_some(at)
}

fn minutes(hour: i64, minute: i64) -> i64 {
    (hour * 60 + minute) * MS_PER_MINUTE
}
