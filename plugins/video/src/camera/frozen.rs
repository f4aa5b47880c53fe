//! VID-C04 画面冻结: one picture for a whole minute, no motion at all for long, or the same minutes
//! again and again. Likeness of minutes with earlier ones is measured where the pictures are.

use super::{View, longest};
use crate::Params;
use crate::minutes::{Run, clock, common, length};
use plumbline_guest::{Fire, Level, Look, Why};

const SECONDS_PER_MINUTE: i64 = 60;

/// VID-C04: one card for each stretch, a loop is red.
pub(super) fn frozen(view: &View<'_>, params: &Params, look: &mut Look<'_>) {
    let state = view.state;
    let mut cards = 0;
    for run in state.frozen.iter() {
        if i64::from(run.len()) * SECONDS_PER_MINUTE >= params.frozen_s {
            cards += 1;
            card(view, run, (Level::Yellow, "frozen"), look);
        }
    }
    for run in state.dead.iter() {
        if i64::from(run.len()) < params.dead_min {
            continue;
        }
        // Nothing moves in an empty hall; noise is never exactly zero while people work.
        let Some(open) = view.open(look) else { return look.provisional() };
        if length(&common(&[(run.from, run.to)], &open)) >= params.dead_min {
            cards += 1;
            card(view, run, (Level::Yellow, "still"), look);
        }
    }
    for run in state.looped.iter() {
        if i64::from(run.len()) >= params.loop_min {
            cards += 1;
            card(view, run, (Level::Red, "loop"), look);
        }
    }
    if cards == 0 {
        let limit = params.frozen_s / SECONDS_PER_MINUTE;
        look.quiet(|| longest(&state.frozen, limit.max(1)));
    }
}

fn card(view: &View<'_>, run: &Run<u64>, (level, what): (Level, &str), look: &mut Look<'_>) {
    if view.is_excused(run.from, look) {
        return look.exempt(|| {
            Why::new("已登记停机或维护", "an outage or maintenance is on record")
                .text("from", &clock(run.from))
        });
    }
    let (zh, en) = match what {
        "frozen" => ("画面完全相同", "identical pictures"),
        "still" => ("画面毫无变化", "no motion at all"),
        _ => ("画面疑似循环播放", "pictures perhaps played in a loop"),
    };
    let fire = Fire::new(level, view.at(run.from))
        .subject(&view.state.cam)
        .episode(format!("{what}/{}", clock(run.from)))
        .evidence([run.mark])
        .text("cam", &view.state.cam)
        .text("since", &clock(run.from))
        .text("zh", zh)
        .text("en", en);
    look.fire_because(fire, || {
        Why::new(format!("连续 {} 分钟", run.len()), format!("{} minutes in a row", run.len()))
            .int("frozen_min", i64::from(run.len()))
    });
}
