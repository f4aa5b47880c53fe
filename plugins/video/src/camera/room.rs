//! Rooms in which only some may be: VID-S01 非常时段活动 and VID-S02 评标室异常. Persons are counted,
//! never recognized.

use super::{SessionKind, View, Zone};
use crate::Params;
use crate::hours::{Spans, within};
use crate::minutes::{DAY_MINUTES, clock};
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Fire, Level, Look, Why};

/// Rounds and sessions of one zone that are read.
const ROWS_MAX: u32 = 2_000;

/// A session of an evaluation committee.
struct Sitting {
    from: u16,
    to: u16,
    persons_max: Option<i64>,
    isolation: bool,
    seq: u64,
}

fn sittings(view: &View<'_>) -> Vec<Sitting> {
    let sessions = &view.state.sessions;
    let mut all = Vec::new();
    for session in sessions {
        let SessionKind::Opened { persons_max, isolation, until } = session.kind else { continue };
        let closed = sessions
            .iter()
            .find(|other| matches!(other.kind, SessionKind::Closed) && other.at >= session.at);
        let to = closed.map(|closed| closed.at).or(until).unwrap_or(DAY_MINUTES);
        all.push(Sitting { from: session.at, to, persons_max, isolation, seq: session.seq });
    }
    all
}

/// Persons let in on record at a minute.
fn admitted(view: &View<'_>, minute: u16) -> i64 {
    let at = |session: &super::Session| match session.kind {
        SessionKind::Admitted { until, persons } => {
            let is_in = session.at <= minute && minute < until.unwrap_or(DAY_MINUTES);
            if is_in { persons } else { 0 }
        }
        _ => 0,
    };
    view.state.sessions.iter().map(at).sum()
}

/// Rounds and shifts of the table `duty_roster` for a zone.
fn scheduled(view: &View<'_>, (zone, seat): (&str, &str), look: &Look<'_>) -> Spans {
    let own = format!("{}-{zone}", view.state.cam);
    let code = if seat.is_empty() { &own } else { seat };
    let rows = look.rows("duty_roster", &format!("{code}/"), view.day, ROWS_MAX);
    let span = |(_, row): &(String, String)| {
        let row = Object::parse(row);
        let text = |name| row.get(name).and_then(Value::text);
        within(look.stamp(&text("from_time")?)?, look.stamp(&text("to_time")?)?, view.day)
    };
    rows.iter().filter_map(span).collect()
}

/// VID-S01: somebody in a zone where nobody may be now.
pub(super) fn activity(view: &View<'_>, params: &Params, look: &mut Look<'_>) {
    let mut cards = 0;
    let sittings = sittings(view);
    for (name, zone) in &view.state.zones {
        let (runs, seat): (Vec<_>, _) = match zone {
            Zone::Forbidden { active, seat } => {
                (active.iter().map(|run| (run.from, run.to, run.mark)).collect(), seat)
            }
            Zone::Room { persons, seat } => {
                let some = persons.iter().filter(|run| run.mark.count > 0);
                (some.map(|run| (run.from, run.to, run.mark.seq)).collect(), seat)
            }
            _ => continue,
        };
        if runs.is_empty() {
            continue;
        }
        let mut allowed = scheduled(view, (name, seat), look);
        if matches!(zone, Zone::Room { .. }) {
            allowed.extend(sittings.iter().map(|sitting| (sitting.from, sitting.to)));
        }
        let is_allowed = |minute: u16| {
            allowed.iter().any(|(from, to)| *from <= minute && minute < *to)
                || admitted(view, minute) > 0
        };
        for (from, to, seq) in joined(runs, is_allowed) {
            if i64::from(to - from) < params.active_min {
                continue;
            }
            cards += 1;
            let is_isolated = sittings.iter().any(|s| s.isolation && s.from <= from && from < s.to);
            let level = if is_isolated { Level::Red } else { Level::Yellow };
            let fire = Fire::new(level, view.at(from))
                .subject(&view.state.cam)
                .episode(format!("{name}/{}", clock(from)))
                .evidence([seq])
                .text("zone", name)
                .text("since", &clock(from));
            look.fire_because(fire, || {
                Why::new(format!("持续 {} 分钟", to - from), format!("for {} minutes", to - from))
                    .int("active_min", i64::from(to - from))
                    .flag("isolation", is_isolated)
            });
        }
    }
    if cards == 0 {
        look.quiet(|| {
            let zones = view.state.zones.len();
            let (zh, en) =
                ("限制区域在安排之外无人", "nobody in a restricted zone beyond schedule");
            Why::new(zh, en).count("zones", zones).int("limit_min", params.active_min)
        });
    }
}

