//! PEN-T05 公示超期: decisions that are published late, or not taken down after a correction.

use super::fact::Decision;
use super::fact::Fact;
use super::view::{Act, Case};
use crate::Params;
use crate::span::{is_late, of_wd};
use plumbline_guest::{Fire, Level, Look, Unit, Why};

/// Yellow for each of the two, with an alert of its own.
pub(crate) fn late(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(decided) = case.decided else {
        return look.quiet(|| Why::new("尚未决定", "not decided yet").flag("decided", false));
    };
    unpublished(case, decided, params, look);
    kept(case, params, look);
}

fn unpublished(case: &Case<'_>, decided: Act<'_, Decision>, params: &Params, look: &mut Look<'_>) {
    let said = decided.said;
    if said.simple == Some(true) || said.publishable == Some(false) || said.unpublished_reason {
        return look.exempt(|| {
            Why::new("当场处罚或依法不公示", "decided on the spot, or lawfully not published")
                .flag("published_duty", false)
        });
    }
    let published = case.find(|fact| matches!(fact, Fact::Published));
    if published.is_none() && said.publishable.is_none() {
        return look.unknown("publishable");
    }
    let away = case.filed.is_some_and(|filed| filed.said.out_of_province);
    let limit = if away { params.limits.push_wd } else { params.limits.pub_wd };
    let from = decided.day();
    let done = published.map(|published| published.time.day());
    if done.is_some_and(|done| done <= from.plus(limit)) {
        return look.quiet(|| Why::new("已按期公示", "published in time").flag("published", true));
    }
    let due = look.add(from, limit, Unit::WorkingDay, true);
    if due.provisional {
        return look.provisional();
    }
    let why = of_wd(("决定至公示", "decision to publication"), from, (done, limit), due.day, look);
    if !is_late(done, due.day, look) {
        return look.quiet(|| why);
    }
    let zh = format!("决定后 {limit} 个工作日内（至 {}）未公示", due.day);
    let en = format!("not published within {limit} working days (by {})", due.day);
    let fire = Fire::overdue(Level::Yellow, due.day)
        .episode("publish")
        .dept(&*decided.entry.dept)
        .evidence([decided.seq()])
        .evidence(published.map(|published| published.seq))
        .text("reasons_zh", &zh)
        .text("reasons_en", &en);
    look.fire_because(fire, || why);
}

/// A published decision that was changed, revoked or found unlawful must come down in time.
fn kept(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let published = case.find(|fact| matches!(fact, Fact::Published));
    let corrected = case.find(|fact| matches!(fact, Fact::Corrected));
    let (Some(published), Some(corrected)) = (published, corrected) else {
        return look.quiet(|| {
            Why::new("未公示或决定未被变更", "not published, or never changed")
                .flag("published", published.is_some())
                .flag("corrected", corrected.is_some())
        });
    };
    let (from, limit) = (corrected.time.day().max(published.time.day()), params.limits.withdraw_wd);
    // What came down before the correction, at the end of its term for instance, stays down.
    let mut down = case
        .facts
        .iter()
        .filter(|entry| matches!(entry.fact, Fact::Withdrawn) && entry.time >= published.time);
    let down = down.next();
    let done = down.map(|down| down.time.day().max(from));
    let due = look.add(from, limit, Unit::WorkingDay, true);
    if due.provisional {
        return look.provisional();
    }
    let why = of_wd(("更正至撤下", "correction to removal"), from, (done, limit), due.day, look);
    if !is_late(done, due.day, look) {
        return look.quiet(|| why);
    }
    let zh = format!("决定变更、撤销后 {limit} 个工作日内（至 {}）未撤下公示", due.day);
    let en = format!("not taken down within {limit} working days (by {})", due.day);
    let fire = Fire::overdue(Level::Yellow, due.day)
        .episode("withdraw")
        .dept(&*corrected.dept)
        .evidence([published.seq, corrected.seq])
        .evidence(down.map(|down| down.seq))
        .text("reasons_zh", &zh)
        .text("reasons_en", &en);
    look.fire_because(fire, || why);
}
