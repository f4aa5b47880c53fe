//! One service window on one day: APPR-O03 系统外收件.
//!
//! It compares what was served and collected at the window with the cases received there. Whether
//! a certificate has a process at all is the business of APPR-P04.

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Entry, Event, Facts, Fire, Level, Local, Look, Rule, Stream, Why, apply};

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
        return look.quiet(|| all_matched(acts, params));
    };
    let tipping = alone.get(limits.unmatched_yellow.saturating_sub(1));
    let level = if tipping.is_some() { Level::Yellow } else { Level::Notice };
    let handed = alone.iter().filter(|act| matches!(act.fact, Act::Handed { .. })).count();
    let fire = Fire::new(level, waited(tipping.unwrap_or(first)))
        .evidence(alone.iter().map(|act| act.seq).take(LISTED_MAX))
        .day("day", first.time.day())
        .int("count", alone.len() as i64)
        .int("tickets", (alone.len() - handed) as i64)
        .int("handed", handed as i64)
        .int("match_min", limits.match_min);
    look.fire_because(fire, || {
        let (count, yellow, min) = (alone.len(), limits.unmatched_yellow, limits.match_min);
        Why::new(
            format!("{count} 项窗口业务前后 {min} 分钟内没有办件（满 {yellow} 项为黄牌）"),
            format!("{count} acts without a case within {min} minutes (yellow from {yellow} on)"),
        )
        .count("unmatched_yellow", yellow)
    });
}

/// How much was served and handed out, and how many cases there are for it.
fn all_matched(acts: &Facts<Act>, params: &Params) -> Why {
    let count = |is: fn(&Act) -> bool| acts.iter().filter(|act| is(&act.fact)).count();
    let tickets =
        count(|act| matches!(act, Act::Served { kind: Some(kind), .. } if kind == "apply"));
    let consults =
        count(|act| matches!(act, Act::Served { kind: Some(kind), .. } if kind != "apply"));
    let received = count(|act| matches!(act, Act::Received { .. }));
    let handed = count(|act| matches!(act, Act::Handed { .. }));
    let min = params.limits.match_min;
    Why::new(
        format!(
            "办事叫号 {tickets} 个、收费发证 {handed} 笔、收件 {received} 件、咨询 {consults} 个，             {min} 分钟内均有对应办件或仍在等待"
        ),
        format!(
            "{tickets} tickets, {handed} fees and certificates, {received} cases,              {consults} consultations: each has its case within {min} minutes or is waited for"
        ),
    )
    .count("tickets", tickets)
    .count("consultations", consults)
    .count("handed", handed)
    .count("received", received)
    .int("match_min", min)
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
