//! What the events of a process say, kept no longer than the rules need it.
//!
//! `Option` means that the field was absent: unknown.

use crate::read::{at, filled, hundredths, text};
use plumbline_guest::json::Value;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Local};

/// A fact and when it happened: the payload's own time, else that of the event.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Said {
    pub(crate) at: Local,
    /// When the host took it in: rules about missing links wait for late lines.
    pub(crate) logged: Local,
    pub(crate) fact: Fact,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Fact {
    Registered(Box<Project>),
    Approval {
        kind: String,
    },
    Method {
        to: String,
    },
    Notice(Box<Notice>),
    Doc,
    Clarified {
        substantive: Option<bool>,
        deadline: Option<Local>,
        prequal: bool,
    },
    Prequal,
    BondPaid {
        bidder: String,
        lot: String,
        amount: Option<i64>,
        form: String,
    },
    BondBack {
        bidder: String,
    },
    Drawn,
    Bid {
        bidder: String,
        lot: String,
        price: Option<i64>,
    },
    BidOut {
        bidder: String,
        lot: String,
    },
    Opened {
        lot: String,
        count: Option<i64>,
    },
    EvaluationStarted,
    EvaluationFinished {
        lot: String,
        reported: Option<Local>,
    },
    Candidates {
        lot: String,
        until: Option<Local>,
    },
    Award {
        lot: String,
        supplier: String,
        amount: Option<i64>,
        told: Option<Local>,
        pay: Option<Day>,
    },
    Report,
    Terminated,
    Challenge(Box<Challenge>),
    ChallengeAccepted {
        no: String,
        excluded: Vec<(Local, Local)>,
    },
    ChallengeAnswered {
        no: String,
        excluded: Vec<(Local, Local)>,
    },
    Contract(Box<Contract>),
    Filed {
        lot: String,
        published: Option<Local>,
    },
    Amended(Amendment),
    Milestone {
        ratio: Option<i64>,
    },
    Paid {
        lot: String,
        amount: Option<i64>,
    },
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Project {
    pub(crate) ocid: String,
    pub(crate) kind: String,
    pub(crate) object: String,
    pub(crate) buyer: String,
    pub(crate) agency: String,
    pub(crate) category: String,
    pub(crate) project: String,
    pub(crate) budget_line: String,
    pub(crate) method: String,
    pub(crate) mandatory: Option<bool>,
    pub(crate) estimate: Option<i64>,
    pub(crate) budget: Option<i64>,
    pub(crate) emergency: bool,
    pub(crate) retender_approved: bool,
    pub(crate) addon_base: Option<i64>,
    pub(crate) floor_price: Option<i64>,
    pub(crate) appraisal: Option<i64>,
    pub(crate) policy_zone: bool,
    pub(crate) seller_class: String,
    pub(crate) region: String,
}

/// A notice, or what a change of it says: fields that are absent stay as they were.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Notice {
    pub(crate) no: String,
    pub(crate) is_change: bool,
    pub(crate) docs_from: Option<Day>,
    pub(crate) docs_to: Option<Day>,
    pub(crate) deadline: Option<Local>,
    pub(crate) prequal_deadline: Option<Local>,
    pub(crate) control_price_at: Option<Local>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Challenge {
    pub(crate) no: String,
    pub(crate) kind: String,
    pub(crate) stage: String,
    pub(crate) suspended: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Contract {
    pub(crate) lot: String,
    pub(crate) supplier: String,
    pub(crate) amount: Option<i64>,
    pub(crate) bond: Option<i64>,
    pub(crate) project: String,
    pub(crate) budget_line: String,
    pub(crate) framework: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Amendment {
    pub(crate) lot: String,
    pub(crate) delta: Option<i64>,
    /// `measured` and `price_adjustment` follow the contract itself.
    pub(crate) by_contract: bool,
    pub(crate) approved: bool,
    pub(crate) pm_changed: bool,
}

impl Fact {
    pub(crate) fn is_bulk(&self) -> bool {
        matches!(
            self,
            Self::Doc
                | Self::Bid { .. }
                | Self::BondPaid { .. }
                | Self::BondBack { .. }
                | Self::Drawn
        )
    }
}

impl Said {
    /// Reads an event; `None` if it says nothing to these rules.
    pub(crate) fn read(event: &Event<'_>) -> Option<Self> {
        let kind = event.kind.strip_prefix("proc.")?;
        let lot = || text(event, "lot");
        let bidder = || text(event, "bidder");
        let fact = match kind {
            "project.registered" => Fact::Registered(Box::new(project(event))),
            "approval.filed" => Fact::Approval { kind: text(event, "kind") },
            "method.changed" => Fact::Method { to: text(event, "to") },
            "notice.published" => Fact::Notice(Box::new(notice(event, false))),
            "notice.changed" => Fact::Notice(Box::new(notice(event, true))),
            "doc.obtained" => Fact::Doc,
            "clarification.issued" => Fact::Clarified {
                substantive: event.flag("substantive"),
                deadline: event.stamp("new_deadline"),
                prequal: event.text("stage").is_some_and(|stage| stage == "prequal"),
            },
            "prequal.result" => Fact::Prequal,
            "bond.paid" => Fact::BondPaid {
                bidder: bidder(),
                lot: lot(),
                amount: event.int("amount"),
                form: text(event, "kind"),
            },
            "bond.returned" => Fact::BondBack { bidder: bidder() },
            "expert.drawn" => Fact::Drawn,
            "bid.submitted" => {
                Fact::Bid { bidder: bidder(), lot: lot(), price: event.int("price") }
            }
            "bid.withdrawn" | "bid.rejected" => Fact::BidOut { bidder: bidder(), lot: lot() },
            "opening.held" => Fact::Opened { lot: lot(), count: event.int("bidder_count") },
            "evaluation.started" => Fact::EvaluationStarted,
            "evaluation.finished" => {
                Fact::EvaluationFinished { lot: lot(), reported: event.stamp("report_at") }
            }
            "candidates.published" => Fact::Candidates { lot: lot(), until: until(event) },
            "award.decided" => Fact::Award {
                lot: lot(),
                supplier: text(event, "supplier"),
                amount: event.int("amount"),
                told: event.stamp("announced_at"),
                pay: event.day("pay_due"),
            },
            "report.filed" => Fact::Report,
            "project.terminated" => Fact::Terminated,
            _ => later(kind, event)?,
        };
        let name = match kind {
            "notice.published" | "notice.changed" => "published_at",
            "expert.drawn" => "drawn_at",
            _ => "at",
        };
        Some(Self { at: at(event, name), logged: event.logged, fact })
    }
}

/// Challenges, and what follows the award.
fn later(kind: &str, event: &Event<'_>) -> Option<Fact> {
    let lot = || text(event, "lot");
    Some(match kind {
        "challenge.received" => Fact::Challenge(Box::new(Challenge {
            no: text(event, "challenge_no"),
            kind: text(event, "kind"),
            stage: text(event, "stage"),
            suspended: event.flag("suspended").unwrap_or(false),
        })),
        "challenge.accepted" => {
            Fact::ChallengeAccepted { no: text(event, "challenge_no"), excluded: excluded(event) }
        }
        "challenge.answered" => {
            Fact::ChallengeAnswered { no: text(event, "challenge_no"), excluded: excluded(event) }
        }
        "contract.signed" => Fact::Contract(Box::new(Contract {
            lot: lot(),
            supplier: text(event, "supplier"),
            amount: event.int("amount"),
            bond: event.int("performance_bond"),
            project: text(event, "project"),
            budget_line: text(event, "budget_line"),
            framework: filled(event, "framework_ref"),
        })),
        "contract.filed" => Fact::Filed { lot: lot(), published: event.stamp("published_at") },
        "contract.amended" => Fact::Amended(amendment(event)),
        "performance.milestone" => {
            Fact::Milestone { ratio: event.get("ratio").and_then(hundredths) }
        }
        "performance.payment" => Fact::Paid { lot: lot(), amount: event.int("amount") },
        _ => return None,
    })
}

/// A date-only end of publication lasts until its midnight.
fn until(event: &Event<'_>) -> Option<Local> {
    let stamp = event.stamp("until")?;
    let is_date = event.text("until").is_some_and(|text| text.len() <= 10);
    Some(if is_date { stamp.day().plus(1).start() } else { stamp })
}

fn project(event: &Event<'_>) -> Project {
    let flag = |name| event.flag(name).unwrap_or(false);
    let kind = text(event, "kind");
    let category = event.text("category").filter(|category| !category.is_empty());
    let object = match kind.as_str() {
        "govproc" => text(event, "object_kind"),
        kind => kind.to_owned(),
    };
    Project {
        ocid: text(event, "ocid"),
        object,
        buyer: text(event, "buyer"),
        agency: text(event, "agency"),
        category: category.unwrap_or_else(|| kind.clone()),
        project: text(event, "project"),
        budget_line: text(event, "budget_line"),
        method: text(event, "method"),
        mandatory: event.flag("mandatory"),
        estimate: event.int("estimate"),
        budget: event.int("budget"),
        emergency: flag("emergency"),
        retender_approved: flag("retender_approved"),
        addon_base: event.int("addon_base"),
        floor_price: event.int("floor_price"),
        appraisal: event.int("appraisal"),
        policy_zone: flag("policy_zone"),
        seller_class: text(event, "seller_class"),
        region: event.region.to_owned(),
        kind,
    }
}

fn notice(event: &Event<'_>, is_change: bool) -> Notice {
    Notice {
        no: text(event, "notice_no"),
        is_change,
        docs_from: event.day("docs_from"),
        docs_to: event.day("docs_to"),
        deadline: event.stamp("deadline"),
        prequal_deadline: event.stamp("prequal_deadline"),
        control_price_at: event.stamp("control_price_at"),
    }
}

/// Both days inclusive; as a pause the day before opens it.
fn excluded(event: &Event<'_>) -> Vec<(Local, Local)> {
    let Some(list) = event.get("excluded") else { return Vec::new() };
    let span = |value: Value<'_>| {
        let fields = value.object();
        let day = |name| Day::parse(&fields.get(name)?.text()?);
        Some((day("from")?.plus(-1).start(), day("to")?.start()))
    };
    list.items().filter_map(span).collect()
}

fn amendment(event: &Event<'_>) -> Amendment {
    let basis = text(event, "basis");
    Amendment {
        lot: text(event, "lot"),
        delta: event.int("delta"),
        by_contract: basis == "measured" || basis == "price_adjustment",
        approved: filled(event, "approval_no"),
        pm_changed: event.flag("pm_changed").unwrap_or(false),
    }
}
