//! Reference tables of a home: the view that holds at each position of the log. Reading, checking and
//! comparing files is the business of the modules below.

pub mod check;
pub mod cross;
pub mod diff;
pub mod export;
pub mod prepare;
pub mod problem;
pub mod sheet;
#[cfg(test)]
mod tests;
pub mod used;
mod xlsx;

use crate::error::{AppError, Kind};
use crate::text::Lang;
use plumbline_contract::desk::CALENDAR_TABLE;
use plumbline_contract::event::{TABLE_TYPE, TableLoaded};
use plumbline_contract::id::{EventSeq, TableVersion};
use plumbline_contract::table::{TableRow, TableSet, TableSpec, Tables, specs};
use plumbline_contract::time::Millis;
use plumbline_store::Store;
use problem::Problems;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Which version of each table came into force where in the log.
#[derive(Debug, Default)]
pub struct TableHistory {
    /// (position of the `plumbline.table` event, table, version), ascending.
    changes: Vec<(EventSeq, String, TableVersion)>,
    loaded: Mutex<Loaded>,
}

/// Each version of a table, read once and shared by all views of it.
type Loaded = BTreeMap<(String, TableVersion), TableSet>;

/// A version of a table as it was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Position of its event in the log.
    pub seq: EventSeq,
    /// Log time from which it holds.
    pub logged: Millis,
    pub loaded: TableLoaded,
}

/// From which file a version comes, and who loaded it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Name of the file, without its folder.
    pub file: Option<String>,
    /// SHA-256 of the file, in hexadecimal.
    pub file_sha256: Option<String>,
    pub by: Option<String>,
}

/// The subject under which the log remembers the versions of a table.
#[must_use]
pub fn table_subject(table: &str) -> String {
    format!("{TABLE_TYPE}/{table}")
}

/// Most versions of one table that are found again at start: one a day for thirty years.
const VERSIONS_MAX: usize = 10_000;

impl TableHistory {
    /// Reads the history from the log.
    ///
    /// # Errors
    /// If the store fails.
    pub fn load(store: &dyn Store) -> Result<Self, AppError> {
        let mut history = Self::default();
        for spec in specs() {
            for seq in store.by_subject(&table_subject(&spec.name), VERSIONS_MAX)? {
                if let Some(event) = store.get(seq)?.filter(|event| event.kind == TABLE_TYPE) {
                    history.note(seq, &event.data)?;
                }
            }
        }
        history.changes.sort();
        Ok(history)
    }

    /// Takes note of a `plumbline.table` event.
    ///
    /// # Errors
    /// If its data are not what the host writes.
    pub fn note(&mut self, seq: EventSeq, data: &str) -> Result<(), AppError> {
        let loaded: TableLoaded = serde_json::from_str(data)
            .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))?;
        self.changes.push((seq, loaded.table, TableVersion(loaded.version)));
        Ok(())
    }

    /// The tables as an event at `seq` sees them: every change before it.
    ///
    /// # Errors
    /// If a version cannot be read.
    pub fn view(&self, store: &dyn Store, seq: EventSeq) -> Result<TableSet, AppError> {
        let mut in_force = BTreeMap::new();
        for (_, table, version) in self.changes.iter().filter(|(at, _, _)| *at < seq) {
            in_force.insert(table.clone(), *version);
        }
        let mut set = TableSet::default();
        for (table, version) in in_force {
            set.share(&self.version(store, &table, version)?);
        }
        Ok(set)
    }

    fn version(
        &self,
        store: &dyn Store,
        table: &str,
        version: TableVersion,
    ) -> Result<TableSet, AppError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(set) = loaded.get(&(table.to_owned(), version)) {
            return Ok(set.clone());
        }
        let mut set = TableSet::default();
        set.put(table, version.0, rows(store, table, version)?);
        loaded.insert((table.to_owned(), version), set.clone());
        Ok(set)
    }

    /// Takes over the rows that another history has read already.
    #[must_use]
    pub fn sharing(self, other: &Self) -> Self {
        let rows = other.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { loaded: Mutex::new(rows), ..self }
    }

    /// Versions in the order in which they came into force.
    #[must_use]
    pub fn changes(&self) -> &[(EventSeq, String, TableVersion)] {
        &self.changes
    }
}

