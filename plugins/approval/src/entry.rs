//! How the acts of one case were entered, and what other streams ask of a case.
//!
//! The stream decides APPR-O01. It keeps no clock of the case: that is the business of `case`. For
//! streams with other keys it publishes facts: habits of an officer, certificates without a
//! process, the state of a member of a joint approval, an officer's work.

mod bare;
mod late;
mod member;
mod pattern;
mod work;

use crate::{Params, excuse};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Entry, Event, Facts, Local, Look, Rule, Span, Stream, apply};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use pattern::Pattern;

/// What a line of a case says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Received {
        item: String,
    },
    Accepted,
    Step,
    Decided,
    /// Rejected, terminated or withdrawn.
    Ended,
    Paused {
        kind: String,
        lawful: bool,
    },
    Resumed {
        kind: String,
    },
    Extended {
        days: i32,
        lawful: bool,
    },
    Certificate {
        cert_no: String,
    },
    Reply {
        dept: String,
    },
}

/// A line with the marks that matter for how it was entered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Line {
    said: Said,
    identity: u64,
    logged: Local,
    /// Who acted: the envelope's actor, else the payload's officer; empty if neither is named.
    officer: String,
    /// Batch of a migration; empty for a line of daily work.
    batch: String,
}

/// How the officer's stream ranks a pattern of this case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Rank {
    first: bool,
    year: i64,
    turn: i64,
}

/// All that is kept of a case.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct File {
    lines: Facts<Line>,
    case_no: String,
    region: String,
    /// When each line happened and was recorded as first reported: a correction makes nothing late.
    first: BTreeMap<u64, (Local, Local)>,
    /// Lines taken so far that may take back what an earlier one said.
    revision: i64,
    ranks: BTreeMap<(Pattern, String), Rank>,
    joints: BTreeSet<String>,
}

impl File {
    fn of(&self, said: &Said) -> impl Iterator<Item = &Entry<Line>> {
        self.lines.iter().filter(move |line| line.fact.said == *said)
    }

    /// The item that the receipt names; empty if it is not known.
    fn item(&self) -> &str {
        let item = self.lines.iter().find_map(|line| match &line.fact.said {
            Said::Received { item } if !item.is_empty() => Some(item.as_str()),
            _ => None,
        });
        item.unwrap_or("")
    }

    /// When the case left the office's hands: decided, rejected, terminated or withdrawn.
    fn end(&self) -> Option<&Entry<Line>> {
        self.lines.iter().find(|line| matches!(line.fact.said, Said::Decided | Said::Ended))
    }

    /// Stops of the clock that the law knows and the applicant was told of; open ones never end.
    fn pauses(&self) -> Vec<Span> {
        let end = |kind: &String, begin: Local| {
            let resumed = self.lines.iter().find(|line| match &line.fact.said {
                Said::Resumed { kind: other } => other == kind && begin <= line.time,
                _ => false,
            });
            resumed.map_or(Local(i64::MAX), |line| line.time)
        };
        let lawful = self.lines.iter().filter_map(|line| match &line.fact.said {
            Said::Paused { kind, lawful: true } => {
                Some(Span { begin: line.time, end: end(kind, line.time) })
            }
            _ => None,
        });
        lawful.collect()
    }

    /// Working days of the first extension that the head granted and the applicant was told of.
    fn extension(&self, days_max: i32) -> i32 {
        let days = self.lines.iter().find_map(|line| match line.fact.said {
            Said::Extended { days, lawful: true } => Some(days),
            _ => None,
        });
        days.unwrap_or(0).clamp(0, days_max)
    }

    fn rank(&mut self, event: &Event<'_>) -> Option<()> {
        let pattern = Pattern::parse(&event.text("kind")?)?;
        let (officer, first) = (event.text("officer")?, event.flag("first")?);
        let (year, turn) = (event.int("year")?, event.int("turn")?);
        let known = self.ranks.get(&(pattern, officer.clone()));
        if known.is_none_or(|known| known.turn <= turn) {
            self.ranks.insert((pattern, officer), Rank { first, year, turn });
        }
        Some(())
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Entries;

impl Stream for Entries {
    const NAME: &'static str = "entry";
    type State = File;
    type Params = Params;

    fn take(file: &mut File, event: &Event<'_>, params: &Params) {
        match event.kind {
            "fact.approval.rank" => return file.rank(event).unwrap_or_default(),
            "fact.approval.member" => {
                // A case without any line yet answers too.
                file.case_no = event.text("case_no").unwrap_or_default();
                return file.joints.extend(event.text("joint_no"));
            }
            _ => {}
        }
        let Some(said) = said(event, params) else { return };
        if let Some(case_no) = event.text("case_no") {
            file.case_no = case_no;
        }
        if !event.region.is_empty() {
            event.region.clone_into(&mut file.region);
        }
        if event.version == 1 {
            file.first.insert(event.identity, (event.time, event.recorded));
        }
        file.revision += i64::from(event.version > 1 || said == Said::Accepted);
        let officer = if event.actor.is_empty() {
            event.text("officer").unwrap_or_default()
        } else {
            event.actor.to_owned()
        };
        let batch = excuse::batch(event);
        let (identity, logged) = (event.identity, event.logged);
        file.lines.put(event, Line { said, identity, logged, officer, batch });
    }

    fn check(file: &File, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<File, Params>] = &[("APPR-O01", late::entered_late)];
        apply(rules, &params.off, file, params, look);
        bare::publish(file, params, look);
        member::publish(file, params, look);
        work::publish(file, params, look);
    }
}

/// Procedures that stop the clock by law (行政许可法 45); which of them an item has is judged in `case`.
const LAWFUL_PAUSES: [&str; 8] = [
    "hearing",
    "tender",
    "auction",
    "inspection",
    "testing",
    "quarantine",
    "appraisal",
    "expert_review",
];

fn said(event: &Event<'_>, params: &Params) -> Option<Said> {
    let filled = |name| event.text(name).is_some_and(|text: String| !text.is_empty());
    Some(match event.kind {
        "approval.case.received" => {
            Said::Received { item: event.text("item_code").unwrap_or_default() }
        }
        "approval.case.accepted" => Said::Accepted,
        "approval.case.step_done" => Said::Step,
        "approval.case.decided" => Said::Decided,
        "approval.case.rejected" | "approval.case.terminated" | "approval.case.withdrawn" => {
            Said::Ended
        }
        "approval.case.paused" => {
            let kind = event.text("kind").unwrap_or_default();
            let lawful = LAWFUL_PAUSES.contains(&&*kind) && filled("notice_no");
            Said::Paused { kind, lawful }
        }
        "approval.case.resumed" => Said::Resumed { kind: event.text("kind").unwrap_or_default() },
        "approval.case.extended" => Said::Extended {
            days: event.int("days_wd").and_then(|days| i32::try_from(days).ok()).unwrap_or(0),
            lawful: event.flag("applicant_told") != Some(false)
                && event
                    .text("approver_rank")
                    .is_none_or(|rank| params.limits.extension_ranks.contains(&rank)),
        },
        "approval.cert.issued" => Said::Certificate { cert_no: event.text("cert_no")? },
        "approval.joint.member_reply" => {
            Said::Reply { dept: event.text("dept").unwrap_or_else(|| event.dept.to_owned()) }
        }
        _ => return None,
    })
}
