//! PEN-P04 缺事先告知: decided without telling the party before, too soon, or more than was told.

use super::fact::{Decision, Fact, Notice, sum};
use super::hearing::needs_hearing;
use super::view::{Act, Case};
use crate::Params;
use crate::defect::Defects;
use plumbline_guest::{Fire, Level, Look, Unit, Why};

/// Penalties that make nothing heavier when they are added.
const LIGHT: [&str; 2] = ["warning", "circular"];

/// The last notice before the decision.
pub(crate) fn told<'a>(case: &Case<'a>, decided: Act<'_, Decision>) -> Option<Act<'a, Notice>> {
    let notices = case.facts.iter().filter_map(|entry| match &entry.fact {
        Fact::Notice(said) => Some(Act { entry, said: &**said }),
        _ => None,
    });
    notices.filter(|notice| notice.at() <= decided.at()).max_by_key(|notice| notice.at())
}

/// Whether the party signed away its time between notice and decision.
pub(crate) fn is_waived(
    case: &Case<'_>,
    notice: Act<'_, Notice>,
    decided: Act<'_, Decision>,
) -> bool {
    case.facts.iter().any(|entry| {
        let between = notice.at() <= entry.time && entry.time <= decided.at();
        matches!(entry.fact, Fact::Waived) && between
    })
}

/// PEN-P04: red.
pub(crate) fn missing(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(decided) = case.decided else {
        return look.quiet(|| Why::new("尚未决定", "not decided yet").flag("decided", false));
    };
    if decided.said.items.as_ref().is_some_and(Vec::is_empty) {
        return look.exempt(|| {
            Why::new("不予处罚，无须告知处罚内容", "nothing was imposed").flag("imposed", false)
        });
    }
    let mut defects = Defects::default();
    let proof = (Level::Red, decided.at(), decided.seq());
    match decided.said.simple {
        None => return look.unknown("simple"),
        Some(true) if decided.said.oral_notice != Some(false) => {
            return look.exempt(|| {
                Why::new("当场处罚口头告知", "told by word of mouth on the spot")
                    .flag("simple", true)
            });
        }
        Some(true) => {
            defects.add(proof, "当场处罚未口头告知", "not even told by word of mouth");
        }
        Some(false) => {
            let Some(notice) = told(case, decided) else {
                let wait = decided.said.logged.plus_minutes(params.limits.step_grace_min);
                if !look.reached(wait) {
                    return look.quiet(|| {
                        Why::new("等待迟到记录", "waiting for late lines").flag("waiting", true)
                    });
                }
                defects.add(proof, "决定前没有事先告知", "no notice before the decision");
                return finish(case, defects, look);
            };
            judge_content(notice, &mut defects);
            judge_weight(notice, decided, &mut defects);
            if !judge_gap(case, (notice, decided), params, &mut defects, look) {
                return look.provisional();
            }
            if defects.is_empty()
                && (decided.said.items.is_none() || notice.said.proposed.is_none())
            {
                return look.unknown("items");
            }
        }
    }
    finish(case, defects, look);
}

fn finish(case: &Case<'_>, defects: Defects, look: &mut Look<'_>) {
    let fire = |fire: Fire| fire.dept(case.dept());
    defects.fire(look, fire, |_| {
        let count = case.facts.iter().filter(|entry| matches!(entry.fact, Fact::Notice(_))).count();
        Why::new(format!("事先告知 {count} 次"), format!("{count} notices")).count("notices", count)
    });
}

fn judge_content(notice: Act<'_, Notice>, defects: &mut Defects) {
    let proof = (Level::Red, notice.at(), notice.seq());
    for (stated, zh, en) in [
        (notice.said.facts, "告知书没有事实", "the notice states no facts"),
        (notice.said.basis, "告知书没有依据", "the notice states no legal basis"),
        (notice.said.statement_told, "未告知陈述申辩权", "the right to be heard was not told"),
    ] {
        if stated == Some(false) {
            defects.add(proof, zh, en);
        }
    }
}

/// What the decision imposes beyond the notice.
fn judge_weight(notice: Act<'_, Notice>, decided: Act<'_, Decision>, defects: &mut Defects) {
    let (Some(proposed), Some(imposed)) = (&notice.said.proposed, &decided.said.items) else {
        return;
    };
    let proof = (Level::Red, decided.at(), decided.seq());
    for item in imposed.iter().filter(|item| !LIGHT.contains(&&*item.kind)) {
        if !proposed.iter().any(|told| told.kind == item.kind) {
            let kind = &item.kind;
            defects.add(
                proof,
                format!("决定含告知书没有的处罚（{kind}）"),
                format!("imposes a penalty that was not told ({kind})"),
            );
        }
    }
    for (kind, zh, en) in [("fine", "罚款", "fine"), ("confiscation", "没收", "confiscation")] {
        let (told, given) = (sum(proposed, kind), sum(imposed, kind));
        if let (Some(told), Some(given)) = (told, given)
            && told > 0
            && given > told
        {
            defects.add(
                proof,
                format!("{zh} {given} 分重于告知的 {told} 分"),
                format!("a {en} of {given} fen where {told} were told"),
            );
        }
    }
}

/// Too soon after the notice; false if that cannot be counted yet.
fn judge_gap(
    case: &Case<'_>,
    (notice, decided): (Act<'_, Notice>, Act<'_, Decision>),
    params: &Params,
    defects: &mut Defects,
    look: &Look<'_>,
) -> bool {
    if is_waived(case, notice, decided) {
        return true;
    }
    let offered = notice.said.hearing_told == Some(true)
        && needs_hearing(case, notice, params, look) != Some(false);
    let limit = if offered { params.limits.hearing_wd } else { params.limits.notice_wd };
    let (from, to) = (notice.day(), decided.day());
    // Three weeks hold more working days than any of these periods, even over a holiday.
    if limit == 0 || to > from.plus(limit * 2 + 14) {
        return true;
    }
    let first = look.add(from, limit, Unit::WorkingDay, false);
    if first.provisional {
        return false;
    }
    if to < first.day {
        let used = look.count(from, to, Unit::WorkingDay, &[]);
        defects.add(
            (Level::Red, decided.at(), decided.seq()),
            format!("告知后仅 {used} 个工作日即决定（至少 {limit} 个），当事人未放弃"),
            format!("decided {used} working days after the notice, {limit} at least, no waiver"),
        );
    }
    true
}
