//! One case as measures see it, derived from its marks.

use super::clock::{Clocks, stops};
use super::mark::{Known, Mark, Names};
use crate::catalogue::{Act, Business, CaseKind, Closing, LimitUnit, Limits, Power};
use plumbline_contract::desk::Desk;
use plumbline_contract::time::{Day, Local};
use plumbline_contract::worktime::{Due, Span, Unit};
use std::cmp::Ordering;
use std::sync::Arc;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Kind of case, as in the catalogue.
    pub kind: Arc<str>,
    pub power: Option<Power>,
    pub business: Business,
    /// The public applies for it.
    pub service: bool,
    pub no: Arc<str>,
    /// Position of its first event in the log.
    pub first_event: u64,
    pub dept: Arc<str>,
    pub region: Arc<str>,
    pub item: Option<Arc<str>>,
    pub item_name: Option<Arc<str>>,
    /// Came in online; `None` where nothing is said.
    pub online: Option<bool>,
    /// A natural person applied or is concerned; `None` where nothing is said.
    pub by_person: Option<bool>,
    pub received: Option<Local>,
    pub accepted: Option<Local>,
    pub decided: Option<Local>,
    pub delivered: Option<Local>,
    pub published: Option<Local>,
    /// Over without a decision.
    pub ended: Option<Local>,
    pub closing: Option<Closing>,
    pub steps: Vec<Step>,
    /// Who did what, for exposure.
    pub tasks: Vec<Task>,
    pub limit: Limit,
    /// Its limit was made longer, once or more.
    pub extended: bool,
    /// Last lawful day by the promised limit (the statutory one without it), extension and stops
    /// included; of an open case with a stop that is open, the day if it ended now.
    pub due: Option<Day>,
    /// The date depends on a holiday notice that is not published.
    pub provisional: bool,
    /// Days of the limit's unit from the start to the end (or to now), less stops that count.
    pub used: Option<i32>,
    pub stops: Vec<Span>,
    /// Most minutes from an act to its entry.
    pub lag_min: i32,
    /// Worst rating, 1 to 5.
    pub rating: Option<i32>,
    /// A concluded case lacks what every concluded case has: where it began, its item or its officer.
    pub incomplete: bool,
}

/// One step of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub name: Arc<str>,
    pub officer: Option<Arc<str>>,
    /// When it began: as it says, or the end of what came before.
    pub from: Option<Local>,
    pub to: Local,
}

/// An act of an officer in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub officer: Arc<str>,
    pub at: Local,
}

/// Limits of one case, without extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub unit: LimitUnit,
    pub statutory: Option<i32>,
    pub promised: Option<i32>,
    /// Days by which both are longer.
    pub extension: i32,
}

impl Limit {
    /// The limit that the office has to keep: the promised one, or the statutory one.
    #[must_use]
    pub fn own(&self) -> Option<i32> {
        self.promised.or(self.statutory).map(|days| days.saturating_add(self.extension))
    }
}

/// How a finished case kept its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// 提前: before the last lawful day.
    Early,
    /// 当日: on the last lawful day.
    OnDay,
    /// 超期
    Overdue,
    /// No limit, or its start is not known.
    Unknown,
}

impl Case {
    /// When the office was done with it: decided, or over without a decision.
    #[must_use]
    pub fn finished(&self) -> Option<Local> {
        match (self.decided, self.ended) {
            (Some(decided), Some(ended)) => Some(decided.min(ended)),
            (decided, ended) => decided.or(ended),
        }
    }

    /// Concluded (办结): finished after it was taken on; a refusal to accept is none.
    #[must_use]
    pub fn concluded(&self) -> Option<Local> {
        self.finished().filter(|_| self.closing != Some(Closing::Rejected))
    }

    #[must_use]
    pub fn timing(&self) -> Timing {
        let decided = self.finished().filter(|_| self.decided.is_some());
        match (decided, self.due) {
            (Some(decided), Some(due)) => match decided.day().cmp(&due) {
                Ordering::Less => Timing::Early,
                Ordering::Equal => Timing::OnDay,
                Ordering::Greater => Timing::Overdue,
            },
            _ => Timing::Unknown,
        }
    }

    /// Taken on and not finished.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.finished().is_none()
    }
}

