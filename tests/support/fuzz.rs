//! Every parser that meets foreign bytes, as a target that takes any bytes; good inputs of each; and
//! the mutation of good inputs into bad ones.
//!
//! A target returns whether the bytes were taken. It panics only if the parser does, or if what it
//! gave out is unsound. The caller decides how long to try; `tests/cases/fuzz.rs` is one.

use crate::random::Random;
use crate::{event, instant};
use plumbline::table;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::time::{Millis, Zone};
use plumbline_ingest::{
    Mapping, Mode, Options, Reading, Rights, Secret, Source, read_batch, read_event, read_lines,
};
use plumbline_ledger::{
    Checkpoint, InclusionProof, Ledger, SigningKey, TrustedKeys, inspect_package, seal_package,
    verify_package,
};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, OnceLock};

const ROWS_MAPPING: &str = include_str!("../../host/ingest/tests/data/rows.toml");
const LOG_MAPPING: &str = include_str!("../../host/ingest/tests/data/log.toml");
const MANIFEST: &str = include_str!("../../sdk/contract/tests/data/manifest/whole.toml");
/// Events of a file that are parsed in one batch.
const BATCH: usize = 16;
/// Most bytes of a mutated input: a parser that is wrong is wrong on small ones too.
const BYTES_MAX: usize = 16 * 1024;
/// Most changes of one input.
const CHANGES_MAX: u64 = 6;
/// Bytes that mean something in one of the formats.
const SIGNS: &[u8] = b"{}[]\",:\\<>/&;'=#+\n\r\t \0\xff\x80-.0919eE";

/// Behind all events of the seeds: what was recorded later than it was received is rejected.
const RECEIVED: Millis = Millis(1_800_000_000_000);

/// A parser under test.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    /// Whether it took the bytes.
    pub run: fn(&[u8]) -> bool,
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 15] = [
    Target { name: "event", run: one_event, seeds: events },
    Target { name: "batch", run: batch, seeds: batches },
    Target { name: "lines", run: many_lines, seeds: batches },
    Target { name: "ndjson", run: |bytes| file("a.ndjson", None, bytes), seeds: batches },
    Target { name: "json", run: |bytes| file("a.json", None, bytes), seeds: batches },
    Target { name: "csv", run: |bytes| file("a.csv", Some(ROWS_MAPPING), bytes), seeds: rows },
    Target { name: "xes", run: |bytes| file("a.xes", Some(LOG_MAPPING), bytes), seeds: logs },
    Target { name: "gzip", run: |bytes| file("a.gz", Some(LOG_MAPPING), bytes), seeds: zipped },
    Target { name: "mapping", run: mapping, seeds: mappings },
    Target { name: "manifest", run: manifest, seeds: || vec![MANIFEST.into()] },
    Target { name: "package", run: package, seeds: packages },
    Target { name: "checkpoint", run: checkpoint, seeds: || vec![sealed().0.clone().into()] },
    Target { name: "proof", run: proof, seeds: || vec![sealed().1.clone().into()] },
    Target { name: "keys", run: keys, seeds: || vec![key().verifying_key().to_string().into()] },
    Target { name: "table", run: table_rows, seeds: tables },
];

/// A good input with a few changes: bytes set, taken out, put in, doubled, or cut off.
#[must_use]
pub fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let pick = |random: &mut Random| &seeds[random.below(seeds.len() as u64) as usize];
    let mut bytes = pick(random).clone();
    for _ in 0..=random.below(CHANGES_MAX) {
        let length = bytes.len() as u64;
        let at = random.below(length + 1) as usize;
        let sign = SIGNS[random.below(SIGNS.len() as u64) as usize];
        match random.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = sign,
            2 => bytes.insert(at, sign),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            5 => {
                let end = (at + random.below(64) as usize).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let to = random.below(length + 1) as usize;
                bytes.splice(to..to, part);
            }
            6 => {
                let other = pick(random);
                let from = random.below(other.len() as u64 + 1) as usize;
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => {
                let many = vec![sign; random.below(300) as usize];
                bytes.splice(at..at, many);
            }
        }
        bytes.truncate(BYTES_MAX);
    }
    bytes
}

fn zone() -> &'static Zone {
    static ZONE: OnceLock<Zone> = OnceLock::new();
    ZONE.get_or_init(Zone::shanghai)
}

fn reading(mode: Mode) -> Reading<'static> {
    Reading { zone: zone(), received: RECEIVED, mode, rights: Rights::NONE }
}

fn sound(events: &[plumbline_contract::event::Event]) {
    for event in events {
        let data: serde_json::Value = serde_json::from_str(&event.data).unwrap();
        assert!(data.is_object() && !event.id.is_empty(), "{event:?}");
    }
}

fn one_event(bytes: &[u8]) -> bool {
    let read = read_event(bytes, &reading(Mode::Live));
    read.as_ref().map(std::slice::from_ref).map(sound).is_ok()
}

fn batch(bytes: &[u8]) -> bool {
    let (events, _) = read_batch(bytes, &reading(Mode::Live));
    sound(&events);
    !events.is_empty()
}

