//! Fees of one case: APPR-F02 收费入账异常. Amounts are judged in `case` (APPR-F01).
//!
//! A refund goes out, not in: only what is charged is looked at.

use crate::Params;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{
    Day, Entry, Event, Facts, Fire, FromRow, Level, Look, Rule, Stream, Why, apply,
};
use std::collections::BTreeMap;

/// What a receipt says. `None` is not reported, empty is lacking.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Charged {
    identity: u64,
    fee_code: String,
    receipt_no: Option<String>,
    payee_acct: Option<String>,
}

/// Fees of a case and the receipts of it that were used elsewhere.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Fees {
    charged: Facts<Charged>,
    /// By receipt number and fee: whether the receipt is reused, the latest word of its stream,
    /// and where that is written.
    reused: BTreeMap<(String, u64), (bool, i64, u64)>,
}

impl Fees {
    fn told(&mut self, event: &Event<'_>) -> Option<()> {
        let key = (event.text("receipt_no")?, event.text("fee")?.parse().ok()?);
        let (reused, turn) = (event.flag("reused")?, event.int("turn")?);
        if self.reused.get(&key).is_none_or(|(_, known, _)| *known <= turn) {
            self.reused.insert(key, (reused, turn, event.seq));
        }
        Some(())
    }
}

/// A treasury or fiscal account. That the row exists on the day is all that matters.
struct Account;

impl FromRow for Account {
    const TABLE: &'static str = "collection_account";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        row.get("acct").and_then(Value::text).map(|_| Self)
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct CaseFees;

impl Stream for CaseFees {
    const NAME: &'static str = "fee";
    type State = Fees;
    type Params = Params;

    fn take(fees: &mut Fees, event: &Event<'_>, _: &Params) {
        if event.kind == "fact.approval.reused" {
            return fees.told(event).unwrap_or_default();
        }
        let trimmed = |name| event.text(name).map(|text: String| text.trim().to_owned());
        let charged = Charged {
            identity: event.identity,
            fee_code: event.text("fee_code").unwrap_or_default(),
            receipt_no: trimmed("receipt_no"),
            payee_acct: trimmed("payee_acct"),
        };
        fees.charged.put(event, charged);
    }

    fn check(fees: &Fees, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Fees, Params>] = &[("APPR-F02", astray)];
        apply(rules, &params.off, fees, params, look);
    }
}

/// APPR-F02: the payee is no listed account, or the receipt is lacking or was used twice. One card
/// for each fee.
fn astray(fees: &Fees, _: &Params, look: &mut Look<'_>) {
    let mut found = false;
    for entry in &fees.charged {
        let account = account_fault(entry, look);
        let receipt = receipt_fault(fees, entry, look);
        let faults: Vec<_> = [account, receipt].into_iter().flatten().collect();
        if faults.is_empty() {
            continue;
        }
        found = true;
        let zh: Vec<_> = faults.iter().map(|(zh, _)| *zh).collect();
        let en: Vec<_> = faults.iter().map(|(_, en)| *en).collect();
        let receipt_no = entry.fact.receipt_no.as_deref().unwrap_or("");
        let (zh, en) = (zh.join("、"), en.join(", "));
        let fire = Fire::new(Level::Red, entry.time)
            .episode(format!("{:016x}", entry.fact.identity))
            .dept(&entry.dept)
            .evidence([entry.seq])
            .evidence(told_at(fees, entry))
            .text("fee_code", &entry.fact.fee_code)
            .text("receipt_no", receipt_no)
            .text("zh", &zh)
            .text("en", &en);
        look.fire_because(fire, || {
            let account = entry.fact.payee_acct.as_deref().unwrap_or("");
            Why::new(zh, en).text("payee_acct", account).day("charged_on", entry.time.day())
        });
    }
    if !found {
        look.quiet(|| {
            let count = fees.charged.iter().count();
            Why::new(
                format!("{count} 笔收费，收款账户与票据号未见异常"),
                format!("{count} fees, nothing found with accounts and receipts"),
            )
            .count("fees", count)
        });
    }
}

type Words = (&'static str, &'static str);

fn account_fault(entry: &Entry<Charged>, look: &mut Look<'_>) -> Option<Words> {
    let Some(account) = &entry.fact.payee_acct else {
        look.unknown("payee_acct");
        return None;
    };
    if account.is_empty() {
        return Some(("未载明收款账户", "no payee account"));
    }
    let on = entry.time.day();
    if look.row::<Account>(account, on).is_some() {
        return None;
    }
    if !is_loaded(look, on) {
        // Without the list every account would be a clue.
        look.unknown("collection_account");
        return None;
    }
    Some(("收款账户不在国库或财政专户名录", "the payee is no listed treasury or fiscal account"))
}

fn is_loaded(look: &Look<'_>, on: Day) -> bool {
    !look.rows(Account::TABLE, "", on, 1).is_empty()
}

fn receipt_fault(fees: &Fees, entry: &Entry<Charged>, look: &mut Look<'_>) -> Option<Words> {
    match entry.fact.receipt_no.as_deref() {
        None => {
            look.unknown("receipt_no");
            None
        }
        Some("") => Some(("无票据号", "no receipt number")),
        Some(_) => {
            told_at(fees, entry).map(|_| ("票据号疑似重复使用", "the receipt number was reused"))
        }
    }
}

/// Where it is written that the fee's receipt was used before.
fn told_at(fees: &Fees, entry: &Entry<Charged>) -> Option<u64> {
    let receipt_no = entry.fact.receipt_no.clone()?;
    let (reused, _, seq) = fees.reused.get(&(receipt_no, entry.fact.identity))?;
    reused.then_some(*seq)
}
