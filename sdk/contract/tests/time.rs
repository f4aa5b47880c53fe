//! Dates and timestamps against jiff, and texts that are none.
#![allow(clippy::unwrap_used)]

use plumbline_contract::time::{Day, Local, Millis, Stamp, Zone, days_in_month, parse_stamp};
use proptest::prelude::*;

#[test]
fn timestamps_are_read_in_every_usual_form() {
    let utc = |text: &str| Zone::shanghai().instant_of(parse_stamp(text).unwrap()).0;
    let wanted = utc("2026-02-10T09:30:00+08:00");
    for text in [
        "2026-02-10T09:30:00+08:00",
        "2026-02-10T01:30:00Z",
        "2026-02-10t01:30:00z",
        "2026-02-10 09:30:00",
        "2026-02-10T09:30",
        "2026-02-10T09:30+0800",
        "2026-02-10T09:30:00.000+08:00",
        "2026-02-10T09:30:00.0009+08:00",
        "2026-02-09T20:00:00-05:30",
    ] {
        assert_eq!(utc(text), wanted, "{text}");
    }
    assert_eq!(utc("2026-02-10T09:30:00.5+08:00"), wanted + 500);
    assert_eq!(utc("2026-02-10T09:30:00,125+08:00"), wanted + 125);
    assert_eq!(utc("2026-02-10"), utc("2026-02-10T00:00:00+08:00"));
    assert_eq!(utc("2016-12-31T23:59:60Z"), utc("2016-12-31T23:59:59Z"));
}

#[test]
fn texts_that_are_no_timestamps() {
    for text in [
        "",
        "2026",
        "2026-02-1",
        "2026-02-30",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "2025-02-29",
        "2026/02/10",
        "10-02-2026",
        "2026-02-10T",
        "2026-02-10T9:30",
        "2026-02-10T09:3",
        "2026-02-10T24:00",
        "2026-02-10T09:60",
        "2026-02-10T09:30:61",
        "2026-02-10T09:30:0",
        "2026-02-10T09:30:00.",
        "2026-02-10T09:30:00.Z",
        "2026-02-10T09:30:00+8",
        "2026-02-10T09:30:00+24:00",
        "2026-02-10T09:30:00+08:60",
        "2026-02-10T09:30:00 Z",
        "2026-02-10X09:30:00",
        "2026-02-10T09.30",
        "2026-02-10T09:30:00Zx",
        "２０２６-02-10",
        "2026-02-10年",
        "2026年02月10日",
    ] {
        assert_eq!(parse_stamp(text), None, "{text:?}");
    }
}

#[test]
fn dates_at_the_ends_of_time() {
    for day in [Day::MIN, Day::MAX, Day(0)] {
        let (year, month, date) = day.ymd();
        assert_eq!(Day::from_ymd(year, month, date), Some(day));
        assert!(day.weekday() < 7);
        assert_eq!(day.start().day(), day);
    }
    let (year, month, date) = Day::MAX.ymd();
    assert_eq!(Day::from_ymd(year, month, date + 1), None);
    assert_eq!(Day::from_ymd(i32::MAX, 1, 1), None);
    assert_eq!(Day::from_ymd(i32::MIN, 1, 1), None);
    assert_eq!(Day::MAX.plus(1), Day::MAX);
    assert_eq!(Local(i64::MAX).day(), Day::MAX);
    assert_eq!(Local(i64::MIN).day(), Day::MIN);
}

#[test]
fn clock_time_is_added_and_subtracted() {
    let at = parse_stamp("2026-12-31T23:30").unwrap().local;
    assert_eq!(at.plus_minutes(45).to_string(), "2027-01-01 00:15");
    assert_eq!(at.plus_hours(-24).to_string(), "2026-12-30 23:30");
    assert_eq!(at.plus_hours(2).minutes_since(at), 120);
    assert_eq!(at.minutes_since(at.plus_minutes(2)), -2);
    assert_eq!(at.plus_hours(i64::MAX), Local(i64::MAX));
    assert_eq!(Local(-1).plus_minutes(i64::MIN), Local(i64::MIN));
    assert_eq!(Local(i64::MIN).minutes_since(Local(i64::MAX)), i64::MIN / 60_000);
}

proptest! {
    #[test]
    fn dates_are_those_of_jiff(days in -4_371_000..2_932_000i32) {
        let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
        let (year, month, day) = Day(days).ymd();
        prop_assert_eq!(
            (year, month, day),
            (i32::from(date.year()), date.month() as u32, date.day() as u32)
        );
        prop_assert_eq!(i32::from(Day(days).weekday()), i32::from(date.weekday().to_monday_zero_offset()));
        prop_assert_eq!(days_in_month(year, month), date.days_in_month() as u32);
        prop_assert_eq!(Day::from_ymd(year, month, day), Some(Day(days)));
        if year >= 0 {
            prop_assert_eq!(Day(days).to_string(), date.to_string());
            prop_assert_eq!(Day::parse(&date.to_string()), Some(Day(days)));
        }
    }

    #[test]
    fn dates_that_do_not_exist_are_refused(year in 0..9999i32, month in 0..15u32, day in 0..40u32) {
        let exists = jiff::civil::Date::new(year as i16, month as i8, day as i8).is_ok();
        prop_assert_eq!(Day::from_ymd(year, month, day).is_some(), exists);
        let text = format!("{year:04}-{month:02}-{day:02}");
        prop_assert_eq!(Day::parse(&text).is_some(), exists);
    }

    #[test]
    fn timestamps_are_those_of_jiff(
        second in -62_000_000_000..253_000_000_000i64,
        milli in 0..1000i64,
        offset in -1439..1440i32,
    ) {
        let at = second * 1000 + milli;
        let text = Zone::fixed("test", offset).rfc3339(Millis(at));
        let wanted: jiff::Timestamp = text.parse().unwrap();
        prop_assert_eq!(wanted.as_millisecond(), at);
        let stamp = parse_stamp(&text).unwrap();
        prop_assert_eq!(stamp.offset_minutes, Some(offset));
        prop_assert_eq!(Zone::shanghai().instant_of(stamp), Millis(at));
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        let _ = (parse_stamp(&text), Day::parse(&text));
    }

    #[test]
    fn no_damaged_timestamp_panics(at in 0..29usize, put in "[-0-9T:.+Z ,é年]{0,3}") {
        let whole = "2026-02-10T09:30:00.123+08:00";
        let text = format!("{}{put}{}", &whole[..at], &whole[at..]);
        if let Some(Stamp { local, .. }) = parse_stamp(&text) {
            prop_assert!(local.day() >= Day::from_ymd(0, 1, 1).unwrap());
        }
    }
}
