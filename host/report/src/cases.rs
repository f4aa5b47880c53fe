//! Cases as records: a fold over the events of the log into what was received, accepted, done by
//! whom, decided and ended, with the limits and the days that count.
//!
//! The fold keeps one mark of some bytes for each event of a case and looks at nothing twice; the
//! result does not depend on the order of arrival, because the final version of each fact counts.
//! It reads no amounts: nothing that is computed here can depend on how much was fined or paid.

mod clock;
mod mark;
mod record;

pub use record::{Case, Limit, Step, Task, Timing};

use crate::catalogue::{Act, CaseKind, Catalogue, Closing, EventKind};
use mark::{Known, Mark, Names};
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::json::{Object, Value};
use plumbline_contract::table::Tables;
use plumbline_contract::time::{Day, Local, MS_PER_MINUTE, Zone, parse_stamp};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most marks of one case. A case has some ten events; one with more than this is a flood of
/// repeats, and what comes later is counted and left out.
pub const MARKS_MAX: usize = 256;

/// See the module.
#[derive(Debug)]
pub struct CaseBook {
    catalogue: Arc<Catalogue>,
    zone: Zone,
    names: Names,
    /// For each kind: number of the case to its place in `cases`.
    places: Vec<BTreeMap<Box<str>, usize>>,
    cases: Vec<Known>,
    figures: Figures,
}

/// What the fold has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Figures {
    /// Events that belong to a case.
    pub taken: u64,
    /// Events of known types without a number of their case, or with one that is no text.
    pub without_key: u64,
    /// Marks left out because a case had [`MARKS_MAX`].
    pub left_out: u64,
}

