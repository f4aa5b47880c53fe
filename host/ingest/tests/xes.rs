//! The XES scanner: broken logs end with a reject, and on whole ones it sees what quick-xml sees.

use crate::{all, open, text};
use plumbline_ingest::xes::{Found, Traces, decode};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use std::io::{Cursor, Read};

type Attributes = Vec<(String, String)>;
/// Attributes of a trace and of each of its events.
type Case = (Attributes, Vec<Attributes>);

/// The traces of a log as our scanner sees them.
pub(crate) fn ours(reader: impl Read + Send + 'static) -> Vec<Case> {
    let mut traces = Traces::new(reader);
    let mut cases = Vec::new();
    while let Some(found) = traces.next_found().unwrap() {
        if let Found::Trace(trace) = found {
            let owned = |(key, value): (&str, &str)| {
                (decode(key).unwrap().into_owned(), decode(value).unwrap().into_owned())
            };
            let events = (0..trace.n_events())
                .map(|index| trace.raw_event_attributes(index).map(owned).collect());
            cases.push((trace.raw_attributes().map(owned).collect(), events.collect()));
        }
    }
    cases
}

/// The same by quick-xml: the judge.
pub(crate) fn judged(text: &str) -> Vec<Case> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut cases: Vec<Case> = Vec::new();
    loop {
        let event = reader.read_event().unwrap();
        match event {
            Event::Start(tag) => {
                judge_tag(&tag, &path, &mut cases);
                path.push(tag.local_name().as_ref().to_owned());
            }
            Event::Empty(tag) => judge_tag(&tag, &path, &mut cases),
            Event::End(_) => {
                path.pop();
            }
            Event::Eof => return cases,
            _ => {}
        }
    }
}

fn judge_tag(tag: &BytesStart<'_>, path: &[String], cases: &mut Vec<Case>) {
    let name = tag.local_name().as_ref().to_owned();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let attribute = |wanted: &str| {
        let found = tag.attributes().map(Result::unwrap).find(|a| a.key.as_ref() == wanted);
        found.map(|a| a.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned())
    };
    match (&path[..], name.as_str()) {
        (["log"], "trace") => cases.push(Case::default()),
        (["log", "trace"], "event") => cases.last_mut().unwrap().1.push(Vec::new()),
        (["log", "trace"], _) | (["log", "trace", "event"], _) => {
            if let (Some(key), Some(value)) = (attribute("key"), attribute("value")) {
                let case = cases.last_mut().unwrap();
                let list = if path.len() == 2 { &mut case.0 } else { case.1.last_mut().unwrap() };
                list.push((key, value));
            }
        }
        _ => {}
    }
}

#[test]
fn the_judge_agrees() {
    let log = text("log.xes");
    let cases = ours(Cursor::new(log.clone()));
    assert_eq!(cases.len(), 3);
    assert_eq!(cases, judged(&log));
}

