//! The last day of a period that lawful pauses interrupt, and when its end is noticed.

use plumbline_guest::{Day, Local, Look, Span, Unit};

/// The minute of the day at which daily timers fire.
const DAILY_TIMER_MINUTE: i64 = 10;

/// Rounds after which a period counts as standing still: each moves the end by the days that a
/// pause took.
const ROUNDS_MAX: usize = 256;

/// The first day on which `days` of the unit outside the pauses have passed since `from`, moved to
/// the next working day; none while an open pause holds it, or where the calendar is not known.
pub(crate) fn due(
    look: &Look<'_>,
    from: Day,
    (days, unit): (i32, Unit),
    pauses: &[Span],
) -> Option<Day> {
    let mut paused = 0;
    for _ in 0..ROUNDS_MAX {
        let due = look.add(from, days.saturating_add(paused), unit, true);
        if due.provisional {
            return None;
        }
        let now_paused = if pauses.is_empty() {
            0
        } else {
            look.count(from, due.day, unit, &[]) - look.count(from, due.day, unit, pauses)
        };
        if now_paused == paused {
            return Some(due.day);
        }
        paused = now_paused;
    }
    None
}

/// Whether something was done after the last day, or is still not done when the day has passed.
pub(crate) fn is_late(due: Day, done: Option<Local>, look: &mut Look<'_>) -> bool {
    match done {
        Some(done) => done.day() > due,
        None => look.reached(due.plus(1).start().plus_minutes(DAILY_TIMER_MINUTE)),
    }
}

/// An open pause has no end yet.
pub(crate) const OPEN: Local = Local(i64::MAX);
