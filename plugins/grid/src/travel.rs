//! The way of one officer with one device: GRID-R03 不可能行程.
//!
//! Positions of patrols are most of what a county reports here, so little is kept: the latest ones,
//! among which a late line still finds its place, and what was found among those before.

use crate::Params;
use crate::object;
use crate::place::Place;
use crate::sketch;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Fire, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Positions that are kept: half an hour at one a minute. A line that is later than all of them is
/// compared with none.
const POINTS_MAX: usize = 32;
/// Days with jumps that are kept: a device that has as many is broken, which is known then.
const DAYS_MAX: usize = 200;

/// One position. `id` tells lines of one fact apart from others.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Point {
    at: Local,
    place: Place,
    acc_m: i64,
    seq: u64,
    id: u64,
    version: i64,
}

/// What was found on one day: how often, and the first of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Jumps {
    count: usize,
    first: Jump,
}

/// From one position to the next, faster than anybody travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Jump {
    left: Local,
    at: Local,
    metres: i64,
    seqs: [u64; 2],
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Way {
    officer: String,
    points: Vec<Point>,
    /// Positions before the first that is kept are gone.
    is_cut: bool,
    /// Among positions that are gone.
    settled: BTreeMap<Day, Jumps>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Travels;

impl Stream for Travels {
    const NAME: &'static str = "travel";
    type State = Way;
    type Params = Params;

    fn take(way: &mut Way, event: &Event<'_>, params: &Params) {
        if way.officer.is_empty() {
            way.officer = event.text("officer").unwrap_or_default();
        }
        let read = if event.kind == "fact.grid.record" { inspected } else { patrolled };
        let Some((id, version, point)) = read(event) else { return };
        let known = way.points.iter().position(|point| point.id == id);
        if let Some(index) = known {
            if way.points[index].version >= version {
                return;
            }
            way.points.remove(index);
        }
        if let Some(point) = point.filter(|point| point.acc_m <= params.acc_max_m) {
            way.put(point, params);
        }
    }

    fn check(way: &Way, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Way, Params>] = &[("GRID-R03", impossible)];
        apply(rules, &params.off, way, params, look);
    }
}

/// A position of a patrol; a mock one is none.
fn patrolled(event: &Event<'_>) -> Option<(u64, i64, Option<Point>)> {
    let (id, version) = (event.identity, i64::from(event.version));
    let is_mock = event.flag("mock_location") == Some(true);
    let place = object::place(event, "lat", "lon").filter(|_| !is_mock);
    let acc_m = event.get("acc_m").and_then(|acc| acc.float()).map_or(0, |acc| acc as i64).max(0);
    let at = event.stamp("at").unwrap_or(event.time);
    let seq = event.seq;
    Some((id, version, place.map(|place| Point { at, place, acc_m, seq, id, version })))
}

/// Where an inspection began.
fn inspected(event: &Event<'_>) -> Option<(u64, i64, Option<Point>)> {
    let (id, version) = (sketch::hash(&event.text("insp_no")?), event.int("rev")?);
    let degree = |name| event.int(name).and_then(|micro| i32::try_from(micro).ok());
    let is_real = event.flag("mock") == Some(false) && event.flag("site") == Some(true);
    let place = degree("lat").zip(degree("lon")).filter(|_| is_real);
    let (at, seq) = (Local(event.int("started")?), event.int("seq")? as u64);
    let acc_m = event.int("acc_m").unwrap_or(0);
    let point = place.map(|(lat, lon)| {
        let place = Place { lat, lon };
        Point { at, place, acc_m, seq, id, version }
    });
    Some((id, version, point))
}

impl Way {
    fn put(&mut self, point: Point, params: &Params) {
        let order = |point: &Point| (point.at, point.id);
        let place = self.points.partition_point(|other| order(other) <= order(&point));
        if place == 0 && self.is_cut {
            return;
        }
        self.points.insert(place, point);
        if self.points.len() <= POINTS_MAX {
            return;
        }
        let jump = jump(&self.points[0], &self.points[1], params);
        self.points.remove(0);
        self.is_cut = true;
        if let Some(jump) = jump {
            let is_full = self.settled.len() >= DAYS_MAX;
            add(&mut self.settled, jump, is_full);
        }
    }

    /// All jumps, by the day of their end.
    fn days(&self, params: &Params) -> BTreeMap<Day, Jumps> {
        let mut days = self.settled.clone();
        let pairs = self.points.iter().zip(self.points.iter().skip(1));
        for jump in pairs.filter_map(|(a, b)| jump(a, b, params)) {
            let is_full = days.len() >= DAYS_MAX;
            add(&mut days, jump, is_full);
        }
        days
    }
}

fn add(days: &mut BTreeMap<Day, Jumps>, jump: Jump, is_full: bool) {
    match days.get_mut(&jump.at.day()) {
        Some(jumps) => jumps.count += 1,
        None if is_full => {}
        None => {
            days.insert(jump.at.day(), Jumps { count: 1, first: jump });
        }
    }
}

/// Whether the way between two positions, less what both may be off, is too long for the time.
fn jump(from: &Point, to: &Point, params: &Params) -> Option<Jump> {
    let metres = from.place.metres_to(to.place) as i64 - from.acc_m - to.acc_m;
    // Metres in milliseconds are 3600 km/h.
    let is_fast = metres * 3_600 > params.speed_kmh * (to.at.0 - from.at.0);
    (metres > params.jump_min_m && is_fast).then_some(Jump {
        left: from.at,
        at: to.at,
        metres,
        seqs: [from.seq, to.seq],
    })
}

/// GRID-R03: one card a day, red where there were several in some weeks.
fn impossible(way: &Way, params: &Params, look: &mut Look<'_>) {
    let days = way.days(params);
    if days.is_empty() {
        return look.quiet(|| {
            Why::new(
                format!("最近 {} 个定位点之间没有不可能的行程", way.points.len()),
                format!("no impossible way among the latest {} positions", way.points.len()),
            )
            .count("points", way.points.len())
            .int("speed_kmh", params.speed_kmh)
        });
    }
    for (day, Jumps { count, first }) in &days {
        let window = days.range(day.plus(1 - params.repeat_d)..=*day);
        let recent: usize = window.map(|(_, jumps)| jumps.count).sum();
        let level = if recent >= params.jump_red { Level::Red } else { Level::Yellow };
        let seconds = (first.at.0 - first.left.0) / 1_000;
        let fire = Fire::new(level, first.at)
            .episode(day.to_string())
            .subject(&way.officer)
            .evidence(first.seqs)
            .int("metres", first.metres)
            .int("seconds", seconds)
            .int("count", *count as i64)
            .int("recent", recent as i64);
        look.fire_because(fire, || {
            let kmh = first.metres * 3_600 / (first.at.0 - first.left.0).max(1);
            Why::new(
                format!("扣除定位误差后时速约 {kmh} 公里，上限 {}", params.speed_kmh),
                format!("{kmh} km/h less what both may be off, {} allowed", params.speed_kmh),
            )
            .int("speed_kmh", kmh)
            .int("allowed_kmh", params.speed_kmh)
        });
    }
}
