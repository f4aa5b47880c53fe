//! Reference tables as rules see them.

use crate::time::Day;
use std::collections::BTreeMap;
use std::fmt;

/// A consistent view of all reference tables at one position of the log.
///
/// `effective_to` and `valid_to` are inclusive everywhere.
pub trait Tables: fmt::Debug + Send + Sync {
    /// The row in force on a local date, as JSON text.
    fn lookup(&self, table: &str, key: &str, on: Day) -> Option<&str>;
    /// Rows in force whose key starts with `prefix`, in key order, at most `max`.
    fn scan(&self, table: &str, prefix: &str, on: Day, max: usize) -> Vec<(&str, &str)>;
    /// Version of each loaded table.
    fn versions(&self) -> &BTreeMap<String, u32>;
}

/// A view without any table.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTables;

impl Tables for NoTables {
    fn lookup(&self, _: &str, _: &str, _: Day) -> Option<&str> {
        None
    }
    fn scan(&self, _: &str, _: &str, _: Day, _: usize) -> Vec<(&str, &str)> {
        Vec::new()
    }
    fn versions(&self) -> &BTreeMap<String, u32> {
        static NONE: BTreeMap<String, u32> = BTreeMap::new();
        &NONE
    }
}
