//! LEV-F02 提前/过头征收: collected before it was due, more than base times rate, or after the charge
//! was abolished.

use super::{Act, Assessment, Payment};
use crate::defect::Defects;
use crate::{Params, table};
use plumbline_guest::{Day, Entry, Facts, Level, Look, Why};
use std::collections::BTreeMap;

const TABLE: &str = "tariff";
/// What rounding may add, fen.
const ROUNDING_FEN: i64 = 1;

/// One period: what was assessed and what was paid less what was paid back.
#[derive(Debug, Default)]
struct Period<'a> {
    assessed: Vec<(&'a Entry<Act>, &'a Assessment)>,
    paid: Vec<(&'a Entry<Act>, &'a Payment)>,
    refunded: i64,
}

/// One red card for each period.
pub(crate) fn early_or_over(acts: &Facts<Act>, _: &Params, look: &mut Look<'_>) {
    let mut periods: BTreeMap<&str, Period<'_>> = BTreeMap::new();
    for entry in acts {
        match &entry.fact {
            Act::Assessed(assessed) => {
                periods.entry(&assessed.period).or_default().assessed.push((entry, assessed));
            }
            Act::Paid(paid) => periods.entry(&paid.period).or_default().paid.push((entry, paid)),
            Act::Refunded { period, amount } => {
                periods.entry(period).or_default().refunded += amount;
            }
            _ => {}
        }
    }
    if periods.is_empty() {
        return look.quiet(|| Why::new("没有征收", "nothing was levied").count("periods", 0));
    }
    for (name, period) in periods.into_iter().take(super::CARDS_MAX) {
        judge(name, &period, look);
    }
}

fn judge(name: &str, period: &Period<'_>, look: &mut Look<'_>) {
    let mut defects = Defects::default();
    let mut unknown = assessed_over(period, &mut defects);
    paid_over(period, &mut defects);
    unknown = paid_early(period, &mut defects).or(unknown);
    unknown = abolished(period, &mut defects, look).or(unknown);
    if let Some(field) = unknown.filter(|_| defects.is_empty()) {
        return look.unknown(field);
    }
    let looked = || {
        let paid: i64 = period.paid.iter().filter_map(|(_, paid)| paid.amount).sum();
        let why = Why::new(
            format!("所属期 {name}：实收 {paid} 分，退付 {} 分", period.refunded),
            format!("period {name}: {paid} fen paid, {} fen paid back", period.refunded),
        )
        .text("of_period", name)
        .int("paid", paid)
        .int("refunded", period.refunded);
        ceiling(period).into_iter().fold(why, |why, most| why.int("base_times_rate", most))
    };
    let first = period.paid.iter().map(|(entry, _)| entry);
    let dept = first.chain(period.assessed.iter().map(|(entry, _)| entry)).next();
    let dept = dept.map_or("", |entry| entry.dept.as_str());
    let finish = |fire: plumbline_guest::Fire| fire.episode(name).dept(dept).text("period", name);
    if !defects.fire(look, finish, looked) {
        look.quiet(looked);
    }
}

/// What may be levied for the period, fen; `None` if an assessment does not say.
fn ceiling(period: &Period<'_>) -> Option<i64> {
    let full: Option<Vec<_>> = period.assessed.iter().map(|(_, assessed)| assessed.full).collect();
    full.filter(|full| !full.is_empty()).map(|full| full.into_iter().fold(0, i64::saturating_add))
}

fn assessed_over(period: &Period<'_>, defects: &mut Defects) -> Option<&'static str> {
    let mut unknown = None;
    for (entry, assessed) in &period.assessed {
        let (Some(full), Some(amount)) = (assessed.full, assessed.amount) else {
            unknown = Some(if assessed.full.is_none() { "base or rate" } else { "amount" });
            continue;
        };
        if amount > full.saturating_add(ROUNDING_FEN) {
            defects.add(
                (Level::Red, entry.time, entry.seq),
                format!("核定 {amount} 分，超过计征依据×费率 {full} 分"),
                format!("{amount} fen assessed, base times rate is {full} fen"),
            );
        }
    }
    unknown
}

/// Surcharges for late payment come on top; what was paid back does not count.
fn paid_over(period: &Period<'_>, defects: &mut Defects) {
    let Some(most) = ceiling(period) else { return };
    let mut sum = -period.refunded;
    for (entry, paid) in period.paid.iter().filter(|(_, paid)| paid.kind != "late_fee") {
        sum = sum.saturating_add(paid.amount.unwrap_or(0));
        if sum > most.saturating_add(ROUNDING_FEN) {
            return defects.add(
                (Level::Red, entry.time, entry.seq),
                format!("实收 {sum} 分，超过计征依据×费率 {most} 分"),
                format!("{sum} fen collected, base times rate is {most} fen"),
            );
        }
    }
}

fn paid_early(period: &Period<'_>, defects: &mut Defects) -> Option<&'static str> {
    let tax =
        period.paid.iter().filter(|(_, paid)| !["late_fee", "prepayment"].contains(&&*paid.kind));
    let (entry, _) = tax.min_by_key(|(entry, _)| entry.time)?;
    if period.assessed.is_empty() {
        return None;
    }
    let from: Option<Vec<Day>> = period.assessed.iter().map(|(_, it)| it.due_from).collect();
    let Some(from) = from.and_then(|days| days.into_iter().min()) else { return Some("due_from") };
    if entry.time.day() < from {
        defects.add(
            (Level::Red, entry.time, entry.seq),
            format!("{} 收取，早于起缴日 {from}", entry.time.day()),
            format!("collected on {}, before {from}", entry.time.day()),
        );
    }
    None
}

/// What came about while the charge was in force may be collected later.
fn abolished(period: &Period<'_>, defects: &mut Defects, look: &Look<'_>) -> Option<&'static str> {
    let assessed =
        period.assessed.iter().map(|(entry, it)| (*entry, &it.code, &it.region, it.liable_on));
    let paid = period.paid.iter().map(|(entry, it)| (*entry, &it.code, &it.region, it.liable_on));
    let first_of =
        |acts: &mut dyn Iterator<Item = (&Entry<Act>, &String, &String, Option<Day>)>| {
            acts.map(|(entry, code, region, liable)| {
                (entry.time, entry.seq, code.clone(), region.clone(), liable)
            })
            .min()
        };
    let act = first_of(&mut assessed.clone()).or_else(|| first_of(&mut paid.clone()));
    let (time, seq, code, region, liable) = act?;
    let day = liable.unwrap_or(time.day());
    let prefix = format!("{code}/");
    if table::nearest(look, TABLE, &prefix, (day, &region)).is_some() {
        return None;
    }
    if !table::is_known(look, TABLE, &prefix, day) {
        return Some("tariff");
    }
    defects.add(
        (Level::Red, time, seq),
        format!("{code} 在 {day} 已停止征收或尚未生效"),
        format!("{code} was not in force on {day}"),
    );
    None
}