fn many_lines(bytes: &[u8]) -> bool {
    let (events, _) = read_lines(bytes, &reading(Mode::Import));
    sound(&events);
    !events.is_empty()
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

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn mapping(bytes: &[u8]) -> bool {
    Mapping::parse(&text_of(bytes)).is_ok()
}

fn manifest(bytes: &[u8]) -> bool {
    Manifest::from_toml(&text_of(bytes)).is_ok()
}

fn package(bytes: &[u8]) -> bool {
    let verified = verify_package(bytes, &trusted());
    assert!(verified.is_err() || inspect_package(bytes).is_ok());
    // Nobody signed a changed one.
    assert!(verified.is_err() || packages().iter().any(|seed| seed == bytes), "a forged package");
    inspect_package(bytes).is_ok()
}

fn checkpoint(bytes: &[u8]) -> bool {
    let opened = Checkpoint::open(bytes, &trusted());
    if let Ok(checkpoint) = &opened {
        let text = &sealed().0;
        assert_eq!((checkpoint.size(), checkpoint.origin()), (LEAVES, ORIGIN), "{text}");
    }
    opened.is_ok()
}

fn proof(bytes: &[u8]) -> bool {
    let Ok(proof) = InclusionProof::open(&text_of(bytes), &trusted()) else { return false };
    let verified = proof.verify(&leaf(PROVED));
    assert!(verified.is_err() || proof.index() == PROVED, "a forged proof");
    verified.is_ok()
}

fn keys(bytes: &[u8]) -> bool {
    let text = text_of(bytes);
    let _ = SigningKey::from_text(&text);
    TrustedKeys::from_text(&text).is_ok_and(|keys| !keys.keys().is_empty())
}

fn table_rows(bytes: &[u8]) -> bool {
    ["calendar", "item", "officer", "worktime"]
        .iter()
        .filter(|table| table::parse_csv(table, bytes).is_ok())
        .count()
        > 0
}

const ORIGIN: &str = "test.invalid/fuzz";
const LEAVES: u64 = 7;
const PROVED: u64 = 4;

fn leaf(number: u64) -> Vec<u8> {
    format!("leaf {number}").into_bytes()
}

/// Always the same key, so that a failing input fails again.
fn key() -> SigningKey {
    SigningKey::from_seed("fuzz", [7; 32]).unwrap()
}

fn trusted() -> TrustedKeys {
    key().verifying_key().into()
}

/// A checkpoint and a proof under it.
fn sealed() -> &'static (String, String) {
    static SEALED: OnceLock<(String, String)> = OnceLock::new();
    SEALED.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::create(&dir.path().join("ledger"), ORIGIN, key()).unwrap();
        ledger.append(&(0..LEAVES).map(leaf).collect::<Vec<_>>()).unwrap();
        let checkpoint = ledger.seal().unwrap();
        (checkpoint.note().to_owned(), ledger.prove_inclusion(PROVED).unwrap().to_string())
    })
}

/// A component with nothing but a manifest, plain and signed.
fn packages() -> Vec<Vec<u8>> {
    let name = plumbline_contract::package::MANIFEST_SECTION;
    let mut content = vec![name.len() as u8];
    content.extend_from_slice(name.as_bytes());
    content.extend_from_slice(MANIFEST.as_bytes());
    let mut component = b"\0asm\x0d\0\x01\0\0".to_vec();
    let mut length = content.len();
    while length > 127 {
        component.push((length & 127) as u8 | 128);
        length >>= 7;
    }
    component.push(length as u8);
    component.extend_from_slice(&content);
    let signed = seal_package(&component, &key()).unwrap();
    vec![component, signed]
}

fn events() -> Vec<Vec<u8>> {
    let data = json!({ "case_no": "C1", "officer": "甲", "n": [1.5e3, -0.0, null, true, {"a": "\u{1F600}"}] });
    let line = event("e-1", "approval.case.received", "2026-03-02T09:00:00", &data);
    let mut later: serde_json::Value = serde_json::from_str(&line).unwrap();
    later["dataversion"] = 3.into();
    later["correctedtime"] = "2026-03-03T09:00:00.123Z".into();
    later["serial"] = 18_446_744_073_709_551_615_u64.into();
    assert!(instant("2026-03-02T09:00:00") > Millis(0));
    vec![line.into_bytes(), later.to_string().into_bytes()]
}

fn batches() -> Vec<Vec<u8>> {
    let one = events();
    let lines = one.join(&b'\n');
    let array = [b"[".as_slice(), &one.join(&b','), b"]"].concat();
    vec![lines, array, include_bytes!("../../host/ingest/tests/data/good.ndjson").to_vec()]
}

fn rows() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../host/ingest/tests/data/rows.csv").to_vec()]
}

fn logs() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../host/ingest/tests/data/log.xes").to_vec()]
}

/// The smallest gzip that there is, and the beginning of a damaged one.
fn zipped() -> Vec<Vec<u8>> {
    const EMPTY: &[u8] = &[31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    // Stored, not compressed: five bytes of head, then the text as it is.
    let text = include_bytes!("../../host/ingest/tests/data/log.xes");
    let length = (text.len() as u16).to_le_bytes();
    let unlength = (!(text.len() as u16)).to_le_bytes();
    let head: &[u8] = &[31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 1];
    vec![EMPTY.to_vec(), [head, &length, &unlength, text].concat()]
}

fn mappings() -> Vec<Vec<u8>> {
    vec![ROWS_MAPPING.into(), LOG_MAPPING.into()]
}

fn tables() -> Vec<Vec<u8>> {
    let calendar = plumbline_contract::CALENDAR_CSV.lines().take(40).collect::<Vec<_>>().join("\n");
    let item = include_bytes!("../../examples/events/tables/item.csv");
    vec![calendar.into_bytes(), item[..item.len().min(4096)].to_vec()]
}
