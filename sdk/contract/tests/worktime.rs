//! Working time against tables of known results: a published rule document of an incumbent system,
//! the Chinese holidays of 2019 to 2026, and the ways in which rows can be wrong.
#![allow(clippy::unwrap_used)]

use plumbline_contract::time::{Day, Local, parse_stamp};
use plumbline_contract::worktime::{
    Calendar, CalendarError, CalendarRow, DayKind, Due, Hours, OfficeRow, Span, Timetable,
    TimetableError, Unit,
};

const CALENDAR_CN: &str = include_str!("../data/calendar-cn.csv");

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn at(text: &str) -> Local {
    parse_stamp(text).unwrap().local
}

/// The lines of a table without its header, each as its cells.
fn lines(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().skip(1).map(|line| line.split(',').collect())
}

fn rows_cn() -> Vec<CalendarRow> {
    let row = |cells: Vec<&str>| {
        let (date, kind, occasion) = (cells[0], cells[1], cells[2]);
        let json =
            format!(r#"{{"date":"{date}","kind":"{kind}","occasion":"{occasion}","region":null}}"#);
        CalendarRow::from_json(&json).unwrap()
    };
    lines(CALENDAR_CN).map(row).collect()
}

fn row(date: &str, kind: DayKind, region: Option<&str>) -> CalendarRow {
    let region = region.map(String::from);
    CalendarRow { date: day(date), kind, occasion: "test".into(), region }
}

fn calendar_cn() -> Calendar {
    Calendar::from_rows(rows_cn(), "520123").unwrap()
}

fn unit(text: &str) -> Unit {
    match text {
        "working-day" => Unit::WorkingDay,
        "calendar-day" => Unit::CalendarDay,
        "month" => Unit::Month,
        "year" => Unit::Year,
        _ => panic!("unknown unit {text}"),
    }
}

#[test]
fn the_shipped_calendar_covers_eight_years() {
    let rows = rows_cn();
    let swaps = rows.iter().filter(|row| row.kind == DayKind::WorkdaySwap).count();
    assert_eq!((rows.len(), swaps), (282, 52));
    let calendar = calendar_cn();
    assert_eq!(calendar.first_day(), day("2019-01-01"));
    assert_eq!(calendar.last_day(), day("2026-12-31"));
}

#[test]
fn cards_of_the_published_rules_fall_due_at_their_moment() {
    let (calendar, timetable) = (Calendar::weekends_only(), Timetable::standard());
    let hours = Hours { calendar: &calendar, timetable: &timetable };
    assert_eq!(hours.day_seconds(), 25_200);
    let start = at("2018-10-15T10:00:00");
    let mut seen = 0;
    for cells in lines(include_str!("data/worktime/cards.csv")) {
        let (limit, late): (i64, i64) = (cells[2].parse().unwrap(), cells[3].parse().unwrap());
        // The n-th day late begins when all days before it are used up.
        let seconds = (limit + late - 1) * hours.day_seconds();
        let quiet = at(cells[4]);
        assert_eq!(hours.add(start, seconds).at, quiet, "{cells:?}");
        assert_eq!(hours.elapsed(start, quiet, &[]), seconds, "{cells:?}");
        let next = Local(quiet.0 + 1000);
        assert_eq!(hours.elapsed(start, next, &[]), seconds + 1, "{cells:?}");
        seen += 1;
    }
    assert_eq!(seen, 16);
}

#[test]
fn elapsed_hours_of_the_published_rules() {
    let (calendar, timetable) = (Calendar::weekends_only(), Timetable::standard());
    let hours = Hours { calendar: &calendar, timetable: &timetable };
    let mut seen = 0;
    for cells in lines(include_str!("data/worktime/elapsed.csv")) {
        let wanted = cells[2].parse::<f64>().unwrap() * 3600.0;
        let found = hours.elapsed(at(cells[0]), at(cells[1]), &[]);
        assert_eq!(found, wanted as i64, "{cells:?}");
        seen += 1;
    }
    assert_eq!(seen, 6);
}

#[test]
fn periods_end_on_their_day() {
    let calendar = calendar_cn();
    for cells in lines(include_str!("data/worktime/periods.csv")) {
        let amount = cells[1].parse().unwrap();
        let due = calendar.add(day(cells[0]), amount, unit(cells[2]), cells[3] == "yes");
        assert_eq!(due.provisional, cells[5] == "yes", "{cells:?} gives {due:?}");
        if !cells[4].is_empty() {
            assert_eq!(due.day.to_string(), cells[4], "{cells:?}");
        }
    }
}

#[test]
fn days_are_counted_without_pauses() {
    let calendar = calendar_cn();
    for cells in lines(include_str!("data/worktime/counts.csv")) {
        let pause = |text: &str| {
            let (begin, end) = text.split_once("..").unwrap();
            // Any hour of the day gives the same count.
            let end = if end.is_empty() { Local(i64::MAX) } else { at(end).plus_hours(17) };
            Span { begin: at(begin).plus_hours(9), end }
        };
        let pauses: Vec<_> = cells[3].split_whitespace().map(pause).collect();
        let days = calendar.count(day(cells[0]), day(cells[1]), unit(cells[2]), &pauses);
        assert_eq!(days.to_string(), cells[4], "{cells:?}");
    }
}

#[test]
fn periods_that_no_date_can_hold_stop_at_the_last_date() {
    let calendar = calendar_cn();
    let far = |amount, unit| calendar.add(day("2026-01-01"), amount, unit, true);
    assert_eq!(far(i32::MAX, Unit::WorkingDay), Due { day: Day::MAX, provisional: true });
    assert_eq!(far(i32::MAX, Unit::Year), Due { day: Day::MAX, provisional: true });
    assert_eq!(far(i32::MIN, Unit::WorkingDay), Due { day: Day::MIN, provisional: true });
    assert_eq!(far(i32::MIN, Unit::Month), Due { day: Day::MIN, provisional: true });
    let (calendar, timetable) = (calendar_cn(), Timetable::standard());
    let hours = Hours { calendar: &calendar, timetable: &timetable };
    for start in [Local(i64::MIN), at("2026-01-01"), Local(i64::MAX)] {
        let moment = hours.add(start, i64::MAX);
        assert_eq!((moment.at.day(), moment.provisional), (Day::MAX, true));
    }
}

#[test]
fn nothing_loaded_makes_every_date_provisional() {
    let calendar = Calendar::weekends_only();
    assert!(calendar.first_day() > calendar.last_day());
    assert!(calendar.is_working(day("2026-10-01")) && !calendar.is_working(day("2026-09-20")));
    for unit in [Unit::WorkingDay, Unit::CalendarDay, Unit::Month, Unit::Year] {
        assert!(calendar.add(day("2026-03-02"), 1, unit, false).provisional);
    }
    assert_eq!(Calendar::from_rows([], "520123").unwrap(), calendar);
}

#[test]
fn only_whole_years_without_a_gap_are_loaded() {
    let rows = ["2020-10-01", "2021-10-01", "2023-10-02"]
        .map(|date| row(date, DayKind::Holiday, None))
        .into_iter()
        .chain([row("2022-10-03", DayKind::Holiday, Some("520000"))]);
    let calendar = Calendar::from_rows(rows, "520123").unwrap();
    assert_eq!(calendar.first_day(), day("2020-01-01"));
    assert_eq!(calendar.last_day(), day("2021-12-31"));
    // A row beyond the gap is still believed, but what rests on it is provisional.
    assert!(!calendar.is_working(day("2023-10-02")));
    assert!(!calendar.is_loaded(day("2023-10-02")));
}

#[test]
fn rolling_over_days_that_are_not_loaded_is_provisional() {
    let rows = [row("2023-01-02", DayKind::Holiday, None)];
    let calendar = Calendar::from_rows(rows, "520123").unwrap();
    let due = |from: &str| calendar.add(day(from), 1, Unit::CalendarDay, true);
    // 2022-12-31 is a Saturday of which nothing is known.
    assert_eq!(due("2022-12-30"), Due { day: day("2023-01-03"), provisional: true });
    assert_eq!(due("2022-12-31"), Due { day: day("2023-01-03"), provisional: false });
}

#[test]
fn the_smaller_region_decides() {
    use DayKind::{Holiday, WorkdaySwap};
    let rows = || {
        vec![
            row("2026-07-01", Holiday, Some("520000")),
            row("2026-07-01", WorkdaySwap, Some("520100")),
            row("2026-07-01", Holiday, Some("520123")),
            row("2026-10-01", Holiday, None),
            row("2026-10-01", WorkdaySwap, Some("520100")),
        ]
    };
    let works = |region: &str, date: &str| {
        let forward = Calendar::from_rows(rows(), region).unwrap();
        let mut backward = rows();
        backward.reverse();
        assert_eq!(forward, Calendar::from_rows(backward, region).unwrap());
        forward.is_working(day(date))
    };
    for (region, july, october) in [
        ("110101", true, false),
        ("520201", false, false),
        ("520102", true, true),
        ("520123", false, true),
        ("520123001", false, true),
        ("520000", false, false),
        ("", true, false),
    ] {
        assert_eq!(works(region, "2026-07-01"), july, "{region} in July");
        assert_eq!(works(region, "2026-10-01"), october, "{region} in October");
    }
}

#[test]
fn calendar_rows_that_clash_are_named() {
    use DayKind::{Holiday, WorkdaySwap};
    let error =
        |rows: Vec<CalendarRow>| Calendar::from_rows(rows, "520123").unwrap_err().to_string();
    let national = |kind| row("2026-10-01", kind, None);
    assert_eq!(
        error(vec![national(Holiday), national(Holiday)]),
        "calendar row 2026-10-01 holiday (test) occurs twice"
    );
    assert_eq!(
        error(vec![national(Holiday), national(WorkdaySwap)]),
        "calendar row 2026-10-01 workday-swap (test) contradicts row 2026-10-01 holiday (test)"
    );
    // Elsewhere too: the table as a whole is wrong.
    let elsewhere = |kind| row("2026-10-01", kind, Some("110000"));
    assert_eq!(
        error(vec![elsewhere(Holiday), elsewhere(WorkdaySwap)]),
        "calendar row 2026-10-01 workday-swap (test) in 110000 \
         contradicts row 2026-10-01 holiday (test) in 110000"
    );
    // Two ways to write the same region.
    let short = row("2026-10-01", Holiday, Some("52"));
    let long = row("2026-10-01", Holiday, Some("520000"));
    assert!(error(vec![short, long]).ends_with("in 520000 occurs twice"));
    let ancient = CalendarRow { date: Day::MIN, ..national(Holiday) };
    assert!(matches!(Calendar::from_rows([ancient], "").unwrap_err(), CalendarError::Year { .. }));
}

#[test]
fn calendar_rows_are_read_from_json() {
    let text = r#"{"region":"520000","occasion":"苗年","kind":"holiday","date":"2026-11-30"}"#;
    let row = CalendarRow::from_json(text).unwrap();
    assert_eq!(row.to_string(), "2026-11-30 holiday (苗年) in 520000");
    for (text, field) in [
        (r#"{"kind":"holiday"}"#, "date"),
        (r#"{"date":"2026-02-29","kind":"holiday"}"#, "date"),
        (r#"{"date":"2026-02-28T00:00","kind":"holiday"}"#, "date"),
        (r#"{"date":"2026-02-28","kind":"Holiday"}"#, "kind"),
        (r#"{"date":"2026-02-28","kind":"holiday","region":520000}"#, "region"),
        ("no json", "date"),
    ] {
        let error = CalendarRow::from_json(text).unwrap_err();
        assert_eq!(error, CalendarError::Field { field, row: text.into() });
    }
}

#[test]
fn a_make_up_day_has_mondays_hours_unless_it_has_its_own() {
    let calendar = calendar_cn();
    let worked = |rows: &[OfficeRow], date: &str| {
        let timetable = Timetable::from_rows(rows.to_vec()).unwrap();
        let hours = Hours { calendar: &calendar, timetable: &timetable };
        hours.elapsed(day(date).start(), day(date).plus(1).start(), &[]) / 3600
    };
    let (make_up_sunday, make_up_saturday, saturday) = ("2026-09-20", "2026-10-10", "2026-10-17");
    let mut rows = vec![office(1, "08:00", "12:00"), office(2, "08:00", "13:00")];
    assert_eq!(worked(&rows, make_up_sunday), 4);
    rows.push(office(7, "10:00", "12:00"));
    assert_eq!(worked(&rows, make_up_sunday), 2);
    assert_eq!(worked(&rows, make_up_saturday), 4);
    assert_eq!(worked(&rows, saturday), 0);
    assert_eq!(worked(&rows, "2026-10-13"), 5);
    assert_eq!(worked(&rows, "2026-10-14"), 0, "a weekday without rows is closed");
    assert_eq!(worked(&[office(3, "08:00", "11:00")], make_up_sunday), 3, "no Monday");
}

#[test]
fn working_hours_add_up() {
    let calendar = calendar_cn();
    let standard = Timetable::standard();
    let hours = Hours { calendar: &calendar, timetable: &standard };
    for (from, seconds, wanted, provisional) in [
        ("2026-03-10T09:00", 3 * 3600, "2026-03-10 12:00", false),
        ("2026-03-10T09:00", 3 * 3600 + 60, "2026-03-10 13:31", false),
        ("2026-03-10T12:30", 60, "2026-03-10 13:31", false),
        ("2026-03-10T17:30", 60, "2026-03-11 09:01", false),
        ("2026-03-10T20:00", 0, "2026-03-10 20:00", false),
        ("2026-03-10T20:00", -5, "2026-03-10 20:00", false),
        ("2026-03-13T17:00", 3600, "2026-03-16 09:30", false),
        ("2026-09-18T17:00", 3600, "2026-09-20 09:30", false),
        ("2026-09-30T17:00", 3600, "2026-10-08 09:30", false),
        ("2026-12-31T17:00", 1800, "2026-12-31 17:30", false),
        ("2026-12-31T17:00", 1860, "2027-01-01 09:01", true),
        ("2018-12-31T17:00", 1860, "2019-01-02 09:01", true),
    ] {
        let moment = hours.add(at(from), seconds);
        assert_eq!(moment.at.to_string(), wanted, "{from} + {seconds}");
        assert_eq!(moment.provisional, provisional, "{from} + {seconds}");
    }
    let timetable = standard.with_days([day("2026-03-11")], [day("2026-03-14")]).unwrap();
    let hours = Hours { calendar: &calendar, timetable: &timetable };
    assert_eq!(hours.add(at("2026-03-10T17:00"), 3600).at.to_string(), "2026-03-12 09:30");
    assert_eq!(hours.add(at("2026-03-13T17:00"), 3600).at.to_string(), "2026-03-14 09:30");
}

#[test]
fn pauses_in_hours_are_exact_and_count_once() {
    let calendar = calendar_cn();
    let timetable = Timetable::standard();
    let hours = Hours { calendar: &calendar, timetable: &timetable };
    let span = |begin: &str, end: &str| Span { begin: at(begin), end: at(end) };
    let (from, to) = (at("2026-03-10T09:00"), at("2026-03-11T17:30"));
    for (pauses, minutes) in [
        (vec![], 840),
        (vec![span("2026-03-10T11:30", "2026-03-10T14:00")], 780),
        (vec![span("2026-03-10T12:00", "2026-03-10T13:30")], 840),
        (vec![span("2026-03-10T10:00", "2026-03-10T11:00"); 3], 780),
        (
            vec![
                span("2026-03-10T10:30", "2026-03-10T11:30"),
                span("2026-03-10T10:00", "2026-03-10T11:00"),
            ],
            750,
        ),
        (vec![span("2026-03-10T11:00", "2026-03-10T10:00")], 840),
        (vec![Span { begin: at("2026-03-11T16:30"), end: Local(i64::MAX) }], 780),
        (vec![Span { begin: Local(i64::MIN), end: at("2026-03-10T10:00") }], 780),
        (vec![Span { begin: Local(i64::MIN), end: Local(i64::MAX) }], 0),
    ] {
        assert_eq!(hours.elapsed(from, to, &pauses), minutes * 60, "{pauses:?}");
    }
    assert_eq!(hours.elapsed(to, from, &[]), 0);
}

fn office(weekday: i64, open: &str, close: &str) -> OfficeRow {
    OfficeRow {
        organ: "hall".into(),
        weekday,
        open: open.into(),
        close: close.into(),
        lunch_from: None,
        lunch_to: None,
    }
}

#[test]
fn rows_make_the_standard_timetable() {
    let json = |weekday| {
        format!(
            r#"{{"organ":"hall","weekday":{weekday},"open":"09:00","close":"17:30",
                "lunch_from":"12:00","lunch_to":"13:30"}}"#
        )
    };
    let rows = ["1", "2", "3", "\"4\"", "5"].map(|weekday| OfficeRow::from_json(&json(weekday)));
    assert_eq!(Timetable::from_rows(rows).unwrap(), Timetable::standard());
    let halves = (1..=5)
        .flat_map(|weekday| [office(weekday, "13:30", "17:30"), office(weekday, "09:00", "12:00")]);
    assert_eq!(Timetable::from_rows(halves).unwrap(), Timetable::standard());
}

#[test]
fn wrong_hours_are_named() {
    let lunch = |from: Option<&str>, to: Option<&str>| OfficeRow {
        lunch_from: from.map(Into::into),
        lunch_to: to.map(Into::into),
        ..office(1, "09:00", "17:00")
    };
    let other = OfficeRow { organ: "office".into(), ..office(2, "09:00", "17:00") };
    let no_lunch_inside = "the lunch break of organ `hall`, weekday 1, is not inside its hours";
    for (rows, message) in [
        (vec![], "the timetable of organ `` has no hours from Monday to Friday"),
        (
            vec![office(6, "09:00", "12:00")],
            "the timetable of organ `hall` has no hours from Monday to Friday",
        ),
        (
            vec![office(0, "09:00", "12:00")],
            "weekday 0 of organ `hall` is not 1 (Monday) to 7 (Sunday)",
        ),
        (
            vec![office(8, "09:00", "12:00")],
            "weekday 8 of organ `hall` is not 1 (Monday) to 7 (Sunday)",
        ),
        (
            vec![office(1, "9:00", "12:00")],
            "`9:00` of organ `hall`, weekday 1, is no time from 00:00 to 24:00",
        ),
        (
            vec![office(1, "09:00", "24:01")],
            "`24:01` of organ `hall`, weekday 1, is no time from 00:00 to 24:00",
        ),
        (
            vec![office(1, "09:60", "12:00")],
            "`09:60` of organ `hall`, weekday 1, is no time from 00:00 to 24:00",
        ),
        (
            vec![office(1, "12:00", "09:00")],
            "organ `hall` closes at 09:00 on weekday 1, not after opening at 12:00",
        ),
        (
            vec![office(1, "09:00", "09:00")],
            "organ `hall` closes at 09:00 on weekday 1, not after opening at 09:00",
        ),
        (
            vec![office(5, "09:00", "12:00"), office(5, "11:59", "13:00")],
            "organ `hall` has overlapping hours on weekday 5",
        ),
        (
            vec![lunch(Some("12:00"), None)],
            "the lunch break of organ `hall`, weekday 1, lacks its begin or end",
        ),
        (vec![lunch(Some("13:00"), Some("12:00"))], no_lunch_inside),
        (vec![lunch(Some("08:00"), Some("10:00"))], no_lunch_inside),
        (vec![lunch(Some("12:00"), Some("17:00"))], no_lunch_inside),
        (
            vec![office(1, "09:00", "12:00"), other],
            "the rows are of two organs, `hall` and `office`",
        ),
        (vec![OfficeRow::from_json("{}")], "weekday 0 of organ `` is not 1 (Monday) to 7 (Sunday)"),
    ] {
        let error = Timetable::from_rows(rows.clone()).unwrap_err();
        assert_eq!(error.to_string(), message, "{rows:?}");
    }
    let friday = day("2026-03-13");
    let error = Timetable::standard().with_days([friday], [friday]).unwrap_err();
    assert_eq!(error, TimetableError::Contradiction { day: friday });
    for fine in [
        vec![office(1, "00:00", "24:00")],
        vec![office(1, "12:00", "17:00"), office(1, "09:00", "12:00")],
    ] {
        assert!(Timetable::from_rows(fine.clone()).is_ok(), "{fine:?}");
    }
}
