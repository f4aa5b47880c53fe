//! The alerts of a home, folded from the leaves of the ledger.

use crate::card::{Handling, as_card};
use crate::error::{AppError, Kind};
use crate::footage::leaf::{Footage, FootageIndex, as_footage};
use crate::platform::alert::Leaf;
use plumbline_contract::alert::{AlertAct, AlertLeaf};
use plumbline_contract::event::fingerprint;
use plumbline_ledger::Ledger;
use serde::Serialize;
use std::collections::BTreeMap;

/// Whether an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    Open,
    Withdrawn,
    Closed,
}

impl AlertState {
    fn after(act: AlertAct) -> Self {
        match act {
            AlertAct::Withdrawn => Self::Withdrawn,
            AlertAct::Closed => Self::Closed,
            AlertAct::Raised | AlertAct::Escalated | AlertAct::Lowered | AlertAct::Amended => {
                Self::Open
            }
        }
    }
}

/// An alert as lists show it: its newest leaf that says something, and its state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alert {
    pub id: String,
    pub rule: String,
    pub key: String,
    pub level: plumbline_contract::alert::Level,
    pub due: Option<String>,
    pub at: String,
    pub issued_at: String,
    pub state: AlertState,
    /// What people have done with it.
    pub handling: Handling,
    pub late: bool,
    pub region: String,
    pub dept: String,
    pub plugin: String,
    pub plugin_version: String,
    pub evidence: Vec<u64>,
    pub values: serde_json::Value,
    pub law: Vec<String>,
    pub tables: BTreeMap<String, u32>,
    /// Positions of the first and the newest leaf in the ledger.
    pub first_leaf: u64,
    pub leaf: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What cameras showed when it was raised, or that they showed nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub footage: Vec<Footage>,
}

/// Where the leaves of one alert are.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Fingerprint of the entity, so that its alerts are found without reading all leaves.
    key: u64,
    first: u64,
    /// The newest leaf that raises, escalates or lowers.
    shown: u64,
    last: u64,
}

/// All alerts by id: a few dozen bytes each, the rest is read from the ledger.
#[derive(Debug, Default)]
pub struct AlertIndex {
    places: BTreeMap<String, Place>,
    /// Leaves of the acts of people on an alert, since it was last raised.
    acts: BTreeMap<String, Vec<u64>>,
    /// Ids by the leaf that raised them first.
    order: BTreeMap<u64, String>,
    footage: FootageIndex,
    /// Leaves that were taken in.
    leaves: u64,
}

fn key_mark(key: &str) -> u64 {
    fingerprint(&[key.as_bytes()])
}

/// Leaves read at once.
const LEAVES_AT_ONCE: u64 = 4096;

