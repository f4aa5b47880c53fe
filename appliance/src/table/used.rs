//! Which rows of which versions of the reference tables a card or an explanation rests on.
//!
//! The articles of law of a card are read from the version that was in force at its place of the log.
//! What its rules looked up is found by asking the plugin again, with the tables as they were then
//! and the state as it is now: the fold itself keeps no notes of its look-ups.

use super::{TableHistory, newest};
use crate::alert::{Alert, as_alert};
use crate::app::App;
use crate::driver::Places;
use crate::error::{AppError, Kind};
use crate::explain;
use plumbline_contract::alert::AlertLeaf;
use plumbline_contract::id::EventSeq;
use plumbline_contract::table::{TableRow, Tables};
use plumbline_contract::time::Day;
use plumbline_engine::{ReadRow, TableRead};
use plumbline_store::KeyId;
use serde::Serialize;

/// Table of the articles of law.
const LAW_TABLE: &str = "law_ref";

/// How a row came to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// An article of law that the rule rests on.
    Law,
    /// A rule looked it up.
    LookedUp,
    /// A rule counted with the whole table, as with a calendar.
    Counted,
}

/// One row of one version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RowUsed {
    pub table: String,
    pub key: String,
    /// Nothing if the table was never loaded.
    pub version: Option<u32>,
    #[serde(rename = "use")]
    pub usage: Use,
    /// The local date on which the row had to be in force.
    pub on: Option<String>,
    /// Whether there was such a row.
    pub found: bool,
    pub effective_from: Option<String>,
    pub effective_to: Option<String>,
}

impl From<TableRead> for RowUsed {
    fn from(read: TableRead) -> Self {
        let usage = if read.on.is_none() { Use::Counted } else { Use::LookedUp };
        let found = read.row.is_some() || usage == Use::Counted && read.version.is_some();
        let ReadRow { from, to } = read.row.unwrap_or(ReadRow { from: None, to: None });
        Self {
            table: read.table,
            key: read.key,
            version: read.version,
            usage,
            on: text(read.on),
            found,
            effective_from: text(from),
            effective_to: text(to),
        }
    }
}

fn text(day: Option<Day>) -> Option<String> {
    day.map(|day| day.to_string())
}

/// The rows of a card: its articles of law, then what the rules of its key look up.
///
/// # Errors
/// If the store or the ledger cannot be read.
pub fn of_alert(app: &App, alert: &Alert) -> Result<Vec<RowUsed>, AppError> {
    let bytes = app.with_ledger(|ledger| ledger.leaf(alert.leaf))?;
    let missing = || AppError::new(Kind::Integrity, "ledger-damaged", alert.leaf);
    let leaf = as_alert(alert.leaf, &bytes)?.ok_or_else(missing)?;
    let history = app.tables();
    let seq = place(&history, &leaf);
    let mut rows = laws(app, &history, seq, alert)?;
    let mut looked_up = looked_up(app, &history, seq, &leaf)?;
    looked_up.sort();
    looked_up.dedup();
    rows.append(&mut looked_up);
    Ok(rows)
}

/// The earliest place of the log at which the card can have been raised: behind its evidence and
/// behind the versions of the tables that it names.
fn place(history: &TableHistory, leaf: &AlertLeaf) -> EventSeq {
    let evidence = leaf.evidence.iter().map(|seq| EventSeq(*seq));
    let named = history.changes().iter().filter(|(_, table, version)| {
        leaf.tables.get(table).is_some_and(|named| *named == version.0)
    });
    evidence.chain(named.map(|(seq, _, _)| *seq)).max().unwrap_or_default().next()
}

fn laws(
    app: &App,
    history: &TableHistory,
    seq: EventSeq,
    alert: &Alert,
) -> Result<Vec<RowUsed>, AppError> {
    let mut tables = history.view(app.store(), seq)?;
    // A home that was furnished after its log began knows the law from a later version only.
    if !tables.versions().contains_key(LAW_TABLE) && newest(app.store(), LAW_TABLE)?.is_some() {
        tables = history.view(app.store(), app.store().next_seq())?;
    }
    let on = alert.at.get(..10).and_then(Day::parse).unwrap_or(Day::MIN);
    let version = tables.versions().get(LAW_TABLE).copied();
    let used = |id: &String| {
        let row: Option<&TableRow> = tables.row(LAW_TABLE, id, on);
        RowUsed {
            table: LAW_TABLE.to_owned(),
            key: id.clone(),
            version,
            usage: Use::Law,
            on: text(Some(on)),
            found: row.is_some(),
            effective_from: row.and_then(|row| text(row.from)),
            effective_to: row.and_then(|row| text(row.to)),
        }
    };
    Ok(alert.law.iter().map(used).collect())
}

/// What the plugin looks up for the card's key; nothing if it is no longer deployed.
fn looked_up(
    app: &App,
    tables: &TableHistory,
    end: EventSeq,
    leaf: &AlertLeaf,
) -> Result<Vec<RowUsed>, AppError> {
    let id = KeyId { stream: leaf.stream.clone(), key: leaf.stream_key.clone() };
    let now = explain::log_time(app, &[])?;
    let (log, states) = (app.store(), app.store());
    let places = Places { log, states, tables, loader: app, end, lazy: false };
    app.with_runners(|runners| {
        let runner = runners.iter_mut().find(|runner| runner.deployment().id == leaf.deployment);
        let Some(runner) = runner else { return Ok(Vec::new()) };
        let local = runner.plan().zone().local(now);
        let answers = runner.explain(&places, &[id], local)?;
        let reads = answers.into_iter().filter_map(|one| Some(one.answer.ok()?.reads));
        Ok(reads.flatten().map(RowUsed::from).collect())
    })
}