/// All versions of a table in the order in which they came into force.
///
/// # Errors
/// If the store fails.
pub fn versions(store: &dyn Store, table: &str) -> Result<Vec<Version>, AppError> {
    let mut versions = Vec::new();
    for seq in store.by_subject(&table_subject(table), VERSIONS_MAX)? {
        versions.extend(version_at(store, seq)?);
    }
    Ok(versions)
}

/// The version of a table that is in force now, if it was ever loaded.
///
/// # Errors
/// If the store fails.
pub fn newest(store: &dyn Store, table: &str) -> Result<Option<Version>, AppError> {
    match store.by_subject(&table_subject(table), 1)?.pop() {
        Some(seq) => version_at(store, seq),
        None => Ok(None),
    }
}

fn version_at(store: &dyn Store, seq: EventSeq) -> Result<Option<Version>, AppError> {
    let Some(event) = store.get(seq)?.filter(|event| event.kind == TABLE_TYPE) else {
        return Ok(None);
    };
    let loaded = serde_json::from_str(&event.data)
        .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))?;
    Ok(Some(Version { seq, logged: event.logged, loaded }))
}

/// The rows of a version, in the order of (key, first day).
///
/// # Errors
/// If the store does not have it.
pub fn rows(
    store: &dyn Store,
    table: &str,
    version: TableVersion,
) -> Result<Vec<TableRow>, AppError> {
    let missing = || AppError::new(Kind::Integrity, "no-table", format!("{table} {version}"));
    let rows = store.table(table, version)?.ok_or_else(missing)?;
    Ok(rows.into_iter().map(from_stored).collect())
}

fn from_stored(row: plumbline_store::TableRow) -> TableRow {
    let plumbline_store::TableRow { key, effective_from, effective_to, json } = row;
    TableRow { key, from: effective_from, to: effective_to, json }
}

/// The form in which the store keeps a row.
#[must_use]
pub fn to_stored(row: TableRow) -> plumbline_store::TableRow {
    let TableRow { key, from, to, json } = row;
    plumbline_store::TableRow { key, effective_from: from, effective_to: to, json }
}

/// Rows of a file's content, in the order of (key, first day), all checked. Values that must not be
/// kept in the clear have to be keyed hashes already.
///
/// # Errors
/// Names the table, line and column that is wrong first; nothing is loaded then.
pub fn parse_csv(table: &str, bytes: &[u8]) -> Result<Vec<TableRow>, AppError> {
    let checked = check::check(find(table)?, bytes, None);
    match refusal(&checked.problems) {
        Some(error) => Err(error),
        None => Ok(checked.rows),
    }
}

/// Why a table cannot be loaded, if so: the first error and how many there are.
#[must_use]
pub fn refusal(problems: &Problems) -> Option<AppError> {
    let first = problems.first_error()?;
    let count = problems.errors;
    let detail =
        format!("{} ({count} error{})", first.say(Lang::En), if count > 1 { "s" } else { "" });
    Some(AppError::new(Kind::Usage, "table", detail))
}

/// The table of that name.
///
/// # Errors
/// If there is none; the names that there are, are said.
pub fn find(table: &str) -> Result<&'static TableSpec, AppError> {
    TableSpec::find(table).ok_or_else(|| {
        let names: Vec<_> = specs().iter().map(|spec| spec.name.as_str()).collect();
        AppError::new(Kind::NotFound, "no-such-table", format!("{table} ({})", names.join(", ")))
    })
}

/// Whether a row has this key, or one that begins with its parts.
#[must_use]
pub fn has_key(row: &TableRow, key: &str) -> bool {
    let rest = row.key.strip_prefix(key);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Rows as JSON lines, for the digest in the ledger.
#[must_use]
pub fn canonical(rows: &[TableRow]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in rows {
        bytes.extend_from_slice(row.json.as_bytes());
        bytes.push(b'\n');
    }
    bytes
}

/// Versions in a view, restricted to the tables that a deployment may read.
#[must_use]
pub fn versions_of(
    tables: &dyn Tables,
    granted: &std::collections::BTreeSet<String>,
) -> BTreeMap<String, u32> {
    let all = tables.versions().iter();
    let own = all.filter(|(name, _)| granted.contains(*name) || *name == CALENDAR_TABLE);
    own.map(|(name, version)| (name.clone(), *version)).collect()
}
