//! PEN-P08 应当记录无记录: steps of a closed case that no record shows, and evidence that the party
//! did not sign.

use super::fact::Fact;
use super::view::Case;
use crate::Params;
use crate::defect::Defects;
use crate::span::daily_timer;
use plumbline_guest::{Day, Fire, Level, Look, Why};

/// Evidence that the party signs.
const SIGNED: [&str; 4] = ["inquiry", "inspection_record", "sampling", "registration_preservation"];
/// Penalties that are carried out by paying or handing over.
const EXECUTED: [&str; 2] = ["fine", "confiscation"];

/// A step that a file must show, its names, and whether it does.
type Node = (&'static str, &'static str, fn(&Case<'_>) -> bool);

const NODES: [Node; 6] = [
    ("start", "启动", |case| {
        case.filed.is_some() || case.has(|fact| matches!(fact, Fact::Assigned(_)))
    }),
    ("inquiry", "调查取证", |case| case.has(|fact| matches!(fact, Fact::Evidence(_)))),
    ("review", "审核", |case| {
        let reviewed = |fact: &Fact| {
            matches!(fact, Fact::LegalReview(_) | Fact::Discussed | Fact::StatementReviewed)
        };
        case.has(reviewed)
    }),
    ("decision", "决定", |case| case.decided.is_some()),
    ("service", "送达", |case| {
        let handed = case.decided.is_some_and(|decided| decided.said.delivered);
        handed || case.has(|fact| matches!(fact, Fact::Served(_)))
    }),
    ("execution", "执行", is_executed),
];

/// Steps that a decision on the spot does not have.
const ORDINARY: [&str; 3] = ["start", "inquiry", "review"];

fn is_executed(case: &Case<'_>) -> bool {
    let needs = |case: &Case<'_>| {
        let decided = case.decided.map(|decided| decided.said);
        decided.is_some_and(|said| EXECUTED.iter().any(|kind| said.has(kind)))
    };
    !needs(case)
        || case.has(|fact| {
            matches!(
                fact,
                Fact::Paid(_)
                    | Fact::OnSpot(_)
                    | Fact::Instalment
                    | Fact::CourtApplied
                    | Fact::ExecutionEnded
                    | Fact::Disposed
            )
        })
}

/// PEN-P08: yellow.
pub(crate) fn missing(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let mut defects = Defects::default();
    unsigned(case, params, &mut defects, look);
    let closed = case.find(|fact| matches!(fact, Fact::Closed));
    let given_away = case.has(|fact| matches!(fact, Fact::Transferred | Fact::NotFiled));
    let mut lacking = 0;
    if let Some(closed) = closed.filter(|_| !given_away) {
        let last = closed.time.day().plus(params.limits.record_grace_cal);
        let gone = missing_nodes(case, params);
        lacking = gone.len();
        // Paper files are scanned later: within the grace nothing is missing yet.
        if lacking > 0 && look.reached(daily_timer(last.plus(1))) {
            for (name, zh) in gone {
                let proof = (Level::Yellow, start_of_next(last), closed.seq);
                defects.add(proof, format!("结案案卷没有{zh}记录"), format!("no record of {name}"));
            }
        }
    }
    let fire = |fire: Fire| fire.dept(case.dept());
    defects.fire(look, fire, |_| {
        let is_closed = closed.is_some();
        let (zh, en) = match (is_closed, lacking) {
            (false, _) => ("尚未结案", "not closed yet"),
            (true, 0) => ("案卷环节齐全", "the file shows every step"),
            (true, _) => ("案卷环节不全", "the file lacks steps"),
        };
        Why::new(zh, en).flag("closed", is_closed).count("missing", lacking)
    });
}

fn start_of_next(day: Day) -> plumbline_guest::Local {
    day.plus(1).start()
}

/// The steps that are asked for and not recorded.
fn missing_nodes(case: &Case<'_>, params: &Params) -> Vec<(&'static str, &'static str)> {
    let simple = case.is_simple() == Some(true);
    let asked = |name: &str| {
        let listed = params.limits.record_nodes.iter().any(|node| node == name);
        listed && !(simple && ORDINARY.contains(&name))
    };
    let nodes = NODES.iter().filter(|(name, _, is_there)| asked(name) && !is_there(case));
    nodes.map(|(name, zh, _)| (*name, *zh)).collect()
}

fn unsigned(case: &Case<'_>, params: &Params, defects: &mut Defects, look: &mut Look<'_>) {
    for entry in case.facts {
        let Fact::Evidence(said) = &entry.fact else { continue };
        let is_bare = said.signed == Some(false) && !said.unsigned_reason;
        if !is_bare || !SIGNED.contains(&&*said.kind) {
            continue;
        }
        if look.reached(said.logged.plus_minutes(params.limits.step_grace_min)) {
            let number = &said.number;
            defects.add(
                (Level::Yellow, entry.time, entry.seq),
                format!("证据 {number} 当事人未签字且未说明原因"),
                format!("evidence {number} is not signed by the party and gives no reason"),
            );
        }
    }
}
