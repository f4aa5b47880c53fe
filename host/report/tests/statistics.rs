//! Named statistics: their figures, and that every cell opens into exactly its cases.

use crate::support::{DEPT, REGION, at, card, case, cases, day, tables};
use plumbline_contract::alert::Level::{Red, Yellow};
use plumbline_report::cards::Card;
use plumbline_report::cases::Case;
use plumbline_report::catalogue::{Business, Catalogue, Closing, Power};
use plumbline_report::period::Period;
use plumbline_report::sheet::{Cell, Sheet};
use plumbline_report::statistics::{Directory, Scope, Statistics, TOTAL};

const MARCH: Period = Period::Month { year: 2026, month: 3 };

fn directory() -> Directory {
    Directory::read(&tables(), &Catalogue::shipped(), day("2026-03-31"))
}

fn scope() -> Scope {
    Scope { period: MARCH, as_of: day("2026-03-31"), region: String::new(), dept: String::new() }
}

/// Forty cases of many kinds in two departments and three places, and some cards.
fn county() -> (Vec<Case>, Vec<Card>) {
    let mut all = cases(40, "2026-03");
    for (n, case) in all.iter_mut().enumerate() {
        case.region = ["370203", "370203001", "370203001002"][n % 3].into();
        case.dept = if n % 4 == 0 { "D2".into() } else { DEPT.into() };
        case.used = Some([15, 20, 25][n % 3]);
        case.due = Some(day(["2026-03-11", "2026-03-10", "2026-03-09"][n % 3]));
        case.closing = Some(match n % 10 {
            8 => Closing::Withdrawn,
            9 => Closing::Void,
            7 => Closing::Refused,
            _ => Closing::Granted,
        });
        case.online = Some(n % 2 == 0);
        case.by_person = Some(n % 5 == 0);
        case.rating = (n % 3 == 0).then_some(if n % 2 == 0 { 5 } else { 2 });
        case.power = Some(if n % 7 == 0 { Power::Penalty } else { Power::Licence });
    }
    let mut open = case("open", "2026-03-11 10:00");
    (open.decided, open.closing, open.due) = (None, None, Some(day("2026-03-20")));
    let mut complaint = case("complaint", "2026-03-11 10:00");
    (complaint.business, complaint.service, complaint.power) = (Business::Complaint, false, None);
    complaint.closing = Some(Closing::Done);
    all.extend([open, complaint]);
    let about = |id: &str, key: &str, level| {
        let mut card = card(id, "APPR-T02", level, "2026-03-12 00:00");
        key.clone_into(&mut card.key);
        card
    };
    let mut gone = about("d", "2026-03-3", Yellow);
    gone.withdrawn = Some(at("2026-03-20 09:00"));
    let cards = vec![
        about("a", "2026-03-1", Yellow),
        about("b", "2026-03-2", Red),
        about("c", "complaint", Yellow),
        gone,
    ];
    (all, cards)
}

fn show(sheet: &Sheet, row: &str, column: &str) -> String {
    sheet.cell(row, column).unwrap().to_string()
}

#[test]
fn rates_have_the_defined_formulas() {
    let mut all = cases(36, "2026-03");
    all[0].decided = None;
    all[0].closing = None;
    for (n, case) in all.iter_mut().enumerate() {
        case.limit.promised = Some(10);
        case.used = Some(if n < 12 { 5 } else { 10 });
        case.due = Some(day(if n < 12 { "2026-03-17" } else { "2026-03-10" }));
    }
    let directory = directory();
    let sheet = Statistics::new(&all, &[], &directory, scope()).sheet("efficiency").unwrap();
    // 35 of 36; 11 early of 36; (35*20 - 11*5 - 24*10) / 700; (35*10 - 295) / 350.
    for (column, expected) in [
        ("finish_rate", "97.22%"),
        ("speed_rate", "30.55%"),
        ("legal_rate", "57.85%"),
        ("promise_rate", "15.71%"),
        ("on_time_rate", "100.00%"),
        ("early", "11"),
        ("on_day", "24"),
        ("overdue", "0"),
        ("open", "1"),
    ] {
        assert_eq!(show(&sheet, DEPT, column), expected, "{column}");
    }
    assert!(!sheet.rows[0].small_sample);
}

#[test]
fn endings_add_up() {
    let (all, cards) = county();
    let directory = directory();
    let sheet = Statistics::new(&all, &cards, &directory, scope()).sheet("efficiency").unwrap();
    let of = |row: &str, column: &str| -> i64 { show(&sheet, row, column).parse().unwrap() };
    for row in [DEPT, "D2", TOTAL] {
        let parts = of(row, "normal") + of(row, "returned") + of(row, "void");
        assert_eq!(parts, of(row, "concluded"), "{row}");
        let timed = of(row, "early") + of(row, "on_day") + of(row, "overdue");
        assert_eq!(timed, of(row, "normal"), "{row}");
    }
    assert_eq!(of(TOTAL, "concluded"), of(DEPT, "concluded") + of("D2", "concluded"));
    assert_eq!((of(TOTAL, "returned"), of(TOTAL, "void")), (4, 4));
}

