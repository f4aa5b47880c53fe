//! Levies (行政征收): one taxpayer and one tax or charge. The rules stand in `waiver` (LEV-F01),
//! `excess` (LEV-F02), `deferral` (LEV-T01) and `treasury` (LEV-T02).

mod deferral;
mod excess;
mod treasury;
mod waiver;

use crate::{Params, decimal};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Facts, Look, Rule, Stream, apply};

/// Events of one taxpayer and code that are kept: a daily payer's year, within 256 KiB.
const FACTS_MAX: usize = 1_000;
/// Most cards of one rule for one taxpayer and code.
const CARDS_MAX: usize = 100;
/// Decimal places of a base and of a rate.
const BASE_PLACES: u32 = 3;
const RATE_PLACES: u32 = 9;

/// What one event says. `None` is not reported, empty is lacking.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Act {
    Assessed(Box<Assessment>),
    Paid(Box<Payment>),
    Refunded {
        period: String,
        amount: i64,
    },
    Transferred {
        pay_no: String,
        /// Fen; all of it if absent.
        amount: Option<i64>,
    },
    Waived(Box<Waiver>),
    Delayed(Deferral),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Assessment {
    code: String,
    region: String,
    period: String,
    /// Base times rate, fen, rounded up.
    full: Option<i64>,
    amount: Option<i64>,
    due_from: Option<Day>,
    liable_on: Option<Day>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Payment {
    code: String,
    region: String,
    period: String,
    pay_no: Option<String>,
    amount: Option<i64>,
    acct: Option<String>,
    /// Empty is tax.
    kind: String,
    liable_on: Option<Day>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Waiver {
    identity: u64,
    region: String,
    waiver_code: Option<String>,
    amount: Option<i64>,
    rank: Option<String>,
    liable_on: Option<Day>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Deferral {
    period: String,
    months: Option<i64>,
    /// Approved by the province, by a document.
    by_province: bool,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Levies;

impl Stream for Levies {
    const NAME: &'static str = "levy";
    type State = Facts<Act>;
    type Params = Params;

    fn take(acts: &mut Facts<Act>, event: &Event<'_>, _: &Params) {
        if acts.len() >= FACTS_MAX && event.version == 1 {
            return;
        }
        if let Some(act) = read(event) {
            acts.put(event, act);
        }
    }

    fn check(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Act>, Params>] = &[
            ("LEV-F01", waiver::without_basis),
            ("LEV-F02", excess::early_or_over),
            ("LEV-T01", deferral::too_long),
            ("LEV-T02", treasury::late),
        ];
        apply(rules, &params.off, acts, params, look);
    }
}

fn read(event: &Event<'_>) -> Option<Act> {
    let trimmed = |name| event.text(name).map(|text: String| text.trim().to_owned());
    let text = |name| trimmed(name).unwrap_or_default();
    let region = || event.region.to_owned();
    Some(match event.kind {
        "levy.assessed" => {
            let base = decimal::read(event, "base", BASE_PLACES);
            let rate = decimal::read(event, "rate", RATE_PLACES);
            Act::Assessed(Box::new(Assessment {
                code: text("code"),
                region: region(),
                period: text("period"),
                full: base.zip(rate).map(|(base, rate)| full(base, rate)),
                amount: event.int("amount"),
                due_from: event.day("due_from"),
                liable_on: event.day("liable_on"),
            }))
        }
        "levy.paid" => Act::Paid(Box::new(Payment {
            code: text("code"),
            region: region(),
            period: text("period"),
            pay_no: trimmed("pay_no"),
            amount: event.int("amount"),
            acct: trimmed("acct"),
            kind: text("kind"),
            liable_on: event.day("liable_on"),
        })),
        "levy.refunded" => {
            Act::Refunded { period: text("period"), amount: event.int("amount").unwrap_or(0) }
        }
        "levy.transferred" => {
            Act::Transferred { pay_no: text("pay_no"), amount: event.int("amount") }
        }
        "levy.reduced" | "levy.waived" => Act::Waived(Box::new(Waiver {
            identity: event.identity,
            region: region(),
            waiver_code: trimmed("waiver_code"),
            amount: event.int("amount"),
            rank: trimmed("approver_rank"),
            liable_on: event.day("liable_on"),
        })),
        "levy.delayed" => Act::Delayed(Deferral {
            period: text("period"),
            months: event.int("months"),
            by_province: text("approver_level") == "province" && !text("basis").is_empty(),
        }),
        _ => return None,
    })
}

/// Base times rate in fen, rounded up.
fn full(base: i64, rate: i64) -> i64 {
    let parts = 10_i128.pow(BASE_PLACES + RATE_PLACES);
    let product = i128::from(base) * i128::from(rate);
    let fen = product.div_euclid(parts) + i128::from(product.rem_euclid(parts) > 0);
    i64::try_from(fen).unwrap_or(i64::MAX)
}
