//! Instants, local days and the conversion between them. Pure arithmetic: no clock is read here.
//!
//! An instant is [`Millis`] since 1970-01-01T00:00:00Z. A local wall-clock reading is [`Local`]:
//! the same unit, counted as if the local clock were UTC. A local calendar date is [`Day`].
//! Deadlines are always computed on days or local readings, never on elapsed UTC hours.

use serde::{Deserialize, Serialize};
use std::fmt;

pub const MS_PER_DAY: i64 = 86_400_000;
pub const MS_PER_MINUTE: i64 = 60_000;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// A reading of the local wall clock: milliseconds since 1970-01-01T00:00:00 local time.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Local(pub i64);

impl Local {
    /// The local calendar date of this reading; the first or last [`Day`] if it lies beyond.
    #[must_use]
    pub fn day(self) -> Day {
        let day = self.0.div_euclid(MS_PER_DAY);
        Day(day.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32)
    }

    /// Milliseconds since local midnight.
    #[must_use]
    pub fn ms_of_day(self) -> i64 {
        self.0.rem_euclid(MS_PER_DAY)
    }

    /// Minutes since local midnight.
    #[must_use]
    pub fn minute_of_day(self) -> i64 {
        self.ms_of_day() / MS_PER_MINUTE
    }

    /// The reading `minutes` of clock time later (earlier if negative).
    #[must_use]
    pub fn plus_minutes(self, minutes: i64) -> Self {
        Self(self.0.saturating_add(minutes.saturating_mul(MS_PER_MINUTE)))
    }

    /// The reading `hours` of clock time later (earlier if negative).
    #[must_use]
    pub fn plus_hours(self, hours: i64) -> Self {
        self.plus_minutes(hours.saturating_mul(60))
    }

    /// Whole minutes of clock time since `earlier`; negative if that is later.
    #[must_use]
    pub fn minutes_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / MS_PER_MINUTE
    }
}

impl fmt::Display for Local {
    /// `2026-02-10 09:30`, as people read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minute = self.minute_of_day();
        write!(f, "{} {:02}:{:02}", self.day(), minute / 60, minute % 60)
    }
}

/// A local calendar date: days since 1970-01-01 in the proleptic Gregorian calendar.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(pub i32);

impl Day {
    /// The first and the last date that can be written, millions of years away.
    pub const MIN: Self = Self(i32::MIN);
    pub const MAX: Self = Self(i32::MAX);

    /// The date of year, month (1-12) and day of month; `None` if there is no such date
    /// between [`Day::MIN`] and [`Day::MAX`].
    #[must_use]
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
            return None;
        }
        days_from_civil(year, month, day)
    }

    /// Year, month (1-12) and day of month.
    #[must_use]
    pub fn ymd(self) -> (i32, u32, u32) {
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
        let z = i64::from(self.0) + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
        let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
        let year = (yoe + era * 400 + i64::from(month <= 2)) as i32;
        (year, month, day)
    }

    /// Day of the week, 0 for Monday to 6 for Sunday.
    #[must_use]
    pub fn weekday(self) -> u8 {
        (i64::from(self.0) + 3).rem_euclid(7) as u8
    }

    /// Reads `YYYY-MM-DD`, or the date part of a longer text that starts so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let number = |range: std::ops::Range<usize>| digits(&bytes[range]);
        Self::from_ymd(number(0..4)? as i32, number(5..7)?, number(8..10)?)
    }

    /// Midnight at the start of this day.
    #[must_use]
    pub fn start(self) -> Local {
        Local(i64::from(self.0) * MS_PER_DAY)
    }

    /// The day `days` later (earlier if negative).
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Days in a month (1-12) of the Gregorian calendar.
#[must_use]
pub fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

fn days_from_civil(year: i32, month: u32, day: u32) -> Option<Day> {
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
    let y = i64::from(year) - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = i64::from((month + 9) % 12);
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    i32::try_from(era * 146_097 + doe - 719_468).ok().map(Day)
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0u32, |sum, byte| {
        byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0'))
    })
}

/// A timestamp as it was written: the local reading and, where it was given, the offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub local: Local,
    /// Offset from UTC in minutes; `None` when the text named none.
    pub offset_minutes: Option<i32>,
}

/// Reads RFC 3339 (`2026-02-10T09:30:00+08:00`), the same without offset, with a blank in place of
/// `T`, without seconds, with fractions of a second (kept to milliseconds), or a bare date
/// (midnight). `None` for anything else, including dates that do not exist.
#[must_use]
pub fn parse_stamp(text: &str) -> Option<Stamp> {
    let day = Day::parse(text)?;
    let bytes = text.as_bytes();
    if bytes.len() == 10 {
        return Some(Stamp { local: day.start(), offset_minutes: None });
    }
    if !matches!(bytes[10], b'T' | b't' | b' ') || bytes.len() < 16 || bytes[13] != b':' {
        return None;
    }
    let (hour, minute) = (digits(&bytes[11..13])?, digits(&bytes[14..16])?);
    let (second, milli, rest) = parse_seconds(&bytes[16..])?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // RFC 3339 allows a leap second; it is folded into the last ordinary one.
    let seconds = hour * 3600 + minute * 60 + second.min(59);
    let local = Local(day.start().0 + i64::from(seconds) * 1000 + i64::from(milli));
    Some(Stamp { local, offset_minutes: parse_offset(rest)? })
}

