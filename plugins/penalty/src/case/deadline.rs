//! PEN-T01, T03, T04: the time limits of a case.

use super::clock::Clock;
use super::fact::{Fact, Mode, at};
use super::view::{Act, Case};
use crate::Params;
use crate::span::{daily_timer, is_late, of_wd};
use plumbline_guest::{Day, Entry, Fire, Level, Look, Unit, Why};

/// PEN-T01 案件超 90 日: red when the last lawful day has passed undecided; before that a notice
/// `warn_cal` days ahead. An extension after the notice leaves it standing.
pub(crate) fn undecided(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(clock) = case.clock(params, look) else {
        return look.quiet(|| Why::new("尚未立案", "not filed yet").flag("filed", false));
    };
    let done = case.end.map(|end| at(end).day());
    // So many calendar days have passed before anything can be near its end.
    let soon = clock.start.plus(clock.limit - params.limits.warn_cal);
    if done.is_some_and(|done| done < soon) {
        return look.quiet(|| explain(clock, done, clock.start));
    }
    if let Some(due) = clock.due {
        if due.provisional {
            return look.provisional();
        }
        if is_late(done, due.day, look) {
            let why = look.is_tracing().then(|| explain(clock, done, look.now().day()));
            let fire = Fire::overdue(Level::Red, due.day)
                .dept(case.dept())
                .evidence(case.filed.map(Act::seq))
                .evidence(case.end.map(|end| end.seq))
                .int("limit_cal", (clock.limit + clock.ext).into())
                .day("due", due.day)
                .text("state_zh", "已超过")
                .text("state_en", "beyond");
            return look.fire_because(fire, || why.unwrap_or_default());
        }
    }
    near(case, clock, params, look);
}

/// The notice. It says what stood on its day.
fn near(case: &Case<'_>, clock: &Clock, params: &Params, look: &mut Look<'_>) {
    let (warn, roll) = (params.limits.warn_cal, params.limits.roll);
    let known = |day: Day| clock.extended.is_some_and(|at| at < daily_timer(day));
    let mut warning = clock.warning(clock.limit, warn, roll, look);
    let mut total = clock.limit;
    if clock.ext > 0 && warning.is_some_and(|(day, _)| known(day)) {
        total += clock.ext;
        warning = clock.warning(total, warn, roll, look);
    }
    let done = case.end.map(at);
    if let Some((day, due)) = warning {
        if due.provisional {
            return look.provisional();
        }
        let timer = daily_timer(day);
        if done.is_none_or(|done| done >= timer) && look.reached(timer) {
            let why = look.is_tracing().then(|| explain(clock, done.map(|at| at.day()), day));
            let fire = Fire::new(Level::Notice, day.start())
                .dept(case.dept())
                .due(due.day)
                .evidence(case.filed.map(Act::seq))
                .int("limit_cal", total.into())
                .day("due", due.day)
                .text("state_zh", "临近")
                .text("state_en", "near");
            return look.fire_because(fire, || why.unwrap_or_default());
        }
    }
    let now = look.now().day();
    look.quiet(|| explain(clock, done.map(|at| at.day()), now));
}

fn explain(clock: &Clock, done: Option<Day>, now: Day) -> Why {
    let until = done.unwrap_or(now).max(clock.start);
    let (limit, ext, stops) = (clock.limit, clock.ext, clock.pauses.len());
    let elapsed = until.0 - clock.start.0;
    let last = clock.due.map_or_else(|| "?".to_owned(), |due| due.day.to_string());
    Why::new(
        format!(
            "{} 立案，至 {until} 共 {elapsed} 个自然日，停表 {stops} 次，期限 {limit}+{ext} 日，最后一日 {last}",
            clock.start
        ),
        format!(
            "filed on {}, {elapsed} calendar days by {until}, {stops} stops, limit {limit}+{ext}, last day {last}",
            clock.start
        ),
    )
    .day("start", clock.start)
    .day("until", until)
    .int("calendar_days", elapsed)
    .int("allowed_cal", limit)
    .int("ext_cal", ext)
    .count("stops", stops)
    .text("last_day", &last)
}

/// When a decision was served: the earliest proof of receipt; an announcement serves when its term
/// ends.
pub(crate) fn served_on(case: &Case<'_>, params: &Params) -> Option<(Day, &'static str, u64)> {
    let served = case.facts.iter().filter_map(|entry| {
        let Fact::Served(said) = &entry.fact else { return None };
        let day = said.at.day();
        match said.mode {
            Mode::Sent => None,
            Mode::Received | Mode::Notified => Some((day, "received", entry.seq)),
            Mode::Announced(end) => {
                let end = end.unwrap_or(day.plus(params.limits.announce_cal));
                Some((end, "announced", entry.seq))
            }
        }
    });
    served.min()
}

