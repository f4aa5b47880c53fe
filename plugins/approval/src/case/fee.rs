//! APPR-F01 超标准收费: each charge against the tariff of its own day.

use super::fact::{Fact, Fee};
use super::table;
use super::view::{Act, Case};
use crate::Params;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Fire, Level, Look, Why};

/// What rounding may add, fen.
const ROUNDING_FEN: i64 = 1;
/// Parts in which a unit is counted.
const MILLI: i64 = 1000;

/// What is wrong with one charge.
enum Verdict {
    /// Within what is allowed, fen, or nothing was charged.
    Lawful(Option<i64>),
    Unknown(&'static str),
    /// In words, and what is allowed, if that is a sum.
    Wrong(String, String, Option<i64>),
}

/// Above price times quantity or the cap, a code that is not among the item's, or an expired
/// tariff. Less than the tariff is lawful. One alert for each receipt and code.
pub(crate) fn over_tariff(case: &Case<'_>, _: &Params, look: &mut Look<'_>) {
    let mut said = false;
    for entry in case.facts {
        let Fact::FeeCharged(fee) = &entry.fact else { continue };
        said = true;
        let act = Act { entry, said: fee };
        match judge(case, act, look) {
            Verdict::Lawful(most) => look.quiet(|| charged(act, most)),
            Verdict::Unknown(field) => look.unknown(field),
            Verdict::Wrong(zh, en, most) => {
                let code = fee.code.as_deref().unwrap_or("");
                let fire = Fire::new(Level::Red, act.time())
                    .episode(format!("{}/{code}", fee.receipt))
                    .dept(&*entry.dept)
                    .evidence([act.seq()])
                    .int("amount", fee.amount.unwrap_or(0))
                    .text("fee_code", code)
                    .text("reasons_zh", &zh)
                    .text("reasons_en", &en);
                look.fire_because(fire, || Why::new(zh, en).and(against(act, most)));
            }
        }
    }
    if !said {
        look.quiet(|| Why::new("没有收费", "no fee").count("fees", 0));
    }
}

/// A charge in order.
fn charged(act: Act<'_, Fee>, most: Option<i64>) -> Why {
    let (code, amount) = (act.said.code.as_deref().unwrap_or("?"), act.said.amount.unwrap_or(0));
    let why = match most {
        Some(most) => Why::new(
            format!("收费 {code} {amount} 分，标准最高 {most} 分，在标准内"),
            format!("{code} charged {amount} fen, the tariff allows {most}"),
        ),
        None => Why::new(format!("收费 {code} 未收取金额"), format!("{code}: nothing was charged")),
    };
    why.text("fee_code", code).int("amount", amount).and(against(act, most))
}

/// What the charge was held against.
fn against(act: Act<'_, Fee>, most: Option<i64>) -> Why {
    let why = Why::default().day("charged_on", act.day()).text("receipt_no", &act.said.receipt);
    let why = act.said.qty.into_iter().fold(why, |why, qty| why.int("qty_milli", qty));
    most.into_iter().fold(why, |why, most| why.int("tariff_max", most))
}

fn judge(case: &Case<'_>, act: Act<'_, Fee>, look: &Look<'_>) -> Verdict {
    let Some(amount) = act.said.amount else { return Verdict::Unknown("amount") };
    let Some(code) = act.said.code.as_deref() else { return Verdict::Unknown("fee_code") };
    if amount <= 0 {
        return Verdict::Lawful(None);
    }
    let codes = case.item.as_ref().and_then(|item| item.fee_codes.as_ref());
    if codes.is_some_and(|codes| codes.iter().all(|named| named != code)) {
        let zh = "收费项目不在本事项的收费清单内".to_owned();
        return Verdict::Wrong(zh, "the code is not among the item's fees".to_owned(), None);
    }
    let prefix = [code, "/"].concat();
    let day = act.day();
    let rows = table::rows(look, "tariff", &prefix, day);
    let rows = rows.iter().map(|(_, row)| Object::parse(row));
    let fitting = rows.filter_map(|row| Some((table::fit(&row, &act.said.region)?, row)));
    let Some((_, row)) = fitting.max_by_key(|(fit, _)| *fit) else {
        if !table::is_known(look, "tariff", &prefix, day) {
            return Verdict::Unknown("tariff");
        }
        let zh = format!("{day} 没有有效的收费标准");
        return Verdict::Wrong(zh, format!("no tariff in force on {day}"), None);
    };
    let Some(price) = row.get("price").and_then(Value::int) else {
        return Verdict::Unknown("tariff.price");
    };
    let cap = row.get("cap").and_then(Value::int);
    let full = act.said.qty.map(|qty| full(price, qty));
    let Some(most) = full.into_iter().chain(cap).min() else { return Verdict::Unknown("qty") };
    if amount > most.saturating_add(ROUNDING_FEN) {
        let zh = format!("标准最高 {most} 分");
        return Verdict::Wrong(zh, format!("the tariff allows {most} fen"), Some(most));
    }
    if full.is_none() {
        // Within the cap, but how many units were charged is not known.
        return Verdict::Unknown("qty");
    }
    Verdict::Lawful(Some(most))
}

/// Price times quantity in thousandths, half a fen rounded up.
fn full(price: i64, qty: i64) -> i64 {
    let fen = (i128::from(price) * i128::from(qty) + i128::from(MILLI / 2)) / i128::from(MILLI);
    i64::try_from(fen).unwrap_or(i64::MAX)
}
