//! The log of road traffic fines through its map and its region's profile: three plain limits on
//! local calendar dates. The real log is read where `PLUMBLINE_DATA` names its folder.

use flate2::read::MultiGzDecoder;
use plumbline::cli::{self, Terminal};
use plumbline_tests::plugins;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

/// Traces of the real log that a test reads: its first ones.
const TRACES: usize = 3_000;

fn run(home: &Path, words: &[&str]) -> String {
    let home = home.display().to_string();
    let head = ["plumbline", "--home", &home, "--json"];
    let words: Vec<_> = head.iter().chain(words).map(|word| (*word).to_owned()).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = cli::run(&words, &mut out, &mut err, Terminal::default());
    assert_eq!(code, 0, "{words:?}: {}", String::from_utf8_lossy(&err));
    String::from_utf8(out).unwrap()
}

/// Imports a log into a home of its own; the cards by rule, and the cases that they are about.
fn judged(log: &Path) -> Option<BTreeMap<String, Vec<String>>> {
    let packages = plugins()?;
    let dir = tempfile::tempdir().unwrap();
    let only = dir.path().join("packages");
    std::fs::create_dir(&only).unwrap();
    for file in ["penalty.wasm", "development.vkey", "law_ref.csv"] {
        std::fs::copy(packages.join(file), only.join(file)).unwrap();
    }
    let home = dir.path().join("home");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let example = |file: &str| root.join("examples/fines").join(file).display().to_string();
    let only = only.display().to_string();
    run(&home, &["init", "--region", "999002", "--zone", "Europe/Rome", "--plugins", &only]);
    run(&home, &["setting", "import", &example("region.toml")]);
    run(&home, &["import", &log.display().to_string(), "--map", &example("fines.toml")]);
    let mut cards: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in run(&home, &["alerts", "list"]).lines() {
        let alert: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| alert[name].as_str().unwrap().to_owned();
        cards.entry(text("rule")).or_default().push(text("key"));
    }
    cards.values_mut().for_each(|keys| keys.sort());
    Some(cards)
}

fn event(activity: &str, time: &str) -> String {
    format!(
        "<event><string key=\"concept:name\" value=\"{activity}\"/>\
         <date key=\"time:timestamp\" value=\"{time}\"/>\
         <float key=\"amount\" value=\"36.5\"/></event>\n"
    )
}

fn trace(name: &str, events: &[(&str, &str)]) -> String {
    let events: String = events.iter().map(|(activity, time)| event(activity, time)).collect();
    format!("<trace><string key=\"concept:name\" value=\"{name}\"/>\n{events}</trace>\n")
}

#[test]
fn days_are_counted_by_the_local_calendar() {
    let (fine, send, notify) = ("Create Fine", "Send Fine", "Insert Fine Notification");
    let (penalty, appeal) = ("Add penalty", "Insert Date Appeal to Prefecture");
    let cases = [
        // 90 days from 2006-07-24 end on 2006-10-22; midnight of Rome is 22:00 or 23:00 UTC.
        ("ON-DAY-90", vec![(fine, "2006-07-23T22:00:00Z"), (send, "2006-10-22T21:30:00Z")]),
        ("ON-DAY-91", vec![(fine, "2006-07-23T22:00:00Z"), (send, "2006-10-22T22:00:00Z")]),
        // 60 days across the end of summer time are an hour more, across its beginning one less.
        ("SURCHARGE-60", vec![(notify, "2007-01-31T23:00:00Z"), (penalty, "2007-04-01T22:00:00Z")]),
        ("SURCHARGE-59", vec![(notify, "2007-01-31T23:00:00Z"), (penalty, "2007-03-31T22:00:00Z")]),
        ("APPEAL-60", vec![(notify, "2007-01-31T23:00:00Z"), (appeal, "2007-04-02T21:59:59Z")]),
        ("APPEAL-61", vec![(notify, "2007-01-31T23:00:00Z"), (appeal, "2007-04-02T22:00:00Z")]),
        // Nobody was notified: nothing can be said.
        ("UNKNOWN", vec![(fine, "2007-01-31T23:00:00Z"), (appeal, "2009-01-31T23:00:00Z")]),
    ];
    let traces: String = cases.iter().map(|(name, events)| trace(name, events)).collect();
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("made.xes");
    std::fs::write(&log, format!("<?xml version=\"1.0\"?>\n<log>\n{traces}</log>\n")).unwrap();
    let Some(cards) = judged(&log) else { return };
    let wanted = [("PEN-L01", "ON-DAY-91"), ("PEN-L02", "APPEAL-61"), ("PEN-L03", "SURCHARGE-59")];
    let wanted = wanted.map(|(rule, key)| (rule.to_owned(), vec![key.to_owned()]));
    assert_eq!(cards, BTreeMap::from(wanted));
}

#[test]
fn the_beginning_of_the_real_log_agrees_with_a_count_made_elsewhere() {
    let folder = std::env::var_os("PLUMBLINE_DATA").unwrap_or_default();
    let path = Path::new(&folder).join("road-traffic-fines.xes.gz");
    let Ok(file) = File::open(&path) else {
        return eprintln!("skipped: PLUMBLINE_DATA names no folder with road-traffic-fines.xes.gz");
    };
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("beginning.xes");
    let mut out = File::create(&log).unwrap();
    let mut traces = 0;
    for line in BufReader::new(MultiGzDecoder::new(file)).lines() {
        let line = line.unwrap();
        traces += usize::from(line.trim() == "<trace>");
        if traces > TRACES {
            break;
        }
        writeln!(out, "{line}").unwrap();
    }
    writeln!(out, "</log>").unwrap();
    let Some(cards) = judged(&log) else { return };
    // Counted by a script of a few lines over local dates of Rome; in the whole log they are
    // 49,772, 646 and 0.
    let counts: BTreeMap<_, _> =
        cards.iter().map(|(rule, keys)| (rule.as_str(), keys.len())).collect();
    assert_eq!(counts, BTreeMap::from([("PEN-L01", 1_312), ("PEN-L02", 10)]));
}
