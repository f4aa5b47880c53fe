//! OCDS 1.1 to events: releases, records and their packages, as JSON or as JSON Lines.
//!
//! Each contracting process becomes one event with what the red-flag indicators need
//! (`proc.process.compiled`), and, unless the mapping says no, the events that the rules about
//! procurement read, at the times that the process names. It computes no indicators.

mod acts;
mod compiled;
mod head;
mod merge;
mod node;
mod stream;

pub(crate) use head::is_ocds;
pub(crate) use stream::Processes;

use crate::cloudevents::Reading;
use crate::envelope;
use crate::mapping::{Mapping, OcdsMap};
use crate::reject::{Reject, RejectCode};
use node::Node;
use plumbline_contract::event::Event;
use plumbline_contract::time::{Millis, Stamp, Zone, parse_stamp};

/// The event that carries a whole process.
const PROCESS_TYPE: &str = "proc.process.compiled";
/// Longest part of an id that is written out, in bytes: the whole id must fit an attribute.
const ID_PART_BYTES_MAX: usize = 96;
const MS_PER_SECOND: i64 = 1000;

/// What making events needs besides the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) mapping: &'a Mapping,
    pub(crate) map: &'a OcdsMap,
    pub(crate) reading: Reading<'a>,
}

/// One process: its release, and what all its events share.
struct Case<'a> {
    release: Node<'a>,
    tender: Node<'a>,
    ocid: String,
    released: Millis,
    /// Seconds since 1970 of the release: a newer release has a higher one.
    version: u32,
    buyer: Option<String>,
    entity: Option<String>,
    region: String,
    dept: String,
    context: &'a Context<'a>,
}

/// The events of a compiled release, or of several that were merged.
pub(crate) fn events(text: &str, context: &Context<'_>) -> Result<Vec<Event>, Reject> {
    let case = Case::open(text, context)?;
    let mut events = Vec::with_capacity(8);
    let data = compiled::data(&case)?;
    let at = case.released;
    events.push(case.event(PROCESS_TYPE, "compiled", at, data)?);
    if context.map.acts {
        acts::add(&case, &mut events)?;
    }
    // Those known earlier come first, as they would have come from a live source.
    events.sort_by_key(|event| event.recorded);
    Ok(events)
}

impl<'a> Case<'a> {
    fn open(text: &'a str, context: &'a Context<'a>) -> Result<Self, Reject> {
        let release = Node::of(text);
        let ocid = release.id("ocid").ok_or_else(|| missing("ocid"))?;
        let date = release.text("date").ok_or_else(|| missing("date"))?;
        let zone = context.mapping.zone();
        let released = instant(&date, zone)
            .ok_or_else(|| Reject::new(RejectCode::BadTimestamp, "date", &date))?;
        let tender = release.child("tender");
        let buyer = release.child("buyer");
        let entity = tender.child("procuringEntity");
        let identifiers = context.map.identifiers;
        let ids = [buyer.party(identifiers), entity.party(identifiers)];
        let known = |table: &std::collections::BTreeMap<String, String>| {
            ids.iter().flatten().find_map(|id| table.get(id).cloned())
        };
        let others = [buyer, entity]
            .into_iter()
            .filter_map(|party| party.child("identifier").id("id").or_else(|| party.id("name")));
        let map = context.map;
        let dept = known(&map.depts).or_else(|| ids.iter().flatten().next().cloned());
        let dept = dept.or_else(|| others.into_iter().next()).map(|name| short(&name));
        let region = known(&map.regions).unwrap_or_else(|| map.region.clone());
        let [buyer, entity] = ids;
        Ok(Self {
            ocid,
            released,
            version: version(released),
            buyer,
            entity,
            region,
            dept: dept.unwrap_or_else(|| map.dept.clone()),
            release,
            tender,
            context,
        })
    }

    /// Makes an event; `part` tells it from the others of the process.
    fn event(&self, kind: &str, part: &str, at: Millis, data: String) -> Result<Event, Reject> {
        let recorded = if self.context.map.recorded_with_release { self.released } else { at };
        let event = Event {
            id: format!("{}/{part}", self.ocid),
            source: self.context.mapping.source().to_owned(),
            kind: kind.to_owned(),
            subject: self.ocid.clone(),
            time: at,
            recorded,
            corrected: None,
            logged: self.context.reading.logged(recorded, None),
            region: self.region.clone(),
            dept: self.dept.clone(),
            serial: None,
            actor: None,
            dataversion: self.version,
            data,
        };
        let reading = self.context.reading;
        envelope::check(&event, reading.received, reading.rights)?;
        Ok(event)
    }

    /// Ids of the organizations of a list, an empty text for one without.
    fn parties(&self, of: &Node<'_>, name: &str) -> Vec<String> {
        let identifiers = self.context.map.identifiers;
        of.list(name).iter().map(|party| party.party(identifiers).unwrap_or_default()).collect()
    }

    fn instant(&self, text: &str) -> Option<Millis> {
        instant(text, self.context.mapping.zone())
    }
}

fn instant(text: &str, zone: &Zone) -> Option<Millis> {
    parse_stamp(text).and_then(|stamp: Stamp| envelope::instant(stamp, zone))
}

/// Seconds since 1970 fit until 2106; what is older than 1970 has the first version.
fn version(released: Millis) -> u32 {
    let seconds = released.0.div_euclid(MS_PER_SECOND);
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}

/// A name that fits an attribute: without control characters, cut at a character.
fn short(name: &str) -> String {
    let mut text: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut end = text.len().min(ID_PART_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

fn missing(field: &str) -> Reject {
    Reject::new(RejectCode::MissingField, field, "")
}
