//! The pace of all officers of a region in one month: whose busiest hour lies above what peers'
//! hours show. It raises nothing; it answers the stream `workload` (APPR-R02).

use crate::Params;
use plumbline_guest::json::{Value, Writer};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local, Look, Stream};
use std::collections::BTreeMap;

/// Share of peers' hours that the threshold covers, per mille.
const QUANTILE_PERMILLE: i64 = 995;
/// All officers report in the same minute of the night; comparison waits until they have.
const SETTLE_MIN: i64 = 60;

/// An officer's month so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Pace {
    day: i64,
    /// The busiest hour and its decisions.
    hour: i64,
    count: i64,
    /// Decisions in an hour, and how many hours had as many.
    hours: Vec<(i64, i64)>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Paces {
    nth_month: i64,
    /// Log time of the latest report.
    heard: Option<Local>,
    officers: BTreeMap<String, Pace>,
}

impl Paces {
    fn put(&mut self, event: &Event<'_>) -> Option<()> {
        let officer = event.text("officer")?;
        self.nth_month = event.int("nth_month")?;
        let hours = event.get("hours").into_iter().flat_map(Value::items).filter_map(|pair| {
            let pair = pair.text()?;
            let (count, hours) = pair.split_once('/')?;
            Some((count.parse().ok()?, hours.parse().ok()?))
        });
        let pace = Pace {
            day: event.int("day")?,
            hour: event.int("hour")?,
            count: event.int("count")?,
            hours: hours.collect(),
        };
        if self.officers.get(&officer).is_none_or(|known| known.day <= pace.day) {
            self.officers.insert(officer, pace);
        }
        self.heard = Some(event.logged);
        Some(())
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct RegionPaces;

impl Stream for RegionPaces {
    const NAME: &'static str = "pace";
    type State = Paces;
    type Params = Params;

    fn take(paces: &mut Paces, event: &Event<'_>, _: &Params) {
        // A fact that lacks a field was not written by this plugin and says nothing.
        paces.put(event).unwrap_or_default();
    }

    fn check(paces: &Paces, params: &Params, look: &mut Look<'_>) {
        let limits = &params.limits;
        let settled = paces.heard.map(|heard| heard.plus_minutes(SETTLE_MIN));
        if settled.is_none_or(|settled| !look.reached(settled)) {
            return;
        }
        let mut all: BTreeMap<i64, i64> = BTreeMap::new();
        for (count, hours) in paces.officers.values().flat_map(|pace| &pace.hours) {
            *all.entry(*count).or_default() += hours;
        }
        for (officer, pace) in &paces.officers {
            if pace.count < limits.rate_min {
                continue;
            }
            let mut peers = all.clone();
            for (count, hours) in &pace.hours {
                *peers.entry(*count).or_default() -= hours;
            }
            let total: i64 = peers.values().sum();
            if total < limits.peer_min {
                continue;
            }
            let threshold = quantile(&peers, total);
            if pace.count > threshold {
                let data = Writer::default()
                    .text("officer", officer)
                    .int("nth_month", paces.nth_month)
                    .int("hour", pace.hour)
                    .int("count", pace.count)
                    .int("peers", threshold);
                look.fact("outlier", officer, data);
            }
        }
    }
}

/// The nearest-rank quantile of a histogram.
fn quantile(histogram: &BTreeMap<i64, i64>, total: i64) -> i64 {
    let rank = (total * QUANTILE_PERMILLE).div_euclid(1000)
        + i64::from(total * QUANTILE_PERMILLE % 1000 > 0);
    let mut below = 0;
    for (count, hours) in histogram {
        below += hours;
        if below >= rank {
            return *count;
        }
    }
    0
}
