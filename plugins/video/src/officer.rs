//! The month of one officer as rosters, seats and punches tell it: VID-D02 迟到早退 and VID-A01
//! 打卡不在岗. Whose seat it is says the roster; nobody is recognized.

use crate::minutes::clock;
use crate::{Params, ground};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Fire, Level, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Duties of a month that are kept: several a day.
const DUTIES_MAX: usize = 200;

/// A duty at a seat, minutes of the day; how many minutes it was seen empty before the first
/// presence and after the last.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Duty {
    seat: String,
    to: u16,
    late: i64,
    early: i64,
    seq: u64,
}

/// An officer's month.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Month {
    officer: String,
    /// By day and begin.
    duties: BTreeMap<(Day, u16), Duty>,
    /// First punch of the day, with the event that told.
    punches: BTreeMap<Day, (u16, u64)>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Officers;

impl Stream for Officers {
    const NAME: &'static str = "officer";
    type State = Month;
    type Params = Params;

    fn take(state: &mut Month, event: &Event<'_>, _: &Params) {
        let Some(day) = event.day("date") else { return };
        state.officer = event.text("officer").unwrap_or_default();
        let minute = |name| event.int(name).and_then(|minute| u16::try_from(minute).ok());
        if event.kind == "fact.video.punched" {
            if let Some(minute) = minute("in_min") {
                state.punches.insert(day, (minute, event.seq));
            }
            return;
        }
        let (Some(from), Some(to)) = (minute("from"), minute("to")) else { return };
        let is_known = state.duties.contains_key(&(day, from));
        if !is_known && state.duties.len() >= DUTIES_MAX {
            return;
        }
        let seat = event.text("seat").unwrap_or_default();
        let int = |name| event.int(name).unwrap_or_default();
        let duty = Duty { seat, to, late: int("late"), early: int("early"), seq: event.seq };
        state.duties.insert((day, from), duty);
    }

    fn check(state: &Month, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Month, Params>] = &[("VID-D02", late), ("VID-A01", contradicted)];
        apply(rules, &params.off, state, params, look);
    }
}

/// VID-D02: the seat stayed empty longer than is borne after the begin or before the end. A punch in
/// time leaves a notice.
fn late(state: &Month, params: &Params, look: &mut Look<'_>) {
    if !ground::is_given(params, look) {
        return;
    }
    let mut nth = 0;
    for ((day, from), duty) in &state.duties {
        let is_late = duty.late > params.late_grace_min;
        let is_early = duty.early >= params.late_grace_min.max(1);
        if !is_late && !is_early {
            continue;
        }
        nth += 1;
        let punch = state.punches.get(day).filter(|(minute, _)| minute <= from);
        let is_yellow = nth >= params.month_yellow && punch.is_none();
        let level = if is_yellow { Level::Yellow } else { Level::Notice };
        let minute = if is_late { *from } else { duty.to };
        let (zh, en) = match (is_late, is_early) {
            (true, true) => ("迟到且早退", "late and left early"),
            (true, false) => ("迟到", "late"),
            _ => ("早退", "left early"),
        };
        let fire = Fire::new(level, day.start().plus_minutes(minute.into()))
            .subject(&state.officer)
            .episode(format!("{day}/{}", clock(*from)))
            .evidence([Some(duty.seq), punch.map(|(_, seq)| *seq)].into_iter().flatten())
            .text("seat", &duty.seat)
            .day("day", *day)
            .text("zh", zh)
            .text("en", en)
            .int("late", duty.late)
            .int("early", duty.early);
        look.fire_because(fire, || {
            Why::new(format!("本月第 {nth} 次"), format!("no. {nth} of the month"))
                .count("nth", nth)
                .flag("punched", punch.is_some())
                .int("borne_min", params.late_grace_min)
        });
    }
    if nth == 0 {
        look.quiet(|| {
            let duties = state.duties.len();
            Why::new(
                format!("本月 {duties} 班均按时"),
                format!("{duties} duties of the month in time"),
            )
            .count("duties", duties)
            .int("borne_min", params.late_grace_min)
        });
    }
}

/// VID-A01: punched in, and the seat was empty all the first minutes.
fn contradicted(state: &Month, params: &Params, look: &mut Look<'_>) {
    if !ground::is_given(params, look) {
        return;
    }
    let mut nth = 0;
    for ((day, from), duty) in &state.duties {
        let limit = i64::from(*from) + params.punch_min;
        let punch = state.punches.get(day).filter(|(minute, _)| i64::from(*minute) < limit);
        let Some((minute, seq)) = punch.filter(|_| duty.late >= params.punch_min) else { continue };
        nth += 1;
        let level = if nth >= params.month_yellow { Level::Yellow } else { Level::Notice };
        let fire = Fire::new(level, day.start().plus_minutes(limit))
            .subject(&state.officer)
            .episode(format!("{day}/{}", clock(*from)))
            .evidence([duty.seq, *seq])
            .text("seat", &duty.seat)
            .day("day", *day)
            .text("punched", &clock(*minute))
            .int("empty_min", duty.late);
        look.fire_because(fire, || {
            Why::new(format!("本月第 {nth} 次"), format!("no. {nth} of the month"))
                .count("nth", nth)
                .int("limit_min", params.punch_min)
        });
    }
    if nth == 0 {
        look.quiet(|| {
            Why::new("打卡与在岗情况未见矛盾", "punches and presence agree")
                .count("punches", state.punches.len())
                .int("limit_min", params.punch_min)
        });
    }
}