impl CaseBook {
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>, zone: Zone) -> Self {
        let places = catalogue.kinds().iter().map(|_| BTreeMap::new()).collect();
        let figures = Figures::default();
        Self { catalogue, zone, names: Names::default(), places, cases: Vec::new(), figures }
    }

    /// Takes in one event of the log; those of other types are passed over.
    pub fn take(&mut self, seq: EventSeq, event: &Event) {
        let catalogue = self.catalogue.clone();
        let Some((place, number)) = catalogue.find(&event.kind) else { return };
        let (kind, what) = (&catalogue.kinds()[place], &catalogue.kinds()[place].events[number]);
        let data = Object::parse(&event.data);
        let Some(key) = number_of(&kind.key, &data) else {
            self.figures.without_key += 1;
            return;
        };
        self.figures.taken += 1;
        let at = match self.places[place].get(&*key) {
            Some(at) => *at,
            None => {
                let at = self.cases.len();
                self.places[place].insert(key.as_ref().into(), at);
                let no = key.as_ref().into();
                self.cases.push(Known { no, first: seq, marks: Vec::new() });
                at
            }
        };
        let mark = self.mark(kind, what, event, &data);
        if !self.cases[at].put(mark) {
            self.figures.left_out += 1;
        }
    }

    fn mark(
        &mut self,
        kind: &CaseKind,
        what: &EventKind,
        event: &Event,
        data: &Object<'_>,
    ) -> Mark {
        let text = |field: &str| data.get(field).and_then(Value::text);
        let names = &mut self.names;
        let mut officers = what.officers.iter().flat_map(|field| match data.get(field) {
            Some(list @ Value::Array(_)) => list.items().filter_map(Value::text).collect(),
            Some(one) => one.text().into_iter().collect::<Vec<_>>(),
            None => Vec::new(),
        });
        let mut officer = [0; mark::OFFICERS_MAX];
        for place in &mut officer {
            let found = officers.find(|officer| !officer.is_empty());
            *place = found.map_or(0, |officer| names.id(&officer));
        }
        if officer[0] == 0
            && let Some(actor) = event.actor.as_deref().filter(|actor| !actor.is_empty())
        {
            officer[0] = names.id(actor);
        }
        let label = match what.label.as_deref().map(|label| label.strip_prefix('=').ok_or(label)) {
            Some(Ok(word)) => names.id(word),
            Some(Err(field)) => text(field).map_or(0, |label| names.id(&label)),
            None => 0,
        };
        let item = kind.item.iter().find_map(|field| text(field)).map_or(0, |item| names.id(&item));
        let outcome = what.outcome.as_ref().and_then(|field| text(field));
        let is_taken = what.accepts.is_empty()
            || outcome.as_ref().is_some_and(|of| what.accepts.iter().any(|taken| taken == of));
        let closing = what.closing.map(|closing| self::closing(closing, &text)).or_else(|| {
            match outcome?.as_ref() {
                "grant" | "partial" => Some(Closing::Granted),
                "refuse" => Some(Closing::Refused),
                _ => Some(Closing::Done),
            }
        });
        let dept = what.dept.as_ref().and_then(|field| text(field));
        let day = |field: &str| text(field).and_then(|day| Day::parse(&day));
        let begun =
            text("started_at").or_else(|| text("started")).and_then(|text| parse_stamp(&text));
        let number = what.number.as_ref().and_then(|field| data.get(field)).and_then(Value::int);
        Mark {
            fact: event.identity(),
            version: event.dataversion,
            act: if is_taken { what.act } else { Act::Step },
            starts: what.starts,
            at: self.zone.local(event.time),
            begun: begun.map(|stamp| self.zone.local(self.zone.instant_of(stamp))),
            lag_min: (event.recorded.0.saturating_sub(event.time.0) / MS_PER_MINUTE) as i32,
            officer,
            label,
            item,
            dept: names.id(dept.as_deref().filter(|dept| !dept.is_empty()).unwrap_or(&event.dept)),
            region: names.id(&event.region),
            number: number.and_then(|number| i32::try_from(number).ok()),
            told: text("notice_no").is_some_and(|notice| !notice.is_empty()),
            due: what.due.as_deref().and_then(day),
            closing,
            online: text("channel").map(|channel| matches!(&*channel, "online" | "mobile")),
            by_person: text("applicant_kind")
                .or_else(|| text("party_kind"))
                .map(|who| who == "person"),
        }
    }

    #[must_use]
    pub fn figures(&self) -> Figures {
        self.figures
    }

    /// The cases as they stand at `as_of`, by (kind, number). What happened later is not looked at.
    /// The marks of a case are let go once its record is made, so that not both are held of all.
    ///
    /// # Errors
    /// Names the row of `calendar` or `office_hours` that makes no sense.
    pub fn records(mut self, tables: &dyn Tables, as_of: Local) -> Result<Vec<Case>, String> {
        let mut clocks = clock::Clocks::new(tables);
        let mut cases = Vec::with_capacity(self.cases.len());
        for (kind, places) in self.catalogue.kinds().iter().zip(&self.places) {
            let id: Arc<str> = kind.id.as_str().into();
            for at in places.values() {
                let known = std::mem::take(&mut self.cases[*at]);
                let made = record::make(kind, &id, &known, &self.names, &mut clocks, as_of)?;
                cases.extend(made);
            }
        }
        Ok(cases)
    }
}

/// The number of a case: a field, or several joined by a slash; `None` if one is absent or empty.
fn number_of<'a>(key: &str, data: &Object<'a>) -> Option<Cow<'a, str>> {
    let text = |field| data.get(field).and_then(Value::text).filter(|text| !text.is_empty());
    if !key.contains('+') {
        return text(key);
    }
    let parts: Option<Vec<_>> = key.split('+').map(text).collect();
    Some(parts?.join("/").into())
}

/// A termination because the number was voided is another ending than any other.
fn closing<'a>(closing: Closing, text: &impl Fn(&str) -> Option<Cow<'a, str>>) -> Closing {
    let void = closing == Closing::Terminated && text("reason").is_some_and(|why| why == "void");
    if void { Closing::Void } else { closing }
}

impl Known {
    /// Keeps a mark: of one fact the highest version. False if there is no room.
    fn put(&mut self, mark: Mark) -> bool {
        if let Some(same) = self.marks.iter_mut().find(|known| known.fact == mark.fact) {
            if mark.version > same.version {
                *same = mark;
            }
            return true;
        }
        let fits = self.marks.len() < MARKS_MAX;
        if fits {
            self.marks.push(mark);
        }
        fits
    }

    fn of(&self, act: Act) -> impl Iterator<Item = &Mark> {
        self.marks.iter().filter(move |mark| mark.act == act)
    }
}
