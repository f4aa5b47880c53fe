//! The judgement on sources, by tables: a source with a rhythm, a moment, and what is said of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use plumbline_contract::CALENDAR_CSV;
use plumbline_contract::alert::Level;
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::{Day, MS_PER_MINUTE, Millis, Zone, parse_stamp};
use plumbline_contract::worktime::{Calendar, CalendarRow};
use plumbline_kernel::health::{
    Almanac, COUNT_TYPE, Downtime, SourceBook, SourceHealth, SourceLimits, Stillness, judge_source,
};

const KIND: &str = "approval.case.accepted";

fn calendar() -> Calendar {
    let rows = CALENDAR_CSV.lines().skip(1).map(|line| {
        let cells: Vec<_> = line.split(',').collect();
        let (date, kind, occasion) = (cells[0], cells[1], cells[2]);
        let row = format!(r#"{{"date":"{date}","kind":"{kind}","occasion":"{occasion}"}}"#);
        CalendarRow::from_json(&row).unwrap()
    });
    Calendar::from_rows(rows.collect::<Vec<_>>(), "").unwrap()
}

/// A source and the almanac by which it is judged.
struct Bench {
    zone: Zone,
    calendar: Calendar,
    downtimes: Vec<Downtime>,
    book: SourceBook,
    seq: u64,
}

impl Bench {
    fn new(zone: Zone) -> Self {
        let book = SourceBook::default();
        Self { zone, calendar: calendar(), downtimes: Vec::new(), book, seq: 0 }
    }

    fn at(&self, text: &str) -> Millis {
        self.zone.instant_of(parse_stamp(text).unwrap())
    }

    fn off(&mut self, from: &str, to: &str) {
        self.downtimes.push(Downtime { from: self.at(from), to: self.at(to) });
    }

    fn event(&self, kind: &str, logged: Millis, recorded: Millis, data: &str) -> Event {
        Event {
            id: self.seq.to_string(),
            source: "hall".to_owned(),
            kind: kind.to_owned(),
            subject: "C1".to_owned(),
            time: recorded,
            recorded,
            corrected: None,
            logged,
            region: "370203".to_owned(),
            dept: "D-1".to_owned(),
            serial: None,
            actor: None,
            dataversion: 1,
            data: data.to_owned(),
        }
    }

    fn take(&mut self, kind: &str, logged: Millis, late_ms: i64, data: &str) {
        let event = self.event(kind, logged, Millis(logged.0 - late_ms), data);
        self.book.take(EventSeq(self.seq), &event, &self.zone);
        self.seq += 1;
    }

    /// `each` reports at half past each of the hours, on the days for which `on` holds.
    fn report(&mut self, (from, to): (&str, &str), on: fn(bool, Day) -> bool, hours: &[i64]) {
        let (from, to) = (Day::parse(from).unwrap(), Day::parse(to).unwrap());
        for day in (from.0..=to.0).map(Day) {
            if !on(self.calendar.is_working(day), day) {
                continue;
            }
            for hour in hours {
                let at = self.zone.instant(day.start().plus_minutes(hour * 60 + 30));
                (0..5).for_each(|_| self.take(KIND, at, 2000, "{}"));
            }
        }
    }

    fn judge(&self, now: &str) -> SourceHealth {
        self.judge_with(now, &SourceLimits::default())
    }

    fn judge_with(&self, now: &str, limits: &SourceLimits) -> SourceHealth {
        let Self { zone, calendar, downtimes, .. } = self;
        let almanac = Almanac { zone, calendar, downtimes };
        judge_source(&self.book, &almanac, limits, false, self.at(now))
    }
}

const OFFICE: [i64; 8] = [8, 9, 10, 11, 14, 15, 16, 17];
const WORKING: fn(bool, Day) -> bool = |working, _| working;
const ALWAYS: fn(bool, Day) -> bool = |_, _| true;
const FRIDAYS: fn(bool, Day) -> bool = |_, day| day.weekday() == 4;

#[test]
fn an_office_is_silent_only_when_it_should_speak() {
    // name, last day with reports, now, silent, usual hours missed
    let cases = [
        ("in the middle of the morning", "2026-04-22", "2026-04-22T17:59", false, 0),
        ("in the evening", "2026-04-22", "2026-04-22T23:00", false, 0),
        ("the next morning, not yet time", "2026-04-22", "2026-04-23T08:59", false, 0),
        ("two hours late", "2026-04-22", "2026-04-23T10:00", false, 2),
        ("three hours late", "2026-04-22", "2026-04-23T11:00", true, 3),
        ("Friday evening", "2026-04-24", "2026-04-24T22:00", false, 0),
        ("Saturday", "2026-04-24", "2026-04-25T15:00", false, 0),
        ("Monday before work", "2026-04-24", "2026-04-27T08:30", false, 0),
        ("Monday at noon", "2026-04-24", "2026-04-27T12:00", true, 4),
        ("Labour Day", "2026-04-30", "2026-05-04T18:00", false, 0),
        ("after Labour Day", "2026-04-30", "2026-05-06T11:00", true, 3),
        ("the Saturday that is worked", "2026-05-08", "2026-05-09T11:00", true, 3),
        ("three weeks", "2026-04-10", "2026-04-30T18:00", true, 112),
    ];
    for (name, last, now, silent, missed) in cases {
        let mut bench = Bench::new(Zone::shanghai());
        bench.report(("2026-02-24", last), WORKING, &OFFICE);
        let health = bench.judge(now);
        let silence = health.silence;
        assert_eq!(silence.state == Stillness::Silent, silent, "{name}: {silence:?}");
        assert_eq!((silence.missed, silence.in_days), (missed, false), "{name}");
    }
}

#[test]
fn the_next_report_is_expected_in_the_next_usual_hour() {
    let mut bench = Bench::new(Zone::shanghai());
    bench.report(("2026-02-24", "2026-04-30"), WORKING, &OFFICE);
    let cases = [
        ("2026-04-30T08:10", "2026-04-30 09:00"),
        ("2026-04-30T12:10", "2026-04-30 14:00"),
        ("2026-04-30T17:10", "2026-05-06 08:00"),
    ];
    for (now, expected) in cases {
        let next = bench.judge(now).next_expected.map(|next| next.to_string());
        assert_eq!(next.as_deref(), Some(expected), "{now}");
    }
}

#[test]
fn every_rhythm_has_its_own_patience() {
    type Case = (&'static str, fn(bool, Day) -> bool, &'static [i64], &'static str, bool);
    let cases: [Case; 9] = [
        ("every night, before its hour ends", ALWAYS, &[2], "2026-04-23T02:59", false),
        ("every night, once missed", ALWAYS, &[2], "2026-04-23T03:00", true),
        ("round the clock", ALWAYS, &ROUND, "2026-04-23T02:00", false),
        ("round the clock, three hours", ALWAYS, &ROUND, "2026-04-23T03:00", true),
        ("round the clock at a weekend", ALWAYS, &ROUND, "2026-04-25T12:00", true),
        ("Fridays, the week after", FRIDAYS, &[15], "2026-04-24T18:00", false),
        ("Fridays, a week missed", FRIDAYS, &[15], "2026-04-27T08:00", false),
        ("Fridays, two days more", FRIDAYS, &[15], "2026-04-29T08:00", true),
        ("Fridays, long after", FRIDAYS, &[15], "2026-05-15T08:00", true),
    ];
    const ROUND: [i64; 24] =
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];
    for (name, on, hours, now, silent) in cases {
        let mut bench = Bench::new(Zone::shanghai());
        bench.report(("2026-02-24", "2026-04-22"), on, hours);
        let silence = bench.judge(now).silence;
        assert_eq!(silence.state == Stillness::Silent, silent, "{name}: {silence:?}");
    }
}

#[test]
fn a_source_that_is_still_at_times_gets_more_time() {
    let mut bench = Bench::new(Zone::shanghai());
    bench.report(("2026-02-24", "2026-04-22"), WORKING, &OFFICE);
    // Twice it was still for five usual hours: the computer of the hall was repaired.
    for day in ["2026-03-10", "2026-03-24"] {
        bench.book.days.get_mut(&Day::parse(day).unwrap()).unwrap().hours =
            1 << 8 | 1 << 16 | 1 << 17;
    }
    let silence = |now: &str| bench.judge(now).silence;
    assert_eq!(silence("2026-04-23T16:00").missed, 6);
    assert_eq!(silence("2026-04-23T16:00").state, Stillness::Regular);
    assert_eq!(silence("2026-04-23T17:00").state, Stillness::Silent);
}

#[test]
fn a_new_source_is_given_time_but_not_for_ever() {
    let cases = [
        ("on its first day", "2026-04-01", "2026-04-01T20:00", Stillness::Learning),
        ("after a few days", "2026-04-03", "2026-04-07T18:00", Stillness::Learning),
        ("five working days later", "2026-04-03", "2026-04-14T00:10", Stillness::Silent),
        ("a day before", "2026-04-03", "2026-04-13T23:50", Stillness::Learning),
    ];
    for (name, last, now, expected) in cases {
        let mut bench = Bench::new(Zone::shanghai());
        bench.report(("2026-04-01", last), WORKING, &OFFICE);
        let silence = bench.judge(now).silence;
        assert_eq!((silence.state, silence.in_days), (expected, true), "{name}: {silence:?}");
    }
}

#[test]
fn what_was_only_imported_is_watched_if_somebody_counts_on_it() {
    let mut bench = Bench::new(Zone::shanghai());
    for day in (Day::parse("2026-02-24").unwrap().0..Day::parse("2026-04-22").unwrap().0).map(Day) {
        let at = bench.zone.instant(day.start().plus_hours(9));
        bench.take(KIND, at, 0, "{}");
    }
    let Bench { zone, calendar, downtimes, book, .. } = &bench;
    let almanac = Almanac { zone, calendar, downtimes };
    let state = |expected: bool| {
        let now = bench.at("2026-04-30T12:00");
        judge_source(book, &almanac, &SourceLimits::default(), expected, now).silence.state
    };
    assert_eq!(state(false), Stillness::Imported);
    assert_eq!(state(true), Stillness::Silent);
}

#[test]
fn a_host_that_was_off_does_not_blame_the_sources() {
    let mut bench = Bench::new(Zone::shanghai());
    bench.report(("2026-02-24", "2026-04-21"), WORKING, &OFFICE);
    bench.off("2026-04-21T18:00", "2026-04-23T09:30");
    assert_eq!(bench.judge("2026-04-23T11:30").silence.state, Stillness::Regular);
    assert_eq!(bench.judge("2026-04-23T11:30").silence.missed, 1);
    assert_eq!(bench.judge("2026-04-23T16:00").silence.state, Stillness::Silent);
    // A fortnight without power teaches nothing either.
    let mut bench = Bench::new(Zone::shanghai());
    bench.report(("2026-02-24", "2026-03-20"), WORKING, &OFFICE);
    bench.off("2026-03-21T00:00", "2026-04-20T00:00");
    bench.report(("2026-04-20", "2026-04-22"), WORKING, &OFFICE);
    let health = bench.judge("2026-04-23T11:00");
    assert_eq!(health.rhythm.usual[0].count_ones(), 8);
    assert_eq!(health.silence.state, Stillness::Silent);
}

#[test]
fn summer_time_neither_adds_nor_hides_an_hour() {
    let berlin = || {
        let utc = |text: &str| Zone::fixed("UTC", 0).instant_of(parse_stamp(text).unwrap());
        let changes = vec![
            (Millis(i64::MIN), 60),
            (utc("2026-03-29T01:00"), 120),
            (utc("2026-10-25T01:00"), 60),
        ];
        Zone::new("Europe/Berlin", changes)
    };
    // (learned until, now, usual hours missed): the source reports at half past every hour.
    let cases = [
        // 02:00 to 03:00 does not exist on 29 March.
        ("2026-03-28", "2026-03-29T03:00", 2),
        ("2026-03-28", "2026-03-29T04:00", 3),
        ("2026-03-27", "2026-03-28T04:00", 4),
        // 02:00 to 03:00 comes twice on 25 October, and is one hour of the rhythm.
        ("2026-10-24", "2026-10-25T02:00", 2),
        ("2026-10-24", "2026-10-25T04:00", 4),
    ];
    for (last, now, missed) in cases {
        let mut bench = Bench::new(berlin());
        let from = if last < "2026-06" { "2026-02-01" } else { "2026-08-25" };
        bench.report((from, last), ALWAYS, &(0..24).collect::<Vec<_>>());
        assert_eq!(bench.judge(now).silence.missed, missed, "{now}");
    }
}

#[test]
fn a_drop_is_measured_against_days_of_its_kind() {
    // name, hours of the last day, now, (count, median, drop)
    type Case = (&'static str, &'static [i64], &'static str, Option<(u64, u64, bool)>);
    let cases: [Case; 5] = [
        ("as ever", &OFFICE, "2026-04-24T09:00", Some((40, 40, false))),
        ("half", &[8, 9, 10, 11], "2026-04-24T09:00", Some((20, 40, false))),
        ("an eighth", &[8], "2026-04-24T09:00", Some((5, 40, true))),
        ("nothing: that is silence", &[], "2026-04-24T09:00", None),
        ("the weekend has no volume", &OFFICE, "2026-04-26T09:00", None),
    ];
    for (name, hours, now, expected) in cases {
        let mut bench = Bench::new(Zone::shanghai());
        bench.report(("2026-03-24", "2026-04-22"), WORKING, &OFFICE);
        bench.report(("2026-04-23", "2026-04-23"), WORKING, hours);
        bench.report(("2026-04-24", "2026-04-24"), WORKING, &OFFICE);
        let volume = bench.judge(now).volume;
        let found = volume.map(|volume| (volume.count, volume.median, volume.is_drop));
        assert_eq!(found, expected, "{name}");
    }
    let mut small = Bench::new(Zone::shanghai());
    small.report(("2026-04-01", "2026-04-22"), WORKING, &[9, 10, 11]);
    small.report(("2026-04-23", "2026-04-23"), WORKING, &[9]);
    assert_eq!(small.judge("2026-04-24T09:00").volume, None, "a few events tell nothing");
    let limits = SourceLimits { volume_events: 10, volume_percent: 40, ..SourceLimits::default() };
    assert!(small.judge_with("2026-04-24T09:00", &limits).volume.unwrap().is_drop);
    small.off("2026-04-23T10:00", "2026-04-23T18:00");
    let volume = small.judge_with("2026-04-24T09:00", &limits).volume;
    assert_eq!(volume, None, "the host was off");
}

#[test]
fn counts_are_compared_once_everything_has_had_time_to_arrive() {
    let count = |day: &str, kind: &str, count: u64| {
        format!(r#"{{"day":"{day}","type":"{kind}","count":{count}}}"#)
    };
    // statement, received at, judged at, (declared, received, differs)
    let cases = [
        (count("2026-04-22", "", 40), "2026-04-23T09:30", None),
        (count("2026-04-22", "", 40), "2026-04-23T10:00", Some((Some(40), 40, false))),
        (count("2026-04-22", "", 41), "2026-04-23T10:00", Some((Some(41), 40, true))),
        (count("2026-04-22", "", 39), "2026-04-23T10:00", Some((Some(39), 40, true))),
        (count("2026-04-22", KIND, 40), "2026-04-23T10:00", Some((Some(40), 40, false))),
        (count("2026-04-22", "other.type", 1), "2026-04-23T10:00", Some((Some(1), 0, true))),
        (count("2026-04-18", "", 0), "2026-04-23T10:00", Some((Some(0), 0, false))),
        (count("2026-03-02", "", 7), "2026-04-23T10:00", None),
        (count("2026-04-22T08:00", "", 40), "2026-04-23T10:00", Some((None, 0, true))),
        ("{}".to_owned(), "2026-04-23T10:00", Some((None, 0, true))),
        // Its payload was dropped when its time was over.
        (String::new(), "2026-04-23T10:00", None),
    ];
    for (statement, now, expected) in cases {
        let mut bench = Bench::new(Zone::shanghai());
        bench.report(("2026-03-24", "2026-04-22"), WORKING, &OFFICE);
        let at = bench.at("2026-04-23T09:00");
        bench.take(COUNT_TYPE, at, 1000, &statement);
        let counts = bench.judge(now).counts;
        let found = counts.first().map(|one| (one.declared, one.received, one.differs));
        assert_eq!(found, expected, "{statement} at {now}");
    }
}

#[test]
fn a_statement_is_a_sign_of_life_a_later_one_replaces_it_and_late_records_make_it_agree() {
    let mut bench = Bench::new(Zone::shanghai());
    bench.report(("2026-03-24", "2026-04-22"), WORKING, &OFFICE);
    let state = |bench: &mut Bench, at: &str, count: u64| {
        let at = bench.at(at);
        let data = format!(r#"{{"day":"2026-04-22","count":{count}}}"#);
        bench.take(COUNT_TYPE, at, 1000, &data);
    };
    state(&mut bench, "2026-04-23T10:30", 42);
    assert_eq!(bench.judge("2026-04-23T12:00").silence.missed, 1);
    state(&mut bench, "2026-04-23T10:40", 41);
    let counts = bench.judge("2026-04-23T12:00").counts;
    assert_eq!((counts.len(), counts[0].declared, counts[0].differs), (1, Some(41), true));
    // The missing record comes at last, received a day late.
    let (received, late) = (bench.at("2026-04-23T12:10"), 24 * 60 * MS_PER_MINUTE);
    bench.take(KIND, received, late, "{}");
    assert!(!bench.judge("2026-04-23T13:00").counts[0].differs);
}

#[test]
fn clocks_are_judged_by_what_cannot_be_a_delay() {
    const HOUR: i64 = 3_600_000;
    // name, delays in seconds (repeated), (level, ahead in seconds, whole hours)
    type Case = (&'static str, fn(i64) -> i64, Option<(Option<Level>, i64, bool)>);
    let cases: [Case; 9] = [
        ("five seconds", |_| 5_000, Some((None, 0, false))),
        ("reports every ten minutes", |i| i % 600 * 1000, Some((None, 0, false))),
        ("reports every night", |i| i * 300_000, Some((None, 0, false))),
        ("90 seconds ahead", |_| -90_000, Some((Some(Level::Notice), 90, false))),
        ("11 minutes ahead", |_| -660_000, Some((Some(Level::Yellow), 660, false))),
        ("eight hours ahead", |_| -8 * HOUR + 3_000, Some((Some(Level::Yellow), 28_797, true))),
        ("one wrong record", |i| if i == 7 { -900_000 } else { 5_000 }, Some((None, 0, false))),
        ("15 minutes late, always", |_| 900_000, Some((Some(Level::Notice), -900, false))),
        ("eight hours late", |i| 8 * HOUR + i, Some((Some(Level::Yellow), -28_800, true))),
    ];
    for (name, delay, expected) in cases {
        let mut bench = Bench::new(Zone::shanghai());
        for i in 0..50 {
            let at = bench.at("2026-04-22T09:00");
            bench.take(KIND, Millis(at.0 + i * MS_PER_MINUTE), delay(i), "{}");
        }
        let skew = bench.judge("2026-04-22T12:00").skew;
        let found = skew.map(|skew| (skew.level, skew.ahead_ms / 1000, skew.whole_hours));
        assert_eq!(found, expected, "{name}");
    }
    let mut few = Bench::new(Zone::shanghai());
    (0..19).for_each(|_| few.take(KIND, Millis(1_800_000_000_000), -HOUR, "{}"));
    assert_eq!(few.judge("2026-04-22T12:00").skew, None);
}

#[test]
fn a_book_is_bounded_and_takes_each_event_once() {
    let mut bench = Bench::new(Zone::shanghai());
    bench.report(("2025-01-01", "2026-04-22"), ALWAYS, &OFFICE);
    for i in 0..100 {
        let at = bench.at("2026-04-22T18:00");
        let data = format!(r#"{{"day":"2026-04-22","type":"t{i}","count":1}}"#);
        bench.take(COUNT_TYPE, at, 1000, &data);
        bench.take(&format!("t{i}"), at, -366 * 24 * 60 * MS_PER_MINUTE, "{}");
    }
    let bytes = serde_json::to_vec(&bench.book).unwrap();
    assert!(bytes.len() < 32 * 1024, "{} bytes", bytes.len());
    let again: SourceBook = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(again, bench.book);
    // Records from the future do not push out the day that is compared; crowded types are unknown.
    let today = Day::parse("2026-04-22").unwrap();
    assert_eq!(bench.book.received(today, KIND), Some(40));
    assert_eq!(bench.book.received(today, ""), Some(140));
    assert_eq!(bench.book.received(today, "t99"), None);
    let event = bench.event(KIND, bench.at("2026-04-22T19:00"), bench.at("2026-04-22T18:00"), "{}");
    let mut book = bench.book.clone();
    book.take(EventSeq(bench.seq - 1), &event, &bench.zone);
    assert_eq!(book, bench.book);
}