#[test]
fn broken_logs_say_where() {
    let trace = |case: &str| {
        format!(
            "<trace><string key='concept:name' value='{case}'/><event><string \
             key='concept:name' value='check'/><date key='time:timestamp' \
             value='2026-02-12'/></event>"
        )
    };
    let (a, b) = (trace("a"), trace("b"));
    let head = "<?xml version='1.0'?><log>";
    let cases = [
        // (log, events that count, what is said)
        (format!("{head}{a}</trace></log>"), 1, ""),
        (format!("{head}{a}</trace></log>\n<!-- end -->\n"), 1, ""),
        (format!("{head}</log>"), 0, ""),
        ("<log/>".to_owned(), 0, ""),
        (format!("{head}{a}</trace>"), 1, "the log ends early"),
        (format!("{head}{a}</trace>{b}"), 2, "the log ends early"),
        (format!("{head}{a}</trace>{}", &b[..80]), 1, "the log ends early"),
        (format!("{head}{a}</trace>{b}<event"), 2, "the log ends early"),
        (format!("{head}{a}</trace>{b}</log>"), 2, "</log> closes nothing"),
        (format!("{head}{a}</trace></trace></log>"), 1, "</trace> closes nothing"),
        (format!("{head}{a}</trace><x y=1/></log>"), 1, "a value without quotes"),
        (format!("{head}{a}</trace><x y='<'/></log>"), 1, "a `<` inside a value"),
        (format!("{head}{a}</trace><x y/></log>"), 1, "an attribute without a value"),
        (format!("{head}{a}</trace><x key='1' key='2'/></log>"), 1, "an attribute is given twice"),
        (format!("{head}{a}</trace><x a='1'b='2'/></log>"), 1, "a blank is missing"),
        (format!("{head}{a}</trace>< x/></log>"), 1, "a tag without a name"),
        (format!("{head}{a}</trace></log><log/>"), 1, "something follows the end of the log"),
        ("<html></html>".to_owned(), 0, "the root is <html>, not <log>"),
        (String::new(), 0, "there is no <log>"),
        ("no xml at all".to_owned(), 0, "there is no <log>"),
        (
            "<!DOCTYPE log [<!ENTITY a 'aaaa'>]><log/>".to_owned(),
            0,
            "a document type is not accepted",
        ),
        (format!("{head}{}", "<a>".repeat(100)), 0, "nested too deep"),
    ];
    for (log, n_events, want) in cases {
        let batch = all(open("log.xes", log.as_bytes(), Some(&text("log.toml")), 100));
        let said: Vec<&str> = batch.rejects.iter().map(|reject| reject.value.as_str()).collect();
        let wanted: Vec<&str> = if want.is_empty() { vec![] } else { vec![want] };
        assert_eq!((batch.events.len(), said), (n_events, wanted), "{log}");
        for reject in &batch.rejects {
            assert!(reject.byte.unwrap() <= log.len() as u64, "{reject:?}");
        }
    }
}

#[test]
fn the_byte_of_a_fault_is_exact() {
    let log =
        "<log>\n<trace>\n<string key='a' value='ü'/>\n<string key='b' value=c/></trace></log>";
    let batch = all(open("log.xes", log.as_bytes(), Some(&text("log.toml")), 100));
    assert_eq!(batch.rejects[0].byte, Some(log.find("c/>").unwrap() as u64));
}

#[test]
fn a_bad_trace_does_not_spoil_the_next() {
    let good = "<trace><string key='concept:name' value='g'/><event><string key='concept:name' \
                value='check'/><date key='time:timestamp' value='2026-02-12'/></event></trace>";
    let many = format!("<trace>{}</trace>", "<event/>".repeat(10_001));
    let large = format!("<trace>{}</trace>", "<event><a b='cccccccc'/></event>".repeat(600_000));
    let bad_text = b"<trace><string key='concept:name' value='\xff'/></trace>".to_vec();
    let entity = good.replace("'g'", "'&nope;'");
    for (bad, code) in [
        (many.into_bytes(), "trace_too_large"),
        (large.into_bytes(), "trace_too_large"),
        (bad_text, "invalid_utf8"),
        (entity.into_bytes(), "bad_value"),
    ] {
        let log = [b"<log>", &bad[..], good.as_bytes(), b"</log>"].concat();
        let batch = all(open("log.xes", &log, Some(&text("log.toml")), 100));
        let codes: Vec<_> = batch.rejects.iter().map(|reject| reject.code.as_str()).collect();
        assert_eq!(codes, [code]);
        assert_eq!(batch.events.len(), 1);
        assert_eq!(batch.events[0].id, "g/1");
    }
}

#[test]
fn references_are_resolved() {
    let rows = [
        ("plain", Some("plain")),
        ("a&amp;b&lt;&gt;&quot;&apos;", Some("a&b<>\"'")),
        ("&#20934;&#x7ef3;", Some("准绳")),
        ("two\nlines\r\nand a\ttab", Some("two lines and a tab")),
        ("&#10;", Some("\n")),
        ("&nope;", None),
        ("&", None),
        ("&amp", None),
        ("&#0;", None),
        ("&#xd800;", None),
        ("&#x110000;", None),
    ];
    for (raw, want) in rows {
        assert_eq!(decode(raw).as_deref(), want, "{raw}");
    }
}
