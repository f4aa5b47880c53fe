//! A seat on one day: VID-D01 脱岗, VID-D03 静止/睡岗, VID-D04 有人等候无人受理. Whose duty it was
//! comes from rosters; whether the seat was empty from the cameras that see it. A minute that no
//! camera saw well is unknown: it neither counts nor resets.

mod view;

use crate::hours::{Spans, parse_clock};
use crate::minutes::{Runs, clock, common, spans_of};
use crate::{Params, ground};
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Fire, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;
use view::{Duty, Minute, View};

/// Changes of duty of one day that are kept.
const DUTIES_MAX: usize = 100;
/// Zones of cameras that see one seat.
const POSTS_MAX: usize = 8;
/// How long after the end of a duty minutes may still come, minutes.
const SETTLE_MIN: i64 = 10;

/// What one zone of a camera showed of the seat.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Post {
    seq: u64,
    valid: Runs<()>,
    empty: Runs<()>,
    still: Runs<()>,
}

/// A change of duty: scheduled, on leave, or taken over by another.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Change {
    kind: String,
    officer: String,
    with: String,
    from: Local,
    to: Local,
    identity: u64,
    version: u32,
    seq: u64,
}

/// A seat-day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct SeatDay {
    seat: String,
    cam: String,
    day: Option<Day>,
    posts: BTreeMap<String, Post>,
    changes: Vec<Change>,
    open: Option<Spans>,
    idle: Spans,
    called: Vec<u16>,
    /// Changes that are no growth of the day.
    rev: i64,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Seats;

impl Stream for Seats {
    const NAME: &'static str = "seat";
    type State = SeatDay;
    type Params = Params;

    fn take(state: &mut SeatDay, event: &Event<'_>, _: &Params) {
        state.seat = event.text("seat").unwrap_or_default();
        state.day = event.day("date");
        let texts = |name| event.texts(name).unwrap_or_default();
        match event.kind {
            "fact.video.post" => {
                state.cam = event.text("cam").unwrap_or_default();
                state.rev += i64::from(event.int("rev") > Some(0));
                let zone = format!("{}/{}", state.cam, event.text("zone").unwrap_or_default());
                let runs = |name| Runs::read(&texts(name));
                let (valid, empty, still) = (runs("valid"), runs("empty"), runs("still"));
                if state.posts.contains_key(&zone) || state.posts.len() < POSTS_MAX {
                    state.posts.insert(zone, Post { seq: event.seq, valid, empty, still });
                }
            }
            "fact.video.seat_hours" => state.open = Some(spans_of(&texts("open"))),
            "fact.video.window" => {
                state.idle = spans_of(&texts("idle"));
                state.called = texts("called").iter().filter_map(|at| parse_clock(at)).collect();
            }
            _ => state.change(event),
        }
    }

    fn check(state: &SeatDay, params: &Params, look: &mut Look<'_>) {
        let Some(day) = state.day else { return };
        let view = params.is_discipline().then(|| View::new(state, day, look)).flatten();
        let rules: &[Rule<(&SeatDay, Option<View>), Params>] =
            &[("VID-D01", off_post), ("VID-D03", still), ("VID-D04", idle)];
        let view = (state, view);
        apply(rules, &params.off, &view, params, look);
        if let (state, Some(view)) = &view {
            tell(state, view, params, look);
        }
    }
}

impl SeatDay {
    fn change(&mut self, event: &Event<'_>) {
        let (Some(from), Some(to)) = (event.stamp("from"), event.stamp("to")) else { return };
        let text = |name| event.text(name).unwrap_or_default();
        let change = Change {
            kind: event.kind.to_owned(),
            officer: text("officer"),
            with: text("with"),
            from,
            to,
            identity: event.identity,
            version: event.version,
            seq: event.seq,
        };
        let known = self.changes.iter().position(|known| known.identity == change.identity);
        if let Some(index) = known {
            if self.changes[index].version >= change.version {
                return;
            }
            self.changes.remove(index);
        }
        if self.changes.len() < DUTIES_MAX {
            let order = |change: &Change| (change.from, change.identity);
            let place = self.changes.partition_point(|other| order(other) <= order(&change));
            self.changes.insert(place, change);
            self.rev += 1;
        }
    }
}

