//! One fund: FUND-T01 下达/拨付迟延, FUND-T02 资金闲置 and FUND-P01 超预算/无预算.
//!
//! A fund may see ten thousand payments a year: the newest are kept one by one, so that they can be
//! corrected, older ones as sums of a day.

mod idle;
mod issue;
mod outlay;
mod over;

use crate::Params;
use crate::book::Book;
use crate::day::{Month, moment};
use crate::row::FundRow;
use outlay::{Outlays, Slot, Sum};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Look, Rule, Stream, apply};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

/// Most documents of one sort that are kept: budgets, received and issued quotas of some years.
const DOCUMENTS_MAX: usize = 1_000;
/// Most late payments of one fund; a later one adds nothing to the picture.
const LATE_MAX: usize = 500;
/// Most accounts and months of balances.
const BALANCES_MAX: usize = 1_500;

/// Whether money must be issued onward within a term, and within which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum MoneyKind {
    General,
    Special,
    Relief,
    /// Settled by actual figures or issued in stages by design: no term.
    Open,
}

impl MoneyKind {
    pub(crate) fn read(event: &Event<'_>) -> Self {
        match event.text("kind").as_deref() {
            Some("special") => Self::Special,
            Some("relief") => Self::Relief,
            Some("actual" | "staged") => Self::Open,
            _ => Self::General,
        }
    }
}

/// Money that came to the fund: a budget that was approved or a quota from above.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Grant {
    doc_no: String,
    amount: i64,
    year: i32,
    kind: MoneyKind,
    is_budget: bool,
    /// Whether it must be issued onward.
    must_issue: bool,
    /// `None` if the approval names no purposes.
    purposes: Option<Vec<String>>,
    dept: String,
}

/// A quota that was issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Issue {
    from: String,
    to: String,
    amount: i64,
    year: i32,
    doc_no: String,
    /// `None` if the event does not say which document it passes on.
    source_doc: Option<String>,
}

/// The lowest balance of an account in a month.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Low {
    balance: i64,
    day: Day,
    seq: u64,
}

/// A late payment as its own stream tells it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Late {
    rev: i64,
    /// Last lawful day, working days allowed, and whether it is grave; `None` once it is taken back.
    due: Option<(Day, i64, bool)>,
    dept: String,
    seq: u64,
}

/// What is kept of a fund.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct FundState {
    code: String,
    grants: Book<Grant>,
    issues: Book<Issue>,
    outlays: Outlays,
    balances: BTreeMap<(String, Month), Low>,
    /// Days on which an account was reported frozen.
    frozen: Vec<Day>,
    late: BTreeMap<String, Late>,
}

impl FundState {
    fn grant(&mut self, event: &Event<'_>) -> Option<()> {
        let is_budget = event.kind == "fund.budget.approved";
        let time = moment(event, "received_at");
        let grant = Grant {
            doc_no: event.text("doc_no")?,
            amount: event.int("amount")?,
            year: year(event, time.day()),
            kind: MoneyKind::read(event),
            is_budget,
            must_issue: !is_budget || event.flag("to_issue") == Some(true),
            purposes: event.texts("purpose_codes"),
            dept: event.dept.to_owned(),
        };
        self.grants.put(event, time, grant);
        if self.grants.len() > DOCUMENTS_MAX {
            self.grants.remove(0);
        }
        Some(())
    }

    fn issue(&mut self, event: &Event<'_>) -> Option<()> {
        let time = moment(event, "issued_at");
        let issue = Issue {
            from: event.text("from")?,
            to: event.text("to")?,
            amount: event.int("amount")?,
            year: year(event, time.day()),
            doc_no: event.text("doc_no").unwrap_or_default(),
            source_doc: event.text("source_doc"),
        };
        self.issues.put(event, time, issue);
        if self.issues.len() > DOCUMENTS_MAX {
            self.issues.remove(0);
        }
        Some(())
    }

    fn balance(&mut self, event: &Event<'_>) -> Option<()> {
        let day = moment(event, "at").day();
        if event.flag("frozen") == Some(true) && self.frozen.len() < BALANCES_MAX {
            let place = self.frozen.partition_point(|known| *known < day);
            if self.frozen.get(place) != Some(&day) {
                self.frozen.insert(place, day);
            }
        }
        let account = format!("{}/{}", event.text("org")?, event.text("acct_h")?);
        let low = Low { balance: event.int("balance")?, day, seq: event.seq };
        let known = self.balances.entry((account, Month::of(day))).or_insert_with(|| low.clone());
        if low < *known {
            *known = low;
        }
        if self.balances.len() > BALANCES_MAX {
            self.balances.pop_first();
        }
        Some(())
    }

    fn told(&mut self, event: &Event<'_>) -> Option<()> {
        let (pay_no, rev) = (event.text("pay_no")?, event.int("rev")?);
        let is_late = event.flag("late")?;
        let due = || {
            let day = i32::try_from(event.int("due")?).ok().map(Day)?;
            Some((day, event.int("limit_wd")?, event.flag("red")?))
        };
        let due = if is_late { Some(due()?) } else { None };
        let is_known = self.late.get(&pay_no);
        if is_known.is_some_and(|known| known.rev > rev)
            || (is_known.is_none() && self.late.len() >= LATE_MAX)
        {
            return None;
        }
        let late = Late { rev, due, dept: event.dept.to_owned(), seq: event.seq };
        self.late.insert(pay_no, late);
        Some(())
    }

    /// The fund's row on a day.
    fn row(&self, look: &Look<'_>, on: Day) -> Option<Rc<FundRow>> {
        look.row::<FundRow>(&self.code, on)
    }
}

/// A fund as its rules see it: the sums of what was paid are made once for all of them.
struct View<'a> {
    fund: &'a FundState,
    sums: BTreeMap<Slot, Sum>,
}

impl Deref for View<'_> {
    type Target = FundState;

    fn deref(&self) -> &FundState {
        self.fund
    }
}

/// The budget year that an event names, else that of the day.
fn year(event: &Event<'_>, day: Day) -> i32 {
    let named = event.int("year").and_then(|year| i32::try_from(year).ok());
    named.unwrap_or_else(|| day.ymd().0)
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Funds;

impl Stream for Funds {
    const NAME: &'static str = "fund";
    type State = FundState;
    type Params = Params;

    fn take(fund: &mut FundState, event: &Event<'_>, _: &Params) {
        if fund.code.is_empty() {
            fund.code = event.text("fund_code").unwrap_or_default();
        }
        // A line without amount or parties cannot be counted; the host counts the missing field.
        let taken = match event.kind {
            "fund.budget.approved" | "fund.quota.received" => fund.grant(event),
            "fund.quota.issued" => fund.issue(event),
            "fund.balance.snapshot" => fund.balance(event),
            "fact.fund.late" => fund.told(event),
            _ => fund.outlays.put(event),
        };
        taken.unwrap_or_default();
    }

    fn check(fund: &FundState, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<View<'_>, Params>] =
            &[("FUND-T01", issue::late), ("FUND-T02", idle::unused), ("FUND-P01", over::spent)];
        let view = View { fund, sums: fund.outlays.all() };
        apply(rules, &params.off, &view, params, look);
    }
}
