//! Reading what a camera's events say into runs of minutes. It decides nothing but which side of a
//! limit a figure lies on.

use super::{CameraDay, Cover, Off, Persons, Session, SessionKind, ZONES_MAX, Zone};
use crate::Params;
use crate::hours::minute_in;
use crate::minutes::{Runs, spans_of};
use plumbline_guest::Event;
use plumbline_guest::json::Value;

/// Corrected minutes of a day that are remembered.
const FIXED_MAX: usize = 1_440;
/// Sessions, admissions and changes of a day that are kept.
const SESSIONS_MAX: usize = 200;
/// Changes of the link of a day that are kept: a link that flaps more often is down either way.
const STATES_MAX: usize = 200;
/// A minute that comes later than this is late: what was concluded from its absence is told anew.
const LATE_MIN: i64 = 2;

pub(super) fn take(state: &mut CameraDay, event: &Event<'_>, params: &Params) {
    if state.day.is_none() {
        state.day = Some(event.time.day());
        state.cam = event.text("cam").unwrap_or_default();
    }
    match event.kind {
        "video.obs.minute" => minute(state, event, params),
        "video.stream.state" => link(state, event),
        "fact.video.camera_hours" => {
            state.special = Some(spans_of(&event.texts("open").unwrap_or_default()));
            state.rev += 1;
        }
        _ => session(state, event),
    }
}

/// What one observation says; a field that is absent leaves its side of the limit unknown.
#[derive(Default)]
struct Seen<'a> {
    frames: Option<i64>,
    fps: Option<f64>,
    mean: Option<f64>,
    std: Option<f64>,
    sharp: Option<f64>,
    motion: Option<f64>,
    likeness: Option<f64>,
    same: Option<i64>,
    black: bool,
    loop_corr: Option<f64>,
    clock_off_s: Option<i64>,
    zones: Option<Value<'a>>,
}

impl<'a> Seen<'a> {
    fn read(event: &Event<'a>) -> Self {
        Self {
            frames: event.int("frames"),
            fps: float(event, "fps"),
            mean: float(event, "luma_mean"),
            std: float(event, "luma_std"),
            sharp: float(event, "sharp"),
            motion: float(event, "motion"),
            likeness: float(event, "ref_sim"),
            same: event.int("frame_hash_runs"),
            black: event.flag("black") == Some(true),
            loop_corr: float(event, "loop_corr"),
            clock_off_s: event.int("clock_off_s"),
            zones: event.get("zones"),
        }
    }

    /// Whether the camera delivered anything.
    fn is_up(&self) -> bool {
        self.frames != Some(0) && self.fps.is_none_or(|fps| fps > 0.0)
    }

    /// Whether the picture shows nothing; `Some(true)` if it is black or white.
    fn covered(&self, params: &Params) -> Option<bool> {
        if self.black {
            return Some(true);
        }
        let (std, mean) = (self.std?, self.mean?);
        if std >= params.cover_std {
            return None;
        }
        let extreme = mean < params.cover_dark || mean > params.cover_bright;
        let blurred = self.sharp.is_some_and(|sharp| sharp < params.sharp_min);
        (extreme || blurred).then_some(extreme)
    }
}

fn float(event: &Event<'_>, name: &str) -> Option<f64> {
    event.get(name)?.float()
}

