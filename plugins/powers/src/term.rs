//! Terms: the last lawful day of a period that lawful stops interrupt, and when its end is noticed.
//! Which stops are lawful is the business of the rules.

use plumbline_guest::{Day, Local, Look, Span, Unit, Why};

/// The minute of the day at which daily timers fire.
const DAILY_TIMER_MINUTE: i64 = 10;
/// Rounds after which a period in working days counts as standing still.
const ROUNDS_MAX: usize = 64;

/// When the daily timer fires on a day.
pub(crate) fn daily_timer(day: Day) -> Local {
    day.start().plus_minutes(DAILY_TIMER_MINUTE)
}

/// A stop of the clock: it takes the days after `from` up to `to`; an open one takes all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) from: Day,
    pub(crate) to: Option<Day>,
}

/// When the clock comes to a number of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    On(Day),
    /// Not before a stop ends that is still open.
    Stands,
    /// Beyond the loaded calendar.
    Provisional,
}

/// The last lawful day of `days` of a unit after `from`; a last day that is no working day moves to
/// the next one.
pub(crate) fn due(look: &Look<'_>, from: Day, (days, unit): (i32, Unit), stops: &[Stop]) -> Reach {
    match unit {
        Unit::WorkingDay => working_due(look, from, days, stops),
        _ => match calendar_due(from, days, stops) {
            Some(day) => roll(look, day),
            None => Reach::Stands,
        },
    }
}

/// A day, or the next working day.
pub(crate) fn roll(look: &Look<'_>, day: Day) -> Reach {
    let due = look.add(day, 0, Unit::CalendarDay, true);
    if due.provisional { Reach::Provisional } else { Reach::On(due.day) }
}

/// The same without rolling; `None` while an open stop holds it.
pub(crate) fn calendar_due(from: Day, days: i32, stops: &[Stop]) -> Option<Day> {
    let mut stops: Vec<_> = stops.iter().map(|stop| (stop.from, stop.to)).collect();
    stops.sort_unstable_by_key(|(begin, _)| *begin);
    let (mut day, mut left) = (from, days);
    for (begin, end) in stops {
        let free = begin.0 - day.0;
        if free > 0 {
            if left <= free {
                break;
            }
            left -= free;
            day = begin;
        }
        day = day.max(end?);
    }
    Some(day.plus(left))
}

fn working_due(look: &Look<'_>, from: Day, days: i32, stops: &[Stop]) -> Reach {
    let closed = stops
        .iter()
        .filter_map(|stop| Some(Span { begin: stop.from.start(), end: stop.to?.start() }));
    let closed: Vec<_> = closed.collect();
    let open = stops.iter().filter(|stop| stop.to.is_none()).map(|stop| stop.from).min();
    let mut paused = 0;
    for _ in 0..ROUNDS_MAX {
        let due = look.add(from, days.saturating_add(paused), Unit::WorkingDay, true);
        if open.is_some_and(|open| open < due.day) {
            return Reach::Stands;
        }
        if due.provisional {
            return Reach::Provisional;
        }
        let now_paused = if closed.is_empty() {
            0
        } else {
            look.count(from, due.day, Unit::WorkingDay, &[])
                - look.count(from, due.day, Unit::WorkingDay, &closed)
        };
        if now_paused == paused {
            return Reach::On(due.day);
        }
        paused = now_paused;
    }
    Reach::Stands
}

/// Whether something was done after its last day, or was not done when the last day had passed.
pub(crate) fn is_late(look: &mut Look<'_>, due: Day, done: Option<Day>) -> bool {
    match done {
        Some(done) => done > due,
        None => look.reached(daily_timer(due.plus(1))),
    }
}

/// How a term stands, for an explanation.
pub(crate) fn why(
    (zh, en): (&str, &str),
    (from, due): (Day, Day),
    (days, unit): (i32, Unit),
    done: Option<Day>,
) -> Why {
    let (unit_zh, unit_en) = match unit {
        Unit::WorkingDay => ("个工作日", "working days"),
        Unit::CalendarDay => ("日", "calendar days"),
        Unit::Month => ("个月", "months"),
        Unit::Year => ("年", "years"),
    };
    let head = Why::new(
        format!("{zh}：{from} 起 {days} {unit_zh}，最后一日 {due}"),
        format!("{en}: {days} {unit_en} from {from}, last day {due}"),
    )
    .text("term", en)
    .day("from", from)
    .int("allowed", days)
    .text("unit", unit_en)
    .day("last_day", due);
    match done {
        Some(done) => head.and(
            Why::new(format!("办理于 {done}"), format!("done on {done}")).day("done_on", done),
        ),
        None => head.and(Why::new("尚未办理", "not done")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Stop, calendar_due};
    use plumbline_guest::Day;

    #[test]
    fn stops_move_the_last_day_once() {
        let stop = |from, to| Stop { from: Day(from), to: Some(Day(to)) };
        let open = Stop { from: Day(20), to: None };
        let rows = [
            (vec![], Some(30)),
            (vec![stop(10, 15)], Some(35)),
            (vec![stop(10, 15), stop(12, 18)], Some(38)),
            (vec![stop(12, 14), stop(10, 18)], Some(38)),
            (vec![stop(-5, 3)], Some(33)),
            (vec![stop(30, 40)], Some(30)),
            (vec![stop(29, 40)], Some(41)),
            (vec![open], None),
            (vec![stop(0, 1), Stop { from: Day(31), to: None }], Some(31)),
        ];
        for (stops, wanted) in rows {
            assert_eq!(calendar_due(Day(0), 30, &stops).map(|day| day.0), wanted, "{stops:?}");
        }
    }
}
