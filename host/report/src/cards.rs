//! Cards as they stand: the alert leaves of the ledger and the acts of people on them, folded into
//! one record for each card. Which points a card costs, `score` says.
//!
//! A withdrawal by corrected facts and one by the supervisor both end a card; its record stays.

use plumbline_contract::alert::{AlertAct, AlertLeaf, Level};
use plumbline_contract::time::{Local, Zone, parse_stamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is done with a card after it was raised (处置).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Handling {
    /// 签收: it has reached its receivers.
    Delivered,
    /// 说明: the unit has answered.
    Explained,
    /// 申诉: the unit asks for a decision.
    Appealed,
    /// 维持: the supervisor upholds it; its points are final from that day.
    Upheld,
    /// 降级: upheld at a lower level.
    Lowered,
    /// 撤销: no card any more; points are restored.
    Withdrawn,
    /// 移送: handed on as a clue.
    Transferred,
    /// 整改: put right.
    Rectified,
    /// 办结: nothing is left to do.
    Closed,
}

/// One act on a card. In the ledger it is a leaf of kind `card`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardAct {
    /// Identity of the alert.
    pub alert: String,
    pub act: Handling,
    /// RFC 3339.
    pub done_at: String,
    /// New level, for `lowered`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where a card stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CardState {
    /// Raised, no answer yet.
    Issued,
    Explained,
    /// An appeal waits for its decision.
    Appealed,
    Upheld,
    Withdrawn,
    Closed,
}

/// One card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Card {
    pub id: String,
    pub rule: String,
    /// What it is about, for instance the number of a case.
    pub key: String,
    pub level: Level,
    /// The highest level that it ever had.
    pub worst: Level,
    pub region: String,
    pub dept: String,
    /// The officer it names, if it names one.
    pub officer: Option<String>,
    /// The item or cause it names, if it names one.
    pub item: Option<String>,
    /// The step it names, if it names one.
    pub step: Option<String>,
    /// Bidders, agencies and experts it names.
    pub parties: Vec<String>,
    /// When the fact came about, local.
    pub at: Local,
    /// When it was raised, local.
    pub issued: Local,
    /// Raised on a later date than it should have been.
    pub late: bool,
    pub state: CardState,
    /// Local times of the acts that matter; the newest of each kind, the first answer.
    pub explained: Option<Local>,
    pub appealed: Option<Local>,
    pub upheld: Option<Local>,
    pub withdrawn: Option<Local>,
    /// Why it was withdrawn.
    pub reason: Option<String>,
    /// Position of its first leaf in the ledger.
    pub leaf: u64,
}

impl Card {
    /// Neither withdrawn nor only a notice: it may cost points.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.withdrawn.is_none() && self.level != Level::Notice
    }
}

/// See the module.
#[derive(Debug)]
pub struct CardBook {
    zone: Zone,
    as_of: Local,
    cards: BTreeMap<String, Card>,
    answers: bool,
}

impl CardBook {
    /// A fold that looks at nothing that came later than `as_of`.
    #[must_use]
    pub fn new(zone: Zone, as_of: Local) -> Self {
        Self { zone, as_of, cards: BTreeMap::new(), answers: false }
    }

    fn local(&self, text: &str) -> Option<Local> {
        parse_stamp(text).map(|stamp| self.zone.local(self.zone.instant_of(stamp)))
    }

    /// Takes in a leaf of the ledger, in order.
    pub fn take(&mut self, leaf: u64, alert: &AlertLeaf) {
        let issued = self.local(&alert.issued_at).unwrap_or_default();
        if issued > self.as_of {
            return;
        }
        match alert.act {
            AlertAct::Withdrawn | AlertAct::Closed => self.end(alert, issued),
            AlertAct::Raised | AlertAct::Escalated | AlertAct::Lowered | AlertAct::Amended => {
                self.raise(leaf, alert, issued);
            }
        }
    }

    fn end(&mut self, alert: &AlertLeaf, at: Local) {
        let Some(card) = self.cards.get_mut(&alert.id) else { return };
        if alert.act == AlertAct::Withdrawn {
            card.withdrawn = Some(at);
            card.state = CardState::Withdrawn;
        } else {
            card.state = CardState::Closed;
        }
        card.reason.clone_from(&alert.reason);
    }

