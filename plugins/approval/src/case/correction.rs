//! APPR-T05 多次补正: the duty to say once and completely what is missing.

use super::defect::Defects;
use super::fact::{Fact, Notice};
use super::view::{Act, Case};
use crate::Params;
use plumbline_guest::{Level, Look, Why};
use std::collections::BTreeMap;

/// Level by the number of notices that nothing excuses: yellow above `max_notices`, red above one
/// more. A notice after acceptance is yellow, red if a stop is claimed for it.
///
/// In a joint approval each member's notices count for themselves.
pub(crate) fn repeated(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let joint = case.item.as_ref().is_some_and(|item| item.joint);
    let max = params.case.max_notices;
    let mut members: BTreeMap<&str, Member<'_>> = BTreeMap::new();
    let mut defects = Defects::default();
    let mut unknown = false;
    for entry in case.facts {
        match &entry.fact {
            Fact::CorrectionSupplied(supply) => {
                for member in members.values_mut() {
                    member.incomplete = supply.complete == Some(false);
                }
            }
            Fact::CorrectionRequested(said) => {
                let act = Act { entry, said };
                if is_after_acceptance(case, act) {
                    let proof = (Level::Yellow, act.time(), act.seq());
                    defects.add(
                        proof,
                        "受理后仍要求补正",
                        "a correction asked for after acceptance",
                    );
                }
                let member = members.entry(if joint { &entry.dept } else { "" }).or_default();
                let Some(items) = &said.items else {
                    unknown = true;
                    continue;
                };
                if !member.excuses(said, items) {
                    member.count += 1;
                }
                member.items.extend(items.iter().map(String::as_str));
                if member.count > max {
                    let level = if member.count > max + 1 { Level::Red } else { Level::Yellow };
                    let count = member.count;
                    let proof = (level, act.time(), act.seq());
                    defects.add(
                        proof,
                        format!("第 {count} 次补正告知，提出了首次可见的问题"),
                        format!("correction notice {count} asks what could be seen at first"),
                    );
                }
            }
            _ => {}
        }
    }
    if claims_stop(case) {
        escalate_late_notice(case, &mut defects);
    }
    if defects.is_empty() && unknown {
        return look.unknown("items");
    }
    let tally = members.values().map(|member| member.count).max().unwrap_or(0);
    defects.fire(look, |fire| fire.dept(case.dept()), |_| looked(case, tally, max));
}

/// How many notices there are, how many of them count, and how many may.
fn looked(case: &Case<'_>, tally: i32, max: i32) -> Why {
    let notices = case.facts.iter().filter_map(|entry| match &entry.fact {
        Fact::CorrectionRequested(said) => Some(Act { entry, said }),
        _ => None,
    });
    let notices: Vec<_> = notices.collect();
    let late = notices.iter().filter(|notice| is_after_acceptance(case, **notice)).count();
    let days: Vec<_> = notices.iter().map(|notice| notice.day().to_string()).collect();
    let count = days.len();
    Why::new(
        format!("补正告知 {count} 次，计数 {tally} 次，限 {max} 次；受理后告知 {late} 次"),
        format!(
            "{count} correction notices, {tally} counted, {max} allowed; {late} after acceptance"
        ),
    )
    .count("notices", count)
    .int("counted", tally)
    .int("max_notices", max)
    .count("after_acceptance", late)
    .texts("noticed_on", days.iter().map(String::as_str))
}

/// What one office has asked for so far.
#[derive(Debug, Default)]
struct Member<'a> {
    count: i32,
    items: Vec<&'a str>,
    /// Whether the last supply was incomplete.
    incomplete: bool,
}

impl Member<'_> {
    /// New material made a new defect, or the notice repeats what was not supplied.
    fn excuses(&self, notice: &Notice, items: &[String]) -> bool {
        let repeats = !items.is_empty()
            && self.incomplete
            && items.iter().all(|item| self.items.contains(&item.as_str()));
        notice.new_defect || repeats
    }
}

fn is_after_acceptance(case: &Case<'_>, notice: Act<'_, Notice>) -> bool {
    case.accepted.is_some_and(|accepted| notice.time() > accepted.time())
}

/// Whether a stop for a correction is claimed after acceptance.
fn claims_stop(case: &Case<'_>) -> bool {
    let Some(accepted) = case.accepted else { return false };
    case.facts.iter().any(|entry| match &entry.fact {
        Fact::Paused(pause) => {
            pause.kind.as_deref() == Some("correction") && entry.time > accepted.time()
        }
        _ => false,
    })
}

fn escalate_late_notice(case: &Case<'_>, defects: &mut Defects) {
    let late = case.facts.iter().any(|entry| match &entry.fact {
        Fact::CorrectionRequested(said) => is_after_acceptance(case, Act { entry, said }),
        _ => false,
    });
    if late {
        defects.escalate(Level::Red);
    }
}
