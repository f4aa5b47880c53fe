//! The last day of a period in working days, and when its end is noticed.

use plumbline_guest::{Day, Local, Look, Span, Unit, Why};

/// The minute of the day at which daily timers fire.
const DAILY_TIMER_MINUTE: i64 = 10;
/// Rounds after which a period counts as standing still: each moves the end by the days that a
/// pause took, and a leave that is longer than this many moves ends in no useful limit.
const ROUNDS_MAX: usize = 64;

/// When the daily timer fires on a day.
pub(crate) fn daily_timer(day: Day) -> Local {
    day.start().plus_minutes(DAILY_TIMER_MINUTE)
}

/// The last day of `days` working days after `from`; says so and gives none where the calendar is
/// not known.
pub(crate) fn working(from: Day, days: i32, look: &mut Look<'_>) -> Option<Day> {
    let due = look.add(from, days, Unit::WorkingDay, true);
    if due.provisional {
        look.provisional();
        return None;
    }
    Some(due.day)
}

/// As [`working`], less the working days on which somebody was away.
pub(crate) fn working_less(
    from: Day,
    days: i32,
    away: &[Span],
    look: &mut Look<'_>,
) -> Option<Day> {
    let mut due = working(from, days, look)?;
    for _ in 0..ROUNDS_MAX {
        let all = look.count(from, due, Unit::WorkingDay, &[]);
        let lost = all - look.count(from, due, Unit::WorkingDay, away);
        let next = working(from, days.saturating_add(lost), look)?;
        if next == due {
            return Some(due);
        }
        due = next;
    }
    None
}

/// Whether the day went by without the act.
pub(crate) fn passed(due: Day, done: Option<Local>, look: &mut Look<'_>) -> bool {
    match done {
        Some(done) => done.day() > due,
        None => look.reached(daily_timer(due.plus(1))),
    }
}

/// How an act stands to the last day of its period, for an explanation.
pub(crate) fn why(from: Day, due: Day, done: Option<Local>, look: &Look<'_>) -> Why {
    let until = done.map_or(look.now().day(), Local::day);
    let (zh, en) = match (done.is_some(), until > due) {
        (true, true) => ("已完成但逾期", "done late"),
        (true, false) => ("已按期完成", "done in time"),
        (false, true) => ("逾期未完成", "overdue and not done"),
        (false, false) => ("未完成，未逾期", "not done, not overdue"),
    };
    Why::new(
        format!("{from} 起算，最后一日 {due}，至 {until} {zh}"),
        format!("from {from}, last day {due}, on {until} {en}"),
    )
    .day("start", from)
    .day("until", until)
    .day("last_day", due)
    .flag("done", done.is_some())
}
