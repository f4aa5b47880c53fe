//! APPR-P06 应听证未听证: hearings that the item requires or that a party asked for in time.

use super::defect::Defects;
use super::fact::{Fact, HearingAct, Phase};
use super::procedure::is_hearing;
use super::view::{Act, Case};
use crate::Params;
use crate::period::daily_timer;
use plumbline_guest::{Day, Entry, Fire, Level, Look, Unit, Why};

/// What happened around the hearing.
#[derive(Debug, Default)]
struct Course<'a> {
    told: Option<Day>,
    requested: Option<Act<'a, HearingAct>>,
    waived: bool,
    announced: Option<Act<'a, HearingAct>>,
    /// When it was held, and whether that is known to the day.
    held: Option<(&'a Entry<Fact>, Day, bool)>,
}

/// Decided without the hearing; held later than `hearing_hold_wd` working days after the request;
/// announced less than `hearing_notice_wd` working days before.
pub(crate) fn missing(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let course = course(case);
    if course.waived {
        let (zh, en) = ("已书面放弃听证", "the hearing was waived in writing");
        return look.exempt(|| Why::new(zh, en).flag("waived", true));
    }
    let required = case.item.as_ref().is_some_and(|item| item.hearing_required);
    let requested = course.requested.filter(|asked| {
        // Who was never told of the right may ask until the decision.
        course.told.is_none_or(|told| {
            let last = look.add(told, params.case.hearing_request_wd, Unit::WorkingDay, true);
            last.provisional || asked.day() <= last.day
        })
    });
    let mut defects = Defects::default();
    if required || requested.is_some() {
        judge_decision(case, &course, params, &mut defects, look);
    }
    if let Some(asked) = requested {
        judge_delay(case, &course, asked, params, &mut defects, look);
    }
    judge_announcement(&course, params, &mut defects, look);
    let fire = |fire: Fire| fire.dept(case.dept());
    defects.fire(look, fire, |_| looked(case, &course, (required, requested.is_some()), params));
}

/// Whether a hearing was due, and when it was asked for, announced and held.
fn looked(
    case: &Case<'_>,
    course: &Course<'_>,
    (required, requested): (bool, bool),
    params: &Params,
) -> Why {
    let limits = &params.case;
    let (must_zh, must_en) = match (required, requested, course.requested.is_some()) {
        (true, ..) => ("事项应当听证", "the item requires a hearing"),
        (_, true, _) => ("已按期申请听证", "asked for in time"),
        (_, _, true) => ("申请听证已逾期，不必组织", "asked for too late, none is due"),
        _ => ("事项不要求听证，也无人申请", "none is required and nobody asked"),
    };
    let head = Why::new(must_zh, must_en)
        .flag("required", required)
        .flag("requested", requested)
        .int("hearing_request_wd", limits.hearing_request_wd)
        .int("hearing_hold_wd", limits.hearing_hold_wd)
        .int("hearing_notice_wd", limits.hearing_notice_wd);
    let days = [
        ("told_on", "告知权利", "told of the right", course.told),
        ("asked_on", "申请", "asked", course.requested.map(Act::day)),
        ("announced_on", "通知", "announced", course.announced.map(Act::day)),
        ("held_on", "举行", "held", course.held.map(|(_, day, _)| day)),
        ("decided_on", "决定", "decided", case.decided.map(Act::day)),
    ];
    let known = days.into_iter().filter_map(|(name, zh, en, day)| Some((name, zh, en, day?)));
    known.fold(head, |why, (name, zh, en, day)| {
        why.and(Why::new(format!("{zh} {day}"), format!("{en} {day}")).day(name, day))
    })
}

fn course<'a>(case: &Case<'a>) -> Course<'a> {
    let mut course = Course::default();
    for entry in case.facts {
        match &entry.fact {
            Fact::Hearing(said) => match said.phase {
                Phase::Told => _ = course.told.get_or_insert(entry.time.day()),
                Phase::Requested if said.entitled => {
                    course.requested.get_or_insert(Act { entry, said });
                }
                Phase::Requested => {}
                Phase::Waived => course.waived |= said.letter,
                Phase::Announced => course.announced = Some(Act { entry, said }),
            },
            Fact::StepDone(step) if is_hearing(step) => {
                let day = step.started.map_or(entry.time.day(), |started| started.day());
                if course.held.is_none_or(|(_, _, exact)| !exact) {
                    course.held = Some((entry, day, true));
                }
            }
            Fact::Paused(pause) if pause.kind.as_deref() == Some("hearing") => {
                course.held.get_or_insert((entry, entry.time.day(), false));
            }
            _ => {}
        }
    }
    course
}

fn judge_decision(
    case: &Case<'_>,
    course: &Course<'_>,
    params: &Params,
    defects: &mut Defects,
    look: &mut Look<'_>,
) {
    let Some(decided) = case.decided else { return };
    let held = course.held.is_some_and(|(_, day, _)| day <= decided.day());
    if !held && look.reached(decided.said.logged.plus_minutes(params.case.step_grace_min)) {
        let proof = (Level::Red, decided.time(), decided.seq());
        defects.add(proof, "未听证即作出决定", "decided without the hearing");
    }
}

fn judge_delay(
    case: &Case<'_>,
    course: &Course<'_>,
    asked: Act<'_, HearingAct>,
    params: &Params,
    defects: &mut Defects,
    look: &mut Look<'_>,
) {
    let days = params.case.hearing_hold_wd;
    let last = look.add(asked.day(), days, Unit::WorkingDay, true);
    if last.provisional {
        return;
    }
    let late = match (course.held, case.end_day()) {
        (Some((_, day, _)), _) => day > last.day,
        // A decision without any hearing is the other defect; a withdrawal leaves nothing to hear.
        (None, Some(end)) => case.decided.is_none() && end > last.day,
        (None, None) => look.reached(daily_timer(last.day.plus(1))),
    };
    if late {
        defects.add(
            (Level::Red, last.day.plus(1).start(), asked.seq()),
            format!("申请听证后 {days} 个工作日内（至 {}）未组织听证", last.day),
            format!("not heard within {days} working days of the request, by {}", last.day),
        );
    }
}

fn judge_announcement(
    course: &Course<'_>,
    params: &Params,
    defects: &mut Defects,
    look: &Look<'_>,
) {
    let Some(announced) = course.announced else { return };
    let held = course.held.filter(|(.., exact)| *exact).map(|(_, day, _)| day);
    let Some(day) = announced.said.held_on.or(held) else { return };
    let days = look.count(announced.day(), day, Unit::WorkingDay, &[]);
    if days < params.case.hearing_notice_wd {
        defects.add(
            (Level::Red, announced.time(), announced.seq()),
            format!("听证通知仅提前 {days} 个工作日"),
            format!("the hearing was announced only {days} working days ahead"),
        );
    }
}
