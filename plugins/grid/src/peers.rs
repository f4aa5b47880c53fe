//! The officers of one department in one year: whose checks always pass while the others' do not.
//!
//! It raises nothing. It answers the officer's stream, which raises GRID-R07.

use crate::Params;
use crate::officer::month_end;
use crate::period::daily_timer;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Look, Stream};
use std::collections::BTreeMap;

/// Officers of a department that are compared.
const OFFICERS_MAX: usize = 1_000;
/// Tallies are told at ten past midnight; comparing waits until they are in.
const WAIT_H: i64 = 1;

/// Checks and those that passed, by month.
type Tally = BTreeMap<u32, (i64, i64)>;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Field {
    year: i32,
    officers: BTreeMap<String, Tally>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Peers;

impl Stream for Peers {
    const NAME: &'static str = "peers";
    type State = Field;
    type Params = Params;

    fn take(field: &mut Field, event: &Event<'_>, _: &Params) {
        // A tally that lacks a field was not written by this plugin and says nothing.
        field.put(event).unwrap_or_default();
    }

    fn check(field: &Field, params: &Params, look: &mut Look<'_>) {
        for (officer, tally) in &field.officers {
            field.compare(officer, tally, params, look);
        }
    }
}

impl Field {
    fn put(&mut self, event: &Event<'_>) -> Option<()> {
        let (officer, month) = (event.text("officer")?, u32::try_from(event.int("month")?).ok()?);
        self.year = i32::try_from(event.int("year")?).ok()?;
        let figures = (event.int("checks")?, event.int("passed")?);
        if self.officers.len() < OFFICERS_MAX || self.officers.contains_key(&officer) {
            // The log's order is that of telling: what is told later is final.
            self.officers.entry(officer).or_default().insert(month, figures);
        }
        Some(())
    }

    /// The first month at whose end all of many checks had passed, unlike those of others.
    fn compare(&self, officer: &str, tally: &Tally, params: &Params, look: &mut Look<'_>) {
        let mut checked = None;
        for month in tally.keys().copied() {
            let until = |tally: &Tally| {
                let months = tally.range(..=month).map(|(_, figures)| *figures);
                months.fold((0, 0), |(n, p), (checks, passed)| (n + checks, p + passed))
            };
            let (checks, passed) = until(tally);
            if checks < params.rate_min_n {
                continue;
            }
            let timer = daily_timer(month_end(self.year, month).plus(1)).plus_hours(WAIT_H);
            if !look.reached(timer) {
                break;
            }
            let others = self.officers.iter().filter(|(other, _)| *other != officer);
            let (peers, peers_passed) = others
                .map(|(_, tally)| until(tally))
                .fold((0, 0), |(n, p), (checks, passed)| (n + checks, p + passed));
            let holds = passed == checks
                && peers >= params.rate_min_n
                && peers_passed * 100 <= params.peers_pct * peers;
            checked = Some((month, checks, peers_passed * 100 / peers.max(1), holds));
            if holds {
                break;
            }
        }
        let Some((month, checks, peers_pct, holds)) = checked else { return };
        // Told again only where the answer changes; one that never held needs no month.
        let turn = if holds { i64::from(month) << 32 | checks } else { 0 };
        look.fact_of_turn(("standout", officer), ("rate", turn), || {
            Writer::default()
                .text("officer", officer)
                .int("year", self.year.into())
                .int("month", month.into())
                .int("checks", checks)
                .int("peers_pct", peers_pct)
                .flag("holds", holds)
        });
    }
}
