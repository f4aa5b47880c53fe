//! How sources report: `platform.source.silent`, `.back` and `.day`, and what is wrong with a record
//! by the shipped event schemas. The watch decides when; here it is put into words.

use super::{Place, event};
use crate::app::App;
use crate::watch::SOURCES_MAX;
use plumbline_contract::event::Event;
use plumbline_contract::json::{Object, Value as Part};
use plumbline_contract::time::{Day, Millis};
use plumbline_ingest::{Reject, RejectCode};
use plumbline_kernel::health::{DayQuality, Flaw, Last, SourceBook, is_future};
use serde_json::json;
use std::collections::BTreeMap;

pub(crate) const SILENT: &str = "platform.source.silent";
pub(crate) const BACK: &str = "platform.source.back";
pub(crate) const DAY: &str = "platform.source.day";

/// What an event type asks of its payload.
#[derive(Debug)]
struct Schema {
    kind: &'static str,
    required: &'static [&'static str],
    /// Fields with the codes that they may have.
    codes: &'static [(&'static str, &'static [&'static str])],
}

/// The shipped schemas, in the order of their types.
static SCHEMAS: &[Schema] = include!(concat!(env!("OUT_DIR"), "/demands.rs"));

/// What is wrong with a record that was taken in. A type without a schema asks for nothing; a field
/// that is there and empty is lacking in the case, not in the record.
pub(crate) fn flaws(event: &Event) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    if is_future(event.recorded, event.logged) {
        flaws.push(Flaw::Future);
    }
    let Ok(at) = SCHEMAS.binary_search_by_key(&event.kind.as_str(), |schema| schema.kind) else {
        return flaws;
    };
    let (schema, object) = (&SCHEMAS[at], Object::parse(&event.data));
    if schema.required.iter().any(|name| object.get(name).is_none()) {
        flaws.push(Flaw::Missing);
    }
    let is_wrong = |(name, codes): &(&str, &[&str])| match object.get(name) {
        Some(Part::Text { raw, .. }) => !raw.is_empty() && !codes.contains(&raw),
        _ => false,
    };
    if schema.codes.iter().any(is_wrong) {
        flaws.push(Flaw::Invalid);
    }
    flaws
}

/// What is wrong with a record that was refused.
fn flaw_of(code: RejectCode) -> Flaw {
    match code {
        RejectCode::MissingField | RejectCode::EmptyField => Flaw::Missing,
        RejectCode::RecordedInFuture => Flaw::Future,
        _ => Flaw::Invalid,
    }
}

/// What came in and is not in the log, by source and day of receipt: repeats and refused records.
/// It is kept in memory until the watch takes it, within a minute.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    days: BTreeMap<(String, Day), DayQuality>,
}

impl Intake {
    /// Counts repeats of a source.
    pub(crate) fn repeated(&mut self, source: &str, day: Day) {
        self.count(source, day, Flaw::Duplicate);
    }

    /// Counts a refused record, if it says whose it is.
    pub(crate) fn refused(&mut self, reject: &Reject, day: Day) {
        if let Some(source) = &reject.source {
            self.count(source, day, flaw_of(reject.code));
        }
    }

    fn count(&mut self, source: &str, day: Day, flaw: Flaw) {
        let key = (source.to_owned(), day);
        // Names are the senders' to choose.
        if self.days.len() < SOURCES_MAX || self.days.contains_key(&key) {
            self.days.entry(key).or_default().count(&[flaw]);
        }
    }

    /// Everything that was counted; from here on it is the caller's.
    pub(crate) fn take(&mut self) -> BTreeMap<(String, Day), DayQuality> {
        std::mem::take(&mut self.days)
    }
}

/// A source has been still since a moment, for longer than the usual seconds of working time.
pub(crate) fn silent(
    app: &App,
    source: &str,
    last: &Last,
    (since, usual_s, now): (Millis, u32, Millis),
) -> Event {
    let since = app.zone().rfc3339(since);
    let data = json!({ "source": source, "since": since, "usual_s": usual_s });
    let place = Place { at: now, region: &last.region, dept: &last.dept };
    event(app, SILENT, format!("silent/{source}/{since}"), place, "", &data)
}

/// The stillness since a moment has come to its end.
pub(crate) fn back(app: &App, source: &str, place: (Millis, &str, &str), since: Millis) -> Event {
    let since = app.zone().rfc3339(since);
    let data = json!({ "source": source, "since": since });
    let (at, region, dept) = place;
    event(app, BACK, format!("back/{source}/{since}"), Place { at, region, dept }, "", &data)
}

/// What a source sent on a day that is over.
pub(crate) fn day(
    app: &App,
    source: &str,
    (book, last): (&SourceBook, &Last),
    day: Day,
    now: Millis,
) -> Event {
    let of_day = book.quality.get(&day).copied().unwrap_or_default();
    let DayQuality { events, missing, invalid, future, duplicates, faulty } = of_day;
    let mut data = json!({
        "source": source, "day": day.to_string(), "events": events, "missing": missing,
        "invalid": invalid, "future": future, "duplicates": duplicates, "faulty": faulty,
    });
    if let Some((seconds, samples)) = book.drift().filter(|_| events > 0) {
        (data["drift_s"], data["drift_samples"]) = (json!(seconds), json!(samples));
    }
    // It is about the day, and became known behind it.
    let end = Millis(app.zone().instant(day.plus(1).start()).0 - 1000);
    let place = Place { at: now, region: &last.region, dept: &last.dept };
    let told = event(app, DAY, format!("day/{source}/{day}"), place, "", &data);
    Event { time: end, recorded: end, ..told }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_held_against_the_shipped_schemas() {
        assert!(SCHEMAS.is_sorted_by_key(|schema| schema.kind) && SCHEMAS.len() > 100);
        let flaws = |kind: &str, data: &str, recorded: i64| {
            let event = Event {
                id: String::new(),
                source: "hall".to_owned(),
                kind: kind.to_owned(),
                subject: String::new(),
                time: Millis(0),
                recorded: Millis(recorded),
                corrected: None,
                logged: Millis(0),
                region: String::new(),
                dept: String::new(),
                serial: None,
                actor: None,
                dataversion: 1,
                data: data.to_owned(),
            };
            flaws(&event)
        };
        let accepted = "approval.case.accepted";
        let cases: [(&str, &str, i64, &[Flaw]); 6] = [
            (accepted, r#"{"case_no":"1","receipt_no":"2","officer":"o"}"#, 0, &[]),
            (accepted, r#"{"case_no":"1","receipt_no":null,"officer":""}"#, 0, &[]),
            (accepted, r#"{"case_no":"1"}"#, 90_000, &[Flaw::Future, Flaw::Missing]),
            ("vendor.own.type", "{}", 0, &[]),
            (
                "platform.alert.changed",
                r#"{"alert":"a","rule":"r","level":"pink"}"#,
                0,
                &[Flaw::Invalid],
            ),
            ("platform.alert.changed", r#"{"alert":"a","rule":"r","level":"red"}"#, 0, &[]),
        ];
        for (kind, data, recorded, expected) in cases {
            assert_eq!(flaws(kind, data, recorded), expected, "{kind} {data}");
        }
    }
}
