//! A hall on one day: which of its cameras were there (VID-C01 离线) and how full it was
//! (VID-Q01 拥挤). Cameras that said nothing all day are known from the table only.

use crate::Params;
use crate::hours::{self, Camera, Spans, parse_clock};
use crate::minutes::{DAY_MINUTES, Runs, clock, common, length, span_texts, spans_of};
use plumbline_guest::json::{Object, Value, Writer};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Fire, FromRow, Level, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Cameras of a region that are read.
const CAMERAS_MAX: u32 = 5_000;
/// Cameras of a hall that are kept.
const KEPT_MAX: usize = 300;

/// What a camera last told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Told {
    seq: u64,
    gaps: Spans,
    down: bool,
    /// Zone and stretch.
    crowds: Vec<(String, u16, u16)>,
}

/// The hours of the day as announced, with the version of the announcement.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Announced {
    version: (u32, u64),
    open: Spans,
    visits: Spans,
}

/// A hall-day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct HallDay {
    hall: String,
    day: Option<Day>,
    cams: BTreeMap<String, Told>,
    announced: Option<Announced>,
    /// When tickets waited too long, and the event that said so.
    waits: (u64, Spans),
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Halls;

impl Stream for Halls {
    const NAME: &'static str = "hall";
    type State = HallDay;
    type Params = Params;

    fn take(state: &mut HallDay, event: &Event<'_>, _: &Params) {
        state.hall = event.text("hall").unwrap_or_default();
        state.day = event.day("date");
        let texts = |name| event.texts(name).unwrap_or_default();
        match event.kind {
            "fact.video.camera" => {
                let cam = event.text("cam").unwrap_or_default();
                if !state.cams.contains_key(&cam) && state.cams.len() >= KEPT_MAX {
                    return;
                }
                let gaps = spans_of(&texts("gaps"));
                let crowds = texts("crowds");
                let crowds = crowds.iter().filter_map(|text| {
                    let (span, zone) = text.split_once(':')?;
                    let (from, to) = *spans_of(&[span.to_owned()]).first()?;
                    Some((zone.to_owned(), from, to))
                });
                let (seq, down) = (event.seq, event.flag("down") == Some(true));
                let told = Told { seq, gaps, down, crowds: crowds.collect() };
                state.cams.insert(cam, told);
            }
            "fact.video.wait" => state.waits = (event.seq, spans_of(&texts("spans"))),
            _ => {
                let version = (event.version, event.identity);
                if state.announced.as_ref().is_none_or(|known| known.version < version) {
                    state.announced = Some(announced(event, version));
                }
            }
        }
    }

    fn check(state: &HallDay, params: &Params, look: &mut Look<'_>) {
        let Some(day) = state.day else { return };
        let rules: &[Rule<(&HallDay, Day), Params>] = &[("VID-C01", offline), ("VID-Q01", crowded)];
        apply(rules, &params.off, &(state, day), params, look);
        pass_on(state, day, look);
    }
}

fn announced(event: &Event<'_>, version: (u32, u64)) -> Announced {
    let span = |from: &str, to: &str| Some((parse_clock(from)?, parse_clock(to)?));
    let text = |name| event.text(name).unwrap_or_default();
    let whole = span(&text("open"), &text("close"));
    let lunch = text("lunch");
    let lunch = lunch.split_once('-').and_then(|(from, to)| span(from, to));
    let open = match (whole, lunch) {
        (Some((open, close)), Some((from, to))) => vec![(open, from), (to, close)],
        (Some(whole), None) => vec![whole],
        (None, _) => Vec::new(),
    };
    let visits = event.texts("visits").unwrap_or_default();
    let visits = visits.iter().filter_map(|v| v.split_once('-').and_then(|(a, b)| span(a, b)));
    let ordered = |span: &(u16, u16)| span.0 < span.1;
    let (open, visits) = (open.into_iter().filter(ordered), visits.filter(ordered));
    Announced { version, open: open.collect(), visits: visits.collect() }
}

