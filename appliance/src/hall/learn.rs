//! When a picture of the empty hall is taken without anybody asking: once, in the evening, half an
//! hour after the hall has closed, if the tables say when that is.

use plumbline_contract::desk::{Desk, OFFICE_HOURS_TABLE};
use plumbline_contract::table::Tables;
use plumbline_contract::time::Local;
use serde_json::Value;

/// Seconds over which it is taken: a cleaner who walks through leaves no trace.
pub(super) const SECONDS: u32 = 600;
/// How long a hall must have been closed: the last visitors have gone.
const CLOSED_MINUTES: i64 = 30;
/// ... and within how many minutes after that it is taken.
const WINDOW_MINUTES: i64 = 30;
const MS_PER_MINUTE: i64 = 60_000;

/// Whether the hall closed for the day between half an hour and an hour ago. Never, if no timetable
/// of the hall is in the tables: the usual hours would be a guess.
pub(super) fn is_due(tables: &dyn Tables, region: &str, hall: &str, now: Local) -> bool {
    let is_of_hall = |json: &str| {
        let row: Value = serde_json::from_str(json).unwrap_or_default();
        row["organ"].as_str() == Some(hall)
    };
    if !tables.rows(OFFICE_HOURS_TABLE).into_iter().any(|row| is_of_hall(&row.json)) {
        return false;
    }
    let Ok(desk) = Desk::open(tables, region, hall) else { return false };
    let before = |minutes: i64| Local(now.0 - minutes * MS_PER_MINUTE);
    let open = |from: Local, to: Local| desk.worktime(from, to, &[]) > 0;
    let end = now.day().plus(1).start();
    let closed = before(CLOSED_MINUTES);
    open(before(CLOSED_MINUTES + WINDOW_MINUTES), closed) && !open(closed, now) && !open(now, end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::table;
    use plumbline_contract::table::TableSet;
    use plumbline_contract::time::{Zone, parse_stamp};

    #[test]
    fn it_is_taken_in_the_evening_of_a_working_day() {
        let mut set = TableSet::default();
        let hours = "organ,weekday,open,close,lunch_from,lunch_to\n\
            H,1,09:00,17:00,12:00,13:30\nH,2,09:00,17:00,12:00,13:30\n";
        for (name, text) in
            [("office_hours", hours), ("calendar", plumbline_contract::CALENDAR_CSV)]
        {
            set.put(name, 1, table::parse_csv(name, text.as_bytes()).unwrap());
        }
        let at = |text: &str| {
            let zone = Zone::shanghai();
            zone.local(zone.instant_of(parse_stamp(text).unwrap()))
        };
        for (hall, time, due) in [
            ("H", "2026-03-02T16:59", false),
            ("H", "2026-03-02T17:20", false),
            ("H", "2026-03-02T17:31", true),
            ("H", "2026-03-02T17:59", true),
            ("H", "2026-03-02T18:01", false),
            ("H", "2026-03-02T12:40", false),
            ("H", "2026-03-07T17:31", false),
            ("H", "2026-03-04T17:31", false),
            ("X", "2026-03-02T17:31", false),
        ] {
            assert_eq!(is_due(&set, "370203", hall, at(time)), due, "{hall} {time}");
        }
    }
}
