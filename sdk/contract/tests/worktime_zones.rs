//! Zones with daylight saving time, built from the IANA database: deadlines count local dates, so
//! a night of 23 or 25 hours changes nothing.
#![allow(clippy::unwrap_used)]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plumbline_contract::time::{Day, Local, Millis, Zone, parse_stamp};
use plumbline_contract::worktime::{Calendar, Hours, Timetable, Unit};
use proptest::prelude::*;

const NAMES: [&str; 4] = ["Europe/Rome", "America/New_York", "Asia/Shanghai", "Asia/Urumqi"];

fn zone(name: &str) -> Zone {
    let tz = TimeZone::get(name).unwrap();
    let end: Timestamp = "2045-01-01T00:00:00Z".parse().unwrap();
    let start: Timestamp = "1970-01-01T00:00:00Z".parse().unwrap();
    let minutes = |offset: jiff::tz::Offset| offset.seconds() / 60;
    let mut transitions = vec![(Millis(i64::MIN), minutes(tz.to_offset(start)))];
    for change in tz.following(start).take_while(|change| change.timestamp() < end) {
        let from = Millis(change.timestamp().as_millisecond());
        transitions.push((from, minutes(change.offset())));
    }
    Zone::new(name, transitions)
}

fn local(text: &str) -> Local {
    parse_stamp(text).unwrap().local
}

/// A reading of the clock in jiff's words.
fn civil(at: Local) -> jiff::civil::DateTime {
    let utc = Timestamp::from_millisecond(at.0).unwrap();
    TimeZone::UTC.to_datetime(utc)
}

#[test]
fn a_day_is_a_day_over_every_clock_change() {
    let calendar = Calendar::weekends_only();
    // (zone, evening before the change, hours until the same reading of the next day)
    for (name, evening, hours) in [
        ("Europe/Rome", "2026-03-28T21:00", 23),
        ("Europe/Rome", "2026-10-24T21:00", 25),
        ("America/New_York", "2026-03-07T21:00", 23),
        ("America/New_York", "2026-10-31T21:00", 25),
        ("Asia/Shanghai", "1986-05-03T21:00", 23),
        ("Asia/Shanghai", "1986-09-13T21:00", 25),
        ("Asia/Shanghai", "1991-04-13T21:00", 23),
        ("Asia/Shanghai", "1991-09-14T21:00", 25),
        ("Asia/Shanghai", "1992-04-11T21:00", 24),
    ] {
        let zone = zone(name);
        let start = zone.instant(local(evening));
        let next = zone.instant(local(evening).plus_hours(24));
        assert_eq!(next.0 - start.0, hours * 3_600_000, "{name} {evening}");
        let (from, to) = (zone.local(start).day(), zone.local(next).day());
        assert_eq!(calendar.count(from, to, Unit::CalendarDay, &[]), 1, "{name} {evening}");
        assert_eq!(calendar.add(from, 1, Unit::CalendarDay, false).day, to, "{name} {evening}");
        // The change is on a Sunday night; the next working day is Monday all the same.
        let monday = calendar.add(from, 1, Unit::WorkingDay, false).day;
        assert_eq!(monday, from.plus(2), "{name} {evening}");
    }
}

#[test]
fn an_event_belongs_to_its_local_date() {
    for (name, instant, date) in [
        ("Asia/Shanghai", "2026-02-09T15:59:59.999Z", "2026-02-09"),
        ("Asia/Shanghai", "2026-02-09T16:00:00Z", "2026-02-10"),
        ("Asia/Shanghai", "1988-07-01T15:00:00Z", "1988-07-02"),
        ("Asia/Shanghai", "1988-12-01T15:00:00Z", "1988-12-01"),
        ("America/New_York", "2026-03-08T04:59:59Z", "2026-03-07"),
        ("America/New_York", "2026-07-08T03:59:59Z", "2026-07-07"),
        ("Europe/Rome", "2026-07-07T22:00:00Z", "2026-07-08"),
        ("Europe/Rome", "2026-12-07T22:00:00Z", "2026-12-07"),
    ] {
        let stamp = parse_stamp(instant).unwrap();
        let zone = zone(name);
        let at = zone.instant_of(stamp);
        assert_eq!(zone.local(at).day().to_string(), date, "{name} {instant}");
    }
}

