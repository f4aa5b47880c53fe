//! A process as its rules see it: who buys what under which law, the rounds of its notice, and the
//! acts of each kind in the order in which they happened.

use super::fact::{Challenge, Contract, Fact, Notice, Project, Said};
use crate::{Params, period};
use plumbline_guest::{Day, Entry, Facts, Local, Look, Span, Why};
use std::cell::OnceCell;

/// Which law governs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Regime {
    /// 招标投标法: works, goods and services for works.
    Tender,
    /// 政府采购法.
    Government,
    /// Land and property.
    Asset,
}

/// One notice with its changes.
#[derive(Clone, Debug)]
pub(crate) struct Round<'a> {
    pub(crate) no: &'a str,
    pub(crate) published: Local,
    /// Of the notice and of the changes that count.
    pub(crate) seqs: Vec<u64>,
    /// When its dates were last set.
    pub(crate) set_at: Local,
    pub(crate) docs_from: Option<Day>,
    pub(crate) docs_to: Option<Day>,
    pub(crate) deadline: Option<Local>,
    pub(crate) prequal_deadline: Option<Local>,
    pub(crate) control_price_at: Option<Local>,
}

/// An act of the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act<'a> {
    pub(crate) entry: &'a Entry<Said>,
}

impl<'a> Act<'a> {
    pub(crate) fn at(self) -> Local {
        self.entry.fact.at
    }

    pub(crate) fn day(self) -> Day {
        self.at().day()
    }

    pub(crate) fn seq(self) -> u64 {
        self.entry.seq
    }

    pub(crate) fn fact(self) -> &'a Fact {
        &self.entry.fact.fact
    }
}

/// The view.
#[derive(Debug)]
pub(crate) struct Process<'a> {
    pub(crate) acts: Vec<Act<'a>>,
    pub(crate) registered: Option<(Act<'a>, &'a Project)>,
    pub(crate) rounds: Vec<Round<'a>>,
    pub(crate) terminated: Option<Act<'a>>,
    threshold: OnceCell<Option<i64>>,
}

impl<'a> Process<'a> {
    pub(crate) fn new(facts: &'a Facts<Said>) -> Self {
        let mut acts: Vec<_> = facts.iter().map(|entry| Act { entry }).collect();
        acts.sort_by_key(|act| act.at());
        let registered = acts.iter().rev().find_map(|act| match act.fact() {
            Fact::Registered(project) => Some((*act, &**project)),
            _ => None,
        });
        let terminated = acts.iter().find(|act| matches!(act.fact(), Fact::Terminated)).copied();
        let rounds = rounds(&acts);
        Self { acts, registered, rounds, terminated, threshold: OnceCell::new() }
    }

    pub(crate) fn find<T>(&self, pick: impl Fn(Act<'a>) -> Option<T>) -> Vec<T> {
        self.acts.iter().filter_map(|act| pick(*act)).collect()
    }

    pub(crate) fn regime(&self) -> Option<Regime> {
        let (_, project) = self.registered?;
        match project.kind.as_str() {
            "works" | "goods" | "services" => Some(Regime::Tender),
            "govproc" => Some(Regime::Government),
            "land" | "property" => Some(Regime::Asset),
            _ => None,
        }
    }

    /// The method in force in the end.
    pub(crate) fn method(&self) -> &'a str {
        let changed = self.acts.iter().rev().find_map(|act| match act.fact() {
            Fact::Method { to } => Some(to.as_str()),
            _ => None,
        });
        changed.or(self.registered.map(|(_, project)| project.method.as_str())).unwrap_or("")
    }

    /// Whether bids are called for by a tender document: publicly, or by invitation.
    pub(crate) fn is_tender(&self) -> bool {
        matches!(self.method(), "open" | "invited")
    }

    /// The amount from which a tender is mandatory, in fen, by the table or else by parameter.
    pub(crate) fn threshold(&self, params: &Params, look: &Look<'_>) -> Option<i64> {
        *self.threshold.get_or_init(|| {
            let (act, project) = self.registered?;
            params.threshold(
                project.kind == "govproc",
                &project.object,
                &project.region,
                act.day(),
                look,
            )
        })
    }

    /// Whether the law demands a tender: as registered, else by the estimate.
    pub(crate) fn mandatory(&self, params: &Params, look: &Look<'_>) -> Option<bool> {
        let (_, project) = self.registered?;
        let worth = || Some(project.estimate.or(project.budget)? >= self.threshold(params, look)?);
        project.mandatory.or_else(worth)
    }

