//! One supervised object: what is known of it, what is planned, who inspected it and what came of
//! it. Rules GRID-T01, GRID-R08, GRID-R09 and GRID-P01.
//!
//! An inspection is read here once. What concerns the officer who made it goes on as facts to the
//! streams `officer` and `travel`; where the object lies goes to the stream `grid`.

mod burden;
mod inspector;
mod publicity;
mod table;
mod task;
mod told;
mod visit;

use crate::Params;
use crate::place::{Place, Site};
use crate::sketch;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Facts, Local, Look, Rule, Stream, apply};
use std::collections::BTreeMap;

pub(crate) use told::NO_GRID;
pub(crate) use visit::{Kind, Visit};

/// Inspections that are kept of an object: twelve years of weekly ones. Beyond it the oldest go.
const VISITS_MAX: usize = 600;
/// Results of inspections that are kept; some arrive before their inspection.
const RESULTS_MAX: usize = VISITS_MAX + 100;
/// Inspections whose text, photos and items are kept: they are told on at once, and a finding of a
/// superior body looks back some weeks.
const BODIES_MAX: usize = 8;

/// What is said of an object besides inspections.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Object(Card),
    Plan { plan_no: String, task: String, due: Option<Day>, cancelled: bool },
    Duty { domain: String, tasks: Vec<(String, i32)>, from: Day, to: Option<Day> },
    Finding(Finding),
}

/// The object as a registration or a change describes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Card {
    kind: String,
    risk: String,
    active: bool,
    /// None if not reported, empty if it has none.
    grid: Option<String>,
    site: Site,
    domain: String,
}

/// What a superior body, a penalty, a complaint or an accident showed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Finding {
    no: String,
    major: bool,
    source: String,
    items: Option<Vec<u64>>,
    new_equipment: bool,
}

/// When a laboratory reported on an inspection, and when its result was published.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Outcome {
    lab: Option<Mark>,
    published: Option<Mark>,
}

/// An event that is known by its moment only.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Mark {
    at: Local,
    seq: u64,
    identity: u64,
    version: u32,
}

/// All that is kept of an object.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Object {
    id: String,
    facts: Facts<Said>,
    /// In the order in which they started.
    visits: Vec<Visit>,
    /// By a number that stands for the inspection's.
    outcomes: BTreeMap<u64, Outcome>,
    /// Events taken so far: what is told later is newer.
    revision: i64,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Objects;

impl Stream for Objects {
    const NAME: &'static str = "object";
    type State = Object;
    type Params = Params;

    fn take(object: &mut Object, event: &Event<'_>, _: &Params) {
        object.revision += 1;
        if let Some(id) = event.text("object") {
            object.id = id;
        }
        match event.kind {
            "grid.inspection.done" => {
                if let Some(visit) = Visit::read(event) {
                    object.put(visit);
                }
            }
            "grid.inspection.lab_reported" => object.mark(event, |outcome| &mut outcome.lab),
            "grid.inspection.published" => object.mark(event, |outcome| &mut outcome.published),
            _ => {
                if let Some(said) = said(event) {
                    object.facts.put(event, said);
                }
            }
        }
    }

    fn check(object: &Object, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Object, Params>] = &[
            ("GRID-T01", task::missed),
            ("GRID-R08", inspector::unqualified),
            ("GRID-R09", burden::too_many),
            ("GRID-P01", publicity::unpublished),
        ];
        apply(rules, &params.off, object, params, look);
        told::records(object, params, look);
        told::findings(object, params, look);
        told::places(object, look);
    }
}

impl Object {
    /// A record that is sent again with the same number is the same inspection.
    fn put(&mut self, mut visit: Visit) {
        if let Some(index) = self.visits.iter().position(|known| known.insp_no == visit.insp_no) {
            if !visit.replaces(&self.visits[index]) {
                return;
            }
            visit.follow(self.visits.remove(index));
        }
        let order = |visit: &Visit| (visit.started, visit.identity);
        let place = self.visits.partition_point(|other| order(other) <= order(&visit));
        self.visits.insert(place, visit);
        if self.visits.len() > VISITS_MAX {
            self.visits.remove(0);
        }
        let old = self.visits.len().saturating_sub(BODIES_MAX);
        for visit in &mut self.visits[..old] {
            visit.body = None;
        }
    }

    /// Keeps when something became of an inspection: the first time, unless that is corrected.
    fn mark(&mut self, event: &Event<'_>, place: fn(&mut Outcome) -> &mut Option<Mark>) {
        let Some(number) = event.text("insp_no") else { return };
        let at = event.stamp("at").unwrap_or(event.time);
        let (seq, identity, version) = (event.seq, event.identity, event.version);
        let mark = Mark { at, seq, identity, version };
        let place = place(self.outcomes.entry(sketch::hash(&number)).or_default());
        let stays = place.is_some_and(|known| match known.identity == identity {
            true => known.version >= version,
            false => (known.at, known.identity) <= (at, identity),
        });
        if !stays {
            *place = Some(mark);
        }
        if self.outcomes.len() > RESULTS_MAX {
            let at = |outcome: &Outcome| outcome.published.or(outcome.lab).map(|mark| mark.at);
            let oldest = self.outcomes.iter().min_by_key(|(_, outcome)| at(outcome));
            if let Some(oldest) = oldest.map(|(number, _)| *number) {
                self.outcomes.remove(&oldest);
            }
        }
    }

