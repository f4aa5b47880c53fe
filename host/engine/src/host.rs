//! What a plugin may call: reference tables, calendars, messages. And what guards the instance
//! while it runs.
//!
//! Work that the host does for a plugin is paid in the plugin's fuel, so that fuel bounds all of it.

use crate::fault::Stop;
use crate::limits::{LOG_LINE_BYTES, Limits, TABLE_ENTRIES};
use crate::read::{Reads, TableRead};
use crate::wire::{WireDue, WireMoment, WireRow, WireSpan, WireUnit};
use crate::world::World;
use plumbline_contract::desk::Desk;
use plumbline_contract::table::Tables;
use plumbline_contract::task::Fault;
use plumbline_contract::time::{Day, Local, Millis};
use plumbline_contract::worktime::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use wasmtime::component::{Linker, LinkerInstance, WasmStr};
use wasmtime::{ResourceLimiter, StoreContextMut, Trap};

/// Fuel of one host call: about what the crossing and a table look-up cost in time.
const CALL_FUEL: u64 = 200;
/// Fuel of making a calendar handle.
const OPEN_FUEL: u64 = 1_000;
/// Fuel of one pause in a computation of working time.
const PAUSE_FUEL: u64 = 50;
/// Most calendars open in one edition of the tables, for instance one per organ.
const CALENDARS_OPEN_MAX: usize = 4096;
/// A call that begins with more than so many begins a new edition, so that it has the rest for itself.
const CALENDARS_KEPT_MAX: usize = CALENDARS_OPEN_MAX / 2;

type Ctx<'a> = StoreContextMut<'a, Guard>;
/// Tables and grants.
type Seen = (Weak<dyn Tables>, Weak<BTreeSet<String>>);

/// The host's side of one instance: its bounds and what the running call may see.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: Limits,
    memory_denied: bool,
    messages: Vec<String>,
    world: Option<World>,
    /// The tables of the latest call and which of them were granted. They are not held on to; as long
    /// as these remember them, no others have the same address.
    tables: Option<Seen>,
    /// Counts the editions of the tables that the plugin has seen.
    edition: u64,
    /// Handle of the first calendar of this edition: those of earlier ones stay unknown.
    first_handle: u32,
    calendars: Vec<Arc<Desk>>,
    opened: BTreeMap<(String, String), u32>,
    reads: Reads,
}

impl Guard {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            memory_denied: false,
            messages: Vec::new(),
            world: None,
            tables: None,
            edition: 0,
            first_handle: 0,
            calendars: Vec::new(),
            opened: BTreeMap::new(),
            reads: Reads::default(),
        }
    }

    /// Prepares for a call that may see `world`; its look-ups are recorded if they are wanted.
    pub(crate) fn begin(&mut self, world: Option<World>, record: bool) {
        if let Some(world) = &world {
            self.turn_to(world);
        }
        self.world = world;
        self.reads.begin(record);
        self.memory_denied = false;
        self.messages.clear();
    }

    /// Begins a new edition if these are not the tables of the call before.
    fn turn_to(&mut self, world: &World) {
        let is_same = self.tables.as_ref().is_some_and(|(tables, granted)| {
            std::ptr::addr_eq(tables.as_ptr(), Arc::as_ptr(&world.tables))
                && std::ptr::addr_eq(granted.as_ptr(), Arc::as_ptr(&world.granted_tables))
        });
        if is_same && self.calendars.len() <= CALENDARS_KEPT_MAX {
            return;
        }
        self.tables = Some((Arc::downgrade(&world.tables), Arc::downgrade(&world.granted_tables)));
        self.edition += 1;
        self.first_handle = self.first_handle.wrapping_add(self.calendars.len() as u32);
        self.calendars.clear();
        self.opened.clear();
    }

    /// Drops what the call could see, but for the calendars that it opened.
    pub(crate) fn end(&mut self) {
        self.world = None;
    }

    pub(crate) fn memory_denied(&self) -> bool {
        self.memory_denied
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.limits.memory_bytes
    }

    pub(crate) fn output_bytes(&self) -> usize {
        self.limits.output_bytes
    }

    pub(crate) fn messages(&self) -> &[String] {
        &self.messages
    }

    pub(crate) fn take_messages(&mut self) -> Vec<String> {
        std::mem::take(&mut self.messages)
    }

    pub(crate) fn take_reads(&mut self) -> Vec<TableRead> {
        self.reads.take()
    }

    /// Records the rows that a call gave, if it is traced.
    fn record(&mut self, note: impl FnOnce(&mut Reads, &World)) {
        if let Some(world) = &self.world {
            note(&mut self.reads, world);
        }
    }

    fn world(&self) -> wasmtime::Result<&World> {
        let missing = "reference tables and calendars while it is configured";
        self.world.as_ref().ok_or_else(|| stop(Fault::Refused(missing.into())))
    }

    fn granted(&self, table: &str) -> wasmtime::Result<&World> {
        let world = self.world()?;
        if world.granted_tables.contains(table) {
            return Ok(world);
        }
        Err(stop(Fault::Refused(format!("reference table `{}`", cut(table, 80)))))
    }

    fn open(&mut self, region: String, organ: String) -> wasmtime::Result<u32> {
        let name = (region, organ);
        let world = self.world()?;
        if let Some(handle) = self.opened.get(&name).copied() {
            self.record(|reads, world| reads.calendar(world, &name.0, &name.1));
            return Ok(handle);
        }
        if self.calendars.len() == CALENDARS_OPEN_MAX {
            let what = format!("more than {CALENDARS_OPEN_MAX} calendars in one call");
            return Err(stop(Fault::BadOutput(what)));
        }
        let desk = world.calendars.open(&*world.tables, &name.0, &name.1);
        let desk = desk.map_err(wasmtime::Error::new)?;
        self.record(|reads, world| reads.calendar(world, &name.0, &name.1));
        let handle = self.first_handle.wrapping_add(self.calendars.len() as u32);
        self.calendars.push(desk);
        self.opened.insert(name, handle);
        Ok(handle)
    }

    fn message(&mut self, text: &str) {
        if self.messages.len() < self.limits.log_lines {
            self.messages.push(cut(text, LOG_LINE_BYTES).into());
        }
    }
}

