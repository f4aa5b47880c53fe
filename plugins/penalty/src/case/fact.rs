//! What the events of a case say, kept no longer than the rules need it.
//!
//! `Option` means that the field was absent: unknown. A field that is present and empty is kept as
//! an empty text, `false` or an empty list: lacking.

use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Entry, Local};

/// What one event of a case says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Fact {
    Filed(Box<Filing>),
    NotFiled,
    /// Calendar days.
    Extended(Option<i32>),
    Assigned(Box<Assignment>),
    Evidence(Box<Evidence>),
    /// A list of preserved goods, and whether somebody approved.
    Preserved {
        list: Option<String>,
        approved: Option<bool>,
    },
    /// What became of a list: a decision, or a seizure in its place.
    Resolved {
        list: Option<String>,
    },
    Paused {
        kind: Option<String>,
    },
    Resumed {
        kind: Option<String>,
    },
    Notice(Box<Notice>),
    /// The party waived its rights and signed that.
    Waived,
    Stated,
    StatementReviewed,
    HearingRequested(Local),
    HearingNotified {
        hold: Option<Local>,
    },
    HearingHeld {
        host: Option<String>,
    },
    LegalReview(Review),
    Discussed,
    Decided(Box<Decision>),
    Served(Service),
    Paid(Payment),
    OnSpot(Payment),
    Surcharge(Surcharge),
    Instalment,
    CourtApplied,
    ExecutionEnded,
    Disposed,
    Published,
    Withdrawn,
    Corrected,
    Transferred,
    TransferReturned,
    Closed,
    Appealed,
    AppealDecided,
    /// A receipt of this case was first used in another one.
    Reused {
        receipt: String,
        first: String,
    },
    /// The clue of this case was found on that day.
    Discovered(Day),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Filing {
    pub(crate) at: Local,
    pub(crate) cause: Option<String>,
    pub(crate) party: Option<String>,
    pub(crate) party_kind: Option<PartyKind>,
    pub(crate) act: ActPeriod,
    pub(crate) discovered: Option<Day>,
    pub(crate) grave: bool,
    pub(crate) major: bool,
    pub(crate) out_of_province: bool,
    pub(crate) place: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) assisted: bool,
    pub(crate) goods_value: Option<i64>,
    pub(crate) illegal_gain: Option<i64>,
}

/// When the act was done.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct ActPeriod {
    pub(crate) begin: Option<Day>,
    pub(crate) end: Option<Day>,
    pub(crate) continuing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum PartyKind {
    Person,
    Org,
}

impl PartyKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Org => "org",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Assignment {
    pub(crate) officers: Option<Vec<String>>,
    pub(crate) certs: Option<Vec<String>>,
    pub(crate) region: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Evidence {
    pub(crate) number: String,
    pub(crate) kind: String,
    pub(crate) officers: Option<Vec<String>>,
    /// Region of the place, if it was told; else that of the event.
    pub(crate) place: Option<String>,
    pub(crate) region: String,
    pub(crate) assisted: bool,
    pub(crate) signed: Option<bool>,
    pub(crate) unsigned_reason: bool,
    pub(crate) logged: Local,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Notice {
    pub(crate) at: Local,
    pub(crate) proposed: Option<Vec<Item>>,
    /// Whether facts and grounds were told.
    pub(crate) facts: Option<bool>,
    pub(crate) basis: Option<bool>,
    pub(crate) statement_told: Option<bool>,
    pub(crate) hearing_told: Option<bool>,
}

/// A penalty, proposed or imposed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Item {
    pub(crate) kind: String,
    /// Fen.
    pub(crate) amount: Option<i64>,
    pub(crate) cause: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Review {
    pub(crate) reviewer: Option<String>,
    pub(crate) pass: Option<bool>,
    pub(crate) qualified: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Decision {
    pub(crate) at: Local,
    pub(crate) doc: Option<String>,
    pub(crate) simple: Option<bool>,
    pub(crate) factors: Vec<(String, String)>,
    pub(crate) band: Option<String>,
    pub(crate) items: Option<Vec<Item>>,
    pub(crate) officers: Option<Vec<String>>,
    pub(crate) goods_value: Option<i64>,
    pub(crate) illegal_gain: Option<i64>,
    pub(crate) unpunished: String,
    /// Whether somebody approved a penalty below the minimum.
    pub(crate) mitigation_approved: Option<bool>,
    pub(crate) oral_notice: Option<bool>,
    pub(crate) delivered: bool,
    pub(crate) publishable: Option<bool>,
    pub(crate) unpublished_reason: bool,
    pub(crate) daily: bool,
    pub(crate) party: Option<String>,
    pub(crate) party_kind: Option<PartyKind>,
    pub(crate) cause: Option<String>,
    pub(crate) region: String,
    /// When the host took it in: rules about missing steps wait for late lines.
    pub(crate) logged: Local,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Service {
    pub(crate) at: Local,
    pub(crate) doc: Option<String>,
    pub(crate) mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Mode {
    /// On its way: not served yet.
    Sent,
    /// Any way that is proof of receipt, or counts as such.
    Received,
    /// Received and called so by the source: the day from which remedies run.
    Notified,
    /// Served on the last day of its term, if that is known.
    Announced(Option<Day>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Payment {
    pub(crate) amount: Option<i64>,
    pub(crate) account: Option<String>,
    pub(crate) receipt: Option<String>,
    pub(crate) is_fiscal: Option<bool>,
    /// Why on the spot; empty if no reason was given.
    pub(crate) reason: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Surcharge {
    pub(crate) amount: Option<i64>,
    pub(crate) days: Option<i64>,
    pub(crate) from: Option<Day>,
    pub(crate) to: Option<Day>,
}

/// When the act that a fact reports was done: as the record says, else as the envelope does.
pub(crate) fn at(entry: &Entry<Fact>) -> Local {
    match &entry.fact {
        Fact::Filed(said) => said.at,
        Fact::Notice(said) => said.at,
        Fact::HearingRequested(at) => *at,
        Fact::Decided(said) => said.at,
        Fact::Served(said) => said.at,
        _ => entry.time,
    }
}

impl Decision {
    /// Fines of one act, or of all; `None` if an amount is not known.
    pub(crate) fn fine(&self) -> Option<i64> {
        sum(self.items.as_deref()?, "fine")
    }

    pub(crate) fn has(&self, kind: &str) -> bool {
        self.items.iter().flatten().any(|item| item.kind == kind)
    }

    pub(crate) fn factor(&self, name: &str) -> Option<&str> {
        let found = self.factors.iter().find(|(factor, _)| factor == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What the penalties of a kind add up to; `None` if an amount is not known.
pub(crate) fn sum(items: &[Item], kind: &str) -> Option<i64> {
    let of_kind = items.iter().filter(|item| item.kind == kind);
    of_kind.map(|item| item.amount).try_fold(0_i64, |sum, amount| Some(sum.saturating_add(amount?)))
}
