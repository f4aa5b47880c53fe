//! Who meets whom before one buyer in one category: PROC-C06 轮流中标/固定陪标.
//!
//! A set of bidders is found by pairs that bid together oftener than chance explains. Within the
//! set wins that take turns, one winner with standing losers, or shares that do not move are clues.

mod group;

use crate::Params;
use crate::buyer::{drop_oldest, raise};
use crate::clue::Clues;
use crate::latch::{Found, Latch};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Most lots of one market that are kept: some 200 bytes each. The oldest go first.
const LOTS_MAX: usize = 600;

/// A lot with an award.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Lot {
    at: Local,
    seq: u64,
    count: usize,
    bidders: Vec<String>,
    winner: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Market {
    category: String,
    lots: BTreeMap<String, Lot>,
    found: Latch,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Markets;

impl Stream for Markets {
    const NAME: &'static str = "market";
    type State = Market;
    type Params = Params;

    fn take(market: &mut Market, event: &Event<'_>, params: &Params) {
        // A fact that lacks a field was not written by this plugin and says nothing.
        market.outcome(event, params).unwrap_or_default();
    }

    fn check(market: &Market, params: &Params, look: &mut Look<'_>) {
        let rules: [Rule<Market, Params>; 1] = [("PROC-C06", rotation)];
        apply(&rules, &params.off, market, params, look);
    }
}

impl Market {
    fn outcome(&mut self, event: &Event<'_>, params: &Params) -> Option<()> {
        let record = event.text("record")?;
        self.category = event.text("category")?;
        let lot = Lot {
            at: Local(event.int("at")?),
            seq: event.int("evidence")? as u64,
            count: usize::try_from(event.int("bidder_count")?).ok()?,
            bidders: event.texts("bidders")?,
            winner: event.text("winner")?,
        };
        if self.lots.insert(record.clone(), lot).is_some() {
            self.found.forget(&record);
        }
        drop_oldest(&mut self.lots, LOTS_MAX, |lot| lot.at);
        if self.lots.len() >= params.co_min && !params.small_markets.contains(&self.category) {
            self.search(&record, params);
        }
        Some(())
    }

    fn search(&mut self, news: &str, params: &Params) {
        let Some(news) = self.lots.get(news) else { return };
        let newest = self.lots.values().map(|lot| lot.at.day().0).max().unwrap_or(0);
        let mut lots: Vec<_> = self
            .lots
            .iter()
            .filter(|(_, lot)| newest - lot.at.day().0 <= params.market_days)
            .collect();
        lots.sort_by_key(|(record, lot)| (lot.at, (*record).clone()));
        let plain: Vec<_> = lots.iter().map(|(_, lot)| *lot).collect();
        let mut found = Vec::new();
        for group in group::circles(&plain, news, params) {
            if self.found.has(&short(group.join("+"))) {
                continue;
            }
            let Some((zh, en)) = group::pattern(&group, &plain, params) else { continue };
            let met: Vec<_> = lots.iter().filter(|(_, lot)| group::meets(&group, lot)).collect();
            let names = group.join("、");
            let count = met.len();
            found.push((
                group.join("+"),
                Found {
                    is_red: false,
                    at: met.last().map_or(Local(0), |(_, lot)| lot.at),
                    seqs: met.iter().map(|(_, lot)| lot.seq).collect(),
                    cites: met.iter().map(|(record, _)| (*record).clone()).collect(),
                    zh: format!("{names} 共同投标 {count} 次，{zh}"),
                    en: format!("{} bid together {count} times, {en}", group.join(", ")),
                },
            ));
        }
        for (episode, found) in found {
            self.found.put(short(episode), found);
        }
    }
}

/// An episode has at most 256 bytes; a larger set is told apart by its first names and a mark.
fn short(episode: String) -> String {
    const NAMES_BYTES: usize = 200;
    if episode.len() <= NAMES_BYTES {
        return episode;
    }
    let end = (0..=NAMES_BYTES).rev().find(|end| episode.is_char_boundary(*end)).unwrap_or(0);
    format!("{}~{:016x}", &episode[..end], crate::read::mark(&episode))
}

/// PROC-C06.
fn rotation(market: &Market, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    if params.small_markets.contains(&market.category) {
        let category = &market.category;
        let (zh, en) = ("小众市场，合格企业少", "a small market with few qualified firms");
        clues.exempt(look, || Why::new(zh, en).text("category", category));
        return clues.tell(look, Why::default);
    }
    raise(&market.found, "lots", &mut clues);
    clues.tell(look, || {
        let (count, min) = (market.lots.len(), params.co_min);
        Why::new(
            format!("{count} 个标段，未见共同投标满 {min} 次且轮流中标或固定陪标的投标人"),
            format!("{count} lots, no set of bidders that met {min} times takes turns or loses by design"),
        )
        .count("lots", count)
        .count("co_min", min)
    });
}
