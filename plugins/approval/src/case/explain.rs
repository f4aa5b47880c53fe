//! The clock of a case in plain words, for those who ask why. Nothing here decides anything.

use super::clock::{Clock, Granted, Limit, Reach, Standing, Stop};
use super::view::Case;
use plumbline_guest::json::Writer;
use plumbline_guest::{Day, Local, Look, Span, Unit, Why};

/// Longest stretch of which public holidays are told from weekends, days: two years.
const BREAKDOWN_DAYS_MAX: i32 = 731;
/// First day of a weekend, Monday being 0.
const SATURDAY: u8 = 5;

/// How far a limit is used: days, threshold and last lawful day.
pub(crate) fn limit(case: &Case<'_>, clock: &Clock<'_>, limit: &Limit, look: &Look<'_>) -> Why {
    let until = until(case, look).max(limit.start);
    let used = clock.elapsed(look, limit.start, until);
    let total = limit.total();
    let (did_zh, did_en) = match case.end {
        Some(_) => ("办理用时", "took"),
        None => ("已用", "used so far"),
    };
    let (state_zh, state_en) = match limit.due {
        Reach::Stands => {
            ("依法停表中，最后一日未定".to_owned(), "the clock stands, no last day yet".to_owned())
        }
        Reach::On(due) if until > due.day => {
            (format!("最后一日 {}，已超期", due.day), format!("last day {}, overdue", due.day))
        }
        Reach::On(due) => {
            (format!("最后一日 {}，未超期", due.day), format!("last day {}, not overdue", due.day))
        }
    };
    let why = Why::new(
        format!("截至 {until} {did_zh} {used} 个工作日，期限 {total} 个工作日，{state_zh}"),
        format!("{did_en} {used} of {total} working days by {until}, {state_en}"),
    )
    .day("start", limit.start)
    .day("until", until)
    .int("elapsed_wd", used)
    .int("allowed_wd", total)
    .int("ext_wd", limit.ext);
    match limit.due {
        Reach::On(due) => why.day("last_day", due.day),
        Reach::Stands => why.flag("stands", true),
    }
}

/// Why no clock runs.
pub(crate) fn not_accepted(case: &Case<'_>) -> Why {
    let why = |zh: String, en: String| Why::new(zh, en).flag("accepted", false);
    match (case.end, case.received) {
        (Some(end), _) => {
            let day = end.time.day();
            why(format!("未受理，{day} 已了结"), format!("not accepted, over on {day}"))
                .day("ended", day)
        }
        (None, Some(received)) => {
            let day = received.day();
            why(format!("{day} 收件，尚未受理"), format!("received on {day}, not accepted yet"))
                .day("received", day)
        }
        (None, None) => why("未见收件和受理".into(), "neither receipt nor acceptance".into()),
    }
}

/// The decision is what the rule looks at, and there is none.
pub(crate) fn not_decided(case: &Case<'_>) -> Why {
    let why = |zh: String, en: String| Why::new(zh, en).flag("decided", false);
    match case.end {
        Some(end) => {
            let day = end.time.day();
            why(format!("{day} 未经决定即了结"), format!("over on {day} without a decision"))
                .day("ended", day)
        }
        None => why("尚未决定".into(), "not decided yet".into()),
    }
}

/// The whole clock: from which day, which limits, what stops it and why not, what extends it, which
/// days do not count.
pub(crate) fn clock(case: &Case<'_>, clock: &Clock<'_>, deemed: bool, look: &mut Look<'_>) {
    let Some(statutory) = clock.statutory.filter(|_| look.is_tracing()) else { return };
    let until = until(case, look).max(statutory.start);
    let mut why = start(&statutory, deemed);
    for (name, zh, en, limit) in [
        ("statutory", "法定", "statutory", Some(statutory)),
        ("promised", "承诺", "promised", clock.promised),
    ] {
        why = limit.into_iter().fold(why, |why, limit| why.and(of_limit(name, zh, en, &limit)));
    }
    let stops = clock.stops.iter().map(|stop| of_stop(stop, look));
    let rests = clock.suspensions.iter().map(|span| of_suspension(*span));
    let (lines, stops): (Vec<_>, Vec<_>) = stops.chain(rests).unzip();
    why = lines.into_iter().fold(why, Why::and);
    if !stops.is_empty() {
        why = why.objects("stops", stops);
    }
    if let Some(granted) = clock.extension {
        why = why.and(of_extension(granted, &statutory));
    }
    let why = why.and(of_days(clock, statutory.start, until, look));
    look.remark("clock", || why);
}

