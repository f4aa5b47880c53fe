//! Periods of a report: a month, a half-year or a year of local days.

use plumbline_contract::time::{Day, Local, days_in_month};
use serde::{Serialize, Serializer};
use std::fmt;

/// One period. Written `2026-03`, `2026-H1` or `2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    Month {
        year: i32,
        /// 1 to 12.
        month: u32,
    },
    HalfYear {
        year: i32,
        /// 1 or 2.
        half: u32,
    },
    Year {
        year: i32,
    },
}

/// Years that a period may name: written with four digits.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9998;

impl Period {
    /// Reads `2026-03`, `2026-H1` or `2026`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, rest) = match text.split_once('-') {
            Some((year, rest)) => (year, Some(rest)),
            None => (text, None),
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || !digits(year) {
            return None;
        }
        let year = year.parse().ok().filter(|year| YEARS.contains(year))?;
        match rest {
            None => Some(Self::Year { year }),
            Some("H1") => Some(Self::HalfYear { year, half: 1 }),
            Some("H2") => Some(Self::HalfYear { year, half: 2 }),
            Some(month) if month.len() == 2 && digits(month) => {
                let month = month.parse().ok().filter(|month| (1..=12).contains(month))?;
                Some(Self::Month { year, month })
            }
            Some(_) => None,
        }
    }

    /// The month that a day lies in.
    #[must_use]
    pub fn month_of(day: Day) -> Self {
        let (year, month, _) = day.ymd();
        Self::Month { year, month }
    }

    /// The months that it consists of, ascending.
    #[must_use]
    pub fn months(self) -> Vec<Self> {
        let (year, months) = match self {
            Self::Month { year, month } => (year, month..=month),
            Self::HalfYear { year, half: 1 } => (year, 1..=6),
            Self::HalfYear { year, .. } => (year, 7..=12),
            Self::Year { year } => (year, 1..=12),
        };
        months.map(|month| Self::Month { year, month }).collect()
    }

    /// First and last day, both inclusive.
    #[must_use]
    pub fn days(self) -> (Day, Day) {
        let (year, from, to) = match self {
            Self::Month { year, month } => (year, month, month),
            Self::HalfYear { year, half: 1 } => (year, 1, 6),
            Self::HalfYear { year, .. } => (year, 7, 12),
            Self::Year { year } => (year, 1, 12),
        };
        let first = Day::from_ymd(year, from, 1);
        let last = Day::from_ymd(year, to, days_in_month(year, to));
        (first.unwrap_or(Day::MIN), last.unwrap_or(Day::MAX))
    }

    #[must_use]
    pub fn contains(self, day: Day) -> bool {
        let (first, last) = self.days();
        first <= day && day <= last
    }

    #[must_use]
    pub fn holds(self, at: Option<Local>) -> bool {
        at.is_some_and(|at| self.contains(at.day()))
    }

    /// The same length `months` later (earlier if negative); a half-year or a year moves by whole
    /// ones that many times.
    #[must_use]
    pub fn shifted(self, by: i32) -> Self {
        match self {
            Self::Month { year, month } => {
                let months = year * 12 + month as i32 - 1 + by;
                Self::Month { year: months.div_euclid(12), month: months.rem_euclid(12) as u32 + 1 }
            }
            Self::HalfYear { year, half } => {
                let halves = year * 2 + half as i32 - 1 + by;
                Self::HalfYear { year: halves.div_euclid(2), half: halves.rem_euclid(2) as u32 + 1 }
            }
            Self::Year { year } => Self::Year { year: year + by },
        }
    }

    /// Whether sanctions are taken off: a year only.
    #[must_use]
    pub fn is_year(self) -> bool {
        matches!(self, Self::Year { .. })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month { year, month } => write!(f, "{year:04}-{month:02}"),
            Self::HalfYear { year, half } => write!(f, "{year:04}-H{half}"),
            Self::Year { year } => write!(f, "{year:04}"),
        }
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
