//! Sets of bidders that keep meeting, and patterns of their wins.

use super::Lot;
use crate::Params;
use crate::stat::{at_least, evenness};
use std::collections::{BTreeMap, BTreeSet};

/// Most sets of one market that are looked into.
const CIRCLES_MAX: usize = 20;
/// Most bidders among whom sets are looked for.
const NEIGHBOURS_MAX: usize = 64;
/// Fewest members of a set.
const MEMBERS_MIN: usize = 3;
/// Thirds of the time over which shares are compared, and fewest lots in each.
const THIRDS: usize = 3;
const THIRD_LOTS_MIN: usize = 6;
/// How far a share may move and still be stable, per cent.
const SHARE_DRIFT_PCT: i64 = 2;

/// Whether the set bids in the lot: all of three, else two thirds of it.
pub(super) fn meets(group: &[&str], lot: &Lot) -> bool {
    let present = group.iter().filter(|name| lot.bidders.iter().any(|b| b == *name)).count();
    present >= MEMBERS_MIN.max((group.len() * 2).div_ceil(3))
}

/// Sets of at least three of which each pair keeps meeting, the closest pairs first. Only sets that a
/// new lot may have changed are looked for: those of its bidders and of whom they keep meeting.
pub(super) fn circles<'a>(lots: &[&'a Lot], news: &'a Lot, params: &Params) -> Vec<Vec<&'a str>> {
    // Where many bid there is competition, whoever is among them.
    let closed: Vec<_> = lots.iter().filter(|lot| lot.count < params.open_field).copied().collect();
    if news.count >= params.open_field {
        return Vec::new();
    }
    let names = neighbours(&closed, news, params);
    let size = names.len();
    let mut met = vec![0_usize; size * size];
    for lot in &closed {
        let here: Vec<_> = lot
            .bidders
            .iter()
            .filter_map(|name| names.binary_search(&name.as_str()).ok())
            .collect();
        for one in &here {
            // On the diagonal stands how often a bidder bids at all.
            here.iter().for_each(|other| met[one * size + other] += 1);
        }
    }
    let are_close = |one: usize, other: usize| {
        let alone = (met[one * size + one], met[other * size + other]);
        is_close(met[one * size + other], alone, lots.len(), params)
    };
    let mut close: Vec<_> = (0..size)
        .flat_map(|one| (one + 1..size).map(move |other| (one, other)))
        .filter(|(one, other)| are_close(*one, *other))
        .collect();
    close.sort_by_key(|(one, other)| (std::cmp::Reverse(met[one * size + other]), *one, *other));
    let mut circles: Vec<Vec<usize>> = Vec::new();
    for (one, other) in close {
        if circles.iter().any(|circle| circle.contains(&one) && circle.contains(&other)) {
            continue;
        }
        let mut circle = vec![one, other];
        for name in 0..size {
            if circle.iter().all(|member| *member != name && are_close(*member, name)) {
                circle.push(name);
            }
        }
        circle.sort_unstable();
        if circle.len() >= MEMBERS_MIN && circles.len() < CIRCLES_MAX {
            circles.push(circle);
        }
    }
    circles.into_iter().map(|circle| circle.into_iter().map(|name| names[name]).collect()).collect()
}

/// The bidders of a lot and whoever met one of them often enough, in order.
fn neighbours<'a>(lots: &[&'a Lot], news: &'a Lot, params: &Params) -> Vec<&'a str> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for lot in lots {
        if news.bidders.iter().any(|name| lot.bidders.contains(name)) {
            for name in &lot.bidders {
                *times.entry(name).or_default() += 1;
            }
        }
    }
    times.retain(|_, times| *times >= params.co_min);
    times.into_keys().take(NEIGHBOURS_MAX).collect()
}

/// Whether two bidders meet oftener than chance: by lift, or, where they bid in so many lots that
/// no lift could show it, because one hardly bids without the other.
fn is_close(met: usize, (one, other): (usize, usize), lots: usize, params: &Params) -> bool {
    if met < params.co_min {
        return false;
    }
    let lift_permille = (met * lots * 1000) as i64 / (one * other).max(1) as i64;
    let most_permille = (lots * 1000) as i64 / one.max(other).max(1) as i64;
    let together = met as i64 * 1000 / one.max(other).max(1) as i64;
    lift_permille > params.lift_permille
        || (most_permille <= params.lift_permille && together >= params.together_permille)
}

