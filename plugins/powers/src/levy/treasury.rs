//! LEV-T02 入库滞留: collected money that does not reach the treasury in time.

use super::{Act, CARDS_MAX, Payment};
use crate::Params;
use crate::term;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Entry, Facts, Fire, FromRow, Level, Look, Unit, Why};

/// An account of the list of treasury and fiscal accounts.
struct Account {
    is_treasury: bool,
}

impl FromRow for Account {
    const TABLE: &'static str = "collection_account";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        row.get("acct").and_then(Value::text)?;
        let kind = row.get("kind").and_then(Value::text).unwrap_or_default();
        Some(Self { is_treasury: ["treasury", "国库"].contains(&&*kind) })
    }
}

/// One card for each payment: yellow, later red.
pub(crate) fn late(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
    let (mut seen, mut cards) = (0, 0);
    for entry in acts {
        let Act::Paid(paid) = &entry.fact else { continue };
        seen += 1;
        if cards < CARDS_MAX {
            cards += usize::from(judge(acts, (entry, paid), params, look));
        }
    }
    if seen == 0 {
        look.quiet(|| Why::new("没有收款", "nothing was collected").count("payments", 0));
    }
}

/// Whether a card came of it.
fn judge(
    acts: &Facts<Act>,
    (entry, paid): (&Entry<Act>, &Payment),
    params: &Params,
    look: &mut Look<'_>,
) -> bool {
    let limits = &params.levy;
    let Some(pay_no) = paid.pay_no.as_deref().filter(|pay_no| !pay_no.is_empty()) else {
        look.unknown("pay_no");
        return false;
    };
    let account = paid.acct.as_deref().filter(|acct| !acct.is_empty());
    let direct = account.and_then(|acct| look.row::<Account>(acct, entry.time.day()));
    if direct.is_some_and(|account| account.is_treasury) {
        look.exempt(|| Why::new("直接缴入国库", "paid into the treasury").text("pay_no", pay_no));
        return false;
    }
    // What comes after the bank's cut-off counts for the next day.
    let is_after = entry.time.minute_of_day() >= limits.cutoff_min;
    let start = entry.time.day().plus(i32::from(is_after));
    let due = look.add(start, limits.transfer_wd, Unit::WorkingDay, true);
    let red = look.add(start, limits.transfer_red_wd, Unit::WorkingDay, true);
    if due.provisional {
        look.provisional();
        return false;
    }
    let done = transferred(acts, pay_no, paid.amount);
    let day = done.map(|entry| entry.time.day());
    let why = || {
        let days = (limits.transfer_wd, Unit::WorkingDay);
        let why = term::why(("入库", "transfer"), (start, due.day), days, day);
        why.text("payment", pay_no).flag("after_cutoff", is_after)
    };
    if !term::is_late(look, due.day, day) {
        look.quiet(why);
        return false;
    }
    let is_red = !red.provisional && red.day >= due.day && term::is_late(look, red.day, day);
    let level = if is_red { Level::Red } else { Level::Yellow };
    let fire = Fire::overdue(level, due.day)
        .episode(pay_no)
        .dept(&entry.dept)
        .evidence([Some(entry.seq), done.map(|entry| entry.seq)].into_iter().flatten())
        .text("pay_no", pay_no)
        .int("amount", paid.amount.unwrap_or(0))
        .int("limit_wd", limits.transfer_wd.into())
        .day("due", due.day);
    look.fire_because(fire, why);
    true
}

/// The transfer with which all of the payment had reached the treasury.
fn transferred<'a>(
    acts: &'a Facts<Act>,
    wanted: &str,
    paid: Option<i64>,
) -> Option<&'a Entry<Act>> {
    let mut sum = 0_i64;
    acts.iter().find(|entry| match &entry.fact {
        Act::Transferred { pay_no, amount } if pay_no == wanted => {
            sum = sum.saturating_add(amount.unwrap_or(i64::MAX));
            paid.is_none_or(|paid| sum >= paid)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::Account;
    use plumbline_guest::FromRow;
    use plumbline_guest::json::Object;

    #[test]
    fn only_the_treasury_is_the_treasury() {
        let rows = [
            (r#"{"acct":"a","kind":"treasury"}"#, Some(true)),
            (r#"{"acct":"a","kind":"国库"}"#, Some(true)),
            (r#"{"acct":"a","kind":"fiscal special account"}"#, Some(false)),
            (r#"{"kind":"treasury"}"#, None),
        ];
        for (row, wanted) in rows {
            let account = Account::from_row(&Object::parse(row));
            assert_eq!(account.map(|account| account.is_treasury), wanted, "{row}");
        }
    }
}
