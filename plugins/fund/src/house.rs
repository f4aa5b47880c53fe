//! One house or contract: who draws on the provident fund for it. It raises nothing; it answers the
//! stream `housing` (FUND-H01).

use crate::Params;
use crate::word::mark;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Local, Look, Stream};
use std::collections::{BTreeMap, BTreeSet};

/// Most applications for one house.
const CLAIMS_MAX: usize = 200;

/// One application for the house.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Claim {
    at: Local,
    rev: i64,
    live: bool,
    co_owner: bool,
    person: u64,
    household: u64,
    /// What was found: households so far, and whether the person had drawn on it before.
    found: (i64, bool),
    /// How often that changed.
    turn: i64,
}

/// What is kept of a house.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct House {
    claims: BTreeMap<String, Claim>,
}

impl House {
    fn put(&mut self, event: &Event<'_>, params: &Params) -> Option<()> {
        let (no, rev) = (event.text("application_no")?, event.int("rev")?);
        let person = mark(&event.text("person")?);
        let household = event.text("household_h").filter(|household| !household.is_empty());
        let known = self.claims.get(&no);
        if known.is_some_and(|known| known.rev > rev)
            || (known.is_none() && self.claims.len() >= CLAIMS_MAX)
        {
            return None;
        }
        let (found, turn) = known.map_or(((1, false), 0), |known| (known.found, known.turn));
        let claim = Claim {
            at: Local(event.int("at")?),
            rev,
            live: event.flag("live")?,
            co_owner: event.flag("co_owner")?,
            person,
            household: household.map_or(person, |household| mark(&household)),
            found,
            turn,
        };
        self.claims.insert(no, claim);
        self.compare(params);
        Some(())
    }

    /// Compares every claim with those before it.
    fn compare(&mut self, params: &Params) {
        let all: Vec<_> = self.claims.values().cloned().collect();
        for claim in self.claims.values_mut() {
            let day = claim.at.day();
            let within = |other: &&Claim, months: i32| {
                other.live && other.at <= claim.at && other.at.day() >= months_before(day, months)
            };
            let households: BTreeSet<_> = all
                .iter()
                .filter(|other| within(other, params.house_months) && !other.co_owner)
                .map(|other| other.household)
                .collect();
            let repeated = claim.live
                && all.iter().any(|other| {
                    within(&other, params.repeat_months)
                        && other.at < claim.at
                        && other.person == claim.person
                });
            let counts = claim.live && !claim.co_owner;
            let found = (if counts { households.len() as i64 } else { 0 }, repeated);
            if claim.found != found {
                claim.found = found;
                claim.turn += 1;
            }
        }
    }
}

/// The same day of an earlier month, or the last one that month has.
fn months_before(day: Day, months: i32) -> Day {
    let (year, month, of_month) = day.ymd();
    let count = year * 12 + month as i32 - 1 - months;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) as u32 + 1);
    let days = (1..=of_month).rev();
    days.into_iter().find_map(|of_month| Day::from_ymd(year, month, of_month)).unwrap_or(day)
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Houses;

impl Stream for Houses {
    const NAME: &'static str = "house";
    type State = House;
    type Params = Params;

    fn take(house: &mut House, event: &Event<'_>, params: &Params) {
        // A fact that lacks a field was not written by this plugin and says nothing.
        house.put(event, params).unwrap_or_default();
    }

    fn check(house: &House, _: &Params, look: &mut Look<'_>) {
        for (no, claim) in house.claims.iter().filter(|(_, claim)| claim.turn > 0) {
            let (households, repeated) = claim.found;
            look.fact_of_turn(("drawn", no), ("drawn", claim.turn), || {
                Writer::default()
                    .text("application_no", no)
                    .int("households", households)
                    .flag("repeated", repeated)
                    .int("turn", claim.turn)
            });
        }
    }
}
