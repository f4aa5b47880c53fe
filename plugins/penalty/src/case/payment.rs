//! PEN-F01 自收罚款/账户异常: fines that went elsewhere than to the treasury's agent.

use super::fact::{Fact, Payment};
use super::simple::is_ground;
use super::view::Case;
use crate::Params;
use crate::defect::Defects;
use crate::table::{is_known, text};
use plumbline_guest::json::Object;
use plumbline_guest::{Entry, Fire, FromRow, Level, Look, Why};

/// An account into which fines may be paid.
struct Account;

impl FromRow for Account {
    const TABLE: &'static str = "collection_account";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        text(row, "acct").map(|_| Self)
    }
}

/// PEN-F01: red, one alert for each payment.
pub(crate) fn astray(case: &Case<'_>, _: &Params, look: &mut Look<'_>) {
    let (mut payments, mut said) = (0_usize, false);
    for entry in case.facts {
        let (payment, on_spot) = match &entry.fact {
            Fact::Paid(payment) => (payment, false),
            Fact::OnSpot(payment) => (payment, true),
            _ => continue,
        };
        payments += 1;
        let (mut defects, mut unknown) = (Defects::default(), None);
        let proof = (Level::Red, entry.time, entry.seq);
        match account(entry, payment, on_spot, look) {
            Ok(()) => {}
            Err(Flaw::Unknown(field)) => unknown = Some(field),
            Err(Flaw::Wrong(zh, en)) => defects.add(proof, zh, en),
        }
        if payment.receipt.as_deref() == Some("") {
            defects.add(proof, "未出具财政票据", "no fiscal receipt");
        }
        if payment.is_fiscal == Some(false) {
            defects.add(proof, "使用非财政票据", "a receipt that is not fiscal");
        }
        if on_spot && case.is_simple() == Some(false) && !is_ground(&payment.reason) {
            defects.add(
                proof,
                "不具备当场收缴条件",
                "collected on the spot without a lawful ground",
            );
        }
        let receipt = payment.receipt.as_deref().unwrap_or("");
        if let Some(first) = first_use(case, receipt) {
            defects.add(
                proof,
                format!("票据 {receipt} 已用于案件 {first}"),
                format!("receipt {receipt} was used in case {first} before"),
            );
        }
        if let (true, Some(field)) = (defects.is_empty(), unknown) {
            look.unknown(field);
            said = true;
            continue;
        }
        if defects.is_empty() {
            continue;
        }
        said = true;
        // A payment without a receipt is told by its time.
        let episode = match receipt {
            "" => entry.time.to_string(),
            receipt => receipt.to_owned(),
        };
        let amount = payment.amount.unwrap_or(0);
        let fire = |fire: Fire| {
            fire.episode(episode).dept(&*entry.dept).int("amount", amount).text("receipt", receipt)
        };
        defects.fire(look, fire, |_| Why::default());
    }
    if !said {
        look.quiet(|| {
            Why::new(
                format!("缴款 {payments} 笔，账户和票据均合规"),
                format!("{payments} payments, accounts and receipts in order"),
            )
            .count("payments", payments)
        });
    }
}

enum Flaw {
    Unknown(&'static str),
    Wrong(&'static str, &'static str),
}

fn account(
    entry: &Entry<Fact>,
    payment: &Payment,
    on_spot: bool,
    look: &Look<'_>,
) -> Result<(), Flaw> {
    match payment.account.as_deref() {
        // What is collected on the spot is in the officer's hands first.
        None if on_spot => Ok(()),
        Some("") if on_spot => Ok(()),
        None => Err(Flaw::Unknown("payee_acct")),
        Some("") => Err(Flaw::Wrong("没有收款账户", "no payee account")),
        Some(account) => {
            let day = entry.time.day();
            if look.row::<Account>(account, day).is_some() {
                Ok(())
            } else if is_known(look, Account::TABLE, "", day) {
                Err(Flaw::Wrong(
                    "收款账户不是罚款代收账户",
                    "the payee is no agent of the treasury",
                ))
            } else {
                Err(Flaw::Unknown("collection_account"))
            }
        }
    }
}

/// The case in which the receipt was used first, if that is another one.
fn first_use<'a>(case: &Case<'a>, receipt: &str) -> Option<&'a str> {
    // The latest word counts: the receipt stream takes back what a correction undid.
    let said = case.facts.iter().filter_map(|entry| match &entry.fact {
        Fact::Reused { receipt: of, first } if of == receipt => Some((entry.seq, first.as_str())),
        _ => None,
    });
    let (_, first) = said.max()?;
    Some(first).filter(|first| !first.is_empty() && !receipt.is_empty())
}
