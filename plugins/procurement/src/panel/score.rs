//! How far each expert's score stands from those of his colleagues.

use super::Panel;
use super::fact::{Said, Score};
use crate::Params;
use crate::stat::median;
use std::collections::{BTreeMap, BTreeSet};

/// Factor that makes the median deviation comparable with a standard deviation, per mille.
const MAD_TO_SIGMA_PERMILLE: i64 = 1_483;
/// Fewest colleagues whose scores make a comparison.
const PEERS_MIN: usize = 3;
/// Fewest experts and bids of which it says something that all scores are equal.
const EQUAL_EXPERTS_MIN: usize = 3;
const EQUAL_BIDS_MIN: usize = 2;

/// What is told of one expert's scores in one process.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Bidder, deviation in thousandths of sigma, and in hundredths of a point.
    pub(super) deviations: Vec<(String, i64, i64)>,
    /// All experts gave all bidders the same.
    pub(super) is_copy: bool,
    /// Average seconds for one bid; none if not reported.
    pub(super) pace_s: Option<i64>,
    pub(super) bids: i64,
}

/// The last score of each expert for each bid.
fn scores<'a>(panel: &Panel<'a>) -> BTreeMap<(&'a str, &'a str), Vec<&'a Score>> {
    let mut bids: BTreeMap<(&str, &str), Vec<&Score>> = BTreeMap::new();
    for entry in panel.facts {
        if let Said::Scored(score) = &entry.fact {
            let of_bid = bids.entry((&score.lot, &score.bidder)).or_default();
            of_bid.retain(|known| known.expert != score.expert);
            of_bid.push(score);
        }
    }
    bids
}

/// One report for each expert who scored.
pub(super) fn reports<'a>(panel: &Panel<'a>, params: &Params) -> BTreeMap<&'a str, Report> {
    let bids = scores(panel);
    let mut reports: BTreeMap<&str, Report> = BTreeMap::new();
    let mut times: BTreeMap<&str, Vec<Option<i64>>> = BTreeMap::new();
    for ((_, bidder), of_bid) in &bids {
        for score in of_bid {
            let seconds =
                score.ended.zip(score.started).map(|(end, start)| (end.0 - start.0) / 1000);
            times.entry(&score.expert).or_default().push(seconds);
            let report = reports.entry(&score.expert).or_default();
            report.bids += 1;
            if let Some((sigma, points)) = deviation(score, of_bid, params)
                && !score.minority
            {
                report.deviations.push(((*bidder).to_owned(), sigma, points));
            }
        }
    }
    let is_copy = is_copy(&bids);
    for (expert, report) in &mut reports {
        report.is_copy = is_copy;
        let known: Option<Vec<_>> = times[expert].iter().copied().collect();
        report.pace_s = known.map(|known| known.iter().sum::<i64>() / known.len().max(1) as i64);
    }
    reports
}

/// From the median of the colleagues, in thousandths of their robust sigma.
fn deviation(score: &Score, of_bid: &[&Score], params: &Params) -> Option<(i64, i64)> {
    let peers = || of_bid.iter().filter(|peer| peer.expert != score.expert);
    let mut totals: Vec<_> = peers().map(|peer| peer.total).collect();
    if totals.len() < PEERS_MIN {
        return None;
    }
    let middle = median(&mut totals)?;
    let mut distances: Vec<_> = totals.iter().map(|total| (total - middle).abs()).collect();
    let sigma = (median(&mut distances)? * MAD_TO_SIGMA_PERMILLE / 1000).max(params.score_floor);
    let points = score.total - middle;
    Some((points * 1000 / sigma.max(1), points))
}

/// Whether all experts gave every bid the same points, to two decimals, where points are a matter
/// of opinion.
fn is_copy(bids: &BTreeMap<(&str, &str), Vec<&Score>>) -> bool {
    let experts: BTreeSet<_> = bids.values().flatten().map(|score| &score.expert).collect();
    let has_opinion = bids.values().flatten().any(|score| score.subjective != 0);
    let is_equal = |scores: &Vec<&Score>| {
        scores.len() == experts.len()
            && scores.iter().all(|score| score.subjective == scores[0].subjective)
    };
    experts.len() >= EQUAL_EXPERTS_MIN
        && bids.len() >= EQUAL_BIDS_MIN
        && has_opinion
        && bids.values().all(is_equal)
}
