//! PEN-P06 缺法制审核/集体讨论: major cases decided without legal review or collective discussion.

use super::fact::{Decision, Fact};
use super::hearing::was_held;
use super::view::{Act, Case};
use crate::Params;
use crate::defect::Defects;
use plumbline_guest::{Fire, Level, Look, Why};

/// PEN-P06: red. Both are due where the case or its cause is flagged major, and after a hearing.
pub(crate) fn missing(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(decided) = case.decided else {
        return look.quiet(|| Why::new("尚未决定", "not decided yet").flag("decided", false));
    };
    let cause = case.cause(look);
    let flagged = case.filed.is_some_and(|filed| filed.said.major);
    let is_major = flagged || cause.is_some_and(|cause| cause.major);
    let heard = was_held(case, decided.at());
    if !is_major && !heard {
        if cause.is_none() && case.cause_code().is_some() {
            return look.unknown("cause.major_flag");
        }
        return look.quiet(|| {
            Why::new("不属重大复杂，也未举行听证", "neither major nor heard")
                .flag("major", false)
                .flag("hearing", false)
        });
    }
    if !look.reached(decided.said.logged.plus_minutes(params.limits.step_grace_min)) {
        return look
            .quiet(|| Why::new("等待迟到记录", "waiting for late lines").flag("waiting", true));
    }
    let mut defects = Defects::default();
    let (count, unknown) = judge_review(case, decided, params, &mut defects);
    let proof = (Level::Red, decided.at(), decided.seq());
    let discussed = case
        .facts
        .iter()
        .any(|entry| matches!(entry.fact, Fact::Discussed) && entry.time <= decided.at());
    if !discussed {
        defects.add(proof, "决定前没有集体讨论", "no collective discussion before the decision");
    }
    if let (true, Some(field)) = (defects.is_empty(), unknown) {
        return look.unknown(field);
    }
    let fire = |fire: Fire| fire.dept(case.dept());
    defects.fire(look, fire, |_| {
        Why::new(
            format!("重大复杂或经听证的案件，决定前法制审核 {count} 次"),
            format!("major or heard, {count} legal reviews before the decision"),
        )
        .flag("major", is_major)
        .flag("hearing", heard)
        .count("reviews", count)
        .flag("discussed", discussed)
    });
}

/// Judges the last review that passed; how many there were, and what of it is not known.
fn judge_review(
    case: &Case<'_>,
    decided: Act<'_, Decision>,
    params: &Params,
    defects: &mut Defects,
) -> (usize, Option<&'static str>) {
    let reviews = case.facts.iter().filter_map(|entry| match &entry.fact {
        Fact::LegalReview(said) if entry.time <= decided.at() => Some((entry, said)),
        _ => None,
    });
    let reviews: Vec<_> = reviews.collect();
    let count = reviews.len();
    let Some((entry, said)) = reviews.into_iter().rfind(|(_, said)| said.pass != Some(false))
    else {
        let proof = (Level::Red, decided.at(), decided.seq());
        let en = "no legal review passed before the decision";
        defects.add(proof, "决定前没有通过法制审核", en);
        return (count, None);
    };
    let proof = (Level::Red, entry.time, entry.seq);
    if said.qualified == Some(false) {
        defects.add(proof, "审核人员没有法律职业资格", "the reviewer lacks the qualification");
    }
    let reviewer = said.reviewer.as_deref().filter(|reviewer| !reviewer.is_empty());
    let is_own = reviewer.is_some_and(|own| case.officers(decided.at()).any(|other| other == own));
    if is_own && !params.limits.self_review {
        defects.add(proof, "审核人员是本案执法人员", "reviewed by an officer of the case");
    }
    (count, said.pass.is_none().then_some("result"))
}
