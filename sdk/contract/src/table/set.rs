//! Tables held in memory.

use super::{TableRow, Tables};
use crate::time::Day;
use std::collections::BTreeMap;
use std::sync::Arc;

type Rows = BTreeMap<String, Vec<TableRow>>;

/// Tables in memory. Cloning shares the rows, so that a view can be kept while a table changes.
#[derive(Clone, Debug, Default)]
pub struct TableSet {
    tables: BTreeMap<String, Arc<Rows>>,
    versions: BTreeMap<String, u32>,
}

impl TableSet {
    /// Puts a version of a table in place of the one before.
    pub fn put(&mut self, table: &str, version: u32, rows: impl IntoIterator<Item = TableRow>) {
        let mut by_key = Rows::new();
        for row in rows {
            by_key.entry(row.key.clone()).or_default().push(row);
        }
        self.tables.insert(table.to_owned(), Arc::new(by_key));
        self.versions.insert(table.to_owned(), version);
    }

    /// Takes the tables of another set, in place of those of the same names; rows are shared.
    pub fn share(&mut self, other: &Self) {
        self.tables.extend(other.tables.iter().map(|(name, rows)| (name.clone(), rows.clone())));
        self.versions.extend(other.versions.iter().map(|(name, version)| (name.clone(), *version)));
    }
}

impl Tables for TableSet {
    fn lookup(&self, table: &str, key: &str, on: Day) -> Option<&str> {
        self.row(table, key, on).map(|row| row.json.as_str())
    }

    fn row(&self, table: &str, key: &str, on: Day) -> Option<&TableRow> {
        let rows = self.tables.get(table)?.get(key)?;
        rows.iter().find(|row| row.is_in_force(on))
    }

    fn scan(&self, table: &str, prefix: &str, on: Day, max: usize) -> Vec<(&str, &str)> {
        let Some(rows) = self.tables.get(table) else { return Vec::new() };
        let from_prefix = rows.range(prefix.to_owned()..);
        let matching = from_prefix.take_while(|(key, _)| key.starts_with(prefix));
        let in_force = matching.filter_map(|(key, rows)| {
            let row = rows.iter().find(|row| row.is_in_force(on))?;
            Some((key.as_str(), row.json.as_str()))
        });
        in_force.take(max).collect()
    }

    fn rows(&self, table: &str) -> Vec<&TableRow> {
        self.tables.get(table).into_iter().flat_map(|rows| rows.values().flatten()).collect()
    }

    fn versions(&self) -> &BTreeMap<String, u32> {
        &self.versions
    }
}

/// A view without any table.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTables;

impl Tables for NoTables {
    fn lookup(&self, _: &str, _: &str, _: Day) -> Option<&str> {
        None
    }

    fn row(&self, _: &str, _: &str, _: Day) -> Option<&TableRow> {
        None
    }

    fn scan(&self, _: &str, _: &str, _: Day, _: usize) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn rows(&self, _: &str) -> Vec<&TableRow> {
        Vec::new()
    }

    fn versions(&self) -> &BTreeMap<String, u32> {
        static NONE: BTreeMap<String, u32> = BTreeMap::new();
        &NONE
    }
}
