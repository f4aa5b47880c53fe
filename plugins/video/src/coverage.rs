//! VID-M01 视频覆盖率: how much of a month's open minutes a camera saw well.

use crate::Params;
use crate::hours::Camera;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Fire, Level, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Days after the end of a month in which late minutes may still come.
const SETTLE_DAYS: i32 = 1;
const PER_CENT: i64 = 100;
/// The daily timer, minutes after midnight, after the sums of the last day.
const TIMER_MINUTE: i64 = 20;
const SECONDS_PER_MINUTE: i64 = 60;

/// Minutes of one day: seen well, open, and the event that told.
type Sum = (i64, i64, u64);

/// A camera's month.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Month {
    cam: String,
    hall: String,
    days: BTreeMap<Day, Sum>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Coverages;

impl Stream for Coverages {
    const NAME: &'static str = "coverage";
    type State = Month;
    type Params = Params;

    fn take(state: &mut Month, event: &Event<'_>, _: &Params) {
        let Some(day) = event.day("date") else { return };
        state.cam = event.text("cam").unwrap_or_default();
        state.hall = event.text("hall").unwrap_or_default();
        let minutes = |name| event.int(name).unwrap_or_default();
        state.days.insert(day, (minutes("valid_min"), minutes("open_min"), event.seq));
    }

    fn check(state: &Month, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Month, Params>] = &[("VID-M01", thin)];
        apply(rules, &params.off, state, params, look);
    }
}

/// VID-M01: once, when the month is over. Days of which nothing came were open all the same.
fn thin(state: &Month, params: &Params, look: &mut Look<'_>) {
    let Some((first, _)) = state.days.first_key_value() else { return look.unknown("date") };
    let (year, month, _) = first.ymd();
    let start = Day::from_ymd(year, month, 1).unwrap_or(*first);
    let end = start.plus(plumbline_guest::contract::time::days_in_month(year, month) as i32);
    if !look.reached(end.plus(SETTLE_DAYS).start().plus_minutes(TIMER_MINUTE)) {
        return look
            .quiet(|| Why::new("本月尚未结束", "the month is not over").day("ends_before", end));
    }
    let (mut seen, mut open) = (0, 0);
    for day in (0..end.0 - start.0).map(|ahead| start.plus(ahead)) {
        if let Some((of_day, open_of_day, _)) = state.days.get(&day) {
            seen += of_day;
            open += open_of_day;
            continue;
        }
        // Before it was registered it need not see; where no row says since when, since its first day.
        let has_row = look.row::<Camera>(&state.cam, day).is_some_and(|row| row.is_active());
        let known = look.row::<Camera>(&state.cam, *first).is_some();
        if has_row || !known && day > *first {
            let (from, to) = (day.start(), day.plus(1).start());
            open += look.worktime(&state.hall, from, to, &[]) / SECONDS_PER_MINUTE;
        }
    }
    let why = || {
        Why::new(
            format!("应覆盖 {open} 分钟，有效 {seen} 分钟，不低于 {}%", params.coverage_pct),
            format!("{seen} of {open} minutes seen well, {} per cent wanted", params.coverage_pct),
        )
        .int("seen_min", seen)
        .int("open_min", open)
    };
    if seen * PER_CENT >= open * params.coverage_pct {
        return look.quiet(why);
    }
    let fire = Fire::new(Level::Notice, end.start())
        .subject(&state.cam)
        .evidence(state.days.values().map(|(_, _, seq)| *seq))
        .text("cam", &state.cam)
        .text("month", &start.to_string()[..7])
        .int("covered_pct", seen * PER_CENT / open.max(1))
        .int("wanted_pct", params.coverage_pct);
    look.fire_because(fire, why);
}
