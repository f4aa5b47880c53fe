//! How much memory and disk the whole host takes with a million events in its store.
//!
//! A county's made-up log is written to a file by a child process, so that making it does not count,
//! and imported with the approval plugin. `VmHWM` is the most memory that was ever resident.
//! `PLUMBLINE_TEST_PLUGINS` names the folder of the signed plugin, `PLUMBLINE_BENCH_CASES` sets the
//! size (six and a half events a case).
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod support;

use plumbline::import::{ImportRequest, import};
use plumbline_contract::time::Zone;
use std::io::{BufWriter, Write};
use std::path::Path;
use support::county::usual_start;
use support::{disk_bytes, folder, memory_mib, process_cpu, setting};

/// Tells the child where to write the log.
const WRITE: &str = "PLUMBLINE_BENCH_WRITE";

fn main() {
    if let Some(path) = std::env::var_os(WRITE) {
        return write_county(Path::new(&path));
    }
    let Some(packages) = folder("PLUMBLINE_TEST_PLUGINS") else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("county.ndjson");
    let exe = std::env::current_exe().unwrap();
    assert!(std::process::Command::new(exe).env(WRITE, &file).status().unwrap().success());
    let app = support::home(dir.path(), Some(&packages), support::ZONE, support::tables());
    println!("an empty home, open: {:.0} MiB", memory_mib("VmRSS"));
    let cpu = process_cpu();
    let request = ImportRequest::new(&file);
    let report = import(&app, &request, &mut |_, _| {}).unwrap();
    let cpu = (process_cpu() - cpu).as_secs_f64();
    let events = app.store().next_seq().0;
    println!(
        "{} events imported, {events} in the log with facts, {} alerts, {:.1} us of cpu an event",
        report.new,
        report.alerts_raised,
        cpu * 1e6 / report.new as f64,
    );
    println!(
        "resident now: {:.0} MiB, most ever: {:.0} MiB",
        memory_mib("VmRSS"),
        memory_mib("VmHWM")
    );
    let home = app.home();
    let (store, ledger) = (disk_bytes(&home.store_dir()), disk_bytes(&home.ledger_dir()));
    println!(
        "on disk: store {} MiB ({} bytes an event), ledger {} MiB; the file had {} bytes an event",
        store >> 20,
        store / events,
        ledger >> 20,
        std::fs::metadata(&file).unwrap().len() / report.new,
    );
}

fn write_county(path: &Path) {
    let zone = Zone::shanghai();
    let mut file = BufWriter::new(std::fs::File::create(path).unwrap());
    for event in
        support::county::log(setting("PLUMBLINE_BENCH_CASES", 157_000), usual_start(), &zone)
    {
        writeln!(file, "{}", support::county::line(&event, &zone)).unwrap();
    }
    file.flush().unwrap();
}
