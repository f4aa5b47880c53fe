//! PROC-P05 保证金违规: too large, in cash, or returned too late.
//!
//! From whose account a bond came is the business of the stream `bids`.

use super::fact::Fact;
use super::view::{Act, Process, Regime};
use crate::clue::{Clue, Clues};
use crate::{Params, period};
use plumbline_guest::{Level, Look, Unit, Why};
use std::collections::BTreeMap;

/// A bidder's bonds of one lot.
#[derive(Debug)]
struct Bond<'a> {
    first: Act<'a>,
    sum: i64,
    /// Money that must come back; a letter of guarantee lapses by itself.
    is_money: bool,
}

type Bonds<'a> = BTreeMap<(&'a str, &'a str), Bond<'a>>;

/// PROC-P05: one card each for size, form, performance bond and return.
pub(super) fn irregular(process: &Process<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let (Some((_, project)), Some(regime)) = (process.registered, process.regime()) else {
        clues.missing("proc.project.registered", look);
        return clues.tell(look, Why::default);
    };
    if regime == Regime::Asset {
        let (zh, en) = (
            "土地、产权交易的保证金另有规定",
            "bonds for land and property have rules of their own",
        );
        clues.exempt(look, || Why::new(zh, en).flag("asset", true));
        return clues.tell(look, Why::default);
    }
    let bonds = bonds(process, &mut clues, look);
    let base = match regime {
        Regime::Government => project.budget.or(project.estimate),
        _ => project.estimate.or(project.budget),
    };
    size(&bonds, base, params, &mut clues, look);
    performance(process, params, &mut clues);
    returned(process, &bonds, regime, params, &mut clues, look);
    clues.tell(look, || {
        let largest = bonds.values().map(|bond| bond.sum).max().unwrap_or(0);
        Why::new(
            format!("保证金 {} 笔，最高 {largest} 分，退还未逾期", bonds.len()),
            format!("{} bonds, the largest {largest} fen, none is kept too long", bonds.len()),
        )
        .count("bonds", bonds.len())
        .int("largest", largest)
        .int("base", base.unwrap_or(0))
    });
}

fn bonds<'a>(process: &Process<'a>, clues: &mut Clues, look: &mut Look<'_>) -> Bonds<'a> {
    let mut bonds: Bonds<'a> = BTreeMap::new();
    for act in &process.acts {
        let Fact::BondPaid { bidder, lot, amount, form } = act.fact() else { continue };
        let Some(amount) = amount else {
            clues.missing("amount", look);
            continue;
        };
        let empty = || Bond { first: *act, sum: 0, is_money: false };
        let bond = bonds.entry((bidder, lot)).or_insert_with(empty);
        bond.sum = bond.sum.saturating_add(*amount);
        bond.is_money |= form != "guarantee";
        if form == "cash" {
            let words = (
                format!("{bidder} 以现金缴纳保证金 {amount} 分"),
                format!("{bidder} paid a bond of {amount} fen in cash"),
            );
            let clue = Clue::new(Level::Yellow, act.at(), words)
                .episode("cash")
                .evidence([act.seq()])
                .figure("bond", *amount);
            clues.put(clue);
        }
    }
    bonds
}

fn size(
    bonds: &Bonds<'_>,
    base: Option<i64>,
    params: &Params,
    clues: &mut Clues,
    look: &mut Look<'_>,
) {
    let over = |bond: &&Bond<'_>, base: i64| is_over(bond.sum, base, params.bond_permille);
    let Some(base) = base.filter(|base| *base > 0) else {
        if !bonds.is_empty() {
            clues.missing("estimate", look);
        }
        return;
    };
    let mut large: Vec<_> = bonds.values().filter(|bond| over(bond, base)).collect();
    large.sort_by_key(|bond| bond.first.at());
    let Some(first) = large.first() else { return };
    let words = (
        format!(
            "{} 家投标保证金超过 {base} 分的 {}‰，首笔 {} 分",
            large.len(),
            params.bond_permille,
            first.sum
        ),
        format!(
            "{} bid bonds above {} per mille of {base} fen, the first {} fen",
            large.len(),
            params.bond_permille,
            first.sum
        ),
    );
    let clue = Clue::new(Level::Yellow, first.first.at(), words)
        .episode("size")
        .evidence(large.iter().map(|bond| bond.first.seq()))
        .figure("bond", first.sum)
        .figure("base", base);
    clues.put(clue);
}

/// Whether `sum` is more than so many thousandths of `base`; exactly that is lawful.
fn is_over(sum: i64, base: i64, permille: i64) -> bool {
    i128::from(sum) * 1000 > i128::from(base) * i128::from(permille)
}

fn performance(process: &Process<'_>, params: &Params, clues: &mut Clues) {
    for (act, contract) in process.contracts() {
        let (Some(bond), Some(amount)) = (contract.bond, contract.amount) else { continue };
        if amount <= 0 || !is_over(bond, amount, params.performance_permille) {
            continue;
        }
        let words = (
            format!("履约保证金 {bond} 分超过合同 {amount} 分的 {}‰", params.performance_permille),
            format!(
                "a performance bond of {bond} fen, above {} per mille of {amount}",
                params.performance_permille
            ),
        );
        let clue = Clue::new(Level::Yellow, act.at(), words)
            .episode("performance")
            .evidence([act.seq()])
            .figure("performance_bond", bond);
        clues.put(clue);
    }
}

/// Money that is not back in time. Works: all within days of the contract. Procurement law: losers
/// within working days of the notice of award, the winner of the contract.
fn returned(
    process: &Process<'_>,
    bonds: &Bonds<'_>,
    regime: Regime,
    params: &Params,
    clues: &mut Clues,
    look: &mut Look<'_>,
) {
    let awards = process.awards();
    let contracts = process.contracts();
    let pauses = process.pauses();
    for ((bidder, lot), bond) in bonds.iter().filter(|(_, bond)| bond.is_money) {
        let of_lot = |of: &str| of.is_empty() || lot.is_empty() || of == *lot;
        let award = awards.iter().find(|(_, of, ..)| of_lot(of));
        let wins = award.is_some_and(|(_, _, supplier, _)| supplier == bidder);
        let contract = contracts.iter().find(|(_, contract)| of_lot(&contract.lot));
        let from = match regime {
            Regime::Government if !wins => award.map(|(act, ..)| *act),
            _ => contract.map(|(act, _)| *act),
        };
        let Some(from) = from else { continue };
        let limit = match regime {
            Regime::Government => (params.bond_return_gov_wd, Unit::WorkingDay),
            _ => (params.bond_return_days, Unit::CalendarDay),
        };
        let held: Vec<_> = pauses.iter().filter(|pause| pause.end >= from.at()).copied().collect();
        if held.iter().any(|pause| pause.end == period::OPEN) {
            continue;
        }
        let Some(due) = period::due(look, from.day(), limit, &held) else {
            clues.provisional(look);
            continue;
        };
        let back = process.acts.iter().find(|act| match act.fact() {
            Fact::BondBack { bidder: to } => to == bidder && act.at() >= bond.first.at(),
            _ => false,
        });
        if !period::is_late(due, back.map(|act| act.at()), look) {
            continue;
        }
        let words = (
            format!("{bidder} 的保证金应不迟于 {due} 退还"),
            format!("the bond of {bidder} was due back on {due}"),
        );
        let clue = Clue::overdue(Level::Yellow, due, words)
            .episode(if wins { "return/winner" } else { "return/losers" })
            .evidence([from.seq(), bond.first.seq()])
            .evidence(back.map(|act| act.seq()))
            .figure("limit", limit.0.into());
        clues.put(clue);
    }
}
