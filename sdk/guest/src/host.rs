//! What the host offers to a plugin while it runs, and how a plugin reads a table row.

use plumbline_contract::json::Object;
use plumbline_contract::time::{Day, Local};
use plumbline_contract::worktime::{Due, Moment, Span, Unit};
use std::fmt;

/// A calendar with a timetable, opened as long as no table changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarId(pub u32);

/// The imports of the contract. In WebAssembly they are calls to the host; natively they are
/// answered by [`crate::native::NativeHost`] from the same arithmetic.
pub trait Host: fmt::Debug {
    fn lookup(&self, table: &str, key: &str, on: Day) -> Option<String>;
    fn scan(&self, table: &str, prefix: &str, on: Day, max: u32) -> Vec<(String, String)>;
    /// The days about `on` on all of which a table reads alike.
    fn steady(&self, _table: &str, on: Day) -> (Day, Day) {
        (on, on)
    }
    fn open(&self, region: &str, organ: &str) -> CalendarId;
    fn is_working(&self, calendar: CalendarId, day: Day) -> bool;
    fn add(&self, calendar: CalendarId, from: Day, amount: i32, unit: Unit, roll: bool) -> Due;
    fn count(&self, calendar: CalendarId, from: Day, to: Day, unit: Unit, pauses: &[Span]) -> i32;
    fn add_worktime(&self, calendar: CalendarId, from: Local, seconds: i64) -> Moment;
    fn worktime(&self, calendar: CalendarId, from: Local, to: Local, pauses: &[Span]) -> i64;
    fn to_local(&self, utc_ms: i64) -> Local;
    fn message(&self, text: &str);
}

/// A typed row of a reference table: plain data. Rows are kept from call to call while no table
/// changes, but what a call allocates later is forgotten with it; so nothing in a row may be filled in
/// afterwards. `Send + Sync` keeps out `Rc`, `Cell` and `RefCell`; leave out `Mutex` and `OnceLock`
/// too.
pub trait FromRow: Send + Sync + Sized + 'static {
    /// Name of the table.
    const TABLE: &'static str;
    /// Reads the row; `None` if a field that every row must have is missing or malformed.
    fn from_row(row: &Object<'_>) -> Option<Self>;
}
