//! APPR-T01, T02, T03, T08: the deadlines of a case.

use super::answer::{Answer, Given};
use super::clock::{Clock, Limit, Reach};
use super::view::{Act, Case};
use super::{explain, fact::Fact};
use crate::Params;
use crate::period::daily_timer;
use plumbline_guest::{Day, Due, Fire, Level, Look, Unit, Why};

/// APPR-T01 临期预警: at the daily timer of the day on which `warn` working days or fewer are
/// left, the case was still undecided. `at` is the midnight that begins that day.
///
/// Days on which the clock stands count for nothing, so that the notice does not come in a lawful
/// stop. An extension granted after the notice leaves it standing and earns a second one.
pub(crate) fn near(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    if case.item.as_ref().is_some_and(|item| item.on_spot) {
        let (zh, en) = ("即办件不预警", "decided on the spot");
        return look.exempt(|| Why::new(zh, en).flag("on_spot", true));
    }
    let clock = case.clock(params, look);
    let Some(limit) = clock.own else { return look.quiet(|| explain::not_accepted(case)) };
    let long = clock.promised.is_some_and(|limit| limit.wd >= params.case.long_promise_wd);
    let warn = if long { params.case.warn_long_wd } else { params.case.warn_wd };
    // No notice can have come before so many calendar days.
    if case.end_day().is_some_and(|end| end < limit.start.plus(limit.wd - warn)) {
        return no_notice(case, clock, &limit, warn, look);
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
        said |= notice(case, (limit.wd, warn), (day, due.day), "", look);
    }
    if limit.ext > 0
        && let Some((day, due)) = warning(clock, &limit, limit.total(), warn, look)
        && known(day)
    {
        if due.provisional {
            return look.provisional();
        }
        let episode = if moved { "" } else { "extended" };
        said |= notice(case, (limit.total(), warn), (day, due.day), episode, look);
    }
    if !said {
        no_notice(case, clock, &limit, warn, look);
    }
}

/// Why no notice came: ended before its day, or that day is still to come.
fn no_notice(case: &Case<'_>, clock: &Clock<'_>, limit: &Limit, warn: i32, look: &mut Look<'_>) {
    if !look.is_tracing() {
        return;
    }
    let (zh, en) = match case.end {
        Some(_) => ("临期前已办结", "over before the notice was due"),
        None => ("尚未临期", "not near its end yet"),
    };
    let why = Why::new(
        format!("{zh}（提前量 {warn} 个工作日）"),
        format!("{en} (lead time {warn} working days)"),
    );
    let why = why.int("warn_wd", warn).and(explain::limit(case, clock, limit, look));
    look.quiet(|| why);
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
    (limit_wd, warn): (i32, i32),
    (day, due): (Day, Day),
    episode: &str,
    look: &mut Look<'_>,
) -> bool {
    let timer = daily_timer(day);
    let undecided = case.end.is_none_or(|end| end.time >= timer);
    if !undecided || !look.reached(timer) {
        return false;
    }
    let fire = Fire::new(Level::Notice, day.start())
        .episode(episode)
        .dept(case.dept())
        .due(due)
        .evidence(case.accepted.map(Act::seq))
        .int("limit_wd", limit_wd.into())
        .day("due", due);
    look.fire_because(fire, || {
        Why::new(
            format!(
                "{day} 时剩余不多于 {warn} 个工作日（期限 {limit_wd}，最后一日 {due}），未办结"
            ),
            format!("on {day} no more than {warn} of {limit_wd} working days left, last day {due}"),
        )
        .int("warn_wd", warn)
    });
    true
}

/// APPR-T02 承诺超期: not decided within the promised limit. Red once `promise_red_wd` more
/// working days have elapsed, or the statutory limit has passed as well.
pub(crate) fn promised(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(accepted) = case.accepted else {
        return look.quiet(|| explain::not_accepted(case));
    };
    let clock = case.clock(params, look);
    let Some(limit) = clock.promised else {
        let code = case.item_code.unwrap_or("");
        return look.quiet(|| {
            Why::new(
                format!("事项 {code} 没有承诺期限"),
                format!("item {code} has no promised limit"),
            )
            .text("item", code)
            .flag("promised", false)
        });
    };
    let Some(due) = settled(case, clock, &limit, look) else { return };
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
    let red = params.case.promise_red_wd;
    let fire = overdue(case, level, Some(accepted.seq()), &limit, due);
    fire_overdue(case, clock, (fire, &limit), look, || {
        let why = match level {
            Level::Red if far => Why::new(
                format!("超出承诺 {red} 个工作日以上，转红"),
                format!("more than {red} working days beyond the promise: red"),
            ),
            Level::Red => {
                Why::new("法定期限也已超过，转红", "the statutory limit is exceeded too: red")
            }
            _ => Why::new(
                format!("超出未满 {red} 个工作日，黄牌"),
                format!("not more than {red} working days beyond: yellow"),
            ),
        };
        why.int("promise_red_wd", red)
    });
}

/// APPR-T03 法定超期: not decided within the statutory limit, counted from the day on which the
/// application counted as accepted, if the office was silent, else from acceptance.
pub(crate) fn statutory(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let clock = case.clock(params, look);
    let deemed = case.answer(params, look).deemed().map(|base| base.seq);
    explain::clock(case, clock, deemed.is_some(), look);
    let Some(limit) = clock.statutory else { return look.quiet(|| explain::not_accepted(case)) };
    let Some(due) = settled(case, clock, &limit, look) else { return };
    let start = deemed.or(case.accepted.map(Act::seq));
    let fire = overdue(case, Level::Red, start, &limit, due);
    fire_overdue(case, clock, (fire, &limit), look, Why::default);
}