    pub(crate) fn last_round(&self) -> Option<&Round<'a>> {
        self.rounds.last()
    }

    pub(crate) fn has_approval(&self, wanted: &[&str], before: Option<Local>) -> bool {
        self.acts.iter().any(|act| match act.fact() {
            Fact::Approval { kind } => {
                wanted.contains(&kind.as_str()) && before.is_none_or(|before| act.at() <= before)
            }
            _ => false,
        })
    }

    /// The final award of each lot: a later one replaces it.
    pub(crate) fn awards(&self) -> Vec<(Act<'a>, &'a str, &'a str, Option<i64>)> {
        let mut awards: Vec<(Act<'a>, &'a str, &'a str, Option<i64>)> = Vec::new();
        for act in &self.acts {
            if let Fact::Award { lot, supplier, amount, .. } = act.fact() {
                awards.retain(|(_, known, _, _)| known != lot);
                awards.push((*act, lot, supplier, *amount));
            }
        }
        awards
    }

    pub(crate) fn contracts(&self) -> Vec<(Act<'a>, &'a Contract)> {
        self.find(|act| match act.fact() {
            Fact::Contract(contract) => Some((act, &**contract)),
            _ => None,
        })
    }

    pub(crate) fn challenges(&self) -> Vec<(Act<'a>, &'a Challenge, Option<Act<'a>>)> {
        let received = self.find(|act| match act.fact() {
            Fact::Challenge(challenge) => Some((act, &**challenge)),
            _ => None,
        });
        let answered = |from: Act<'a>, wanted: &str| {
            self.acts.iter().copied().find(|act| match act.fact() {
                Fact::ChallengeAnswered { no, .. } => same(no, wanted) && act.at() >= from.at(),
                _ => false,
            })
        };
        received.into_iter().map(|(act, said)| (act, said, answered(act, &said.no))).collect()
    }

    /// Objections and complaints about the result hold the award and the contract.
    pub(crate) fn pauses(&self) -> Vec<Span> {
        let holds = |said: &Challenge| said.stage != "document" && said.kind != "inquiry";
        let held = self.challenges().into_iter().filter(|(_, said, _)| holds(said));
        held.map(|(act, _, answered)| Span {
            begin: act.at(),
            end: answered.map_or(period::OPEN, Act::at),
        })
        .collect()
    }
}

/// Two numbers name the same thing; one that is not reported names any.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one == other || one.is_empty() || other.is_empty()
}

/// Notices by number; a change sets what it names unless it comes after the deadline as it was.
fn rounds<'a>(acts: &[Act<'a>]) -> Vec<Round<'a>> {
    let mut rounds: Vec<Round<'a>> = Vec::new();
    for act in acts {
        let Fact::Notice(notice) = act.fact() else { continue };
        let known = rounds.iter_mut().rev().find(|round| same(round.no, &notice.no));
        match known {
            Some(round) => {
                let is_open = round.deadline.is_none_or(|deadline| act.at() <= deadline);
                if is_open || !notice.is_change {
                    change(round, notice, *act);
                }
            }
            None => rounds.push(Round {
                no: &notice.no,
                published: act.at(),
                seqs: vec![act.seq()],
                set_at: act.at(),
                docs_from: notice.docs_from,
                docs_to: notice.docs_to,
                deadline: notice.deadline,
                prequal_deadline: notice.prequal_deadline,
                control_price_at: notice.control_price_at,
            }),
        }
    }
    rounds
}

fn change(round: &mut Round<'_>, notice: &Notice, act: Act<'_>) {
    round.docs_from = notice.docs_from.or(round.docs_from);
    round.docs_to = notice.docs_to.or(round.docs_to);
    round.deadline = notice.deadline.or(round.deadline);
    round.prequal_deadline = notice.prequal_deadline.or(round.prequal_deadline);
    round.control_price_at = notice.control_price_at.or(round.control_price_at);
    round.set_at = act.at();
    round.seqs.push(act.seq());
}

/// Why a rule does not apply to this kind or way of procurement.
pub(crate) fn not_a_tender(process: &Process<'_>) -> Why {
    let method = process.method();
    Why::new(
        format!("采购方式 {method} 不适用招标程序"),
        format!("the method {method} is no tender"),
    )
    .text("method", method)
}

/// Why a project below the threshold is left alone.
pub(crate) fn voluntary(process: &Process<'_>) -> Why {
    let estimate = process.registered.and_then(|(_, project)| project.estimate).unwrap_or(0);
    Why::new("非依法必须招标的项目", "the law demands no tender").int("estimate", estimate)
}
