//! One coercion case: approvals, measures, demand, enforcement. The rules over it stand in
//! `approval` and `demand`.

use super::{approval, demand};
use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Local, Look, Rule, Stream, apply};

/// Events of one case that are kept: 256 KiB hold them.
const FACTS_MAX: usize = 800;

/// What one event says of a case. `None` is not reported, empty is lacking.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Act {
    Approved { list_no: String, kind: String },
    Taken(Taken),
    Demanded,
    EnforcementDecided(Enforcement),
    Executed(Enforcement, Circumstances),
    CourtApplied { logged: Local },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Taken {
    pub(crate) list_no: String,
    pub(crate) kind: String,
    /// How many different officers.
    pub(crate) officers: Option<usize>,
    pub(crate) urgent: Option<bool>,
    pub(crate) has_reason: bool,
    pub(crate) logged: Local,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Enforcement {
    pub(crate) kind: String,
    /// The lawful case without a demand; empty if none is claimed.
    pub(crate) no_demand_basis: String,
    pub(crate) logged: Local,
}

/// How enforcement was carried out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Circumstances {
    pub(crate) night: Option<bool>,
    pub(crate) emergency: bool,
    pub(crate) utilities_cut: Vec<String>,
    pub(crate) residential: bool,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Cases;

impl Stream for Cases {
    const NAME: &'static str = "coercion";
    type State = Facts<Act>;
    type Params = Params;

    fn take(acts: &mut Facts<Act>, event: &Event<'_>, _: &Params) {
        if acts.len() >= FACTS_MAX && event.version == 1 {
            return;
        }
        if let Some(act) = read(event) {
            acts.put(event, act);
        }
    }

    fn check(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Act>, Params>] =
            &[("CMP-P01", approval::missing), ("CMP-P02", demand::missing)];
        apply(rules, &params.off, acts, params, look);
    }
}

/// A flag; present and empty is lacking, therefore false.
pub(super) fn flag(event: &Event<'_>, name: &str) -> Option<bool> {
    let value = event.get(name)?;
    value.bool().or(value.is_empty().then_some(false))
}

fn read(event: &Event<'_>) -> Option<Act> {
    let text = |name| event.text(name).unwrap_or_default().trim().to_owned();
    let enforcement = || Enforcement {
        kind: text("kind"),
        no_demand_basis: text("no_demand_basis"),
        logged: event.logged,
    };
    Some(match event.kind {
        "coercion.measure.approved" => {
            Act::Approved { list_no: text("list_no"), kind: text("kind") }
        }
        "coercion.measure.taken" => Act::Taken(Taken {
            list_no: text("list_no"),
            kind: text("kind"),
            officers: event.texts("officers").map(different),
            urgent: flag(event, "urgent"),
            has_reason: !text("urgent_reason").is_empty(),
            logged: event.logged,
        }),
        "coercion.demand.served" => Act::Demanded,
        "coercion.enforcement.decided" => Act::EnforcementDecided(enforcement()),
        "coercion.enforcement.executed" => {
            let circumstances = Circumstances {
                night: event.flag("night"),
                emergency: event.flag("emergency").unwrap_or(false),
                utilities_cut: event.texts("utilities_cut").unwrap_or_default(),
                residential: event.flag("residential").unwrap_or(false),
            };
            Act::Executed(enforcement(), circumstances)
        }
        "coercion.court.applied" => Act::CourtApplied { logged: event.logged },
        _ => return None,
    })
}

fn different(mut officers: Vec<String>) -> usize {
    officers.retain(|officer| !officer.trim().is_empty());
    officers.sort_unstable();
    officers.dedup();
    officers.len()
}
