//! PRJ-C01 变更累加: changes that nobody above approved add up, or stay just below the limit from
//! which somebody above would have to approve them.

use super::{Act, Change};
use crate::Params;
use crate::defect::Defects;
use plumbline_guest::{Entry, Facts, Level, Look, Why};
use std::collections::BTreeMap;

/// Most contracts of one project that get a card of their own.
const CARDS_MAX: usize = 50;

/// A contract and its changes without approval.
#[derive(Debug, Default)]
struct Contract<'a> {
    amount: Option<i64>,
    changes: Vec<(&'a Entry<Act>, &'a Change)>,
}

/// One yellow card for each contract. Approved changes and force majeure do not count.
pub(crate) fn grown(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
    let mut contracts: BTreeMap<&str, Contract<'_>> = BTreeMap::new();
    for entry in acts {
        if let Act::Signed { contract_no, amount } = &entry.fact {
            contracts.entry(contract_no).or_default().amount = *amount;
        }
    }
    let only = contracts.keys().copied().next().filter(|_| contracts.len() == 1);
    let mut excused = 0;
    for entry in acts {
        let Act::Changed(change) = &entry.fact else { continue };
        if change.is_approved || change.is_force_majeure {
            excused += 1;
            continue;
        }
        let name = match change.contract_no.as_str() {
            "" => only.unwrap_or(""),
            named => named,
        };
        contracts.entry(name).or_default().changes.push((entry, change));
    }
    let (mut fired, mut unknown, mut seen) = (0, None, 0);
    for (contract_no, contract) in &contracts {
        seen += contract.changes.len();
        if fired < CARDS_MAX && !contract.changes.is_empty() {
            match judge(contract_no, contract, params, look) {
                Ok(card) => fired += usize::from(card),
                Err(field) => unknown = Some(field),
            }
        }
    }
    match unknown {
        _ if fired > 0 => {}
        Some(field) => look.unknown(field),
        None => look.quiet(|| {
            Why::new(
                format!("未经批准的变更 {seen} 项，经批准或不可抗力 {excused} 项，未超界限"),
                format!(
                    "{seen} changes without and {excused} with approval or excuse, within limits"
                ),
            )
            .count("changes", seen)
            .count("excused", excused)
            .int("creep_pct", params.project.creep_pct)
            .count("near_count", params.project.near_count)
        }),
    }
}

/// Whether a card came of it, or what is missing to judge.
fn judge(
    contract_no: &str,
    contract: &Contract<'_>,
    params: &Params,
    look: &mut Look<'_>,
) -> Result<bool, &'static str> {
    let limits = &params.project;
    let mut defects = Defects::default();
    let mut unknown = None;
    let (mut sum, mut near) = (0_i64, Vec::new());
    for (entry, change) in &contract.changes {
        let Some(amount) = change.amount else {
            unknown = Some("amount");
            continue;
        };
        sum = sum.saturating_add(amount);
        let Some(signed) = contract.amount else {
            unknown = Some("project.contract.signed");
            continue;
        };
        if part(sum, 100) > part(signed, limits.creep_pct) {
            defects.add(
                (Level::Yellow, entry.time, entry.seq),
                format!("累计变更超过合同金额的 {}%", limits.creep_pct),
                format!("changes above {} % of the contract", limits.creep_pct),
            );
        }
        let limit =
            change.limit.map_or(part(signed, limits.change_limit_pct), |fen| part(fen, 100));
        let amount = part(amount, 100);
        if amount < limit && amount * 100 >= limit * i128::from(100 - limits.near_pct) {
            near.push(*entry);
        }
    }
    if let Some(reached) = near.get(limits.near_count.max(1) - 1) {
        defects.add(
            (Level::Yellow, reached.time, reached.seq),
            format!("{} 项变更略低于审批限额", near.len()),
            format!("{} changes just below the limit of approval", near.len()),
        );
    }
    if let Some(field) = unknown.filter(|_| defects.is_empty()) {
        return Err(field);
    }
    let dept = contract.changes.first().map_or("", |(entry, _)| entry.dept.as_str());
    let finish = |fire: plumbline_guest::Fire| {
        fire.episode(contract_no).dept(dept).text("contract_no", contract_no).int("sum", sum)
    };
    let looked = || {
        let why = Why::default().count("changes", contract.changes.len()).count("near", near.len());
        contract.amount.into_iter().fold(why, |why, fen| why.int("contract_amount", fen))
    };
    Ok(defects.fire(look, finish, looked))
}

/// Hundredths of a sum, without overflow.
fn part(fen: i64, hundredths: i64) -> i128 {
    i128::from(fen) * i128::from(hundredths)
}
