//! What a replay, a shadow run over history and a change of a parameter cost, on a county's made-up
//! log that was imported before: events per processor second of the whole process, all threads
//! counted, and milliseconds for the change; and a replay of a log with many ticks.
//!
//! `PLUMBLINE_TEST_PLUGINS` names the folder of the signed plugin, `PLUMBLINE_BENCH_CASES` sets the
//! size.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, dead_code)]

mod support;

use plumbline::import::{ImportRequest, import};
use plumbline::shadow::{self, Candidate};
use plumbline::{App, deploy, replay};
use plumbline_contract::event::Event;
use plumbline_contract::time::{Millis, Zone};
use serde_json::{Map, json};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;
use support::county::usual_start;
use support::{folder, memory_mib, process_cpu, setting};

/// A county sends some ten events a minute, and something falls due in every other.
const EVENTS_BETWEEN_TICKS: usize = 16;

fn main() {
    let Some(packages) = folder("PLUMBLINE_TEST_PLUGINS") else { return };
    let dir = tempfile::tempdir().unwrap();
    let app = support::home(dir.path(), Some(&packages), support::ZONE, support::tables());
    let events = fill(&app, setting("PLUMBLINE_BENCH_CASES", 20_000), dir.path());
    let measured = |what: &str, work: &dyn Fn()| {
        let (cpu, wall) = (process_cpu(), Instant::now());
        work();
        let (cpu, wall) = ((process_cpu() - cpu).as_secs_f64(), wall.elapsed().as_secs_f64());
        let rate = events as f64 / cpu;
        println!("{what}: {events} events, {cpu:.2} CPU s, {wall:.2} s, {rate:.0} events/CPU-s");
    };
    measured("replay", &|| {
        let replayed = replay::replay(&app).unwrap();
        assert!(replayed.iter().all(|one| one.difference.is_none()), "{replayed:?}");
    });
    let parameters = json!({ "warn_long_wd": 4 }).as_object().unwrap().clone();
    let none = Map::new();
    for (what, parameters) in [("shadow run, nothing changed", &none), ("shadow run", &parameters)]
    {
        measured(&format!("{what} (both sides)"), &|| {
            let candidate = Candidate { plugin: "approval", region: "", package: None, parameters };
            let report = shadow::run(&app, &candidate).unwrap();
            let comparison = &report.comparison;
            assert_eq!(parameters.is_empty(), comparison.is_empty());
            let (gained, lost) = (comparison.gained.len(), comparison.lost.len());
            println!("  {gained} gained, {lost} lost, {} changed", comparison.changed.len());
        });
    }
    let began = Instant::now();
    let warn = json!({ "warn_long_wd": 3 }).as_object().unwrap().clone();
    deploy::set(&app, "approval", "", &warn, None).unwrap();
    app.settle().unwrap();
    println!("a parameter takes effect, open keys included: {} ms", began.elapsed().as_millis());
    println!("most memory ever resident: {:.0} MiB", memory_mib("VmHWM"));
    live(&packages);
}

/// A log as a service writes it, with a tick after every few events, is read no more than once.
fn live(packages: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let app = support::home(dir.path(), Some(packages), support::ZONE, support::tables());
    let zone = Zone::shanghai();
    let cases = setting("PLUMBLINE_BENCH_CASES", 20_000) / 4;
    let mut ticks = 0;
    for events in support::county::log(cases, usual_start(), &zone).chunks(EVENTS_BETWEEN_TICKS) {
        let received = Millis(events[events.len() - 1].recorded.0 + 1000);
        let events: Vec<_> =
            events.iter().map(|event| Event { logged: received, ..event.clone() }).collect();
        app.append(&events).unwrap();
        app.tick(received, false).unwrap();
        ticks += 1;
    }
    app.settle().unwrap();
    let (log, cpu) = (app.store().next_seq().0, process_cpu());
    let replayed = replay::replay(&app).unwrap();
    assert!(replayed.iter().all(|one| one.difference.is_none()), "{replayed:?}");
    let rate = log as f64 / (process_cpu() - cpu).as_secs_f64();
    println!("replay of a live log: {log} events with {ticks} ticks, {rate:.0} events/CPU-s");
}

/// Imports a county's log; returns how many events the log holds.
fn fill(app: &App, cases: usize, dir: &std::path::Path) -> u64 {
    let path = dir.join("county.ndjson");
    let mut out = BufWriter::new(std::fs::File::create(&path).unwrap());
    let zone = Zone::shanghai();
    for event in support::county::log(cases, usual_start(), &zone) {
        writeln!(out, "{}", support::county::line(&event, &zone)).unwrap();
    }
    out.flush().unwrap();
    import(app, &ImportRequest::new(&path), &mut |_, _| {}).unwrap();
    app.store().next_seq().0
}
