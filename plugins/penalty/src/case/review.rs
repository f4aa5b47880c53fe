//! PEN-P06 缺法制审核/集体讨论: major cases decided without legal review or collective discussion.

use super::fact::Fact;
use super::hearing::was_held;
use super::view::Case;
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
    let mut unknown = None;
    let proof = (Level::Red, decided.at(), decided.seq());
    let before = |at| at <= decided.at();
    let reviews: Vec<_> = case
        .facts
        .iter()
        .filter_map(|entry| match &entry.fact {
            Fact::LegalReview(said) if before(entry.time) => Some((entry, said)),
            _ => None,
        })
        .collect();
    match reviews.iter().rfind(|(_, said)| said.pass != Some(false)) {
        None => defects.add(
            proof,
            "决定前没有通过法制审核",
            "no legal review passed before the decision",
        ),
        Some((entry, said)) => {
            if said.pass.is_none() {
                unknown = Some("result");
            }
            let proof = (Level::Red, entry.time, entry.seq);
            if said.qualified == Some(false) {
                defects.add(
                    proof,
                    "审核人员没有法律职业资格",
                    "the reviewer lacks the qualification",
                );
            }
            let reviewer = said.reviewer.as_deref().filter(|reviewer| !reviewer.is_empty());
            let is_own = reviewer
                .is_some_and(|reviewer| case.officers(decided.at()).any(|other| other == reviewer));
            if is_own && !params.limits.self_review {
                defects.add(proof, "审核人员是本案执法人员", "reviewed by an officer of the case");
            }
        }
    }
    let discussed =
        case.facts.iter().any(|entry| matches!(entry.fact, Fact::Discussed) && before(entry.time));
    if !discussed {
        defects.add(proof, "决定前没有集体讨论", "no collective discussion before the decision");
    }
    if let (true, Some(field)) = (defects.is_empty(), unknown) {
        return look.unknown(field);
    }
    let fire = |fire: Fire| fire.dept(case.dept());
    let count = reviews.len();
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
