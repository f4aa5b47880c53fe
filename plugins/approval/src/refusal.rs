//! Refusals of one department in one month: APPR-P05 不予受理/许可无理由.
//!
//! A withdrawal by the applicant is no refusal and does not come here.

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Fire, Level, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Most cards of one department and month; the rest stand in the last card's count.
const CARDS_MAX: usize = 100;

/// A decision not to accept or not to permit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Refusal {
    case_no: String,
    /// Characters of the reason, without surrounding space; an absent text has none.
    reason_len: usize,
    /// Whether the applicant was told of reconsideration and litigation; `None` if not reported.
    remedy_told: Option<bool>,
}

/// What a decision says; a correction may turn a refusal into a grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Answer {
    Refused(Refusal),
    Granted,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Refusals;

impl Stream for Refusals {
    const NAME: &'static str = "refusal";
    type State = Facts<Answer>;
    type Params = Params;

    fn take(answers: &mut Facts<Answer>, event: &Event<'_>, _: &Params) {
        let is_refusal = match event.kind {
            "approval.case.rejected" => true,
            "approval.case.decided" => event.text("result").is_some_and(|r| r == "refuse"),
            _ => return,
        };
        // Grants are kept only where they correct an earlier refusal.
        if !is_refusal && event.version == 1 {
            return;
        }
        let answer = if is_refusal {
            let reason = event.text("reason_text").unwrap_or_default();
            Answer::Refused(Refusal {
                case_no: event.text("case_no").unwrap_or_default(),
                reason_len: reason.trim().chars().count(),
                remedy_told: told(event),
            })
        } else {
            Answer::Granted
        };
        answers.put(event, answer);
    }

    fn check(answers: &Facts<Answer>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Answer>, Params>] = &[("APPR-P05", without_reason)];
        apply(rules, &params.off, answers, params, look);
    }
}

/// Present and empty is lacking: not told.
fn told(event: &Event<'_>) -> Option<bool> {
    let value = event.get("remedy_told")?;
    value.bool().or(value.is_empty().then_some(false))
}

/// APPR-P05: every refusal with a fault is yellow, the third and later ones of the month are red.
fn without_reason(answers: &Facts<Answer>, params: &Params, look: &mut Look<'_>) {
    let limits = &params.limits;
    let mut faults = 0;
    let mut cards: BTreeMap<&str, u32> = BTreeMap::new();
    for entry in answers {
        let Answer::Refused(refusal) = &entry.fact else { continue };
        let is_short = refusal.reason_len < limits.reason_min;
        if refusal.remedy_told.is_none() && !is_short {
            look.unknown("remedy_told");
            continue;
        }
        let is_untold = refusal.remedy_told == Some(false);
        if !is_short && !is_untold {
            continue;
        }
        faults += 1;
        if faults > CARDS_MAX {
            break;
        }
        // A case that was submitted anew and refused again has a card for each refusal.
        let card = cards.entry(&refusal.case_no).or_default();
        *card += 1;
        let episode = match *card {
            1 => refusal.case_no.clone(),
            nth => format!("{}/{nth}", refusal.case_no),
        };
        let (zh, en) = match (is_short, is_untold) {
            (true, true) => ("理由不足且未告知救济途径", "no sufficient reason, no remedy told"),
            (true, false) => ("未说明理由或理由过短", "no sufficient reason"),
            _ => ("未告知救济途径", "no remedy told"),
        };
        let level = if faults >= limits.refusal_red { Level::Red } else { Level::Yellow };
        let fire = Fire::new(level, entry.time)
            .subject(&refusal.case_no)
            .episode(episode)
            .dept(&entry.dept)
            .evidence([entry.seq])
            .int("reason_len", refusal.reason_len as i64)
            .int("reason_min", limits.reason_min as i64)
            .int("nth", faults as i64)
            .text("zh", zh)
            .text("en", en);
        look.fire_because(fire, || {
            let (length, min) = (refusal.reason_len, limits.reason_min);
            let (red, case_no) = (limits.refusal_red, &refusal.case_no);
            Why::new(
                format!(
                    "{case_no}：{zh}，理由 {length} 字（限不少于 {min}），                     本月第 {faults} 件（第 {red} 件起红牌）"
                ),
                format!(
                    "{case_no}: {en}, a reason of {length} characters ({min} at least),                      number {faults} this month (red from {red} on)"
                ),
            )
            .text("case_no", case_no)
            .count("refusal_red", red)
        });
    }
    if faults == 0 {
        look.quiet(|| in_order(answers, params));
    }
}

/// Refusals with reason and remedy.
fn in_order(answers: &Facts<Answer>, params: &Params) -> Why {
    let refusals = answers.iter().filter_map(|entry| match &entry.fact {
        Answer::Refused(refusal) => Some(refusal),
        Answer::Granted => None,
    });
    let (mut count, mut untold, mut shortest) = (0, 0, usize::MAX);
    for refusal in refusals {
        count += 1;
        untold += usize::from(refusal.remedy_told.is_none());
        shortest = shortest.min(refusal.reason_len);
    }
    let min = params.limits.reason_min;
    let why = if count == 0 {
        Why::new("本月没有不予受理或不予许可", "no refusal this month")
    } else {
        Why::new(
            format!("本月不予受理或不予许可 {count} 件，最短理由 {shortest} 字，限不少于 {min} 字"),
            format!(
                "{count} refusals this month, shortest reason {shortest} characters, at least {min}"
            ),
        )
        .count("reason_len", shortest)
    };
    why.count("refusals", count).count("reason_min", min).count("remedy_unknown", untold)
}
