//! FUND-B01 死亡仍领: a benefit is paid for a month after the person's death.

use super::{PayKind, Person};
use crate::Params;
use crate::day::{Month, yuan};
use plumbline_guest::json::Object;
use plumbline_guest::{Day, Fire, Level, Look, Why};

/// Most entries of the register of deaths that are read for one person.
const ENTRIES_MAX: u32 = 4;

/// The month of death and the month of grace are lawful, and so are payments to heirs.
pub(crate) fn still_paid(person: &Person, params: &Params, look: &mut Look<'_>) {
    let Some(newest) = person.received().map(|line| line.item.month).max() else {
        return look
            .quiet(|| Why::new("没有已发放的补贴", "no benefit was paid").int("payments", 0));
    };
    let Some(died) = day_of_death(person, newest, look) else {
        return look.quiet(|| {
            Why::new(format!("至 {newest} 未见死亡登记"), format!("no death on record by {newest}"))
                .text("period", &newest.to_string())
        });
    };
    let last = Month::of(died).plus(params.death_grace_months);
    let wrongful: Vec<_> = person
        .received()
        .filter(|line| line.item.month > last && line.item.kind != PayKind::AfterDeath)
        .collect();
    let Some(first) = wrongful.first() else {
        return look.quiet(|| {
            Why::new(
                format!("{died} 死亡，可发至 {last}，最后发放 {newest}"),
                format!("died on {died}, payable to {last}, last paid for {newest}"),
            )
            .day("died", died)
            .text("last_period", &last.to_string())
            .text("paid_period", &newest.to_string())
        });
    };
    let amount: i64 = wrongful.iter().map(|line| line.item.amount).sum();
    let fire = Fire::new(Level::Red, first.time)
        .evidence(wrongful.iter().map(|line| line.seq))
        .day("died", died)
        .text("last_period", &last.to_string())
        .int("payments", wrongful.len() as i64)
        .text("amount_yuan", &yuan(amount));
    let newest = wrongful.iter().map(|line| line.item.month).max().unwrap_or(last);
    look.fire_because(fire, || {
        Why::new(
            format!("{died} 死亡，宽限至 {last}，仍发放至 {newest}"),
            format!("died on {died}, grace to {last}, paid up to {newest}"),
        )
        .text("paid_period", &newest.to_string())
    });
}

/// The earliest day that a register names; entries whose name does not fit the number do not count.
fn day_of_death(person: &Person, newest: Month, look: &Look<'_>) -> Option<Day> {
    let told = person.statuses.iter().map(|line| &line.item);
    let told = told.filter(|status| status.status == "dead" && !status.mismatch);
    let told = told.map(|status| status.from).min();
    let prefix = format!("death/{}/", person.pid);
    let rows = look.rows("person_register", &prefix, newest.last(), ENTRIES_MAX);
    let listed = rows.iter().filter_map(|(_, row)| {
        let row = Object::parse(row);
        let is_other = crate::row::text(&row, "flag") == "name_mismatch";
        Day::parse(&crate::row::text(&row, "valid_from")).filter(|_| !is_other)
    });
    listed.chain(told).min()
}