/// The view, or the reason why there is none.
fn seen<'a>(
    (_, view): &'a (&SeatDay, Option<View>),
    params: &Params,
    look: &mut Look<'_>,
) -> Option<&'a View> {
    if !ground::is_given(params, look) {
        return None;
    }
    let view = view.as_ref()?;
    if view.is_provisional {
        look.provisional();
        return None;
    }
    if view.duties.is_empty() {
        look.quiet(|| {
            Why::new("当日开放时间内无人排班", "nobody is on duty in open hours").count("duties", 0)
        });
        return None;
    }
    Some(view)
}

/// Counted stretches of a duty: first and last minute of it that counted, and how many did. Unknown
/// minutes neither count nor reset.
fn stretches(view: &View, duty: &Duty, of: Minute) -> Vec<Vec<u16>> {
    let mut all = vec![Vec::new()];
    for minute in duty.from..duty.to {
        let found = view.at(minute);
        if found == of {
            all.last_mut().expect("there is always one").push(minute);
        } else if found != Minute::Unknown {
            all.push(Vec::new());
        }
    }
    all.retain(|minutes| !minutes.is_empty());
    all
}

/// VID-D01: the seat was empty in duty for so many valid minutes; a ticket called meanwhile raises
/// the level by one.
fn off_post(of: &(&SeatDay, Option<View>), params: &Params, look: &mut Look<'_>) {
    let Some(view) = seen(of, params, look) else { return };
    let state = of.0;
    let (mut cards, mut most) = (0, 0);
    for duty in &view.duties {
        for minutes in stretches(view, duty, Minute::Empty) {
            let count = minutes.len() as i64;
            most = most.max(count);
            let step = params.post_min.iter().filter(|limit| count >= **limit).count();
            if step == 0 {
                continue;
            }
            cards += 1;
            let (first, last) = (minutes[0], minutes[minutes.len() - 1]);
            let called = state.called.iter().any(|at| first <= *at && *at <= last);
            let level =
                [Level::Notice, Level::Yellow, Level::Red][(step - 1 + usize::from(called)).min(2)];
            let notice = minutes[(params.post_min[0] - 1).max(0) as usize];
            let fire = Fire::new(level, view.time(notice + 1))
                .subject(&state.seat)
                .episode(clock(first))
                .evidence(view.seqs.iter().copied())
                .text("seat", &state.seat)
                .text("officer", &duty.officer)
                .text("since", &clock(first));
            look.fire_because(fire, || {
                Why::new(
                    format!(
                        "有效空席 {count} 分钟，其间叫号：{}",
                        if called { "有" } else { "无" }
                    ),
                    format!("empty for {count} valid minutes, ticket called: {called}"),
                )
                .int("empty_min", count)
                .flag("called", called)
                .text("ground", &params.discipline_ground)
            });
        }
    }
    if cards == 0 {
        let limit = params.post_min[0];
        look.quiet(|| {
            Why::new(
                format!("连续空席最多 {most} 分钟，限 {limit} 分钟"),
                format!("empty for {most} minutes at most, {limit} allowed"),
            )
            .int("empty_min", most)
            .int("limit_min", limit)
        });
    }
}

