//! A seat's day minute by minute: who was on duty, and what the cameras that see the seat showed.

use super::SeatDay;
use crate::hours::{self, Spans, within};
use crate::minutes::DAY_MINUTES;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Local, Look};

/// Rosters and leaves of one seat or officer that are read.
const ROWS_MAX: u32 = 2_000;

/// What is known of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Minute {
    Unknown,
    Empty,
    Still,
    Moving,
}

/// A stretch of duty of one officer.
pub(super) struct Duty {
    pub(super) officer: String,
    pub(super) from: u16,
    pub(super) to: u16,
}

/// The day minute by minute.
pub(super) struct View {
    pub(super) day: Day,
    minutes: Vec<Minute>,
    pub(super) duties: Vec<Duty>,
    pub(super) is_provisional: bool,
    pub(super) seqs: Vec<u64>,
}

impl View {
    pub(super) fn new(state: &SeatDay, day: Day, look: &Look<'_>) -> Option<Self> {
        let minutes = (0..DAY_MINUTES).map(|minute| of_minute(state, minute)).collect();
        let row = look.row::<hours::Camera>(&state.cam, day);
        let hall = row.as_ref().map_or("", |row| &row.hall);
        let open = state.open.clone().or_else(|| hours::open(look, hall, day));
        let is_provisional = open.is_none();
        let duties = duties(state, day, &open.unwrap_or_default(), look);
        let mut seqs: Vec<_> = state.posts.values().map(|post| post.seq).collect();
        seqs.extend(state.changes.iter().map(|change| change.seq));
        Some(Self { day, minutes, duties, is_provisional, seqs })
    }

    pub(super) fn at(&self, minute: u16) -> Minute {
        self.minutes[usize::from(minute)]
    }

    pub(super) fn time(&self, minute: u16) -> Local {
        self.day.start().plus_minutes(i64::from(minute))
    }
}

/// Somebody is there if any zone shows it; nobody, if a zone that is valid shows it and none else.
fn of_minute(state: &SeatDay, minute: u16) -> Minute {
    let mut known = Minute::Unknown;
    for post in state.posts.values().filter(|post| post.valid.contains(minute)) {
        let of = match (post.empty.contains(minute), post.still.contains(minute)) {
            (true, _) => Minute::Empty,
            (_, true) => Minute::Still,
            _ => Minute::Moving,
        };
        let rank = |minute| match minute {
            Minute::Unknown => 0,
            Minute::Empty => 1,
            Minute::Still => 2,
            Minute::Moving => 3,
        };
        if rank(of) > rank(known) {
            known = of;
        }
    }
    known
}

fn table_spans(table: &str, of: &str, day: Day, look: &Look<'_>) -> Vec<(u16, u16, String)> {
    let rows = look.rows(table, &format!("{of}/"), day, ROWS_MAX);
    let span = |(_, row): &(String, String)| {
        let row = Object::parse(row);
        let text = |name| row.get(name).and_then(Value::text);
        let span = within(look.stamp(&text("from_time")?)?, look.stamp(&text("to_time")?)?, day)?;
        Some((span.0, span.1, text("officer").unwrap_or_default().into_owned()))
    };
    rows.iter().filter_map(span).collect()
}

/// Duties of the day: rosters in open hours, less leaves, with who took over.
fn duties(state: &SeatDay, day: Day, open: &Spans, look: &Look<'_>) -> Vec<Duty> {
    let mut owner: Vec<Option<String>> = vec![None; usize::from(DAY_MINUTES)];
    let mut put = |(from, to): (u16, u16), officer: Option<&str>| {
        for minute in from..to {
            owner[usize::from(minute)] = officer.map(str::to_owned);
        }
    };
    for (from, to, officer) in table_spans("duty_roster", &state.seat, day, look) {
        put((from, to), Some(&officer));
    }
    let of = |kind: &'static str| state.changes.iter().filter(move |change| change.kind == kind);
    for (kind, is_swap) in [("video.duty.scheduled", false), ("video.duty.swap", true)] {
        for change in of(kind) {
            let officer = if is_swap { &change.with } else { &change.officer };
            if let Some(span) = within(change.from, change.to, day) {
                put(span, Some(officer));
            }
        }
    }
    let mut officers: Vec<_> = owner.iter().flatten().cloned().collect();
    officers.sort_unstable();
    officers.dedup();
    let mut clear = |officer: &str, (from, to): (u16, u16)| {
        for minute in from..to {
            let owner = &mut owner[usize::from(minute)];
            if officer.is_empty() || owner.as_deref() == Some(officer) {
                *owner = None;
            }
        }
    };
    for officer in &officers {
        for (from, to, _) in table_spans("leave", officer, day, look) {
            clear(officer, (from, to));
        }
    }
    for change in of("video.duty.leave") {
        if let Some(span) = within(change.from, change.to, day) {
            clear(&change.officer, span);
        }
    }
    let mut duties: Vec<Duty> = Vec::new();
    for minute in open.iter().flat_map(|(from, to)| *from..*to) {
        let Some(officer) = &owner[usize::from(minute)] else { continue };
        match duties.last_mut() {
            Some(last) if last.to == minute && last.officer == *officer => last.to += 1,
            _ => duties.push(Duty { officer: officer.clone(), from: minute, to: minute + 1 }),
        }
    }
    duties
}
