//! Villages of a county in one month: what share of kin is usual. It raises nothing; it answers the
//! stream `village` (FUND-B07).

use crate::Params;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local, Look, Stream};
use std::collections::BTreeMap;

/// Share of the other villages that the usual share covers, per mille.
const QUANTILE_PERMILLE: usize = 990;
/// All villages report in the same minute of the night; comparison waits until they have.
const SETTLE_MIN: i64 = 60;

/// What is kept of a county and month.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct County {
    month: String,
    /// Log time of the latest report.
    heard: Option<Local>,
    /// Recipients and kin by village.
    villages: BTreeMap<String, (i64, i64)>,
}

impl County {
    fn put(&mut self, event: &Event<'_>) -> Option<()> {
        let village = event.text("village12")?;
        self.month = event.text("month")?;
        self.villages.insert(village, (event.int("recipients")?, event.int("kin")?));
        self.heard = Some(event.logged);
        Some(())
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Peers;

impl Stream for Peers {
    const NAME: &'static str = "peers";
    type State = County;
    type Params = Params;

    fn take(county: &mut County, event: &Event<'_>, _: &Params) {
        // A fact that lacks a field was not written by this plugin and says nothing.
        county.put(event).unwrap_or_default();
    }

    fn check(county: &County, params: &Params, look: &mut Look<'_>) {
        let settled = county.heard.map(|heard| heard.plus_minutes(SETTLE_MIN));
        if settled.is_none_or(|settled| !look.reached(settled)) {
            return;
        }
        let share = |(recipients, kin): &(i64, i64)| kin * 1000 / (*recipients).max(1);
        let mut shares: Vec<_> = county.villages.values().map(share).collect();
        shares.sort_unstable();
        for (village, counts) in county.villages.iter().filter(|(_, (_, kin))| *kin > 0) {
            let mut others = shares.clone();
            let own = share(counts);
            if let Ok(place) = others.binary_search(&own) {
                others.remove(place);
            }
            if others.len() < params.kin_peers {
                continue;
            }
            let usual = others[(others.len() * QUANTILE_PERMILLE).div_ceil(1000) - 1];
            if own > usual {
                let data = Writer::default()
                    .text("village12", village)
                    .text("month", &county.month)
                    .int("permille", usual)
                    .int("villages", others.len() as i64);
                look.fact("usual_kin", village, data);
            }
        }
    }
}
