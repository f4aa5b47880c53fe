//! What is remembered of one source: when it reported, how much, how late, and what it says itself
//! about its counts. It is folded event by event from the log, bounded in size, and judges nothing.

use super::DayQuality;
use crate::is_import;
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::{Day, Millis, Zone};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Type of the event by which a source states its own count of a day: `{"day": "2026-03-02",
/// "type": "approval.case.accepted", "count": 12}`; without `type` all types together. It is also a
/// sign of life on a day on which there is nothing else to report.
pub const COUNT_TYPE: &str = "source.count";

/// Days with reports that are remembered: eight weeks show a rhythm with its holidays.
const DAYS_MAX: usize = 56;
/// Days whose records are counted by type: a source states its count within two weeks.
const COUNT_DAYS_MAX: usize = 14;
/// Event types that are counted apart on one day: approval, the richest domain, has fewer.
const TYPES_MAX: usize = 32;
/// Statements of a count that are remembered: two weeks with a few types each.
const CLAIMS_MAX: usize = 64;
/// Delays that are remembered: enough for percentiles, few enough to follow a repaired clock.
const DELAYS_MAX: usize = 256;

/// See the module. A row of the host's settings, as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceBook {
    /// Events before this position have been taken in.
    pub next: u64,
    /// Events taken in, statements of counts apart.
    pub events: u64,
    /// Whether it has ever reported directly; else all that is known of it was imported.
    pub live: bool,
    /// Local day of its first report.
    pub first_day: Option<Day>,
    pub last: Option<Last>,
    /// By local day of log time.
    pub days: BTreeMap<Day, DayBook>,
    /// By local day on which the source says that it recorded them.
    pub counts: BTreeMap<Day, DayCount>,
    pub claims: Vec<Claim>,
    /// Receipt minus recording of the latest direct reports, in milliseconds.
    pub delays: VecDeque<i64>,
    /// Pauses between the latest direct reports, in seconds of working time.
    pub pauses: VecDeque<u32>,
    /// By local day of receipt.
    pub quality: BTreeMap<Day, DayQuality>,
    /// The newest day whose quality was told.
    pub told: Option<Day>,
    /// The beginning of the stillness that was told and is not over.
    pub silent_since: Option<Millis>,
}

/// The latest report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    pub seq: u64,
    pub logged: Millis,
    pub recorded: Millis,
    pub region: String,
    pub dept: String,
}

/// One day of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayBook {
    /// Events, statements of counts apart.
    pub count: u64,
    /// Bit `h` is set if something came in the hour that starts at `h` o'clock.
    pub hours: u32,
}

/// The records of one day, each counted once, corrections apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    pub total: u64,
    pub types: BTreeMap<String, u64>,
    /// Whether some types are only in the total.
    pub crowded: bool,
}

/// What a source says that it has recorded on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub seq: u64,
    pub logged: Millis,
    pub day: Day,
    /// Event type; empty for all together.
    pub kind: String,
    /// `None` if the statement could not be read.
    pub count: Option<u64>,
}

#[derive(Deserialize)]
struct Stated {
    day: String,
    #[serde(default, rename = "type")]
    kind: String,
    count: u64,
}

impl SourceBook {
    /// Takes in the event at `seq`; one that was taken in before changes nothing.
    pub fn take(&mut self, seq: EventSeq, event: &Event, zone: &Zone) {
        if seq.0 < self.next {
            return;
        }
        self.next = seq.0 + 1;
        let local = zone.local(event.logged);
        self.first_day = Some(self.first_day.map_or(local.day(), |first| first.min(local.day())));
        let hour = 1_u32 << (local.minute_of_day() / 60);
        let is_claim = event.kind == COUNT_TYPE;
        let day = self.days.entry(local.day()).or_default();
        day.hours |= hour;
        day.count += u64::from(!is_claim);
        keep_newest(&mut self.days, DAYS_MAX);
        let direct = !is_import(event);
        if direct {
            self.note_delay(event);
        }
        if is_claim {
            self.note_claim(seq, event, zone);
        } else {
            self.events += 1;
            self.count(event, zone);
        }
        // What was imported may name any time; a direct report is as new as its receipt.
        let newest = self.last.as_ref().is_none_or(|last| last.logged <= event.logged);
        if direct && !self.live || newest && direct == self.live {
            self.last = Some(Last {
                seq: seq.0,
                logged: event.logged,
                recorded: event.recorded,
                region: event.region.clone(),
                dept: event.dept.clone(),
            });
        }
        self.live |= direct;
    }

    /// A correction without its time says nothing about the clock.
    fn note_delay(&mut self, event: &Event) {
        let recorded = match (event.dataversion, event.corrected) {
            (_, Some(corrected)) => corrected,
            (1, None) => event.recorded,
            _ => return,
        };
        self.delays.push_back(event.logged.0.saturating_sub(recorded.0));
        if self.delays.len() > DELAYS_MAX {
            self.delays.pop_front();
        }
    }

    fn note_claim(&mut self, seq: EventSeq, event: &Event, zone: &Zone) {
        // What it claimed was dropped when its time was over: nothing is wrong with it.
        if event.is_blank() {
            return;
        }
        let stated = serde_json::from_str::<Stated>(&event.data).ok();
        let read = stated.and_then(|stated| {
            let day = Day::parse(&stated.day).filter(|_| stated.day.len() == 10)?;
            Some((day, stated.kind, Some(stated.count)))
        });
        let unread = || (zone.local(event.recorded).day(), String::new(), None);
        let (day, kind, count) = read.unwrap_or_else(unread);
        self.claims.retain(|known| (known.day, &known.kind) != (day, &kind));
        self.claims.push(Claim { seq: seq.0, logged: event.logged, day, kind, count });
        if self.claims.len() > CLAIMS_MAX {
            self.claims.remove(0);
        }
    }

    fn count(&mut self, event: &Event, zone: &Zone) {
        if event.dataversion > 1 {
            return;
        }
        // A record from the future must not push out the days that are compared.
        let day = zone.local(event.recorded.min(event.logged)).day();
        let day = self.counts.entry(day).or_default();
        day.total += 1;
        if let Some(count) = day.types.get_mut(&event.kind) {
            *count += 1;
        } else if day.types.len() < TYPES_MAX {
            day.types.insert(event.kind.clone(), 1);
        } else {
            day.crowded = true;
        }
        keep_newest(&mut self.counts, COUNT_DAYS_MAX);
    }

    /// Records of a day that have come in, of one type or (empty) of all; `None` if that is not
    /// known any more.
    #[must_use]
    pub fn received(&self, day: Day, kind: &str) -> Option<u64> {
        let Some(counted) = self.counts.get(&day) else {
            let full = self.counts.len() >= COUNT_DAYS_MAX;
            let forgotten = full && self.counts.keys().next().is_some_and(|first| day < *first);
            return (!forgotten).then_some(0);
        };
        if kind.is_empty() {
            return Some(counted.total);
        }
        let known = counted.types.get(kind).copied();
        known.or_else(|| (!counted.crowded).then_some(0))
    }
}

fn keep_newest<T>(days: &mut BTreeMap<Day, T>, max: usize) {
    while days.len() > max {
        days.pop_first();
    }
}
