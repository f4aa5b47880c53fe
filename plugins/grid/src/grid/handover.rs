//! GRID-D02 未知责 and GRID-D03 交接遗漏: duties that are known and handed over.

use super::{Duty, Grid, Said, leaves};
use crate::Params;
use crate::period::{self, passed};
use plumbline_guest::{Day, Fire, Level, Look, Why};
use std::collections::BTreeMap;

/// How long before leaving a handover may have been signed, days.
const HANDOVER_AHEAD_D: i32 = 30;

/// GRID-D02: nobody acknowledged the duty, or an older version of it.
pub(super) fn unacknowledged(grid: &Grid, params: &Params, look: &mut Look<'_>) {
    // Duties that one officer is given on one day are one matter.
    let mut groups: BTreeMap<(&str, Day, Option<i64>), Vec<&Duty>> = BTreeMap::new();
    for duty in &grid.duties {
        let group = (&*duty.officer, duty.assigned.day(), duty.ver);
        groups.entry(group).or_default().push(duty);
    }
    if groups.is_empty() {
        return look.quiet(|| Why::new("没有分责记录", "no duty was assigned").count("duties", 0));
    }
    for ((officer, day, ver), duties) in groups {
        let read = |of: &Option<i64>| ver.is_none() || of.is_none() || *of >= ver;
        let acknowledged = grid.notes.iter().filter_map(|note| match &note.said {
            Said::Acknowledged { officer: who, ver }
                if who == officer && note.at >= duties[0].assigned =>
            {
                Some((note.at, note.seq, ver))
            }
            _ => None,
        });
        let (mut fitting, mut stale) = (None, 0);
        for (at, seq, of) in acknowledged {
            if read(of) {
                fitting = fitting.min(Some((at, seq))).or(Some((at, seq)));
            } else {
                stale += 1;
            }
        }
        let away = leaves(officer, look);
        let limits = [params.ack_wd, params.ack_yellow_wd.max(params.ack_wd)];
        let [Some(due), Some(late)] =
            limits.map(|days| period::working_less(day, days, &away, look))
        else {
            continue;
        };
        if grid.left(officer, day).is_some_and(|left| left <= due) {
            look.exempt(|| {
                Why::new("期限内已离岗", "left within the limit").text("officer", officer)
            });
            continue;
        }
        let done = fitting.map(|(at, _)| at);
        let why = period::why(day, due, done, look);
        if !passed(due, done, look) {
            look.quiet(|| why.text("officer", officer));
            continue;
        }
        let level = if passed(late, done, look) { Level::Yellow } else { Level::Notice };
        let version = ver.map_or(String::new(), |ver| format!("/{ver}"));
        let fire = Fire::overdue(level, due)
            .episode(format!("{officer}/{day}{version}"))
            .dept(&duties[0].dept)
            .evidence(duties.iter().map(|duty| duty.seq))
            .text("officer", officer)
            .int("objects", duties.len() as i64)
            .text("zh", if stale > 0 { "仅确认过旧版责任书" } else { "未确认" })
            .text("en", if stale > 0 { "only an older version is" } else { "it is not" })
            .day("due", due);
        look.fire_because(fire, || why.int("stale", stale).day("yellow_after", late));
    }
}

/// GRID-D03: an officer left with open tasks, and nothing was handed over.
pub(super) fn missing(grid: &Grid, params: &Params, look: &mut Look<'_>) {
    let mut count = 0;
    for note in &grid.notes {
        let Said::Left { officer, open } = &note.said else { continue };
        count += 1;
        let day = note.at.day();
        let Some(due) = period::working(day, params.handover_wd, look) else { continue };
        let held = |duty: &&Duty| {
            duty.officer == *officer && duty.from <= day && duty.to.is_none_or(|to| to >= day)
        };
        let duties: Vec<_> = grid.duties.iter().filter(held).collect();
        let Some(open) = open.or((!duties.is_empty()).then_some(duties.len() as i64)) else {
            look.unknown("open_tasks");
            continue;
        };
        if open == 0 {
            look.quiet(|| Why::new("没有未结任务", "no open task").text("officer", officer));
            continue;
        }
        let taken =
            |duty: &&Duty| grid.successor(duty).is_some_and(|next| next.assigned.day() <= due);
        if !duties.is_empty() && duties.iter().all(taken) {
            look.exempt(|| {
                let (zh, en) = ("任务已自动改派", "the tasks were assigned to others");
                Why::new(zh, en).text("officer", officer).count("duties", duties.len())
            });
            continue;
        }
        let earliest = day.plus(-HANDOVER_AHEAD_D).start();
        let handover = grid.notes.iter().find_map(|other| match &other.said {
            Said::Handover { from } if from == officer && other.at >= earliest => {
                Some((other.at, other.seq))
            }
            _ => None,
        });
        let done = handover.map(|(at, _)| at);
        let why = period::why(day, due, done, look);
        if !passed(due, done, look) {
            look.quiet(|| why.text("officer", officer));
            continue;
        }
        let fire = Fire::overdue(Level::Yellow, due)
            .episode(format!("{officer}/{day}"))
            .dept(&note.dept)
            .evidence([Some(note.seq), handover.map(|(_, seq)| seq)].into_iter().flatten())
            .text("officer", officer)
            .int("open", open)
            .day("due", due);
        look.fire_because(fire, || why);
    }
    if count == 0 {
        look.quiet(|| Why::new("没有人员离岗", "nobody left").count("left", 0));
    }
}
