//! APPR-T01, T02, T03, T08: the deadlines of a case.

use super::answer::Answer;
use super::clock::{Clock, Limit, Reach};
use super::view::{Act, Case};
use super::{explain, fact::Fact};
use crate::Params;
use crate::period::daily_timer;
use plumbline_guest::{Day, Due, Fire, Level, Look, Unit};

/// APPR-T01 临期预警: at the daily timer of the day on which `warn` working days or fewer are
/// left, the case was still undecided. `at` is the midnight that begins that day.
///
/// Days on which the clock stands count for nothing, so that the notice does not come in a lawful
/// stop. An extension granted after the notice leaves it standing and earns a second one.
pub(crate) fn near(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    if case.item.as_ref().is_some_and(|item| item.on_spot) {
        return look.exempt(|| ("即办件不预警".into(), "decided on the spot".into()));
    }
    let clock = case.clock(params, look);
    let Some(limit) = clock.own else { return not_accepted(look) };
    let long = clock.promised.is_some_and(|limit| limit.wd >= params.case.long_promise_wd);
    let warn = if long { params.case.warn_long_wd } else { params.case.warn_wd };
    // No notice can have come before so many calendar days.
    if case.end_day().is_some_and(|end| end < limit.start.plus(limit.wd - warn)) {
        return look.quiet(|| explain::due(&limit));
    }
    let extended = clock.extension.filter(|_| limit.ext > 0);
    let known = |day: Day| extended.is_some_and(|granted| granted.act.time() < daily_timer(day));
    let first = warning(clock, &limit, limit.wd, warn, look);
    let moved = first.is_some_and(|(day, _)| known(day));
    let mut said = false;
    if let Some((day, due)) = first.filter(|_| !moved) {
        if due.provisional {
            return look.provisional();
        }
        said |= notice(case, limit.wd, (day, due.day), "", look);
    }
    if limit.ext > 0
        && let Some((day, due)) = warning(clock, &limit, limit.total(), warn, look)
        && known(day)
    {
        if due.provisional {
            return look.provisional();
        }
        let episode = if moved { "" } else { "extended" };
        said |= notice(case, limit.total(), (day, due.day), episode, look);
    }
    if !said {
        look.quiet(|| explain::due(&limit));
    }
}

/// The day of the notice, which is never that of the acceptance itself, and the last lawful day as
/// it stands on that day: a stop that begins later does not change what was said.
fn warning(
    clock: &Clock<'_>,
    limit: &Limit,
    wd: i32,
    warn: i32,
    look: &Look<'_>,
) -> Option<(Day, Due)> {
    let elapsed = (wd - warn).max(1);
    let Reach::On(day) = clock.reach(look, limit.start, elapsed) else { return None };
    if wd < elapsed {
        return None;
    }
    let mut due = look.add(day.day, wd - elapsed, Unit::WorkingDay, false);
    due.day = limit.own.map_or(due.day, |own| own.max(due.day));
    due.provisional |= day.provisional;
    Some((day.day, due))
}

fn notice(
    case: &Case<'_>,
    limit_wd: i32,
    (day, due): (Day, Day),
    episode: &str,
    look: &mut Look<'_>,
) -> bool {
    let timer = daily_timer(day);
    let undecided = case.end.is_none_or(|end| end.time >= timer);
    if !undecided || !look.reached(timer) {
        return false;
    }
    look.fire(
        Fire::new(Level::Notice, day.start())
            .episode(episode)
            .dept(case.dept())
            .due(due)
            .evidence(case.accepted.map(Act::seq))
            .int("limit_wd", limit_wd.into())
            .day("due", due),
    );
    true
}

/// APPR-T02 承诺超期: not decided within the promised limit. Red once `promise_red_wd` more
/// working days have elapsed, or the statutory limit has passed as well.
pub(crate) fn promised(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(accepted) = case.accepted else { return not_accepted(look) };
    let clock = case.clock(params, look);
    let Some(limit) = clock.promised else {
        return look.quiet(|| ("没有承诺期限".into(), "no promised limit".into()));
    };
    let Some(due) = settled(&limit, look) else { return };
    if !case.is_overdue(due, look) {
        return look.quiet(|| explain::due(&limit));
    }
    let further = limit.total() + params.case.promise_red_wd;
    let far = match clock.reach(look, limit.start, further) {
        Reach::On(red) if !red.provisional => case.is_overdue(red.day.max(due), look),
        _ => false,
    };
    let broken = clock.statutory.as_ref().and_then(|limit| match limit.due {
        Reach::On(due) if !due.provisional => Some(due.day),
        _ => None,
    });
    let level = if far || broken.is_some_and(|due| case.is_overdue(due, look)) {
        Level::Red
    } else {
        Level::Yellow
    };
    look.fire(overdue(case, level, Some(accepted.seq()), &limit, due));
}

