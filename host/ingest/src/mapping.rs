//! Mapping files: how the rows of a CSV file or the traces of an XES log become events; for OCDS only
//! what differs between publishers (`ocds`).
//!
//! A mapping is TOML. It names the source, its time zone, its region and department codes, and for
//! each activity the event type and the fields of the payload. An activity that is neither mapped
//! nor in `ignore` is a reject: nothing is dropped silently. `examples/receipt` holds a complete one.
//!
//! A place in the input is written `trace.NAME` or `event.NAME` (XES) or `column.NAME` (CSV).

mod apply;
mod ocds;
mod read;
mod value;

pub(crate) use apply::{Context, Lookup};
pub(crate) use ocds::OcdsMap;
pub(crate) use value::fen;

use crate::error::IngestError;
use crate::source::Format;
use plumbline_contract::time::Zone;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A mapping file that has been read and found consistent.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(crate) format: Format,
    source: String,
    zone: Zone,
    /// Tells the kinds of events apart; not needed if there is one kind only.
    activity: Option<Place>,
    ignore: Vec<String>,
    /// Values that stand for "nothing is known".
    absent: Vec<String>,
    pub(crate) csv: CsvLayout,
    region: Value,
    dept: Value,
    /// By activity, the index in `events`.
    by_activity: BTreeMap<String, usize>,
    events: Vec<EventRule>,
    trace_events: Vec<EventRule>,
    pub(crate) ocds: Option<Box<OcdsMap>>,
}

impl Mapping {
    /// Reads a mapping file. Errors name the TOML key.
    pub fn parse(toml: &str) -> Result<Self, IngestError> {
        read::mapping(toml)
    }

    /// The name of the source that its events carry.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The zone of its timestamps without offset and of its dates.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Types of the events that it can make, in the order of the file.
    #[must_use]
    pub fn types(&self) -> Vec<&str> {
        self.trace_events.iter().chain(&self.events).map(|rule| rule.kind.as_str()).collect()
    }

    /// The first field whose raw value must not be stored, if there is one.
    #[must_use]
    pub fn secret_field(&self) -> Option<&str> {
        let secret = |value: &Value| value.kind == Kind::Secret;
        self.trace_events.iter().chain(&self.events).find_map(|rule| {
            let field = rule.data.iter().find(|(_, value)| secret(value));
            let actor = rule.actor.as_ref().filter(|value| secret(value));
            field.map(|(name, _)| name.as_str()).or(actor.map(|_| "actor"))
        })
    }

    /// The columns that it reads.
    pub(crate) fn columns(&self) -> Vec<&str> {
        let rules = self.trace_events.iter().chain(&self.events);
        let mut columns: Vec<&str> = rules
            .flat_map(EventRule::places)
            .chain(self.activity.iter())
            .chain(self.region.place())
            .chain(self.dept.place())
            .map(|place| place.name.as_str())
            .collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

/// How a CSV file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CsvLayout {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    pub(crate) encoding: Encoding,
    /// Names of the columns where the file has no header line.
    pub(crate) columns: Option<Vec<String>>,
    /// Whether an empty cell means that nothing is known, rather than that there is nothing.
    pub(crate) empty_is_absent: bool,
}

impl Default for CsvLayout {
    fn default() -> Self {
        Self {
            delimiter: b',',
            quote: b'"',
            encoding: Encoding::Utf8,
            columns: None,
            empty_is_absent: true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Gb18030,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Trace,
    /// Of the event of a trace, or of the row of a CSV file.
    Event,
}

/// A place in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) scope: Scope,
    pub(crate) name: String,
    /// As it is written in the mapping, for messages.
    pub(crate) written: String,
}

/// How an event is made.
#[derive(Clone, Debug)]
struct EventRule {
    kind: String,
    id: Vec<Piece>,
    time: Place,
    recorded: Place,
    corrected: Option<Place>,
    serial: Option<Place>,
    dataversion: Option<Place>,
    actor: Option<Value>,
    /// For synthesized events: a missing time is a reject, not merely no event.
    required: bool,
    data: Vec<(String, Value)>,
    /// Of the fields of `data`, those that may name the subject, best first.
    subjects: Vec<&'static str>,
}

impl EventRule {
    fn places(&self) -> impl Iterator<Item = &Place> {
        let of_id = self.id.iter().filter_map(|piece| match piece {
            Piece::From(place) => Some(place),
            _ => None,
        });
        let values = self.data.iter().map(|(_, value)| value).chain(&self.actor);
        of_id
            .chain([&self.time, &self.recorded])
            .chain([&self.corrected, &self.serial, &self.dataversion].into_iter().flatten())
            .chain(values.filter_map(Value::place))
    }
}

/// A piece of the template of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    From(Place),
    /// Number of the event in its trace, counted from 1.
    Number,
}

#[derive(Clone, Debug)]
struct Value {
    origin: Origin,
    kind: Kind,
    table: Option<Table>,
    /// Used where the input has no value.
    default: Option<String>,
    required: bool,
    separator: String,
    check: Option<Check>,
}

impl Value {
    fn place(&self) -> Option<&Place> {
        match &self.origin {
            Origin::From(place) => Some(place),
            Origin::Const { .. } => None,
        }
    }
}

#[derive(Clone, Debug)]
enum Origin {
    /// As text, and as JSON.
    Const {
        text: String,
        json: String,
    },
    From(Place),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Int,
    Number,
    /// The local date, `YYYY-MM-DD`.
    Date,
    /// RFC 3339 in the zone of the mapping.
    Timestamp,
    Flag,
    /// Yuan with up to two decimals, to fen.
    Money,
    List,
    /// Replaced by its keyed hash.
    Secret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    CitizenId,
    Uscc,
}

/// A table of foreign codes and ours.
#[derive(Clone, Debug)]
struct Table {
    name: String,
    rows: Arc<BTreeMap<String, String>>,
}
