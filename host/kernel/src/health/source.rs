//! The judgement on one source: silence, a drop in volume, counts that do not agree, and its clock.

use super::{Almanac, Claim, Rhythm, Silence, SourceBook, SourceLimits};
use plumbline_contract::alert::Level;
use plumbline_contract::time::{Day, Local, MS_PER_MINUTE, Millis};
use serde::Serialize;

/// Distance from a whole hour at which a deviation looks like a wrong time zone.
const HOUR_SLACK_MS: i64 = 2 * MS_PER_MINUTE;
const MS_PER_HOUR: i64 = 60 * MS_PER_MINUTE;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceHealth {
    pub silence: Silence,
    pub rhythm: Rhythm,
    /// When the next report is usual; local time.
    pub next_expected: Option<Local>,
    /// `None` if yesterday cannot be compared with anything.
    pub volume: Option<Volume>,
    /// Each statement that has had its time, whether it agrees or not.
    pub counts: Vec<CountDifference>,
    /// `None` while too few delays are known.
    pub skew: Option<Skew>,
}

/// The last complete day against days of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Volume {
    pub day: Day,
    pub count: u64,
    pub median: u64,
    /// Whether it is a drop. A day without any report is the business of the silence.
    pub is_drop: bool,
}

/// What a source says that it recorded, and what has come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountDifference {
    pub day: Day,
    /// Event type; empty for all together.
    pub kind: String,
    /// `None` if the statement could not be read.
    pub declared: Option<u64>,
    pub received: u64,
    pub differs: bool,
    /// Position of the statement.
    pub seq: u64,
}

/// Receipt minus recording, in milliseconds: the 10th, 50th and 90th percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Skew {
    pub low_ms: i64,
    pub median_ms: i64,
    pub high_ms: i64,
    /// How grave it is; `None` if it is ordinary.
    pub level: Option<Level>,
    /// Deviation of the clock: ahead if positive. Behind cannot be told from a steady delay.
    pub ahead_ms: i64,
    /// Whole hours point to a wrong time zone.
    pub whole_hours: bool,
}

/// Judges one source at a moment. `expected` says that somebody counts on its reports even if all
/// that is known of it was imported.
#[must_use]
pub fn judge_source(
    book: &SourceBook,
    almanac: &Almanac<'_>,
    limits: &SourceLimits,
    expected: bool,
    now: Millis,
) -> SourceHealth {
    let rhythm = Rhythm::learn(book, almanac, limits, now);
    SourceHealth {
        silence: rhythm.silence(book, almanac, limits, expected, now),
        next_expected: rhythm.next_expected(book, almanac, now),
        volume: volume(book, almanac, limits, now).filter(|_| book.live || expected),
        counts: book.claims.iter().filter_map(|claim| count(book, limits, claim, now)).collect(),
        skew: skew(book, limits),
        rhythm,
    }
}

fn volume(
    book: &SourceBook,
    almanac: &Almanac<'_>,
    limits: &SourceLimits,
    now: Millis,
) -> Option<Volume> {
    let mut days = almanac.lessons(book, almanac.zone.local(now).day());
    let day = days.pop().filter(|day| day.plus(1) == almanac.zone.local(now).day())?;
    let count = |day: &Day| book.days.get(day).map_or(0, |day| day.count);
    let same = days.iter().filter(|other| almanac.kind(**other) == almanac.kind(day));
    let mut counts: Vec<_> = same.map(count).collect();
    counts.sort_unstable();
    let median = *counts.get(counts.len() / 2)?;
    let count = count(&day);
    let enough = counts.len() >= limits.volume_days as usize && median >= limits.volume_events;
    let low = u128::from(count) * 100 < u128::from(median) * u128::from(limits.volume_percent);
    (enough && count > 0).then_some(Volume { day, count, median, is_drop: low })
}

fn count(
    book: &SourceBook,
    limits: &SourceLimits,
    claim: &Claim,
    now: Millis,
) -> Option<CountDifference> {
    let grace = i64::from(limits.count_grace_minutes) * MS_PER_MINUTE;
    if now.0 < claim.logged.0.saturating_add(grace) {
        return None;
    }
    let received = book.received(claim.day, &claim.kind)?;
    Some(CountDifference {
        day: claim.day,
        kind: claim.kind.clone(),
        declared: claim.count,
        received,
        differs: claim.count != Some(received),
        seq: claim.seq,
    })
}

/// A record from the future can only come from a clock that is ahead, so the tenth earliest counts.
/// A clock that is behind makes all records late by the same, while records that wait for the next
/// transmission are late by anything up to its interval.
fn skew(book: &SourceBook, limits: &SourceLimits) -> Option<Skew> {
    let mut delays: Vec<_> = book.delays.iter().copied().collect();
    if delays.is_empty() || delays.len() < limits.skew_events as usize {
        return None;
    }
    delays.sort_unstable();
    let at = |percent: usize| delays[(delays.len() - 1) * percent / 100];
    let (low_ms, median_ms, high_ms) = (at(10), at(50), at(90));
    let notice = i64::from(limits.skew_notice_seconds) * 1000;
    let yellow = i64::from(limits.skew_yellow_seconds) * 1000;
    let near_hours = |ms: i64| {
        let rest = ms.rem_euclid(MS_PER_HOUR);
        ms.abs() >= MS_PER_HOUR - HOUR_SLACK_MS && rest.min(MS_PER_HOUR - rest) <= HOUR_SLACK_MS
    };
    let steady = high_ms.saturating_sub(low_ms) <= notice;
    let (ahead_ms, level) = if low_ms < -yellow {
        (-low_ms, Some(Level::Yellow))
    } else if low_ms < -notice {
        (-low_ms, Some(Level::Notice))
    } else if low_ms > yellow && steady {
        let level = if near_hours(median_ms) { Level::Yellow } else { Level::Notice };
        (-median_ms, Some(level))
    } else {
        (0, None)
    };
    let whole_hours = level.is_some() && near_hours(ahead_ms);
    Some(Skew { low_ms, median_ms, high_ms, level, ahead_ms, whole_hours })
}
