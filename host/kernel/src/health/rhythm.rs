//! The rhythm of a source: in which hours of working days and of rest days it usually reports, how
//! long it is still every now and then, and whether it has been still for longer than that.
//!
//! Hours are those of the local clock, walked along instants: an hour that the change to summer time
//! skips is never missed, one that occurs twice counts once. Time in which the host itself was off
//! counts neither for nor against a source.

use super::{SourceBook, SourceLimits};
use plumbline_contract::time::{Day, Local, MS_PER_DAY, MS_PER_MINUTE, Millis, Zone};
use plumbline_contract::worktime::Calendar;
use serde::{Deserialize, Serialize};

/// Days that a rhythm is learned from.
const WINDOW_DAYS: i32 = 56;
/// Complete rest days after which their hours count as known: two weekends.
const REST_DAYS_MIN: u32 = 4;
/// Gaps between reporting days after which a source that reports now and then is known.
const GAPS_MIN: usize = 3;
/// Days that are looked ahead for the next report.
const AHEAD_DAYS: i32 = 14;
/// Days of stillness that are walked through hour by hour; what is longer is silence anyway.
const WALK_DAYS: i64 = 60;
/// Offsets of zones are multiples of a quarter of an hour.
const WALK_STEP_MS: i64 = 15 * MS_PER_MINUTE;
const MS_PER_HOUR: i64 = 60 * MS_PER_MINUTE;
/// A day on which the host was off for longer than this teaches nothing about a source.
const OFF_MS_MAX: i64 = MS_PER_HOUR;

/// A time in which the host was off and could not take anything in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downtime {
    pub from: Millis,
    pub to: Millis,
}

/// What a judgement on sources needs besides their books.
#[derive(Clone, Copy, Debug)]
pub struct Almanac<'a> {
    pub zone: &'a Zone,
    pub calendar: &'a Calendar,
    pub downtimes: &'a [Downtime],
}

impl Almanac<'_> {
    pub(crate) fn kind(&self, day: Day) -> usize {
        usize::from(!self.calendar.is_working(day))
    }

    /// Whether the host was off for a part of this day that matters.
    pub(crate) fn was_off(&self, day: Day) -> bool {
        let (from, to) = (self.zone.instant(day.start()), self.zone.instant(day.plus(1).start()));
        let off = self.downtimes.iter().map(|down| down.to.0.min(to.0) - down.from.0.max(from.0));
        off.filter(|off| *off > 0).sum::<i64>() > OFF_MS_MAX
    }

    fn was_on(&self, from: Millis, to: Millis) -> bool {
        !self.downtimes.iter().any(|down| down.from < to && from < down.to)
    }

    /// Complete days from which something can be learned, oldest first.
    pub(crate) fn lessons(&self, book: &SourceBook, today: Day) -> Vec<Day> {
        let Some(first) = book.first_day else { return Vec::new() };
        // The first day is a part of a day.
        let first = first.plus(1).max(today.plus(-WINDOW_DAYS));
        (first.0..today.0).map(Day).filter(|day| !self.was_off(*day)).collect()
    }
}

/// See the module. Index 0 is for working days, 1 for rest days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rhythm {
    /// Complete days that it was learned from.
    pub days: [u32; 2],
    /// Bit `h`: it usually reports in the hour that starts at `h` o'clock.
    pub usual: [u32; 2],
    /// Usual hours in a row without a report that are ordinary.
    pub ordinary_hours: u32,
    /// Working days in a row without a report that are ordinary; `None` while not known.
    pub ordinary_days: Option<u32>,
}

/// How a source stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stillness {
    /// It was imported only, and nobody said that it should report.
    Imported,
    /// Its rhythm is not known yet.
    Learning,
    /// It reports as it uses to.
    Regular,
    /// It has been still for longer than it should.
    Silent,
}

/// How long a source has been still, against what is ordinary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Silence {
    pub state: Stillness,
    /// Hours (or working days, see `in_days`) without a report in which there should be one.
    pub missed: u32,
    /// From so many on it is silent.
    pub threshold: u32,
    pub in_days: bool,
}

impl Rhythm {
    /// Learns from a book what is usual.
    #[must_use]
    pub fn learn(
        book: &SourceBook,
        almanac: &Almanac<'_>,
        limits: &SourceLimits,
        now: Millis,
    ) -> Self {
        let lessons = almanac.lessons(book, almanac.zone.local(now).day());
        let mut rhythm = Self::default();
        let mut tally = [[0_u32; 24]; 2];
        for day in &lessons {
            let kind = almanac.kind(*day);
            rhythm.days[kind] += 1;
            let hours = book.days.get(day).map_or(0, |day| day.hours);
            for (hour, count) in tally[kind].iter_mut().enumerate() {
                *count += hours >> hour & 1;
            }
        }
        for (kind, least) in [limits.learning_days, REST_DAYS_MIN].into_iter().enumerate() {
            let days = rhythm.days[kind];
            let usual = |hour: &usize| days >= least.max(1) && tally[kind][*hour] * 2 > days;
            rhythm.usual[kind] = (0..24).filter(usual).fold(0, |bits, hour| bits | 1 << hour);
        }
        rhythm.ordinary_hours = ordinary_hours(book, almanac, &lessons, rhythm.usual);
        rhythm.ordinary_days = ordinary_days(book, almanac, &lessons);
        rhythm
    }

    fn is_known(&self, limits: &SourceLimits) -> bool {
        let has_hours = self.usual != [0, 0];
        self.days[0] >= limits.learning_days && (has_hours || self.ordinary_days.is_some())
    }

