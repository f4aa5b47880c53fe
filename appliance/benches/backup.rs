//! What a backup costs: bytes a second, processor time, and how long writes wait for it.
//!
//! The home holds a county's made-up log, states and leaves; a thread appends single events without
//! a pause, before and during the backup. `PLUMBLINE_BENCH_CASES` sets the size.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod support;

use plumbline::App;
use plumbline::backup::{Backup, Restore, backup, restore};
use plumbline_contract::event::Event;
use plumbline_contract::id::DeploymentId;
use plumbline_contract::time::{Local, Millis, Zone};
use plumbline_ledger::Passphrase;
use plumbline_store::{Commit, Cursor, KeyId, KeyState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::county::usual_start;
use support::{process_cpu, setting};

const NOW: Millis = Millis(1_773_000_000_000);
/// Bytes of a state, as the approval plugin's are on average.
const STATE_BYTES: usize = 300;
/// States and leaves for so many events.
const EVENTS_PER_STATE: usize = 3;
const EVENTS_PER_LEAF: usize = 40;
/// Events appended alone, to learn how long an append takes without a backup.
const QUIET_APPENDS: u64 = 1500;

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let app = support::home(dir.path(), None, support::ZONE, Vec::new());
    let cases = setting("PLUMBLINE_BENCH_CASES", 31_000);
    let log = support::county::log(cases, usual_start(), &Zone::shanghai());
    app.append(&log).unwrap();
    fill(&app, log.len());
    let quiet = appends(&app, &log[0], "quiet", &AtomicBool::new(false), QUIET_APPENDS);
    report("append alone", quiet);
    let passphrase = Passphrase::new("a sentence for the bench").unwrap();
    for (name, passphrase) in [("plain", None), ("sealed", Some(&passphrase))] {
        let file = dir.path().join(name);
        let done = AtomicBool::new(false);
        let waits = std::thread::scope(|scope| {
            let writer = scope.spawn(|| appends(&app, &log[0], name, &done, u64::MAX));
            let (start, cpu) = (Instant::now(), process_cpu());
            let request = Backup { file: &file, passphrase, with_keys: true, now: NOW };
            let taken = backup(&app, &request).unwrap();
            let (wall, cpu) = (start.elapsed(), process_cpu() - cpu);
            done.store(true, Ordering::Relaxed);
            let content: u64 = taken.sections.iter().map(|section| section.bytes).sum();
            println!(
                "{name}: {} events, content {} MiB, file {} MiB, {:.1} s, {:.1} MiB/s; cpu with \
                 the appends {:.2} s, {:.1} us an event",
                taken.header.next_seq,
                content >> 20,
                taken.file_bytes >> 20,
                wall.as_secs_f64(),
                content as f64 / 1_048_576.0 / wall.as_secs_f64(),
                cpu.as_secs_f64(),
                cpu.as_secs_f64() * 1e6 / taken.header.next_seq as f64,
            );
            writer.join().unwrap()
        });
        report("append during it", waits);
        let (start, cpu) = (Instant::now(), process_cpu());
        let into = dir.path().join(format!("{name}-home"));
        let (keys, seen) = (None, None);
        let request = Restore {
            file: &file,
            passphrase,
            into: &into,
            keys,
            seen,
            accept_split: false,
            now: NOW,
        };
        restore(&request).unwrap();
        let cpu = process_cpu() - cpu;
        println!(
            "  restored in {:.1} s, cpu {:.1} s",
            start.elapsed().as_secs_f64(),
            cpu.as_secs_f64()
        );
    }
}

/// States with wakes, and leaves.
fn fill(app: &App, events: usize) {
    let deployment = DeploymentId(9);
    let mut from = Cursor::default();
    let numbers: Vec<_> = (0..events / EVENTS_PER_STATE).collect();
    for numbers in numbers.chunks(1000) {
        let state = |number: &usize| {
            let id = KeyId { stream: "case".to_owned(), key: format!("C-{number:08}") };
            let state = (0..STATE_BYTES).map(|at| ((number * 31 + at * at) % 251) as u8);
            let wake = number.is_multiple_of(2).then_some(Local(*number as i64));
            (id, Some(KeyState { state: state.collect(), wake, region: "370203".to_owned() }))
        };
        let mut to = from.clone();
        to.seq.0 += 1;
        let leaves = vec![vec![b'x'; 600]; numbers.len() * EVENTS_PER_STATE / EVENTS_PER_LEAF];
        let states = numbers.iter().map(state).collect();
        let commit = Commit {
            deployment,
            from,
            to: to.clone(),
            states,
            leaves,
            lazy: true,
            ..Commit::default()
        };
        app.store().commit(commit).unwrap();
        from = to;
    }
    app.seal().unwrap();
}

/// Appends single events until `done`, at most `max`; how long each took.
fn appends(app: &App, like: &Event, name: &str, done: &AtomicBool, max: u64) -> Vec<Duration> {
    let mut waits = Vec::new();
    for number in 0..max {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let event = Event { id: format!("{name}-{number}"), ..like.clone() };
        let start = Instant::now();
        app.append(&[event]).unwrap();
        waits.push(start.elapsed());
    }
    waits
}

fn report(name: &str, mut waits: Vec<Duration>) {
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "  {name}: {} appends, p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        waits.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
