//! Tables held in memory.

use super::{TableRow, Tables};
use crate::time::Day;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows by key.
type Rows = BTreeMap<String, Vec<TableRow>>;

/// One version of a table.
#[derive(Debug)]
struct Table {
    rows: Rows,
    /// The days on which a row is in force for the first time, or no longer, in order.
    turns: Vec<Day>,
}

impl Table {
    fn new(rows: impl IntoIterator<Item = TableRow>) -> Self {
        let mut by_key = Rows::new();
        let mut turns = Vec::new();
        for row in rows {
            turns.extend(row.from);
            turns.extend(row.to.and_then(|to| to.0.checked_add(1)).map(Day));
            by_key.entry(row.key.clone()).or_default().push(row);
        }
        turns.sort_unstable();
        turns.dedup();
        Self { rows: by_key, turns }
    }
}

/// Tables in memory. Cloning shares the rows, so that a view can be kept while a table changes.
#[derive(Clone, Debug, Default)]
pub struct TableSet {
    tables: BTreeMap<String, Arc<Table>>,
    versions: BTreeMap<String, u32>,
}

impl TableSet {
    /// Puts a version of a table in place of the one before.
    pub fn put(&mut self, table: &str, version: u32, rows: impl IntoIterator<Item = TableRow>) {
        self.tables.insert(table.to_owned(), Arc::new(Table::new(rows)));
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
        let rows = self.tables.get(table)?.rows.get(key)?;
        rows.iter().find(|row| row.is_in_force(on))
    }

    fn scan(&self, table: &str, prefix: &str, on: Day, max: usize) -> Vec<(&str, &str)> {
        let Some(table) = self.tables.get(table) else { return Vec::new() };
        let from_prefix = table.rows.range(prefix.to_owned()..);
        let matching = from_prefix.take_while(|(key, _)| key.starts_with(prefix));
        let in_force = matching.filter_map(|(key, rows)| {
            let row = rows.iter().find(|row| row.is_in_force(on))?;
            Some((key.as_str(), row.json.as_str()))
        });
        in_force.take(max).collect()
    }

    fn steady(&self, table: &str, on: Day) -> (Day, Day) {
        let turns = self.tables.get(table).map_or(&[][..], |table| &table.turns);
        let later = turns.partition_point(|turn| *turn <= on);
        let first = later.checked_sub(1).map_or(Day(i32::MIN), |place| turns[place]);
        let last = turns.get(later).map_or(Day(i32::MAX), |turn| turn.plus(-1));
        (first, last)
    }

    fn rows(&self, table: &str) -> Vec<&TableRow> {
        let table = self.tables.get(table).into_iter();
        table.flat_map(|table| table.rows.values().flatten()).collect()
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

#[cfg(test)]
mod tests {
    use super::{TableRow, TableSet, Tables};
    use crate::time::Day;

    fn row(key: &str, from: Option<i32>, to: Option<i32>) -> TableRow {
        TableRow { key: key.into(), from: from.map(Day), to: to.map(Day), json: key.into() }
    }

    #[test]
    fn a_table_reads_alike_on_all_days_of_a_steady_stretch() {
        let mut set = TableSet::default();
        let rows = [
            row("a", Some(10), Some(19)),
            row("a", Some(20), None),
            row("b", None, Some(14)),
            row("c", None, None),
            row("d", Some(17), Some(17)),
            row("e", None, Some(i32::MAX)),
        ];
        set.put("item", 1, rows);
        let read = |on: i32| set.scan("item", "", Day(on), 9);
        for on in 0..30 {
            let (Day(first), Day(last)) = set.steady("item", Day(on));
            assert!(first <= on && on <= last, "{on}");
            for day in first.max(0)..=last.min(30) {
                assert_eq!(read(day), read(on), "{day} and {on}");
                assert_eq!(set.steady("item", Day(day)), (Day(first), Day(last)));
            }
        }
        assert_eq!(set.steady("item", Day(16)), (Day(15), Day(16)));
        assert_eq!(set.steady("item", Day(25)), (Day(20), Day(i32::MAX)));
        assert_eq!(set.steady("officer", Day(5)), (Day(i32::MIN), Day(i32::MAX)));
    }
}