    /// What was known of the object on a day; the first that is known if that came later.
    fn card(&self, on: Day) -> Option<&Card> {
        let mut cards = self.facts.iter().filter_map(|entry| match &entry.fact {
            Said::Object(card) => Some((entry.time.day(), card)),
            _ => None,
        });
        let first = cards.next()?;
        Some(cards.take_while(|(day, _)| *day <= on).last().unwrap_or(first).1)
    }

    /// Whether it is in business on a day. An object of which nothing is known is.
    fn is_active(&self, on: Day, look: &Look<'_>) -> bool {
        match self.card(on) {
            Some(card) => card.active,
            None => look.row::<table::ObjectRow>(&self.id, on).is_none_or(|row| row.active),
        }
    }

    /// Its kind and its risk on a day.
    fn classes(&self, on: Day, look: &Look<'_>) -> (String, String) {
        if let Some(card) = self.card(on) {
            return (card.kind.clone(), card.risk.clone());
        }
        let row = look.row::<table::ObjectRow>(&self.id, on);
        row.map(|row| (row.kind.clone(), row.risk.clone())).unwrap_or_default()
    }

    /// Where it lies on a day.
    fn site(&self, on: Day, look: &Look<'_>) -> Site {
        let card = self.card(on).map(|card| &card.site);
        let row = look.row::<table::ObjectRow>(&self.id, on);
        match (card, row) {
            // Events have no border; the table has it, and the radius.
            (Some(site), Some(row)) => {
                let centre = site.centre.or(row.site.centre);
                let radius_m = site.radius_m.or(row.site.radius_m);
                Site { centre, radius_m, corners: row.site.corners.clone() }
            }
            (Some(site), None) => site.clone(),
            (None, Some(row)) => row.site.clone(),
            (None, None) => Site::default(),
        }
    }

    /// The domain of a duty for it, else its own.
    fn domain(&self, on: Day) -> Option<String> {
        let duty = self.facts.iter().rev().find_map(|entry| match &entry.fact {
            Said::Duty { domain, from, .. } if *from <= on && !domain.is_empty() => Some(domain),
            _ => None,
        });
        let own = self.card(on).map(|card| &card.domain).filter(|domain| !domain.is_empty());
        duty.or(own).cloned()
    }
}

fn said(event: &Event<'_>) -> Option<Said> {
    let text = |name| event.text(name).unwrap_or_default();
    Some(match event.kind {
        "grid.object.registered" | "grid.object.changed" => Said::Object(Card {
            kind: text("kind"),
            risk: text("risk_level"),
            active: event.text("status").is_none_or(|s| s.is_empty() || s == "active"),
            grid: event.text("grid_id"),
            site: Site {
                centre: place(event, "lat", "lon"),
                radius_m: event.int("radius"),
                corners: Vec::new(),
            },
            domain: text("domain"),
        }),
        "grid.plan.published" => Said::Plan {
            plan_no: event.text("plan_no")?,
            task: text("task"),
            due: event.day("due"),
            cancelled: event.text("status").is_some_and(|status| status == "cancelled"),
        },
        "grid.duty.assigned" => {
            let tasks = event.get("tasks").into_iter().flat_map(|tasks| tasks.items());
            let task = |task: plumbline_guest::json::Value<'_>| {
                let task = task.object();
                let days = task.get("freq_d")?.int().and_then(|days| i32::try_from(days).ok())?;
                Some((task.get("task_code")?.text()?.into_owned(), days.max(1)))
            };
            let tasks = tasks.filter_map(task).collect();
            let from = event.day("from").unwrap_or(event.time.day());
            Said::Duty { domain: text("domain"), tasks, from, to: event.day("to") }
        }
        "grid.finding.confirmed" => Said::Finding(Finding {
            no: event.text("finding_no")?,
            major: event.text("level").is_some_and(|level| level == "major"),
            source: text("source"),
            items: event
                .texts("items")
                .map(|items| items.iter().map(|item| sketch::hash(item)).collect()),
            new_equipment: event.flag("new_equipment") == Some(true),
        }),
        _ => return None,
    })
}

/// A position of a payload, if it has one.
pub(crate) fn place(event: &Event<'_>, lat: &str, lon: &str) -> Option<Place> {
    Place::new(event.get(lat)?.float()?, event.get(lon)?.float()?)
}
