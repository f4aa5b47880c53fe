//! The county's working time in 2025, by the calendar that is shipped: which days are working days,
//! when somebody sits at his desk, and when a period ends.

use crate::rng::Rng;
use plumbline_contract::CALENDAR_CSV;
use plumbline_contract::time::{Day, Local, MS_PER_MINUTE};
use plumbline_contract::worktime::{Calendar, CalendarRow, Unit};

/// Office hours in minutes after midnight; they lie within those of the standard timetable.
const MORNING: (i64, i64) = (9 * 60, 11 * 60 + 45);
const AFTERNOON: (i64, i64) = (13 * 60 + 35, 17 * 60 + 10);

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    calendar: Calendar,
    first: Day,
    last: Day,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let rows = CALENDAR_CSV.lines().skip(1).filter_map(|line| {
            let (date, rest) = line.split_once(',')?;
            let (kind, occasion) = rest.split_once(',')?;
            let json = format!(r#"{{"date":"{date}","kind":"{kind}","occasion":"{occasion}"}}"#);
            CalendarRow::from_json(&json).ok()
        });
        let calendar = Calendar::from_rows(rows.collect::<Vec<_>>(), "")
            .expect("the calendar that is shipped makes sense");
        let first = day(1, 1);
        let last = day(12, 31);
        Self { calendar, first, last }
    }

    pub(crate) fn first(&self) -> Day {
        self.first
    }

    pub(crate) fn last(&self) -> Day {
        self.last
    }

    pub(crate) fn is_working(&self, day: Day) -> bool {
        self.calendar.is_working(day)
    }

    /// The day so many working days later.
    pub(crate) fn wd(&self, from: Day, days: i32) -> Day {
        self.calendar.add(from, days, Unit::WorkingDay, true).day
    }

    /// The last day of a period of calendar days: one that is no working day rolls to the next.
    pub(crate) fn cal(&self, from: Day, days: i32) -> Day {
        self.calendar.add(from, days, Unit::CalendarDay, true).day
    }

    /// This day if it is a working day, else the next one.
    pub(crate) fn open(&self, day: Day) -> Day {
        if self.is_working(day) { day } else { self.wd(day, 1) }
    }

    /// This day if it is a working day, else the one before.
    pub(crate) fn open_before(&self, day: Day) -> Day {
        let mut day = day;
        while !self.is_working(day) {
            day = day.plus(-1);
        }
        day
    }

    /// A moment in office hours of a day.
    pub(crate) fn desk(&self, rng: &mut Rng, day: Day) -> Local {
        let (from, to) = if rng.percent(55) { MORNING } else { AFTERNOON };
        at_ms(day, rng.range(from * 60_000, to * 60_000))
    }

    /// A moment of the morning, so that the rest of the day is left.
    pub(crate) fn morning(&self, rng: &mut Rng, day: Day) -> Local {
        at_ms(day, rng.range(MORNING.0 * 60_000, (MORNING.0 + 90) * 60_000))
    }

    /// A moment of the afternoon.
    pub(crate) fn afternoon(&self, rng: &mut Rng, day: Day) -> Local {
        at_ms(day, rng.range(AFTERNOON.0 * 60_000, AFTERNOON.1 * 60_000))
    }
}

/// A date of 2025.
pub(crate) fn day(month: u32, day: u32) -> Day {
    Day::from_ymd(2025, month, day).expect("a date of the year")
}

/// A moment of a day.
pub(crate) fn at(day: Day, hour: i64, minute: i64) -> Local {
    day.start().plus_minutes(hour * 60 + minute)
}

fn at_ms(day: Day, ms: i64) -> Local {
    Local(day.start().0 + ms / 1000 * 1000)
}

/// So many minutes and some seconds later, as people work.
pub(crate) fn later(rng: &mut Rng, from: Local, low_min: i64, high_min: i64) -> Local {
    Local(from.0 + rng.range(low_min * MS_PER_MINUTE, high_min * MS_PER_MINUTE) / 1000 * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_has_its_working_days() {
        let clock = Clock::new();
        let days = (clock.first.0..=clock.last.0).map(Day);
        assert_eq!(days.filter(|day| clock.is_working(*day)).count(), 248);
        assert!(clock.is_working(day(1, 26)) && !clock.is_working(day(10, 8)));
        assert_eq!(clock.wd(day(9, 28), 5), day(10, 11));
        assert_eq!(clock.cal(day(9, 5), 30), day(10, 9));
    }
}
