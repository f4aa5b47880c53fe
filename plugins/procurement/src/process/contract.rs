//! PROC-A01 履约异常: what the contract became after the award.

use super::fact::{Contract, Fact};
use super::view::{Act, Process, Regime, same};
use crate::Params;
use crate::clue::{Clue, Clues};
use plumbline_guest::{Level, Look, Why};

/// PROC-A01: price against award, amendments, change of the project manager, payments.
pub(super) fn amended(process: &Process<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let Some(regime) = process.regime() else {
        clues.missing("proc.project.registered", look);
        return clues.tell(look, Why::default);
    };
    let contracts = process.contracts();
    for (act, contract) in &contracts {
        let Some(amount) = contract.amount.filter(|amount| *amount > 0) else {
            clues.missing("amount", look);
            continue;
        };
        price(process, (*act, contract), amount, &mut clues);
        let permille = match regime {
            Regime::Government => params.addon_permille,
            _ => params.amend_permille,
        };
        amendments(process, (*act, contract), (amount, permille), regime, &mut clues);
        manager(process, (*act, contract), params, &mut clues);
    }
    if let [(act, contract)] = contracts.as_slice()
        && let Some(amount) = contract.amount.filter(|amount| *amount > 0)
    {
        payments(process, *act, amount, &mut clues);
    }
    clues.tell(look, || {
        Why::new(
            format!("合同 {} 份，价格、变更与支付未见异常", contracts.len()),
            format!(
                "{} contracts, nothing unusual about price, changes and payments",
                contracts.len()
            ),
        )
        .count("contracts", contracts.len())
    });
}

type Signed<'a> = (Act<'a>, &'a Contract);

/// The contract must say what the award said.
fn price(process: &Process<'_>, (act, contract): Signed<'_>, amount: i64, clues: &mut Clues) {
    let award = process.awards().into_iter().find(|(_, lot, supplier, _)| {
        same(lot, &contract.lot) && same(supplier, &contract.supplier)
    });
    let Some((decided, _, _, Some(awarded))) = award else { return };
    if awarded == amount || decided.at() > act.at() {
        return;
    }
    let words = (
        format!("合同价 {amount} 分与中标价 {awarded} 分不一致"),
        format!("a contract of {amount} fen where {awarded} fen were awarded"),
    );
    let clue = Clue::new(Level::Red, act.at(), words)
        .episode(joined("price", &contract.lot))
        .evidence([decided.seq(), act.seq()])
        .figure("awarded", awarded)
        .figure("contract", amount);
    clues.put(clue);
}

fn joined(name: &str, lot: &str) -> String {
    if lot.is_empty() { name.to_owned() } else { format!("{name}/{lot}") }
}

/// What was added without approval and does not follow from the contract itself.
fn amendments(
    process: &Process<'_>,
    (_, contract): Signed<'_>,
    (amount, permille): (i64, i64),
    regime: Regime,
    clues: &mut Clues,
) {
    let mut sum: i64 = 0;
    let mut seqs = Vec::new();
    let mut crossed = None;
    for act in &process.acts {
        let Fact::Amended(said) = act.fact() else { continue };
        let excused = said.by_contract
            || said.approved
            || process.has_approval(&["amendment"], Some(act.at()));
        let (Some(delta), false) = (said.delta, excused) else { continue };
        if !same(&said.lot, &contract.lot) {
            continue;
        }
        sum = sum.saturating_add(delta);
        seqs.push(act.seq());
        let is_over = i128::from(sum) * 1000 > i128::from(amount) * i128::from(permille);
        crossed = is_over.then(|| crossed.unwrap_or(*act));
    }
    let Some(act) = crossed else { return };
    let level = if regime == Regime::Government { Level::Red } else { Level::Yellow };
    let words = (
        format!("未经批准的变更累计 {sum} 分，超过合同 {amount} 分的 {permille}‰"),
        format!("changes without approval of {sum} fen, above {permille} per mille of {amount}"),
    );
    let clue = Clue::new(level, act.at(), words)
        .episode(joined("amended", &contract.lot))
        .evidence(seqs)
        .figure("added", sum)
        .figure("contract", amount);
    clues.put(clue);
}

fn manager(process: &Process<'_>, (act, contract): Signed<'_>, params: &Params, clues: &mut Clues) {
    let changed = process.acts.iter().find(|change| match change.fact() {
        Fact::Amended(said) => {
            let days = i64::from(change.day().0 - act.day().0);
            said.pm_changed
                && !said.approved
                && same(&said.lot, &contract.lot)
                && (0..=params.pm_days).contains(&days)
        }
        _ => false,
    });
    let Some(change) = changed else { return };
    let days = i64::from(change.day().0 - act.day().0);
    let words = (
        format!("签约后第 {days} 日更换项目负责人（{} 日内）", params.pm_days),
        format!(
            "the project manager was replaced {days} days after the contract, within {}",
            params.pm_days
        ),
    );
    let clue = Clue::new(Level::Yellow, change.at(), words)
        .episode(joined("manager", &contract.lot))
        .evidence([act.seq(), change.seq()])
        .figure("days", days);
    clues.put(clue);
}

/// Payments beyond what the milestones make payable, or beyond the contract as it was amended.
fn payments(process: &Process<'_>, signed: Act<'_>, amount: i64, clues: &mut Clues) {
    let (mut paid, mut worth, mut payable) = (0_i64, amount, None);
    let mut seqs = vec![signed.seq()];
    for act in &process.acts {
        match act.fact() {
            Fact::Amended(said) => worth = worth.saturating_add(said.delta.unwrap_or(0)),
            Fact::Milestone { ratio: Some(ratio) } => {
                payable = Some(payable.unwrap_or(0).max(*ratio));
                seqs.push(act.seq());
            }
            Fact::Paid { amount: Some(sum), .. } => {
                paid = paid.saturating_add(*sum);
                seqs.push(act.seq());
                let allowed = |share: i64| i128::from(worth) * i128::from(share) / 10_000;
                // A ratio is in hundredths of a per cent here.
                let limit = allowed(payable.unwrap_or(10_000).min(10_000));
                if i128::from(paid) <= limit {
                    continue;
                }
                let is_red = i128::from(paid) > allowed(10_000);
                let level = if is_red { Level::Red } else { Level::Yellow };
                let words = (
                    format!("累计支付 {paid} 分，超过应付 {limit} 分"),
                    format!("{paid} fen paid, {limit} fen payable"),
                );
                let clue = Clue::new(level, act.at(), words)
                    .episode("payment")
                    .evidence(seqs.iter().copied())
                    .figure("paid", paid);
                return clues.put(clue);
            }
            _ => {}
        }
    }
}