/// VID-D03: somebody is there and does not move, after having moved: a jacket never did.
fn still(of: &(&SeatDay, Option<View>), params: &Params, look: &mut Look<'_>) {
    let Some(view) = seen(of, params, look) else { return };
    let (mut cards, mut most) = (0, 0);
    for duty in &view.duties {
        for minutes in stretches(view, duty, Minute::Still) {
            let count = minutes.len() as i64;
            most = most.max(count);
            let first = minutes[0];
            let before = first.saturating_sub(params.still_before_min as u16)..first;
            let moved = before.into_iter().any(|minute| view.at(minute) == Minute::Moving);
            if count < params.still_min[0] || !moved {
                continue;
            }
            cards += 1;
            let level = if count >= params.still_min[1] { Level::Yellow } else { Level::Notice };
            let notice = minutes[(params.still_min[0] - 1).max(0) as usize];
            let fire = Fire::new(level, view.time(notice + 1))
                .subject(&of.0.seat)
                .episode(clock(first))
                .evidence(view.seqs.iter().copied())
                .text("seat", &of.0.seat)
                .text("since", &clock(first));
            look.fire_because(fire, || {
                Why::new(
                    format!("有效静止 {count} 分钟"),
                    format!("still for {count} valid minutes"),
                )
                .int("still_min", count)
                .text("ground", &params.discipline_ground)
            });
        }
    }
    if cards == 0 {
        let limit = params.still_min[0];
        look.quiet(|| {
            Why::new(
                format!("活动之后连续静止最多 {most} 分钟，限 {limit} 分钟"),
                format!("still for {most} minutes at most, {limit} allowed"),
            )
            .int("still_min", most)
            .int("limit_min", limit)
        });
    }
}

/// VID-D04: people waited, the window could have served them, somebody was at it and served nobody.
fn idle(of: &(&SeatDay, Option<View>), params: &Params, look: &mut Look<'_>) {
    let Some(view) = seen(of, params, look) else { return };
    let mut cards = 0;
    for span in &of.0.idle {
        for duty in &view.duties {
            let Some((from, to)) = common(&[*span], &[(duty.from, duty.to)]).first().copied()
            else {
                continue;
            };
            let is_there =
                |minute: &u16| matches!(view.at(*minute), Minute::Still | Minute::Moving);
            let there: Vec<_> = (from..to).filter(is_there).collect();
            if (there.len() as i64) < params.idle_min {
                continue;
            }
            cards += 1;
            let nth = (params.idle_min - 1).max(0) as usize;
            let fire = Fire::new(Level::Yellow, view.time(there[nth] + 1))
                .subject(&of.0.seat)
                .episode(clock(from))
                .evidence(view.seqs.iter().copied())
                .text("seat", &of.0.seat)
                .text("since", &clock(there[0]));
            look.fire_because(fire, || {
                Why::new(
                    format!("有人值守而未受理 {} 分钟", there.len()),
                    format!("staffed and idle for {} minutes", there.len()),
                )
                .count("idle_min", there.len())
                .text("ground", &params.discipline_ground)
            });
        }
    }
    if cards == 0 {
        look.quiet(|| {
            Why::new("有人等候时窗口未见空闲", "not idle while people waited")
                .count("stretches", of.0.idle.len())
                .int("limit_min", params.idle_min)
        });
    }
}

/// To the officer's month: how late and how early the seat was empty. Told when the first presence,
/// or its lack, is known, and after the end.
fn tell(state: &SeatDay, view: &View, params: &Params, look: &mut Look<'_>) {
    for duty in &view.duties {
        let is_there = |minute: &u16| matches!(view.at(*minute), Minute::Still | Minute::Moving);
        let is_empty = |minute: &u16| view.at(*minute) == Minute::Empty;
        let first = (duty.from..duty.to).find(is_there);
        let last = (duty.from..duty.to).rev().find(is_there);
        let late = (duty.from..first.unwrap_or(duty.to)).filter(is_empty).count() as i64;
        let is_over = look.reached(view.time(duty.to).plus_minutes(SETTLE_MIN));
        let early = last.filter(|_| is_over);
        let early = early.map_or(0, |last| (last..duty.to).filter(is_empty).count() as i64);
        if first.is_none() && !is_over && late < params.punch_min {
            continue;
        }
        let late_told = if is_over || first.is_some() { late } else { params.punch_min };
        let turn = (state.rev << 32) | (late_told << 16) | early;
        let date = view.day.to_string();
        let tag = format!("{date}/{}", duty.from);
        look.fact_of_turn(("duty", &duty.officer), (&tag, turn), || {
            Writer::default()
                .text("officer", &duty.officer)
                .text("month", &date[..7])
                .text("date", &date)
                .text("seat", &state.seat)
                .int("from", duty.from.into())
                .int("to", duty.to.into())
                .int("late", late_told)
                .int("early", early)
        });
    }
}