    fn raise(&mut self, leaf: u64, alert: &AlertLeaf, issued: Local) {
        let at = self.local(&alert.at).unwrap_or(issued);
        let first = |value: &Value| text(value).or_else(|| text(value.get(0)?));
        let named = |names: &[&str]| names.iter().find_map(|name| first(&alert.values[*name]));
        let fresh = || Card {
            id: alert.id.clone(),
            rule: alert.rule.clone(),
            key: alert.key.clone(),
            level: alert.level,
            worst: alert.level,
            region: alert.region.clone(),
            dept: alert.dept.clone(),
            officer: None,
            item: None,
            step: None,
            parties: Vec::new(),
            at,
            issued,
            late: alert.late,
            state: CardState::Issued,
            explained: None,
            appealed: None,
            upheld: None,
            withdrawn: None,
            reason: None,
            leaf,
        };
        let card = self.cards.entry(alert.id.clone()).or_insert_with(fresh);
        (card.level, card.at) = (alert.level, at);
        card.worst = card.worst.max(alert.level);
        // A withdrawn card whose facts came back stands again, from this leaf on.
        if card.withdrawn.take().is_some() {
            (card.state, card.issued, card.reason) = (CardState::Issued, issued, None);
        }
        card.officer = named(&OFFICER).or(card.officer.take());
        card.item = named(&ITEM).or(card.item.take());
        card.step = named(&STEP).or(card.step.take());
        card.parties = parties(&alert.values);
    }

    /// Takes in an act on a card; false if there is no such card or no such time.
    pub fn handle(&mut self, act: &CardAct) -> bool {
        let Some(at) = self.local(&act.done_at) else { return false };
        let Some(card) = self.cards.get_mut(&act.alert) else { return false };
        if at > self.as_of {
            return true;
        }
        match act.act {
            Handling::Delivered | Handling::Transferred | Handling::Rectified => {}
            Handling::Explained => {
                self.answers = true;
                card.explained.get_or_insert(at);
                if card.state == CardState::Issued {
                    card.state = CardState::Explained;
                }
            }
            Handling::Appealed => {
                (card.appealed, card.upheld, card.state) = (Some(at), None, CardState::Appealed);
            }
            Handling::Upheld | Handling::Lowered => {
                card.level = act.level.unwrap_or(card.level).min(card.level);
                (card.upheld, card.state) = (Some(at), CardState::Upheld);
            }
            Handling::Withdrawn => {
                (card.withdrawn, card.state) = (Some(at), CardState::Withdrawn);
                card.reason.clone_from(&act.reason);
            }
            Handling::Closed => card.state = CardState::Closed,
        }
        true
    }

    /// Whether answers are recorded at all: where nobody can answer, nobody has failed to.
    #[must_use]
    pub fn answers_recorded(&self) -> bool {
        self.answers
    }

    /// All cards, in the order of their first leaves.
    #[must_use]
    pub fn cards(&self) -> Vec<Card> {
        let mut cards: Vec<_> = self.cards.values().cloned().collect();
        cards.sort_by(|one, other| (one.leaf, &one.id).cmp(&(other.leaf, &other.id)));
        cards
    }
}

/// Names under which alerts give an officer.
const OFFICER: [&str; 2] = ["officer", "officer_id"];
/// Names under which alerts give an item or a cause.
const ITEM: [&str; 3] = ["item", "item_code", "cause_code"];
/// Names under which alerts give a step of the process.
const STEP: [&str; 2] = ["step", "steps_missing"];
/// Names under which alerts give a party of a tender, alone or in a list.
const PARTIES: [&str; 7] =
    ["bidder", "bidders", "supplier", "agency", "expert", "expert_id", "subject"];
/// Most parties of one card; a tender has a few dozen bidders.
const PARTIES_MAX: usize = 64;

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn parties(values: &Value) -> Vec<String> {
    let fields = PARTIES.iter().map(|name| &values[*name]);
    let mut parties: Vec<_> = fields
        .flat_map(|value| match value {
            Value::Array(list) => list.iter().filter_map(text).collect(),
            one => text(one).into_iter().collect::<Vec<_>>(),
        })
        .take(PARTIES_MAX)
        .collect();
    parties.sort_unstable();
    parties.dedup();
    parties
}
