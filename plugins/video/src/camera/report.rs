//! What a camera-day tells other streams: to the hall when it was not there and how full it was, to
//! seats whether somebody was at them, to the month how much of it was seen, and to the guard of
//! privacy what has no place in an observation.

use super::{View, Zone};
use crate::Params;
use crate::minutes::{DAY_MINUTES, Run, Runs, common, length, span_texts};
use plumbline_guest::Look;
use plumbline_guest::json::Writer;

/// After midnight, when the day's sum is told.
const SUM_MINUTE: i64 = 10;
/// Seats are told of at least this often, minutes.
const POST_EVERY_MIN: u16 = 10;

pub(super) fn tell(view: &View<'_>, params: &Params, look: &mut Look<'_>) {
    presence(view, params, look);
    if params.is_discipline() {
        posts(view, params, look);
    }
    let state = view.state;
    if let Some((field, seq)) = &state.identity {
        look.fact_of_turn(("identity", &state.cam), (field, *seq as i64), || {
            Writer::default().text("cam", &state.cam).text("field", field)
        });
    }
    if look.reached(view.day.plus(1).start().plus_minutes(SUM_MINUTE)) {
        sum(view, look);
    }
}

/// Parts of a turn.
fn turn(rev: u32, high: u16, low: u16) -> i64 {
    (i64::from(rev) << 32) | (i64::from(high) << 16) | i64::from(low)
}

/// To the hall: when the camera was there, and which queues were full.
fn presence(view: &View<'_>, params: &Params, look: &mut Look<'_>) {
    let state = view.state;
    let end = state.seen.end().unwrap_or(0);
    let limit = i64::from(end) + params.offline_min[0];
    let told = state.states.last().is_some_and(|(at, is_down)| *is_down && *at >= end);
    let is_gap = told
        || limit <= i64::from(DAY_MINUTES) && look.reached(view.day.start().plus_minutes(limit));
    let open = if is_gap { end } else { DAY_MINUTES + 1 };
    let stage = stage_of_crowds(view, params, end);
    let hall = view.hall(look).to_owned();
    look.fact_of_turn(("camera", &state.cam), ("day", turn(state.rev, open, stage)), || {
        let crowds = full_queues(view, params);
        Writer::default()
            .text("cam", &state.cam)
            .text("hall", &hall)
            .text("date", &view.day.to_string())
            .list("gaps", gaps(view, is_gap).iter().map(String::as_str))
            .flag("down", is_gap)
            .list("crowds", crowds.iter().map(String::as_str))
    });
}

fn stage_of_crowds(view: &View<'_>, params: &Params, end: u16) -> u16 {
    let steps = [params.crowd_min, params.crowd_yellow_min];
    let mut stage = 0;
    for (_, zone) in &view.state.zones {
        let Zone::Queue { crowd } = zone else { continue };
        for run in crowd.iter() {
            let len = i64::from(run.len());
            stage += steps.iter().filter(|step| len >= **step).count() as u16;
            stage += u16::from(len >= steps[0] && run.to < end);
        }
    }
    stage
}

/// Stretches without pictures; that after the latest only once it is a gap, so that what is told
/// depends on the turn alone.
fn gaps(view: &View<'_>, is_gap: bool) -> Vec<String> {
    let mut gaps = view.state.seen.gaps();
    if !is_gap {
        gaps.retain(|(_, to)| *to < DAY_MINUTES);
    }
    span_texts(&gaps)
}

/// `from-to:zone` of queues that were full long enough; of a crowd that goes on as far as the last
/// step that it has taken.
fn full_queues(view: &View<'_>, params: &Params) -> Vec<String> {
    let end = view.state.seen.end().unwrap_or(0);
    let steps = [params.crowd_min, params.crowd_yellow_min];
    let mut all = Vec::new();
    for (name, zone) in &view.state.zones {
        let Zone::Queue { crowd } = zone else { continue };
        let long = crowd.iter().filter(|run| i64::from(run.len()) >= params.crowd_min);
        all.extend(long.map(|run| {
            let to = if run.to < end { run.to } else { step_of(run, &steps) };
            format!("{}-{to}:{name}", run.from)
        }));
    }
    all
}

/// The minute in which a run took its last step; its begin if it took none.
fn step_of(run: &Run<()>, steps: &[i64]) -> u16 {
    let taken = steps.iter().filter(|step| i64::from(run.len()) >= **step).max();
    run.from + taken.map_or(0, |step| *step as u16)
}

/// Up to which minute a seat is told of: the minute after a stretch, or a step of one.
fn told_until(runs: &Runs<()>, steps: &[i64], end: u16) -> u16 {
    let of = |run: &Run<()>| if run.to < end { run.to + 1 } else { step_of(run, steps) };
    runs.iter().map(of).max().unwrap_or(0)
}

fn before(runs: &Runs<()>, until: u16) -> Vec<String> {
    let spans: Vec<_> = runs.iter().map(|run| (run.from, run.to)).collect();
    span_texts(&common(&spans, &[(0, until)]))
}

/// To each seat: which minutes prove anything, when it was empty, when nothing moved at it.
fn posts(view: &View<'_>, params: &Params, look: &mut Look<'_>) {
    let state = view.state;
    let end = state.seen.end().unwrap_or(0);
    for (name, zone) in &state.zones {
        let Zone::Seat { seat, empty, still } = zone else { continue };
        let steps = told_until(empty, &params.post_min, end);
        let until = steps.max(told_until(still, &params.still_min, end));
        let until = until.max(end / POST_EVERY_MIN * POST_EVERY_MIN);
        look.fact_of_turn(("post", seat), (name, turn(state.rev, until, 0)), || {
            Writer::default()
                .text("seat", seat)
                .text("date", &view.day.to_string())
                .text("cam", &state.cam)
                .text("zone", name)
                .int("rev", i64::from(state.rev))
                .list("valid", before(&view.valid(), until).iter().map(String::as_str))
                .list("empty", before(empty, until).iter().map(String::as_str))
                .list("still", before(still, until).iter().map(String::as_str))
        });
    }
}

/// To the month: how many of the open minutes were seen well.
fn sum(view: &View<'_>, look: &mut Look<'_>) {
    let Some(open) = view.open(look) else { return };
    let state = view.state;
    let valid = view.valid();
    let valid: Vec<_> = valid.iter().map(|run| (run.from, run.to)).collect();
    let outages = crate::hours::outages(look, &state.cam, view.hall(look), view.day);
    // What is out on record need not be seen, and was not missed.
    let excused = length(&common(&outages, &open));
    let seen = length(&common(&valid, &open)) - length(&common(&common(&valid, &open), &outages));
    let data = Writer::default()
        .text("cam", &state.cam)
        .text("hall", view.hall(look))
        .text("month", &view.day.to_string()[..7])
        .text("date", &view.day.to_string())
        .int("valid_min", seen)
        .int("open_min", length(&open) - excused);
    look.fact_of_turn(
        ("seen", &state.cam),
        ("sum", (i64::from(state.rev) << 32) | (seen << 11) | length(&open)),
        || data,
    );
}
