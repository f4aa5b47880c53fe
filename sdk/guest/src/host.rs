//! What the host offers to a plugin while it runs, and the memory of one batch for table rows.

use crate::look::eat_bytes;
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

/// Rows that were looked up during one batch, already typed, and opened calendars. Looking a second
/// time allocates nothing: it happens some dozen times for each event.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    rows: RefCell<Shelf<Known>>,
    calendars: RefCell<BTreeMap<String, BTreeMap<String, CalendarId>>>,
    scans: RefCell<Shelf<Scan>>,
    sums: RefCell<Answers<Sum, Due>>,
    counts: RefCell<Answers<Count, i32>>,
}

/// Places for dates and counts that were computed: the rules of one key ask for the same few at each
/// look, and the keys of one call lie in the same weeks. Each question to the host is a call out of
/// the sandbox and back.
const SUMS: usize = 256;

/// What the host is asked for a date: calendar, first day, amount, unit, whether it rolls on.
type Sum = (CalendarId, Day, i32, Unit, bool);

/// What it is asked for a count where nothing was paused: calendar, first and last day, unit.
type Count = (CalendarId, Day, Day, Unit);

/// Answers of the host, each at the place that its question names; a newer one takes the place of an
/// older one.
#[derive(Debug)]
struct Answers<Q, A> {
    places: Vec<Option<(Q, A)>>,
}

impl<Q, A> Default for Answers<Q, A> {
    fn default() -> Self {
        Self { places: Vec::new() }
    }
}

impl<Q: Copy + PartialEq, A: Copy> Answers<Q, A> {
    /// What the host answers; `a` and `b` are what mostly tells questions apart.
    fn get(&mut self, asked: Q, (a, b): (i32, i32), ask: impl FnOnce() -> A) -> A {
        if self.places.is_empty() {
            self.places.resize(SUMS, None);
        }
        let place = (a as usize).wrapping_mul(37).wrapping_add(b as usize) % SUMS;
        match self.places[place] {
            Some((known, answer)) if known == asked => answer,
            _ => {
                let answer = ask();
                self.places[place] = Some((asked, answer));
                answer
            }
        }
    }
}

/// Lists by name. A sorted map compares a name with half a dozen others, which took a tenth of the
/// time of a fold; this compares it with one.
#[derive(Debug)]
struct Shelf<T> {
    /// Each list with the mark of its name and the name.
    places: Vec<Vec<(u64, String, Vec<T>)>>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { places: Vec::new() }
    }
}

impl<T> Shelf<T> {
    /// The list of that name, empty if it was never asked for.
    fn list(&mut self, name: &str) -> &mut Vec<T> {
        if self.places.is_empty() {
            self.places.resize_with(SHELF_PLACES, Vec::new);
        }
        let mark = eat_bytes(name.len() as u64, name.as_bytes());
        let place = &mut self.places[(mark % SHELF_PLACES as u64) as usize];
        let known = place.iter().position(|(known, text, _)| *known == mark && text == name);
        let index = known.unwrap_or_else(|| {
            place.push((mark, name.to_owned(), Vec::new()));
            place.len() - 1
        });
        &mut place[index].2
    }
}

/// Places of a shelf: about as many as a batch of tasks names rows.
const SHELF_PLACES: usize = 256;

/// What the scan of a table gave, listed under its prefix.
#[derive(Debug)]
struct Scan {
    table: String,
    on: Day,
    max: u32,
    rows: Rc<[(String, String)]>,
    /// What was read from the rows, by its type.
    read: Vec<(TypeId, Rc<dyn Any>)>,
}

impl Scan {
    fn is_of(&self, table: &str, (on, max): (Day, u32)) -> bool {
        self.on == on && self.max == max && self.table == table
    }
}

/// What is known about one key of one table.
#[derive(Debug)]
struct Known {
    kind: TypeId,
    /// The first and the last day for which it is known. One row with one text has one period, so
    /// between two days on which it was found it is in force as well.
    from: Day,
    to: Day,
    text: Option<String>,
    row: Option<Rc<dyn Any>>,
}

