//! CMP-P01 无批准/紧急补批: each taking against the approvals of its case, and who was there.

use super::case::{Act, Taken};
use crate::Params;
use crate::defect::Defects;
use plumbline_guest::{Entry, Facts, Level, Local, Look, Why};

/// Cards of one case: more lists than that are one and the same practice.
const CARDS_MAX: usize = 50;

/// One red card for each list.
pub(crate) fn missing(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
    let (mut seen, mut cards) = (0, 0);
    for entry in acts {
        let Act::Taken(taken) = &entry.fact else { continue };
        seen += 1;
        if cards < CARDS_MAX {
            cards += usize::from(judge(acts, (entry, taken), params, look));
        }
    }
    if seen == 0 {
        look.quiet(|| Why::new("没有实施强制措施", "no measure was taken").count("measures", 0));
    }
}

/// Approvals of a taking: the latest in time, else the first after it.
fn approvals<'a>(
    acts: &'a Facts<Act>,
    entry: &Entry<Act>,
    taken: &Taken,
) -> Option<&'a Entry<Act>> {
    let mut fitting = acts.iter().filter(|act| match &act.fact {
        Act::Approved { list_no, .. } if !list_no.is_empty() => *list_no == taken.list_no,
        Act::Approved { kind, .. } => {
            kind.is_empty() || taken.kind.is_empty() || *kind == taken.kind
        }
        _ => false,
    });
    let before = fitting.clone().rfind(|act| act.time <= entry.time);
    before.or_else(|| fitting.find(|act| act.time > entry.time))
}

/// Whether a card came of it.
fn judge(
    acts: &Facts<Act>,
    (entry, taken): (&Entry<Act>, &Taken),
    params: &Params,
    look: &mut Look<'_>,
) -> bool {
    let limits = &params.coercion;
    let mut defects = Defects::default();
    let mut unknown = None;
    match taken.officers {
        None => unknown = Some("officers"),
        Some(officers) if officers < limits.officers_min => defects.add(
            (Level::Red, entry.time, entry.seq),
            format!("到场执法人员 {officers} 人，少于 {} 人", limits.officers_min),
            format!("{officers} officers on the spot, fewer than {}", limits.officers_min),
        ),
        Some(_) => {}
    }
    let approved = approvals(acts, entry, taken);
    if approved.is_none_or(|approved| approved.time > entry.time) {
        let approved = approved.map(|approved| (approved.time, approved.seq));
        let lacks = afterwards((entry, taken), approved, params, &mut defects, look);
        unknown = unknown.or(lacks);
    }
    if let Some(field) = unknown.filter(|_| defects.is_empty()) {
        look.unknown(field);
        return false;
    }
    let looked = || {
        let why = Why::default()
            .text("list", &taken.list_no)
            .at("taken_at", entry.time)
            .int("urgent_h", limits.urgent_h)
            .count("officers_min", limits.officers_min);
        match approved {
            Some(approved) => why.and(
                Why::new(
                    format!("{} 实施，批准于 {}", entry.time, approved.time),
                    format!("taken {}, approved {}", entry.time, approved.time),
                )
                .at("approved_at", approved.time),
            ),
            None => why.and(Why::new("没有批准记录", "no approval on record")),
        }
    };
    let finish = |fire: plumbline_guest::Fire| {
        let fire = fire.dept(&entry.dept).text("list_no", &taken.list_no).episode(&taken.list_no);
        if taken.list_no.is_empty() { fire } else { fire.subject(&taken.list_no) }
    };
    let fired = defects.fire(look, finish, looked);
    if !fired {
        look.quiet(looked);
    }
    fired
}

/// Taken before approval. Returns what is missing to judge.
fn afterwards(
    (entry, taken): (&Entry<Act>, &Taken),
    approved: Option<(Local, u64)>,
    params: &Params,
    defects: &mut Defects,
    look: &mut Look<'_>,
) -> Option<&'static str> {
    let hours = params.coercion.urgent_h;
    let late = taken.logged.plus_minutes(params.grace_min);
    let seq = approved.map_or(entry.seq, |(_, seq)| seq);
    let is_urgent = taken.urgent == Some(true) && taken.has_reason;
    if taken.urgent.is_some() && !is_urgent {
        if !look.reached(late) {
            return None;
        }
        let (zh, en) = if taken.urgent == Some(true) {
            ("未经批准，称情况紧急但未说明理由", "not approved; called urgent without a reason")
        } else {
            ("未经批准即实施", "taken before it was approved")
        };
        defects.add((Level::Red, entry.time, entry.seq), zh, en);
        return None;
    }
    let deadline = entry.time.plus_hours(hours);
    let lapsed = match approved {
        Some((at, _)) => at > deadline,
        None => look.reached(deadline.plus_minutes(params.grace_min).max(late)),
    };
    if lapsed {
        defects.add(
            (Level::Red, deadline, seq),
            format!("情况紧急，实施后 {hours} 小时内未补办批准"),
            format!("urgent, not approved within {hours} hours afterwards"),
        );
        return None;
    }
    taken.urgent.is_none().then_some("urgent")
}
