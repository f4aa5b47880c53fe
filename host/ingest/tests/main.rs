//! Tests of the readers through their public face. Rows of data are in `tests/data`; the tests in
//! `real` read public logs from the folder that `PLUMBLINE_DATA` names and skip plainly without it.
#![allow(clippy::unwrap_used)]

mod cloudevents;
mod mapping;
mod ocds;
mod real;
mod robust;
mod source;
mod xes;

use plumbline_contract::time::{Millis, Zone, parse_stamp};
use plumbline_ingest::{Batch, Mapping, Mode, Options, Position, Reject, Rights, Secret, Source};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// 2026-03-01T00:00:00+08:00: when everything in these tests was received.
fn received() -> Millis {
    Zone::shanghai().instant_of(parse_stamp("2026-03-01T00:00:00+08:00").unwrap())
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(data(name)).unwrap()
}

fn options(mapping: Option<&str>, batch_max: usize) -> Options {
    Options {
        zone: Zone::shanghai(),
        received: received(),
        mode: Mode::Import,
        rights: Rights::default(),
        mapping: mapping.map(parsed),
        // No cipher, but it shows that the raw value is gone and that equality stays.
        secret: Some(Secret::new(|value| {
            format!("h:{:016x}", plumbline_contract::event::fingerprint(&[value.as_bytes()]))
        })),
        batch_max,
    }
}

/// Parses each mapping once only: reading its time zone is slow without optimisation.
fn parsed(toml: &str) -> Arc<Mapping> {
    static PARSED: Mutex<BTreeMap<String, Arc<Mapping>>> = Mutex::new(BTreeMap::new());
    let mut parsed = PARSED.lock().unwrap();
    let entry = parsed.entry(toml.to_owned());
    Arc::clone(entry.or_insert_with(|| Arc::new(Mapping::parse(toml).unwrap())))
}

fn open(name: &str, bytes: &[u8], mapping: Option<&str>, batch_max: usize) -> Source {
    let reader = Cursor::new(bytes.to_vec());
    Source::from_reader(name, reader, Some(bytes.len() as u64), options(mapping, batch_max))
        .unwrap()
}

/// All batches of a source as one.
fn all(source: Source) -> Batch {
    let mut whole = Batch::default();
    for batch in source {
        let batch = batch.unwrap();
        whole.events.extend(batch.events);
        whole.rejects.extend(batch.rejects);
        whole.ignored += batch.ignored;
        assert!(batch.position >= whole.position, "positions never go back");
        whole.position = batch.position;
    }
    whole
}

/// `line code field`, for comparing with rows of data.
fn brief(rejects: &[Reject]) -> Vec<String> {
    let show = |reject: &Reject| {
        let line = reject.line.map_or("-".to_owned(), |line| line.to_string());
        format!("{line} {} {}", reject.code.as_str(), reject.field.as_deref().unwrap_or("-"))
    };
    rejects.iter().map(show).collect()
}

/// Checks that reading in small batches, each by a source opened anew at the position of the one
/// before, gives the same as reading in one pass.
fn check_resume(name: &str, bytes: &[u8], mapping: Option<&str>) {
    let once = all(open(name, bytes, mapping, usize::MAX));
    for batch_max in [1, 2, 7] {
        let mut pieces = Batch::default();
        let mut position = Position::default();
        loop {
            let mut source = open(name, bytes, mapping, batch_max).resume(position).unwrap();
            let Some(batch) = source.next() else { break };
            let batch = batch.unwrap();
            let empty = batch.events.is_empty() && batch.rejects.is_empty();
            let at_end = batch.position == position;
            pieces.events.extend(batch.events);
            pieces.rejects.extend(batch.rejects);
            pieces.ignored += batch.ignored;
            position = batch.position;
            if empty || at_end {
                break;
            }
        }
        pieces.position = position;
        assert_eq!(pieces, once, "{name} in batches of {batch_max}");
    }
}