impl Memory {
    pub(crate) fn row<T: FromRow>(&self, host: &dyn Host, key: &str, on: Day) -> Option<Rc<T>> {
        let kind = TypeId::of::<T>();
        let mut rows = self.rows.borrow_mut();
        let known = rows.list(key);
        let of_day = |known: &&Known| known.kind == kind && known.from <= on && on <= known.to;
        if let Some(found) = known.iter().find(of_day) {
            return found.row.clone()?.downcast::<T>().ok();
        }
        let text = host.lookup(T::TABLE, key, on);
        let same = |known: &&mut Known| known.kind == kind && known.text == text;
        if let Some(found) = known.iter_mut().find(same)
            && text.is_some()
        {
            (found.from, found.to) = (found.from.min(on), found.to.max(on));
            return found.row.clone()?.downcast::<T>().ok();
        }
        let row = text.as_deref().and_then(|text| T::from_row(&Object::parse(text))).map(Rc::new);
        let any = row.clone().map(|row| row as Rc<dyn Any>);
        known.push(Known { kind, from: on, to: on, text, row: any });
        row
    }

    /// Rules ask again at every look, mostly for rows that are not there.
    pub(crate) fn scan(
        &self,
        host: &dyn Host,
        table: &str,
        prefix: &str,
        (on, max): (Day, u32),
    ) -> Rc<[(String, String)]> {
        let mut scans = self.scans.borrow_mut();
        let known = scans.list(prefix);
        if let Some(scan) = known.iter().find(|scan| scan.is_of(table, (on, max))) {
            return scan.rows.clone();
        }
        let rows: Rc<[_]> = host.scan(table, prefix, on, max).into();
        let table = table.to_owned();
        known.push(Scan { table, on, max, rows: rows.clone(), read: Vec::new() });
        rows
    }

    /// What `read` makes of a scan; it is made once.
    pub(crate) fn scan_as<T: 'static>(
        &self,
        host: &dyn Host,
        (table, prefix): (&str, &str),
        asked: (Day, u32),
        read: fn(&[(String, String)]) -> T,
    ) -> Rc<T> {
        let rows = self.scan(host, table, prefix, asked);
        let mut scans = self.scans.borrow_mut();
        let scan = scans.list(prefix).iter_mut().find(|scan| scan.is_of(table, asked));
        let scan = scan.expect("the scan was listed just now");
        let known = scan.read.iter().find(|(kind, _)| *kind == TypeId::of::<T>());
        if let Some(known) = known.and_then(|(_, value)| value.clone().downcast::<T>().ok()) {
            return known;
        }
        let value = Rc::new(read(&rows));
        scan.read.push((TypeId::of::<T>(), value.clone()));
        value
    }

    pub(crate) fn add(
        &self,
        host: &dyn Host,
        calendar: CalendarId,
        (from, amount, unit, roll): (Day, i32, Unit, bool),
    ) -> Due {
        let asked = (calendar, from, amount, unit, roll);
        let ask = || host.add(calendar, from, amount, unit, roll);
        self.sums.borrow_mut().get(asked, (from.0, amount), ask)
    }

    /// Days in (from, to] where nothing is paused.
    pub(crate) fn count(
        &self,
        host: &dyn Host,
        calendar: CalendarId,
        (from, to, unit): (Day, Day, Unit),
    ) -> i32 {
        let ask = || host.count(calendar, from, to, unit, &[]);
        let days = to.0.wrapping_sub(from.0);
        self.counts.borrow_mut().get((calendar, from, to, unit), (from.0, days), ask)
    }

    pub(crate) fn calendar(&self, host: &dyn Host, region: &str, organ: &str) -> CalendarId {
        let mut calendars = self.calendars.borrow_mut();
        if let Some(id) = calendars.get(region).and_then(|organs| organs.get(organ)) {
            return *id;
        }
        let id = host.open(region, organ);
        calendars.entry(region.to_owned()).or_default().insert(organ.to_owned(), id);
        id
    }
}
