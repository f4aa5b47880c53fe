//! One service window on one day: APPR-O03 系统外收件.
//!
//! It compares what was served and collected at the window with the cases received there. Whether
//! a certificate has a process at all is the business of APPR-P04.

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Entry, Event, Facts, Fire, Level, Local, Look, Rule, Stream, apply};

/// Most positions that the card lists as evidence.
const LISTED_MAX: usize = 32;

/// What happened at the window.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Act {
    /// A queue ticket was served; `kind` is `apply` or `consult`, `None` if not reported.
    Served {
        queue_no: String,
        kind: Option<String>,
    },
    Received {
        queue_no: String,
    },
    /// A fee or a certificate; whether it names a case, `None` if not reported.
    Handed {
        has_case: Option<bool>,
    },
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Windows;

impl Stream for Windows {
    const NAME: &'static str = "window";
    type State = Facts<Act>;
    type Params = Params;

    fn take(acts: &mut Facts<Act>, event: &Event<'_>, _: &Params) {
        let queue_no = || event.text("queue_no").unwrap_or_default();
        let case_no = event.text("case_no").map(|case_no| !case_no.is_empty());
        let act = match event.kind {
            "queue.ticket.done" => Act::Served { queue_no: queue_no(), kind: event.text("kind") },
            "approval.case.received" => Act::Received { queue_no: queue_no() },
            "approval.case.fee_charged" => Act::Handed { has_case: case_no },
            // The case number of a certificate is optional: absent means that there is none.
            "approval.cert.issued" => Act::Handed { has_case: Some(case_no.unwrap_or(false)) },
            _ => return,
        };
        acts.put(event, act);
    }

    fn check(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Act>, Params>] = &[("APPR-O03", outside)];
        apply(rules, &params.off, acts, params, look);
    }
}

/// APPR-O03: one card for the window and day, at the level of the number of acts without a case.
fn outside(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
    let limits = &params.limits;
    let waited = |act: &Entry<Act>| act.time.plus_minutes(limits.match_min);
    let mut alone = without_case(acts, params, look);
    alone.retain(|act| look.reached(waited(act).plus_minutes(limits.grace_min)));
    let Some(first) = alone.first() else {
        return look.quiet(|| ("窗口业务均有对应办件".into(), "every act has its case".into()));
    };
    let tipping = alone.get(limits.unmatched_yellow.saturating_sub(1));
    let level = if tipping.is_some() { Level::Yellow } else { Level::Notice };
    let handed = alone.iter().filter(|act| matches!(act.fact, Act::Handed { .. })).count();
    look.fire(
        Fire::new(level, waited(tipping.unwrap_or(first)))
            .evidence(alone.iter().map(|act| act.seq).take(LISTED_MAX))
            .day("day", first.time.day())
            .int("count", alone.len() as i64)
            .int("tickets", (alone.len() - handed) as i64)
            .int("handed", handed as i64)
            .int("match_min", limits.match_min),
    );
}

/// Acts without a case, in the order in which they happened.
fn without_case<'a>(
    acts: &'a Facts<Act>,
    params: &Params,
    look: &mut Look<'_>,
) -> Vec<&'a Entry<Act>> {
    let mut cases: Vec<(Local, &str)> = Vec::new();
    for act in acts {
        if let Act::Received { queue_no } = &act.fact {
            cases.push((act.time, queue_no));
        }
    }
    let mut tickets = Vec::new();
    let mut alone = Vec::new();
    for act in acts {
        match &act.fact {
            Act::Served { queue_no, kind: Some(kind) } if kind == "apply" => {
                tickets.push((act, queue_no.as_str()));
            }
            Act::Served { kind: None, .. } => look.unknown("kind"),
            Act::Handed { has_case: Some(false) } => alone.push(act),
            Act::Handed { has_case: None } => look.unknown("case_no"),
            _ => {}
        }
    }
    // First those that name each other, then the nearest case in order of time.
    tickets.retain(|(_, number)| {
        let before = cases.len();
        cases.retain(|(_, other)| number.is_empty() || other != number);
        cases.len() == before
    });
    for (ticket, _) in tickets {
        let near = |at: Local| (at.0 - ticket.time.0).abs() <= params.limits.match_min * MINUTE;
        match cases.iter().position(|(at, _)| near(*at)) {
            Some(index) => {
                cases.remove(index);
            }
            None => alone.push(ticket),
        }
    }
    alone.sort_by_key(|act| (act.time, act.seq));
    alone
}

const MINUTE: i64 = plumbline_guest::MS_PER_MINUTE;
