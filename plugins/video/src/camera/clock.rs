//! VID-C05 时钟偏差: the clock that the camera writes into its pictures is off.

use super::{SessionKind, View};
use crate::Params;
use crate::minutes::clock;
use plumbline_guest::{Fire, Level, Look, Why};

/// VID-C05: one card a day, for the largest deviation beyond a constant one that is on record.
pub(super) fn drift(view: &View<'_>, params: &Params, look: &mut Look<'_>) {
    let known = || view.row(look).map_or(0, |row| row.clock_off_s);
    if view.state.clock.is_empty() {
        return look.unknown("clock_off_s");
    }
    let told = view.state.sessions.iter().rev().find_map(|session| match session.kind {
        SessionKind::Changed { clock_off_s } => clock_off_s,
        _ => None,
    });
    let on_record = told.map_or_else(known, i64::from);
    let off_of = |seconds: i32| (i64::from(seconds) - on_record).abs();
    let worst =
        view.state.clock.iter().max_by_key(|run| (off_of(run.mark.seconds), u16::MAX - run.from));
    let Some(worst) = worst else { return look.unknown("clock_off_s") };
    let off = off_of(worst.mark.seconds);
    let why = || {
        Why::new(
            format!(
                "偏差最大 {off} 秒（已扣除登记的固定偏差 {on_record} 秒），限 {} 秒",
                params.clock_s
            ),
            format!(
                "off by {off} seconds beyond the registered {on_record}, {} allowed",
                params.clock_s
            ),
        )
        .int("off_s", off)
        .int("registered_s", on_record)
        .int("limit_s", params.clock_s)
    };
    if off <= params.clock_s {
        return look.quiet(why);
    }
    let fire = Fire::new(Level::Notice, view.at(worst.from))
        .subject(&view.state.cam)
        .evidence([worst.mark.seq])
        .text("cam", &view.state.cam)
        .text("since", &clock(worst.from))
        .int("seconds", i64::from(worst.mark.seconds) - on_record);
    look.fire_because(fire, why);
}
