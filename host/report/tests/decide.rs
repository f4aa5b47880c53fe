//! Decision support: hours that offices work, rankings that few cases cannot lead, honest marks.

use crate::support::{at, card, case, cases, day, desk, tables};
use plumbline_contract::alert::Level::{Red, Yellow};
use plumbline_report::cards::Card;
use plumbline_report::cases::{Case, Step};
use plumbline_report::catalogue::Catalogue;
use plumbline_report::decide::{By, Inputs, all, bottlenecks, forecast, risks, trends, variants};
use plumbline_report::period::Period;
use plumbline_report::sheet::Sheet;
use plumbline_report::statistics::Directory;
use std::sync::Arc;

fn with<T>(cases: &[Case], cards: &[Card], use_it: impl FnOnce(&Inputs<'_>) -> T) -> T {
    let directory = Directory::read(&tables(), &Catalogue::shipped(), day("2026-03-31"));
    let desk = Arc::new(desk());
    let inputs = Inputs {
        cases,
        cards,
        directory: &directory,
        period: Period::Month { year: 2026, month: 3 },
        as_of: day("2026-03-16"),
        desk: &|_, _| desk.clone(),
    };
    use_it(&inputs)
}

fn step(name: &str, from: &str, to: &str) -> Step {
    Step { name: name.into(), officer: None, from: Some(at(from)), to: at(to) }
}

fn show(sheet: &Sheet, row: &str, column: &str) -> String {
    sheet.cell(row, column).unwrap().to_string()
}

#[test]
fn bottlenecks_are_in_working_hours() {
    let mut one = case("a", "2026-03-10 10:00");
    // Friday 16:00 to Monday 10:00, and one morning; the standard timetable works to 17:00 or later.
    one.steps = vec![
        step("review", "2026-03-06 16:00", "2026-03-09 10:00"),
        step("sign", "2026-03-10 09:00", "2026-03-10 10:00"),
    ];
    let sheet = with(&[one], &[], bottlenecks);
    let review: f64 = show(&sheet, "I1/review", "median").parse().unwrap();
    assert!((2.0..=3.5).contains(&review), "{review} hours, not 66");
    assert_eq!(show(&sheet, "I1/sign", "median"), "1");
    assert_eq!(sheet.rows[0].key, "I1/review", "what takes most comes first");
    assert!(sheet.rows[0].small_sample);
}

#[test]
fn variants_are_counted_by_item() {
    let mut all = cases(10, "2026-03");
    for (n, case) in all.iter_mut().enumerate() {
        let (first, second) = if n < 8 { ("a", "b") } else { ("b", "a") };
        case.steps = vec![
            step(first, "2026-03-09 09:00", "2026-03-09 10:00"),
            step(second, "2026-03-09 10:00", "2026-03-09 11:00"),
        ];
    }
    let sheet = with(&all, &[], variants);
    let rows: Vec<_> = sheet.rows.iter().map(|row| &*row.key).collect();
    assert_eq!(rows, ["I1/a → b", "I1/b → a"]);
    assert_eq!(show(&sheet, "I1/a → b", "share"), "80.00%");
}

#[test]
fn few_bad_cases_do_not_lead_the_ranking() {
    let mut all = cases(203, "2026-03");
    let mut cards = Vec::new();
    for (n, case) in all.iter_mut().enumerate() {
        // Two of three of I9, 60 of 200 of I1.
        let bad = if n < 3 { n < 2 } else { n < 63 };
        if n < 3 {
            case.item = Some("I9".into());
        }
        if bad {
            let level = if n % 2 == 0 { Red } else { Yellow };
            let mut one = card(&n.to_string(), "APPR-T02", level, "2026-03-12 00:00");
            case.no.as_ref().clone_into(&mut one.key);
            cards.push(one);
        }
    }
    let sheet = with(&all, &cards, |inputs| risks(inputs, By::Item));
    let rows: Vec<_> = sheet.rows.iter().map(|row| (&*row.key, row.small_sample)).collect();
    assert_eq!(rows, [("I1", false), ("I9", true)]);
    assert_eq!(
        (show(&sheet, "I9", "rate"), show(&sheet, "I1", "rate")),
        ("66.66%".into(), "30.00%".into())
    );
}

#[test]
fn trends_compare_only_what_is_enough() {
    let mut all = cases(30, "2026-03");
    all.extend(cases(25, "2026-02"));
    all.extend(cases(10, "2025-03"));
    let sheet = with(&all, &[], trends);
    assert_eq!(sheet.rows.len(), 13);
    assert_eq!(show(&sheet, "2026-03", "before"), "20.00%");
    assert_eq!(show(&sheet, "2026-03", "year"), "", "ten cases a year ago are too few");
}

#[test]
fn what_falls_due_is_listed_with_what_its_like_did() {
    let mut all = cases(40, "2026-03");
    all.iter_mut().take(4).for_each(|case| case.due = Some(day("2026-03-09")));
    let open = |no: &str, due: &str| {
        let mut case = case(no, "2026-03-11 10:00");
        (case.decided, case.closing, case.due) = (None, None, Some(day(due)));
        case
    };
    all.extend([
        open("over", "2026-03-13"),
        open("soon", "2026-03-20"),
        open("later", "2026-03-24"),
    ]);
    let mut stands = open("stands", "2026-03-17");
    stands.stops = vec![plumbline_contract::worktime::Span {
        begin: at("2026-03-12 09:00"),
        end: at("2026-03-16 23:00"),
    }];
    all.push(stands);
    let sheet = with(&all, &[], |inputs| forecast(inputs, 5));
    let rows: Vec<_> = sheet.rows.iter().map(|row| &*row.key).collect();
    assert_eq!(rows, ["over", "soon"], "five working days from Monday the 16th end with the 23rd");
    assert_eq!(
        (show(&sheet, "soon", "left"), show(&sheet, "soon", "like")),
        ("4".into(), "10.00%".into())
    );
    assert_eq!(show(&sheet, "over", "mark"), "已超期");
    assert_eq!(with(&all, &[], |inputs| super::decide::all(inputs, 5).len()), 6);
}
