//! What the host offers to a plugin while it runs, and the memory of one batch for table rows.

use plumbline_contract::json::Object;
use plumbline_contract::time::{Day, Local};
use plumbline_contract::worktime::{Due, Moment, Span, Unit};
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// A calendar with a timetable, opened for one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarId(pub u32);

/// The imports of the contract. In WebAssembly they are calls to the host; natively they are
/// answered by [`crate::native::NativeHost`] from the same arithmetic.
pub trait Host: fmt::Debug {
    fn lookup(&self, table: &str, key: &str, on: Day) -> Option<String>;
    fn scan(&self, table: &str, prefix: &str, on: Day, max: u32) -> Vec<(String, String)>;
    fn open(&self, region: &str, organ: &str) -> CalendarId;
    fn is_working(&self, calendar: CalendarId, day: Day) -> bool;
    fn add(&self, calendar: CalendarId, from: Day, amount: i32, unit: Unit, roll: bool) -> Due;
    fn count(&self, calendar: CalendarId, from: Day, to: Day, unit: Unit, pauses: &[Span]) -> i32;
    fn add_worktime(&self, calendar: CalendarId, from: Local, seconds: i64) -> Moment;
    fn worktime(&self, calendar: CalendarId, from: Local, to: Local, pauses: &[Span]) -> i64;
    fn to_local(&self, utc_ms: i64) -> Local;
    fn message(&self, text: &str);
}

/// A typed row of a reference table.
pub trait FromRow: Sized + 'static {
    /// Name of the table.
    const TABLE: &'static str;
    /// Reads the row; `None` if a field that every row must have is missing or malformed.
    fn from_row(row: &Object<'_>) -> Option<Self>;
}

type RowKey = (TypeId, String, Day);

/// Rows that were looked up during one batch, already typed, and opened calendars.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    rows: RefCell<BTreeMap<RowKey, Option<Rc<dyn Any>>>>,
    calendars: RefCell<BTreeMap<(String, String), CalendarId>>,
}

impl Memory {
    pub(crate) fn row<T: FromRow>(&self, host: &dyn Host, key: &str, on: Day) -> Option<Rc<T>> {
        let id = (TypeId::of::<T>(), key.to_owned(), on);
        let known = self.rows.borrow().get(&id).cloned();
        let row = known.unwrap_or_else(|| {
            let text = host.lookup(T::TABLE, key, on);
            let row = text.and_then(|text| T::from_row(&Object::parse(&text)));
            let row = row.map(|row| Rc::new(row) as Rc<dyn Any>);
            self.rows.borrow_mut().insert(id, row.clone());
            row
        })?;
        row.downcast::<T>().ok()
    }

    pub(crate) fn calendar(&self, host: &dyn Host, region: &str, organ: &str) -> CalendarId {
        let mut calendars = self.calendars.borrow_mut();
        if let Some(id) = calendars.get(&(region.to_owned(), organ.to_owned())) {
            return *id;
        }
        let id = host.open(region, organ);
        calendars.insert((region.to_owned(), organ.to_owned()), id);
        id
    }
}
