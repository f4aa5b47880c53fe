//! Events in every form in which they come, and the files that say how they are to be read.

use crate::text_of;
use plumbline_contract::event::Event;
use plumbline_contract::time::{Millis, Zone};
use plumbline_ingest::{
    Mapping, Mode, Options, Reading, Rights, Secret, Source, read_batch, read_event, read_lines,
};
use plumbline_report::catalogue::{Catalogue, SHIPPED};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, OnceLock};

const ROWS_MAPPING: &str = include_str!("../../../host/ingest/tests/data/rows.toml");
const LOG_MAPPING: &str = include_str!("../../../host/ingest/tests/data/log.toml");
const OCDS_MAPPING: &str = include_str!("../../../host/ingest/tests/data/ocds.toml");
/// Events of a file that are parsed in one batch.
const BATCH: usize = 16;
/// Behind all events of the seeds: what was recorded later than it was received is rejected.
const RECEIVED: Millis = Millis(1_800_000_000_000);

fn zone() -> &'static Zone {
    static ZONE: OnceLock<Zone> = OnceLock::new();
    ZONE.get_or_init(Zone::shanghai)
}

fn reading(mode: Mode) -> Reading<'static> {
    Reading { zone: zone(), received: RECEIVED, mode, rights: Rights::NONE }
}

fn sound(events: &[Event]) {
    for event in events {
        let data: Value = serde_json::from_str(&event.data).unwrap();
        assert!(data.is_object() && !event.id.is_empty(), "{event:?}");
    }
}

pub(crate) fn one(bytes: &[u8]) -> bool {
    let read = read_event(bytes, &reading(Mode::Live));
    read.as_ref().map(std::slice::from_ref).map(sound).is_ok()
}

pub(crate) fn batch(bytes: &[u8]) -> bool {
    let (events, _) = read_batch(bytes, &reading(Mode::Live));
    sound(&events);
    !events.is_empty()
}

pub(crate) fn many(bytes: &[u8]) -> bool {
    let (events, _) = read_lines(bytes, &reading(Mode::Import));
    sound(&events);
    !events.is_empty()
}

pub(crate) fn ndjson(bytes: &[u8]) -> bool {
    file("a.ndjson", None, bytes)
}

pub(crate) fn json(bytes: &[u8]) -> bool {
    file("a.json", None, bytes)
}

pub(crate) fn csv(bytes: &[u8]) -> bool {
    file("a.csv", Some(ROWS_MAPPING), bytes)
}

pub(crate) fn xes(bytes: &[u8]) -> bool {
    file("a.xes", Some(LOG_MAPPING), bytes)
}

pub(crate) fn ocds(bytes: &[u8]) -> bool {
    file("a.json", Some(OCDS_MAPPING), bytes)
}

pub(crate) fn gzip(bytes: &[u8]) -> bool {
    file("a.gz", Some(LOG_MAPPING), bytes)
}

/// Mappings of files are parsed once; reading a time zone is slow.
fn parsed(toml: &'static str) -> Arc<Mapping> {
    thread_local! {
        static PARSED: RefCell<BTreeMap<&'static str, Arc<Mapping>>> = RefCell::default();
    }
    PARSED.with_borrow_mut(|parsed| {
        parsed.entry(toml).or_insert_with(|| Arc::new(Mapping::parse(toml).unwrap())).clone()
    })
}

fn file(name: &str, mapping: Option<&'static str>, bytes: &[u8]) -> bool {
    let options = Options {
        zone: zone().clone(),
        received: RECEIVED,
        mode: Mode::Import,
        rights: Rights::default(),
        mapping: mapping.map(parsed),
        secret: Some(Secret::new(|text| format!("h:{}", text.len()))),
        batch_max: BATCH,
    };
    let total = Some(bytes.len() as u64);
    let Ok(source) = Source::from_reader(name, Cursor::new(bytes.to_vec()), total, options) else {
        return false;
    };
    let mut any = false;
    let mut last = None;
    for batch in source {
        let Ok(batch) = batch else { return false };
        sound(&batch.events);
        assert!(last.is_none_or(|last| last <= batch.position), "{name}: the place goes back");
        last = Some(batch.position);
        any |= !batch.events.is_empty();
    }
    any
}

pub(crate) fn mapping(bytes: &[u8]) -> bool {
    Mapping::parse(&text_of(bytes)).is_ok()
}

pub(crate) fn catalogue(bytes: &[u8]) -> bool {
    Catalogue::parse(&text_of(bytes)).is_ok()
}

pub(crate) fn lines() -> Vec<Vec<u8>> {
    let time = "2026-03-02T09:00:00+08:00";
    let data = json!({ "case_no": "C1", "officer": "甲", "n": [1.5e3, -0.0, null, true, {"a": "\u{1F600}"}] });
    let line = json!({
        "specversion": "1.0", "id": "e-1", "source": "test/approval",
        "type": "approval.case.received", "time": time, "recordedtime": time,
        "region": "370203", "dept": "D-001", "actor": "o-1", "data": data,
    });
    let mut later = line.clone();
    later["dataversion"] = 3.into();
    later["correctedtime"] = "2026-03-03T09:00:00.123Z".into();
    later["serial"] = u64::MAX.into();
    vec![line.to_string().into_bytes(), later.to_string().into_bytes()]
}

pub(crate) fn batches() -> Vec<Vec<u8>> {
    let one = lines();
    let lines = one.join(&b'\n');
    let array = [b"[".as_slice(), &one.join(&b','), b"]"].concat();
    vec![lines, array, include_bytes!("../../../host/ingest/tests/data/good.ndjson").to_vec()]
}

pub(crate) fn rows() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../../host/ingest/tests/data/rows.csv").to_vec()]
}

pub(crate) fn logs() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../../host/ingest/tests/data/log.xes").to_vec()]
}

pub(crate) fn processes() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("../../../host/ingest/tests/data/ocds-package.json").to_vec(),
        include_bytes!("../../../host/ingest/tests/data/ocds.jsonl").to_vec(),
    ]
}

/// The smallest gzip that there is, and the beginning of a damaged one.
pub(crate) fn zipped() -> Vec<Vec<u8>> {
    const EMPTY: &[u8] = &[31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    // Stored, not compressed: five bytes of head, then the text as it is.
    let text = include_bytes!("../../../host/ingest/tests/data/log.xes");
    let length = (text.len() as u16).to_le_bytes();
    let unlength = (!(text.len() as u16)).to_le_bytes();
    let head: &[u8] = &[31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 1];
    vec![EMPTY.to_vec(), [head, &length, &unlength, text].concat()]
}

pub(crate) fn mappings() -> Vec<Vec<u8>> {
    vec![ROWS_MAPPING.into(), LOG_MAPPING.into(), OCDS_MAPPING.into()]
}

pub(crate) fn catalogues() -> Vec<Vec<u8>> {
    vec![SHIPPED.into()]
}
