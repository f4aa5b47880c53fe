//! Reference tables of a home: import from CSV, and the view that holds at each position of the log.

use crate::error::{AppError, Kind};
use plumbline_contract::desk::{CALENDAR_TABLE, Desk, OFFICE_HOURS_TABLE};
use plumbline_contract::event::{TABLE_TYPE, TableLoaded};
use plumbline_contract::id::{EventSeq, TableVersion};
use plumbline_contract::table::{TABLE_ROWS_MAX, TableRow, TableSet, TableSpec, Tables, specs};
use plumbline_store::Store;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Which version of each table came into force where in the log.
#[derive(Debug, Default)]
pub struct TableHistory {
    /// (position of the `plumbline.table` event, table, version), ascending.
    changes: Vec<(EventSeq, String, TableVersion)>,
    loaded: Mutex<Loaded>,
}

/// Rows by table and version, each read once.
type Loaded = BTreeMap<(String, TableVersion), Arc<Vec<TableRow>>>;

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
            let rows = self.rows(store, &table, version)?;
            set.put(&table, version.0, rows.iter().cloned());
        }
        Ok(set)
    }

    fn rows(
        &self,
        store: &dyn Store,
        table: &str,
        version: TableVersion,
    ) -> Result<Arc<Vec<TableRow>>, AppError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = loaded.get(&(table.to_owned(), version)) {
            return Ok(rows.clone());
        }
        let missing = || AppError::new(Kind::Integrity, "no-table", format!("{table} {version}"));
        let rows = store.table(table, version)?.ok_or_else(missing)?;
        let rows: Vec<_> = rows.into_iter().map(from_stored).collect();
        let rows = Arc::new(rows);
        loaded.insert((table.to_owned(), version), rows.clone());
        Ok(rows)
    }

    /// Versions in the order in which they came into force.
    #[must_use]
    pub fn changes(&self) -> &[(EventSeq, String, TableVersion)] {
        &self.changes
    }
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

/// Rows of a CSV file, in the order of (key, first day), all checked.
///
/// # Errors
/// Names the table, line and column that is wrong; nothing is imported then.
pub fn read_csv(table: &str, path: &Path) -> Result<Vec<TableRow>, AppError> {
    let bytes = std::fs::read(path).map_err(|error| AppError::io(path, &error))?;
    parse_csv(table, &bytes)
}

/// As [`read_csv`], from bytes.
///
/// # Errors
/// As there.
pub fn parse_csv(table: &str, bytes: &[u8]) -> Result<Vec<TableRow>, AppError> {
    let wrong = |what: String| AppError::new(Kind::Usage, "table", format!("{table}: {what}"));
    let spec = TableSpec::find(table).ok_or_else(|| {
        let names: Vec<_> = specs().iter().map(|spec| spec.name.as_str()).collect();
        AppError::new(Kind::NotFound, "no-such-table", format!("{table} ({})", names.join(", ")))
    })?;
    // Spreadsheets write a byte order mark in front of UTF-8.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let heading = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        if rows.len() == TABLE_ROWS_MAX {
            return Err(wrong(format!("line {line}: more than {TABLE_ROWS_MAX} rows")));
        }
        let row = spec.row(heading.iter().zip(record.iter()));
        rows.push(row.map_err(|error| wrong(format!("line {line}: {error}")))?);
    }
    check_rows(table, rows)
}

fn check_rows(table: &str, mut rows: Vec<TableRow>) -> Result<Vec<TableRow>, AppError> {
    let wrong = |what: String| AppError::new(Kind::Usage, "table", format!("{table}: {what}"));
    rows.sort_by(|a, b| (&a.key, a.from).cmp(&(&b.key, b.from)));
    for pair in rows.windows(2) {
        let (earlier, later) = (&pair[0], &pair[1]);
        let overlaps = match (earlier.to, later.from) {
            (Some(to), Some(from)) => from <= to,
            _ => true,
        };
        if earlier.key == later.key && overlaps {
            return Err(wrong(format!(
                "two rows for `{}` are in force on the same day",
                later.key
            )));
        }
    }
    if [CALENDAR_TABLE, OFFICE_HOURS_TABLE].contains(&table) {
        check_clock(table, &rows).map_err(wrong)?;
    }
    Ok(rows)
}

/// A calendar or timetable that makes no sense must be refused now, not when a plugin opens it.
fn check_clock(table: &str, rows: &[TableRow]) -> Result<(), String> {
    let mut set = TableSet::default();
    set.put(table, 1, rows.iter().cloned());
    let field = |row: &TableRow, name: &str| {
        let row: serde_json::Value = serde_json::from_str(&row.json).unwrap_or_default();
        row[name].as_str().unwrap_or_default().to_owned()
    };
    let name = if table == CALENDAR_TABLE { "region" } else { "organ" };
    let mut subjects: Vec<_> = rows.iter().map(|row| field(row, name)).collect();
    subjects.sort();
    subjects.dedup();
    for subject in subjects {
        let (region, organ) =
            if table == CALENDAR_TABLE { (subject.as_str(), "") } else { ("", subject.as_str()) };
        Desk::open(&set, region, organ)?;
    }
    Ok(())
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
