//! Public logs, from the folder that `PLUMBLINE_DATA` names: they are not ours to ship.

use crate::xes::{judged, ours};
use crate::{all, options};
use flate2::read::MultiGzDecoder;
use plumbline_contract::event::Event;
use plumbline_contract::time::parse_stamp;
use plumbline_ingest::{Batch, Mapping, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

const RECEIPT: &str = include_str!("../../../examples/receipt/receipt.toml");

fn real(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("PLUMBLINE_DATA")?;
    Some(Path::new(&folder).join(name)).filter(|path| path.exists())
}

#[test]
fn the_example_mapping_is_right() {
    let mapping = Mapping::parse(RECEIPT).unwrap();
    assert_eq!(mapping.source(), "coselog-receipt");
    assert_eq!(
        mapping.types(),
        [
            "approval.case.received",
            "approval.case.accepted",
            "approval.case.decided",
            "approval.case.step_done",
        ]
    );
    assert_eq!(mapping.secret_field(), None);
}

#[test]
fn the_receipt_log_is_mapped_whole() {
    let Some(path) = real("receipt.xes.gz") else {
        return eprintln!("skipped: PLUMBLINE_DATA names no folder with receipt.xes.gz");
    };
    let whole = all(Source::open(&path, options(Some(RECEIPT), 500)).unwrap());
    assert_eq!(whole.rejects, []);
    assert_eq!(whole.position.record, 1_434);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    for event in &whole.events {
        *counts.entry(&event.kind).or_default() += 1;
        assert!(ids.insert(&event.id), "{} is not unique", event.id);
    }
    let counts: Vec<_> = counts.into_iter().collect();
    assert_eq!(
        counts,
        [
            ("approval.case.accepted", 1_434),
            ("approval.case.decided", 1_329),
            ("approval.case.received", 1_434),
            ("approval.case.step_done", 8_577),
        ]
    );
    let of_case = |event: &&Event| event.subject == "case-10017";
    let first: Vec<&Event> = whole.events.iter().filter(of_case).take(2).collect();
    assert_eq!(first[0].kind, "approval.case.received");
    assert_eq!(
        first[1].data,
        "{\"case_no\":\"case-10017\",\"item_code\":\"ENVIRONMENTAL-PERMIT\",\
         \"officer\":\"Resource04\",\"promised_due\":\"2011-12-06\",\"receipt_no\":\"case-10017\"}"
    );
    assert_eq!(first[1].dept, "999001-GEN");
    let start = parse_stamp("2011-10-11T01:06:40.020+02:00").unwrap();
    let zone = plumbline_contract::time::Zone::fixed("UTC", 0);
    assert_eq!(first[1].time, zone.instant_of(start));
    resume_in_the_middle(&path, &whole);
}

fn resume_in_the_middle(path: &Path, whole: &Batch) {
    let mut source = Source::open(path, options(Some(RECEIPT), 5_000)).unwrap();
    let first = source.next().unwrap().unwrap();
    let again = Source::open(path, options(Some(RECEIPT), 5_000)).unwrap();
    let rest = all(again.resume(first.position).unwrap());
    let n = first.events.len();
    assert!(n >= 5_000 && n + rest.events.len() == whole.events.len());
    assert_eq!((&whole.events[..n], &whole.events[n..]), (&first.events[..], &rest.events[..]));
    assert_eq!(rest.position, whole.position);
}

#[test]
fn the_judge_agrees_on_the_receipt_log() {
    let Some(path) = real("receipt.xes.gz") else {
        return eprintln!("skipped: PLUMBLINE_DATA names no folder with receipt.xes.gz");
    };
    let mut text = String::new();
    MultiGzDecoder::new(File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
    let cases = ours(MultiGzDecoder::new(File::open(&path).unwrap()));
    assert_eq!(cases.len(), 1_434);
    assert!(cases == judged(&text), "the scanner and quick-xml differ");
}

#[test]
fn the_fines_log_has_all_its_events() {
    let Some(path) = real("road-traffic-fines.xes.gz") else {
        return eprintln!("skipped: PLUMBLINE_DATA names no folder with road-traffic-fines.xes.gz");
    };
    let cases = ours(MultiGzDecoder::new(File::open(&path).unwrap()));
    assert_eq!(cases.len(), 150_370);
    assert_eq!(cases.iter().map(|(_, events)| events.len()).sum::<usize>(), 561_470);
}
