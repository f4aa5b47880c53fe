//! Prices of one process: how close the second was to the winner, who asked the same, and whether
//! the lowest was turned away.

use crate::fact::Currency;
use crate::process::{Bid, Process};
use crate::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};

/// The distance between the winning price and the lowest other one, as a share of the former.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    pub ratio: f64,
    pub winner: String,
    pub second: String,
    /// The two prices.
    pub winning: f64,
    pub other: f64,
}

/// The distance for R024 and R058. Only where there is one active award with one supplier, all awards
/// are final, and the winner's bid is the lowest of the valid ones; joint bids are passed over.
pub(crate) fn gap(process: &Process, currency: &mut Currency) -> Option<Gap> {
    let winner = process.only_winner()?;
    let (mut winning, mut second): (Option<f64>, Option<(f64, &str)>) = (None, None);
    for bid in process.bids.iter().filter(|bid| bid.has("valid")) {
        let Some(tenderer) = bid.only_tenderer() else { continue };
        let Some(price) = currency.comparable(bid) else { continue };
        if tenderer == winner {
            winning = Some(winning.map_or(price, |other| other.min(price)));
        } else if second.is_none_or(|(other, _)| price < other) {
            second = Some((price, tenderer));
        }
    }
    let (winning, (price, tenderer)) = (winning?, second?);
    // A share of nothing is no number.
    let comparable = price >= winning && winning > 0.0;
    comparable.then(|| Gap {
        ratio: (price - winning) / winning,
        winner: winner.to_owned(),
        second: tenderer.to_owned(),
        winning,
        other: price,
    })
}

/// R028: who asked the same price as a bid with other tenderers; `None` if there was nothing to
/// compare.
pub(crate) fn identical(process: &Process, settings: &Settings) -> Option<BTreeSet<String>> {
    let mut seen: BTreeMap<(u64, &str), BTreeSet<&str>> = BTreeMap::new();
    let (mut priced, mut found) = (0, BTreeSet::new());
    for bid in process.bids.iter().filter(|bid| settings.is_submitted(bid)) {
        let (Some(price), Some(currency)) = (bid.price, &bid.currency) else { continue };
        let tenderers: BTreeSet<&str> = bid.known_tenderers().collect();
        if tenderers.is_empty() {
            continue;
        }
        priced += 1;
        // Adding zero makes one of the two zeros of floating point.
        let key = ((price + 0.0).to_bits(), currency.as_str());
        if let Some(others) = seen.get(&key).filter(|others| **others != tenderers) {
            found.extend(tenderers.union(others).map(|id| (*id).to_owned()));
        }
        seen.insert(key, tenderers);
    }
    (priced > 1).then_some(found)
}

/// R036: whether the lowest submitted bid was disqualified; `None` without an active award or a
/// valid bid with a price.
pub(crate) fn lowest_is_out(
    process: &Process,
    settings: &Settings,
    currency: &mut Currency,
) -> Option<bool> {
    if !process.awards.iter().any(crate::process::Award::is_active) {
        return None;
    }
    let (mut lowest, mut out, mut has_valid) = (None, false, false);
    for bid in process.bids.iter().filter(|bid| settings.is_submitted(bid)) {
        let Some(price) = currency.comparable(bid) else { continue };
        if lowest.is_none_or(|other| price < other) {
            (lowest, out) = (Some(price), Bid::has(bid, "disqualified"));
        }
        has_valid |= bid.has("valid");
    }
    has_valid.then_some(out)
}
