//! One grid: whose duty it is, whether the duty is known, and how it is handed over. Rules
//! GRID-D01, GRID-D02 and GRID-D03.

mod gap;
mod handover;

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Local, Look, Rule, Span, Stream, apply};
use std::collections::BTreeMap;

/// Duties that are kept of a grid: some hundred objects, assigned anew several times. Beyond it
/// the oldest go.
const DUTIES_MAX: usize = 1_200;
/// Objects of a grid; the list of those without a grid is as long.
const OBJECTS_MAX: usize = 1_500;
/// What else is kept of a grid; beyond it the oldest go.
const NOTES_MAX: usize = 600;
/// Leaves of one officer that are read.
const LEAVES_MAX: u32 = 64;

/// A duty for one object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Duty {
    seq: u64,
    identity: u64,
    version: u32,
    assigned: Local,
    object: String,
    officer: String,
    from: Day,
    to: Option<Day>,
    ver: Option<i64>,
    dept: String,
}

/// What else is said in a grid.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Acknowledged { officer: String, ver: Option<i64> },
    Handover { from: String },
    Left { officer: String, open: Option<i64> },
}

/// Something that was said, with the marks of its event.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Note {
    seq: u64,
    identity: u64,
    version: u32,
    at: Local,
    dept: String,
    said: Said,
}

/// An object as it tells where it lies.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Placed {
    rev: i64,
    since: Day,
    until: Option<Day>,
    dept: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Grid {
    id: String,
    /// In the order in which they were assigned.
    duties: Vec<Duty>,
    /// In the order in which it happened.
    notes: Vec<Note>,
    objects: BTreeMap<String, Placed>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Grids;

impl Stream for Grids {
    const NAME: &'static str = "grid";
    type State = Grid;
    type Params = Params;

    fn take(grid: &mut Grid, event: &Event<'_>, _: &Params) {
        if let Some(id) = event.text("grid_id") {
            grid.id = id;
        }
        let at = event.stamp("at").unwrap_or(event.time);
        let said = match event.kind {
            // What lacks a field that it cannot do without says nothing.
            "grid.duty.assigned" => return grid.assign(event).unwrap_or_default(),
            "fact.grid.placed" => return grid.place(event).unwrap_or_default(),
            "grid.duty.acknowledged" => event
                .text("officer")
                .map(|officer| Said::Acknowledged { officer, ver: event.int("duty_ver") }),
            "grid.handover.done" => event.text("from").map(|from| Said::Handover { from }),
            "grid.officer.left" => event
                .text("officer")
                .map(|officer| Said::Left { officer, open: event.int("open_tasks") }),
            _ => None,
        };
        if let Some(said) = said {
            grid.note(event, at, said);
        }
    }

    fn check(grid: &Grid, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Grid, Params>] = &[
            ("GRID-D01", gap::uncovered),
            ("GRID-D02", handover::unacknowledged),
            ("GRID-D03", handover::missing),
        ];
        apply(rules, &params.off, grid, params, look);
    }
}

impl Grid {
    fn assign(&mut self, event: &Event<'_>) -> Option<()> {
        let duty = Duty {
            seq: event.seq,
            identity: event.identity,
            version: event.version,
            assigned: event.time,
            object: event.text("object").unwrap_or_default(),
            officer: event.text("officer").filter(|officer| !officer.is_empty())?,
            from: event.day("from").unwrap_or(event.time.day()),
            to: event.day("to"),
            ver: event.int("duty_ver"),
            dept: event.dept.to_owned(),
        };
        if let Some(index) = self.duties.iter().position(|d| d.identity == duty.identity) {
            if self.duties[index].version >= duty.version {
                return None;
            }
            self.duties.remove(index);
        }
        let order = |duty: &Duty| (duty.assigned, duty.identity);
        let place = self.duties.partition_point(|other| order(other) <= order(&duty));
        self.duties.insert(place, duty);
        if self.duties.len() > DUTIES_MAX {
            self.duties.remove(0);
        }
        Some(())
    }

    fn note(&mut self, event: &Event<'_>, at: Local, said: Said) {
        let (seq, identity, version) = (event.seq, event.identity, event.version);
        if let Some(index) = self.notes.iter().position(|note| note.identity == identity) {
            if self.notes[index].version >= version {
                return;
            }
            self.notes.remove(index);
        }
        let place = self.notes.partition_point(|n| (n.at, n.identity) <= (at, identity));
        let dept = event.dept.to_owned();
        self.notes.insert(place, Note { seq, identity, version, at, dept, said });
        if self.notes.len() > NOTES_MAX {
            self.notes.remove(0);
        }
    }

    fn place(&mut self, event: &Event<'_>) -> Option<()> {
        let day = |name| event.int(name).and_then(|day| i32::try_from(day).ok()).map(Day);
        let (object, rev) = (event.text("object")?, event.int("rev")?);
        let placed =
            Placed { rev, since: day("since")?, until: day("until"), dept: event.dept.to_owned() };
        let known = self.objects.get(&object);
        let is_new = known.is_none_or(|known| known.rev < rev);
        if is_new && (known.is_some() || self.objects.len() < OBJECTS_MAX) {
            self.objects.insert(object, placed);
        }
        Some(())
    }

    /// When an officer left the grid for the first time on or after a day.
    fn left(&self, officer: &str, from: Day) -> Option<Day> {
        self.notes.iter().find_map(|note| match &note.said {
            Said::Left { officer: who, .. } if who == officer && note.at.day() >= from => {
                Some(note.at.day())
            }
            _ => None,
        })
    }

    /// The last day of a duty: as assigned, or the day on which the officer leaves.
    fn end(&self, duty: &Duty) -> Option<Day> {
        let left = self.left(&duty.officer, duty.from);
        [duty.to, left].into_iter().flatten().min()
    }

    /// The first later duty of another officer for the same object.
    fn successor(&self, duty: &Duty) -> Option<&Duty> {
        let later = |other: &&Duty| {
            other.object == duty.object
                && other.officer != duty.officer
                && (other.assigned, other.identity) > (duty.assigned, duty.identity)
        };
        self.duties.iter().find(later)
    }
}

/// When an officer was on leave, by the table of leaves.
fn leaves(officer: &str, look: &Look<'_>) -> Vec<Span> {
    let rows = look.rows("leave", &format!("{officer}/"), look.now().day(), LEAVES_MAX);
    let span = |(_, row): &(String, String)| {
        let row = plumbline_guest::json::Object::parse(row);
        let stamp = |name: &str| look.stamp(&row.get(name)?.text()?);
        // A pause covers the days after its first, but on leave the first day is away too.
        let begin = stamp("from_time")?.day().plus(-1).start();
        Some(Span { begin, end: stamp("to_time")? })
    };
    rows.iter().filter_map(span).collect()
}
