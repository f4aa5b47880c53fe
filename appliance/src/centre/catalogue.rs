//! What there is: event types with what the log has of them, reference tables with what is in force,
//! the sets that can be taken out, and the rules. It reads the log once.

use super::event_type::{EventType, event_types};
use super::set::{Set, fixed};
use crate::app::App;
use crate::error::AppError;
use crate::table;
use plumbline_contract::event::HOST_TYPE_PREFIX;
use plumbline_contract::id::EventSeq;
use plumbline_contract::manifest::Rule;
use plumbline_contract::table::{TableSpec, specs};
use plumbline_contract::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// Events read at once.
const EVENTS_AT_ONCE: usize = 4096;
/// Sources that are named of a type; a county has some dozens.
const SOURCES_MAX: usize = 1000;

/// What the log has of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub events: u64,
    /// The earliest and the latest time of occurrence.
    pub first: Millis,
    pub last: Millis,
    /// Who reports it, at most a thousand names.
    pub sources: BTreeSet<String>,
}

/// A type of events.
#[derive(Clone, Debug)]
pub struct TypeEntry {
    pub name: String,
    /// `None` of a type that is in the log and has no schema here: a vendor's, or a fact.
    pub described: Option<&'static EventType>,
    /// `None` if the log has none.
    pub counted: Option<Counted>,
}

/// A reference table.
#[derive(Clone, Debug)]
pub struct TableEntry {
    pub spec: &'static TableSpec,
    /// Version in force, and its rows; `None` if it was never loaded.
    pub newest: Option<(u32, u64)>,
}

/// A rule with the plugin that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleEntry {
    pub plugin: String,
    pub version: String,
    pub rule: Rule,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub types: Vec<TypeEntry>,
    pub tables: Vec<TableEntry>,
    /// Name, Chinese and English words of the sets that are neither of one type nor a table.
    pub sets: Vec<(&'static str, &'static str, &'static str)>,
    pub rules: Vec<RuleEntry>,
}

/// # Errors
/// If the store fails, or the service is about to stop.
pub fn catalogue(app: &App) -> Result<Catalogue, AppError> {
    let mut counted = count(app)?;
    let described = event_types().iter().map(|one| (one.name.to_owned(), Some(one)));
    let mut all: BTreeMap<String, Option<&'static EventType>> = described.collect();
    for name in counted.keys() {
        all.entry(name.clone()).or_default();
    }
    let entry = |(name, described): (String, _)| {
        let counted = counted.remove(&name);
        TypeEntry { name, described, counted }
    };
    let types = all.into_iter().map(entry).collect();
    let mut tables = Vec::new();
    for spec in specs() {
        let newest = table::newest(app.store(), &spec.name)?;
        let newest = newest.map(|newest| (newest.loaded.version, newest.loaded.rows));
        tables.push(TableEntry { spec, newest });
    }
    let words = |name: &'static str| {
        let set = fixed(name);
        (name, set.zh.as_str(), set.en.as_str())
    };
    let mut rules = Vec::new();
    for manifest in app.manifests() {
        rules.extend(manifest.rules.iter().map(|rule| RuleEntry {
            plugin: manifest.plugin.id.clone(),
            version: manifest.plugin.version.clone(),
            rule: rule.clone(),
        }));
    }
    Ok(Catalogue { types, tables, sets: Set::NAMES.into_iter().map(words).collect(), rules })
}

/// What the log has, by type; the host's own notes are no data.
fn count(app: &App) -> Result<BTreeMap<String, Counted>, AppError> {
    let end = app.store().next_seq();
    let mut counted: BTreeMap<String, Counted> = BTreeMap::new();
    let mut next = EventSeq(0);
    while next < end {
        app.go_on()?;
        let rows = app.store().read(next, EVENTS_AT_ONCE)?;
        let Some(last) = rows.last() else { break };
        next = EventSeq(last.seq.0 + 1);
        for event in rows.into_iter().map(|row| row.event) {
            if event.kind.starts_with(HOST_TYPE_PREFIX) {
                continue;
            }
            let at = event.time;
            let one = counted.entry(event.kind.clone()).or_insert_with(|| Counted {
                events: 0,
                first: at,
                last: at,
                sources: BTreeSet::new(),
            });
            one.events += 1;
            (one.first, one.last) = (one.first.min(at), one.last.max(at));
            if one.sources.len() < SOURCES_MAX && !one.sources.contains(&event.source) {
                one.sources.insert(event.source.clone());
            }
        }
    }
    Ok(counted)
}
