//! Periods: the last lawful day, when its passing is noticed, and the words about them.

use plumbline_guest::{Day, Due, Local, Look, Span, Unit, Why};

/// The minute of the day at which daily timers fire.
const DAILY_TIMER_MINUTE: i64 = 10;

/// Rounds after which a period counts as standing still: each moves the end by the days that a
/// pause took, so a period that still moves then lies in a pause without end.
const ROUNDS_MAX: usize = 64;

/// When the daily timer fires on a day.
pub(crate) fn daily_timer(day: Day) -> Local {
    day.start().plus_minutes(DAILY_TIMER_MINUTE)
}

/// Whether something was not done until the end of `due`, and log time has passed that.
pub(crate) fn is_late(done: Option<Day>, due: Day, look: &mut Look<'_>) -> bool {
    match done {
        Some(done) => done > due,
        None => look.reached(daily_timer(due.plus(1))),
    }
}

/// The first day on which `days` calendar days outside the pauses have passed since `from`, not
/// rolled; none while an open pause holds it.
pub(crate) fn reach(look: &Look<'_>, from: Day, days: i32, pauses: &[Span]) -> Option<Day> {
    let mut due = from.plus(days);
    if pauses.is_empty() {
        return Some(due);
    }
    for _ in 0..ROUNDS_MAX {
        let used = look.count(from, due, Unit::CalendarDay, pauses);
        if used >= days {
            return Some(due);
        }
        // Days inside a pause do not count: the next that does comes after it.
        let inside = pauses.iter().find(|span| span.begin.day() < due && due <= span.end.day());
        if inside.is_some_and(|span| span.end == Local(i64::MAX)) {
            return None;
        }
        due = due.plus(days - used);
        due = inside.map_or(due, |span| due.max(span.end.day().plus(1)));
    }
    None
}

/// A day moved to the next working day if it is none.
pub(crate) fn rolled(look: &Look<'_>, day: Day, roll: bool) -> Due {
    if roll { look.add(day, 0, Unit::CalendarDay, true) } else { Due { day, provisional: false } }
}

/// How long something took against its limit in working days, for an explanation.
pub(crate) fn of_wd(
    (zh, en): (&str, &str),
    from: Day,
    (done, limit): (Option<Day>, i32),
    due: Day,
    look: &Look<'_>,
) -> Why {
    if !look.is_tracing() {
        return Why::default();
    }
    let until = done.unwrap_or(look.now().day()).max(from);
    let used = look.count(from, until, Unit::WorkingDay, &[]);
    Why::new(
        format!("{zh}：{from} 起至 {until} 用 {used} 个工作日，限 {limit} 个，最后一日 {due}"),
        format!("{en}: {used} of {limit} working days from {from} to {until}, last day {due}"),
    )
    .day("from", from)
    .day("until", until)
    .int("elapsed_wd", used)
    .int("allowed_wd", limit)
    .day("last_day", due)
    .flag("done", done.is_some())
}

/// The same in calendar days.
pub(crate) fn of_cal(
    (zh, en): (&str, &str),
    from: Day,
    (done, limit): (Option<Day>, i32),
    due: Day,
    look: &Look<'_>,
) -> Why {
    if !look.is_tracing() {
        return Why::default();
    }
    let until = done.unwrap_or(look.now().day()).max(from);
    let used = until.0 - from.0;
    Why::new(
        format!("{zh}：{from} 起至 {until} 用 {used} 个自然日，限 {limit} 日，最后一日 {due}"),
        format!("{en}: {used} of {limit} calendar days from {from} to {until}, last day {due}"),
    )
    .day("from", from)
    .day("until", until)
    .int("elapsed_cal", used)
    .int("allowed_cal", limit)
    .day("last_day", due)
    .flag("done", done.is_some())
}
