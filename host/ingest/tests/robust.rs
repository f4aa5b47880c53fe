//! A parser that never fails: whatever comes in, it neither panics nor loops, and what it gives
//! out is sound.

use crate::{all, check_resume, open, options, text};
use plumbline_contract::time::Zone;
use plumbline_ingest::{
    Batch, Mapping, Mode, Reading, Rights, Source, read_batch, read_event, read_lines,
};
use proptest::prelude::*;
use std::io::{Cursor, Read};

const NAMES: [&str; 4] = ["a.ndjson", "a.json", "a.csv", "a.xes"];

fn mapping(name: &str) -> Option<String> {
    match name {
        "a.csv" => Some(text("rows.toml")),
        "a.xes" => Some(text("log.toml")),
        _ => None,
    }
}

/// A good file with a few bytes changed, taken out or put in.
fn damaged(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let n = good.len();
    let damage = (0..n, 0..n, 0u8..4, any::<u8>());
    proptest::collection::vec(damage, 1..6).prop_map(move |damages| {
        let mut bytes = good.clone();
        for (at, other, how, byte) in damages {
            let at = at.min(bytes.len().saturating_sub(1));
            match how {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at.max(1)),
                2 => bytes.insert(at, byte),
                // Signs that mean something are worse than random ones.
                _ => bytes[at] = b"<>\"'&/{}[],:\\\n"[other % 14],
            }
        }
        bytes
    })
}

fn file(name: &str) -> Vec<u8> {
    let fixture = match name {
        "a.ndjson" => "good.ndjson",
        "a.json" => "batch.json",
        "a.csv" => "rows.csv",
        _ => "log.xes",
    };
    text(fixture).into_bytes()
}

fn check_sound(batch: &Batch) {
    for event in &batch.events {
        let data: serde_json::Value = serde_json::from_str(&event.data).unwrap();
        assert!(data.is_object());
        assert!(!event.id.is_empty() && event.id.len() <= 256);
        assert!(matches!(event.region.len(), 6 | 9 | 12));
        assert_eq!(event.logged, event.recorded);
    }
    for reject in &batch.rejects {
        assert!(reject.value.len() <= 80 * 3 + 3 && !reject.zh().is_empty());
    }
}

/// Gives a few bytes at a time, so that every token is cut somewhere.
struct Dripping(Cursor<Vec<u8>>, usize);

impl Read for Dripping {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.1.min(buffer.len());
        self.0.read(&mut buffer[..n])
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for name in NAMES {
            check_sound(&all(open(name, &bytes, mapping(name).as_deref(), 3)));
        }
        let zone = Zone::shanghai();
        let reading = Reading { zone: &zone, received: crate::received(), mode: Mode::Live, rights: Rights::NONE };
        let _ = read_event(&bytes, &reading);
        let _ = read_batch(&bytes, &reading);
        let _ = read_lines(&bytes, &reading);
        let _ = Mapping::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn damaged_lines(bytes in damaged(file("a.ndjson"))) {
        check_sound(&all(open("a.ndjson", &bytes, None, 2)));
        check_resume("a.ndjson", &bytes, None);
    }

    #[test]
    fn damaged_packages(bytes in damaged(text("ocds-package.json").into_bytes())) {
        let map = text("ocds.toml");
        check_sound(&all(open("a.json", &bytes, Some(&map), 2)));
        check_resume("a.json", &bytes, Some(&map));
    }

    #[test]
    fn damaged_processes(bytes in damaged(text("ocds.jsonl").into_bytes())) {
        let map = text("ocds.toml");
        check_sound(&all(open("a.jsonl", &bytes, Some(&map), 2)));
        check_resume("a.jsonl", &bytes, Some(&map));
    }

    #[test]
    fn damaged_arrays(bytes in damaged(file("a.json"))) {
        check_sound(&all(open("a.json", &bytes, None, 2)));
        check_resume("a.json", &bytes, None);
        let zone = Zone::shanghai();
        let reading = Reading { zone: &zone, received: crate::received(), mode: Mode::Import, rights: Rights::NONE };
        let streamed = all(open("a.json", &bytes, None, 2));
        let (events, rejects) = read_batch(&bytes, &reading);
        prop_assert_eq!((streamed.events, streamed.rejects), (events, rejects));
    }

    #[test]
    fn damaged_rows(bytes in damaged(file("a.csv"))) {
        let mapping = mapping("a.csv");
        check_sound(&all(open("a.csv", &bytes, mapping.as_deref(), 2)));
        check_resume("a.csv", &bytes, mapping.as_deref());
    }

    #[test]
    fn damaged_traces(bytes in damaged(file("a.xes"))) {
        let mapping = mapping("a.xes");
        check_sound(&all(open("a.xes", &bytes, mapping.as_deref(), 2)));
        check_resume("a.xes", &bytes, mapping.as_deref());
    }

    /// Fields with quotes, delimiters and line breaks come out as the csv crate wrote them.
    #[test]
    fn rows_agree_with_the_csv_crate(
        rows in proptest::collection::vec(("[a-z ,;\"\n\r准]{0,6}", "[a-z,\"\n准]{1,6}"), 1..8)
    ) {
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(["id", "day", "one", "two"]).unwrap();
        for (index, (one, two)) in rows.iter().enumerate() {
            writer.write_record([&format!("r{index}"), "2026-02-12", one, two]).unwrap();
        }
        let file = writer.into_inner().unwrap();
        let mapping = r#"
            format = "csv"
            source = "s"
            zone = "Asia/Shanghai"
            id = "{column.id}"
            time = "column.day"
            recorded = "column.day"
            region = { const = "330106" }
            dept = { const = "D1" }
            csv = { empty = "kept" }
            [[event]]
            type = "a.b"
            data = { one = "column.one", two = "column.two" }
        "#;
        let batch = all(open("a.csv", &file, Some(mapping), 100));
        prop_assert_eq!(&batch.rejects, &[]);
        let got: Vec<serde_json::Value> =
            batch.events.iter().map(|event| serde_json::from_str(&event.data).unwrap()).collect();
        let want: Vec<serde_json::Value> = rows
            .iter()
            .map(|(one, two)| serde_json::json!({ "one": one.trim(), "two": two.trim() }))
            .collect();
        prop_assert_eq!(got, want);
    }

    #[test]
    fn drops_give_the_same_as_a_gush(drop in 1usize..9, which in 0usize..4) {
        let name = NAMES[which];
        let mapping = mapping(name);
        let want = all(open(name, &file(name), mapping.as_deref(), 3));
        let dripping = Dripping(Cursor::new(file(name)), drop);
        let source =
            Source::from_reader(name, dripping, None, options(mapping.as_deref(), 3)).unwrap();
        prop_assert_eq!(all(source), want);
    }
}