/// Stretches of the runs in which nothing allows it.
fn joined(runs: Vec<(u16, u16, u64)>, is_allowed: impl Fn(u16) -> bool) -> Vec<(u16, u16, u64)> {
    let mut all: Vec<(u16, u16, u64)> = Vec::new();
    for (from, to, seq) in runs {
        for minute in (from..to).filter(|minute| !is_allowed(*minute)) {
            match all.last_mut() {
                Some(last) if last.1 == minute => last.1 += 1,
                _ => all.push((minute, minute + 1, seq)),
            }
        }
    }
    all
}

/// VID-S02: more persons than the committee and its staff, somebody coming in after the start, or
/// somebody where the telephones lie.
pub(super) fn breach(view: &View<'_>, params: &Params, look: &mut Look<'_>) {
    let sittings = sittings(view);
    if sittings.is_empty() {
        return look.quiet(|| Why::new("当日无评标", "no session on this day").int("sessions", 0));
    }
    let mut cards = 0;
    for sitting in &sittings {
        for (name, zone) in &view.state.zones {
            let found = match zone {
                Zone::Room { persons, .. } => {
                    let Some(max) = sitting.persons_max else {
                        look.unknown("persons_max");
                        continue;
                    };
                    let over = persons
                        .iter()
                        .flat_map(|run| (run.from..run.to).map(move |minute| (minute, run.mark)));
                    let mut over = over.filter(|(minute, mark)| {
                        let is_in = sitting.from <= *minute && *minute < sitting.to;
                        is_in && i64::from(mark.count) > max + admitted(view, *minute)
                    });
                    over.next().map(|(minute, mark)| (minute, mark.seq, "persons"))
                }
                Zone::Door { active } => {
                    let grace = i64::from(sitting.from) + params.entry_grace_min;
                    first(view, active, (sitting, grace)).map(|(at, seq)| (at, seq, "entry"))
                }
                Zone::Phone { active } => first(view, active, (sitting, i64::from(sitting.from)))
                    .map(|(at, seq)| (at, seq, "phone")),
                _ => None,
            };
            let Some((minute, seq, what)) = found else { continue };
            cards += 1;
            let (zh, en) = match what {
                "persons" => {
                    ("室内人数超过评委和工作人员数", "more persons than committee and staff")
                }
                "entry" => ("开始后有人进出", "somebody came in or left after the start"),
                _ => ("通讯工具存放区有人", "somebody where the telephones lie"),
            };
            let fire = Fire::new(Level::Red, view.at(minute))
                .subject(&view.state.cam)
                .episode(format!("{what}/{name}/{}", clock(sitting.from)))
                .evidence([sitting.seq, seq])
                .text("since", &clock(minute))
                .text("zh", zh)
                .text("en", en);
            look.fire_because(fire, || {
                Why::new(
                    format!("评标自 {} 至 {}", clock(sitting.from), clock(sitting.to)),
                    format!("session from {} to {}", clock(sitting.from), clock(sitting.to)),
                )
                .int("persons_max", sitting.persons_max.unwrap_or(-1))
            });
        }
    }
    if cards == 0 {
        look.quiet(|| {
            let (zh, en) = ("评标期间未见异常", "nothing unusual during the sessions");
            Why::new(zh, en).count("sessions", sittings.len())
        });
    }
}

fn first(
    view: &View<'_>,
    active: &crate::minutes::Runs<u64>,
    (sitting, after): (&Sitting, i64),
) -> Option<(u16, u64)> {
    let minutes = active.iter().flat_map(|run| (run.from..run.to).map(move |at| (at, run.mark)));
    let mut inside = minutes.filter(|(at, _)| i64::from(*at) >= after && *at < sitting.to);
    inside.find(|(at, _)| admitted(view, *at) == 0)
}