/// APPR-T03 法定超期: not decided within the statutory limit, counted from the day on which the
/// application counted as accepted, if the office was silent, else from acceptance.
pub(crate) fn statutory(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let clock = case.clock(params, look);
    explain::clock(case, clock, look);
    let Some(limit) = clock.statutory else { return not_accepted(look) };
    let Some(due) = settled(&limit, look) else { return };
    if !case.is_overdue(due, look) {
        return look.quiet(|| explain::due(&limit));
    }
    let deemed = case.answer(params, look).deemed().map(|base| base.seq);
    let start = deemed.or(case.accepted.map(Act::seq));
    look.fire(overdue(case, Level::Red, start, &limit, due));
}

/// The last lawful day, unless the clock stands or the calendar does not reach so far.
fn settled(limit: &Limit, look: &mut Look<'_>) -> Option<Day> {
    match limit.due {
        Reach::On(due) if due.provisional => look.provisional(),
        Reach::On(due) => return Some(due.day),
        Reach::Stands => look.quiet(|| explain::due(limit)),
    }
    None
}

/// The evidence is what started the clock, then what ended it too late.
fn overdue(case: &Case<'_>, level: Level, start: Option<u64>, limit: &Limit, due: Day) -> Fire {
    Fire::overdue(level, due)
        .dept(case.dept())
        .evidence(start)
        .evidence(case.end.map(|end| end.seq))
        .int("limit_wd", limit.total().into())
        .day("due", due)
}

/// APPR-T04 逾期未受理: no acceptance, refusal or correction notice within `accept_wd` working
/// days of the receipt, or of a supply before acceptance.
pub(crate) fn unanswered(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let missed = match case.answer(params, look) {
        Answer::Missed(missed) => *missed,
        Answer::Provisional => return look.provisional(),
        Answer::NotReceived => {
            return look.quiet(|| ("未见收件".into(), "no receipt reported".into()));
        }
        Answer::Given => {
            return look.quiet(|| ("已按期答复".into(), "answered in time".into()));
        }
        Answer::Waiting { last } => {
            let last = *last;
            return look
                .quiet(|| (format!("应于 {last} 前答复"), format!("to be answered by {last}")));
        }
    };
    let evidence = [Some(missed.base.seq), missed.late.map(|late| late.seq)];
    look.fire(
        Fire::overdue(Level::Yellow, missed.last)
            .dept(&*missed.base.dept)
            .evidence(evidence.into_iter().flatten())
            .int("limit_wd", params.case.accept_wd.into())
            .day("due", missed.last)
            .day("deemed", missed.base.time.day()),
    );
}

/// APPR-T08 送达超期: granted, and not delivered in any way within `delivery_wd` working days.
pub(crate) fn undelivered(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(decided) = case.decided else {
        return look.quiet(|| ("尚未决定".into(), "not decided yet".into()));
    };
    if decided.said.result.is_none() {
        return look.unknown("result");
    }
    if !case.is_grant() {
        return look.quiet(|| ("未准予".into(), "no grant".into()));
    }
    let given = case.facts.iter().find(|entry| stops_delivery(&entry.fact));
    // So many calendar days are never more than as many working days.
    let soon = decided.day().plus(params.case.delivery_wd);
    if given.is_some_and(|given| given.time.day() <= soon) {
        return look.quiet(|| ("已按期送达".into(), "delivered in time".into()));
    }
    let due = look.add(decided.day(), params.case.delivery_wd, Unit::WorkingDay, true);
    if due.provisional {
        return look.provisional();
    }
    let late = match given {
        Some(given) => given.time.day() > due.day,
        None => look.reached(daily_timer(due.day.plus(1))),
    };
    if !late {
        return look.quiet(|| (format!("应于 {} 前送达", due.day), format!("due {}", due.day)));
    }
    look.fire(
        Fire::overdue(Level::Yellow, due.day)
            .dept(&*decided.entry.dept)
            .evidence([Some(decided.seq()), given.map(|given| given.seq)].into_iter().flatten())
            .int("limit_wd", params.case.delivery_wd.into())
            .day("due", due.day),
    );
}

/// Delivery of any mode, or an end that leaves nothing to deliver.
fn stops_delivery(fact: &Fact) -> bool {
    matches!(fact, Fact::Delivered(_) | Fact::Withdrawn | Fact::Terminated)
}

fn not_accepted(look: &mut Look<'_>) {
    look.quiet(|| ("尚未受理".into(), "not accepted yet".into()));
}
