//! Refuses requests that exceed a limit, before anything is written. Shared by all implementations,
//! so that a request one of them accepts is never refused by another.

use crate::api::{
    Commit, KEY_BYTES_MAX, KeyId, LEAF_BYTES_MAX, META_BYTES_MAX, STANDING_BYTES_MAX,
    TABLE_ROW_BYTES_MAX, TableRow,
};
use crate::error::StoreError;
use plumbline_contract::event::{ATTRIBUTE_BYTES_MAX, DATA_BYTES_MAX, Event};
use plumbline_contract::task::STATE_BYTES_MAX;

/// Largest event, in bytes over all its texts: the largest `data` and every attribute at its limit.
pub const EVENT_BYTES_MAX: usize = DATA_BYTES_MAX + 16 * ATTRIBUTE_BYTES_MAX;
/// Most rows of one table version: the largest tables are price lists of some 100,000 lines.
pub const TABLE_ROWS_MAX: usize = 1_000_000;
/// Largest table version, in bytes over all its texts: it is written and read in one piece.
pub const TABLE_BYTES_MAX: usize = 256 * 1024 * 1024;

pub(crate) fn events(events: &[Event]) -> Result<(), StoreError> {
    events.iter().try_for_each(|event| {
        within(
            || format!("event {} of {}", event.id, event.source),
            event_bytes(event),
            EVENT_BYTES_MAX,
        )
    })
}

pub(crate) fn commit(commit: &Commit) -> Result<(), StoreError> {
    for (id, state) in &commit.states {
        key_id(id)?;
        if let Some(state) = state {
            within(|| format!("state of key {}", id.key), state.state.len(), STATE_BYTES_MAX)?;
            within(|| "region".into(), state.region.len(), ATTRIBUTE_BYTES_MAX)?;
        }
    }
    if let Some((_, id)) = &commit.to.tick_after {
        key_id(id)?;
    }
    for gap in &commit.gaps {
        key_id(&gap.id)?;
        within(|| "text of a gap".into(), gap.code.len() + gap.fault.len(), LEAF_BYTES_MAX)?;
    }
    for (id, alert, row) in &commit.standing {
        key_id(id)?;
        name("alert", alert)?;
        let bytes = row.as_ref().map_or(0, Vec::len);
        within(|| format!("what stands of alert {alert}"), bytes, STANDING_BYTES_MAX)?;
    }
    leaves(&commit.leaves)?;
    events(&commit.events)
}

pub(crate) fn leaves(leaves: &[Vec<u8>]) -> Result<(), StoreError> {
    leaves.iter().try_for_each(|leaf| within(|| "leaf".into(), leaf.len(), LEAF_BYTES_MAX))
}

pub(crate) fn meta(key: &str, value: &[u8]) -> Result<(), StoreError> {
    name("settings key", key)?;
    within(|| format!("settings value {key}"), value.len(), META_BYTES_MAX)
}

pub(crate) fn table(table: &str, rows: &[TableRow]) -> Result<(), StoreError> {
    name("table name", table)?;
    within(|| format!("number of rows of table {table}"), rows.len(), TABLE_ROWS_MAX)?;
    let mut bytes = 0;
    for row in rows {
        name("table key", &row.key)?;
        within(
            || format!("row {} of table {table}", row.key),
            row.json.len(),
            TABLE_ROW_BYTES_MAX,
        )?;
        bytes += row.key.len() + row.json.len();
    }
    within(|| format!("table {table}"), bytes, TABLE_BYTES_MAX)
}

pub(crate) fn name(what: &str, text: &str) -> Result<(), StoreError> {
    within(|| format!("{what} {text:.40}"), text.len(), KEY_BYTES_MAX)
}

fn key_id(id: &KeyId) -> Result<(), StoreError> {
    within(|| format!("key {:.40}", id.key), id.stream.len() + id.key.len(), KEY_BYTES_MAX)
}

fn within(what: impl Fn() -> String, size: usize, max: usize) -> Result<(), StoreError> {
    if size <= max { Ok(()) } else { Err(StoreError::TooLarge { what: what(), size, max }) }
}

fn event_bytes(event: &Event) -> usize {
    let texts = [
        &event.id,
        &event.source,
        &event.kind,
        &event.subject,
        &event.region,
        &event.dept,
        &event.data,
    ];
    texts.iter().map(|text| text.len()).sum::<usize>() + event.actor.as_ref().map_or(0, String::len)
}
