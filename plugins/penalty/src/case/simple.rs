//! PEN-P07 简易程序越界: penalties on the spot beyond what the law allows there.

use super::fact::{Fact, PartyKind};
use super::view::Case;
use crate::Params;
use crate::defect::Defects;
use crate::table::{flag, int};
use plumbline_guest::json::Object;
use plumbline_guest::{Day, Fire, FromRow, Level, Look, Why};
use std::rc::Rc;

/// Penalties that may be imposed on the spot.
const ALLOWED: [&str; 2] = ["warning", "fine"];
/// Grounds on which more may be collected on the spot.
const GROUNDS: [&str; 3] = ["hard_to_execute", "remote", "law_otherwise"];

/// What a department may do on the spot, where the law differs from the general one.
#[derive(Debug)]
pub(crate) struct SimpleRow {
    fine_max: i64,
    cash_max: Option<i64>,
    pub(crate) one_officer: bool,
}

impl FromRow for SimpleRow {
    const TABLE: &'static str = "simple_procedure";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let one_officer = flag(row, "one_officer");
        Some(Self { fine_max: int(row, "fine_max")?, cash_max: int(row, "cash_max"), one_officer })
    }
}

impl SimpleRow {
    /// The department's own row, else that of all departments.
    pub(crate) fn find(
        dept: &str,
        party: Option<PartyKind>,
        on: Day,
        look: &Look<'_>,
    ) -> Option<Rc<Self>> {
        let party = party?.as_str();
        let own = look.row::<Self>(&format!("{dept}/{party}"), on);
        own.or_else(|| look.row::<Self>(&format!("/{party}"), on))
    }
}

/// Whether more may lawfully be collected on the spot for this reason.
pub(crate) fn is_ground(reason: &str) -> bool {
    GROUNDS.contains(&reason)
}

/// PEN-P07: red. The fines of one decision add up.
pub(crate) fn beyond(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(decided) = case.decided else {
        return look.quiet(|| Why::new("尚未决定", "not decided yet").flag("decided", false));
    };
    match decided.said.simple {
        None => return look.unknown("simple"),
        Some(false) => {
            return look.quiet(|| Why::new("普通程序", "ordinary procedure").flag("simple", false));
        }
        Some(true) => {}
    }
    let party = case.party_kind();
    let row = SimpleRow::find(case.dept(), party, decided.day(), look);
    let max = match (&row, party) {
        (Some(row), _) => Some(row.fine_max),
        (None, Some(PartyKind::Person)) => Some(params.limits.simple_person),
        (None, Some(PartyKind::Org)) => Some(params.limits.simple_org),
        (None, None) => None,
    };
    let cash_max = row.and_then(|row| row.cash_max).unwrap_or(params.limits.cash_max);
    let mut defects = Defects::default();
    let proof = (Level::Red, decided.at(), decided.seq());
    for item in decided.said.items.iter().flatten() {
        if !ALLOWED.contains(&&*item.kind) {
            let kind = &item.kind;
            defects.add(
                proof,
                format!("当场作出不得当场作出的处罚（{kind}）"),
                format!("a penalty that may not be imposed on the spot ({kind})"),
            );
        }
    }
    let fine = decided.said.fine();
    if let (Some(fine), Some(max)) = (fine, max)
        && fine > max
    {
        defects.add(
            proof,
            format!("当场罚款 {fine} 分超过 {max} 分"),
            format!("a fine of {fine} fen on the spot, {max} at most"),
        );
    }
    judge_cash(case, cash_max, &mut defects);
    if defects.is_empty() && (fine.is_none() || max.is_none()) {
        return look.unknown(if fine.is_none() { "items" } else { "party_kind" });
    }
    let fire = |fire: Fire| fire.dept(case.dept());
    defects.fire(look, fire, |_| {
        let (fine, max) = (fine.unwrap_or(-1), max.unwrap_or(-1));
        Why::new(
            format!("当场罚款 {fine} 分，上限 {max} 分，当场收缴上限 {cash_max} 分"),
            format!("fine of {fine} fen on the spot, limit {max}, in cash {cash_max}"),
        )
        .int("fine", fine)
        .int("fine_max", max)
        .int("cash_max", cash_max)
    });
}

fn judge_cash(case: &Case<'_>, cash_max: i64, defects: &mut Defects) {
    for entry in case.facts {
        let Fact::OnSpot(said) = &entry.fact else { continue };
        let proof = (Level::Red, entry.time, entry.seq);
        if let Some(amount) = said.amount.filter(|amount| *amount > cash_max)
            && !is_ground(&said.reason)
        {
            defects.add(
                proof,
                format!("当场收缴 {amount} 分超过 {cash_max} 分且无法定理由"),
                format!("{amount} fen collected on the spot, {cash_max} at most, no lawful ground"),
            );
        }
        if said.receipt.as_deref() == Some("") {
            defects.add(proof, "当场收缴未出具票据", "no receipt for what was collected");
        }
    }
}
