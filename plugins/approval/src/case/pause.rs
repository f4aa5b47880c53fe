//! APPR-T06 违规停表: stops that the law does not know, that were not told, or that last too long.

use super::clock::{Clock, Reach, Standing, Stop};
use super::defect::Defects;
use super::explain;
use super::view::{Act, Case};
use crate::Params;
use crate::period::daily_timer;
use plumbline_guest::json::Writer;
use plumbline_guest::{Day, Fire, Level, Look, Unit, Why};

/// Looks at each stop after acceptance. A stop begun with `last_day_wd` or less of the limit left
/// stands and only raises the card, as does one that lasts longer than announced.
///
/// Red from the first day on which the case is overdue by the lawful stops alone, while the stops
/// that the office claims would still keep it in time.
pub(crate) fn unlawful(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(accepted) = case.accepted else {
        return look.quiet(|| explain::not_accepted(case));
    };
    let clock = case.clock(params, look);
    let mut defects = Defects::default();
    let (mut is_wrong, mut unknown) = (false, false);
    for stop in clock.stops.iter().filter(|stop| stop.pause.time() >= accepted.time()) {
        is_wrong |= judge_kind(case, stop, &mut defects, look);
        judge_length(case, stop, params, &mut defects, look);
        judge_begin(clock, stop, params, &mut defects, look);
        unknown |= stop.standing == Standing::Unknown;
    }
    if is_wrong && hides_delay(case, clock, look) {
        defects.escalate(Level::Red);
    }
    if defects.is_empty() && unknown {
        return look.unknown("item.special_links");
    }
    let fire = |fire: Fire| fire.dept(case.dept());
    defects.fire(look, fire, |look| looked(case, clock, params, look));
}

/// Each stop with how much of the limit was used when it began, how long it lasted and how long it
/// may.
fn looked(case: &Case<'_>, clock: &Clock<'_>, params: &Params, look: &Look<'_>) -> Why {
    let from = case.accepted.map(Act::time);
    let stops = clock.stops.iter().filter(|stop| Some(stop.pause.time()) >= from);
    let stops: Vec<_> = stops.collect();
    let count = stops.len();
    let head = if count == 0 {
        Why::new("受理后没有停表", "no stop after acceptance")
    } else {
        Why::new(format!("受理后停表 {count} 次"), format!("{count} stops after acceptance"))
    };
    let head = head
        .count("stop_count", count)
        .int("last_day_wd", params.case.last_day_wd)
        .int("resume_slack_wd", params.case.resume_slack_wd);
    let (lines, figures): (Vec<_>, Vec<_>) =
        stops.into_iter().map(|stop| of_stop(case, clock, stop, look)).unzip();
    lines.into_iter().fold(head, Why::and).objects("stops", figures)
}

fn of_stop(case: &Case<'_>, clock: &Clock<'_>, stop: &Stop<'_>, look: &Look<'_>) -> (Why, Writer) {
    let kind = stop.pause.said.kind.as_deref().unwrap_or("?");
    let begin = stop.pause.day();
    let resumed = stop.resumed.map(|resumed| resumed.time.day());
    let until = resumed.or(case.end_day()).unwrap_or(look.now().day()).max(begin);
    let lasted = look.count(begin, until, Unit::WorkingDay, &[]);
    let (ground, ground_zh, ground_en) = match stop.standing {
        Standing::Lawful { .. } => ("lawful", "种类合法", "lawful kind"),
        Standing::Unlawful => ("unlawful", "种类不合法", "unlawful kind"),
        Standing::Unknown => ("unknown", "种类无法核对", "kind cannot be checked"),
    };
    let (told_zh, told_en) = if stop.told {
        ("有书面告知", "told in writing")
    } else {
        ("无书面告知", "not told")
    };
    let mut figures = Writer::default()
        .text("kind", kind)
        .text("begin", &begin.to_string())
        .text("ground", ground)
        .flag("told", stop.told)
        .int("lasted_wd", lasted.into());
    let mut zh = format!("{kind} {begin} 停表 {lasted} 个工作日，{ground_zh}，{told_zh}");
    let mut en = format!("{kind} from {begin} for {lasted} working days, {ground_en}, {told_en}");
    if let Standing::Lawful { max_wd: Some(max) } = stop.standing {
        zh.push_str(&format!("，最长 {max}"));
        en.push_str(&format!(", {max} at most"));
        figures = figures.int("max_wd", max.into());
    }
    if let Some(announced) = stop.pause.said.est_wd {
        zh.push_str(&format!("，预计 {announced}"));
        en.push_str(&format!(", {announced} announced"));
        figures = figures.int("announced_wd", announced.into());
    }
    if let Some(limit) = clock.own {
        let (used, total) = (clock.elapsed(look, limit.start, begin), limit.total());
        zh.push_str(&format!("，开始时期限 {total} 个工作日已用 {used} 个"));
        en.push_str(&format!(", begun when {used} of {total} were used"));
        figures = figures.int("used_wd", used.into()).int("allowed_wd", total.into());
    }
    (Why::new(zh, en), figures)
}

