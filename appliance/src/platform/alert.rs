//! What becomes of alerts: `platform.alert.*`, one event for a leaf of the ledger at most.

use super::{Place, event};
use crate::alert::as_alert;
use crate::app::App;
use crate::card::{CardAct, CardWord, as_card};
use crate::error::AppError;
use crate::footage::leaf::{FootageLeaf, as_footage};
use plumbline_contract::alert::{AlertAct, AlertLeaf};
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::{MS_PER_DAY, Millis, parse_stamp};
use serde_json::{Value, json};

pub(crate) const RAISED: &str = "platform.alert.raised";
const CHANGED: &str = "platform.alert.changed";
const WITHDRAWN: &str = "platform.alert.withdrawn";
const ANSWERED: &str = "platform.alert.answered";
const CLOSED: &str = "platform.alert.closed";
/// Subject of these events, by which the newest is found again; no outsider may use it.
const SUBJECT: &str = "plumbline.alert";
/// Events looked through for the newest one of this host, in a log that holds those of others.
const LOOKED_AT: usize = 64;
/// An alert that is raised for a time longer ago is history, as an import of former years brings it
/// forth: nobody could have answered it then. Files of the days before, after the longest holiday
/// too, are not. In milliseconds.
const HISTORY_MS: i64 = 14 * MS_PER_DAY;
/// Names under which alerts give an officer.
const OFFICER: [&str; 2] = ["officer", "officer_id"];

/// What was sealed and may be observed.
#[derive(Debug)]
pub(crate) enum Leaf {
    Alert(Box<AlertLeaf>),
    Card(Box<CardAct>),
    /// Never observed: what cameras show is no business of plugins.
    Footage(Box<FootageLeaf>),
}

impl Leaf {
    /// The leaf in bytes of the ledger; `None` if it is about something else.
    ///
    /// # Errors
    /// If it says it is one and is not.
    pub(crate) fn read(index: u64, bytes: &[u8]) -> Result<Option<Self>, AppError> {
        if let Some(alert) = as_alert(index, bytes)? {
            return Ok(Some(Self::Alert(Box::new(alert))));
        }
        if let Some(act) = as_footage(index, bytes)? {
            return Ok(Some(Self::Footage(Box::new(act))));
        }
        Ok(as_card(index, bytes)?.map(|act| Self::Card(Box::new(act))))
    }
}

/// The observation in a leaf, if there is one.
///
/// # Errors
/// If the evidence of an alert cannot be read.
pub(crate) fn observe(app: &App, index: u64, leaf: &Leaf) -> Result<Option<Event>, AppError> {
    match leaf {
        Leaf::Alert(leaf) => of_alert(app, index, leaf),
        Leaf::Card(act) => Ok(of_card(app, index, act)),
        Leaf::Footage(_) => Ok(None),
    }
}

fn of_alert(app: &App, index: u64, leaf: &AlertLeaf) -> Result<Option<Event>, AppError> {
    let AlertLeaf { rule, id, .. } = leaf;
    let (kind, data) = match leaf.act {
        AlertAct::Raised => (RAISED, raised(leaf)),
        AlertAct::Escalated | AlertAct::Lowered => {
            (CHANGED, json!({ "alert": id, "rule": rule, "level": leaf.level }))
        }
        AlertAct::Withdrawn => (WITHDRAWN, json!({ "alert": id, "reason": leaf.reason })),
        AlertAct::Amended | AlertAct::Closed => return Ok(None),
    };
    let takers = app.takers();
    if !takers.takes(kind) {
        return Ok(None);
    }
    let Some(at) = instant(app, &leaf.issued_at) else { return Ok(None) };
    if app.log_time().0.saturating_sub(at.0) > HISTORY_MS {
        return Ok(None);
    }
    let mut failure = None;
    let rests_on_sources = || match is_of_sources(app, &leaf.evidence) {
        Ok(is) => is,
        Err(error) => {
            failure = Some(error);
            false
        }
    };
    let is_told = takers.tells(rule, leaf.deployment, &leaf.stream, rests_on_sources);
    if let Some(error) = failure {
        return Err(error);
    }
    if !is_told {
        return Ok(None);
    }
    let place = Place { at, region: &leaf.region, dept: &leaf.dept };
    Ok(Some(event(app, kind, name(index), place, SUBJECT, &data)))
}

fn raised(leaf: &AlertLeaf) -> Value {
    let mut data = json!({
        "alert": leaf.id, "rule": leaf.rule, "level": leaf.level, "dept": leaf.dept,
        "subject": leaf.key,
    });
    if let Some(officer) = officer(&leaf.values) {
        data["officer"] = json!(officer);
    }
    data
}

/// The officer that an alert names.
pub(crate) fn officer(values: &Value) -> Option<&str> {
    let named = OFFICER.iter().find_map(|name| values.get(*name)?.as_str());
    named.filter(|officer| !officer.is_empty())
}

fn of_card(app: &App, index: u64, act: &CardAct) -> Option<Event> {
    let kind = match act.act {
        CardWord::Explained => ANSWERED,
        CardWord::Closed => CLOSED,
        CardWord::Appealed | CardWord::Upheld | CardWord::Withdrawn | CardWord::Rectified => {
            return None;
        }
    };
    if !app.takers().takes(kind) {
        return None;
    }
    let mut data = json!({
        "alert": act.alert, "by": act.by, "by_dept": act.by_dept, "reason_hash": act.reason_hash,
    });
    if let Some(second) = &act.second {
        data["second"] = json!(second);
    }
    let place = Place { at: instant(app, &act.done_at)?, region: &act.region, dept: &act.dept };
    Some(event(app, kind, name(index), place, SUBJECT, &data))
}

fn is_of_sources(app: &App, evidence: &[u64]) -> Result<bool, AppError> {
    for seq in evidence {
        let event = app.store().get(EventSeq(*seq))?;
        let is_own = |event: &Event| event.source.starts_with("plumbline") || event.is_platform();
        if event.is_none_or(|event| is_own(&event)) {
            return Ok(false);
        }
    }
    Ok(!evidence.is_empty())
}

fn instant(app: &App, text: &str) -> Option<Millis> {
    parse_stamp(text).map(|stamp| app.zone().instant_of(stamp))
}

fn name(leaf: u64) -> String {
    format!("leaf/{leaf}")
}

/// The leaf of the newest observation of an alert, if there ever was one.
///
/// # Errors
/// If the store cannot be read.
pub(crate) fn newest(app: &App) -> Result<Option<u64>, AppError> {
    for seq in app.store().by_subject(SUBJECT, LOOKED_AT)?.into_iter().rev() {
        let Some(event) = app.store().get(seq)?.filter(|it| it.source == super::SOURCE) else {
            continue;
        };
        let leaf = event.id.strip_prefix("leaf/").and_then(|leaf| leaf.parse().ok());
        if leaf.is_some() {
            return Ok(leaf);
        }
    }
    Ok(None)
}
