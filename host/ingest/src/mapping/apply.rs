//! Applying a mapping to a trace or a row.

use super::{Check, EventRule, Kind, Mapping, Origin, Piece, Place, Scope, Value, value};
use crate::checks;
use crate::cloudevents::Reading;
use crate::envelope;
use crate::json;
use crate::reject::{Reject, RejectCode};
use crate::source::Secret;
use plumbline_contract::event::Event;
use plumbline_contract::time::Millis;
use std::borrow::Cow;

/// Where values are looked up.
pub(crate) trait Lookup {
    /// The value at a place of the input; an error if it cannot be decoded.
    fn get(&self, scope: Scope, name: &str) -> Result<Option<Cow<'_, str>>, Reject>;
}

/// What applying needs besides the mapping.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) mapping: &'a Mapping,
    pub(crate) reading: Reading<'a>,
    pub(crate) secret: Option<&'a Secret>,
}

impl Context<'_> {
    /// The events that the mapping makes from the attributes of a trace.
    pub(crate) fn trace_events<'c>(
        &'c self,
        trace: &'c impl Lookup,
    ) -> impl Iterator<Item = Result<Event, Reject>> + 'c {
        self.mapping.trace_events.iter().filter_map(|rule| {
            let known = rule.required || !matches!(self.get(trace, &rule.time), Ok(None));
            known.then(|| self.build(rule, trace, 0))
        })
    }

    /// The event of a row, or number `n` of its trace; `None` if its activity is ignored.
    pub(crate) fn event(&self, row: &impl Lookup, n: u64) -> Option<Result<Event, Reject>> {
        let rule = match &self.mapping.activity {
            None => &self.mapping.events[0],
            Some(place) => {
                let activity = match self.needed(row, place) {
                    Ok(activity) => activity,
                    Err(reject) => return Some(Err(reject)),
                };
                match self.mapping.by_activity.get(&*activity) {
                    Some(index) => &self.mapping.events[*index],
                    None if self.mapping.ignore.iter().any(|name| *name == activity) => {
                        return None;
                    }
                    None => {
                        let code = RejectCode::UnmappedActivity;
                        return Some(Err(Reject::new(code, &place.written, &activity)));
                    }
                }
            }
        };
        Some(self.build(rule, row, n))
    }

    fn build(&self, rule: &EventRule, row: &impl Lookup, n: u64) -> Result<Event, Reject> {
        let time = self.instant(row, &rule.time)?;
        let recorded = self.instant(row, &rule.recorded)?;
        let corrected = match &rule.corrected {
            Some(place) if self.get(row, place)?.is_some() => Some(self.instant(row, place)?),
            _ => None,
        };
        let data = self.data(rule, row)?;
        let text = |value: &Value| self.text(row, value);
        let event = Event {
            id: self.id(&rule.id, row, n)?,
            source: self.mapping.source.clone(),
            kind: rule.kind.clone(),
            subject: subject(rule, &data),
            time,
            recorded,
            corrected,
            logged: self.reading.logged(recorded, corrected),
            region: text(&self.mapping.region)?.ok_or_else(|| missing("region"))?,
            dept: text(&self.mapping.dept)?.ok_or_else(|| missing("dept"))?,
            serial: self.whole(row, rule.serial.as_ref(), RejectCode::BadSerial)?,
            actor: rule.actor.as_ref().map_or(Ok(None), text)?,
            dataversion: match self.whole::<u32>(
                row,
                rule.dataversion.as_ref(),
                RejectCode::BadDataversion,
            )? {
                Some(0) => return Err(Reject::new(RejectCode::BadDataversion, "dataversion", "0")),
                Some(version) => version,
                None => 1,
            },
            data,
        };
        envelope::check(&event, self.reading.received, self.reading.rights)?;
        Ok(event)
    }

    fn get<'r>(&self, row: &'r impl Lookup, place: &Place) -> Result<Option<Cow<'r, str>>, Reject> {
        let value = row.get(place.scope, &place.name)?;
        Ok(value.filter(|value| !self.mapping.absent.iter().any(|absent| absent == value)))
    }

    fn needed<'r>(&self, row: &'r impl Lookup, place: &Place) -> Result<Cow<'r, str>, Reject> {
        self.get(row, place)?.ok_or_else(|| missing(&place.written))
    }

    fn instant(&self, row: &impl Lookup, place: &Place) -> Result<Millis, Reject> {
        let written = self.needed(row, place)?;
        value::stamp(&written)
            .and_then(|stamp| envelope::instant(stamp, &self.mapping.zone))
            .ok_or_else(|| Reject::new(RejectCode::BadTimestamp, &place.written, &written))
    }

    fn whole<T: std::str::FromStr>(
        &self,
        row: &impl Lookup,
        place: Option<&Place>,
        code: RejectCode,
    ) -> Result<Option<T>, Reject> {
        let Some(place) = place else { return Ok(None) };
        let Some(written) = self.get(row, place)? else { return Ok(None) };
        match written.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Reject::new(code, &place.written, &written)),
        }
    }

    fn id(&self, pieces: &[Piece], row: &impl Lookup, n: u64) -> Result<String, Reject> {
        let mut id = String::with_capacity(32);
        for piece in pieces {
            match piece {
                Piece::Literal(text) => id.push_str(text),
                Piece::From(place) => id.push_str(&self.needed(row, place)?),
                Piece::Number => id.push_str(&n.to_string()),
            }
        }
        Ok(id)
    }

    /// The text of a value for the envelope.
    fn text(&self, row: &impl Lookup, value: &Value) -> Result<Option<String>, Reject> {
        match &value.origin {
            Origin::Const { text, .. } => Ok(Some(text.clone())),
            Origin::From(place) => {
                let Some(written) = self.written(row, value, place)? else { return Ok(None) };
                let text = code(value, place, &written)?;
                // The envelope is stored too, so a secret is no less secret there.
                if value.kind == Kind::Secret {
                    self.hash(value, place, text).map(Some)
                } else {
                    Ok(Some(text.to_owned()))
                }
            }
        }
    }

    fn written<'r>(
        &self,
        row: &'r impl Lookup,
        value: &'r Value,
        place: &Place,
    ) -> Result<Option<Cow<'r, str>>, Reject> {
        let found = self.get(row, place)?;
        let found = found.or_else(|| value.default.as_deref().map(Cow::Borrowed));
        if found.is_none() && value.required {
            return Err(missing(&place.written));
        }
        Ok(found)
    }

    fn data(&self, rule: &EventRule, row: &impl Lookup) -> Result<String, Reject> {
        let mut data = String::with_capacity(192);
        data.push('{');
        for (name, value) in &rule.data {
            match &value.origin {
                Origin::Const { json, .. } => {
                    push_name(&mut data, name);
                    data.push_str(json);
                }
                Origin::From(place) => {
                    if let Some(written) = self.written(row, value, place)? {
                        self.field(&mut data, name, value, place, &written)?;
                    }
                }
            }
        }
        data.push('}');
        Ok(data)
    }

    fn field(
        &self,
        data: &mut String,
        name: &str,
        value: &Value,
        place: &Place,
        written: &str,
    ) -> Result<(), Reject> {
        push_name(data, name);
        match value.kind {
            Kind::List => {
                data.push('[');
                let parts = written.split(value.separator.as_str()).map(str::trim);
                for (index, part) in parts.filter(|part| !part.is_empty()).enumerate() {
                    data.push_str(if index > 0 { "," } else { "" });
                    json::push_text(data, code(value, place, part)?);
                }
                data.push(']');
            }
            Kind::Secret => json::push_text(data, &self.hash(value, place, written)?),
            kind => {
                let text = code(value, place, written)?;
                value::push(data, kind, text, &self.mapping.zone)
                    .ok_or_else(|| Reject::new(RejectCode::BadValue, &place.written, written))?;
            }
        }
        if let Some(check) = value.check {
            let good = match check {
                Check::CitizenId => checks::citizen_id_ok(written.trim()),
                Check::Uscc => checks::uscc_ok(written.trim()),
            };
            push_name(data, &format!("{name}_ok"));
            data.push_str(if good { "true" } else { "false" });
        }
        Ok(())
    }

    /// The keyed hash of a secret; a reject about it never shows the value.
    fn hash(&self, value: &Value, place: &Place, written: &str) -> Result<String, Reject> {
        let secret =
            self.secret.ok_or_else(|| Reject::new(RejectCode::BadValue, &place.written, ""))?;
        let written = written.trim();
        // One person must have one hash, whether the last sign was typed `x` or `X`.
        if value.check == Some(Check::CitizenId) {
            return Ok(secret.hash(&written.to_ascii_uppercase()));
        }
        Ok(secret.hash(written))
    }
}

/// Our code for a foreign one, where the value has a table.
fn code<'v>(value: &'v Value, place: &Place, written: &'v str) -> Result<&'v str, Reject> {
    let Some(table) = &value.table else { return Ok(written) };
    table.rows.get(written).map(String::as_str).ok_or_else(|| {
        let field = format!("{} (tables.{})", place.written, table.name);
        Reject::new(RejectCode::UnknownCode, &field, written)
    })
}

fn missing(field: &str) -> Reject {
    Reject::new(RejectCode::MissingField, field, "")
}

fn push_name(data: &mut String, name: &str) {
    if data.len() > 1 {
        data.push(',');
    }
    json::push_text(data, name);
    data.push(':');
}

fn subject(rule: &EventRule, data: &str) -> String {
    let found = rule.subjects.iter().filter_map(|name| {
        plumbline_contract::json::find(data, name)?.text().filter(|text| !text.is_empty())
    });
    found.map(Cow::into_owned).next().unwrap_or_default()
}