/// Whether the clock runs on during the stop, wholly or from some day on.
fn judge_kind(
    case: &Case<'_>,
    stop: &Stop<'_>,
    defects: &mut Defects,
    look: &mut Look<'_>,
) -> bool {
    let proof = (Level::Yellow, stop.pause.time(), stop.pause.seq());
    let kind = stop.pause.said.kind.as_deref().unwrap_or("?");
    if stop.standing == Standing::Unlawful {
        defects.add(
            proof,
            format!("{kind} 不是本事项可停表的特别程序"),
            format!("{kind} does not lawfully stop the clock of this item"),
        );
    }
    if !stop.told {
        defects.add(proof, format!("{kind} 停表无书面告知"), format!("{kind} without a notice"));
    }
    if let Standing::Lawful { max_wd: Some(max) } = stop.standing
        && let Some(day) = outlasts(case, stop, max, look)
    {
        defects.add(
            (Level::Yellow, day.start(), stop.pause.seq()),
            format!("{kind} 停表超过最长 {max} 个工作日"),
            format!("{kind} longer than the {max} working days allowed"),
        );
        return true;
    }
    stop.standing == Standing::Unlawful || !stop.told
}

fn judge_length(
    case: &Case<'_>,
    stop: &Stop<'_>,
    params: &Params,
    defects: &mut Defects,
    look: &mut Look<'_>,
) {
    let Some(announced) = stop.pause.said.est_wd else { return };
    let allowed = announced.saturating_add(params.case.resume_slack_wd);
    if let Some(day) = outlasts(case, stop, allowed, look) {
        defects.add(
            (Level::Yellow, day.start(), stop.pause.seq()),
            format!("预计 {announced} 个工作日，逾期未恢复计时"),
            format!("announced for {announced} working days, resumed too late"),
        );
    }
}

fn judge_begin(
    clock: &Clock<'_>,
    stop: &Stop<'_>,
    params: &Params,
    defects: &mut Defects,
    look: &Look<'_>,
) {
    let Some(limit) = clock.own else { return };
    let day = stop.pause.day();
    let elapsed = clock.elapsed(look, limit.start, day);
    // What counts is the limit as it stood on that day.
    let extended = clock.extension.is_some_and(|granted| granted.act.time() <= stop.pause.time());
    let wd = if extended { limit.total() } else { limit.wd };
    if elapsed >= wd - params.case.last_day_wd {
        defects.add(
            (Level::Yellow, stop.pause.time(), stop.pause.seq()),
            format!("期限 {wd} 个工作日已用 {elapsed} 个时才停表"),
            format!("stopped when {elapsed} of {wd} working days had elapsed"),
        );
    }
}

/// The first day on which a stop has lasted more than `wd` working days, if it did.
fn outlasts(case: &Case<'_>, stop: &Stop<'_>, wd: i32, look: &mut Look<'_>) -> Option<Day> {
    let over = look.add(stop.pause.day(), wd.saturating_add(1), Unit::WorkingDay, false);
    if over.provisional {
        return None;
    }
    let resumed = stop.resumed.map(|resumed| resumed.time.day());
    let end = match (resumed, case.end_day()) {
        (Some(resumed), Some(end)) => Some(resumed.min(end)),
        (resumed, end) => resumed.or(end),
    };
    let lasted = match end {
        Some(end) => end >= over.day,
        None => look.reached(daily_timer(over.day)),
    };
    lasted.then_some(over.day)
}

/// Whether unlawful stops are all that keeps the case from being overdue.
fn hides_delay(case: &Case<'_>, clock: &Clock<'_>, look: &mut Look<'_>) -> bool {
    let Some(limit) = clock.own else { return false };
    let total = limit.total();
    let Reach::On(first) = clock.reach(look, limit.start, total + 1) else { return false };
    if first.provisional
        || look.count(limit.start, first.day, Unit::WorkingDay, &clock.claimed) > total
    {
        return false;
    }
    match case.end_day() {
        Some(end) => end >= first.day,
        None => look.reached(daily_timer(first.day)),
    }
}
