//! Working time against a second implementation that walks day by day and minute by minute, and
//! against every possible input for panics.
#![allow(clippy::unwrap_used)]

use plumbline_contract::time::{Day, Local, MS_PER_MINUTE};
use plumbline_contract::worktime::{
    Calendar, CalendarRow, DayKind, Hours, OfficeRow, Span, Timetable, Unit,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// 2026-01-01, a Thursday. The rows of the random calendars lie in the 120 days from here.
const NEW_YEAR: i32 = 20_454;

/// The rules once more, as plainly as they can be said.
#[derive(Debug, Clone)]
struct Slow {
    rows: BTreeMap<i32, DayKind>,
    /// Minutes of the day (from, to) for each weekday.
    spans: Vec<Vec<(i64, i64)>>,
    /// Days on which the organ works or not, whatever the calendar says.
    extra: BTreeMap<i32, bool>,
}

impl Slow {
    fn works(&self, day: i32) -> bool {
        match self.rows.get(&day) {
            Some(DayKind::Holiday) => false,
            Some(DayKind::WorkdaySwap) => true,
            // 1970-01-05 was a Monday.
            None => (day - 4).rem_euclid(7) < 5,
        }
    }

    fn count(&self, from: i32, to: i32, working: bool, pauses: &[(i32, i32)]) -> i32 {
        let mut days = 0;
        for day in from + 1..=to {
            let is_paused = pauses.iter().any(|(begin, end)| *begin < day && day <= *end);
            days += i32::from(!is_paused && (!working || self.works(day)));
        }
        days
    }

    fn add(&self, from: i32, amount: i32) -> i32 {
        let mut day = from;
        let mut left = amount.abs();
        while left > 0 {
            day += amount.signum();
            left -= i32::from(self.works(day));
        }
        day
    }

    fn is_open(&self, minute: i64) -> bool {
        let (day, minute) = (minute.div_euclid(1440) as i32, minute.rem_euclid(1440));
        let weekday = (day - 4).rem_euclid(7) as usize;
        let own = &self.spans[weekday];
        let spans = if weekday >= 5 && own.is_empty() {
            self.spans.iter().find(|spans| !spans.is_empty()).unwrap()
        } else {
            own
        };
        let works = self.extra.get(&day).copied().unwrap_or_else(|| self.works(day));
        works && spans.iter().any(|(open, close)| *open <= minute && minute < *close)
    }

    fn minutes(&self, from: i64, to: i64, pauses: &[(i64, i64)]) -> i64 {
        let counts = |minute: &i64| {
            let is_paused = pauses.iter().any(|(begin, end)| begin <= minute && minute < end);
            self.is_open(*minute) && !is_paused
        };
        (from..to).filter(counts).count() as i64
    }

    fn calendar(&self) -> Calendar {
        let row = |(day, kind): (&i32, &DayKind)| CalendarRow {
            date: Day(*day),
            kind: *kind,
            occasion: String::new(),
            region: None,
        };
        Calendar::from_rows(self.rows.iter().map(row), "520123").unwrap()
    }

    fn timetable(&self) -> Timetable {
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let rows = self.spans.iter().zip(1..).flat_map(|(spans, weekday)| {
            spans.iter().map(move |(open, close)| OfficeRow {
                organ: "hall".into(),
                weekday,
                open: clock(*open),
                close: clock(*close),
                lunch_from: None,
                lunch_to: None,
            })
        });
        let days = |wanted: bool| {
            let days = self.extra.iter().filter(move |(_, works)| **works == wanted);
            days.map(|(day, _)| Day(*day))
        };
        Timetable::from_rows(rows).unwrap().with_days(days(false), days(true)).unwrap()
    }
}

fn slow() -> impl Strategy<Value = Slow> {
    let kind = prop_oneof![Just(DayKind::Holiday), Just(DayKind::WorkdaySwap)];
    let rows = prop::collection::btree_map(NEW_YEAR..NEW_YEAR + 120, kind, 0..40);
    let cut = prop::collection::btree_set(0i64..=1440, 0..5);
    let spans = prop::collection::vec(cut, 7).prop_map(|week| {
        let pairs = |cuts: std::collections::BTreeSet<i64>| {
            let cuts: Vec<_> = cuts.into_iter().collect();
            cuts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
        };
        let mut week: Vec<_> = week.into_iter().map(pairs).collect();
        if week[..5].iter().all(Vec::is_empty) {
            week[2] = vec![(540, 720)];
        }
        week
    });
    let extra = prop::collection::btree_map(NEW_YEAR..NEW_YEAR + 120, any::<bool>(), 0..30);
    (rows, spans, extra).prop_map(|(rows, spans, extra)| Slow { rows, spans, extra })
}

fn spans_of(minutes: &[(i64, i64)]) -> Vec<Span> {
    let local = |minute: i64| Local(minute * MS_PER_MINUTE);
    minutes.iter().map(|(begin, end)| Span { begin: local(*begin), end: local(*end) }).collect()
}

fn any_unit() -> impl Strategy<Value = Unit> {
    prop::sample::select(vec![Unit::WorkingDay, Unit::CalendarDay, Unit::Month, Unit::Year])
}

const FIRST_MINUTE: i64 = NEW_YEAR as i64 * 1440;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn days_are_those_of_the_walk(
        slow in slow(),
        from in NEW_YEAR - 10..NEW_YEAR + 130,
        length in -5..130i32,
        pauses in prop::collection::vec((NEW_YEAR..NEW_YEAR + 130, -3..30i32), 0..6),
        hour in 0..24i64,
    ) {
        let calendar = slow.calendar();
        let pauses: Vec<_> = pauses.iter().map(|(begin, days)| (*begin, begin + days)).collect();
        let spans: Vec<_> = pauses
            .iter()
            .map(|(begin, end)| Span {
                begin: Day(*begin).start().plus_hours(hour),
                end: Day(*end).start().plus_hours(23 - hour),
            })
            .collect();
        for (unit, working) in [(Unit::WorkingDay, true), (Unit::CalendarDay, false)] {
            let found = calendar.count(Day(from), Day(from + length), unit, &spans);
            prop_assert_eq!(found, slow.count(from, from + length, working, &pauses));
        }
        for day in from..from + length {
            prop_assert_eq!(calendar.is_working(Day(day)), slow.works(day));
        }
    }

    #[test]
    fn due_days_are_those_of_the_walk(
        slow in slow(),
        from in NEW_YEAR - 10..NEW_YEAR + 130,
        amount in -60..90i32,
    ) {
        let calendar = slow.calendar();
        let due = calendar.add(Day(from), amount, Unit::WorkingDay, false);
        prop_assert_eq!(due.day, Day(slow.add(from, amount)));
        let rolled = calendar.add(Day(from), amount, Unit::CalendarDay, true);
        let last = (from + amount..).find(|day| slow.works(*day)).unwrap();
        prop_assert_eq!(rolled.day, Day(last));
        // A period that is added is the period that is counted.
        if amount > 0 {
            let counted = calendar.count(Day(from), due.day, Unit::WorkingDay, &[]);
            prop_assert_eq!(counted, amount);
        }
    }

    #[test]
    fn months_are_the_most_that_fit(
        from in -800_000..800_000i32,
        days in 0..40_000i32,
    ) {
        let calendar = Calendar::weekends_only();
        let (from, to) = (Day(from), Day(from + days));
        for unit in [Unit::Month, Unit::Year] {
            let whole = calendar.count(from, to, unit, &[]);
            prop_assert!(calendar.add(from, whole, unit, false).day <= to);
            prop_assert!(calendar.add(from, whole + 1, unit, false).day > to);
        }
    }
}

