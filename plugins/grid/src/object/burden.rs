//! GRID-R09 过度检查: how often a firm is disturbed.

use super::table::Cap;
use super::{Kind, Object, Visit};
use crate::Params;
use plumbline_guest::{Fire, Level, Look, Why};
use std::collections::BTreeMap;

/// GRID-R09: more inspections in a year than the department's cap, two departments shortly after one
/// another, or an inspection without plan and code.
pub(super) fn too_many(object: &Object, params: &Params, look: &mut Look<'_>) {
    let entered = object.visits.iter().filter(|visit| visit.kind == Kind::Inspection);
    // Complaints and clues are looked into as often as they come.
    let routine: Vec<_> =
        entered.filter(|visit| !matches!(&*visit.basis, "complaint" | "clue")).collect();
    if routine.is_empty() {
        return look.exempt(|| {
            Why::new(
                "没有计入的检查，投诉举报和线索核查不计",
                "nothing that counts: complaints and clues do not",
            )
            .count("inspections", 0)
        });
    }
    capped(object, &routine, look);
    apart(&routine, params, look);
    unfiled(&routine, look);
}

/// The inspection by which a department exceeds its cap of the year.
fn capped(object: &Object, routine: &[&Visit], look: &mut Look<'_>) {
    let mut years: BTreeMap<(i32, &str), Vec<&Visit>> = BTreeMap::new();
    for visit in routine {
        let year = visit.started.day().ymd().0;
        years.entry((year, &visit.dept)).or_default().push(visit);
    }
    for ((year, dept), visits) in years {
        let Some(cap) = cap(object, dept, visits[visits.len() - 1], look) else {
            look.unknown("annual_cap");
            continue;
        };
        let count = visits.len() as i64;
        let beyond = usize::try_from(cap).ok().and_then(|cap| visits.get(cap));
        let why = || {
            Why::new(
                format!("{dept} {year} 年检查 {count} 次，上限 {cap} 次"),
                format!("{count} inspections by {dept} in {year}, cap {cap}"),
            )
            .text("dept", dept)
        };
        let Some(beyond) = beyond else {
            look.quiet(|| why().int("inspections", count).int("cap", cap));
            continue;
        };
        let fire = Fire::new(Level::Yellow, beyond.started)
            .episode(format!("cap/{year}/{dept}"))
            .dept(dept)
            .evidence(visits.iter().map(|visit| visit.seq))
            .text("zh", &format!("{year} 年已检查 {count} 次，年度上限 {cap} 次"))
            .text("en", &format!("{count} inspections in {year}, cap {cap}"));
        look.fire_because(fire, why);
    }
}

/// The cap for the object's kind, else its risk, else all; for the department, on the day.
fn cap(object: &Object, dept: &str, visit: &Visit, look: &Look<'_>) -> Option<i64> {
    let day = visit.started.day();
    let (kind, risk) = object.classes(day, look);
    let named = [kind, risk].into_iter().filter(|class| !class.is_empty());
    let mut classes = named.chain([String::new()]);
    classes.find_map(|class| Some(look.row::<Cap>(&format!("{dept}/{class}"), day)?.cap))
}

/// Two departments within some days that did not come together.
fn apart(routine: &[&Visit], params: &Params, look: &mut Look<'_>) {
    let mut cards = 0;
    for (index, visit) in routine.iter().enumerate().filter(|(_, visit)| !visit.joint) {
        let first = visit.started.day().plus(-params.depts_d);
        let earlier = routine[..index].iter().rev();
        let near = earlier.take_while(|other| other.started.day() >= first);
        let mut others = near.filter(|other| other.dept != visit.dept && !other.joint);
        let Some(other) = others.next() else { continue };
        cards += 1;
        let days = visit.started.day().0 - other.started.day().0;
        let fire = Fire::new(Level::Yellow, visit.started)
            .episode(format!("depts/{}", visit.insp_no))
            .dept(&visit.dept)
            .evidence([other.seq, visit.seq])
            .text("zh", &format!("{days} 日前 {} 已检查，未联合检查", other.dept))
            .text("en", &format!("{} inspected {days} days before, not jointly", other.dept));
        look.fire_because(fire, || {
            Why::new("两部门先后检查", "two departments one after the other")
                .text("other_dept", &other.dept)
                .int("days", days)
                .int("allowed_d", params.depts_d)
        });
    }
    if cards == 0 {
        look.quiet(|| {
            Why::new("没有两部门先后检查而未联合的", "no two departments shortly after one another")
                .int("allowed_d", params.depts_d)
        });
    }
}

/// Neither a filed plan nor a code that was scanned on entering.
fn unfiled(routine: &[&Visit], look: &mut Look<'_>) {
    for visit in routine {
        let marks = [visit.has_plan(), visit.scan];
        if marks.contains(&Some(true)) {
            continue;
        }
        if !marks.contains(&Some(false)) {
            look.unknown("plan_no");
            continue;
        }
        let fire = Fire::new(Level::Yellow, visit.started)
            .episode(format!("unfiled/{}", visit.insp_no))
            .dept(&visit.dept)
            .evidence([visit.seq])
            .text("zh", "没有备案计划，也未扫码入企")
            .text("en", "no filed plan and no code scanned on entering");
        look.fire_because(fire, || {
            Why::new("计划编号与扫码记录均无", "neither plan nor code")
                .text("insp_no", &visit.insp_no)
        });
    }
}
