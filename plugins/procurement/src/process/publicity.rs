//! What must follow the evaluation in time: PROC-T03 公示/签约/备案/报告超期.

use super::fact::Fact;
use super::view::{Act, Process, Regime, same};
use crate::clue::{Clue, Clues};
use crate::{Params, period};
use plumbline_guest::{Day, Level, Local, Look, Span, Unit, Why};

/// One step that must follow another in time.
#[derive(Debug)]
struct Step<'a> {
    name: &'static str,
    zh: &'static str,
    en: &'static str,
    lot: &'a str,
    from: Act<'a>,
    /// When the period begins, where that is not when `from` happened.
    since: Day,
    limit: i32,
    unit: Unit,
    done: Option<Act<'a>>,
    /// When it was done, if that is no act of its own.
    done_at: Option<Local>,
}

/// PROC-T03: one card for each step and lot.
pub(super) fn late(process: &Process<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let Some(regime) = process.regime().filter(|regime| *regime != Regime::Asset) else {
        if process.registered.is_none() {
            clues.missing("proc.project.registered", look);
        } else {
            let (zh, en) = ("土地、产权交易不适用", "not for land and property");
            clues.exempt(look, || Why::new(zh, en).flag("asset", true));
        }
        return clues.tell(look, Why::default);
    };
    if regime == Regime::Tender && process.mandatory(params, look) == Some(false) {
        clues.exempt(look, || super::view::voluntary(process));
        return clues.tell(look, Why::default);
    }
    let mut steps = match regime {
        Regime::Government => after_government(process, params),
        _ => after_tender(process, params),
    };
    steps.extend(contracts(process, params));
    let pauses = process.pauses();
    let count = steps.len();
    for step in steps {
        judge(process, &step, &pauses, params, &mut clues, look);
    }
    if regime == Regime::Tender {
        publication(process, params, &mut clues);
    }
    clues.tell(look, || {
        Why::new(
            format!("评标之后的 {count} 个步骤均未逾期"),
            format!("none of {count} steps after the evaluation is late"),
        )
        .count("steps", count)
    });
}

/// Reports of the evaluation with the day on which they reached the buyer.
fn reports<'a>(process: &Process<'a>) -> Vec<(Act<'a>, &'a str, Day)> {
    process.find(|act| match act.fact() {
        Fact::EvaluationFinished { lot, reported } => {
            Some((act, lot.as_str(), reported.map_or(act.day(), Local::day)))
        }
        _ => None,
    })
}

/// The first act after `from` that `is` what is looked for.
fn next<'a>(process: &Process<'a>, from: Act<'a>, is: impl Fn(&Fact) -> bool) -> Option<Act<'a>> {
    process.acts.iter().copied().find(|act| act.at() >= from.at() && is(act.fact()))
}

fn after_tender<'a>(process: &Process<'a>, params: &Params) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    for (from, lot, since) in reports(process) {
        let done = next(process, from, |fact| match fact {
            Fact::Candidates { lot: of, .. } => same(of, lot),
            _ => false,
        });
        steps.push(Step {
            name: "candidates",
            zh: "公示中标候选人",
            en: "publication of the candidates",
            lot,
            from,
            since,
            limit: params.publish_days,
            unit: Unit::CalendarDay,
            done,
            done_at: None,
        });
    }
    let reported = process.acts.iter().copied().find(|act| matches!(act.fact(), Fact::Report));
    let award = process.awards().first().map(|(act, ..)| *act);
    if let Some(from) = award.filter(|_| reported.is_some() || params.report_expected) {
        steps.push(Step {
            name: "report",
            zh: "向监督部门提交书面报告",
            en: "the written report to the supervising department",
            lot: "",
            from,
            since: from.day(),
            limit: params.report_days,
            unit: Unit::CalendarDay,
            done: reported,
            done_at: None,
        });
    }
    steps
}

fn after_government<'a>(process: &Process<'a>, params: &Params) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    for (from, lot, since) in reports(process) {
        let done = next(process, from, |fact| match fact {
            Fact::Award { lot: of, .. } => same(of, lot),
            _ => false,
        });
        steps.push(Step {
            name: "choose",
            zh: "确定中标人",
            en: "the choice of the winner",
            lot,
            from,
            since,
            limit: params.choose_wd,
            unit: Unit::WorkingDay,
            done,
            done_at: None,
        });
    }
    for (from, lot, ..) in process.awards() {
        let Fact::Award { told: Some(told), .. } = from.fact() else { continue };
        steps.push(Step {
            name: "notice",
            zh: "发出中标通知书并公告结果",
            en: "the notice of award and its announcement",
            lot,
            from,
            since: from.day(),
            limit: params.announce_wd,
            unit: Unit::WorkingDay,
            done: None,
            done_at: Some(*told),
        });
    }
    steps.extend(filings(process, params));
    steps
}

