//! Objections, questions and complaints: PROC-T04 异议投诉超期.

use super::fact::{Challenge, Fact};
use super::view::{Act, Process, Regime, same};
use crate::clue::{Clue, Clues};
use crate::{Params, period};
use plumbline_guest::{Level, Local, Look, Span, Unit, Why};

/// PROC-T04: one card for each challenge; red if the process went on although it had to rest.
pub(super) fn unanswered(process: &Process<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let Some(regime) = process.regime() else {
        clues.missing("proc.project.registered", look);
        return clues.tell(look, Why::default);
    };
    let challenges = process.challenges();
    let count = challenges.len();
    for (act, said, answered) in challenges {
        if is_out_of_time(process, act, said, regime, params) {
            clues.exempt(look, || {
                let (zh, en) =
                    ("异议逾期提出，不受答复期限约束", "the objection itself came too late");
                Why::new(zh, en).at("received", act.at())
            });
            continue;
        }
        clock(process, (act, said, answered), regime, (params, &mut clues), look);
        went_on(process, (act, said, answered), regime, &mut clues, look);
    }
    clues.tell(look, || {
        Why::new(
            format!("异议投诉 {count} 件，均未逾期，期间未继续推进"),
            format!("{count} challenges, none is late and the process rested"),
        )
        .count("challenges", count)
    });
}

/// An objection to the documents must come some days before the deadline, one to the result while
/// the candidates are published.
fn is_out_of_time(
    process: &Process<'_>,
    act: Act<'_>,
    said: &Challenge,
    regime: Regime,
    params: &Params,
) -> bool {
    if regime != Regime::Tender || said.kind != "objection" {
        return false;
    }
    match said.stage.as_str() {
        "document" => {
            process.last_round().and_then(|round| round.deadline).is_some_and(|deadline| {
                i64::from(deadline.day().0 - act.day().0) < params.objection_ahead_days
            })
        }
        "result" => {
            let ends = process.find(|act| match act.fact() {
                Fact::Candidates { until, .. } => *until,
                _ => None,
            });
            ends.into_iter().max().is_some_and(|until| act.at() >= until)
        }
        _ => false,
    }
}

type Matter<'a, 'p> = (Act<'a>, &'p Challenge, Option<Act<'a>>);

/// Until when it had to be answered.
fn clock<'a>(
    process: &Process<'a>,
    (act, said, answered): Matter<'a, '_>,
    regime: Regime,
    (params, clues): (&Params, &mut Clues),
    look: &mut Look<'_>,
) {
    let accepted = process.acts.iter().copied().find(|other| match other.fact() {
        Fact::ChallengeAccepted { no, .. } => same(no, &said.no) && other.at() >= act.at(),
        _ => false,
    });
    let is_complaint = said.kind == "complaint";
    if is_complaint && (accepted.is_some() || params.acceptance_expected) {
        let limit = (params.complaint_accept_wd, Unit::WorkingDay);
        let done = accepted.or(answered);
        let words = ("投诉受理", "acceptance of the complaint");
        judge((act, said), limit, &[], done, words, clues, look);
    }
    let (limit, from) = match said.kind.as_str() {
        "complaint" => {
            // What is not reported to be accepted counts as accepted on the last day for it.
            let extra = if accepted.is_some() { 0 } else { params.complaint_accept_wd };
            ((params.complaint_wd + extra, Unit::WorkingDay), accepted.unwrap_or(act))
        }
        "question" => ((params.question_wd, Unit::WorkingDay), act),
        "inquiry" => ((params.inquiry_wd, Unit::WorkingDay), act),
        "objection" if regime == Regime::Government => {
            ((params.question_wd, Unit::WorkingDay), act)
        }
        "objection" => ((params.objection_days, Unit::CalendarDay), act),
        _ => return clues.missing("kind", look),
    };
    let excluded = [accepted, answered].into_iter().flatten().flat_map(|act| match act.fact() {
        Fact::ChallengeAccepted { excluded, .. } | Fact::ChallengeAnswered { excluded, .. } => {
            excluded.as_slice()
        }
        _ => &[],
    });
    let pauses: Vec<_> =
        excluded.map(|(begin, end): &(Local, Local)| Span { begin: *begin, end: *end }).collect();
    let words = ("答复", "the answer");
    judge((from, said), limit, &pauses, answered, words, clues, look);
}

fn judge(
    (from, said): (Act<'_>, &Challenge),
    limit: (i32, Unit),
    pauses: &[Span],
    done: Option<Act<'_>>,
    (zh, en): (&str, &str),
    clues: &mut Clues,
    look: &mut Look<'_>,
) {
    let Some(due) = period::due(look, from.day(), limit, pauses) else {
        return clues.provisional(look);
    };
    if !period::is_late(due, done.map(Act::at), look) {
        return;
    }
    let (kind_zh, kind) = (name(&said.kind), &said.kind);
    let words = (
        format!("{kind_zh} {} {zh}逾期，应不迟于 {due}", said.no),
        format!("{en} to {kind} {} is late, due {due}", said.no),
    );
    let clue = Clue::overdue(Level::Yellow, due, words)
        .episode(said.no.as_str())
        .evidence([from.seq()])
        .evidence(done.map(Act::seq))
        .figure("limit", limit.0.into());
    clues.put(clue);
}

/// Under the tender law an objection holds the process until the answer; a complaint, or a matter
/// under the procurement law, only where the authority said so.
fn went_on<'a>(
    process: &Process<'a>,
    (act, said, answered): Matter<'a, '_>,
    regime: Regime,
    clues: &mut Clues,
    look: &mut Look<'_>,
) {
    let must_rest = said.suspended || (regime == Regime::Tender && said.kind == "objection");
    let until = answered.map_or(look.now(), Act::at);
    let went_on = process.acts.iter().find(|step| {
        let is_step = matches!(
            step.fact(),
            Fact::Opened { .. }
                | Fact::EvaluationStarted
                | Fact::EvaluationFinished { .. }
                | Fact::Candidates { .. }
                | Fact::Award { .. }
                | Fact::Contract(_)
        );
        is_step && step.at() > act.at() && step.at() < until
    });
    let Some(step) = went_on.filter(|_| must_rest) else { return };
    let words = (
        format!("{} {} 答复前未暂停，{} 仍继续推进", name(&said.kind), said.no, step.at()),
        format!(
            "the process went on at {} before {} {} was answered",
            step.at(),
            said.kind,
            said.no
        ),
    );
    let clue = Clue::new(Level::Red, step.at(), words)
        .episode(said.no.as_str())
        .evidence([act.seq(), step.seq()])
        .figure("went_on", 1);
    clues.put(clue);
}

fn name(kind: &str) -> &'static str {
    match kind {
        "objection" => "异议",
        "question" => "质疑",
        "inquiry" => "询问",
        _ => "投诉",
    }
}
