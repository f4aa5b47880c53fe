//! CloudEvents 1.0 in structured JSON mode, singly, as a JSON array and as lines.
//!
//! This is the hot path of live delivery: one pass over the bytes validates, finds the fields and
//! the payload, and copies only what the event keeps.

use crate::envelope;
use crate::json::{self, Field, Flaw, Scanner, Slot};
use crate::lines::{self, Split};
use crate::reject::{Reject, RejectCode};
use crate::rights::Rights;
use plumbline_contract::event::Event;
use plumbline_contract::json::Value;
use plumbline_contract::time::{Millis, Zone, parse_stamp};
use std::borrow::Cow;

/// Where log time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Log time is the time of receipt.
    Live,
    /// Log time is the time of recording, or of correction.
    Import,
}

/// What reading an event needs to know besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// For timestamps without an offset.
    pub zone: &'a Zone,
    pub received: Millis,
    pub mode: Mode,
    /// What may be said of the supervision itself.
    pub rights: &'a Rights,
}

impl Reading<'_> {
    /// A correction became known when it was made, not when its original row was created.
    pub(crate) fn logged(&self, recorded: Millis, corrected: Option<Millis>) -> Millis {
        match self.mode {
            Mode::Live => self.received,
            Mode::Import => corrected.unwrap_or(recorded),
        }
    }
}

/// Reads one event from its JSON.
pub fn read_event(bytes: &[u8], reading: &Reading<'_>) -> Result<Event, Reject> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Reject::new(RejectCode::InvalidUtf8, "", &format!("byte {}", error.valid_up_to()))
    })?;
    let mut scanner = Scanner::new(text);
    let mut data_fields = Vec::with_capacity(16);
    if !matches!(scanner.peek(), Some(b'{')) && is_json(text) {
        return Err(Reject::new(RejectCode::NotAnObject, "", text));
    }
    let fields = scanner
        .object("data", &mut data_fields)
        .and_then(|fields| scanner.end().map(|()| fields))
        .map_err(|flaw| refuse(text, flaw))?;
    if let Some(name) = json::duplicate(&fields) {
        return Err(Reject::new(RejectCode::DuplicateKey, name, ""));
    }
    if let Some(name) = json::duplicate(&data_fields) {
        return Err(Reject::new(RejectCode::DuplicateKey, &format!("data.{name}"), ""));
    }
    let envelope = Envelope::gather(&fields);
    envelope.event(&data_fields, reading).map_err(|reject| envelope.sign(reject))
}

/// Reads a JSON array of events (`application/cloudevents-batch+json`), or events one after the
/// other. A reject's `line` is the number of the element.
#[must_use]
pub fn read_batch(bytes: &[u8], reading: &Reading<'_>) -> (Vec<Event>, Vec<Reject>) {
    lines::all(Split::Elements { open: false }, bytes, |element| read_event(element, reading))
}

/// Reads one event per line (NDJSON). Empty lines count, but say nothing.
#[must_use]
pub fn read_lines(bytes: &[u8], reading: &Reading<'_>) -> (Vec<Event>, Vec<Reject>) {
    lines::all(Split::Lines, bytes, |line| read_event(line, reading))
}

fn is_json(text: &str) -> bool {
    // The scanner reads objects; wrapping asks the same question of any other value.
    let wrapped = format!("{{\"\":{text}}}");
    let mut scanner = Scanner::new(&wrapped);
    scanner.object("", &mut Vec::new()).and_then(|_| scanner.end()).is_ok()
}

fn refuse(text: &str, flaw: Flaw) -> Reject {
    let (code, at) = match flaw {
        Flaw::Syntax(at) => (RejectCode::NotJson, at),
        Flaw::Depth(at) => (RejectCode::TooDeep, at),
    };
    let mut from = at.min(text.len());
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    Reject::new(code, "", &format!("byte {at}: {}", &text[from..]))
}

/// The attributes that we know; others are ignored, as CloudEvents asks.
#[derive(Default)]
struct Envelope<'a> {
    specversion: Option<Slot<'a>>,
    id: Option<Slot<'a>>,
    source: Option<Slot<'a>>,
    kind: Option<Slot<'a>>,
    subject: Option<Slot<'a>>,
    time: Option<Slot<'a>>,
    recorded: Option<Slot<'a>>,
    corrected: Option<Slot<'a>>,
    region: Option<Slot<'a>>,
    dept: Option<Slot<'a>>,
    serial: Option<Slot<'a>>,
    actor: Option<Slot<'a>>,
    dataversion: Option<Slot<'a>>,
    data: Option<Slot<'a>>,
}