/// Filing and publication of each contract.
fn filings<'a>(process: &Process<'a>, params: &Params) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    for (from, contract) in process.contracts() {
        let filed = next(process, from, |fact| match fact {
            Fact::Filed { lot, .. } => same(lot, &contract.lot),
            _ => false,
        });
        let step = |name, zh, en, limit, done, done_at| Step {
            name,
            zh,
            en,
            lot: &contract.lot,
            from,
            since: from.day(),
            limit,
            unit: Unit::WorkingDay,
            done,
            done_at,
        };
        steps.push(step(
            "filing",
            "合同副本备案",
            "filing of the contract",
            params.file_wd,
            filed,
            None,
        ));
        let published = filed.and_then(|act| match act.fact() {
            Fact::Filed { published, .. } => *published,
            _ => None,
        });
        if published.is_some() {
            let (zh, en) = ("合同公告", "publication of the contract");
            steps.push(step("published", zh, en, params.announce_wd, None, published));
        }
    }
    steps
}

fn contracts<'a>(process: &Process<'a>, params: &Params) -> Vec<Step<'a>> {
    let step = |(from, lot, supplier, _): (Act<'a>, &'a str, &'a str, Option<i64>)| Step {
        name: "contract",
        zh: "签订合同",
        en: "signing of the contract",
        lot,
        from,
        since: from.day(),
        limit: params.contract_days,
        unit: Unit::CalendarDay,
        done: next(process, from, |fact| match fact {
            Fact::Contract(contract) => {
                same(&contract.lot, lot) && same(&contract.supplier, supplier)
            }
            _ => false,
        }),
        done_at: None,
    };
    process.awards().into_iter().map(step).collect()
}

fn judge(
    process: &Process<'_>,
    step: &Step<'_>,
    pauses: &[Span],
    params: &Params,
    clues: &mut Clues,
    look: &mut Look<'_>,
) {
    let done = step.done_at.or(step.done.map(Act::at));
    let ended = process.terminated.filter(|end| done.is_none_or(|done| end.at() < done));
    let held: Vec<_> =
        pauses.iter().filter(|pause| pause.end >= step.since.start()).copied().collect();
    if held.iter().any(|pause| pause.end == period::OPEN) && done.is_none() {
        // An objection that is still open holds the clock.
        return;
    }
    let Some(due) = period::due(look, step.since, (step.limit, step.unit), &held) else {
        return clues.provisional(look);
    };
    let done = done.or(ended.map(Act::at));
    if !period::is_late(due, done, look) {
        return;
    }
    let mut level = Level::Yellow;
    if step.name == "contract" {
        let Some(red) = period::due(look, step.since, (params.contract_red_days, step.unit), &held)
        else {
            return clues.provisional(look);
        };
        if period::is_late(red, done, look) {
            level = Level::Red;
        }
    }
    let (zh, en, limit) = (step.zh, step.en, step.limit);
    let (of_zh, of_en) = match step.unit {
        Unit::WorkingDay => ("个工作日", "working days"),
        _ => ("日", "days"),
    };
    let words = (
        format!("{zh}超过 {limit} {of_zh}，应不迟于 {due}"),
        format!("{en} later than {limit} {of_en}, due {due}"),
    );
    let separator = if step.lot.is_empty() { "" } else { "/" };
    let clue = Clue::overdue(level, due, words)
        .episode(format!("{}{separator}{}", step.name, step.lot))
        .evidence([step.from.seq()])
        .evidence(step.done.map(Act::seq))
        .figure("limit", limit.into());
    clues.put(clue);
}

/// Candidates that stand for too few days.
fn publication(process: &Process<'_>, params: &Params, clues: &mut Clues) {
    for act in &process.acts {
        let Fact::Candidates { lot, until: Some(until) } = act.fact() else { continue };
        // A date-only end is the midnight that ends the day.
        let last = until.plus_minutes(-1).day();
        let days = last.0 - act.day().0;
        let min = params.publicity_days;
        if days >= min {
            continue;
        }
        let words = (
            format!("中标候选人公示至 {last} 仅 {days} 日，少于 {min} 日"),
            format!("candidates published until {last} for {days} days, fewer than {min}"),
        );
        let separator = if lot.is_empty() { "" } else { "/" };
        let clue = Clue::new(Level::Yellow, act.at(), words)
            .episode(format!("publicity{separator}{lot}"))
            .evidence([act.seq()])
            .figure("publicity_days", days.into());
        clues.put(clue);
    }
}
