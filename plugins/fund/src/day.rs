//! Months as numbers, and sums of money as people read them.

use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Local};
use std::fmt;

/// A month as a running number: year * 12 + month - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Month(pub(crate) i32);

impl Month {
    pub(crate) fn of(day: Day) -> Self {
        let (year, month, _) = day.ymd();
        Self(year * 12 + month as i32 - 1)
    }

    /// Reads `YYYY-MM`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Day::parse(&format!("{}-01", text.trim())).map(Self::of)
    }

    pub(crate) fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    pub(crate) fn first(self) -> Day {
        let of_year = self.0.rem_euclid(12) as u32 + 1;
        Day::from_ymd(self.year(), of_year, 1).unwrap_or(Day::MIN)
    }

    pub(crate) fn last(self) -> Day {
        self.plus(1).first().plus(-1)
    }

    pub(crate) fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.0.rem_euclid(12) + 1)
    }
}

/// Fen as yuan with two decimals.
pub(crate) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
}

/// `part` as per cent of `whole`; 0 if there is no whole.
pub(crate) fn percent(part: i64, whole: i64) -> i64 {
    let percent = i128::from(part) * 100 / i128::from(whole).max(1);
    i64::try_from(percent).unwrap_or(i64::MAX)
}

/// Whether `part` exceeds `pct` per cent of `whole`.
pub(crate) fn exceeds(part: i64, whole: i64, pct: i64) -> bool {
    i128::from(part) * 100 > i128::from(whole) * i128::from(pct)
}

/// The moment that a field names, else the one at which the event happened.
pub(crate) fn moment(event: &Event<'_>, name: &str) -> Local {
    event.stamp(name).unwrap_or(event.time)
}