impl<'a> Envelope<'a> {
    fn gather(fields: &[Field<'a>]) -> Self {
        let mut envelope = Self::default();
        for (name, slot) in fields {
            let place = match &**name {
                "specversion" => &mut envelope.specversion,
                "id" => &mut envelope.id,
                "source" => &mut envelope.source,
                "type" => &mut envelope.kind,
                "subject" => &mut envelope.subject,
                "time" => &mut envelope.time,
                "recordedtime" => &mut envelope.recorded,
                "correctedtime" => &mut envelope.corrected,
                "region" => &mut envelope.region,
                "dept" => &mut envelope.dept,
                "serial" => &mut envelope.serial,
                "actor" => &mut envelope.actor,
                "dataversion" => &mut envelope.dataversion,
                "data" => &mut envelope.data,
                _ => continue,
            };
            // CloudEvents: null is the same as left out.
            *place = Some(*slot).filter(|slot| slot.value != Value::Null);
        }
        envelope
    }

    /// Says whose record was refused.
    fn sign(&self, reject: Reject) -> Reject {
        let source = text("source", self.source).ok();
        let source = source.filter(|source| envelope::text("source", source).is_ok());
        Reject { source: source.map(Cow::into_owned), ..reject }
    }

    fn event(&self, data: &[Field<'a>], reading: &Reading<'_>) -> Result<Event, Reject> {
        let version = text("specversion", self.specversion)?;
        if version != "1.0" {
            return Err(Reject::new(RejectCode::Specversion, "specversion", &version));
        }
        let id = text("id", self.id)?;
        envelope::text("id", &id)?;
        let source = text("source", self.source)?;
        envelope::text("source", &source)?;
        envelope::not_reserved("source", &source)?;
        let kind = text("type", self.kind)?;
        envelope::kind_of(&source, "type", &kind, reading.rights)?;
        let time = stamp("time", self.time, reading.zone)?;
        let recorded = stamp("recordedtime", self.recorded, reading.zone)?;
        envelope::not_in_future("recordedtime", recorded, reading.received)?;
        let corrected = match self.corrected {
            Some(slot) => Some(stamp("correctedtime", Some(slot), reading.zone)?),
            None => None,
        };
        if let Some(corrected) = corrected {
            envelope::not_in_future("correctedtime", corrected, reading.received)?;
        }
        let region = text("region", self.region)?;
        envelope::region("region", &region)?;
        let dept = text("dept", self.dept)?;
        envelope::text("dept", &dept)?;
        Ok(Event {
            subject: self.subject(data)?,
            time,
            recorded,
            corrected,
            logged: reading.logged(recorded, corrected),
            serial: self.serial()?,
            actor: self.actor()?,
            dataversion: self.dataversion()?,
            data: self.data()?,
            id: id.into_owned(),
            source: source.into_owned(),
            kind: kind.into_owned(),
            region: region.into_owned(),
            dept: dept.into_owned(),
        })
    }

    fn subject(&self, data: &[Field<'a>]) -> Result<String, Reject> {
        if self.subject.is_some() {
            let subject = text("subject", self.subject)?;
            envelope::optional_text("subject", &subject)?;
            envelope::not_reserved("subject", &subject)?;
            return Ok(subject.into_owned());
        }
        for name in envelope::SUBJECT_FIELDS {
            let found = data.iter().find(|(field, _)| field == name);
            let subject = found.and_then(|(_, slot)| slot.value.text());
            if let Some(subject) = subject.filter(|subject| !subject.is_empty()) {
                let field = format!("data.{name}");
                envelope::optional_text(&field, &subject)?;
                envelope::not_reserved(&field, &subject)?;
                return Ok(subject.into_owned());
            }
        }
        Ok(String::new())
    }

    fn serial(&self) -> Result<Option<u64>, Reject> {
        let Some(slot) = self.serial else { return Ok(None) };
        let digits = integer("serial", slot)?;
        match digits.parse() {
            Ok(serial) => Ok(Some(serial)),
            Err(_) => Err(Reject::new(RejectCode::BadSerial, "serial", &digits)),
        }
    }

    fn dataversion(&self) -> Result<u32, Reject> {
        let Some(slot) = self.dataversion else { return Ok(1) };
        let digits = integer("dataversion", slot)?;
        match digits.parse() {
            Ok(version) if version > 0 => Ok(version),
            _ => Err(Reject::new(RejectCode::BadDataversion, "dataversion", &digits)),
        }
    }

    fn actor(&self) -> Result<Option<String>, Reject> {
        let Some(slot) = self.actor else { return Ok(None) };
        let actor = text("actor", Some(slot))?;
        envelope::optional_text("actor", &actor)?;
        Ok(Some(actor.into_owned()).filter(|actor| !actor.is_empty()))
    }

    fn data(&self) -> Result<String, Reject> {
        let Some(slot) = self.data else {
            return Err(Reject::new(RejectCode::MissingField, "data", ""));
        };
        let Value::Object(raw) = slot.value else {
            return Err(Reject::new(RejectCode::WrongType, "data", ""));
        };
        let data = if slot.spaced { json::minify(raw) } else { raw.to_owned() };
        envelope::data_size(&data)?;
        Ok(data)
    }
}

/// The value of a required text attribute.
fn text<'a>(field: &str, slot: Option<Slot<'a>>) -> Result<Cow<'a, str>, Reject> {
    let slot = slot.ok_or_else(|| Reject::new(RejectCode::MissingField, field, ""))?;
    slot.value.text().ok_or_else(|| Reject::new(RejectCode::WrongType, field, ""))
}

/// The digits of a whole number. CloudEvents integers have 32 bits, so that senders must write
/// larger ones as text: both forms count.
fn integer<'a>(field: &str, slot: Slot<'a>) -> Result<Cow<'a, str>, Reject> {
    match slot.value {
        Value::Number(raw) => Ok(Cow::Borrowed(raw)),
        Value::Text { .. } => text(field, Some(slot)),
        _ => Err(Reject::new(RejectCode::WrongType, field, "")),
    }
}

fn stamp(field: &str, slot: Option<Slot<'_>>, zone: &Zone) -> Result<Millis, Reject> {
    let written = text(field, slot)?;
    // A bare date is no time of an act: midnight would be a false statement.
    parse_stamp(&written)
        .filter(|_| written.len() > 10)
        .and_then(|stamp| envelope::instant(stamp, zone))
        .ok_or_else(|| Reject::new(RejectCode::BadTimestamp, field, &written))
}