    /// Half as long again as is ordinary, but at least a few hours, or all hours of a day if those
    /// are fewer.
    fn hours_allowed(&self, limits: &SourceLimits) -> u32 {
        let of_a_day = self.usual.iter().map(|bits| bits.count_ones()).max().unwrap_or_default();
        let least = limits.silence_hours.min(of_a_day).max(1);
        least.max(self.ordinary_hours + (self.ordinary_hours / 2).max(1))
    }

    /// How long the source has been still. `expected` says that somebody counts on its reports even
    /// if all that is known of it was imported.
    #[must_use]
    pub fn silence(
        &self,
        book: &SourceBook,
        almanac: &Almanac<'_>,
        limits: &SourceLimits,
        expected: bool,
        now: Millis,
    ) -> Silence {
        let blank = Silence { state: Stillness::Imported, missed: 0, threshold: 0, in_days: true };
        let Some(last) = book.last.as_ref().filter(|_| book.live || expected) else {
            return blank;
        };
        let judge = |missed: u32, threshold: u32, in_days: bool, otherwise: Stillness| {
            let state = if missed >= threshold { Stillness::Silent } else { otherwise };
            Silence { state, missed, threshold, in_days }
        };
        if !self.is_known(limits) {
            let missed = missed_days(almanac, last.logged, now);
            let threshold = limits.learning_silent_days.max(1);
            return judge(missed, threshold, true, Stillness::Learning);
        }
        if self.usual == [0, 0] {
            let ordinary = self.ordinary_days.unwrap_or_default();
            let missed = missed_days(almanac, last.logged, now);
            let threshold = ordinary + (ordinary / 2).max(1);
            return judge(missed, threshold, true, Stillness::Regular);
        }
        let missed = self.missed_hours(almanac, last.logged, now);
        judge(missed, self.hours_allowed(limits), false, Stillness::Regular)
    }

    /// Usual hours that have passed completely since the last report.
    fn missed_hours(&self, almanac: &Almanac<'_>, last: Millis, now: Millis) -> u32 {
        let from = last.0.max(now.0.saturating_sub(WALK_DAYS * MS_PER_DAY));
        let slot = |at: i64| almanac.zone.local(Millis(at)).0.div_euclid(MS_PER_HOUR);
        let mut seen = slot(from);
        let mut missed = 0;
        let mut at = from - from.rem_euclid(WALK_STEP_MS) + WALK_STEP_MS;
        while at.saturating_add(MS_PER_HOUR) <= now.0 {
            // A clock that is set back shows the same hours again.
            if slot(at) > seen {
                seen = slot(at);
                let start = Local(seen * MS_PER_HOUR);
                let usual = self.usual[almanac.kind(start.day())] >> (start.minute_of_day() / 60);
                let observed = almanac.was_on(Millis(at), Millis(at + MS_PER_HOUR));
                missed += u32::from(usual & 1 == 1 && observed);
            }
            at += WALK_STEP_MS;
        }
        missed
    }

    /// Start of the next hour in which a report is usual, or of the day by which one is.
    #[must_use]
    pub fn next_expected(
        &self,
        book: &SourceBook,
        almanac: &Almanac<'_>,
        now: Millis,
    ) -> Option<Local> {
        let local = almanac.zone.local(now);
        if self.usual == [0, 0] {
            let last = almanac.zone.local(book.last.as_ref()?.logged).day();
            let mut left = self.ordinary_days? + 1;
            let mut days = (1..=WINDOW_DAYS).map(|ahead| last.plus(ahead));
            let due = days.find(|day| {
                left -= u32::from(almanac.kind(*day) == 0);
                left == 0
            })?;
            return Some(due.start());
        }
        let this_hour = Local(local.0.div_euclid(MS_PER_HOUR) * MS_PER_HOUR);
        let mut ahead = (1..=AHEAD_DAYS * 24).map(|hours| this_hour.plus_hours(i64::from(hours)));
        ahead.find(|start| {
            let usual = self.usual[almanac.kind(start.day())];
            usual >> (start.minute_of_day() / 60) & 1 == 1
        })
    }
}

/// The second longest stillness that ended by itself: the longest may have been an outage.
fn second_longest(mut runs: Vec<u32>) -> u32 {
    runs.sort_unstable();
    runs.iter().rev().nth(1).copied().unwrap_or_default()
}

fn ordinary_hours(
    book: &SourceBook,
    almanac: &Almanac<'_>,
    lessons: &[Day],
    usual: [u32; 2],
) -> u32 {
    let mut runs = Vec::new();
    let mut run = 0;
    for day in lessons {
        let reported = book.days.get(day).map_or(0, |day| day.hours);
        let usual = usual[almanac.kind(*day)];
        for hour in 0..24 {
            if reported >> hour & 1 == 1 {
                runs.push(run);
                run = 0;
            } else {
                run += usual >> hour & 1;
            }
        }
    }
    second_longest(runs)
}

/// Working days between two days with reports.
fn ordinary_days(book: &SourceBook, almanac: &Almanac<'_>, lessons: &[Day]) -> Option<u32> {
    let mut runs = Vec::new();
    let mut run = None;
    for day in lessons {
        if book.days.contains_key(day) {
            runs.extend(run.replace(0));
        } else if let Some(run) = &mut run {
            *run += u32::from(almanac.kind(*day) == 0);
        }
    }
    (runs.len() >= GAPS_MIN).then(|| second_longest(runs))
}

/// Working days that have passed completely since the day of the last report.
fn missed_days(almanac: &Almanac<'_>, last: Millis, now: Millis) -> u32 {
    let (last, today) = (almanac.zone.local(last).day(), almanac.zone.local(now).day());
    let first = last.plus(1).max(today.plus(-(WALK_DAYS as i32)));
    let missed = |day: &Day| almanac.kind(*day) == 0 && !almanac.was_off(*day);
    (first.0..today.0).map(Day).filter(missed).count() as u32
}