proptest! {
    // A walk by minutes is slow, so a failure is not made as small as it could be.
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 200, ..Default::default() })]

    #[test]
    fn hours_are_those_of_the_walk(
        slow in slow(),
        from in FIRST_MINUTE..FIRST_MINUTE + 100 * 1440,
        length in -100..20 * 1440i64,
        pauses in prop::collection::vec((0..20 * 1440i64, -600..3000i64), 0..5),
    ) {
        let (calendar, timetable) = (slow.calendar(), slow.timetable());
        let hours = Hours { calendar: &calendar, timetable: &timetable };
        let pauses: Vec<_> =
            pauses.iter().map(|(begin, length)| (from + begin, from + begin + length)).collect();
        let local = |minute: i64| Local(minute * MS_PER_MINUTE);
        let found = hours.elapsed(local(from), local(from + length), &spans_of(&pauses));
        prop_assert_eq!(found, slow.minutes(from, from + length, &pauses) * 60);
    }

    #[test]
    fn moments_are_those_of_the_walk(
        slow in slow(),
        from in FIRST_MINUTE..FIRST_MINUTE + 100 * 1440,
        wanted in 1..3000i64,
    ) {
        let (calendar, timetable) = (slow.calendar(), slow.timetable());
        let hours = Hours { calendar: &calendar, timetable: &timetable };
        let mut minute = from;
        let mut left = wanted;
        while left > 0 {
            left -= i64::from(slow.is_open(minute));
            minute += 1;
        }
        let found = hours.add(Local(from * MS_PER_MINUTE), wanted * 60);
        prop_assert_eq!(found.at, Local(minute * MS_PER_MINUTE));
    }
}

proptest! {
    #[test]
    fn no_input_panics(
        slow in slow(),
        days in prop::array::uniform2(any::<i32>()),
        amount in any::<i32>(),
        unit in any_unit(),
        roll in any::<bool>(),
        times in prop::array::uniform4(any::<i64>()),
        seconds in any::<i64>(),
    ) {
        let (calendar, timetable) = (slow.calendar(), slow.timetable());
        let days = days.map(Day);
        let [from, to, begin, end] = times.map(Local);
        let pauses = [Span { begin, end }, Span { begin: end, end: begin }];
        let due = calendar.add(days[0], amount, unit, roll);
        prop_assert!(due.provisional || calendar.is_loaded(due.day));
        prop_assert!(calendar.count(days[0], days[1], unit, &pauses) >= 0);
        let hours = Hours { calendar: &calendar, timetable: &timetable };
        let all = hours.elapsed(from, to, &[]);
        let less = hours.elapsed(from, to, &pauses);
        prop_assert!(0 <= less && less <= all);
        let moment = hours.add(from, seconds);
        prop_assert!(moment.provisional || calendar.is_loaded(moment.at.day()));
        for text in [days[0].to_string(), from.to_string()] {
            prop_assert!(!text.is_empty());
        }
    }
}
