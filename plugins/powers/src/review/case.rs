//! One reconsideration case, from receipt to compliance. The rules over it stand in `terms` and
//! `compliance`.

use super::{compliance, terms};
use crate::Params;
use crate::term::Stop;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Entry, Event, Facts, Look, Rule, Stream, apply};

/// Events of one case that are kept: 256 KiB hold them.
const FACTS_MAX: usize = 500;

/// What one event says of a case. `None` is not reported.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Act {
    Received { respondent: Option<String> },
    CorrectionRequested,
    CorrectionSupplied,
    Accepted { procedure: Option<String> },
    Rejected,
    Switched { procedure: Option<String> },
    CopySent { received_on: Option<Day>, respondent: Option<String> },
    Answered,
    Paused,
    Resumed,
    Extended(Extension),
    Decided(Decision),
    Terminated,
    Complied,
    Executed,
    Stayed { by_court: bool },
    StayEnded,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Extension {
    pub(crate) days: Option<i32>,
    pub(crate) told: Option<bool>,
    pub(crate) unapproved: bool,
    pub(crate) rank: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Decision {
    pub(crate) result: Option<String>,
    pub(crate) respondent: Option<String>,
    pub(crate) comply_by: Option<Day>,
    pub(crate) comply_days: Option<i32>,
    pub(crate) served_on: Option<Day>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Reviews;

impl Stream for Reviews {
    const NAME: &'static str = "review";
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
            &[("REC-T01", terms::exceeded), ("REC-R02", compliance::missing)];
        apply(rules, &params.off, acts, params, look);
    }
}

/// The first act of a kind.
pub(super) fn first(acts: &Facts<Act>, wanted: fn(&Act) -> bool) -> Option<&Entry<Act>> {
    acts.iter().find(|entry| wanted(&entry.fact))
}

/// Stops between acts that begin and acts that end them.
pub(super) fn stops(
    acts: &Facts<Act>,
    begins: fn(&Act) -> bool,
    ends: fn(&Act) -> bool,
) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::new();
    for entry in acts {
        let open = stops.last_mut().filter(|stop| stop.to.is_none());
        match open {
            None if begins(&entry.fact) => {
                stops.push(Stop { from: entry.time.day(), to: None });
            }
            Some(stop) if ends(&entry.fact) => stop.to = Some(entry.time.day()),
            _ => {}
        }
    }
    stops
}

fn read(event: &Event<'_>) -> Option<Act> {
    let text = |name| event.text(name).filter(|text| !text.trim().is_empty());
    let days = |name| event.int(name).and_then(|days| i32::try_from(days).ok());
    Some(match event.kind {
        "review.received" => Act::Received { respondent: text("respondent") },
        "review.correction_requested" => Act::CorrectionRequested,
        "review.correction_supplied" => Act::CorrectionSupplied,
        "review.accepted" => Act::Accepted { procedure: text("procedure") },
        "review.rejected" => Act::Rejected,
        "review.switched" => Act::Switched { procedure: text("procedure") },
        "review.copy_sent" => {
            Act::CopySent { received_on: event.day("received_on"), respondent: text("respondent") }
        }
        "review.answered" => Act::Answered,
        "review.paused" => Act::Paused,
        "review.resumed" => Act::Resumed,
        "review.extended" => Act::Extended(Extension {
            days: days("days"),
            told: event
                .get("told")
                .and_then(|told| told.bool().or(told.is_empty().then_some(false))),
            unapproved: event.text("approver").is_some_and(|name| name.trim().is_empty()),
            rank: event.text("approver_rank"),
        }),
        "review.decided" => Act::Decided(Decision {
            result: text("result"),
            respondent: text("respondent"),
            comply_by: event.day("comply_by"),
            comply_days: days("comply_days"),
            served_on: event.day("served_on"),
        }),
        "review.terminated" => Act::Terminated,
        "review.complied" => Act::Complied,
        "review.executed" => Act::Executed,
        "review.stayed" => Act::Stayed { by_court: text("order_no").is_some() },
        "review.stay_ended" => Act::StayEnded,
        _ => return None,
    })
}