fn open(state: &HallDay, day: Day, look: &Look<'_>) -> Option<Spans> {
    match &state.announced {
        Some(announced) => Some(announced.open.clone()),
        None => hours::open(look, &state.hall, day),
    }
}

/// Cameras of the hall that the table knows as active on the day.
fn cameras(state: &HallDay, day: Day, look: &Look<'_>) -> Vec<String> {
    let rows = look.rows("camera", "", day, CAMERAS_MAX);
    let mine = |(key, row): &(String, String)| {
        let row = Camera::from_row(&Object::parse(row))?;
        (row.hall == state.hall && row.is_active()).then(|| key.clone())
    };
    rows.iter().filter_map(mine).collect()
}

/// A stretch in which a camera was not there in open hours, outages on record left out.
struct Lost {
    cam: String,
    from: u16,
    to: u16,
    /// Whether it goes on as far as is known.
    goes_on: bool,
    open: Spans,
    seq: Option<u64>,
}

impl Lost {
    fn minutes(&self) -> i64 {
        length(&self.open)
    }

    /// The minute in which so many open minutes were lost.
    fn after(&self, minutes: i64) -> Option<u16> {
        let mut left = minutes;
        for (from, to) in &self.open {
            let len = i64::from(to - from);
            if left <= len {
                return Some(from + left as u16);
            }
            left -= len;
        }
        None
    }
}

fn lost(state: &HallDay, day: Day, open: &Spans, look: &Look<'_>) -> Vec<Lost> {
    let mut all = Vec::new();
    let silent = Told { gaps: vec![(0, DAY_MINUTES)], down: true, ..Told::default() };
    for cam in cameras(state, day, look) {
        let told = state.cams.get(&cam).unwrap_or(&silent);
        let outages = Runs::joined(&hours::outages(look, &cam, &state.hall, day));
        let working = outages.gaps();
        for (from, to) in &told.gaps {
            let is_last = *to == DAY_MINUTES;
            if is_last && !told.down {
                continue;
            }
            let open = common(&common(&[(*from, *to)], open), &working);
            if open.is_empty() {
                continue;
            }
            let seq = (told.seq > 0).then_some(told.seq);
            all.push(Lost { cam: cam.clone(), from: *from, to: *to, goes_on: is_last, open, seq });
        }
    }
    all
}

/// VID-C01: no observation for so many minutes of open hours; red if long, or if several cameras of
/// the hall are gone together.
fn offline(of: &(&HallDay, Day), params: &Params, look: &mut Look<'_>) {
    let (state, day) = *of;
    let Some(open) = open(state, day, look) else { return look.provisional() };
    let lost = lost(state, day, &open, look);
    let [notice, yellow, red] = params.offline_min;
    let is_past = |lost: &Lost, minutes: i64, look: &mut Look<'_>| {
        let Some(at) = lost.after(minutes) else { return false };
        let at = day.start().plus_minutes(i64::from(at));
        !lost.goes_on || look.reached(at)
    };
    let mut cards = 0;
    for one in &lost {
        if !is_past(one, notice, look) {
            continue;
        }
        cards += 1;
        let Some(from) = one.open.first().map(|(from, _)| *from) else { continue };
        let shared = |other: &&Lost| length(&common(&other.open, &one.open)) >= yellow;
        let together: Vec<_> = lost.iter().filter(shared).collect();
        let cams = together.iter().filter(|other| is_past(other, yellow, look)).count();
        let is_yellow = is_past(one, yellow, look);
        let is_red = is_past(one, red, look) || is_yellow && cams >= params.offline_cams;
        let level = match (is_red, is_yellow) {
            (true, _) => Level::Red,
            (_, true) => Level::Yellow,
            _ => Level::Notice,
        };
        let fire = Fire::new(
            level,
            day.start().plus_minutes(i64::from(one.after(notice).unwrap_or(from))),
        )
        .subject(&one.cam)
        .episode(format!("{}/{}", one.cam, clock(one.from)))
        .evidence(one.seq)
        .text("cam", &one.cam)
        .text("hall", &state.hall)
        .text("since", &clock(from));
        look.fire_because(fire, || {
            Why::new(
                format!("开放时间内已缺 {} 分钟以内；{notice}、{yellow}、{red} 分钟分别为提示、黄牌、红牌", one.minutes()),
                format!("gone for up to {} open minutes; notice {notice}, yellow {yellow}, red {red}", one.minutes()),
            )
            .int("lost_min", one.minutes())
            .text("until", &clock(one.to))
            .count("cams_together", cams)
        });
    }
    if cards == 0 {
        look.quiet(|| {
            let gone = lost.len();
            Why::new(
                format!("离线片段 {gone} 个，均未满 {notice} 分钟"),
                format!("{gone} stretches, none of {notice} minutes"),
            )
            .count("stretches", gone)
            .int("notice_min", notice)
        });
    }
}