/// The last lawful day, if it has passed with the case undecided; else says why not.
fn settled(case: &Case<'_>, clock: &Clock<'_>, limit: &Limit, look: &mut Look<'_>) -> Option<Day> {
    match limit.due {
        Reach::On(due) if due.provisional => {
            look.provisional();
            return None;
        }
        Reach::On(due) if case.is_overdue(due.day, look) => return Some(due.day),
        Reach::On(_) | Reach::Stands => {}
    }
    if look.is_tracing() {
        let why = explain::limit(case, clock, limit, look);
        look.quiet(|| why);
    }
    None
}

fn fire_overdue(
    case: &Case<'_>,
    clock: &Clock<'_>,
    (fire, limit): (Fire, &Limit),
    look: &mut Look<'_>,
    level: impl FnOnce() -> Why,
) {
    let used = look.is_tracing().then(|| explain::limit(case, clock, limit, look));
    look.fire_because(fire, || used.unwrap_or_default().and(level()));
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
            let (zh, en) = ("未见收件", "no receipt reported");
            return look.quiet(|| Why::new(zh, en).flag("received", false));
        }
        Answer::Given(given) => return answered(*given, params, look),
        Answer::Waiting { base, last } => {
            let (from, last) = (base.time.day(), *last);
            return quiet_period(WAITING, from, (None, params.case.accept_wd), Some(last), look);
        }
    };
    let evidence = [Some(missed.base.seq), missed.late.map(|late| late.seq)];
    let (from, limit) = (missed.base.time.day(), params.case.accept_wd);
    let fire = Fire::overdue(Level::Yellow, missed.last)
        .dept(&*missed.base.dept)
        .evidence(evidence.into_iter().flatten())
        .int("limit_wd", limit.into())
        .day("due", missed.last)
        .day("deemed", from);
    let done = missed.late.map(|late| late.time.day());
    fire_period(fire, LATE_ANSWER, from, (done, limit), missed.last, look);
}

const WAITING: (&str, &str) = ("等待答复", "waiting for an answer");
const LATE_ANSWER: (&str, &str) = ("逾期未答复", "not answered in time");

fn answered(given: Given<'_>, params: &Params, look: &mut Look<'_>) {
    let Given { base: Some(base), by: Some(by) } = given else {
        return look.quiet(|| {
            Why::new("未见收件，已有后续办理", "no receipt reported, but what follows one")
                .flag("received", false)
        });
    };
    let words = ("已按期答复", "answered in time");
    quiet_period(words, base.time.day(), (Some(by.time.day()), params.case.accept_wd), None, look);
}

fn quiet_period(
    words: (&str, &str),
    from: Day,
    done_limit: (Option<Day>, i32),
    due: Option<Day>,
    look: &mut Look<'_>,
) {
    if look.is_tracing() {
        let why = explain::period(words, from, done_limit, due, look);
        look.quiet(|| why);
    }
}

fn fire_period(
    fire: Fire,
    words: (&str, &str),
    from: Day,
    done_limit: (Option<Day>, i32),
    due: Day,
    look: &mut Look<'_>,
) {
    let period = || explain::period(words, from, done_limit, Some(due), look);
    let why = look.is_tracing().then(period);
    look.fire_because(fire, || why.unwrap_or_default());
}

/// APPR-T08 送达超期: granted, and not delivered in any way within `delivery_wd` working days.
pub(crate) fn undelivered(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(decided) = case.decided else {
        return look.quiet(|| explain::not_decided(case));
    };
    if decided.said.result.is_none() {
        return look.unknown("result");
    }
    if !case.is_grant() {
        let result = decided.said.result.as_deref().unwrap_or("");
        return look.quiet(|| {
            Why::new("未准予，无须送达证件", "no grant, nothing to deliver").text("result", result)
        });
    }
    let given = case.facts.iter().find(|entry| stops_delivery(&entry.fact));
    // So many calendar days are never more than as many working days.
    let soon = decided.day().plus(params.case.delivery_wd);
    let (from, limit) = (decided.day(), params.case.delivery_wd);
    let done = given.map(|given| given.time.day());
    if done.is_some_and(|done| done <= soon) {
        return quiet_period(DELIVERED, from, (done, limit), None, look);
    }
    let due = look.add(from, limit, Unit::WorkingDay, true);
    if due.provisional {
        return look.provisional();
    }
    let late = match given {
        Some(given) => given.time.day() > due.day,
        None => look.reached(daily_timer(due.day.plus(1))),
    };
    if !late {
        let words = if given.is_some() { DELIVERED } else { UNDELIVERED };
        return quiet_period(words, from, (done, limit), Some(due.day), look);
    }
    let fire = Fire::overdue(Level::Yellow, due.day)
        .dept(&*decided.entry.dept)
        .evidence([Some(decided.seq()), given.map(|given| given.seq)].into_iter().flatten())
        .int("limit_wd", limit.into())
        .day("due", due.day);
    fire_period(fire, UNDELIVERED, from, (done, limit), due.day, look);
}

const DELIVERED: (&str, &str) =
    ("已按期送达或无须送达", "delivered in time, or nothing left to deliver");
const UNDELIVERED: (&str, &str) = ("尚未送达", "not delivered yet");

/// Delivery of any mode, or an end that leaves nothing to deliver.
fn stops_delivery(fact: &Fact) -> bool {
    matches!(fact, Fact::Delivered(_) | Fact::Withdrawn | Fact::Terminated)
}
