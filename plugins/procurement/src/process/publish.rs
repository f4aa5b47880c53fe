//! What a process tells other streams: each purchase, and each deal over land or property.

use super::fact::Fact;
use super::view::{Process, Regime, same};
use crate::Params;
use crate::period;
use plumbline_guest::json::Writer;
use plumbline_guest::{Local, Look};

/// Most contracts or awards of one process that are told: below the number of facts that one verdict
/// may publish.
const DEALS_MAX: usize = 200;

/// The latest position of what a fact rests on: what comes true again is told again.
fn latest(process: &Process<'_>, matters: fn(&Fact) -> bool) -> i64 {
    let acts = process.acts.iter().filter(|act| matters(act.fact()));
    acts.map(|act| act.seq()).max().unwrap_or(0) as i64
}

/// One fact `purchase` for each contract of the process.
pub(super) fn purchases(process: &Process<'_>, params: &Params, look: &mut Look<'_>) {
    let Some((_, project)) = process.registered else { return };
    if process.regime() == Some(Regime::Asset) || project.buyer.is_empty() {
        return;
    }
    let contracts = process.contracts();
    if contracts.is_empty() {
        return;
    }
    let Some(threshold) = process.threshold(params, look) else { return };
    let excused = project.emergency
        || process.has_approval(&["emergency", "budget_adjustment"], None)
        || process.method() == "framework";
    let rev = latest(process, |fact| {
        matches!(
            fact,
            Fact::Registered(_) | Fact::Approval { .. } | Fact::Method { .. } | Fact::Contract(_)
        )
    });
    for (nth, (act, contract)) in contracts.into_iter().take(DEALS_MAX).enumerate() {
        let Some(amount) = contract.amount else { continue };
        let or = |own: &str, of_process: &str| {
            if own.is_empty() { of_process.to_owned() } else { own.to_owned() }
        };
        let data = Writer::default()
            .text("buyer", &project.buyer)
            .text("category", &project.category)
            .text("record", &format!("{}/{}/{nth}", project.ocid, contract.lot))
            .text("supplier", &contract.supplier)
            .text("project", &or(&contract.project, &project.project))
            .text("budget_line", &or(&contract.budget_line, &project.budget_line))
            .int("rev", rev)
            .int("contract", amount)
            .int("estimate", project.estimate.or(project.budget).unwrap_or(0))
            .int("threshold", threshold)
            .int("at", act.at().0)
            .int("evidence", act.seq() as i64)
            .flag("tendered", process.is_tender())
            .flag("excused", excused || contract.framework);
        look.fact("purchase", &project.buyer, data);
    }
}

/// One fact `land` for each award of land or property.
pub(super) fn land(process: &Process<'_>, look: &mut Look<'_>) {
    let Some((_, project)) = process.registered else { return };
    if process.regime() != Some(Regime::Asset) || project.buyer.is_empty() {
        return;
    }
    let rev = latest(process, |fact| {
        matches!(
            fact,
            Fact::Registered(_)
                | Fact::Approval { .. }
                | Fact::Award { .. }
                | Fact::Bid { .. }
                | Fact::Opened { .. }
                | Fact::Paid { .. }
        )
    });
    for (act, lot, supplier, amount) in process.awards().into_iter().take(DEALS_MAX) {
        let Fact::Award { pay, .. } = act.fact() else { continue };
        let bidders = process.find(|bid| match bid.fact() {
            Fact::Bid { bidder, lot: of, .. } if of == lot || of.is_empty() || lot.is_empty() => {
                Some(bidder)
            }
            _ => None,
        });
        let opened = process.acts.iter().rev().find_map(|act| match act.fact() {
            Fact::Opened { count, .. } => *count,
            _ => None,
        });
        let distinct: std::collections::BTreeSet<_> = bidders.into_iter().collect();
        let count = if distinct.is_empty() { opened } else { Some(distinct.len() as i64) };
        let paid_at = paid_at(process, lot, amount);
        let approved = process.has_approval(&["transfer_price"], Some(act.at()));
        let mut data = Writer::default()
            .text("seller", &project.buyer)
            .text("record", &format!("{}/{lot}", project.ocid))
            .text("kind", &project.kind)
            .text("agency", &project.agency)
            .text("seller_class", &project.seller_class)
            .text("lot", lot)
            .text("supplier", supplier)
            .int("at", act.at().0)
            .int("evidence", act.seq() as i64)
            .int("rev", rev)
            .flag("policy_zone", project.policy_zone)
            .flag("approved", approved)
            .int("paid_at", paid_at.unwrap_or(period::OPEN).0);
        let known = [
            ("price", amount),
            ("floor", project.floor_price),
            ("appraisal", project.appraisal),
            ("bidders", count),
            ("pay_due", pay.map(|day| i64::from(day.0))),
        ];
        for (name, value) in known {
            if let Some(value) = value {
                data = data.int(name, value);
            }
        }
        look.fact("land", &project.buyer, data);
    }
}

/// When the payments reached the price.
fn paid_at(process: &Process<'_>, lot: &str, price: Option<i64>) -> Option<Local> {
    let mut paid = 0_i64;
    process.acts.iter().find_map(|act| match act.fact() {
        Fact::Paid { lot: of, amount: Some(sum) } if same(of, lot) => {
            paid = paid.saturating_add(*sum);
            (paid >= price?).then(|| act.at())
        }
        _ => None,
    })
}
