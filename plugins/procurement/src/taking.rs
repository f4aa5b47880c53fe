//! One bidder in one process: when it took part, told to its own stream for PROC-S01.
//!
//! It raises nothing. A stream of its own keeps the number of facts in one verdict small, however
//! many bidders a tender has, and looks up each bidder once.

use crate::bids::publish::joined;
use crate::{Params, read};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Look, Stream};

/// Most acts of one bidder in one process; the rest are repeats.
const ACTS_MAX: usize = 200;

/// An act of the bidder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Act {
    at: plumbline_guest::Local,
    is_bid: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Taking {
    ocid: String,
    bidder: String,
    region: String,
    acts: Facts<Act>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Takings;

impl Stream for Takings {
    const NAME: &'static str = "taking";
    type State = Taking;
    type Params = Params;

    fn take(taking: &mut Taking, event: &Event<'_>, _: &Params) {
        taking.ocid = read::text(event, "ocid");
        taking.bidder = read::text(event, "bidder");
        event.region.clone_into(&mut taking.region);
        if taking.acts.len() < ACTS_MAX || event.version > 1 {
            let is_bid = event.kind == "proc.bid.submitted";
            taking.acts.put(event, Act { at: read::at(event, "at"), is_bid });
        }
    }

    fn check(taking: &Taking, params: &Params, look: &mut Look<'_>) {
        let place = (taking.ocid.as_str(), taking.region.as_str());
        // The first and the last of each sort: a ban may begin or end in between.
        for (is_bid, first, last) in [(false, "doc", "doc-last"), (true, "bid", "bid-last")] {
            let acts = || taking.acts.iter().filter(|entry| entry.fact.is_bid == is_bid);
            let earliest = acts().min_by_key(|entry| (entry.fact.at, entry.seq));
            let latest = acts().max_by_key(|entry| (entry.fact.at, entry.seq));
            if let Some(entry) = earliest {
                let when = (entry.fact.at, entry.seq);
                joined(&taking.bidder, first, place, when, params, look);
            }
            if let Some(entry) = latest.filter(|last| earliest.is_some_and(|e| e.seq != last.seq)) {
                let when = (entry.fact.at, entry.seq);
                joined(&taking.bidder, last, place, when, params, look);
            }
        }
    }
}