impl ResourceLimiter for Guard {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let granted = desired <= self.limits.memory_bytes;
        self.memory_denied |= !granted;
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ENTRIES)
    }
}

/// A linker that knows our own interfaces and nothing else.
pub(crate) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<Guard>> {
    let mut linker = Linker::new(engine);
    linker.instance("plumbline:supervision/types@0.1.0")?;
    link_reference(&mut linker.instance("plumbline:supervision/reference@0.1.0")?)?;
    link_calendar(&mut linker.instance("plumbline:supervision/calendar@0.1.0")?)?;
    let mut diagnostics = linker.instance("plumbline:supervision/diagnostics@0.1.0")?;
    diagnostics.func_wrap("message", |mut ctx: Ctx<'_>, (text,): (WasmStr,)| {
        charge(&mut ctx, CALL_FUEL)?;
        let text = text.to_str(&ctx)?.into_owned();
        ctx.data_mut().message(&text);
        Ok(())
    })?;
    Ok(linker)
}

fn link_reference(linker: &mut LinkerInstance<'_, Guard>) -> wasmtime::Result<()> {
    linker.func_wrap("lookup", |mut ctx: Ctx<'_>, (table, key, on): (WasmStr, WasmStr, i32)| {
        charge(&mut ctx, CALL_FUEL)?;
        let row = {
            let (table, key) = (table.to_str(&ctx)?, key.to_str(&ctx)?);
            let world = ctx.data().granted(&table)?;
            world.tables.lookup(&table, &key, Day(on)).map(String::from)
        };
        if ctx.data().reads.are_wanted() {
            let (table, key) = (table.to_str(&ctx)?.into_owned(), key.to_str(&ctx)?.into_owned());
            ctx.data_mut().record(|reads, world| reads.lookup(world, &table, &key, Day(on)));
        }
        Ok((row,))
    })?;
    linker.func_wrap(
        "scan",
        |mut ctx: Ctx<'_>, (table, prefix, on, max): (WasmStr, WasmStr, i32, u32)| {
            charge(&mut ctx, CALL_FUEL)?;
            let rows: Vec<_> = {
                let (table, prefix) = (table.to_str(&ctx)?, prefix.to_str(&ctx)?);
                let world = ctx.data().granted(&table)?;
                let rows = world.tables.scan(&table, &prefix, Day(on), max as usize);
                let row =
                    |(key, value): (&str, &str)| WireRow { key: key.into(), value: value.into() };
                rows.into_iter().map(row).collect()
            };
            if ctx.data().reads.are_wanted() {
                let name = (table.to_str(&ctx)?.into_owned(), prefix.to_str(&ctx)?.into_owned());
                let keys: Vec<_> = rows.iter().map(|row| row.key.as_str()).collect();
                let note = |reads: &mut Reads, world: &World| {
                    reads.scan(world, (&name.0, &name.1), Day(on), &keys);
                };
                ctx.data_mut().record(note);
            }
            charge(&mut ctx, CALL_FUEL * rows.len() as u64)?;
            Ok((rows,))
        },
    )?;
    linker.func_wrap("steady", |mut ctx: Ctx<'_>, (table, on): (WasmStr, i32)| {
        charge(&mut ctx, CALL_FUEL)?;
        let table = table.to_str(&ctx)?;
        let world = ctx.data().granted(&table)?;
        let (first, last) = world.tables.steady(&table, Day(on));
        Ok(((first.0, last.0),))
    })?;
    linker.func_wrap("edition", |mut ctx: Ctx<'_>, (): ()| {
        charge(&mut ctx, CALL_FUEL)?;
        ctx.data().world()?;
        Ok((ctx.data().edition,))
    })
}

