//! APPR-F01 超标准收费: each charge against the tariff of its own day.

use super::fact::{Fact, Fee};
use super::table;
use super::view::{Act, Case};
use crate::Params;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Fire, Level, Look};

/// What rounding may add, fen.
const ROUNDING_FEN: i64 = 1;
/// Parts in which a unit is counted.
const MILLI: i64 = 1000;

/// What is wrong with one charge.
enum Verdict {
    Lawful,
    Unknown(&'static str),
    Wrong(String, String),
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
            Verdict::Lawful => look.quiet(|| ("收费在标准内".into(), "within the tariff".into())),
            Verdict::Unknown(field) => look.unknown(field),
            Verdict::Wrong(zh, en) => {
                let code = fee.code.as_deref().unwrap_or("");
                look.fire(
                    Fire::new(Level::Red, act.time())
                        .episode(format!("{}/{code}", fee.receipt))
                        .dept(&*entry.dept)
                        .evidence([act.seq()])
                        .int("amount", fee.amount.unwrap_or(0))
                        .text("fee_code", code)
                        .text("reasons_zh", &zh)
                        .text("reasons_en", &en),
                );
            }
        }
    }
    if !said {
        look.quiet(|| ("没有收费".into(), "no fee".into()));
    }
}

fn judge(case: &Case<'_>, act: Act<'_, Fee>, look: &Look<'_>) -> Verdict {
    let Some(amount) = act.said.amount else { return Verdict::Unknown("amount") };
    let Some(code) = act.said.code.as_deref() else { return Verdict::Unknown("fee_code") };
    if amount <= 0 {
        return Verdict::Lawful;
    }
    let codes = case.item.as_ref().and_then(|item| item.fee_codes.as_ref());
    if codes.is_some_and(|codes| codes.iter().all(|named| named != code)) {
        let zh = "收费项目不在本事项的收费清单内".to_owned();
        return Verdict::Wrong(zh, "the code is not among the item's fees".to_owned());
    }
    let prefix = format!("{code}/");
    let day = act.day();
    let rows = table::rows(look, "tariff", &prefix, day);
    let rows = rows.iter().map(|(_, row)| Object::parse(row));
    let fitting = rows.filter_map(|row| Some((table::fit(&row, &act.said.region)?, row)));
    let Some((_, row)) = fitting.max_by_key(|(fit, _)| *fit) else {
        if !table::is_known(look, "tariff", &prefix, day) {
            return Verdict::Unknown("tariff");
        }
        let zh = format!("{day} 没有有效的收费标准");
        return Verdict::Wrong(zh, format!("no tariff in force on {day}"));
    };
    let Some(price) = row.get("price").and_then(Value::int) else {
        return Verdict::Unknown("tariff.price");
    };
    let cap = row.get("cap").and_then(Value::int);
    let full = act.said.qty.map(|qty| full(price, qty));
    let Some(most) = full.into_iter().chain(cap).min() else { return Verdict::Unknown("qty") };
    if amount > most.saturating_add(ROUNDING_FEN) {
        let zh = format!("标准最高 {most} 分");
        return Verdict::Wrong(zh, format!("the tariff allows {most} fen"));
    }
    if full.is_none() {
        // Within the cap, but how many units were charged is not known.
        return Verdict::Unknown("qty");
    }
    Verdict::Lawful
}

/// Price times quantity in thousandths, half a fen rounded up.
fn full(price: i64, qty: i64) -> i64 {
    let fen = (i128::from(price) * i128::from(qty) + i128::from(MILLI / 2)) / i128::from(MILLI);
    i64::try_from(fen).unwrap_or(i64::MAX)
}