/// The point of one definition: a cell of every statistic opens into as many cases as it counts.
#[test]
fn every_cell_opens_into_its_cases() {
    let (all, cards) = county();
    let directory = directory();
    let statistics = Statistics::new(&all, &cards, &directory, scope());
    let mut opened = 0;
    for (id, zh, _) in Statistics::list() {
        let sheet = statistics.sheet(id).unwrap();
        assert!(sheet.title.zh.starts_with(zh) && !sheet.rows.is_empty(), "{id}");
        for row in &sheet.rows {
            for (column, cell) in sheet.columns.iter().zip(&row.cells).skip(2) {
                let behind = statistics.behind(id, &row.key, &column.id).unwrap();
                let count = (behind.cases.len() + behind.cards.len()) as i64;
                match cell {
                    Cell::Count(_) if ["items", "depts", "items_used"].contains(&&*column.id) => {}
                    Cell::Count(expected) => {
                        assert_eq!(count, *expected, "{id} {} {}", row.key, column.id)
                    }
                    Cell::Share(share)
                        if column.id.ends_with("_rate")
                            && !["legal_rate", "promise_rate"].contains(&&*column.id) =>
                    {
                        assert_eq!(count, share.part, "{id} {} {}", row.key, column.id);
                    }
                    _ => {}
                }
                opened += count;
            }
        }
    }
    assert!(opened > 500, "{opened}");
    assert!(statistics.behind("efficiency", DEPT, "no_such").is_none());
    assert!(statistics.behind("efficiency", "no_such", "accepted").unwrap().cases.is_empty());
}

#[test]
fn cards_are_counted_by_business_and_withdrawals_apart() {
    let (all, cards) = county();
    let directory = directory();
    let statistics = Statistics::new(&all, &cards, &directory, scope());
    let sheet = statistics.sheet("efficiency_cards").unwrap();
    for (column, expected) in [
        ("case_yellow", "1"),
        ("case_red", "1"),
        ("case_yellow_withdrawn", "1"),
        ("complaint_yellow", "1"),
        ("consult_yellow", "0"),
    ] {
        assert_eq!(show(&sheet, TOTAL, column), expected, "{column}");
    }
    let sheet = statistics.sheet("case_cards").unwrap();
    assert_eq!(show(&sheet, TOTAL, "carded"), "3", "a withdrawn card leaves its case clean");
}

#[test]
fn regions_hold_what_is_inside_and_scopes_cut() {
    let (all, cards) = county();
    let directory = directory();
    let sheet = Statistics::new(&all, &cards, &directory, scope()).sheet("region_cards").unwrap();
    assert_eq!(show(&sheet, REGION, "yellow"), "2");
    let overall = Statistics::new(&all, &cards, &directory, scope()).sheet("overall").unwrap();
    let of = |row: &str| -> i64 { show(&overall, row, "business_concluded").parse().unwrap() };
    assert_eq!((of(REGION), of("370203001"), of("370203001002")), (40, 26, 13));
    let town = Scope { region: "370203001".to_owned(), ..scope() };
    let inside = Statistics::new(&all, &cards, &directory, town).sheet("overall").unwrap();
    assert_eq!(show(&inside, TOTAL, "business_concluded"), "26");
    let one = Scope { dept: "D2".to_owned(), ..scope() };
    let inside = Statistics::new(&all, &cards, &directory, one).sheet("departments").unwrap();
    assert_eq!(inside.rows.len(), 2, "the department and the total");
}

#[test]
fn all_eleven_kinds_of_power_stand_in_their_order() {
    let (all, cards) = county();
    let directory = directory();
    let sheet = Statistics::new(&all, &cards, &directory, scope()).sheet("powers").unwrap();
    let keys: Vec<_> = sheet.rows.iter().map(|row| &*row.key).collect();
    assert_eq!(keys, ["XK", "CF", "QZ", "ZS", "JF", "JC", "QR", "JL", "CJ", "QT", "GG", TOTAL]);
    assert_eq!(
        (show(&sheet, "CF", "received"), show(&sheet, "XK", "items")),
        ("6".into(), "1".into())
    );
    assert_eq!(show(&sheet, "CF", "name"), "行政处罚");
}

#[test]
fn small_samples_are_marked_and_open_cases_are_as_of_the_end() {
    let (all, cards) = county();
    let directory = directory();
    let statistics = Statistics::new(&all, &cards, &directory, scope());
    let sheet = statistics.sheet("departments").unwrap();
    let marks: Vec<_> = sheet.rows.iter().map(|row| (&*row.key, row.small_sample)).collect();
    assert_eq!(marks, [(DEPT, false), ("D2", true), (TOTAL, false)]);
    assert!(sheet.notes[0].zh.contains("样本小"));
    let open = statistics.sheet("open").unwrap();
    assert_eq!(
        (show(&open, TOTAL, "open"), show(&open, TOTAL, "open_overdue")),
        ("1".into(), "1".into())
    );
}

#[test]
fn a_sheet_is_json_with_both_languages_and_both_parts() {
    let (all, cards) = county();
    let directory = directory();
    let sheet = Statistics::new(&all, &cards, &directory, scope()).sheet("departments").unwrap();
    let json = serde_json::to_value(&sheet).unwrap();
    assert_eq!(json["title"]["zh"], "部门办件统计（2026-03）");
    let row = &json["rows"][0];
    let place = sheet.columns.iter().position(|column| column.id == "finish_rate").unwrap();
    assert!(row["cells"][place]["part"].is_i64() && row["cells"][place]["percent"].is_string());
}
