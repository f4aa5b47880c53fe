//! CMP-T01 查封扣押超期: how long a measure may last, testing that was told of taken out.

use super::measure::{Act, Extension, Measure};
use crate::Params;
use crate::term::{self, Reach, Stop};
use plumbline_guest::{Day, Entry, Fire, Level, Look, Unit, Why};

/// Notice before the last day, red after it. An extension counts if it was granted in time by who
/// may, and told in writing.
pub(crate) fn exceeded(measure: &Measure, params: &Params, look: &mut Look<'_>) {
    let Some((entry, taken)) = measure.taken() else {
        return look.unknown("coercion.measure.taken");
    };
    let limits = &params.coercion;
    let start = entry.time.day();
    let limit = taken.own_limit.unwrap_or(limits.seizure_days);
    let stops = testing(measure);
    let basic = match term::due(look, start, (limit, Unit::CalendarDay), &stops) {
        Reach::On(day) => day,
        other => return not_due(look, other),
    };
    let extension = extension(measure, basic, params);
    let added = extension.map_or(0, |(_, days)| days);
    let due = match term::due(look, start, (limit + added, Unit::CalendarDay), &stops) {
        Reach::On(day) => day,
        other => return not_due(look, other),
    };
    let ended = measure.ended();
    let done = ended.map(|entry| entry.time.day());
    let why = || {
        let unit = (limit + added, Unit::CalendarDay);
        term::why(("查封扣押冻结", "measure"), (start, due), unit, done)
            .int("extended_days", added)
            .count("tests", stops.len())
    };
    let evidence = [Some(entry.seq), extension.map(|(entry, _)| entry.seq), ended.map(|e| e.seq)];
    let proven = |fire: Fire| {
        fire.dept(&entry.dept)
            .evidence(evidence.into_iter().flatten())
            .int("limit_days", (limit + added).into())
            .day("due", due)
    };
    if term::is_late(look, due, done) {
        return look.fire_because(proven(Fire::overdue(Level::Red, due)), why);
    }
    // Who extended in the days of notice had been told before.
    let granted = extension.map(|(entry, _)| entry.time.day());
    let first = basic.plus(-limits.notice_days);
    let was_told = granted.is_some_and(|granted| granted >= first && stands_on(look, first, done));
    let last = due.plus(-limits.notice_days);
    if stands_on(look, last, done) || was_told {
        let day = if was_told { first } else { last };
        let notice = Fire::new(Level::Notice, term::daily_timer(day)).due(due);
        return look.fire_because(proven(notice), why);
    }
    look.quiet(why);
}

/// Whether the measure still stood when the daily timer of a day fired.
fn stands_on(look: &mut Look<'_>, day: Day, done: Option<Day>) -> bool {
    done.is_none_or(|done| done >= day) && look.reached(term::daily_timer(day))
}

fn not_due(look: &mut Look<'_>, reach: Reach) {
    if reach == Reach::Provisional {
        return look.provisional();
    }
    look.quiet(|| {
        Why::new("检测尚未结束，期限停止计算", "testing is under way, the clock stands")
            .flag("stands", true)
    });
}

/// Testing stops the clock unless it was expressly not told of, no longer than it was announced.
fn testing(measure: &Measure) -> Vec<Stop> {
    let acts: Vec<_> = measure.acts.iter().collect();
    let stop = |(index, entry): (usize, &&Entry<Act>)| {
        let Act::TestingStarted { told, est_days } = entry.fact else { return None };
        if told == Some(false) {
            return None;
        }
        let from = entry.time.day();
        let later = acts[index + 1..].iter();
        let ended = later.clone().find(|later| matches!(later.fact, Act::TestingEnded));
        let announced = est_days.map(|days| from.plus(days));
        let to = [ended.map(|entry| entry.time.day()), announced].into_iter().flatten().min();
        Some(Stop { from, to })
    };
    acts.iter().enumerate().filter_map(stop).collect()
}

/// The first extension that counts, and by how many days. What is not reported is held against
/// nobody.
fn extension<'a>(
    measure: &'a Measure,
    basic: Day,
    params: &Params,
) -> Option<(&'a Entry<Act>, i32)> {
    measure.acts.iter().find_map(|entry| {
        let Act::Extended(extension) = &entry.fact else { return None };
        let days = counted_days(extension, params)?;
        (entry.time.day() <= basic).then_some((entry, days))
    })
}

fn counted_days(extension: &Extension, params: &Params) -> Option<i32> {
    let rank = extension.rank.as_ref();
    let is_low = rank.is_some_and(|rank| !params.extension_ranks.contains(rank));
    if extension.told == Some(false) || extension.unapproved || is_low {
        return None;
    }
    let most = params.coercion.extend_days;
    Some(extension.days.map_or(most, |days| days.clamp(0, most)))
}