/// Seconds, milliseconds, and what follows them.
fn parse_seconds(bytes: &[u8]) -> Option<(u32, u32, &[u8])> {
    if bytes.first() != Some(&b':') {
        return Some((0, 0, bytes));
    }
    if bytes.len() < 3 {
        return None;
    }
    let second = digits(&bytes[1..3])?;
    let rest = &bytes[3..];
    if !matches!(rest.first(), Some(b'.' | b',')) {
        return Some((second, 0, rest));
    }
    let len = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if len == 0 {
        return None;
    }
    let mut milli = 0;
    for place in 0..3 {
        let digit = if place < len { rest[1 + place] - b'0' } else { 0 };
        milli = milli * 10 + u32::from(digit);
    }
    Some((second, milli, &rest[1 + len..]))
}

fn parse_offset(bytes: &[u8]) -> Option<Option<i32>> {
    match bytes {
        [] => Some(None),
        [b'Z' | b'z'] => Some(Some(0)),
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let (hour, minute) = match rest {
                [h0, h1, b':', m0, m1] | [h0, h1, m0, m1] => {
                    (digits(&[*h0, *h1])?, digits(&[*m0, *m1])?)
                }
                _ => return None,
            };
            if hour > 23 || minute > 59 {
                return None;
            }
            let minutes = (hour * 60 + minute) as i32;
            Some(Some(if *sign == b'-' { -minutes } else { minutes }))
        }
        _ => None,
    }
}

/// The rules of one time zone as plain data: the offset in force from each instant on.
///
/// The tables come from the IANA database; reading it is the composer's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    /// (instant from which it holds, offset in milliseconds), ascending; the first holds since ever.
    offsets: Vec<(Millis, i64)>,
}

impl Zone {
    /// A zone from its name and its transitions: (instant from which it holds, offset in minutes
    /// east of UTC). The first entry also holds for all time before it.
    ///
    /// # Panics
    /// If `transitions` is empty or not ascending; both would be a defect of the caller's table.
    #[must_use]
    pub fn new(name: impl Into<String>, transitions: Vec<(Millis, i32)>) -> Self {
        assert!(!transitions.is_empty(), "a zone needs at least one offset");
        assert!(transitions.is_sorted_by_key(|(from, _)| *from), "transitions must ascend");
        let offsets = transitions
            .into_iter()
            .map(|(from, minutes)| (from, i64::from(minutes) * MS_PER_MINUTE))
            .collect();
        Self { name: name.into(), offsets }
    }

    /// A zone whose offset never changes.
    #[must_use]
    pub fn fixed(name: impl Into<String>, minutes: i32) -> Self {
        Self::new(name, vec![(Millis(i64::MIN), minutes)])
    }

    /// UTC+08:00, which is Asia/Shanghai since 1991-09-15.
    #[must_use]
    pub fn shanghai() -> Self {
        Self::fixed("Asia/Shanghai", 480)
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn offset_at(&self, at: Millis) -> i64 {
        // China has not changed its clocks since 1991: the last entry is what is asked for.
        if let Some((_, offset)) = self.offsets.last().filter(|(from, _)| *from <= at) {
            return *offset;
        }
        let after = self.offsets.partition_point(|(from, _)| *from <= at);
        self.offsets[after.saturating_sub(1)].1
    }

    /// What the local wall clock shows at an instant.
    #[must_use]
    pub fn local(&self, at: Millis) -> Local {
        Local(at.0.saturating_add(self.offset_at(at)))
    }

    /// The instant of a wall-clock reading. A reading that occurs twice (clocks set back) is taken
    /// the first time; one that is skipped (clocks set forward) counts as if the old offset went on.
    #[must_use]
    pub fn instant(&self, local: Local) -> Millis {
        // Offsets lie within a day, so one of the two readings around the guess is the right one.
        let before = self.offset_at(Millis(local.0.saturating_sub(MS_PER_DAY)));
        let candidate = Millis(local.0.saturating_sub(before));
        if self.local(candidate) == local {
            return candidate;
        }
        let after = self.offset_at(Millis(local.0.saturating_add(MS_PER_DAY)));
        let later = Millis(local.0.saturating_sub(after));
        if self.local(later) == local { later } else { candidate }
    }

    /// The instant of a written timestamp: its own offset where it names one, else this zone.
    #[must_use]
    pub fn instant_of(&self, stamp: Stamp) -> Millis {
        match stamp.offset_minutes {
            Some(minutes) => {
                Millis(stamp.local.0.saturating_sub(i64::from(minutes) * MS_PER_MINUTE))
            }
            None => self.instant(stamp.local),
        }
    }

    /// RFC 3339 text of an instant in this zone, with milliseconds only where there are any.
    #[must_use]
    pub fn rfc3339(&self, at: Millis) -> String {
        let local = self.local(at);
        let offset = (local.0 - at.0) / MS_PER_MINUTE;
        let ms = local.ms_of_day();
        let (second, milli) = (ms / 1000, ms % 1000);
        let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
        let sign = if offset < 0 { '-' } else { '+' };
        let (offset_hour, offset_minute) = (offset.abs() / 60, offset.abs() % 60);
        format!(
            "{}T{:02}:{:02}:{:02}{fraction}{sign}{offset_hour:02}:{offset_minute:02}",
            local.day(),
            second / 3600,
            second / 60 % 60,
            second % 60,
        )
    }
}
