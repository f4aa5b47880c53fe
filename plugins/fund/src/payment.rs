//! One payment: FUND-P04 审批链不全 and FUND-A02 大额直达个人/空壳.
//!
//! It also tells the fund when a request was not paid in time (FUND-T01), and fund, project and pair
//! when a payment came back: only here its amount and its return are known together.

mod chain;
mod shell;

use crate::Params;
use crate::day::moment;
use crate::fund::MoneyKind;
use chain::Approval;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Entry, Event, Facts, Local, Look, Rule, Stream, Unit, apply};

/// What a payment says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Paid {
    at: Local,
    fund_code: String,
    project: String,
    payer: String,
    payee: String,
    payee_kind: Option<String>,
    amount: Option<i64>,
    purpose: Option<String>,
    year: Option<i64>,
    applicant: Option<String>,
    /// `None` if the chain is not reported, empty if nobody approved.
    chain: Option<Vec<Approval>>,
}

/// What is said of a payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
enum Said {
    Requested {
        at: Local,
        fund_code: String,
        kind: MoneyKind,
        applicant: Option<String>,
    },
    Paid(Box<Paid>),
    /// Refused before it went out, or sent back after.
    Rejected,
    Returned {
        at: Local,
    },
}

/// What is kept of a payment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Payment {
    pay_no: String,
    said: Facts<Said>,
    /// How many events told of it: what is told later counts more.
    rev: i64,
    /// Log time of the latest of them.
    heard: Option<Local>,
}

impl Payment {
    fn paid(&self) -> Option<(&Entry<Said>, &Paid)> {
        self.said.iter().find_map(|entry| match &entry.fact {
            Said::Paid(paid) => Some((entry, &**paid)),
            _ => None,
        })
    }

    fn applicant(&self) -> Option<&str> {
        self.said.iter().find_map(|entry| match &entry.fact {
            Said::Requested { applicant, .. } => applicant.as_deref(),
            Said::Paid(paid) => paid.applicant.as_deref(),
            _ => None,
        })
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Payments;

impl Stream for Payments {
    const NAME: &'static str = "payment";
    type State = Payment;
    type Params = Params;

    fn take(payment: &mut Payment, event: &Event<'_>, _: &Params) {
        if payment.pay_no.is_empty() {
            payment.pay_no = event.text("pay_no").unwrap_or_default();
        }
        let at = moment(event, "at");
        let said = match event.kind {
            "fund.payment.requested" => Said::Requested {
                at,
                fund_code: event.text("fund_code").unwrap_or_default(),
                kind: MoneyKind::read(event),
                applicant: event.text("applicant"),
            },
            "fund.disbursed" => Said::Paid(Box::new(Paid {
                at,
                fund_code: event.text("fund_code").unwrap_or_default(),
                project: event.text("project").unwrap_or_default(),
                payer: event.text("payer").unwrap_or_default(),
                payee: event.text("payee_ref").unwrap_or_default(),
                payee_kind: event.text("payee_kind"),
                amount: event.int("amount"),
                purpose: event.text("purpose_code"),
                year: event.int("year"),
                applicant: event.text("applicant"),
                chain: chain::read(event),
            })),
            "fund.payment.rejected" => Said::Rejected,
            _ => Said::Returned { at },
        };
        payment.rev += 1;
        payment.heard = payment.heard.max(Some(event.logged));
        payment.said.put(event, said);
    }

    fn check(payment: &Payment, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Payment, Params>] =
            &[("FUND-P04", chain::incomplete), ("FUND-A02", shell::suspicious)];
        apply(rules, &params.off, payment, params, look);
        tell_late(payment, params, look);
        tell_returned(payment, look);
    }
}

/// Tells the fund of a request that was not answered in time, and takes it back if a correction or
/// a late line shows that it was.
fn tell_late(payment: &Payment, params: &Params, look: &mut Look<'_>) {
    let requested = payment.said.iter().find_map(|entry| match &entry.fact {
        Said::Requested { at, fund_code, kind, .. } => Some((entry, *at, fund_code, *kind)),
        _ => None,
    });
    let Some((_, at, fund_code, kind)) = requested else { return };
    let limit_wd = match kind {
        MoneyKind::Open => return,
        MoneyKind::Relief => params.relief_wd,
        _ => params.pay_wd,
    };
    let due = look.add(at.day(), limit_wd, Unit::WorkingDay, true);
    let twice = look.add(at.day(), 2 * limit_wd, Unit::WorkingDay, true);
    if due.provisional || !look.reached(due.day.plus(1).start()) {
        return;
    }
    let answered = payment.said.iter().filter_map(|entry| match &entry.fact {
        Said::Paid(paid) => Some(paid.at.day()),
        Said::Rejected => Some(entry.time.day()),
        _ => None,
    });
    let answered = answered.min();
    let missed = |day| answered.is_none_or(|answered| answered > day);
    let is_late = missed(due.day);
    let is_double = is_late
        && !twice.provisional
        && missed(twice.day)
        && look.reached(twice.day.plus(1).start());
    let is_red = is_late && (kind == MoneyKind::Relief || is_double);
    // Nothing can have been told before the last day was over, which is so with nearly every payment.
    if !is_late && payment.heard.is_some_and(|heard| heard.day() <= due.day) {
        return;
    }
    let tag = format!("{is_late}/{is_red}/{}", due.day);
    look.fact_of_turn(("late", fund_code), (&tag, payment.rev), || {
        Writer::default()
            .text("fund_code", fund_code)
            .text("pay_no", &payment.pay_no)
            .flag("late", is_late)
            .flag("red", is_red)
            .int("due", due.day.0.into())
            .int("limit_wd", limit_wd.into())
            .int("rev", payment.rev * 2 + i64::from(is_red))
    });
}

/// Tells fund, project and pair of a payment that came back.
fn tell_returned(payment: &Payment, look: &mut Look<'_>) {
    let returned = payment.said.iter().find_map(|entry| match &entry.fact {
        Said::Returned { at } => Some(*at),
        _ => None,
    });
    let (Some((_, paid)), Some(at)) = (payment.paid(), returned) else { return };
    let Some(amount) = paid.amount else { return };
    let mut data = Writer::default()
        .text("pay_no", &payment.pay_no)
        .text("fund_code", &paid.fund_code)
        .text("project", &paid.project)
        .text("payer", &paid.payer)
        .text("payee_ref", &paid.payee)
        .int("amount", amount)
        .int("year", paid.year.unwrap_or_else(|| paid.at.day().ymd().0.into()))
        .int("at", at.0);
    if let Some(purpose) = &paid.purpose {
        data = data.text("purpose_code", purpose);
    }
    look.fact("returned", &payment.pay_no, data);
}
