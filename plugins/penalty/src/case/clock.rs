//! The clock of a case: calendar days from filing, less the union of lawful stops, with extensions.

use super::fact::{Fact, at};
use super::view::Case;
use crate::params::Limits;
use crate::span::{reach, rolled};
use crate::table::texts;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Due, Local, Look, Span};
use std::borrow::Cow;

/// A stop of this kind always stands, whatever the process lists.
const SUSPENSION: &str = "suspension";

/// Most processes of one cause: versions and tracks.
const ROWS_MAX: u32 = 8;

/// The clock.
#[derive(Debug)]
pub(crate) struct Clock {
    pub(crate) start: Day,
    pub(crate) limit: i32,
    /// Calendar days of the extensions that count, at most what is allowed.
    pub(crate) ext: i32,
    /// When the first extension that counts was granted.
    pub(crate) extended: Option<Local>,
    pub(crate) pauses: Vec<Span>,
    /// The last lawful day, the extension included; none while an open stop holds it.
    pub(crate) due: Option<Due>,
}

/// What a process says about its clock.
struct Rules<'a> {
    limit: i32,
    ext: i32,
    kinds: Cow<'a, [String]>,
}

impl Clock {
    /// None before filing.
    pub(crate) fn new(case: &Case<'_>, limits: &Limits, look: &Look<'_>) -> Option<Self> {
        let start = case.filed?.day();
        let rules = rules(case, start, limits, look);
        let pauses = pauses(case, &rules.kinds);
        let last = |days: i32| {
            let plain = reach(look, start, days, &pauses)?;
            Some(rolled(look, plain, limits.roll))
        };
        let plain = last(rules.limit);
        // An extension after the last day cures nothing.
        let granted = case.facts.iter().filter_map(|entry| match entry.fact {
            Fact::Extended(days) => Some((entry.time, days.unwrap_or(0))),
            _ => None,
        });
        let in_time = |at: Local| plain.is_none_or(|due| at.day() <= due.day);
        let (mut ext, mut extended) = (0_i32, None);
        for (at, days) in granted.filter(|(at, _)| in_time(*at)) {
            ext = ext.saturating_add(days.max(0));
            extended = extended.or(Some(at));
        }
        let ext = ext.min(rules.ext);
        let due = if ext == 0 { plain } else { last(rules.limit + ext) };
        Some(Self { start, limit: rules.limit, ext, extended, pauses, due })
    }

    /// The day of the notice `warn` days before the last day as it stands on that day, and that last
    /// day: a stop that begins later does not change what was said.
    pub(crate) fn warning(
        &self,
        total: i32,
        warn: i32,
        roll: bool,
        look: &Look<'_>,
    ) -> Option<(Day, Due)> {
        let left = warn.min(total);
        let first = reach(look, self.start, total - left, &self.pauses)?;
        let due = rolled(look, first.plus(left), roll);
        // The last day moved by a holiday moves the notice as far, unless a stop comes between.
        let moved = due.day.0 - first.plus(left).0;
        let day = reach(look, self.start, total - left + moved, &self.pauses)?;
        let due = rolled(look, day.plus(left - moved), roll);
        Some((day, due))
    }
}

fn rules<'a>(case: &Case<'_>, on: Day, limits: &'a Limits, look: &Look<'_>) -> Rules<'a> {
    let default = || Rules {
        limit: limits.limit_cal,
        ext: limits.ext_cal,
        kinds: Cow::Borrowed(&limits.pause_kinds),
    };
    let Some(cause) = case.cause_code() else { return default() };
    let rows = look.rows("process_def", &format!("penalty/{cause}/"), on, ROWS_MAX);
    let Some((_, row)) = rows.first() else { return default() };
    let row = Object::parse(row);
    let clock = row.get("clock").map(Value::object).unwrap_or_default();
    let number = |name: &str, default: i32| {
        let number = clock.get(name).and_then(Value::int);
        number.and_then(|number| i32::try_from(number).ok()).unwrap_or(default)
    };
    Rules {
        limit: number("limit_cal", limits.limit_cal),
        ext: number("ext_cal", limits.ext_cal),
        kinds: texts(&clock, "pause_kinds").map_or(Cow::Borrowed(&limits.pause_kinds), Cow::Owned),
    }
}

/// The stops that count. One ends with the next resumption of its kind, or of no kind, or with the
/// case.
fn pauses(case: &Case<'_>, kinds: &[String]) -> Vec<Span> {
    let mut spans = Vec::new();
    let facts: Vec<_> = case.facts.iter().collect();
    for (index, entry) in facts.iter().enumerate() {
        let Fact::Paused { kind: Some(kind) } = &entry.fact else { continue };
        if kind != SUSPENSION && !kinds.contains(kind) {
            continue;
        }
        let resumes = |fact: &Fact| match fact {
            Fact::Resumed { kind: of } => of.as_ref().is_none_or(|of| of.is_empty() || of == kind),
            _ => false,
        };
        let end = facts[index + 1..].iter().find(|later| resumes(&later.fact));
        let end = end.map(|end| end.time).or(case.end.map(at)).unwrap_or(Local(i64::MAX));
        spans.push(Span { begin: entry.time, end });
    }
    spans
}
