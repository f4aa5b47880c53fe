//! The last day of a limit, when its passing is noticed, and how both are told.

use plumbline_guest::{Day, Fire, Level, Local, Look, Span, Unit, Why};

/// The minute of the day at which daily timers fire.
const DAILY_TIMER_MINUTE: i64 = 10;
/// Rounds after which a limit counts as standing still: each moves the end by the days that a pause
/// took, so one that still moves then lies years ahead or in a pause without end.
const ROUNDS_MAX: usize = 256;

/// When the daily timer fires on a day.
pub(crate) fn daily_timer(day: Day) -> Local {
    day.start().plus_minutes(DAILY_TIMER_MINUTE)
}

/// A limit with its last day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    pub(crate) from: Day,
    pub(crate) limit: i32,
    pub(crate) unit: Unit,
    pub(crate) due: Day,
}

impl Term {
    /// A limit whose last day rolls to a working day; none where the calendar is not known.
    pub(crate) fn new(look: &Look<'_>, from: Day, limit: i32, unit: Unit) -> Option<Self> {
        let due = look.add(from, limit, unit, true);
        (!due.provisional).then_some(Self { from, limit, unit, due: due.day })
    }

    /// A limit whose last day is named.
    pub(crate) fn named(look: &Look<'_>, from: Day, due: Day) -> Self {
        let limit = look.count(from, due.max(from), Unit::CalendarDay, &[]);
        Self { from, limit, unit: Unit::CalendarDay, due }
    }

    /// A limit in working days outside the pauses; none while an open one holds it, or where the
    /// calendar is not known.
    pub(crate) fn paused(look: &Look<'_>, from: Day, limit: i32, pauses: &[Span]) -> Option<Self> {
        let mut taken = 0;
        for _ in 0..ROUNDS_MAX {
            let term = Self::new(look, from, limit.saturating_add(taken), Unit::WorkingDay)?;
            let all = look.count(from, term.due, Unit::WorkingDay, &[]);
            let now_taken = all - look.count(from, term.due, Unit::WorkingDay, pauses);
            if now_taken == taken {
                return Some(Self { limit, ..term });
            }
            taken = now_taken;
        }
        None
    }

    /// Whether the last day went by without the act.
    pub(crate) fn passed(&self, done: Option<Local>, look: &mut Look<'_>) -> bool {
        passed(self.due, done, look)
    }

    /// An alert on its passing, with what the texts name.
    pub(crate) fn overdue(&self, level: Level) -> Fire {
        let (zh, en) = unit_names(self.unit);
        Fire::overdue(level, self.due)
            .int("limit", self.limit.into())
            .text("unit_zh", zh)
            .text("unit_en", en)
            .day("due", self.due)
    }

    /// How long it took, for an explanation; nothing if nobody asked.
    pub(crate) fn why(&self, what: (&str, &str), done: Option<Local>, look: &Look<'_>) -> Why {
        if !look.is_tracing() {
            return Why::default();
        }
        let Self { from, limit, unit, due } = *self;
        let until = done.map_or(look.now().day(), Local::day).max(from);
        let used = look.count(from, until, unit, &[]);
        let (state_zh, state_en) = match (until > due, done) {
            (true, _) => ("已逾期", "overdue"),
            (false, Some(_)) => ("已按期完成", "done in time"),
            (false, None) => ("未逾期", "not overdue"),
        };
        let (unit_zh, unit_en) = unit_names(unit);
        Why::new(
            format!("{}：{from} 起至 {until} {used} 个{unit_zh}，限 {limit} 个，最后一日 {due}，{state_zh}", what.0),
            format!("{}: {used} of {limit} {unit_en} from {from} to {until}, last day {due}, {state_en}", what.1),
        )
        .day("from", from)
        .day("until", until)
        .int("elapsed", used)
        .int("allowed", limit)
        .day("last_day", due)
        .flag("done", done.is_some())
    }
}

/// Whether a day went by without the act.
pub(crate) fn passed(due: Day, done: Option<Local>, look: &mut Look<'_>) -> bool {
    match done {
        Some(done) => done.day() > due,
        None => look.reached(daily_timer(due.plus(1))),
    }
}

fn unit_names(unit: Unit) -> (&'static str, &'static str) {
    match unit {
        Unit::WorkingDay => ("工作日", "working days"),
        Unit::CalendarDay => ("自然日", "calendar days"),
        Unit::Month => ("月", "months"),
        Unit::Year => ("年", "years"),
    }
}
