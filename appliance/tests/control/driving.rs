//! Several threads at one home: nothing is driven twice, and what comes out is what a replay
//! derives.

use crate::desk::{Desk, late_cases};
use plumbline::import::{ImportRequest, import};
use plumbline::replay::replay;
use plumbline::table::parse_csv;
use plumbline::{App, Home};
use plumbline_contract::event::Event;
use plumbline_contract::time::Millis;
use plumbline_ingest::{Mode, Reading, Rights, read_lines};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Versions of a table that are put into force while others drive.
const VERSIONS: usize = 10;
/// Deliveries, and cases in each: every change of a table is a new look at all of them.
const DELIVERIES: usize = 40;
const CASES: usize = 20;

/// One thread receives and drives all the time; another changes a table that rules look at, so that each change
/// makes the open keys look again, and imports.
#[test]
fn tables_and_imports_come_in_while_another_thread_drives() {
    let Some(desk) = Desk::with_plugins() else { return };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/events");
    let week = examples.join("county-week.ndjson");
    let items = fs::read_to_string(examples.join("tables/item.csv")).unwrap();
    let app = App::open(Home::new(desk.home())).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut numbers = 0..DELIVERIES;
            while !done.load(Ordering::Relaxed) {
                if let Some(number) = numbers.next() {
                    app.append(&cases(&app, number)).unwrap();
                }
                if let Some(_turn) = app.try_turn() {
                    app.settle().unwrap();
                }
            }
        });
        for version in 0..VERSIONS {
            let row = format!("X-{version},示例,XK,D-SCJG,20,7,false,,,,,licence,active,,,,");
            let text = format!("{items}{row}\n");
            app.load_table("item", parse_csv("item", text.as_bytes()).unwrap()).unwrap();
            if version == VERSIONS / 2 {
                let request = ImportRequest { group_events: 5, ..ImportRequest::new(&week) };
                let report = import(&app, &request, &mut |_, _| ()).unwrap();
                assert!(report.alerts_raised > 0, "its alerts are counted as its own");
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let replayed = replay(&app).unwrap();
    assert!(replayed[0].same > 0);
    assert!(replayed[0].difference.is_none(), "{:?}", replayed[0].difference);
}

/// Events of some new cases, as they are received.
fn cases(app: &App, number: usize) -> Vec<Event> {
    let lines = late_cases(number * CASES..(number + 1) * CASES);
    let received = Millis(1_771_000_000_000 + number as i64);
    let reading = Reading { zone: app.zone(), received, mode: Mode::Live, rights: Rights::NONE };
    let (events, rejects) = read_lines(lines.as_bytes(), &reading);
    assert!(rejects.is_empty(), "{rejects:?}");
    events
}