fn minute(state: &mut CameraDay, event: &Event<'_>, params: &Params) {
    let minute = event.time.minute_of_day() as u16;
    if !is_newest(state, event, minute) {
        return;
    }
    let seen = Seen::read(event);
    if !seen.is_up() {
        return;
    }
    let in_order = state.seen.put(minute, ());
    let is_late = event.logged.minutes_since(event.time) > LATE_MIN;
    state.rev += u32::from(!in_order || is_late);
    let seq = event.seq;
    let covered = seen.covered(params);
    if let Some(extreme) = covered {
        state.covered.put(minute, Cover { seq, extreme });
    } else {
        let is_sharp = seen.sharp.is_some_and(|sharp| sharp >= params.sharp_min);
        if is_sharp && seen.likeness.is_some_and(|likeness| likeness < params.ref_sim_min) {
            state.moved.put(minute, seq);
        }
        let is_one_picture = |frames: i64| frames > 1 && seen.same.is_some_and(|n| n >= frames);
        if seen.frames.is_some_and(is_one_picture) {
            state.frozen.put(minute, seq);
        } else if seen.motion == Some(0.0) {
            state.dead.put(minute, seq);
        }
        if seen.loop_corr.is_some_and(|likeness| likeness > params.loop_corr) {
            state.looped.put(minute, seq);
        }
    }
    if let Some(off) = seen.clock_off_s {
        let seconds = off.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        state.clock.put(minute, Off { seq, seconds });
    }
    for zone in seen.zones.into_iter().flat_map(Value::items) {
        zone_minute(state, event, (minute, zone), params);
    }
}

/// A minute is one observation: the first stands, a correction of it replaces it.
fn is_newest(state: &mut CameraDay, event: &Event<'_>, minute: u16) -> bool {
    // What time brings needs no search.
    let is_next = state.seen.end().is_none_or(|end| minute >= end);
    if is_next && event.version == 1 && state.fixed.is_empty() {
        return true;
    }
    let fixed = state.fixed.iter().position(|(of, _)| *of == minute);
    let known = fixed.map_or(1, |index| state.fixed[index].1);
    let has_one = fixed.is_some() || state.seen.contains(minute);
    if has_one && event.version <= known {
        return false;
    }
    if event.version > 1 {
        match fixed {
            Some(index) => state.fixed[index].1 = event.version,
            None if state.fixed.len() < FIXED_MAX => state.fixed.push((minute, event.version)),
            None => return false,
        }
    }
    if has_one {
        forget(state, minute);
        state.rev += 1;
    }
    true
}

fn forget(state: &mut CameraDay, minute: u16) {
    state.seen.remove(minute);
    state.covered.remove(minute);
    state.clock.remove(minute);
    for runs in [&mut state.moved, &mut state.frozen, &mut state.dead, &mut state.looped] {
        runs.remove(minute);
    }
    for (_, zone) in &mut state.zones {
        match zone {
            Zone::Seat { empty, still, .. } => {
                empty.remove(minute);
                still.remove(minute);
            }
            Zone::Queue { crowd } => crowd.remove(minute),
            Zone::Room { persons, .. } => persons.remove(minute),
            Zone::Forbidden { active, .. } | Zone::Door { active } | Zone::Phone { active } => {
                active.remove(minute);
            }
        }
    }
}