fn link_calendar(linker: &mut LinkerInstance<'_, Guard>) -> wasmtime::Result<()> {
    linker.func_wrap("open", |mut ctx: Ctx<'_>, (region, organ): (WasmStr, WasmStr)| {
        charge(&mut ctx, OPEN_FUEL)?;
        let region = region.to_str(&ctx)?.into_owned();
        let organ = organ.to_str(&ctx)?.into_owned();
        Ok((ctx.data_mut().open(region, organ)?,))
    })?;
    linker.func_wrap("is-working", |mut ctx: Ctx<'_>, (handle, day): (u32, i32)| {
        let desk = calendar(&mut ctx, handle, 0)?;
        Ok((desk.calendar().is_working(Day(day)),))
    })?;
    linker.func_wrap(
        "add",
        |mut ctx: Ctx<'_>, (handle, from, amount, unit, roll): (u32, i32, i32, WireUnit, bool)| {
            let desk = calendar(&mut ctx, handle, 0)?;
            let due = desk.add(Day(from), amount, unit.into(), roll);
            Ok((WireDue { day: due.day.0, provisional: due.provisional },))
        },
    )?;
    linker.func_wrap(
        "count",
        |mut ctx: Ctx<'_>, (handle, from, to, unit, pauses): CountArguments| {
            let desk = calendar(&mut ctx, handle, pauses.len())?;
            let pauses: Vec<_> = pauses.into_iter().map(Span::from).collect();
            Ok((desk.count(Day(from), Day(to), unit.into(), &pauses),))
        },
    )?;
    linker.func_wrap(
        "add-worktime",
        |mut ctx: Ctx<'_>, (handle, from, seconds): (u32, i64, i64)| {
            let moment = calendar(&mut ctx, handle, 0)?.add_worktime(Local(from), seconds);
            Ok((WireMoment { at: moment.at.0, provisional: moment.provisional },))
        },
    )?;
    linker.func_wrap(
        "worktime",
        |mut ctx: Ctx<'_>, (handle, from, to, pauses): (u32, i64, i64, Vec<WireSpan>)| {
            let desk = calendar(&mut ctx, handle, pauses.len())?;
            let pauses: Vec<_> = pauses.into_iter().map(Span::from).collect();
            Ok((desk.worktime(Local(from), Local(to), &pauses),))
        },
    )?;
    linker.func_wrap("to-local", |mut ctx: Ctx<'_>, (at,): (i64,)| {
        charge(&mut ctx, CALL_FUEL)?;
        Ok((ctx.data().world()?.zone.local(Millis(at)).0,))
    })
}

type CountArguments = (u32, i32, i32, WireUnit, Vec<WireSpan>);

/// The open calendar of that handle; pays for a computation with that many pauses.
fn calendar<'a>(ctx: &'a mut Ctx<'_>, handle: u32, pauses: usize) -> wasmtime::Result<&'a Desk> {
    charge(ctx, CALL_FUEL + PAUSE_FUEL * pauses as u64)?;
    let guard = ctx.data();
    guard.world()?;
    let place = handle.wrapping_sub(guard.first_handle) as usize;
    guard.calendars.get(place).map(|desk| &**desk).ok_or_else(|| {
        let what = format!("calendar {handle} was not opened in this edition of the tables");
        stop(Fault::BadOutput(what))
    })
}

/// Takes fuel for work that the host does.
fn charge(ctx: &mut Ctx<'_>, units: u64) -> wasmtime::Result<()> {
    match ctx.get_fuel()?.checked_sub(units) {
        Some(left) => ctx.set_fuel(left),
        None => {
            ctx.set_fuel(0)?;
            Err(Trap::OutOfFuel.into())
        }
    }
}

fn stop(fault: Fault) -> wasmtime::Error {
    wasmtime::Error::new(Stop(fault))
}

/// The first `max` bytes, or a few less so that no character is cut in two.
fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}
