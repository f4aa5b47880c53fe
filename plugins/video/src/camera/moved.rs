//! VID-C03 移动: the picture is sharp, but no longer that of the reference.

use super::{SessionKind, View, longest};
use crate::Params;
use crate::minutes::{clock, common, length};
use plumbline_guest::{Fire, Level, Look, Why};

/// VID-C03: one card for each stretch.
pub(super) fn moved(view: &View<'_>, params: &Params, look: &mut Look<'_>) {
    let mut cards = 0;
    for run in view.state.moved.iter() {
        if i64::from(run.len()) < params.moved_min {
            continue;
        }
        let Some(open) = view.open(look) else { return look.provisional() };
        // A crowd before the lens is no move.
        let minutes =
            length(&common(&[(run.from, run.to)], &open)) - crowded(view, run.from, run.to);
        if minutes < params.moved_min {
            continue;
        }
        cards += 1;
        let is_change = |at: u16| i64::from(at) <= i64::from(run.from) + params.relearn_min;
        let change = view.state.sessions.iter().find(|session| {
            matches!(session.kind, SessionKind::Changed { .. }) && is_change(session.at)
        });
        if change.is_some() || view.is_excused(run.from, look) {
            look.exempt(|| {
                Why::new("已登记变更、停机或维护", "a change, outage or maintenance is on record")
                    .text("from", &clock(run.from))
                    .flag("change", change.is_some())
            });
            continue;
        }
        let fire = Fire::new(Level::Yellow, view.at(run.from))
            .subject(&view.state.cam)
            .episode(clock(run.from))
            .evidence([run.mark])
            .text("cam", &view.state.cam)
            .text("since", &clock(run.from));
        look.fire_because(fire, || {
            Why::new(
                format!("已 {minutes} 分钟与基准画面不符，限 {} 分钟", params.moved_min),
                format!("unlike the reference for {minutes} minutes, {} allowed", params.moved_min),
            )
            .int("moved_min", minutes)
            .int("limit_min", params.moved_min)
        });
    }
    if cards == 0 {
        look.quiet(|| longest(&view.state.moved, params.moved_min));
    }
}

fn crowded(view: &View<'_>, from: u16, to: u16) -> i64 {
    let crowds: Vec<_> = view
        .state
        .zones
        .iter()
        .filter_map(|(_, zone)| match zone {
            super::Zone::Queue { crowd } => Some(crowd),
            _ => None,
        })
        .collect();
    let minutes = (from..to).filter(|minute| crowds.iter().any(|crowd| crowd.contains(*minute)));
    minutes.count() as i64
}
