//! Which events make which cases: the file `data/cases.toml` as a checked catalogue. What a case
//! then is, `cases` says.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// As shipped; a county may give another.
pub const SHIPPED: &str = include_str!("../data/cases.toml");

/// What an event does to its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    Received,
    Accepted,
    Step,
    Paused,
    Resumed,
    /// The procedure rests until something is done again.
    Suspended,
    Extended,
    Decided,
    Delivered,
    Published,
    Rated,
    /// Over without a decision.
    Ended,
    /// The file is closed after the decision.
    Closed,
}

/// How a case is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Closing {
    Granted,
    Refused,
    /// Done, where there is nothing to grant.
    Done,
    /// Not accepted (不予受理).
    Rejected,
    Withdrawn,
    Terminated,
    Transferred,
    /// Its number was voided (作废).
    Void,
}

/// Kind of power (行政权力类型), as in the table `item`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Power {
    #[serde(rename = "XK")]
    Licence,
    #[serde(rename = "CF")]
    Penalty,
    #[serde(rename = "QZ")]
    Coercion,
    #[serde(rename = "ZS")]
    Levy,
    #[serde(rename = "JF")]
    Payment,
    #[serde(rename = "JC")]
    Inspection,
    #[serde(rename = "QR")]
    Confirmation,
    #[serde(rename = "JL")]
    Reward,
    #[serde(rename = "CJ")]
    Ruling,
    #[serde(rename = "QT")]
    Other,
    #[serde(rename = "GG")]
    Service,
}

impl Power {
    /// All with code and names, in the order of the incumbents' table.
    pub const ALL: [(Self, &'static str, &'static str, &'static str); 11] = [
        (Self::Licence, "XK", "行政许可", "licence"),
        (Self::Penalty, "CF", "行政处罚", "penalty"),
        (Self::Coercion, "QZ", "行政强制", "coercion"),
        (Self::Levy, "ZS", "行政征收", "levy"),
        (Self::Payment, "JF", "行政给付", "payment"),
        (Self::Inspection, "JC", "行政检查", "inspection"),
        (Self::Confirmation, "QR", "行政确认", "confirmation"),
        (Self::Reward, "JL", "行政奖励", "reward"),
        (Self::Ruling, "CJ", "行政裁决", "ruling"),
        (Self::Other, "QT", "其他行政权力", "other power"),
        (Self::Service, "GG", "公共服务", "public service"),
    ];

    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, of, ..)| *of == code).map(|(power, ..)| power)
    }

    #[must_use]
    pub fn code(self) -> &'static str {
        Self::ALL.into_iter().find(|(of, ..)| *of == self).map_or("", |(_, code, ..)| code)
    }
}

/// In which columns of the named statistics a kind counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Business {
    /// 办件
    #[default]
    Case,
    /// 咨询
    Consult,
    /// 投诉
    Complaint,
    /// 督办
    Order,
    /// 并联审批, whose members are cases.
    Joint,
    /// Counted by itself only.
    Other,
}

/// Where the limits of a kind come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Limits {
    /// The default of the kind, if it has one.
    #[default]
    Fixed,
    /// Promised and statutory limit of the item by the day of acceptance.
    Item,
    /// The clock rules of the process by the day of acceptance.
    Process,
}

/// What a limit is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitUnit {
    Working,
    Calendar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultLimit {
    pub days: i32,
    pub unit: LimitUnit,
}

/// One kind of case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseKind {
    pub id: String,
    pub zh: String,
    pub en: String,
    #[serde(default)]
    pub power: Option<Power>,
    #[serde(default)]
    pub business: Business,
    /// A field, or several joined by `+`.
    pub key: String,
    #[serde(default)]
    pub item: Vec<String>,
    #[serde(default)]
    pub service: bool,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub limit: Option<DefaultLimit>,
    #[serde(default)]
    pub extension_max: i32,
    #[serde(rename = "event")]
    pub events: Vec<EventKind>,
}

/// One event type of a kind of case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventKind {
    #[serde(rename = "type")]
    pub name: String,
    pub act: Act,
    #[serde(default)]
    pub officers: Vec<String>,
    /// A field, or `=word` for the word itself.
    #[serde(rename = "name", default)]
    pub label: Option<String>,
    #[serde(default)]
    pub number: Option<String>,
    #[serde(default)]
    pub outcome: Option<String>,
    /// Outcomes that count; with any other the act is a step. Empty for all.
    #[serde(default)]
    pub accepts: Vec<String>,
    #[serde(default)]
    pub due: Option<String>,
    #[serde(default)]
    pub dept: Option<String>,
    #[serde(default)]
    pub closing: Option<Closing>,
    /// The case begins with it, where nothing else begins it.
    #[serde(default)]
    pub starts: bool,
}

/// Why a catalogue is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogueError {
    /// Not the TOML that is asked for.
    Syntax(String),
    /// Two kinds have this id.
    Kind(String),
    /// Two kinds take this event type: one event would be two cases.
    Event(String),
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(detail) => write!(f, "malformed catalogue of cases: {detail}"),
            Self::Kind(id) => write!(f, "kind of case `{id}` occurs twice"),
            Self::Event(name) => write!(f, "event type `{name}` occurs twice"),
        }
    }
}

impl std::error::Error for CatalogueError {}

/// All kinds of cases.
#[derive(Clone, Debug)]
pub struct Catalogue {
    kinds: Vec<CaseKind>,
    /// Event type to (kind, event of it).
    events: BTreeMap<String, (usize, usize)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "kind")]
    kinds: Vec<CaseKind>,
}

impl Catalogue {
    /// Reads a catalogue.
    ///
    /// # Errors
    /// If it is malformed, or names a kind or an event type twice.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let file: File =
            toml::from_str(text).map_err(|error| CatalogueError::Syntax(error.to_string()))?;
        let mut ids = BTreeSet::new();
        let mut events = BTreeMap::new();
        for (place, kind) in file.kinds.iter().enumerate() {
            if !ids.insert(kind.id.as_str()) {
                return Err(CatalogueError::Kind(kind.id.clone()));
            }
            for (number, event) in kind.events.iter().enumerate() {
                if events.insert(event.name.clone(), (place, number)).is_some() {
                    return Err(CatalogueError::Event(event.name.clone()));
                }
            }
        }
        Ok(Self { kinds: file.kinds, events })
    }

    /// The catalogue as shipped.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).expect("the shipped catalogue is read by a test")
    }

    #[must_use]
    pub fn kinds(&self) -> &[CaseKind] {
        &self.kinds
    }

    /// The event types that are taken.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.events.keys().map(String::as_str)
    }

    pub(crate) fn find(&self, event_type: &str) -> Option<(usize, usize)> {
        self.events.get(event_type).copied()
    }
}
