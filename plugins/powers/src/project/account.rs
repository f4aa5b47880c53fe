//! PRJ-T02 竣工决算: the final account after acceptance; an audit of it stops the clock.

use super::Act;
use crate::Params;
use crate::term::{self, Reach, Stop};
use plumbline_guest::{Facts, Fire, Level, Look, Unit, Why};

/// Yellow after the last day.
pub(crate) fn late(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
    let completed = acts.iter().find(|entry| matches!(entry.fact, Act::Completed));
    let Some(completed) = completed else {
        return look
            .quiet(|| Why::new("尚未竣工验收", "not accepted yet").flag("completed", false));
    };
    let months = params.project.settle_months;
    let start = completed.time.day();
    // Months are counted first, an audit adds its days.
    let days = look.add(start, months, Unit::Month, false).day.0 - start.0;
    let stops = audits(acts);
    let due = match term::due(look, start, (days, Unit::CalendarDay), &stops) {
        Reach::On(due) => due,
        Reach::Provisional => return look.provisional(),
        Reach::Stands => {
            return look.quiet(|| {
                Why::new("决算审计进行中，期限停止计算", "an audit is under way, the clock stands")
                    .flag("stands", true)
            });
        }
    };
    let settled = acts.iter().find(|entry| matches!(entry.fact, Act::Settled));
    let done = settled.map(|entry| entry.time.day());
    let why = || {
        let words = ("竣工决算", "final account");
        term::why(words, (start, due), (months, Unit::Month), done).count("audits", stops.len())
    };
    if !term::is_late(look, due, done) {
        return look.quiet(why);
    }
    let fire = Fire::overdue(Level::Yellow, due)
        .dept(&completed.dept)
        .evidence([Some(completed.seq), settled.map(|entry| entry.seq)].into_iter().flatten())
        .int("limit_months", months.into())
        .day("due", due);
    look.fire_because(fire, why);
}

fn audits(acts: &Facts<Act>) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::new();
    for entry in acts {
        let open = stops.last_mut().filter(|stop| stop.to.is_none());
        match (&entry.fact, open) {
            (Act::AuditStarted, None) => {
                stops.push(Stop { from: entry.time.day(), to: None });
            }
            (Act::AuditEnded, Some(stop)) => stop.to = Some(entry.time.day()),
            _ => {}
        }
    }
    stops
}
