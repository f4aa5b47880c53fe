//! The common interface: formats are found, positions resume, compression changes nothing.

use crate::{all, brief, check_resume, data, open, options, text};
use flate2::Compression;
use flate2::write::GzEncoder;
use plumbline_ingest::{Format, IngestError, Position, Source};
use std::io::{self, Cursor, Read, Write};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Every fixture with its mapping.
fn fixtures() -> [(&'static str, Option<String>); 4] {
    [
        ("good.ndjson", None),
        ("batch.json", None),
        ("rows.csv", Some(text("rows.toml"))),
        ("log.xes", Some(text("log.toml"))),
    ]
}

#[test]
fn resuming_equals_one_pass() {
    for (name, mapping) in fixtures() {
        check_resume(name, text(name).as_bytes(), mapping.as_deref());
        check_resume(name, &gzip(text(name).as_bytes()), mapping.as_deref());
    }
}

#[test]
fn compression_changes_nothing() {
    for (name, mapping) in fixtures() {
        let plain = text(name).into_bytes();
        let want = all(open(name, &plain, mapping.as_deref(), 3));
        assert!(!want.events.is_empty() && !want.rejects.is_empty(), "{name}");
        let half = plain.len() / 2;
        let members = [gzip(&plain[..half]), gzip(&plain[half..])].concat();
        for packed in [gzip(&plain), members] {
            let name = format!("{name}.gz");
            assert_eq!(all(open(&name, &packed, mapping.as_deref(), 3)), want, "{name}");
        }
    }
}

#[test]
fn a_broken_archive_keeps_what_came_before() {
    let line = text("good.ndjson").lines().next().unwrap().to_owned() + "\n";
    // Noise, so that the archive is not one block that breaks as a whole.
    let noise: String = (0..20_000u64)
        .map(|i| {
            line.replace("\"e1\"", &format!("\"{:x}\"", i.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        })
        .collect();
    let packed = gzip(noise.as_bytes());
    let whole = all(open("a.ndjson.gz", &packed, None, 1_000));
    assert_eq!((whole.events.len(), whole.rejects.len()), (20_000, 0));
    let cut = all(open("a.ndjson.gz", &packed[..packed.len() / 2], None, 1_000));
    assert!(cut.events.len() > 5_000 && cut.events.len() < 20_000, "{}", cut.events.len());
    assert_eq!(cut.rejects.last().unwrap().code.as_str(), "broken_gzip");
    assert!(cut.rejects.len() <= 2, "the cut line and the archive: {:?}", brief(&cut.rejects));
    let tail = [&packed[..], b"garbage"].concat();
    let with_tail = all(open("a.ndjson.gz", &tail, None, 1_000));
    assert_eq!(with_tail.events.len(), 20_000);
    assert_eq!(brief(&with_tail.rejects), ["- broken_gzip -"]);
}

#[test]
fn formats_are_found_by_name_and_content() {
    let (rows, log) = (text("rows.toml"), text("log.toml"));
    let cases: [(&str, &str, Option<&str>, Format); 9] = [
        ("a.ndjson", "", None, Format::Lines),
        ("A.JSONL", "", None, Format::Lines),
        ("a.json", "{}", None, Format::Json),
        ("a.json.gz", "[]", None, Format::Json),
        ("upload", "\u{feff} [", None, Format::Json),
        ("upload", "{\"a\":1}", None, Format::Lines),
        ("upload.csv", "<", Some(&rows), Format::Csv),
        ("upload", "\n<?xml", Some(&log), Format::Xes),
        ("upload.txt", "案件号", Some(&rows), Format::Csv),
    ];
    for (name, content, mapping, want) in cases {
        assert_eq!(open(name, content.as_bytes(), mapping, 1).format(), want, "{name}");
        assert_eq!(open(name, &gzip(content.as_bytes()), mapping, 1).format(), want, "{name}");
    }
}

#[test]
fn files_are_opened_and_progress_is_known() {
    let mut source = Source::open(&data("good.ndjson"), options(None, 2)).unwrap();
    let total = std::fs::metadata(data("good.ndjson")).unwrap().len();
    assert_eq!(source.bytes_total(), Some(total));
    let first = source.next().unwrap().unwrap();
    assert_eq!((first.events.len(), first.rejects.len()), (1, 1));
    assert_eq!(first.position, source.reached());
    assert_eq!(first.position.record, 3);
    source.by_ref().for_each(drop);
    assert_eq!(source.bytes_read(), total);
    let error = Source::open(&data("no such file"), options(None, 2)).unwrap_err();
    assert!(matches!(error, IngestError::Read { .. }), "{error}");
}

#[test]
fn a_position_of_another_file_is_refused() {
    for (name, mapping) in fixtures() {
        let source = open(name, text(name).as_bytes(), mapping.as_deref(), 1);
        let error = source.resume(Position { byte: 1 << 20, record: 9 }).unwrap_err();
        assert!(matches!(error, IngestError::PositionBeyondEnd { .. }), "{name}: {error}");
    }
}

#[test]
fn records_without_end_are_passed_over() {
    let event = text("good.ndjson").lines().next().unwrap().to_owned();
    let long = "z".repeat(3 << 20);
    let rows = "案件号,环节,发生时间,录入时间,金额,证件号,企业,附件,备注,数量\n";
    let row = "A,受理,2026-02-12,2026-02-12,,,,,,\n";
    let cases = [
        ("a.ndjson", format!("{event}\n{long}\n{event}\n"), None, "2 line_too_long -"),
        ("a.json", format!("{event}\n{{{long}\n{event}\n"), None, "2 line_too_long -"),
        (
            "a.csv",
            format!("{rows}{row}{long}\n{row}"),
            Some(text("rows.toml")),
            "3 line_too_long -",
        ),
        (
            "a.csv",
            format!("{rows}{row}\"open,{}\n{row}", long.replace("zzzz", "zzz\n")),
            Some(text("rows.toml")),
            "3 broken_quotes -",
        ),
    ];
    for (name, content, mapping, want) in cases {
        let batch = all(open(name, content.as_bytes(), mapping.as_deref(), 1 << 20));
        assert_eq!(batch.events.len(), 2, "{name}");
        assert_eq!(brief(&batch.rejects)[0], want, "{name}");
    }
}

#[test]
fn a_failing_disk_is_an_error_and_no_reject() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let start = Cursor::new(text("good.ndjson").into_bytes());
    let mut source =
        Source::from_reader("a.ndjson", start.chain(Failing), None, options(None, 1_000)).unwrap();
    let error = source.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "cannot read a.ndjson: the disk is gone");
    assert!(source.next().is_none());
}
