//! LEV-F01 违规减免: a reduction or waiver that no policy allows, approved too low, or too large.

use super::{Act, CARDS_MAX, Waiver};
use crate::defect::Defects;
use crate::{Params, table};
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Entry, Facts, Level, Look, Why};

const TABLE: &str = "waiver";
/// Ranks from the lowest up.
const RANKS: [&str; 4] = ["staff", "section_chief", "deputy_head", "head"];

/// One red card for each reduction.
pub(crate) fn without_basis(acts: &Facts<Act>, _: &Params, look: &mut Look<'_>) {
    let (mut seen, mut cards) = (0, 0);
    for entry in acts {
        let Act::Waived(waiver) = &entry.fact else { continue };
        seen += 1;
        if cards < CARDS_MAX {
            cards += usize::from(judge(entry, waiver, look));
        }
    }
    if seen == 0 {
        look.quiet(|| Why::new("没有减免", "nothing was waived").count("waivers", 0));
    }
}

/// Whether a card came of it.
fn judge(entry: &Entry<Act>, waiver: &Waiver, look: &mut Look<'_>) -> bool {
    let day = entry.time.day();
    let Some(code) = waiver.waiver_code.as_deref() else {
        look.unknown("waiver_code");
        return false;
    };
    let mut defects = Defects::default();
    let mut unknown = None;
    let proof = (Level::Red, entry.time, entry.seq);
    let row = policy(code, waiver, day, look);
    match &row {
        Some(row) => unknown = against(&Object::parse(row), waiver, proof, &mut defects),
        None if code.is_empty() => {
            defects.add(proof, "未载明减免政策", "no policy is named");
        }
        None if !table::is_known(look, TABLE, "", day) => unknown = Some("waiver"),
        None => defects.add(
            proof,
            format!("减免编码 {code} 在 {day} 不在减免政策库"),
            format!("waiver {code} is not in the table on {day}"),
        ),
    }
    if let Some(field) = unknown.filter(|_| defects.is_empty()) {
        look.unknown(field);
        return false;
    }
    let amount = waiver.amount.unwrap_or(0);
    let looked = || {
        Why::new(format!("减免 {amount} 分，政策 {code}"), format!("{amount} fen by policy {code}"))
            .text("waiver_code", code)
            .day("waived_on", day)
            .text("rank", waiver.rank.as_deref().unwrap_or("?"))
    };
    let finish = |fire: plumbline_guest::Fire| {
        fire.episode(format!("{:016x}", waiver.identity)).dept(&entry.dept).int("amount", amount)
    };
    let fired = defects.fire(look, finish, looked);
    if !fired {
        look.quiet(looked);
    }
    fired
}

/// The policy in force on the day of the act, or on the day on which the duty came about: a policy
/// may reach back, and one that has ended still holds for what fell into it.
fn policy(code: &str, waiver: &Waiver, day: Day, look: &Look<'_>) -> Option<String> {
    if code.is_empty() {
        return None;
    }
    let prefix = format!("{code}/");
    let days = [Some(day), waiver.liable_on].into_iter().flatten();
    days.filter_map(|day| table::nearest(look, TABLE, &prefix, (day, &waiver.region))).next()
}

/// Returns what is missing to judge.
fn against(
    row: &Object<'_>,
    waiver: &Waiver,
    proof: (Level, plumbline_guest::Local, u64),
    defects: &mut Defects,
) -> Option<&'static str> {
    let mut unknown = None;
    let place = |rank: &str| RANKS.iter().position(|known| *known == rank);
    let wanted = row.get("approver_rank").and_then(Value::text).unwrap_or_default();
    if let Some(least) = place(&wanted) {
        match waiver.rank.as_deref() {
            None => unknown = Some("approver_rank"),
            Some(rank) if place(rank).is_none_or(|rank| rank < least) => defects.add(
                proof,
                format!("审批级别 {rank} 低于 {wanted}"),
                format!("approved by rank {rank}, below {wanted}"),
            ),
            Some(_) => {}
        }
    }
    if let Some(limit) = row.get("limit").and_then(Value::int) {
        match waiver.amount {
            None => unknown = unknown.or(Some("amount")),
            Some(amount) if amount > limit => defects.add(
                proof,
                format!("减免 {amount} 分，超过限额 {limit} 分"),
                format!("{amount} fen waived, the limit is {limit} fen"),
            ),
            Some(_) => {}
        }
    }
    unknown
}
