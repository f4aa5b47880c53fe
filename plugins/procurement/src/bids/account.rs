//! PROC-C05 同一账户交保证金: from whose account the bonds came.

use super::fact::Bond;
use super::view::{Opened, pair_name};
use crate::Params;
use crate::clue::{Clue, Clues};
use plumbline_guest::{Level, Look, Why};

/// PROC-C05: one card a pair for what they share, one a bidder for whom somebody else paid.
pub(super) fn common(opened: &Opened<'_>, _: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    if !opened.is_comparable(&mut clues, look) {
        return clues.tell(look, Why::default);
    }
    let at = opened.at.unwrap_or_default();
    for (nth, (seq, bond)) in opened.bonds.iter().enumerate() {
        if let Some(name) = name_of(opened, &bond.bidder)
            && bond.payer.is_some_and(|payer| payer != name)
        {
            let words = (
                format!("{} 的保证金由他人名义缴纳", bond.bidder),
                format!("the bond of {} was paid in another name", bond.bidder),
            );
            let clue = Clue::new(Level::Yellow, at, words)
                .episode(format!("payer/{}", bond.bidder))
                .evidence([*seq, opened.opening_seq])
                .figure("payers", 2);
            clues.put(clue);
        }
        for (other_seq, other) in &opened.bonds[nth + 1..] {
            let same_lot = bond.lot == other.lot || bond.lot.is_empty() || other.lot.is_empty();
            if bond.bidder == other.bidder || !same_lot {
                continue;
            }
            let Some((level, zh, en)) = link(bond, other) else { continue };
            let words = (
                format!("{} 与 {} {zh}", bond.bidder, other.bidder),
                format!("{} and {} {en}", bond.bidder, other.bidder),
            );
            let clue = Clue::new(level, at, words)
                .episode(pair_name(&bond.lot, &bond.bidder, &other.bidder))
                .evidence([*seq, *other_seq, opened.opening_seq])
                .figure("bonds", 2);
            clues.put(clue);
        }
    }
    clues.tell(look, || {
        opened
            .compared("保证金未见共用账户", "no account of bonds in common")
            .count("bonds", opened.bonds.len())
    });
}

/// The bidder's own name as a fingerprint, by the register or the bid.
fn name_of(opened: &Opened<'_>, bidder: &str) -> Option<u64> {
    let bids = opened.lots.values().flatten();
    let by_bid =
        bids.filter(|placed| placed.bid.bidder == bidder).find_map(|placed| placed.bid.name);
    opened.party(bidder).and_then(|party| party.name).or(by_bid)
}

fn link(one: &Bond, other: &Bond) -> Option<(Level, &'static str, &'static str)> {
    if one.account.is_some() && one.account == other.account {
        return Some((Level::Red, "的保证金来自同一账户", "paid their bonds from one account"));
    }
    let same = |pick: fn(&Bond) -> Option<u64>| pick(one).is_some() && pick(one) == pick(other);
    let is_next = match (one.number, other.number) {
        (Some(one), Some(other)) => (one - other).abs() == 1,
        _ => false,
    };
    (same(|bond| bond.guarantor) && is_next && same(|bond| bond.contact)).then_some((
        Level::Notice,
        "的保函同一担保人、编号相连且申请联系人相同",
        "have letters of one guarantor with adjoining numbers and one applicant",
    ))
}
