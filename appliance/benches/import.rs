//! What an import costs from the file to the sealed alert: parse, append, fold with all rules,
//! commit, seal; in events per processor second of the whole process, all threads counted.
//!
//! Two logs: a county's made-up log as NDJSON, and the public receipt log as XES with its mapping
//! (`PLUMBLINE_DATA` names the folder that holds `receipt.xes.gz`). A third row imports the county's
//! log into a home without plugins: what is left is parsing and appending.
//! `PLUMBLINE_TEST_PLUGINS` names the folder of the signed plugin, `PLUMBLINE_BENCH_CASES` and
//! `PLUMBLINE_BENCH_ROUNDS` set the size.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod support;

use plumbline::import::{ImportReport, ImportRequest, import};
use plumbline_contract::time::Zone;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use support::county::usual_start;
use support::{folder, median, memory_mib, process_cpu, setting};

/// What is imported.
struct Case {
    name: &'static str,
    file: PathBuf,
    map: Option<PathBuf>,
    zone: &'static str,
    with_plugin: bool,
    /// Whether the made-up county's tables hold for it, besides the calendar.
    with_tables: bool,
}

fn main() {
    let Some(packages) = folder("PLUMBLINE_TEST_PLUGINS") else { return };
    let dir = tempfile::tempdir().unwrap();
    let county = dir.path().join("county.ndjson");
    write_county(&county, setting("PLUMBLINE_BENCH_CASES", 20_000));
    let bare = Case {
        name: "county NDJSON, no plugin",
        file: county.clone(),
        map: None,
        zone: support::ZONE,
        with_plugin: false,
        with_tables: true,
    };
    let folded = Case {
        name: "county NDJSON",
        file: county,
        map: None,
        zone: support::ZONE,
        with_plugin: true,
        with_tables: true,
    };
    let mut cases = vec![bare, folded];
    if let Some(data) = folder("PLUMBLINE_DATA") {
        let map = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/receipt/receipt.toml");
        cases.push(Case {
            name: "receipt XES",
            file: data.join("receipt.xes.gz"),
            map: Some(map),
            zone: "Europe/Amsterdam",
            with_plugin: true,
            with_tables: false,
        });
    }
    let rounds = setting("PLUMBLINE_BENCH_ROUNDS", 3);
    let mut results = vec![Vec::new(); cases.len()];
    for round in 0..rounds {
        for (case, results) in cases.iter().zip(&mut results) {
            results.push(run(case, &packages, round));
        }
    }
    for (case, results) in cases.iter().zip(&results) {
        println!("{}: {:.0} events per processor second, median", case.name, median(results));
    }
    println!("most memory ever resident: {:.0} MiB", memory_mib("VmHWM"));
}

/// Imports once into a fresh home; returns events per processor second.
fn run(case: &Case, packages: &Path, round: usize) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let mut tables = support::tables();
    tables.retain(|(name, _)| case.with_tables || *name == "calendar");
    let packages = case.with_plugin.then_some(packages);
    let app = support::home(dir.path(), packages, case.zone, tables);
    let request = ImportRequest { map: case.map.as_deref(), ..ImportRequest::new(&case.file) };
    let (cpu, wall) = (process_cpu(), Instant::now());
    let report = import(&app, &request, &mut |_, _| {}).unwrap();
    let (cpu, wall) = ((process_cpu() - cpu).as_secs_f64(), wall.elapsed().as_secs_f64());
    let ImportReport { new, rejected, alerts_raised, .. } = report;
    println!(
        "round {round}, {}: {new} events, {rejected} rejected, {alerts_raised} alerts; \
         cpu {cpu:.2} s, wall {wall:.2} s, {:.1} us of cpu an event",
        case.name,
        cpu * 1e6 / new as f64,
    );
    new as f64 / cpu
}

fn write_county(path: &Path, cases: usize) {
    let zone = Zone::shanghai();
    let mut file = BufWriter::new(std::fs::File::create(path).unwrap());
    for event in support::county::log(cases, usual_start(), &zone) {
        writeln!(file, "{}", support::county::line(&event, &zone)).unwrap();
    }
    file.flush().unwrap();
}