impl AlertIndex {
    /// Takes in the leaves that are new since the last call; returns those about alerts.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub(crate) fn follow(&mut self, ledger: &Ledger) -> Result<Vec<(u64, Leaf)>, AppError> {
        let mut news = Vec::new();
        let size = ledger.checkpoint().size();
        while self.leaves < size {
            let end = size.min(self.leaves + LEAVES_AT_ONCE);
            for leaf in ledger.leaves(self.leaves..end)? {
                let bytes = leaf?;
                let index = self.leaves;
                self.leaves += 1;
                if let Some(leaf) = Leaf::read(index, &bytes)? {
                    self.take(index, &leaf);
                    news.push((index, leaf));
                }
            }
        }
        Ok(news)
    }

    /// As `AlertIndex::follow`, without keeping what is new.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn catch_up(&mut self, ledger: &Ledger) -> Result<(), AppError> {
        let size = ledger.checkpoint().size();
        for leaf in ledger.leaves(self.leaves..size)? {
            let bytes = leaf?;
            if let Some(leaf) = Leaf::read(self.leaves, &bytes)? {
                self.take(self.leaves, &leaf);
            }
            self.leaves += 1;
        }
        Ok(())
    }

    fn take(&mut self, index: u64, leaf: &Leaf) {
        match leaf {
            Leaf::Alert(alert) => self.take_alert(index, alert),
            Leaf::Card(act) => self.acts.entry(act.alert.clone()).or_default().push(index),
            Leaf::Footage(act) => self.footage.take(index, act),
        }
    }

    fn take_alert(&mut self, index: u64, alert: &AlertLeaf) {
        if alert.act == AlertAct::Raised {
            // One that was withdrawn and stands again is handled anew.
            self.acts.remove(&alert.id);
        }
        let known = self.places.contains_key(&alert.id);
        let stands = AlertState::after(alert.act) == AlertState::Open;
        if !stands && !known {
            // Nothing to end: there is no alert to list.
            return;
        }
        let fresh = Place { key: key_mark(&alert.key), first: index, shown: index, last: index };
        let place = self.places.entry(alert.id.clone()).or_insert_with(|| {
            self.order.insert(index, alert.id.clone());
            fresh
        });
        place.last = index;
        if stands {
            place.shown = index;
        }
    }

    /// All alerts in the order in which they were first raised.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn list(&self, ledger: &Ledger) -> Result<Vec<Alert>, AppError> {
        let mut all = Vec::with_capacity(self.places.len());
        self.from(ledger, 0, &mut |alert| {
            all.push(alert);
            true
        })?;
        Ok(all)
    }

    /// Alerts first raised at or behind a leaf, in that order, as long as `take` wants more.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn from(
        &self,
        ledger: &Ledger,
        first_leaf: u64,
        take: &mut dyn FnMut(Alert) -> bool,
    ) -> Result<(), AppError> {
        for id in self.order.range(first_leaf..).map(|(_, id)| id) {
            if !take(self.read(ledger, id)?) {
                break;
            }
        }
        Ok(())
    }

    /// Alerts about one entity, in the order in which they were first raised.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn about(&self, ledger: &Ledger, key: &str) -> Result<Vec<Alert>, AppError> {
        let mark = key_mark(key);
        let mut places: Vec<_> =
            self.places.iter().filter(|(_, place)| place.key == mark).collect();
        places.sort_unstable_by_key(|(_, place)| place.first);
        let mut alerts = Vec::new();
        for (id, _) in places {
            alerts.push(self.read(ledger, id)?);
        }
        alerts.retain(|alert| alert.key == key);
        Ok(alerts)
    }

    /// # Errors
    /// If the ledger cannot be read.
    pub fn get(&self, ledger: &Ledger, id: &str) -> Result<Option<Alert>, AppError> {
        self.places.contains_key(id).then(|| self.read(ledger, id)).transpose()
    }

    fn read(&self, ledger: &Ledger, id: &str) -> Result<Alert, AppError> {
        let mut alert = read(ledger, self.places[id])?;
        for index in self.acts.get(id).into_iter().flatten() {
            if let Some(act) = as_card(*index, &ledger.leaf(*index)?)? {
                alert.handling.take(act);
            }
        }
        for index in self.footage.of_alert(id) {
            if let Some(act) = as_footage(*index, &ledger.leaf(*index)?)? {
                let gone = act.sha256.as_ref().is_some_and(|hash| self.footage.is_deleted(hash));
                alert.footage.push(Footage::of(*index, act, gone));
            }
        }
        Ok(alert)
    }

    /// Where the leaves of footage are.
    #[must_use]
    pub fn footage(&self) -> &FootageIndex {
        &self.footage
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

/// An alert leaf; `None` for leaves of other kinds.
///
/// # Errors
/// If it says it is an alert and is not.
pub fn as_alert(index: u64, bytes: &[u8]) -> Result<Option<AlertLeaf>, AppError> {
    if !bytes.starts_with(br#"{"leaf":"alert","#) {
        return Ok(None);
    }
    let leaf = serde_json::from_slice(bytes);
    leaf.map(Some).map_err(|error| {
        AppError::new(Kind::Integrity, "ledger-damaged", format!("leaf {index}: {error}"))
    })
}

fn read(ledger: &Ledger, place: Place) -> Result<Alert, AppError> {
    let leaf = |index: u64| -> Result<AlertLeaf, AppError> {
        let missing = || AppError::new(Kind::Integrity, "ledger-damaged", format!("leaf {index}"));
        as_alert(index, &ledger.leaf(index)?)?.ok_or_else(missing)
    };
    let shown = leaf(place.shown)?;
    let last = if place.last == place.shown { None } else { Some(leaf(place.last)?) };
    let state = last.as_ref().map_or(AlertState::Open, |last| AlertState::after(last.act));
    let reason = last.and_then(|last| last.reason);
    Ok(Alert { state, first_leaf: place.first, leaf: place.last, reason, ..from_leaf(shown) })
}

/// An alert as its leaf alone shows it.
#[must_use]
pub fn from_leaf(leaf: AlertLeaf) -> Alert {
    Alert {
        id: leaf.id,
        rule: leaf.rule,
        key: leaf.key,
        level: leaf.level,
        due: leaf.due,
        at: leaf.at,
        issued_at: leaf.issued_at,
        state: AlertState::after(leaf.act),
        handling: Handling::default(),
        late: leaf.late,
        region: leaf.region,
        dept: leaf.dept,
        plugin: leaf.plugin,
        plugin_version: leaf.plugin_version,
        evidence: leaf.evidence,
        values: leaf.values,
        law: leaf.law,
        tables: leaf.tables,
        first_leaf: 0,
        leaf: 0,
        reason: leaf.reason,
        footage: Vec::new(),
    }
}
