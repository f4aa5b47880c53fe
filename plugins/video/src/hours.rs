//! When a hall is open on a date, and what excuses a camera: registered outages and maintenance.
//!
//! The spans are asked of the host's clock, so that holidays, swapped working days and the standard
//! timetable are the same here as in every other limit.

use crate::minutes::DAY_MINUTES;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, FromRow, Local, Look};

/// Spans of a day that are looked for: a hall has one or two.
const SPANS_MAX: usize = 6;
/// Outages of one source that are read.
const OUTAGES_MAX: u32 = 500;
const MS_PER_SECOND: i64 = 1_000;

/// Open spans of a day, minutes.
pub(crate) type Spans = Vec<(u16, u16)>;

/// The hall's hours on a date; none where the calendar of the year is not known yet.
pub(crate) fn open(look: &Look<'_>, hall: &str, day: Day) -> Option<Spans> {
    let end = day.plus(1).start();
    let mut spans = Vec::new();
    let mut at = day.start();
    while spans.len() < SPANS_MAX {
        let next = look.add_worktime(hall, at, 1);
        let begin = Local(next.at.0 - MS_PER_SECOND);
        if next.at > end {
            // What lies beyond this day need not be known: only whether this day is.
            let known = look.add(day, 0, plumbline_guest::Unit::CalendarDay, false);
            return (!known.provisional).then_some(spans);
        }
        if next.provisional {
            return None;
        }
        let close = close_of(look, hall, begin, end);
        spans.push((begin.minute_of_day() as u16, minute_in(close, day)));
        at = close;
    }
    Some(spans)
}

/// The last minute up to which a hall is open without a break, by halving.
fn close_of(look: &Look<'_>, hall: &str, begin: Local, end: Local) -> Local {
    let (mut open, mut closed) = (0, end.minutes_since(begin) + 1);
    while closed - open > 1 {
        let middle = (open + closed) / 2;
        let worked = look.worktime(hall, begin, begin.plus_minutes(middle), &[]);
        if worked == middle * 60 { open = middle } else { closed = middle }
    }
    begin.plus_minutes(open.max(1))
}

/// A moment as a minute of a day, within it.
pub(crate) fn minute_in(at: Local, day: Day) -> u16 {
    let minutes = at.minutes_since(day.start()).clamp(0, i64::from(DAY_MINUTES));
    minutes as u16
}

/// A span of moments as minutes of a day.
pub(crate) fn within(from: Local, to: Local, day: Day) -> Option<(u16, u16)> {
    let span = (minute_in(from, day), minute_in(to, day));
    (span.0 < span.1).then_some(span)
}

/// A row of the table of cameras.
#[derive(Debug)]
pub(crate) struct Camera {
    pub(crate) hall: String,
    pub(crate) status: String,
    /// A constant deviation of its clock that is on record.
    pub(crate) clock_off_s: i64,
}

impl FromRow for Camera {
    const TABLE: &'static str = "camera";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let text = |name| row.get(name).and_then(Value::text).unwrap_or_default().into_owned();
        let hall = text("hall");
        let off = row.get("clock_off_s").and_then(Value::int).unwrap_or_default();
        (!hall.is_empty()).then(|| Self { hall, status: text("status"), clock_off_s: off })
    }
}

impl Camera {
    pub(crate) fn is_active(&self) -> bool {
        self.status.is_empty() || self.status == "active"
    }
}

/// Registered outages of a camera, of its hall, or of everything, on a date.
pub(crate) fn outages(look: &Look<'_>, cam: &str, hall: &str, day: Day) -> Spans {
    let mut spans = Vec::new();
    for source in [cam, hall, ""] {
        for (_, row) in look.rows("outage", &format!("{source}/"), day, OUTAGES_MAX).iter() {
            let row = Object::parse(row);
            let text = |name| row.get(name).and_then(Value::text).unwrap_or_default();
            if text("source") != source || text("ticket").is_empty() {
                continue;
            }
            let ends = look.stamp(&text("from_time")).zip(look.stamp(&text("to_time")));
            spans.extend(ends.and_then(|(from, to)| within(from, to, day)));
        }
    }
    spans
}

/// `HH:MM` as a minute of the day.
pub(crate) fn parse_clock(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
    let at = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && at <= DAY_MINUTES).then_some(at)
}
