//! One complaint: CPL-T01 投诉办理超期. It tells an earlier complaint that it came again, and its
//! department and month that it was closed falsely (CPL-R02, stream `closing`).

mod close;
mod stage;

use crate::Params;
use crate::told::Told;
use close::{Again, Close};
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Local, Look, Rule, Stream, apply};
use std::collections::BTreeMap;

/// Later complaints that are the same, as others tell: more than anybody files.
const AGAIN_MAX: usize = 200;

/// What is said in the matter.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
enum Word {
    Filed {
        /// Handled with another one, which has the clock.
        merged: bool,
        /// The earlier complaint that it repeats; empty if none.
        repeats: String,
        new_facts: Option<bool>,
    },
    Accepted,
    Rejected,
    Transferred {
        to: String,
    },
    Merged,
    Extended {
        days: Option<i32>,
        told: Option<bool>,
    },
    Done,
    Withdrawn,
    Reopened {
        new_facts: Option<bool>,
    },
    Rated(Option<i64>),
    ReviewRequested(String),
    ReviewDone(String),
}

impl Word {
    fn of(event: &Event<'_>) -> Option<Self> {
        let text = |name: &str| event.text(name).unwrap_or_default();
        Some(match event.kind {
            "complaint.filed" => Self::Filed {
                merged: !text("merged_into").is_empty(),
                repeats: text("repeats"),
                new_facts: event.flag("new_facts"),
            },
            "complaint.accepted" => Self::Accepted,
            "complaint.rejected" => Self::Rejected,
            "complaint.transferred" => Self::Transferred { to: text("to") },
            "complaint.merged" => Self::Merged,
            "complaint.extended" => Self::Extended {
                days: event.int("days").and_then(|days| i32::try_from(days).ok()),
                told: event.flag("told"),
            },
            "complaint.done" => Self::Done,
            "complaint.withdrawn" => Self::Withdrawn,
            "complaint.reopened" => Self::Reopened { new_facts: event.flag("new_facts") },
            "complaint.rated" => Self::Rated(event.int("score")),
            "complaint.review_requested" => Self::ReviewRequested(text("review_no")),
            "complaint.review_done" => Self::ReviewDone(text("review_no")),
            _ => return None,
        })
    }
}

/// The earlier complaint that this one repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Link {
    at: Local,
    new_facts: Option<bool>,
    seq: u64,
}

/// What is kept of a complaint.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Complaint {
    complaint_no: String,
    words: Facts<Word>,
    /// Later complaints that are the same, by `number` and by who says so.
    again: Told<Again>,
    /// The earlier ones, by number.
    links: Told<Link>,
    /// False closings, by `department/month`.
    closes: Told<Close>,
}

impl Complaint {
    fn hear(&mut self, event: &Event<'_>) -> Option<()> {
        let (by, via) = (event.text("by")?, event.text("via")?);
        let at = event.int("at").map(Local);
        let seq = event.int("seq").and_then(|seq| u64::try_from(seq).ok());
        let again = at.zip(seq).map(|(at, seq)| Again {
            at,
            seq,
            by: by.clone(),
            new_facts: event.flag("new_facts"),
        });
        self.again.hear(format!("{by}/{via}"), again, event.int("turn")?, AGAIN_MAX);
        Some(())
    }

    fn links(&self) -> BTreeMap<String, Link> {
        let links = self.words.iter().filter_map(|entry| match &entry.fact {
            Word::Filed { repeats, new_facts, .. } if !repeats.is_empty() => {
                let link = Link { at: entry.time, new_facts: *new_facts, seq: entry.seq };
                Some((repeats.clone(), link))
            }
            _ => None,
        });
        links.collect()
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Complaints;

impl Stream for Complaints {
    const NAME: &'static str = "complaint";
    type State = Complaint;
    type Params = Params;

    fn take(complaint: &mut Complaint, event: &Event<'_>, params: &Params) {
        if let Some(complaint_no) = event.text("complaint_no") {
            complaint.complaint_no = complaint_no;
        }
        if event.kind == "fact.conduct.again" {
            complaint.hear(event).unwrap_or_default();
        } else if let Some(word) = Word::of(event) {
            complaint.words.put(event, word);
            let links = complaint.links();
            complaint.links.set(links);
        }
        let closes = close::false_closes(&complaint.words, &complaint.again, params);
        complaint.closes.set(closes);
    }

    fn check(complaint: &Complaint, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Complaint, Params>] = &[("CPL-T01", stage::overdue)];
        apply(rules, &params.off, complaint, params, look);
        for (prior, link, turn) in complaint.links.turns() {
            look.fact_of_turn(("again", prior), (prior, turn), || {
                let by = &complaint.complaint_no;
                again_fact(prior, by, "link", turn, link.map(|link| (link.at, link.seq)))
                    .append(flag(link.and_then(|link| link.new_facts)))
            });
        }
        for (place, close, turn) in complaint.closes.turns() {
            look.fact_of_turn(("false_close", place), (place, turn), || {
                close::fact(place, &complaint.complaint_no, close, turn)
            });
        }
    }
}

/// That a complaint came again: `None` if it does not after all.
pub(crate) fn again_fact(
    prior: &str,
    by: &str,
    via: &str,
    turn: i64,
    came: Option<(Local, u64)>,
) -> Writer {
    let head = Writer::default().text("complaint_no", prior).text("by", by).text("via", via);
    let head = head.int("turn", turn);
    match came {
        Some((at, seq)) => head.int("at", at.0).int("seq", seq as i64),
        None => head,
    }
}

/// The field `new_facts`, if known.
pub(crate) fn flag(new_facts: Option<bool>) -> Writer {
    new_facts.map_or_else(Writer::default, |is_new| Writer::default().flag("new_facts", is_new))
}
