//! What a camera measured on one day, minute by minute: VID-C02 to C05, VID-S01 and S02. Nearly all
//! events of the domain come here, so a minute moves a few numbers, and a rule looks at runs that a
//! good camera does not have.
//!
//! Whether the camera was there at all, how full the hall was and whether a post was manned is told
//! to the streams of the hall and of the seat, which know more than one camera.

mod clock;
mod covered;
mod frozen;
mod moved;
mod report;
mod room;
mod take;

use crate::Params;
use crate::hours::{self, Camera as Row, Spans};
use crate::minutes::{Mark, Run, Runs};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Local, Look, Rule, Stream, Why, apply};
use std::rc::Rc;

/// Zones of one camera that are kept: a picture cannot be cut into more that mean anything, and so
/// many have room in a state even if all of them flicker.
const ZONES_MAX: usize = 16;

/// The first event of a covered run, and whether the picture was black or white.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Cover {
    seq: u64,
    extreme: bool,
}

impl Mark for Cover {
    fn joins(&self, other: &Self) -> bool {
        self.extreme == other.extreme
    }
}

/// How far the camera's clock is off, seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Off {
    seq: u64,
    seconds: i32,
}

/// Deviations this close are one: frames arrive by a network.
const JITTER_S: u32 = 5;

impl Mark for Off {
    fn joins(&self, other: &Self) -> bool {
        self.seconds.abs_diff(other.seconds) <= JITTER_S
    }
}

/// How many persons a room showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Persons {
    seq: u64,
    count: u16,
}

impl Mark for Persons {
    fn joins(&self, other: &Self) -> bool {
        self.count == other.count
    }
}

/// What a zone is for, as far as rules ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
enum Zone {
    /// Minutes in which the seat was empty, and in which nothing moved at an occupied one.
    Seat {
        seat: String,
        empty: Runs<()>,
        still: Runs<()>,
    },
    /// Minutes with at least as many persons as the cap.
    Queue {
        crowd: Runs<()>,
    },
    /// Persons in a zone where nobody may be but by schedule.
    Forbidden {
        active: Runs<u64>,
        seat: String,
    },
    /// Persons in an evaluation room, at its door, and where telephones lie.
    Room {
        persons: Runs<Persons>,
        seat: String,
    },
    Door {
        active: Runs<u64>,
    },
    Phone {
        active: Runs<u64>,
    },
}

/// A session of an evaluation committee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Session {
    kind: SessionKind,
    at: u16,
    seq: u64,
    identity: u64,
    version: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
enum SessionKind {
    Opened {
        persons_max: Option<i64>,
        isolation: bool,
        until: Option<u16>,
    },
    Closed,
    /// Somebody else let in for a time, on record.
    Admitted {
        until: Option<u16>,
        persons: i64,
    },
    /// The camera or its reference picture was changed, on record.
    Changed {
        clock_off_s: Option<i32>,
    },
}

/// A camera-day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct CameraDay {
    cam: String,
    day: Option<Day>,
    /// Changes that time alone does not bring: late minutes, corrections, gaps.
    rev: u32,
    /// Minutes with pictures.
    seen: Runs<()>,
    covered: Runs<Cover>,
    moved: Runs<u64>,
    frozen: Runs<u64>,
    /// Motion exactly zero.
    dead: Runs<u64>,
    looped: Runs<u64>,
    clock: Runs<Off>,
    zones: Vec<(String, Zone)>,
    /// Minutes that were corrected, with the version that holds.
    fixed: Vec<(u16, u32)>,
    sessions: Vec<Session>,
    /// Told from when on the camera is down, and since when it is not.
    states: Vec<(u16, bool)>,
    /// A field that would tell who somebody is, and the event that had it.
    identity: Option<(String, u64)>,
    /// Hours that the hall announced for this day; empty: closed.
    special: Option<Spans>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Cameras;

impl Stream for Cameras {
    const NAME: &'static str = "camera";
    type State = CameraDay;
    type Params = Params;

    fn take(state: &mut CameraDay, event: &Event<'_>, params: &Params) {
        take::take(state, event, params);
    }

    fn check(state: &CameraDay, params: &Params, look: &mut Look<'_>) {
        let Some(day) = state.day else { return };
        let view = View { state, day, row: std::cell::OnceCell::new() };
        let rules: &[Rule<View<'_>, Params>] = &[
            ("VID-C02", covered::covered),
            ("VID-C03", moved::moved),
            ("VID-C04", frozen::frozen),
            ("VID-C05", clock::drift),
            ("VID-S01", room::activity),
            ("VID-S02", room::breach),
        ];
        apply(rules, &params.off, &view, params, look);
        report::tell(&view, params, look);
    }
}

/// A camera-day with what tables say, looked up only when a rule asks.
struct View<'a> {
    state: &'a CameraDay,
    day: Day,
    row: std::cell::OnceCell<Option<Rc<Row>>>,
}

impl View<'_> {
    fn row(&self, look: &Look<'_>) -> Option<&Row> {
        self.row.get_or_init(|| look.row::<Row>(&self.state.cam, self.day)).as_deref()
    }

    fn hall(&self, look: &Look<'_>) -> &str {
        self.row(look).map_or("", |row| &row.hall)
    }

    /// The hall's open minutes of the day; none while the calendar is not known.
    fn open(&self, look: &Look<'_>) -> Option<Spans> {
        if let Some(spans) = &self.state.special {
            return Some(spans.clone());
        }
        hours::open(look, self.hall(look), self.day)
    }

    /// Whether an outage or maintenance on record covers the begin of a run.
    fn is_excused(&self, from: u16, look: &Look<'_>) -> bool {
        let is_out = self.row(look).is_some_and(|row| !row.is_active());
        let outages = hours::outages(look, &self.state.cam, self.hall(look), self.day);
        is_out || outages.iter().any(|(begin, end)| *begin <= from && from < *end)
    }

    fn at(&self, minute: u16) -> Local {
        self.day.start().plus_minutes(i64::from(minute))
    }

    /// Minutes from which something can be concluded about what the picture shows.
    fn is_valid(&self, minute: u16) -> bool {
        let state = self.state;
        state.seen.contains(minute)
            && !state.covered.contains(minute)
            && !state.moved.contains(minute)
            && !state.frozen.contains(minute)
            && !state.looped.contains(minute)
    }

    /// The runs of minutes that are valid.
    fn valid(&self) -> Runs<()> {
        let bad = [self.state.covered.is_empty(), self.state.moved.is_empty()];
        let more = [self.state.frozen.is_empty(), self.state.looped.is_empty()];
        if bad == [true; 2] && more == [true; 2] {
            return self.state.seen.clone();
        }
        let mut valid = Runs::default();
        for run in self.state.seen.iter() {
            for minute in (run.from..run.to).filter(|minute| self.is_valid(*minute)) {
                valid.put(minute, ());
            }
        }
        valid
    }
}

/// How long the longest of some runs was, as a reason for silence.
fn longest<M: Mark>(runs: &Runs<M>, limit: i64) -> Why {
    let most = runs.iter().map(Run::len).max().unwrap_or_default();
    Why::new(
        format!("最长连续 {most} 分钟，限 {limit} 分钟"),
        format!("at most {most} minutes in a row, {limit} allowed"),
    )
    .int("longest_min", i64::from(most))
    .int("limit_min", limit)
}
