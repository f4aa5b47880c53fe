//! What a plugin has looked up: typed rows, scans, calendars, dates and counts.
//!
//! In WebAssembly it is kept from call to call while no table changes, so whatever it allocates lasts
//! (see the module `arena`), and a value that it holds must not be changed by anybody else. Natively,
//! and where the host notes what a call looks up, it lives for one call.

use crate::host::{CalendarId, FromRow, Host};
use crate::look::eat_bytes;
use plumbline_contract::json::Object;
use plumbline_contract::time::Day;
use plumbline_contract::worktime::{Due, Unit};
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// See the module. Looking a second time allocates nothing: it happens some dozen times for each event.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Whether it outlives the call, and with it what it allocates.
    lasts: bool,
    rows: RefCell<Shelf<Known>>,
    calendars: RefCell<BTreeMap<String, BTreeMap<String, CalendarId>>>,
    scans: RefCell<Shelf<Scan>>,
    /// By table, the days between which it reads alike.
    steady: RefCell<Shelf<(Day, Day)>>,
    sums: RefCell<Answers<Sum, Due>>,
    counts: RefCell<Answers<Count, i32>>,
}

/// Places for dates and counts that were computed: the rules of one key ask for the same few at each
/// look, and keys of the same weeks for the same ones. Each question to the host is a call out of the
/// sandbox and back.
const ANSWERS: usize = 4096;

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
            self.places.resize(ANSWERS, None);
        }
        let place = (a as usize).wrapping_mul(37).wrapping_add(b as usize) % ANSWERS;
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

/// Places of a shelf: a county's items, officers and departments are some thousand.
const SHELF_PLACES: usize = 1024;
/// Most things listed under one name, which are sought one after the other: for instance a row that
/// is not there, day by day. When there are more, they are looked up anew.
const LIST_MAX: usize = 32;

/// Adds to a list under one name.
fn note<T>(list: &mut Vec<T>, new: T) {
    if list.len() == LIST_MAX {
        list.clear();
    }
    list.push(new);
}

/// What the scan of a table gave, listed under its prefix.
#[derive(Debug)]
struct Scan {
    table: String,
    /// The days on which it gives this.
    from: Day,
    to: Day,
    max: u32,
    rows: Rc<[(String, String)]>,
    /// What was read from the rows, by its type.
    read: Vec<(TypeId, Rc<dyn Any>)>,
}

impl Scan {
    fn is_of(&self, table: &str, (on, max): (Day, u32)) -> bool {
        self.from <= on && on <= self.to && self.max == max && self.table == table
    }
}

/// What is known about one key of one table.
#[derive(Debug)]
struct Known {
    kind: TypeId,
    /// The first and the last day for which it is known: the days about the one that was asked for on
    /// which the table reads alike. One row with one text has one period, so between two days on which
    /// it was found it is in force as well.
    from: Day,
    to: Day,
    text: Option<String>,
    row: Option<Rc<dyn Any>>,
}

impl Memory {
    /// One that is kept for the calls that follow.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn lasting() -> Self {
        Self { lasts: true, ..Self::default() }
    }

    /// Does what may allocate for this memory.
    fn noting<R>(&self, make: impl FnOnce() -> R) -> R {
        #[cfg(target_arch = "wasm32")]
        if self.lasts {
            return crate::arena::lasting(make);
        }
        debug_assert!(!self.lasts, "natively it lives for one call");
        make()
    }

    /// The days about `on` for which one answer of a table is known to hold.
    fn span(&self, host: &dyn Host, table: &str, on: Day) -> (Day, Day) {
        if !self.lasts {
            // The host notes for which days it is asked.
            return (on, on);
        }
        let mut steady = self.steady.borrow_mut();
        let spans = steady.list(table);
        let known = spans.iter().find(|(from, to)| *from <= on && on <= *to).copied();
        known.unwrap_or_else(|| {
            let span = host.steady(table, on);
            note(spans, span);
            span
        })
    }

    pub(crate) fn row<T: FromRow>(&self, host: &dyn Host, key: &str, on: Day) -> Option<Rc<T>> {
        self.noting(|| {
            let kind = TypeId::of::<T>();
            let mut rows = self.rows.borrow_mut();
            let known = rows.list(key);
            let of_day = |known: &&Known| known.kind == kind && known.from <= on && on <= known.to;
            if let Some(found) = known.iter().find(of_day) {
                return found.row.clone()?.downcast::<T>().ok();
            }
            let text = host.lookup(T::TABLE, key, on);
            let (from, to) = self.span(host, T::TABLE, on);
            let same = |known: &&mut Known| known.kind == kind && known.text == text;
            if let Some(found) = known.iter_mut().find(same)
                && text.is_some()
            {
                (found.from, found.to) = (found.from.min(from), found.to.max(to));
                return found.row.clone()?.downcast::<T>().ok();
            }
            let row = text.as_deref().and_then(|text| T::from_row(&Object::parse(text)));
            let row = row.map(Rc::new);
            let any = row.clone().map(|row| row as Rc<dyn Any>);
            note(known, Known { kind, from, to, text, row: any });
            row
        })
    }

    /// Rules ask again at every look, mostly for rows that are not there.
    pub(crate) fn scan(
        &self,
        host: &dyn Host,
        table: &str,
        prefix: &str,
        (on, max): (Day, u32),
    ) -> Rc<[(String, String)]> {
        self.noting(|| {
            let mut scans = self.scans.borrow_mut();
            let known = scans.list(prefix);
            if let Some(scan) = known.iter().find(|scan| scan.is_of(table, (on, max))) {
                return scan.rows.clone();
            }
            let rows: Rc<[_]> = host.scan(table, prefix, on, max).into();
            let (from, to) = self.span(host, table, on);
            let table = table.to_owned();
            note(known, Scan { table, from, to, max, rows: rows.clone(), read: Vec::new() });
            rows
        })
    }

    /// What `read` makes of a scan; it is made once.
    pub(crate) fn scan_as<T: Send + Sync + 'static>(
        &self,
        host: &dyn Host,
        (table, prefix): (&str, &str),
        asked: (Day, u32),
        read: fn(&[(String, String)]) -> T,
    ) -> Rc<T> {
        self.noting(|| {
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
        })
    }

    pub(crate) fn add(
        &self,
        host: &dyn Host,
        calendar: CalendarId,
        (from, amount, unit, roll): (Day, i32, Unit, bool),
    ) -> Due {
        let asked = (calendar, from, amount, unit, roll);
        let ask = || host.add(calendar, from, amount, unit, roll);
        self.noting(|| self.sums.borrow_mut().get(asked, (from.0, amount), ask))
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
        let asked = (calendar, from, to, unit);
        self.noting(|| self.counts.borrow_mut().get(asked, (from.0, days), ask))
    }

    pub(crate) fn calendar(&self, host: &dyn Host, region: &str, organ: &str) -> CalendarId {
        self.noting(|| {
            let mut calendars = self.calendars.borrow_mut();
            if let Some(id) = calendars.get(region).and_then(|organs| organs.get(organ)) {
                return *id;
            }
            let id = host.open(region, organ);
            calendars.entry(region.to_owned()).or_default().insert(organ.to_owned(), id);
            id
        })
    }
}
