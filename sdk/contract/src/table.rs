//! Reference tables (基础库): their columns, their rows, and how rules see them.

mod format;
mod row;
mod set;
mod spec;

pub use format::{CODE_CHARS_MAX, Format, is_citizen_id, is_hash, uscc_ok};
pub use row::{Hasher, RowError};
pub use set::{NoTables, TableSet};
pub use spec::{Column, ColumnKind, Order, Period, Shape, TableSpec, specs};

use crate::time::Day;
use std::collections::BTreeMap;
use std::fmt;

/// Most rows of one table: a county's registers have some ten thousand.
pub const TABLE_ROWS_MAX: usize = 1_000_000;
/// Largest row as JSON text, in bytes.
pub const ROW_BYTES_MAX: usize = 64 * 1024;

/// One row of a version of a table. A key may have several rows with periods that do not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    pub key: String,
    /// First day on which the row is in force; `None` for since ever.
    pub from: Option<Day>,
    /// Last day on which it is in force, inclusive; `None` for still.
    pub to: Option<Day>,
    /// The whole row as one JSON object.
    pub json: String,
}

impl TableRow {
    /// Whether the row is in force on a local date.
    #[must_use]
    pub fn is_in_force(&self, on: Day) -> bool {
        self.from.is_none_or(|from| from <= on) && self.to.is_none_or(|to| on <= to)
    }
}

/// A consistent view of all reference tables at one position of the log.
pub trait Tables: fmt::Debug + Send + Sync {
    /// The row in force on a local date, as JSON text.
    fn lookup(&self, table: &str, key: &str, on: Day) -> Option<&str>;
    /// As [`Tables::lookup`], the row with its period.
    fn row(&self, table: &str, key: &str, on: Day) -> Option<&TableRow>;
    /// Rows in force whose key starts with `prefix`, in key order, at most `max`.
    fn scan(&self, table: &str, prefix: &str, on: Day, max: usize) -> Vec<(&str, &str)>;
    /// The first and the last of the days about `on` between which no row of the table begins or
    /// ends. That day alone is always true.
    fn steady(&self, _table: &str, on: Day) -> (Day, Day) {
        (on, on)
    }
    /// All rows of a table, in key order, for the host's own use.
    fn rows(&self, table: &str) -> Vec<&TableRow>;
    /// Version of each loaded table.
    fn versions(&self) -> &BTreeMap<String, u32>;
}
