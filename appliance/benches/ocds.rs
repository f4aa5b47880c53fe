//! What OCDS costs from the file to the flags: parse, append, sync, and the eleven indicators over
//! the log; in processes per processor second of the whole process, all threads counted.
//!
//! Made-up processes with 2 to 9 bids each, once with the events that the rules about procurement
//! read and once without. `PLUMBLINE_BENCH_PROCESSES` and `PLUMBLINE_BENCH_ROUNDS` set the size.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod support;

use plumbline::import::{ImportRequest, import};
use plumbline::ocds;
use plumbline_ocds::Settings;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use support::{median, memory_mib, process_cpu, setting};

/// Seconds of the processor: import, flags.
type Cost = (f64, f64);

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let (file, n) =
        (dir.path().join("processes.jsonl"), setting("PLUMBLINE_BENCH_PROCESSES", 20_000));
    write(&file, n);
    let bytes = std::fs::metadata(&file).unwrap().len();
    println!("{n} processes, {} bytes each", bytes / n as u64);
    for events in [false, true] {
        let map = dir.path().join("map.toml");
        let toml = "format = \"ocds\"\nsource = \"bench\"\nzone = \"Asia/Shanghai\"\n[ocds]\nregion = \"370203\"\n";
        std::fs::write(&map, format!("{toml}events = {events}\n")).unwrap();
        let rounds = setting("PLUMBLINE_BENCH_ROUNDS", 3);
        let costs: Vec<Cost> = (0..rounds).map(|_| round(&file, &map, n)).collect();
        let rate = |cost: fn(&Cost) -> f64| {
            median(&costs.iter().map(|one| n as f64 / cost(one)).collect::<Vec<_>>())
        };
        let name = if events { "with the events of the rules" } else { "processes only" };
        println!(
            "{name}: import {:.0}, flags {:.0}, end to end {:.0} processes per processor second",
            rate(|cost| cost.0),
            rate(|cost| cost.1),
            rate(|cost| cost.0 + cost.1),
        );
    }
    println!("most memory ever resident: {:.0} MiB", memory_mib("VmHWM"));
}

fn round(file: &Path, map: &Path, n: usize) -> Cost {
    let dir = tempfile::tempdir().unwrap();
    let app = support::home(dir.path(), None, support::ZONE, Vec::new());
    let start = process_cpu();
    let request = ImportRequest { map: Some(map), ..ImportRequest::new(file) };
    let report = import(&app, &request, &mut |_, _| {}).unwrap();
    assert_eq!(report.rejected, 0);
    let imported = process_cpu();
    let findings = ocds::survey(&app, Settings::default(), None).unwrap().findings;
    assert_eq!(findings.processes, n as u64);
    let done = process_cpu();
    ((imported - start).as_secs_f64(), (done - imported).as_secs_f64())
}

/// Numbers that look random and are the same in every run.
fn mixed(n: u64) -> u64 {
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (n ^ (n >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 17
}

fn write(path: &Path, n: usize) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    for i in 0..n as u64 {
        let of = |k: u64| mixed(i * 64 + k);
        let winner = of(1) % 3_000;
        let bids: Vec<_> = (0..2 + of(2) % 8)
            .map(|k| {
                let status = if k > 0 && of(k + 9) % 9 == 0 { "disqualified" } else { "valid" };
                json!({ "id": format!("bid-{k}"), "date": "2026-01-20T10:00:00+08:00",
                        "status": status, "value": { "currency": "CNY",
                        "amount": (100_000 + of(3) % 900_000) as f64 * (1.0 + 0.03 * k as f64) },
                        "tenderers": [{ "id": format!("S-{}", (winner + k * 7) % 3_000),
                                        "name": "某某建设工程有限公司" }] })
            })
            .collect();
        let process = json!({
            "ocid": format!("ocds-bench-{i}"), "id": format!("r{i}"), "tag": ["compiled"],
            "date": "2026-02-01T00:00:00+08:00", "language": "zh", "initiationType": "tender",
            "parties": [{ "id": format!("B-{}", of(4) % 200), "name": "某某局", "roles": ["buyer"] }],
            "buyer": { "id": format!("B-{}", of(4) % 200), "name": "某某局" },
            "tender": { "id": format!("T-{i}"), "title": "某某道路改造工程", "status": "complete",
                        "procurementMethod": "open", "mainProcurementCategory": "works",
                        "value": { "amount": 1_000_000, "currency": "CNY" },
                        "numberOfTenderers": bids.len(),
                        "tenderPeriod": { "startDate": "2026-01-01T09:00:00+08:00",
                                          "endDate": format!("2026-01-{}T09:00:00+08:00", 10 + of(5) % 20) } },
            "awards": [{ "id": "A", "status": "active", "date": "2026-01-29T10:00:00+08:00",
                         "suppliers": [{ "id": format!("S-{winner}") }],
                         "items": [{ "id": "1", "classification": { "scheme": "CPV", "id": format!("{:08}", of(6) % 90_000_000) } }] }],
            "contracts": [{ "id": "C", "awardID": "A", "dateSigned": "2026-01-31T10:00:00+08:00",
                            "value": { "amount": 900_000, "currency": "CNY" } }],
            "bids": { "details": bids },
        });
        writeln!(file, "{process}").unwrap();
    }
}