fn until(case: &Case<'_>, look: &Look<'_>) -> Day {
    case.end_day().unwrap_or(look.now().day())
}

fn start(limit: &Limit, deemed: bool) -> Why {
    let from = limit.start.plus(1);
    let (zh, en) = if deemed {
        ("逾期未答复，视为受理", "counted as accepted for want of an answer")
    } else {
        ("受理", "accepted")
    };
    Why::new(
        format!("计时起点 {}（{zh}），自次日 {from} 起按工作日计", limit.start),
        format!("the clock starts on {} ({en}) and counts working days from {from}", limit.start),
    )
    .day("clock_start", limit.start)
    .flag("deemed", deemed)
    .text("unit", "working_day")
}

fn of_limit(name: &str, zh: &str, en: &str, limit: &Limit) -> Why {
    let (due_zh, due_en) = match limit.due {
        Reach::On(due) => (format!("应办结日 {}", due.day), format!("due {}", due.day)),
        Reach::Stands => {
            ("依法停表中，应办结日未定".into(), "the clock stands, no due date yet".into())
        }
    };
    let (own_zh, own_en) =
        limit.own.map_or(("", ""), |_| ("（窗口自定日期）", " (the office's own date)"));
    let why = Why::new(
        format!("{zh}期限 {}+{} 个工作日，{due_zh}{own_zh}", limit.wd, limit.ext),
        format!("{en} limit {}+{} working days, {due_en}{own_en}", limit.wd, limit.ext),
    )
    .int(&format!("{name}_wd"), limit.wd)
    .int(&format!("{name}_ext_wd"), limit.ext);
    match limit.due {
        Reach::On(due) => why.day(&format!("{name}_due"), due.day),
        Reach::Stands => why,
    }
}

/// A stop in words and in figures, with the ground on which it counts or does not.
fn of_stop(stop: &Stop<'_>, look: &Look<'_>) -> (Why, Writer) {
    let kind = stop.pause.said.kind.as_deref().unwrap_or("?");
    let begin = stop.pause.day();
    let end = stop.resumed.map(|end| end.time.day());
    let shown = end.map_or_else(|| "…".to_owned(), |end| end.to_string());
    let (ground, zh, en) = match (stop.standing, stop.told) {
        (Standing::Unlawful, _) => {
            ("unlawful", "种类不在事项特别程序内，不停表", "not lawful for the item")
        }
        (_, false) => ("untold", "无书面告知文号，不停表", "no written notice, does not stop it"),
        (Standing::Unknown, true) => ("unknown", "事项未知，暂按停表计", "item unknown, believed"),
        (Standing::Lawful { .. }, true) => {
            ("lawful", "在事项特别程序内，依法停表", "among the item's procedures, lawful")
        }
    };
    let mut figures = Writer::default()
        .text("kind", kind)
        .text("begin", &begin.to_string())
        .text("ground", ground)
        .flag("counts", stop.counted.is_some());
    if let Some(end) = end {
        let days = look.count(begin, end, Unit::WorkingDay, &[]);
        figures = figures.text("end", &end.to_string()).int("wd", days.into());
    }
    if let Standing::Lawful { max_wd: Some(max) } = stop.standing {
        figures = figures.int("max_wd", max.into());
    }
    let until = stop.counted.filter(|span| Some(span.end) < stop.resumed.map(|end| end.time));
    let until = until.filter(|span| span.end < Local(i64::MAX)).map(|span| span.end.day());
    let (cut_zh, cut_en) = until.map_or_else(Default::default, |day| {
        (format!("，最长计至 {day}"), format!(", counted until {day} at most"))
    });
    if let Some(day) = until {
        figures = figures.text("counted_until", &day.to_string());
    }
    let why = Why::new(
        format!("停表 {kind} {begin} 至 {shown}：{zh}{cut_zh}"),
        format!("stop {kind} {begin} to {shown}: {en}{cut_en}"),
    );
    (why, figures)
}