/// PEN-T03 送达超期: not served within `service_wd` working days of the decision. An announcement
/// begun within that time is in time, because it comes only after other ways have failed.
pub(crate) fn unserved(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(decided) = case.decided else {
        return look.quiet(|| Why::new("尚未决定", "not decided yet").flag("decided", false));
    };
    if decided.said.simple == Some(true) {
        return look.exempt(|| {
            Why::new("当场处罚当场交付", "decided and handed over on the spot").flag("simple", true)
        });
    }
    let (from, limit) = (decided.day(), params.limits.service_wd);
    let begun = case.facts.iter().filter_map(|entry| match &entry.fact {
        Fact::Served(said) if said.mode != Mode::Sent => Some((said.at.day(), entry.seq)),
        _ => None,
    });
    let served = begun.min();
    // So many calendar days are never more than as many working days.
    if served.is_some_and(|(day, _)| day <= from.plus(limit)) {
        return look.quiet(|| Why::new("已按期送达", "served in time").flag("served", true));
    }
    let due = look.add(from, limit, Unit::WorkingDay, true);
    if due.provisional {
        return look.provisional();
    }
    let done = served.map(|(day, _)| day);
    let why = of_wd(("决定至送达", "from decision to service"), from, (done, limit), due.day, look);
    if !is_late(done, due.day, look) {
        return look.quiet(|| why);
    }
    let fire = Fire::overdue(Level::Yellow, due.day)
        .dept(&*decided.entry.dept)
        .evidence([decided.seq()])
        .evidence(served.map(|(_, seq)| seq))
        .int("limit_wd", limit.into())
        .day("due", due.day);
    look.fire_because(fire, || why);
}

/// PEN-T04 登记保存超 7 日: a list of preserved goods without a decision within `preserve_wd`
/// working days, or without approval. Each list has its own alert.
pub(crate) fn preserved(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let mut taken = 0_usize;
    let mut said = false;
    for entry in case.facts {
        let Fact::Preserved { list, approved } = &entry.fact else { continue };
        taken += 1;
        let Some(list) = list.as_deref() else {
            look.unknown("list_no");
            said = true;
            continue;
        };
        said |= judge_list(case, (entry, list), *approved, params, look);
    }
    if !said {
        look.quiet(|| {
            Why::new(
                format!("登记保存清单 {taken} 份，均已按期处理或未到期"),
                format!("{taken} lists of preserved goods, all resolved in time or not due"),
            )
            .count("lists", taken)
        });
    }
}

/// Whether an outcome was told.
fn judge_list(
    case: &Case<'_>,
    (taken, list): (&Entry<Fact>, &str),
    approved: Option<bool>,
    params: &Params,
    look: &mut Look<'_>,
) -> bool {
    let (from, limit) = (taken.time.day(), params.limits.preserve_wd);
    let resolved = case.facts.iter().find(|entry| {
        let of = matches!(&entry.fact, Fact::Resolved { list: Some(of) } if of == list);
        of && entry.time >= taken.time
    });
    let fire = |fire: Fire, zh: &str, en: &str| {
        fire.episode(list)
            .dept(&*taken.dept)
            .evidence([taken.seq])
            .evidence(resolved.map(|resolved| resolved.seq))
            .text("list", list)
            .text("reasons_zh", zh)
            .text("reasons_en", en)
    };
    if approved == Some(false) {
        let (zh, en) = ("先行登记保存未经批准", "preserved without approval");
        look.fire_because(fire(Fire::new(Level::Red, taken.time), zh, en), || (zh, en));
        return true;
    }
    let done = resolved.map(|resolved| resolved.time.day());
    if done.is_some_and(|done| done <= from.plus(limit)) {
        return false;
    }
    let due = look.add(from, limit, Unit::WorkingDay, true);
    if due.provisional {
        look.provisional();
        return true;
    }
    if !is_late(done, due.day, look) {
        return false;
    }
    let zh = format!("{limit} 个工作日内（至 {}）未作出处理决定", due.day);
    let en = format!("no decision within {limit} working days (by {})", due.day);
    let why = of_wd(("登记保存", "preserved"), from, (done, limit), due.day, look);
    look.fire_because(fire(Fire::overdue(Level::Red, due.day), &zh, &en), || why);
    true
}