/// VID-Q01: a queue zone fuller than its cap, or nine of ten waiting too long; a visit of a group on
/// record excuses.
fn crowded(of: &(&HallDay, Day), params: &Params, look: &mut Look<'_>) {
    let (state, day) = *of;
    let visits = state.announced.as_ref().map_or(&[][..], |announced| &announced.visits);
    let mut found: Vec<(String, u16, u16, u64, &str)> = Vec::new();
    for (cam, told) in &state.cams {
        for (zone, from, to) in &told.crowds {
            found.push((format!("{cam}/{zone}"), *from, *to, told.seq, "persons"));
        }
    }
    let (seq, waits) = &state.waits;
    found.extend(waits.iter().map(|(from, to)| ("tickets".to_owned(), *from, *to, *seq, "wait")));
    if found.is_empty() {
        return look.quiet(|| {
            Why::new("未见拥挤", "no crowd")
                .int("cap", params.crowd_cap)
                .int("limit_min", params.crowd_min)
        });
    }
    for (place, from, to, seq, what) in found {
        let minutes = i64::from(to - from);
        if minutes - length(&common(&[(from, to)], visits)) < params.crowd_min {
            look.exempt(|| {
                Why::new("团体来访已登记", "a visit of a group is on record")
                    .text("from", &clock(from))
            });
            continue;
        }
        let is_yellow = what == "persons" && minutes >= params.crowd_yellow_min;
        let level = if is_yellow { Level::Yellow } else { Level::Notice };
        let fire = Fire::new(level, day.start().plus_minutes(i64::from(from) + params.crowd_min))
            .subject(&state.hall)
            .episode(format!("{place}/{}", clock(from)))
            .evidence([seq])
            .text("place", &place)
            .text("since", &clock(from))
            .int("cap", params.crowd_cap);
        look.fire_because(fire, || {
            Why::new(
                format!("持续 {minutes} 分钟（{what}）"),
                format!("for {minutes} minutes ({what})"),
            )
            .int("crowd_min", minutes)
            .int("yellow_min", params.crowd_yellow_min)
        });
    }
}

/// Announced hours go to the hall's cameras when the day begins, because their keys carry the date
/// on which something is told.
fn pass_on(state: &HallDay, day: Day, look: &mut Look<'_>) {
    let Some(announced) = &state.announced else { return };
    if !look.reached(day.start()) {
        return;
    }
    let turn = i64::from(announced.version.0);
    let open = span_texts(&announced.open);
    for cam in cameras(state, day, look) {
        look.fact_of_turn(("camera_hours", &cam), ("open", turn), || {
            let open = open.iter().map(String::as_str);
            Writer::default().text("cam", &cam).text("date", &day.to_string()).list("open", open)
        });
        for (_, row) in look.rows("zone", &format!("{cam}/"), day, CAMERAS_MAX).iter() {
            let row = Object::parse(row);
            let Some(seat) = row.get("seat").and_then(Value::text) else { continue };
            look.fact_of_turn(("seat_hours", &seat), ("open", turn), || {
                let open = open.iter().map(String::as_str);
                Writer::default()
                    .text("seat", &seat)
                    .text("date", &day.to_string())
                    .list("open", open)
            });
        }
    }
}