fn zone_minute(
    state: &mut CameraDay,
    event: &Event<'_>,
    (minute, zone): (u16, Value<'_>),
    params: &Params,
) {
    let (mut name, mut kind, mut seat) = ("", "", "");
    let (mut occupied, mut moving, mut persons) = (None, None, None);
    let zone = zone.object();
    for (field, value) in zone.fields() {
        match (*field, *value) {
            ("zone", Value::Text { raw, .. }) => name = raw,
            ("kind", Value::Text { raw, .. }) => kind = raw,
            ("seat", Value::Text { raw, .. }) => seat = raw,
            // Only the seats of staff need these, and only where there is a legal ground.
            ("occ_ratio", value) if params.is_discipline() => occupied = value.float(),
            ("motion", value) if params.is_discipline() => moving = value.float(),
            ("person_max", value) => persons = value.int(),
            ("occ_ratio" | "motion" | "zone" | "kind" | "seat", _) => {}
            (other, _)
                if state.identity.is_none()
                    && params.identity_fields.iter().any(|field| field == other) =>
            {
                state.identity = Some((other.to_owned(), event.seq));
            }
            _ => {}
        }
    }
    let wanted = match kind {
        "seat" => params.is_discipline() && !seat.is_empty(),
        "queue" | "forbidden" | "room" | "entrance" | "phone" => true,
        _ => false,
    };
    if !wanted {
        return;
    }
    let Some(zone) = place(state, name, kind, seat) else { return };
    let is_active = persons.is_some_and(|persons| persons > 0);
    let seq = event.seq;
    match zone {
        Zone::Seat { empty, still, .. } => match occupied {
            Some(part) if part < params.occ_min => {
                empty.put(minute, ());
            }
            Some(_) if moving.is_some_and(|part| part < params.motion_eps) => {
                still.put(minute, ());
            }
            _ => {}
        },
        Zone::Queue { crowd } => {
            if persons.is_some_and(|persons| persons >= params.crowd_cap) {
                crowd.put(minute, ());
            }
        }
        Zone::Room { persons: counts, .. } => {
            if let Some(count) = persons {
                let count = count.clamp(0, i64::from(u16::MAX)) as u16;
                counts.put(minute, Persons { seq, count });
            }
        }
        Zone::Forbidden { active, .. } | Zone::Door { active } | Zone::Phone { active } => {
            if is_active {
                active.put(minute, seq);
            }
        }
    }
}

/// The zone of that name, made on its first minute.
fn place<'a>(state: &'a mut CameraDay, name: &str, kind: &str, seat: &str) -> Option<&'a mut Zone> {
    let index = match state.zones.iter().position(|(known, _)| known == name) {
        Some(index) => index,
        None if state.zones.len() >= ZONES_MAX => return None,
        None => {
            let seat = seat.to_owned();
            let zone = match kind {
                "seat" => Zone::Seat { seat, empty: Runs::default(), still: Runs::default() },
                "queue" => Zone::Queue { crowd: Runs::default() },
                "room" => Zone::Room { persons: Runs::default(), seat },
                "entrance" => Zone::Door { active: Runs::default() },
                "phone" => Zone::Phone { active: Runs::default() },
                _ => Zone::Forbidden { active: Runs::default(), seat },
            };
            state.zones.push((name.to_owned(), zone));
            state.zones.len() - 1
        }
    };
    Some(&mut state.zones[index].1)
}

fn link(state: &mut CameraDay, event: &Event<'_>) {
    let Some(text) = event.text("state") else { return };
    let is_down = matches!(text.as_str(), "down" | "auth_fail");
    let since = event.stamp("since").unwrap_or(event.time);
    let minute = minute_in(since, event.time.day());
    if state.states.len() < STATES_MAX {
        let place = state.states.partition_point(|known| *known <= (minute, is_down));
        state.states.insert(place, (minute, is_down));
        state.rev += 1;
    }
}

fn session(state: &mut CameraDay, event: &Event<'_>) {
    let day = event.time.day();
    let until = event.stamp("until").map(|at| minute_in(at, day));
    let kind = match event.kind {
        "video.session.opened" => SessionKind::Opened {
            persons_max: event.int("persons_max"),
            isolation: event.flag("isolation") == Some(true),
            until,
        },
        "video.session.closed" => SessionKind::Closed,
        "video.session.admitted" => {
            SessionKind::Admitted { until, persons: event.int("persons").unwrap_or(1) }
        }
        "video.camera.registered" | "video.camera.changed" => SessionKind::Changed {
            clock_off_s: event.int("clock_off_s").and_then(|off| i32::try_from(off).ok()),
        },
        _ => return,
    };
    let known = state.sessions.iter().position(|known| known.identity == event.identity);
    if let Some(index) = known {
        if state.sessions[index].version >= event.version {
            return;
        }
        state.sessions.remove(index);
    }
    let at = minute_in(event.stamp("at").unwrap_or(event.time), day);
    let (seq, identity, version) = (event.seq, event.identity, event.version);
    let session = Session { kind, at, seq, identity, version };
    let order = |session: &Session| (session.at, session.identity);
    let place = state.sessions.partition_point(|other| order(other) <= order(&session));
    if state.sessions.len() < SESSIONS_MAX {
        state.sessions.insert(place, session);
    }
}
