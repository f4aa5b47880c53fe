//! Major projects (重大项目): one project from approval to its final account. The rules stand in
//! `start` (PRJ-P01), `estimate` (PRJ-F01), `delay` (PRJ-T01), `account` (PRJ-T02) and `creep`
//! (PRJ-C01).

mod account;
mod creep;
mod delay;
mod estimate;
mod start;

use crate::{Params, decimal};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Local, Look, Rule, Stream, apply};

/// Events of one project that are kept: years of reports and hundreds of changes, within 256 KiB.
const FACTS_MAX: usize = 1_000;
/// Parts of a per cent in which progress is counted.
const PCT_PLACES: u32 = 3;

/// What one event says. `None` is not reported, empty is lacking; money is fen.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Act {
    Approved(Box<Approval>),
    Permitted { permit: String },
    Started { is_main: bool, emergency_no: String, logged: Local },
    Signed { contract_no: String, amount: Option<i64> },
    Changed(Box<Change>),
    Adjusted { total: Option<i64>, is_approved: bool },
    Planned { plan_ver: String, is_approved: bool },
    Progress { plan: Option<i64>, real: Option<i64>, plan_ver: String },
    Stopped { has_basis: bool },
    Resumed,
    Completed,
    AuditStarted,
    AuditEnded,
    Settled,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Approval {
    kind: String,
    total: Option<i64>,
    permits: Option<Vec<String>>,
    emergency: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Change {
    contract_no: String,
    amount: Option<i64>,
    is_approved: bool,
    limit: Option<i64>,
    is_force_majeure: bool,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Projects;

impl Stream for Projects {
    const NAME: &'static str = "project";
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
            ("PRJ-P01", start::unapproved),
            ("PRJ-F01", estimate::exceeded),
            ("PRJ-T01", delay::behind),
            ("PRJ-T02", account::late),
            ("PRJ-C01", creep::grown),
        ];
        apply(rules, &params.off, acts, params, look);
    }
}

fn read(event: &Event<'_>) -> Option<Act> {
    let text = |name| event.text(name).unwrap_or_default().trim().to_owned();
    let is_approved = || !text("approval_no").is_empty();
    Some(match event.kind {
        "project.approved" => Act::Approved(Box::new(Approval {
            kind: text("kind"),
            total: event.int("approved_total"),
            permits: event.texts("required_permits"),
            emergency: event.flag("emergency").unwrap_or(false),
        })),
        "project.permit.obtained" => Act::Permitted { permit: text("permit") },
        "project.started" => Act::Started {
            is_main: text("scope") != "site_preparation",
            emergency_no: text("emergency_no"),
            logged: event.logged,
        },
        "project.contract.signed" => {
            Act::Signed { contract_no: text("contract_no"), amount: event.int("amount") }
        }
        "project.change" => Act::Changed(Box::new(Change {
            contract_no: text("contract_no"),
            amount: event.int("amount"),
            is_approved: is_approved(),
            limit: event.int("approval_limit"),
            is_force_majeure: text("reason") == "force_majeure",
        })),
        "project.estimate.adjusted" => {
            Act::Adjusted { total: event.int("approved_total"), is_approved: is_approved() }
        }
        "project.plan.changed" => {
            Act::Planned { plan_ver: text("plan_ver"), is_approved: is_approved() }
        }
        "project.progress" => Act::Progress {
            plan: decimal::read(event, "plan_pct", PCT_PLACES),
            real: decimal::read(event, "real_pct", PCT_PLACES),
            plan_ver: text("plan_ver"),
        },
        "project.stopped" => Act::Stopped { has_basis: !text("basis").is_empty() },
        "project.resumed" => Act::Resumed,
        "project.completed" => Act::Completed,
        "project.audit.started" => Act::AuditStarted,
        "project.audit.ended" => Act::AuditEnded,
        "project.settled" => Act::Settled,
        _ => return None,
    })
}
