//! Periods in working hours: the opening hours of an organ on the working days of its region.
//!
//! A pause here takes exactly the time between its begin and its end, not whole days.

use super::{Calendar, Moment, Span, Timetable, pauses};
use crate::time::{Day, Local, MS_PER_DAY};
use std::ops::Bound;

const MS_PER_SECOND: i64 = 1000;

/// Working hours of one organ.
#[derive(Clone, Copy, Debug)]
pub struct Hours<'a> {
    pub calendar: &'a Calendar,
    pub timetable: &'a Timetable,
}

impl Hours<'_> {
    /// The earliest reading at or after `from` when `seconds` of working hours have passed; `from`
    /// itself if `seconds` is not positive.
    #[must_use]
    pub fn add(&self, from: Local, seconds: i64) -> Moment {
        let from = clamp(from);
        let wanted = seconds.max(0).saturating_mul(MS_PER_SECOND);
        let (at, is_reached) = if wanted == 0 { (from, true) } else { self.after(from, wanted) };
        let is_loaded = self.calendar.is_loaded(from.day()) && self.calendar.is_loaded(at.day());
        Moment { at, provisional: !(is_reached && is_loaded) }
    }

    /// Whole seconds of working hours between two readings, less the union of the pauses; zero if
    /// `to` is not after `from`.
    #[must_use]
    pub fn elapsed(&self, from: Local, to: Local, pauses: &[Span]) -> i64 {
        let (from, to) = (clamp(from), clamp(to));
        let paused = pauses.iter().map(|pause| (pause.begin.0, pause.end.0));
        let paused = pauses::union(paused, from.0, to.0);
        let all = self.between(from, to.max(from));
        let off: i64 = paused.iter().map(|(from, to)| self.between(Local(*from), Local(*to))).sum();
        (all - off) / MS_PER_SECOND
    }

    /// Seconds of an ordinary working day: Monday's, or of the first weekday that has hours.
    #[must_use]
    pub fn day_seconds(&self) -> i64 {
        let ordinary = (0..7).map(|weekday| length(self.timetable.spans(weekday)));
        ordinary.into_iter().find(|ms| *ms > 0).unwrap_or(0) / MS_PER_SECOND
    }

    /// Opening hours on one date, in milliseconds since its midnight.
    fn spans(&self, day: Day) -> &[(i64, i64)] {
        let own = self.timetable.extra().get(&day).copied();
        if own.unwrap_or_else(|| self.calendar.is_working(day)) {
            self.timetable.spans(day.weekday())
        } else {
            &[]
        }
    }

    /// Working milliseconds between two readings in order.
    fn between(&self, from: Local, to: Local) -> i64 {
        let passed = |at: Local| -> i64 {
            let now = at.ms_of_day();
            self.spans(at.day()).iter().map(|(open, close)| now.clamp(*open, *close) - open).sum()
        };
        self.full_days(from.day(), to.day()) - passed(from) + passed(to)
    }

    /// Working milliseconds of the days `from` <= d < `to`.
    fn full_days(&self, from: Day, to: Day) -> i64 {
        if from >= to {
            return 0;
        }
        let week: [i64; 5] = [0, 1, 2, 3, 4].map(|weekday| length(self.timetable.spans(weekday)));
        let days = i64::from(to.0) - i64::from(from.0);
        let (weeks, rest) = (days / 7, days % 7);
        let plain = |weekday: i64| week.get(weekday as usize).copied().unwrap_or(0);
        let first = i64::from(from.weekday());
        let mut sum = weeks * week.iter().sum::<i64>();
        sum += (first..first + rest).map(|weekday| plain(weekday % 7)).sum::<i64>();
        // The days that are not what their weekday says, each once.
        let extra = self.timetable.extra();
        let own = extra.range((Bound::Included(from), Bound::Excluded(to))).map(|(day, _)| *day);
        let changed = self.calendar.changes_between(from, to);
        for day in changed.filter(|day| !extra.contains_key(day)).chain(own) {
            sum += length(self.spans(day)) - plain(i64::from(day.weekday()));
        }
        sum
    }

    /// The earliest reading when `wanted` milliseconds have passed, and whether there is one.
    fn after(&self, from: Local, wanted: i64) -> (Local, bool) {
        let start = from.day();
        // Counted from the midnight before `from`, so that whole days can be searched.
        let wanted = wanted.saturating_add(self.between(start.start(), from));
        let is_enough = |day: Day| self.full_days(start, day) >= wanted;
        let (mut low, mut high) = (i64::from(start.0), i64::from(start.0) + 1);
        while high < i64::from(Day::MAX.0) && !is_enough(Day(high as i32)) {
            high += high - low;
        }
        high = high.min(i64::from(Day::MAX.0));
        // The first day whose following midnight has enough.
        while low < high {
            let middle = low + (high - low) / 2;
            if is_enough(Day(middle as i32).plus(1)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let day = Day(low as i32);
        let mut rest = wanted - self.full_days(start, day);
        for (open, close) in self.spans(day) {
            if rest <= close - open {
                return (Local(day.start().0 + open + rest), true);
            }
            rest -= close - open;
        }
        (Day::MAX.start(), false)
    }
}

fn length(spans: &[(i64, i64)]) -> i64 {
    spans.iter().map(|(open, close)| close - open).sum()
}

/// Readings beyond what a [`Day`] can hold stand for its first or last.
fn clamp(at: Local) -> Local {
    Local(at.0.clamp(Day::MIN.start().0, Day::MAX.start().0 + MS_PER_DAY - 1))
}
