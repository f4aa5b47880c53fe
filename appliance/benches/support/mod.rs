//! What the benchmarks share: a county's log made up in memory, its reference tables, processor
//! time and medians. It measures nothing itself.
#![allow(dead_code, unreachable_pub, reason = "each benchmark uses a part of it")]

pub mod county;

use plumbline::deploy::{self, Enabling};
use plumbline::home::{Config, Home};
use plumbline::package;
use plumbline::watch::HealthConfig;
use plumbline::{App, table};
use plumbline_contract::table::{TableRow, TableSet};
use plumbline_ledger::{TrustedKeys, verify_package};
use serde_json::Map;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Zone of the made-up county.
pub const ZONE: &str = "Asia/Shanghai";

/// A number from the environment, or the usual one.
#[must_use]
pub fn setting(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a whole number"))
}

/// The folder that a variable names. Says so and gives `None` where it is not set.
#[must_use]
pub fn folder(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    if path.is_none() {
        println!("skipped: {variable} is not set");
    }
    path
}

/// The signed approval plugin with the key it is signed by.
#[must_use]
pub fn approval(packages: &Path) -> plumbline_contract::package::VerifiedPackage {
    let vkey = std::fs::read_to_string(packages.join("development.vkey")).unwrap();
    let bytes = std::fs::read(packages.join("approval.wasm")).unwrap();
    verify_package(&bytes, &TrustedKeys::from_text(&vkey).unwrap()).unwrap()
}

/// Tables by name: the national calendar, and what the made-up county needs.
#[must_use]
pub fn tables() -> Vec<(&'static str, Vec<TableRow>)> {
    let mut tables = vec![("calendar", plumbline_contract::CALENDAR_CSV.to_owned())];
    tables.extend(county::tables());
    let parse = |(name, csv): (&'static str, String)| {
        (name, table::parse_csv(name, csv.as_bytes()).unwrap())
    };
    tables.into_iter().map(parse).collect()
}

/// The same in memory.
#[must_use]
pub fn table_set() -> TableSet {
    let mut set = TableSet::default();
    tables().into_iter().for_each(|(name, rows)| set.put(name, 1, rows));
    set
}

/// A fresh home in the zone with the tables and, if its folder is given, the approval plugin.
#[must_use]
pub fn home(
    dir: &Path,
    packages: Option<&Path>,
    zone: &str,
    tables: Vec<(&'static str, Vec<TableRow>)>,
) -> App {
    let config = Config {
        origin: "bench.invalid/county".to_owned(),
        region: String::new(),
        zone: zone.to_owned(),
        listen: "127.0.0.1:0".to_owned(),
        disk_reserve_mib: plumbline::disk::RESERVE_MIB,
        health: HealthConfig::default(),
    };
    let app = App::create(Home::new(dir.join("home")), &config).unwrap();
    for (name, rows) in tables {
        app.load_table(name, rows).unwrap();
    }
    let Some(packages) = packages else { return app };
    let vkey = std::fs::read_to_string(packages.join("development.vkey")).unwrap();
    package::trust(&app, &vkey).unwrap();
    let verified = package::verify_file(&app, &packages.join("approval.wasm")).unwrap();
    package::install(&app, &verified).unwrap();
    let (package, parameters) = (verified.hash(), &Map::new());
    let enabling = Enabling::new(package, "", parameters);
    deploy::enable(&app, &enabling).unwrap();
    app
}

/// User and system time of all threads of this process so far, ended ones included; the kernel
/// counts in hundredths of a second.
#[must_use]
pub fn process_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// Processor time of this thread so far.
#[must_use]
#[allow(unsafe_code)]
pub fn thread_cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec that lives across the call.
    let answer = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(answer, 0, "the clock of a thread exists on every Linux");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A line of `/proc/self/status` in MiB, for instance `VmHWM`, the most memory ever resident.
#[must_use]
pub fn memory_mib(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let found = status.lines().find_map(|found| found.strip_prefix(line)).unwrap();
    let kib: f64 = found.trim_start_matches(':').trim().split(' ').next().unwrap().parse().unwrap();
    kib / 1024.0
}

/// Bytes that a folder takes on the disk.
#[must_use]
pub fn disk_bytes(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let size = |entry: std::fs::DirEntry| match entry.file_type().unwrap().is_dir() {
        true => disk_bytes(&entry.path()),
        false => entry.metadata().unwrap().blocks() * 512,
    };
    entries.map(size).sum()
}

#[must_use]
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