/// What is unusual about the wins of a set.
pub(super) fn pattern(group: &[&str], lots: &[&Lot], params: &Params) -> Option<(String, String)> {
    let met: Vec<_> = lots.iter().copied().filter(|lot| meets(group, lot)).collect();
    if met.len() < params.co_min {
        return None;
    }
    let index = |name: &str| group.iter().position(|member| *member == name);
    let wins: Vec<_> = met.iter().map(|lot| index(&lot.winner)).collect();
    turns(group, &wins, params)
        .or_else(|| decoys(group, &met, lots, params))
        .or_else(|| stable(group, &wins))
}

/// Wins that go round: even, and the next winner is again and again one who has not won lately.
///
/// The runs test of Wald and Wolfowitz cannot see it in nine lots (p = 0.05 for A B C three times);
/// the chance that each winner is none of the last ones can.
fn turns(group: &[&str], wins: &[Option<usize>], params: &Params) -> Option<(String, String)> {
    let size = group.len();
    let won: Option<Vec<usize>> = wins.iter().copied().collect();
    let won = won?;
    let mut counts = vec![0; size];
    won.iter().for_each(|winner| counts[*winner] += 1);
    let even = (evenness(&counts) * 1000.0).round() as i64;
    let (mut chances, mut hits) = (Vec::new(), 0);
    for nth in (size - 1)..won.len() {
        let lately: BTreeSet<_> = won[nth + 1 - size..nth].iter().collect();
        chances.push((size - lately.len()) as f64 / size as f64);
        hits += usize::from(!lately.contains(&won[nth]));
    }
    let p_permille = (at_least(hits, &chances) * 1000.0).round() as i64;
    (even > params.evenness_permille && p_permille < params.turn_permille).then(|| {
        (
            format!("轮流中标（均匀度 {even}‰，偶然概率 {p_permille}‰）"),
            format!("wins take turns (evenness {even}, chance {p_permille} per mille)"),
        )
    })
}

/// One always wins; the others bid often and win nothing anywhere.
fn decoys(
    group: &[&str],
    met: &[&Lot],
    lots: &[&Lot],
    params: &Params,
) -> Option<(String, String)> {
    let winner = met.first()?.winner.as_str();
    if !group.contains(&winner) || met.iter().any(|lot| lot.winner != winner) {
        return None;
    }
    let losers: Vec<_> = group.iter().filter(|name| **name != winner).collect();
    let all_lose = losers.iter().all(|name| {
        let bids = lots.iter().filter(|lot| lot.bidders.iter().any(|bidder| bidder == *name));
        bids.count() >= params.decoy_min && lots.iter().all(|lot| lot.winner != **name)
    });
    all_lose.then(|| {
        (
            format!("均由 {winner} 中标，其余 {} 家从未中标，疑似陪标", losers.len()),
            format!("always won by {winner}, the other {} never win", losers.len()),
        )
    })
}

/// Each member's share of the wins hardly moves from third to third.
fn stable(group: &[&str], wins: &[Option<usize>]) -> Option<(String, String)> {
    let third = wins.len() / THIRDS;
    if third < THIRD_LOTS_MIN {
        return None;
    }
    let share = |member: usize, part: usize| {
        let part = &wins[part * third..(part + 1) * third];
        (part.iter().filter(|winner| **winner == Some(member)).count() * 100 / third) as i64
    };
    let is_stable = (0..group.len()).all(|member| {
        let shares: Vec<_> = (0..THIRDS).map(|part| share(member, part)).collect();
        let (low, high) = (shares.iter().min(), shares.iter().max());
        low.zip(high).is_some_and(|(low, high)| high - low <= SHARE_DRIFT_PCT)
    });
    let winners = (0..group.len()).filter(|member| wins.contains(&Some(*member))).count();
    (is_stable && winners >= 2).then(|| {
        (
            format!("中标份额长期稳定，变动不超过 {SHARE_DRIFT_PCT} 个百分点"),
            format!("shares of wins move by {SHARE_DRIFT_PCT} points at most"),
        )
    })
}