#[test]
fn readings_that_occur_twice_or_never() {
    let rome = zone("Europe/Rome");
    let text = |reading: &str| rome.rfc3339(rome.instant(local(reading)));
    assert_eq!(text("2026-03-29T01:59"), "2026-03-29T01:59:00+01:00");
    assert_eq!(text("2026-03-29T02:30"), "2026-03-29T03:30:00+02:00");
    assert_eq!(text("2026-03-29T03:00"), "2026-03-29T03:00:00+02:00");
    assert_eq!(text("2026-10-25T02:30"), "2026-10-25T02:30:00+02:00");
    assert_eq!(text("2026-10-25T03:00"), "2026-10-25T03:00:00+01:00");
}

#[test]
fn working_hours_do_not_notice_a_clock_change() {
    let (calendar, timetable) = (Calendar::weekends_only(), Timetable::standard());
    let hours = Hours { calendar: &calendar, timetable: &timetable };
    let rome = zone("Europe/Rome");
    for friday in ["2026-03-27T16:30", "2026-10-23T16:30", "2026-06-12T16:30"] {
        let from = rome.local(rome.instant(local(friday)));
        let moment = hours.add(from, 2 * 3600);
        let monday = from.day().plus(3).start().plus_hours(10);
        assert_eq!(moment.at, monday, "{friday}");
        assert_eq!(rome.local(rome.instant(moment.at)), monday, "{friday}");
    }
}

proptest! {
    #[test]
    fn zones_read_the_clock_as_jiff_does(
        name in prop::sample::select(NAMES.to_vec()),
        // 1970 to 2044
        at in 0..2_335_000_000_000i64,
    ) {
        let (zone, tz) = (zone(name), TimeZone::get(name).unwrap());
        let timestamp = Timestamp::from_millisecond(at).unwrap();
        let found = zone.local(Millis(at));
        prop_assert_eq!(civil(found), tz.to_datetime(timestamp));
        // The earlier of two, and over a skipped hour by the old offset.
        let instant = tz.to_ambiguous_timestamp(civil(found)).compatible().unwrap();
        prop_assert_eq!(zone.instant(found).0, instant.as_millisecond());
        // What is written can be read again.
        let stamp = parse_stamp(&zone.rfc3339(Millis(at))).unwrap();
        prop_assert_eq!(zone.instant_of(stamp), Millis(at));
    }

    #[test]
    fn every_hour_near_a_clock_change_is_read_as_jiff_does(
        name in prop::sample::select(NAMES.to_vec()),
        change in 0..200usize,
        minutes in -180..180i64,
    ) {
        let (zone, tz) = (zone(name), TimeZone::get(name).unwrap());
        let changes: Vec<_> = tz
            .following(Timestamp::UNIX_EPOCH)
            .take_while(|change| change.timestamp().as_second() < 2_300_000_000)
            .collect();
        prop_assume!(!changes.is_empty());
        let change = changes[change % changes.len()].timestamp().as_millisecond();
        let reading = zone.local(Millis(change)).plus_minutes(minutes);
        let wanted = tz.to_ambiguous_timestamp(civil(reading)).compatible().unwrap();
        prop_assert_eq!(zone.instant(reading).0, wanted.as_millisecond());
    }

    #[test]
    fn no_instant_panics(
        name in prop::sample::select(NAMES.to_vec()),
        at in any::<i64>(),
        offset in -1439..1440i32,
    ) {
        let zone = zone(name);
        let reading = zone.local(Millis(at));
        prop_assert!(Day::MIN <= reading.day() && reading.day() <= Day::MAX);
        let again = zone.instant(Local(at));
        let stamp = plumbline_contract::time::Stamp {
            local: Local(at),
            offset_minutes: Some(offset),
        };
        for instant in [Millis(at), again, zone.instant_of(stamp)] {
            prop_assert!(zone.rfc3339(instant).contains('T'));
        }
    }
}
