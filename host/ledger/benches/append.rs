//! Leaves per second of processor time: append and seal in batches of 1000, against hashing alone.
//!
//! Processor time is read from `/proc/self/stat`, so that waiting for the disk and neighbours on
//! the machine count little. Compare the ratios, not the figures. Only the figures are printed;
//! nothing fails here.
#![allow(clippy::unwrap_used)]

use plumbline_ledger::tree::{Frontier, leaf_hash};
use plumbline_ledger::{Ledger, SigningKey, verify};

const LEAVES: u64 = 500_000;
const BATCH: u64 = 1_000;
const LEAF_BYTES: usize = 400;
/// Linux counts processor time in hundredths of a second for every program.
const TICKS_PER_SECOND: f64 = 100.0;

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger");
    let key = || SigningKey::from_seed("bench.example", [1; 32]).unwrap();
    let trusted = key().verifying_key().into();

    let hashing = measure("hashing alone", || {
        let mut frontier = Frontier::default();
        (0..LEAVES).for_each(|n| frontier.push(leaf_hash(&leaf(n)), |_, _| ()));
        assert_eq!(frontier.size(), LEAVES);
    });
    let mut ledger = Ledger::create(&path, "bench.example", key()).unwrap();
    let durable = measure("append and seal", || {
        for first in (0..LEAVES).step_by(usize::try_from(BATCH).unwrap()) {
            let batch: Vec<_> = (first..first + BATCH).map(leaf).collect();
            ledger.append(&batch).unwrap();
            ledger.seal().unwrap();
        }
    });
    println!("{:<18} {:.2} times the time of hashing", "", hashing / durable);
    measure("read in order", || {
        let read = ledger.leaves(0..LEAVES).unwrap().map(|leaf| leaf.unwrap().len()).sum::<usize>();
        assert_eq!(read as u64, LEAVES * LEAF_BYTES as u64);
    });
    drop(ledger);
    measure("open", || drop(Ledger::open(&path, key()).unwrap()));
    measure("verify", || assert_eq!(verify(&path, &trusted).unwrap().checkpoint.size(), LEAVES));
}

fn leaf(number: u64) -> Vec<u8> {
    let mut leaf = vec![b'.'; LEAF_BYTES];
    leaf[..8].copy_from_slice(&number.to_be_bytes());
    leaf
}

/// Runs `work`, prints and returns leaves per second of processor time.
fn measure(name: &str, work: impl FnOnce()) -> f64 {
    let before = processor_seconds();
    work();
    let seconds = (processor_seconds() - before).max(1.0 / TICKS_PER_SECOND);
    let rate = LEAVES as f64 / seconds;
    println!("{name:<18} {rate:>12.0} leaves per processor second ({seconds:.2} s)");
    rate
}

/// User and system time of this process.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The program's name may contain spaces; the fields after its closing bracket do not.
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / TICKS_PER_SECOND
}
