//! The last day of a period in working days that lawful pauses interrupt, and when its end is
//! noticed.

use plumbline_guest::{Day, Local, Look, Span, Unit, Why};

/// The minute of the day at which daily timers fire.
const DAILY_TIMER_MINUTE: i64 = 10;

/// Rounds after which a period counts as standing still: each moves the end by the days that a
/// pause took, so a period that still moves then lies years ahead or in a pause without end.
const ROUNDS_MAX: usize = 256;

/// When the daily timer fires on a day.
pub(crate) fn daily_timer(day: Day) -> Local {
    day.start().plus_minutes(DAILY_TIMER_MINUTE)
}

/// The first day on which `days` working days outside the pauses have passed since `from`; none
/// while an open pause holds it, or where the calendar is not known.
pub(crate) fn due(look: &Look<'_>, from: Day, days: i32, pauses: &[Span]) -> Option<Day> {
    let mut paused = 0;
    for _ in 0..ROUNDS_MAX {
        let due = look.add(from, days.saturating_add(paused), Unit::WorkingDay, true);
        if due.provisional {
            return None;
        }
        let now_paused = if pauses.is_empty() {
            0
        } else {
            look.count(from, due.day, Unit::WorkingDay, &[])
                - look.count(from, due.day, Unit::WorkingDay, pauses)
        };
        if now_paused == paused {
            return Some(due.day);
        }
        paused = now_paused;
    }
    None
}

/// How long something took against its limit, for an explanation; nothing if nobody asked.
pub(crate) fn why(
    from: Day,
    (done, limit): (Option<Local>, i32),
    due: Day,
    look: &Look<'_>,
) -> Why {
    if !look.is_tracing() {
        return Why::default();
    }
    let until = done.map_or(look.now().day(), Local::day).max(from);
    let used = look.count(from, until, Unit::WorkingDay, &[]);
    let (state_zh, state_en) = if until > due {
        ("已逾期", "overdue")
    } else if done.is_some() {
        ("已按期完成", "done in time")
    } else {
        ("未逾期", "not overdue")
    };
    Why::new(
        format!("{from} 起至 {until} {used} 个工作日，限 {limit} 个，最后一日 {due}，{state_zh}"),
        format!(
            "{used} of {limit} working days from {from} to {until}, last day {due}, {state_en}"
        ),
    )
    .day("from", from)
    .day("until", until)
    .int("elapsed_wd", used)
    .int("allowed_wd", limit)
    .day("last_day", due)
    .flag("done", done.is_some())
}
