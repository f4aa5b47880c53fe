//! The host's imports answered natively, from the same arithmetic that the host uses, and a
//! supervisor that runs a plugin without WebAssembly: for `cargo test` and for measuring.

use crate::example::Executor;
use crate::{CalendarId, Configured, Host, Plugin};
use plumbline_contract::desk::Desk;
use plumbline_contract::table::Tables;
use plumbline_contract::task::{LookMode, Task, Verdict};
use plumbline_contract::time::{Day, Local, Millis, Zone};
use plumbline_contract::worktime::{Due, Moment, Span, Unit};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// Answers imports from tables in memory.
#[derive(Debug)]
pub struct NativeHost {
    tables: Arc<dyn Tables>,
    zone: Zone,
    desks: RefCell<Vec<OpenDesk>>,
}

/// A desk with its region and organ.
type OpenDesk = ((String, String), Rc<Desk>);

impl NativeHost {
    #[must_use]
    pub fn new(tables: Arc<dyn Tables>, zone: Zone) -> Self {
        Self { tables, zone, desks: RefCell::new(Vec::new()) }
    }

    fn desk(&self, id: CalendarId) -> Rc<Desk> {
        self.desks.borrow()[id.0 as usize].1.clone()
    }
}

impl Host for NativeHost {
    fn lookup(&self, table: &str, key: &str, on: Day) -> Option<String> {
        self.tables.lookup(table, key, on).map(str::to_owned)
    }

    fn scan(&self, table: &str, prefix: &str, on: Day, max: u32) -> Vec<(String, String)> {
        let rows = self.tables.scan(table, prefix, on, max as usize);
        rows.into_iter().map(|(key, row)| (key.to_owned(), row.to_owned())).collect()
    }

    fn open(&self, region: &str, organ: &str) -> CalendarId {
        let mut desks = self.desks.borrow_mut();
        let known = desks.iter().position(|((r, o), _)| r == region && o == organ);
        let index = known.unwrap_or_else(|| {
            let desk = Desk::open(&*self.tables, region, organ).expect("the tables make sense");
            desks.push(((region.to_owned(), organ.to_owned()), Rc::new(desk)));
            desks.len() - 1
        });
        CalendarId(index as u32)
    }

    fn is_working(&self, id: CalendarId, day: Day) -> bool {
        self.desk(id).calendar().is_working(day)
    }

    fn add(&self, id: CalendarId, from: Day, amount: i32, unit: Unit, roll: bool) -> Due {
        self.desk(id).add(from, amount, unit, roll)
    }

    fn count(&self, id: CalendarId, from: Day, to: Day, unit: Unit, pauses: &[Span]) -> i32 {
        self.desk(id).count(from, to, unit, pauses)
    }

    fn add_worktime(&self, id: CalendarId, from: Local, seconds: i64) -> Moment {
        self.desk(id).add_worktime(from, seconds)
    }

    fn worktime(&self, id: CalendarId, from: Local, to: Local, pauses: &[Span]) -> i64 {
        self.desk(id).worktime(from, to, pauses)
    }

    fn to_local(&self, utc_ms: i64) -> Local {
        self.zone.local(Millis(utc_ms))
    }

    fn message(&self, _: &str) {}
}

/// Runs plugin `P` natively.
#[derive(Debug)]
pub struct Native<P: Plugin> {
    configured: Configured<P::Params>,
}

impl<P: Plugin> Native<P> {
    /// # Errors
    /// What the plugin says against the parameters.
    pub fn new(parameters: &str) -> Result<Self, String> {
        Ok(Self { configured: crate::plugin::configure::<P>(parameters)? })
    }

    /// Runs tasks against a host.
    pub fn supervise(&self, host: &dyn Host, tasks: &[Task<'_>], mode: LookMode) -> Vec<Verdict> {
        crate::plugin::supervise::<P>(&self.configured, host, tasks, mode)
    }
}

/// Runs each example with the parameters it asks for.
#[derive(Debug)]
pub struct NativeExecutor<P> {
    plugin: std::marker::PhantomData<P>,
    /// The host of the example that is running: opening its calendars is most of the work.
    host: Option<NativeHost>,
}

impl<P> Default for NativeExecutor<P> {
    fn default() -> Self {
        Self { plugin: std::marker::PhantomData, host: None }
    }
}

impl<P: Plugin> Executor for NativeExecutor<P> {
    fn supervise(
        &mut self,
        parameters: &str,
        tables: Arc<dyn Tables>,
        zone: &Zone,
        tasks: &[Task<'_>],
    ) -> Result<Vec<Verdict>, String> {
        let native = Native::<P>::new(parameters)?;
        let same = |host: &NativeHost| Arc::ptr_eq(&host.tables, &tables) && host.zone == *zone;
        let host = self.host.take().filter(same);
        let host = host.unwrap_or_else(|| NativeHost::new(tables, zone.clone()));
        let verdicts = native.supervise(&host, tasks, LookMode::Every);
        self.host = Some(host);
        Ok(verdicts)
    }
}
