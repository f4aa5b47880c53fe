//! VID-C02 遮挡: a picture that suddenly shows nothing while lights should be on.

use super::{Cover, View, longest};
use crate::Params;
use crate::minutes::{Run, clock, common, length};
use plumbline_guest::{Fire, Level, Look, Why};

/// VID-C02: one card for each covered stretch.
pub(super) fn covered(view: &View<'_>, params: &Params, look: &mut Look<'_>) {
    let runs = &view.state.covered;
    let mut cards = 0;
    for run in stretches(view) {
        if i64::from(run.len()) < params.cover_min {
            continue;
        }
        let Some(open) = view.open(look) else { return look.provisional() };
        let from = if is_sudden(view, &run, params) {
            run.from
        } else if run.mark.extreme {
            // Dark since before the first picture: judged once the lights must be on.
            let opening = open.first().map_or(run.to, |(from, _)| *from);
            run.from.max(opening.saturating_add(params.lights_min))
        } else {
            continue;
        };
        let minutes = length(&common(&[(from.min(run.to), run.to)], &open));
        if minutes < params.cover_min {
            continue;
        }
        cards += 1;
        if view.is_excused(run.from, look) {
            look.exempt(|| {
                Why::new("已登记停机或维护", "an outage or maintenance is on record")
                    .text("from", &clock(run.from))
            });
            continue;
        }
        let is_red = minutes >= params.cover_red_min;
        let level = if is_red { Level::Red } else { Level::Yellow };
        let fire = Fire::new(level, view.at(from))
            .subject(&view.state.cam)
            .episode(clock(run.from))
            .evidence([run.mark.seq])
            .text("cam", &view.state.cam)
            .text("since", &clock(from));
        look.fire_because(fire, || {
            Why::new(
                format!("开放时间内已遮挡 {minutes} 分钟，满 {} 分钟为红牌", params.cover_red_min),
                format!("covered for {minutes} open minutes, red from {}", params.cover_red_min),
            )
            .int("covered_min", minutes)
            .int("red_min", params.cover_red_min)
        });
    }
    if cards == 0 {
        look.quiet(|| longest(runs, params.cover_min));
    }
}

/// Covered runs, those that touch as one: black or blurred is the same hand.
fn stretches(view: &View<'_>) -> Vec<Run<Cover>> {
    let mut all: Vec<Run<Cover>> = Vec::new();
    for run in view.state.covered.iter() {
        match all.last_mut() {
            Some(last) if last.to == run.from => {
                last.to = run.to;
                last.mark.extreme |= run.mark.extreme;
            }
            _ => all.push(*run),
        }
    }
    all
}

/// Whether there was a normal picture shortly before.
fn is_sudden(view: &View<'_>, run: &Run<Cover>, params: &Params) -> bool {
    let before = run.from.saturating_sub(params.sudden_min)..run.from;
    let is_normal =
        |minute| view.state.seen.contains(minute) && !view.state.covered.contains(minute);
    before.into_iter().any(is_normal)
}
