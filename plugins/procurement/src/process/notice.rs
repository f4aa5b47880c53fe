//! Periods of the notice: PROC-T01 公告期过短, PROC-T02 澄清未顺延.

use super::fact::Fact;
use super::view::{Process, Regime, Round, not_a_tender, voluntary};
use crate::Params;
use crate::clue::{Clue, Clues};
use plumbline_guest::{Day, Level, Look, Unit, Why};

/// Whether the rules on notices apply; says why not.
fn applies(
    process: &Process<'_>,
    params: &Params,
    clues: &mut Clues,
    look: &mut Look<'_>,
) -> Option<Regime> {
    let Some(regime) = process.regime() else {
        clues.missing("proc.project.registered", look);
        return None;
    };
    if !process.is_tender() || regime == Regime::Asset {
        clues.exempt(look, || not_a_tender(process));
        return None;
    }
    if regime == Regime::Tender {
        match process.mandatory(params, look) {
            Some(true) => {}
            Some(false) => {
                clues.exempt(look, || voluntary(process));
                return None;
            }
            None => {
                clues.missing("mandatory", look);
                return None;
            }
        }
    }
    Some(regime)
}

/// PROC-T01: documents issued too shortly, or too few days until the deadline. One card a notice.
pub(super) fn short(process: &Process<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let Some(regime) = applies(process, params, &mut clues, look) else {
        return clues.tell(look, Why::default);
    };
    for round in &process.rounds {
        issue_period(round, regime, params, &mut clues, look);
        bid_period(round, params, &mut clues, look);
    }
    clues.tell(look, || {
        let text = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
        let round = process.last_round();
        let from = text(round.and_then(|round| round.docs_from));
        let deadline = text(round.and_then(|round| Some(round.deadline?.day())));
        Why::new(
            format!("公告 {} 次，文件自 {from} 起发出，投标截止 {deadline}", process.rounds.len()),
            format!("{} notices, documents from {from}, deadline {deadline}", process.rounds.len()),
        )
        .count("notices", process.rounds.len())
        .int("bid_min", params.bid_days)
    });
}

/// Both ends are days of issue.
fn issue_period(
    round: &Round<'_>,
    regime: Regime,
    params: &Params,
    clues: &mut Clues,
    look: &mut Look<'_>,
) {
    let (Some(from), Some(to)) = (round.docs_from, round.docs_to) else {
        return clues.missing("docs_to", look);
    };
    let (days, min, unit_zh, unit_en) = if regime == Regime::Government {
        let days = look.count(from.plus(-1), to, Unit::WorkingDay, &[]);
        (days, params.docs_gov_wd, "个工作日", "working days")
    } else {
        (to.0 - from.0 + 1, params.docs_days, "日", "days")
    };
    if days >= min {
        return;
    }
    let words = (
        format!("招标文件 {from} 至 {to} 提供 {days} {unit_zh}，少于 {min} {unit_zh}"),
        format!("documents issued for {days} {unit_en} from {from} to {to}, fewer than {min}"),
    );
    let clue = Clue::new(Level::Red, round.set_at, words)
        .episode(round.no)
        .evidence(round.seqs.iter().copied())
        .figure("issue_days", days.into());
    clues.put(clue);
}

/// The day on which documents start to be issued is not counted.
fn bid_period(round: &Round<'_>, params: &Params, clues: &mut Clues, look: &mut Look<'_>) {
    let (Some(from), Some(deadline)) = (round.docs_from, round.deadline) else {
        return clues.missing("deadline", look);
    };
    let (days, min) = (i64::from(deadline.day().0 - from.0), params.bid_days);
    if days >= min {
        return;
    }
    let deadline = deadline.day();
    let words = (
        format!("文件开始发出日 {from} 至投标截止 {deadline} 仅 {days} 日，少于 {min} 日"),
        format!(
            "{days} days from the issue on {from} to the deadline {deadline}, fewer than {min}"
        ),
    );
    let clue = Clue::new(Level::Red, round.set_at, words)
        .episode(round.no)
        .evidence(round.seqs.iter().copied())
        .figure("bid_days", days);
    clues.put(clue);
}

/// PROC-T02: a substantive clarification close to the deadline that was not moved.
pub(super) fn late_clarification(process: &Process<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    if applies(process, params, &mut clues, look).is_none() {
        return clues.tell(look, Why::default);
    }
    let mut count = 0;
    for act in &process.acts {
        let Fact::Clarified { substantive, deadline: told, prequal } = act.fact() else { continue };
        count += 1;
        match substantive {
            None => {
                clues.missing("substantive", look);
                continue;
            }
            Some(false) => continue,
            Some(true) => {}
        }
        // The deadline as it stood in the end, the notice's change included.
        let round = process.rounds.iter().rev().find(|round| round.published <= act.at());
        let noticed =
            round.and_then(|round| if *prequal { round.prequal_deadline } else { round.deadline });
        let Some(deadline) = (*told).max(noticed) else {
            clues.missing("deadline", look);
            continue;
        };
        let min = if *prequal { params.clarify_prequal_days } else { params.clarify_days };
        let days = i64::from(deadline.day().0 - act.day().0);
        // The notice that moves the deadline may follow on the same day.
        if days >= min || !look.reached(act.day().plus(1).start()) {
            continue;
        }
        let day = act.day();
        let words = (
            format!(
                "{day} 的实质性澄清距截止 {} 仅 {days} 日（限 {min} 日）而未顺延",
                deadline.day()
            ),
            format!(
                "a substantive clarification on {day}, {days} days before the deadline {} ({min} at least), which was not moved",
                deadline.day()
            ),
        );
        let clue = Clue::new(Level::Red, act.at(), words)
            .episode(format!("{}", act.at()))
            .evidence([act.seq()])
            .evidence(round.into_iter().flat_map(|round| round.seqs.iter().copied()))
            .figure("days_left", days);
        clues.put(clue);
    }
    clues.tell(look, || {
        let min = params.clarify_days;
        Why::new(
            format!("澄清 {count} 次，实质性的均距截止不少于 {min} 日或已顺延"),
            format!("{count} clarifications, substantive ones at least {min} days ahead or moved"),
        )
        .int("clarifications", count)
        .int("days_min", min)
    });
}
