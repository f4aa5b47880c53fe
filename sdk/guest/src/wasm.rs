//! The glue between the component model and the SDK; see [`crate::supervisor!`].
#![expect(unsafe_code, clippy::all, reason = "generated bindings")]
#![allow(missing_debug_implementations, unreachable_pub, clippy::pedantic)]

use crate::arena;
use crate::contract::alert::Level;
use crate::contract::task;
use crate::contract::time::{Day, Local};
use crate::contract::worktime::{Due, Moment, Span, Unit};
use crate::memory::Memory;
use crate::stream::leave;
use crate::{CalendarId, Configured, Host, Plugin};
use std::cell::Cell;

wit_bindgen::generate!({
    path: "../contract/wit",
    world: "supervisor",
    pub_export_macro: true,
    default_bindings_module: "plumbline_guest::wasm",
});

use plumbline::supervision::{calendar, diagnostics, reference, types};

/// The host's imports.
#[derive(Clone, Copy, Debug)]
pub struct Imports;

impl Host for Imports {
    fn lookup(&self, table: &str, key: &str, on: Day) -> Option<String> {
        reference::lookup(table, key, on.0)
    }

    fn scan(&self, table: &str, prefix: &str, on: Day, max: u32) -> Vec<(String, String)> {
        let rows = reference::scan(table, prefix, on.0, max);
        rows.into_iter().map(|row| (row.key, row.value)).collect()
    }

    fn steady(&self, table: &str, on: Day) -> (Day, Day) {
        let (first, last) = reference::steady(table, on.0);
        (Day(first), Day(last))
    }

    fn open(&self, region: &str, organ: &str) -> CalendarId {
        CalendarId(calendar::open(region, organ))
    }

    fn is_working(&self, id: CalendarId, day: Day) -> bool {
        calendar::is_working(id.0, day.0)
    }

    fn add(&self, id: CalendarId, from: Day, amount: i32, unit: Unit, roll: bool) -> Due {
        let due = calendar::add(id.0, from.0, amount, to_unit(unit), roll);
        Due { day: Day(due.day), provisional: due.provisional }
    }

    fn count(&self, id: CalendarId, from: Day, to: Day, unit: Unit, pauses: &[Span]) -> i32 {
        calendar::count(id.0, from.0, to.0, to_unit(unit), &to_spans(pauses))
    }

    fn add_worktime(&self, id: CalendarId, from: Local, seconds: i64) -> Moment {
        let moment = calendar::add_worktime(id.0, from.0, seconds);
        Moment { at: Local(moment.at), provisional: moment.provisional }
    }

    fn worktime(&self, id: CalendarId, from: Local, to: Local, pauses: &[Span]) -> i64 {
        calendar::worktime(id.0, from.0, to.0, &to_spans(pauses))
    }

    fn to_local(&self, utc_ms: i64) -> Local {
        Local(calendar::to_local(utc_ms))
    }

    fn message(&self, text: &str) {
        diagnostics::message(text);
    }
}

fn to_unit(unit: Unit) -> calendar::Unit {
    match unit {
        Unit::WorkingDay => calendar::Unit::WorkingDay,
        Unit::CalendarDay => calendar::Unit::CalendarDay,
        Unit::Month => calendar::Unit::Month,
        Unit::Year => calendar::Unit::Year,
    }
}

fn to_spans(spans: &[Span]) -> Vec<calendar::Span> {
    spans.iter().map(|s| calendar::Span { begin: s.begin.0, end: s.end.0 }).collect()
}

/// Reads the parameters and keeps them for the life of the instance.
pub fn configure<P: Plugin>(parameters: &str) -> Result<Configured<P::Params>, String> {
    // A trap says only where; the message says why.
    std::panic::set_hook(Box::new(|panic| diagnostics::message(&panic.to_string())));
    crate::plugin::configure::<P>(parameters)
}

/// Tells the allocator that what was allocated so far is the plugin's own.
pub fn keep() {
    arena::keep();
}

/// Runs one batch.
pub fn supervise<P: Plugin>(
    configured: &Configured<P::Params>,
    tasks: Vec<types::Task>,
    look: types::LookMode,
) -> Vec<types::Verdict> {
    let views: Vec<_> = tasks.iter().map(to_task).collect();
    let mode = to_mode(look);
    let verdicts = if mode == task::LookMode::Trace {
        // The host notes what such a call looks up.
        crate::plugin::supervise::<P>(configured, &Imports, &views, mode)
    } else {
        let (edition, memory) = remembered();
        let known = (&Imports as &dyn Host, &memory);
        let verdicts = crate::plugin::supervise_with::<P>(configured, known, &views, mode);
        KEPT.set(Some((edition, memory)));
        verdicts
    };
    let verdicts = verdicts.into_iter().map(from_verdict).collect();
    leave(views);
    leave(tasks);
    arena::forget();
    verdicts
}

