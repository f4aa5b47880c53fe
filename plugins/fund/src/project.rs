//! One project: FUND-P02 未验收先付款, FUND-T03 涉企欠款 and FUND-Q01 沉淀/绩效.

mod advance;
mod owed;
mod target;

use crate::Params;
use crate::day::moment;
use plumbline_guest::json::Value;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Facts, Local, Look, Rule, Stream, apply};

/// Most facts of one project: contracts, monthly reports and payments of ten years.
const FACTS_MAX: usize = 1_000;

/// Money that went out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Paid {
    at: Local,
    amount: i64,
    payee: String,
    approvers: Vec<String>,
    is_final: bool,
    emergency: bool,
}

/// An inspection.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Acceptance {
    at: Local,
    result: String,
    acceptors: Vec<String>,
    contract_no: String,
    amount: Option<i64>,
    payee: String,
    sme: Option<bool>,
    pay_d: Option<i32>,
    disputed: i64,
    retention_until: Option<Day>,
}

/// What is said of a project.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Started {
        price: Option<i64>,
        advance: Option<i64>,
        emergency: bool,
    },
    /// Shares completed and planned, per mille.
    Progress {
        done: i64,
        planned: Option<i64>,
    },
    Accepted(Box<Acceptance>),
    Paid(Box<Paid>),
    Returned {
        at: Local,
        amount: i64,
        payee: String,
    },
}

/// What is kept of a project.
pub(crate) type Project = Facts<Said>;

impl Said {
    /// `None` if what the fact is about is missing.
    fn read(event: &Event<'_>) -> Option<Self> {
        Some(match event.kind {
            "fund.project.started" => Self::Started {
                price: event.int("amount"),
                advance: permille(event, "advance_pct"),
                emergency: event.flag("emergency") == Some(true),
            },
            "fund.project.progress" => Self::Progress {
                done: permille(event, "ratio")?,
                planned: permille(event, "planned_ratio"),
            },
            "fund.project.completed" => Self::Progress {
                done: permille(event, "ratio").unwrap_or(1000),
                planned: permille(event, "planned_ratio"),
            },
            "fund.acceptance.done" => Self::Accepted(Box::new(Acceptance {
                at: moment(event, "at"),
                result: event.text("result")?,
                acceptors: event.texts("acceptors").unwrap_or_default(),
                contract_no: event.text("contract_no").unwrap_or_default(),
                amount: event.int("amount"),
                payee: event.text("payee_ref").unwrap_or_default(),
                sme: event.flag("sme"),
                pay_d: event.int("pay_d").and_then(|days| i32::try_from(days).ok()),
                disputed: event.int("disputed").unwrap_or(0),
                retention_until: event.day("retention_until"),
            })),
            "fact.fund.returned" => {
                let (at, amount) = (Local(event.int("at")?), event.int("amount")?);
                Self::Returned { at, amount, payee: event.text("payee_ref").unwrap_or_default() }
            }
            _ => Self::Paid(Box::new(Paid {
                at: moment(event, "at"),
                amount: event.int("amount")?,
                payee: event.text("payee_ref").unwrap_or_default(),
                approvers: approvers(event),
                is_final: event.flag("final") == Some(true),
                emergency: event.flag("emergency") == Some(true),
            })),
        })
    }
}

/// A share in per cent, with decimals, as per mille.
fn permille(event: &Event<'_>, name: &str) -> Option<i64> {
    let percent = event.get(name).and_then(Value::float).filter(|share| share.is_finite())?;
    Some((percent * 10.0).round() as i64)
}

fn approvers(event: &Event<'_>) -> Vec<String> {
    let chain = event.get("approver_chain").into_iter().flat_map(Value::items);
    let officers = chain.filter_map(|item| item.object().get("officer").and_then(Value::text));
    officers.map(std::borrow::Cow::into_owned).collect()
}

/// When money moved, what had been paid in all by then, and the payment with its position and
/// department; a return has none.
type Move<'a> = (Local, i64, Option<(&'a Paid, u64, &'a str)>);

/// Payments less what came back, in the order of time, with what had been paid by then.
fn payments(project: &Project) -> Vec<Move<'_>> {
    let mut moves: Vec<_> = project
        .iter()
        .filter_map(|entry| match &entry.fact {
            Said::Paid(paid) => {
                Some((paid.at, paid.amount, Some((&**paid, entry.seq, &*entry.dept))))
            }
            Said::Returned { at, amount, .. } => Some((*at, -amount, None)),
            _ => None,
        })
        .collect();
    moves.sort_by_key(|(at, amount, _)| (*at, *amount));
    let mut sum = 0;
    for (_, amount, _) in &mut moves {
        sum += *amount;
        *amount = sum;
    }
    moves
}

/// Inspections in the order of time.
fn acceptances(project: &Project) -> Vec<(&Acceptance, u64, &str)> {
    let mut all: Vec<_> = project
        .iter()
        .filter_map(|entry| match &entry.fact {
            Said::Accepted(acceptance) => Some((&**acceptance, entry.seq, &*entry.dept)),
            _ => None,
        })
        .collect();
    all.sort_by_key(|(acceptance, ..)| acceptance.at);
    all
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Projects;

impl Stream for Projects {
    const NAME: &'static str = "project";
    type State = Project;
    type Params = Params;

    fn take(project: &mut Project, event: &Event<'_>, _: &Params) {
        if let Some(said) = Said::read(event).filter(|_| project.len() < FACTS_MAX) {
            project.put(event, said);
        }
    }

    fn check(project: &Project, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Project, Params>] = &[
            ("FUND-P02", advance::too_early),
            ("FUND-T03", owed::unpaid),
            ("FUND-Q01", target::missed),
        ];
        apply(rules, &params.off, project, params, look);
    }
}
