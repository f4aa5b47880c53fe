//! What the host counts of its own log for each department and month, so that it can be held against
//! the count of another level: first versions of records by the month in which they happened.
//!
//! It counts and tells; whether two counts agree is a rule's to say (NET-R01).

use crate::app::App;
use crate::platform::ledger::{KIND, Side, own};
use plumbline_contract::event::{Event, FACT_TYPE_PREFIX};
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::{Day, Local, Millis, Zone};
use plumbline_kernel::health::COUNT_TYPE;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Setting that keeps the counts.
pub(super) const LEDGER_META: &str = "watch/ledger";
/// Months that are counted beside the present one: late lines come within them.
const MONTHS_BACK: i32 = 2;
/// Departments of a month: a county has some 50, and names are the senders' to choose.
const DEPTS_MAX: usize = 2_000;
/// Records so close to a month's begin or end may rightly stand in either month. Milliseconds.
const CUTOFF_MS: i64 = 60 * 60 * 1000;
/// Minute of the day from which on the day before counts as complete.
const DAY_OVER_MINUTE: i64 = 5;

/// Of one department and month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Counted {
    records: u64,
    at_cutoff: u64,
    /// Records and cut-off as they were told last.
    told: Option<(u64, u64)>,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct LedgerBook {
    /// Events before this position are counted.
    pub(super) next: u64,
    /// By the month as a running number, then by department.
    months: BTreeMap<i32, BTreeMap<String, Counted>>,
    told_on: Option<Day>,
}

impl LedgerBook {
    /// Counts an event of the log; one that was counted already is passed over.
    pub(super) fn take(&mut self, seq: EventSeq, event: &Event, zone: &Zone) {
        if seq.0 < self.next {
            return;
        }
        self.next = seq.0 + 1;
        let is_own = event.is_host() || event.is_platform();
        let is_record = !is_own
            && !event.kind.starts_with(FACT_TYPE_PREFIX)
            && event.kind != COUNT_TYPE
            && event.dataversion == 1
            && !event.dept.is_empty();
        if !is_record {
            return;
        }
        let (at, logged) = (zone.local(event.time), zone.local(event.logged));
        let (month, newest) = (month_of(at.day()), month_of(logged.day()));
        while self.months.first_key_value().is_some_and(|(of, _)| *of < newest - MONTHS_BACK) {
            self.months.pop_first();
        }
        // What is dated ahead of its receipt is a fault of its source, not of this month.
        if !(newest - MONTHS_BACK..=newest).contains(&month) {
            return;
        }
        let depts = self.months.entry(month).or_default();
        if depts.len() >= DEPTS_MAX && !depts.contains_key(&event.dept) {
            return;
        }
        let counted = depts.entry(event.dept.clone()).or_default();
        counted.records += 1;
        counted.at_cutoff += u64::from(is_at_cutoff(at, month));
    }

    /// The counts of months that are over and were not told as they are now, once a day at most.
    pub(super) fn tell(&mut self, app: &App, now: Millis) -> Vec<Event> {
        let local = app.zone().local(now);
        let today = local.day();
        if local.minute_of_day() < DAY_OVER_MINUTE || self.told_on == Some(today) {
            return Vec::new();
        }
        let side = Side::of(&app.config().health);
        let present = month_of(today);
        let mut events = Vec::new();
        for (month, depts) in self.months.range_mut(..present) {
            for (dept, counted) in depts {
                let present = (counted.records, counted.at_cutoff);
                if counted.told != Some(present) {
                    counted.told = Some(present);
                    events.push(own(app, side, (&name_of(*month), dept), present, now));
                }
            }
        }
        if !events.is_empty() {
            self.told_on = Some(today);
        }
        events
    }

    /// Whether anybody takes what is told.
    pub(super) fn is_wanted(app: &App) -> bool {
        app.takers().takes(KIND)
    }
}

fn month_of(day: Day) -> i32 {
    let (year, month, _) = day.ymd();
    year * 12 + i32::try_from(month).unwrap_or(1) - 1
}

fn first_of(month: i32) -> Day {
    let of_year = u32::try_from(month.rem_euclid(12)).unwrap_or_default() + 1;
    Day::from_ymd(month.div_euclid(12), of_year, 1).unwrap_or(Day::MIN)
}

fn name_of(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

fn is_at_cutoff(at: Local, month: i32) -> bool {
    let (begin, end) = (first_of(month).start(), first_of(month + 1).start());
    at.0 - begin.0 < CUTOFF_MS || end.0 - at.0 <= CUTOFF_MS
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use plumbline_contract::time::parse_stamp;

    fn event(kind: &str, time: &str, logged: &str) -> Event {
        let at = |text: &str| Zone::shanghai().instant_of(parse_stamp(text).unwrap());
        Event {
            id: String::new(),
            source: "hall".to_owned(),
            kind: kind.to_owned(),
            subject: String::new(),
            time: at(time),
            recorded: at(time),
            corrected: None,
            logged: at(logged),
            region: "370203".to_owned(),
            dept: "D-001".to_owned(),
            serial: None,
            actor: None,
            dataversion: 1,
            data: "{}".to_owned(),
        }
    }

    #[test]
    fn records_are_counted_once_in_the_month_in_which_they_happened() {
        let received = "approval.case.received";
        let march = |time: &str, logged: &str| event(received, time, logged);
        let late = "2026-04-02T09:00:00+08:00";
        let rows = [
            (march("2026-03-31T22:59:59+08:00", late), (1, 0)),
            (march("2026-03-31T23:00:00+08:00", late), (2, 1)),
            (march("2026-03-01T00:59:59+08:00", late), (3, 2)),
            (march("2026-03-01T01:00:00+08:00", late), (4, 2)),
            // The next month, a correction, a fact, a source's own count, what came too late.
            (march("2026-04-01T00:00:00+08:00", late), (4, 2)),
            (Event { dataversion: 2, ..march("2026-03-09T09:00:00+08:00", late) }, (4, 2)),
            (event("fact.approval.job", "2026-03-09T09:00:00+08:00", late), (4, 2)),
            (event(COUNT_TYPE, "2026-03-09T09:00:00+08:00", late), (4, 2)),
            (march("2026-03-09T09:00:00+08:00", "2026-05-31T09:00:00+08:00"), (5, 2)),
            (march("2026-07-09T09:00:00+08:00", "2026-05-31T09:00:00+08:00"), (5, 2)),
        ];
        let mut book = LedgerBook::default();
        for (number, (event, expected)) in rows.iter().enumerate() {
            for _ in 0..2 {
                book.take(EventSeq(number as u64), event, &Zone::shanghai());
            }
            let counted = book.months[&(2026 * 12 + 2)]["D-001"];
            assert_eq!((counted.records, counted.at_cutoff), *expected, "row {number}");
        }
        assert_eq!(book.months.len(), 2, "nothing is dated ahead of its receipt");
        let june = march("2026-06-09T09:00:00+08:00", "2026-06-09T09:00:00+08:00");
        book.take(EventSeq(99), &june, &Zone::shanghai());
        let kept: Vec<_> = book.months.keys().map(|month| name_of(*month)).collect();
        assert_eq!(kept, ["2026-04", "2026-06"]);
    }
}