/// The record of a case at `as_of`; nothing if nothing had happened by then.
pub(super) fn make(
    kind: &CaseKind,
    id: &Arc<str>,
    known: &Known,
    names: &Names,
    clocks: &mut Clocks<'_>,
    as_of: Local,
) -> Result<Option<Case>, String> {
    let seen = || known.marks.iter().filter(|mark| mark.at <= as_of);
    let Some(first) = seen().min_by_key(|mark| (mark.at, mark.fact)) else { return Ok(None) };
    let earliest = |act: Act| seen().filter(|mark| mark.act == act).map(|mark| mark.at).min();
    let item = seen().filter(|mark| mark.item != 0).min_by_key(|mark| (mark.at, mark.fact));
    let item = item.and_then(|mark| names.find(mark.item));
    let starts = seen().filter(|mark| mark.starts).map(|mark| mark.begun.unwrap_or(mark.at)).min();
    let received = earliest(Act::Received);
    let accepted = earliest(Act::Accepted).or(starts);
    let (decided, ended) = (earliest(Act::Decided), earliest(Act::Ended));
    let over = seen().filter(|mark| matches!(mark.act, Act::Decided | Act::Ended));
    let closing = over.min_by_key(|mark| (mark.at, mark.fact)).map(ending);
    let finished = [decided, ended].into_iter().flatten().min();
    // The version of acceptance; of receipt while not accepted.
    let day = accepted.or(received).unwrap_or(first.at).day();
    let row = item.as_ref().filter(|_| kind.limits == Limits::Item);
    let row = row.map(|item| clocks.item(item, day));
    let (dept, region) = (names.get(first.dept), names.get(first.region));
    let desk = clocks.desk(&region, &dept)?;
    let mut limit = clocks.limit(kind, id, item.as_ref(), day);
    limit.extension = extension(kind, seen());
    let until = finished.unwrap_or(as_of);
    let stops = stops(known, row.as_deref(), names, &desk, until);
    let own_date = seen().filter_map(|mark| mark.due).max();
    let (used, due) = count(&desk, &mut limit, accepted, until, own_date, &stops);
    let steps = steps(seen(), names, accepted.or(received));
    let mut case = Case {
        kind: id.clone(),
        power: row.as_ref().and_then(|row| row.power).or(kind.power),
        business: kind.business,
        service: kind.service,
        no: known.no.clone(),
        first_event: known.first.0,
        dept,
        region,
        item,
        item_name: row.and_then(|row| row.name.clone()),
        by_person: first_said(known, as_of, |mark| mark.by_person),
        online: first_said(known, as_of, |mark| mark.online),
        received,
        accepted,
        decided,
        delivered: earliest(Act::Delivered),
        published: earliest(Act::Published),
        ended,
        closing,
        steps,
        tasks: tasks(seen(), names),
        limit,
        extended: earliest(Act::Extended).is_some(),
        due: due.map(|due| due.day),
        provisional: due.is_some_and(|due| due.provisional),
        used,
        stops,
        lag_min: seen().map(|mark| mark.lag_min).max().unwrap_or(0),
        rating: seen().filter(|mark| mark.act == Act::Rated).filter_map(|mark| mark.number).min(),
        incomplete: false,
    };
    case.incomplete = lacks(kind, &case);
    Ok(Some(case))
}

/// Days used from the start on, and the last lawful day. A date that the office itself named is the
/// promised limit.
fn count(
    desk: &Desk,
    limit: &mut Limit,
    start: Option<Local>,
    until: Local,
    own: Option<Day>,
    stops: &[Span],
) -> (Option<i32>, Option<Due>) {
    let Some(start) = start.map(Local::day) else { return (None, None) };
    let unit = match limit.unit {
        LimitUnit::Working => Unit::WorkingDay,
        LimitUnit::Calendar => Unit::CalendarDay,
    };
    if let Some(own) = own {
        limit.promised = Some(desk.count(start, own, unit, &[]));
    }
    let used = desk.count(start, until.day(), unit, stops);
    // What the stops took comes on top; the calendar then skips what is no working day.
    let stood = desk.count(start, until.day(), unit, &[]) - used;
    let due = limit.own().map(|days| {
        let due = desk.add(start, days.saturating_add(stood), unit, true);
        Due { day: own.map_or(due.day, |own| due.day.max(own)), ..due }
    });
    (Some(used), due)
}

/// What the earliest mark says that says anything.
fn first_said<T>(known: &Known, as_of: Local, say: impl Fn(&Mark) -> Option<T>) -> Option<T> {
    let seen = known.marks.iter().filter(|mark| mark.at <= as_of && say(mark).is_some());
    say(seen.min_by_key(|mark| (mark.at, mark.fact))?)
}

/// Whether a concluded case lacks its beginning, its item or, if the public applied for it, everybody
/// who worked on it.
fn lacks(kind: &CaseKind, case: &Case) -> bool {
    let lacks_item = !kind.item.is_empty() && case.item.is_none();
    let lacks_officer = kind.service && case.tasks.is_empty();
    case.concluded().is_some() && (case.accepted.is_none() || lacks_item || lacks_officer)
}

fn ending(mark: &Mark) -> Closing {
    mark.closing.unwrap_or(Closing::Done)
}

/// The first extension counts, up to what may be granted.
fn extension<'a>(kind: &CaseKind, seen: impl Iterator<Item = &'a Mark>) -> i32 {
    let granted = seen.filter(|mark| mark.act == Act::Extended);
    let first = granted.min_by_key(|mark| (mark.at, mark.fact));
    first.and_then(|mark| mark.number).map_or(0, |days| days.clamp(0, kind.extension_max))
}

fn steps<'a>(
    seen: impl Iterator<Item = &'a Mark>,
    names: &Names,
    start: Option<Local>,
) -> Vec<Step> {
    let mut marks: Vec<_> = seen.filter(|mark| mark.act == Act::Step).collect();
    marks.sort_by_key(|mark| (mark.at, mark.fact));
    let mut before = start;
    let step = |mark: &&Mark| {
        let from = mark.begun.or(before).map(|from| from.min(mark.at));
        before = Some(mark.at);
        let (name, officer) = (names.get(mark.label), names.find(mark.officer[0]));
        Step { name, officer, from, to: mark.at }
    };
    marks.iter().map(step).collect()
}

fn tasks<'a>(seen: impl Iterator<Item = &'a Mark>, names: &Names) -> Vec<Task> {
    let is_work = |mark: &&Mark| {
        matches!(mark.act, Act::Accepted | Act::Step | Act::Decided | Act::Ended | Act::Delivered)
    };
    let mut tasks = Vec::new();
    let mut marks: Vec<_> = seen.filter(is_work).collect();
    marks.sort_by_key(|mark| (mark.at, mark.fact));
    for mark in marks {
        let officers = mark.officer.iter().filter_map(|officer| names.find(*officer));
        for officer in officers {
            let task = Task { officer, at: mark.at };
            if !tasks.contains(&task) {
                tasks.push(task);
            }
        }
    }
    tasks.shrink_to_fit();
    tasks
}