fn of_suspension(span: Span) -> (Why, Writer) {
    let begin = span.begin.day();
    let end = (span.end < Local(i64::MAX)).then(|| span.end.day());
    let shown = end.map_or_else(|| "…".to_owned(), |end| end.to_string());
    let figures = Writer::default()
        .text("kind", "suspension")
        .text("begin", &begin.to_string())
        .text("ground", "lawful")
        .flag("counts", true);
    let figures = match end {
        Some(end) => figures.text("end", &end.to_string()),
        None => figures,
    };
    let zh = format!("中止 {begin} 至 {shown}：停表");
    (Why::new(zh, format!("suspended {begin} to {shown}: does not count")), figures)
}

fn of_extension(granted: Granted<'_>, limit: &Limit) -> Why {
    let (day, days) = (granted.act.day(), granted.days);
    let (zh, en) = if limit.ext > 0 {
        ("在法定期限内作出，计入", "within the statutory limit, counted")
    } else {
        ("在法定期限届满后作出，不计入", "after the statutory last day, not counted")
    };
    Why::new(
        format!("{day} 延期 {days} 个工作日，{zh}"),
        format!("extended on {day} by {days} working days, {en}"),
    )
    .day("extended_on", day)
    .int("extended_wd", days)
    .flag("extension_counts", limit.ext > 0)
}

/// What was counted up to a day, and what was passed over.
fn of_days(clock: &Clock<'_>, start: Day, until: Day, look: &Look<'_>) -> Why {
    let used = clock.elapsed(look, start, until);
    let working = look.count(start, until, Unit::WorkingDay, &[]);
    let days = until.0 - start.0;
    let (paused, rest) = (working - used, days - working);
    let why = Why::new(
        format!(
            "截至 {until} 共 {days} 个自然日：已用 {used} 个工作日，\
             停表 {paused} 个工作日，休息日 {rest} 天不计"
        ),
        format!(
            "{days} calendar days by {until}: {used} working days used, \
             {paused} stopped, {rest} days off not counted"
        ),
    )
    .day("counted_until", until)
    .int("calendar_days", days)
    .int("used_wd", used)
    .int("stopped_wd", paused)
    .int("days_off", rest);
    if days > BREAKDOWN_DAYS_MAX {
        return why;
    }
    let is_weekend = |day: Day| day.weekday() >= SATURDAY;
    let span = (start.0 + 1..=until.0).map(Day);
    let (mut holidays, mut makeup) = (Vec::new(), 0);
    for day in span {
        match (is_weekend(day), look.is_working(day)) {
            (false, false) => holidays.push(day.to_string()),
            (true, true) => makeup += 1,
            _ => {}
        }
    }
    let count = holidays.len();
    let more = if count + makeup == 0 {
        Why::default()
    } else {
        Why::new(
            format!("其中工作日放假 {count} 天，周末调休上班 {makeup} 天"),
            format!("among them {count} weekdays off, {makeup} weekend days worked"),
        )
    };
    let holidays = holidays.iter().map(String::as_str);
    why.and(more.texts("weekdays_off", holidays).count("weekend_days_worked", makeup))
}

/// The time between two days of an act and its limit, for rules with a limit of their own.
pub(crate) fn period(
    (zh, en): (&str, &str),
    from: Day,
    (done, limit): (Option<Day>, i32),
    due: Option<Day>,
    look: &Look<'_>,
) -> Why {
    let until = done.unwrap_or(look.now().day()).max(from);
    let used = look.count(from, until, Unit::WorkingDay, &[]);
    let due = due.or_else(|| {
        let due = look.add(from, limit, Unit::WorkingDay, true);
        (!due.provisional).then_some(due.day)
    });
    let last = due.map_or_else(|| "?".to_owned(), |due| due.to_string());
    let why = Why::new(
        format!("{zh}：{from} 起至 {until} 用 {used} 个工作日，限 {limit} 个，最后一日 {last}"),
        format!("{en}: {used} of {limit} working days from {from} to {until}, last day {last}"),
    )
    .day("from", from)
    .day("until", until)
    .int("elapsed_wd", used)
    .int("allowed_wd", limit)
    .flag("done", done.is_some());
    due.into_iter().fold(why, |why, due| why.day("last_day", due))
}
