//! The last day of a period in working days that lawful pauses interrupt, and when its end is
//! noticed.

use plumbline_guest::{Day, Local, Look, Span, Unit};

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
