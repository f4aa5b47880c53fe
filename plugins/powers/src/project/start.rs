//! PRJ-P01 未批先建: work that began before the project was approved or before a permit that it needs.

use super::{Act, Approval};
use crate::defect::Defects;
use crate::{Params, table};
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Entry, Facts, Level, Look, Why};

/// What the process definitions of projects are called in their table.
const DOMAIN: &str = "project";

/// One red card for each project. Levelling the site is no start.
pub(crate) fn unapproved(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
    let started = acts.iter().find_map(|entry| match &entry.fact {
        Act::Started { is_main: true, emergency_no, logged } => {
            Some((entry, emergency_no, *logged))
        }
        _ => None,
    });
    let Some((started, emergency_no, logged)) = started else {
        return look.quiet(|| {
            Why::new("主体工程尚未开工", "the main works have not begun").flag("started", false)
        });
    };
    let approved = acts.iter().find_map(|entry| match &entry.fact {
        Act::Approved(approval) => Some((entry, &**approval)),
        _ => None,
    });
    if !emergency_no.is_empty() || approved.is_some_and(|(_, approval)| approval.emergency) {
        return look.exempt(|| {
            Why::new("列入应急项目清单", "on the list of emergency projects")
                .text("emergency_no", emergency_no)
        });
    }
    if !look.reached(logged.plus_minutes(params.grace_min)) {
        return look.quiet(|| {
            Why::new("等待手续记录到达", "waiting for late lines")
                .int("grace_min", params.grace_min)
        });
    }
    let day = started.time.day();
    let required = approved.and_then(|(_, approval)| required(approval, day, look));
    let mut defects = Defects::default();
    if let Some((entry, _)) = approved.filter(|(entry, _)| entry.time.day() > day) {
        let on = entry.time.day();
        let proof = (Level::Red, started.time, entry.seq);
        defects.add(proof, format!("项目 {on} 才批准"), format!("approved only on {on}"));
    }
    for permit in required.iter().flatten() {
        judge(acts, (permit, day), started, &mut defects);
    }
    if required.is_none() && defects.is_empty() {
        let field = if approved.is_none() { "project.approved" } else { "required_permits" };
        return look.unknown(field);
    }
    let looked = || {
        let permits = required.as_deref().unwrap_or(&[]);
        Why::new(
            format!("{day} 开工，须先取得 {}", permits.join("、")),
            format!("begun on {day}; needed before: {}", permits.join(", ")),
        )
        .day("begun_on", day)
        .texts("required", permits.iter().map(String::as_str))
    };
    let finish = |fire: plumbline_guest::Fire| fire.dept(&started.dept).day("started_on", day);
    if !defects.fire(look, finish, looked) {
        look.quiet(looked);
    }
}

/// A permit of the day itself is in time.
fn judge(
    acts: &Facts<Act>,
    (wanted, day): (&str, Day),
    started: &Entry<Act>,
    defects: &mut Defects,
) {
    let obtained = acts
        .iter()
        .find(|entry| matches!(&entry.fact, Act::Permitted { permit } if permit == wanted));
    match obtained {
        Some(entry) if entry.time.day() <= day => {}
        Some(entry) => {
            let on = entry.time.day();
            defects.add(
                (Level::Red, started.time, entry.seq),
                format!("{wanted} {on} 才取得"),
                format!("{wanted} was obtained only on {on}"),
            );
        }
        None => defects.add(
            (Level::Red, started.time, started.seq),
            format!("未取得 {wanted}"),
            format!("{wanted} was not obtained"),
        ),
    }
}

/// What the approval names, else the mandatory nodes of the process of its kind.
fn required(approval: &Approval, day: Day, look: &Look<'_>) -> Option<Vec<String>> {
    if let Some(permits) = &approval.permits {
        return Some(permits.clone());
    }
    let rows = table::rows(look, "process_def", &format!("{DOMAIN}/{}/", approval.kind), day);
    let row = rows.last()?;
    let nodes = Object::parse(row).get("nodes")?;
    let mandatory = nodes
        .items()
        .map(Value::object)
        .filter(|node| node.get("mandatory").and_then(Value::bool).unwrap_or(false));
    let ids = mandatory.filter_map(|node| node.get("id")?.text());
    Some(ids.map(std::borrow::Cow::into_owned).collect())
}
