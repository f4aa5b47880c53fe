//! What is said of the committee and its scores.

use crate::read::{at, filled, hundredths, text};
use plumbline_guest::json::Value;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Project {
    pub(crate) ocid: String,
    pub(crate) buyer: String,
    pub(crate) method: String,
    pub(crate) special: bool,
    pub(crate) region: String,
}

/// That somebody was drawn or appointed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Draw {
    pub(crate) at: Local,
    pub(crate) expert: String,
    pub(crate) random: Option<bool>,
    pub(crate) role: String,
    pub(crate) major: String,
    /// From how many he was drawn.
    pub(crate) pool: Option<i64>,
}

/// One expert's score of one bid, in hundredths of a point.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Score {
    pub(crate) expert: String,
    pub(crate) lot: String,
    pub(crate) bidder: String,
    pub(crate) total: i64,
    /// What is not worked out by a formula.
    pub(crate) subjective: i64,
    pub(crate) started: Option<Local>,
    pub(crate) ended: Option<Local>,
    /// A technical opinion of his own is on record.
    pub(crate) minority: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Registered(Box<Project>),
    Approval { kind: String },
    Requested { majors: Vec<String> },
    Drawn(Box<Draw>),
    Gone { expert: String },
    Started { at: Local, count: Option<i64> },
    Scored(Box<Score>),
    Finished { at: Local },
    Awarded { supplier: String },
}

impl Said {
    /// Reads an event; `None` if it says nothing to these rules.
    pub(crate) fn read(event: &Event<'_>) -> Option<Self> {
        let expert = || text(event, "expert_id");
        Some(match event.kind {
            "proc.project.registered" => Self::Registered(Box::new(Project {
                ocid: text(event, "ocid"),
                buyer: text(event, "buyer"),
                method: text(event, "method"),
                special: event.flag("special").unwrap_or(false),
                region: event.region.to_owned(),
            })),
            "proc.approval.filed" => Self::Approval { kind: text(event, "kind") },
            "proc.expert.requested" => {
                Self::Requested { majors: event.texts("majors").unwrap_or_default() }
            }
            "proc.expert.drawn" => Self::Drawn(Box::new(Draw {
                at: at(event, "drawn_at"),
                expert: expert(),
                random: event.flag("random"),
                role: text(event, "role"),
                major: text(event, "major"),
                pool: event.int("pool"),
            })),
            "proc.expert.absent" | "proc.expert.replaced" => Self::Gone { expert: expert() },
            "proc.evaluation.started" => {
                Self::Started { at: at(event, "at"), count: event.int("member_count") }
            }
            "proc.evaluation.scored" => Self::Scored(Box::new(score(event)?)),
            "proc.evaluation.finished" => Self::Finished { at: at(event, "at") },
            "proc.award.decided" => Self::Awarded { supplier: text(event, "supplier") },
            _ => return None,
        })
    }
}

/// None if no score can be read.
fn score(event: &Event<'_>) -> Option<Score> {
    let (mut total, mut subjective, mut count) = (0, 0, 0);
    for item in event.get("items")?.items() {
        let fields = item.object();
        let Some(points) = fields.get("score").and_then(hundredths) else { continue };
        total = i64::saturating_add(total, points);
        count += 1;
        if !fields.get("objective").and_then(Value::bool).unwrap_or(false) {
            subjective = i64::saturating_add(subjective, points);
        }
    }
    (count > 0).then(|| Score {
        expert: text(event, "expert_id"),
        lot: text(event, "lot"),
        bidder: text(event, "bidder"),
        total,
        subjective,
        started: event.stamp("started"),
        ended: event.stamp("ended"),
        minority: filled(event, "minority_reason"),
    })
}