thread_local! {
    /// What earlier calls looked up, and under which edition of the tables.
    static KEPT: Cell<Option<(u64, Memory)>> = const { Cell::new(None) };
}

/// What may be used of what earlier calls looked up.
fn remembered() -> (u64, Memory) {
    let edition = reference::edition();
    match KEPT.take() {
        Some((known, memory)) if known == edition && arena::lasts() => (edition, memory),
        outdated => {
            // It is not dropped: part of it may have lain with a batch, which is gone.
            std::mem::forget(outdated);
            arena::start_over();
            (edition, Memory::lasting())
        }
    }
}

fn to_mode(look: types::LookMode) -> task::LookMode {
    match look {
        types::LookMode::Every => task::LookMode::Every,
        types::LookMode::Last => task::LookMode::Last,
        types::LookMode::Trace => task::LookMode::Trace,
    }
}

fn to_task(task: &types::Task) -> task::Task<'_> {
    let inputs = task.inputs.iter().map(|input| match input {
        types::Input::Tick(at) => task::Input::Tick(Local(*at)),
        types::Input::Event(event) => task::Input::Event(task::EventView {
            seq: event.seq,
            identity: event.identity,
            version: event.version,
            kind: &event.kind,
            time: Local(event.time),
            recorded: Local(event.recorded),
            corrected: event.corrected.map(Local),
            logged: Local(event.logged),
            region: &event.region,
            dept: &event.dept,
            actor: &event.actor,
            source: &event.source,
            serial: event.serial,
            data: &event.data,
        }),
    });
    task::Task {
        stream: &task.stream,
        key: &task.key,
        state: &task.state,
        inputs: inputs.collect(),
    }
}

fn to_level(level: Level) -> types::Level {
    match level {
        Level::Notice => types::Level::Notice,
        Level::Yellow => types::Level::Yellow,
        Level::Red => types::Level::Red,
    }
}

fn from_verdict(verdict: task::Verdict) -> types::Verdict {
    types::Verdict {
        state: verdict.state,
        wake: verdict.wake.map(|wake| wake.0),
        findings: verdict.findings.into_iter().map(from_finding).collect(),
        withdrawals: verdict.withdrawals.into_iter().map(from_withdrawal).collect(),
        facts: verdict.facts.into_iter().map(from_fact).collect(),
        measures: verdict.measures.into_iter().map(from_measure).collect(),
        trace: verdict.trace.into_iter().map(from_check).collect(),
    }
}

fn from_finding(finding: task::Finding) -> types::Finding {
    types::Finding {
        rule: finding.rule,
        episode: finding.episode,
        level: to_level(finding.level),
        was: finding.was.map(to_level),
        subject: finding.subject,
        due: finding.due.map(|due| due.0),
        at: finding.at.0,
        seen: finding.seen.0,
        input: finding.input,
        region: finding.region,
        dept: finding.dept,
        evidence: finding.evidence,
        values: finding.values,
    }
}

fn from_withdrawal(gone: task::Withdrawal) -> types::Withdrawal {
    let task::Withdrawal { rule, episode, seen, input, reason } = gone;
    types::Withdrawal { rule, episode, seen: seen.0, input, reason }
}

fn from_fact(record: task::Record) -> types::Fact {
    let task::Record { name, key, seen, input, region, dept, data } = record;
    types::Fact { name, key, seen: seen.0, input, region, dept, data }
}

fn from_measure(record: task::Record) -> types::Measure {
    types::Measure { name: record.name, input: record.input, data: record.data }
}

fn from_check(check: task::Check) -> types::Check {
    let outcome = match check.outcome {
        task::Outcome::Fires => types::Outcome::Fires,
        task::Outcome::Quiet => types::Outcome::Quiet,
        task::Outcome::Unknown => types::Outcome::Unknown,
        task::Outcome::Exempt => types::Outcome::Exempt,
    };
    types::Check { rule: check.rule, outcome, zh: check.zh, en: check.en, values: check.values }
}
