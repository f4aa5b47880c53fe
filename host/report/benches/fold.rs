//! Events per second of processor time: the fold of a county's year into cases, and everything that
//! is computed from them. Only the figures are printed; nothing fails here.
//!
//! Processor time is read from `/proc/self/stat`, so that neighbours on the machine count little.
#![allow(clippy::unwrap_used)]

use plumbline_contract::CALENDAR_CSV;
use plumbline_contract::desk::Desk;
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::table::{TableRow, TableSet};
use plumbline_contract::time::{Day, Local, MS_PER_DAY, MS_PER_MINUTE, Millis, Zone};
use plumbline_report::cases::CaseBook;
use plumbline_report::catalogue::Catalogue;
use plumbline_report::decide;
use plumbline_report::period::Period;
use plumbline_report::score::{Facts, Human, Scheme, Scorer, Subject};
use plumbline_report::statistics::{Directory, Scope, Statistics};
use std::sync::Arc;

/// A county's year in all domains.
const EVENTS: u64 = 1_500_000;
/// Events of one case: received, accepted, three steps, decided.
const OF_CASE: u64 = 6;
/// Linux counts processor time in hundredths of a second for every program.
const TICKS_PER_SECOND: f64 = 100.0;

fn main() {
    let tables = tables();
    let mut book = CaseBook::new(Arc::new(Catalogue::shipped()), Zone::shanghai());
    let made =
        measure("making events alone", || (0..EVENTS).map(|n| event(n).data.len()).sum::<usize>());
    assert!(made > 0);
    measure("making and folding", || {
        (0..EVENTS).for_each(|n| book.take(EventSeq(n), &event(n)));
    });
    let as_of = Day::from_ymd(2025, 12, 31).unwrap();
    let catalogue = Catalogue::shipped();
    let cases = measure("records", || book.records(&tables, as_of.plus(1).start()).unwrap());
    println!("{:<22} {} cases, {} MiB resident", "", cases.len(), resident_mib());
    let directory = Directory::read(&tables, &catalogue, as_of);
    let period = Period::Year { year: 2025 };
    let scope = Scope { period, as_of, region: String::new(), dept: String::new() };
    measure("all statistics", || {
        let statistics = Statistics::new(&cases, &[], &directory, scope);
        let sheets = Statistics::list().map(|(id, ..)| statistics.sheet(id).unwrap().rows.len());
        assert!(sheets.sum::<usize>() > 0);
    });
    let desk = Arc::new(Desk::open(&tables, "370203", "").unwrap());
    let (scheme, human) = (Scheme::shipped(), Human::default());
    let facts = Facts {
        cases: &cases,
        cards: &[],
        answers_recorded: false,
        desk: &desk,
        as_of,
        human: &human,
    };
    measure("all scores of a year", || {
        let scorer = Scorer::new(&scheme, &facts);
        let kinds = ["dept", "officer", "item", "region"].map(|kind| Subject::kind(kind).unwrap());
        for subject in kinds.iter().flat_map(|kind| scorer.subjects(kind, period)) {
            assert!(scorer.score(&subject, period).exposure > 0);
        }
    });
    let desks = |_: &str, _: &str| desk.clone();
    let inputs = decide::Inputs {
        cases: &cases,
        cards: &[],
        directory: &directory,
        period,
        as_of,
        desk: &desks,
    };
    measure("decision support", || assert_eq!(decide::all(&inputs, 5).len(), 6));
}

fn tables() -> TableSet {
    let mut tables = TableSet::default();
    let rows = CALENDAR_CSV.lines().skip(1).map(|line| {
        let fields: Vec<_> = line.split(',').collect();
        let json = format!(r#"{{"date":"{}","kind":"{}","occasion":"x"}}"#, fields[0], fields[1]);
        TableRow { key: fields[0].to_owned(), from: None, to: None, json }
    });
    tables.put("calendar", 1, rows);
    let item = |n: u64| TableRow {
        key: format!("I{n:03}"),
        from: None,
        to: None,
        json: format!(
            r#"{{"item_code":"I{n:03}","item_type":"XK","promised_wd":10,"statutory_wd":20}}"#
        ),
    };
    tables.put("item", 1, (0..300).map(item));
    tables
}

/// The events of many cases that overlap, in the order of a log.
fn event(n: u64) -> Event {
    let (case, act) = (n / OF_CASE, n % OF_CASE);
    let cases = EVENTS / OF_CASE;
    let start =
        Day::from_ymd(2025, 1, 2).unwrap().start().0 + (case * 355 / cases) as i64 * MS_PER_DAY;
    let local = Local(start + act as i64 * MS_PER_DAY + 540 * MS_PER_MINUTE);
    let (kind, data) = match act {
        0 => (
            "received",
            format!(
                r#"{{"case_no":"SP-{case:06}","serial":{case},"item_code":"I{:03}","applicant_ref":"h:0123456789abcdef","applicant_kind":"org","channel":"online"}}"#,
                case % 300
            ),
        ),
        1 => (
            "accepted",
            format!(
                r#"{{"case_no":"SP-{case:06}","receipt_no":"R{case}","officer":"O{:03}"}}"#,
                case % 400
            ),
        ),
        5 => (
            "decided",
            format!(
                r#"{{"case_no":"SP-{case:06}","result":"grant","officer":"O{:03}","signer":"O{:03}","doc_no":"D{case}"}}"#,
                case % 400,
                case % 37
            ),
        ),
        step => (
            "step_done",
            format!(
                r#"{{"case_no":"SP-{case:06}","step":"s{step}","officer":"O{:03}","role":"review","started_at":"2025-01-02T09:00:00+08:00"}}"#,
                case % 400
            ),
        ),
    };
    let time = Zone::shanghai().instant(local);
    Event {
        id: format!("E{n}"),
        source: "bench".to_owned(),
        kind: format!("approval.case.{kind}"),
        subject: String::new(),
        time,
        recorded: time,
        corrected: None,
        logged: Millis(time.0),
        region: format!("370203{:03}", case % 12),
        dept: format!("D{:02}", case % 40),
        serial: None,
        actor: None,
        dataversion: 1,
        data,
    }
}

/// Runs `work`, prints its processor time and, as events of the year, its rate.
fn measure<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let before = processor_seconds();
    let result = work();
    let seconds = (processor_seconds() - before).max(1.0 / TICKS_PER_SECOND);
    let rate = EVENTS as f64 / seconds;
    println!("{name:<22} {seconds:>6.2} s  {rate:>12.0} events of the year per processor second");
    result
}

fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / TICKS_PER_SECOND
}

fn resident_mib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4096 / 1024 / 1024
}
