//! The shapes of `supervision.wit` as the engine passes them: borrowed on the way in, so that texts
//! are copied once, from the host's memory into the plugin's.

use plumbline_contract::alert::Level;
use plumbline_contract::task::{Check, EventView, Finding, Input, LookMode, Outcome, Record, Task};
use plumbline_contract::task::{Verdict, Withdrawal};
use plumbline_contract::time::{Day, Local};
use plumbline_contract::worktime::{Span, Unit};
use wasmtime::component::{ComponentType, Lift, Lower};

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct WireEvent<'a> {
    seq: u64,
    identity: u64,
    version: u32,
    kind: &'a str,
    time: i64,
    recorded: i64,
    corrected: Option<i64>,
    logged: i64,
    region: &'a str,
    dept: &'a str,
    actor: &'a str,
    source: &'a str,
    serial: Option<u64>,
    data: &'a str,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub(crate) enum WireInput<'a> {
    #[component(name = "event")]
    Event(WireEvent<'a>),
    #[component(name = "tick")]
    Tick(i64),
}

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
pub(crate) enum WireLookMode {
    #[component(name = "every")]
    Every,
    #[component(name = "last")]
    Last,
    #[component(name = "trace")]
    Trace,
}

impl From<LookMode> for WireLookMode {
    fn from(mode: LookMode) -> Self {
        match mode {
            LookMode::Every => Self::Every,
            LookMode::Last => Self::Last,
            LookMode::Trace => Self::Trace,
        }
    }
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct WireTask<'a> {
    stream: &'a str,
    key: &'a str,
    state: &'a [u8],
    inputs: Vec<WireInput<'a>>,
}

impl<'a> From<&'a Task<'a>> for WireTask<'a> {
    fn from(task: &'a Task<'a>) -> Self {
        let inputs = task.inputs.iter().map(WireInput::from).collect();
        Self { stream: task.stream, key: task.key, state: task.state, inputs }
    }
}

impl<'a> From<&'a Input<'a>> for WireInput<'a> {
    fn from(input: &'a Input<'a>) -> Self {
        match input {
            Input::Event(event) => Self::Event(event.into()),
            Input::Tick(at) => Self::Tick(at.0),
        }
    }
}

impl<'a> From<&EventView<'a>> for WireEvent<'a> {
    fn from(event: &EventView<'a>) -> Self {
        Self {
            seq: event.seq,
            identity: event.identity,
            version: event.version,
            kind: event.kind,
            time: event.time.0,
            recorded: event.recorded.0,
            corrected: event.corrected.map(|at| at.0),
            logged: event.logged.0,
            region: event.region,
            dept: event.dept,
            actor: event.actor,
            source: event.source,
            serial: event.serial,
            data: event.data,
        }
    }
}

#[derive(Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "only wasmtime makes its values, from a plugin's memory")]
pub(crate) enum WireLevel {
    #[component(name = "notice")]
    Notice,
    #[component(name = "yellow")]
    Yellow,
    #[component(name = "red")]
    Red,
}

#[derive(Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "only wasmtime makes its values, from a plugin's memory")]
pub(crate) enum WireOutcome {
    #[component(name = "fires")]
    Fires,
    #[component(name = "quiet")]
    Quiet,
    #[component(name = "unknown")]
    Unknown,
    #[component(name = "exempt")]
    Exempt,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireFinding {
    rule: String,
    episode: String,
    level: WireLevel,
    was: Option<WireLevel>,
    subject: String,
    due: Option<i32>,
    at: i64,
    seen: i64,
    input: u32,
    region: String,
    dept: String,
    evidence: Vec<u64>,
    values: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireWithdrawal {
    rule: String,
    episode: String,
    seen: i64,
    input: u32,
    reason: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireFact {
    name: String,
    key: String,
    seen: i64,
    input: u32,
    region: String,
    dept: String,
    data: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireMeasure {
    name: String,
    input: u32,
    data: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireCheck {
    rule: String,
    outcome: WireOutcome,
    zh: String,
    en: String,
    values: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireVerdict {
    state: Vec<u8>,
    wake: Option<i64>,
    findings: Vec<WireFinding>,
    withdrawals: Vec<WireWithdrawal>,
    facts: Vec<WireFact>,
    measures: Vec<WireMeasure>,
    trace: Vec<WireCheck>,
}

impl From<WireVerdict> for Verdict {
    fn from(wire: WireVerdict) -> Self {
        Self {
            state: wire.state,
            wake: wire.wake.map(Local),
            findings: wire.findings.into_iter().map(Finding::from).collect(),
            withdrawals: wire.withdrawals.into_iter().map(Withdrawal::from).collect(),
            facts: wire.facts.into_iter().map(Record::from).collect(),
            measures: wire.measures.into_iter().map(Record::from).collect(),
            trace: wire.trace.into_iter().map(Check::from).collect(),
        }
    }
}

impl From<WireLevel> for Level {
    fn from(wire: WireLevel) -> Self {
        match wire {
            WireLevel::Notice => Self::Notice,
            WireLevel::Yellow => Self::Yellow,
            WireLevel::Red => Self::Red,
        }
    }
}

impl From<WireFinding> for Finding {
    fn from(wire: WireFinding) -> Self {
        Self {
            rule: wire.rule,
            episode: wire.episode,
            level: wire.level.into(),
            was: wire.was.map(Level::from),
            subject: wire.subject,
            due: wire.due.map(Day),
            at: Local(wire.at),
            seen: Local(wire.seen),
            input: wire.input,
            region: wire.region,
            dept: wire.dept,
            evidence: wire.evidence,
            values: wire.values,
        }
    }
}

impl From<WireWithdrawal> for Withdrawal {
    fn from(wire: WireWithdrawal) -> Self {
        Self {
            rule: wire.rule,
            episode: wire.episode,
            seen: Local(wire.seen),
            input: wire.input,
            reason: wire.reason,
        }
    }
}

impl From<WireFact> for Record {
    fn from(wire: WireFact) -> Self {
        let WireFact { name, key, seen, input, region, dept, data } = wire;
        Self { name, key, seen: Local(seen), input, region, dept, data }
    }
}

impl From<WireMeasure> for Record {
    fn from(wire: WireMeasure) -> Self {
        let WireMeasure { name, input, data } = wire;
        let (none, seen) = (String::new, Local(0));
        Self { name, key: none(), seen, input, region: none(), dept: none(), data }
    }
}

impl From<WireCheck> for Check {
    fn from(wire: WireCheck) -> Self {
        let outcome = match wire.outcome {
            WireOutcome::Fires => Outcome::Fires,
            WireOutcome::Quiet => Outcome::Quiet,
            WireOutcome::Unknown => Outcome::Unknown,
            WireOutcome::Exempt => Outcome::Exempt,
        };
        Self { rule: wire.rule, outcome, zh: wire.zh, en: wire.en, values: wire.values }
    }
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct WireRow {
    pub(crate) key: String,
    pub(crate) value: String,
}

#[derive(Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "only wasmtime makes its values, from a plugin's memory")]
pub(crate) enum WireUnit {
    #[component(name = "working-day")]
    WorkingDay,
    #[component(name = "calendar-day")]
    CalendarDay,
    #[component(name = "month")]
    Month,
    #[component(name = "year")]
    Year,
}

#[derive(Clone, Copy, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireSpan {
    pub(crate) begin: i64,
    pub(crate) end: i64,
}

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(record)]
pub(crate) struct WireDue {
    pub(crate) day: i32,
    pub(crate) provisional: bool,
}

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(record)]
pub(crate) struct WireMoment {
    pub(crate) at: i64,
    pub(crate) provisional: bool,
}

impl From<WireUnit> for Unit {
    fn from(wire: WireUnit) -> Self {
        match wire {
            WireUnit::WorkingDay => Self::WorkingDay,
            WireUnit::CalendarDay => Self::CalendarDay,
            WireUnit::Month => Self::Month,
            WireUnit::Year => Self::Year,
        }
    }
}

impl From<WireSpan> for Span {
    fn from(wire: WireSpan) -> Self {
        Self { begin: Local(wire.begin), end: Local(wire.end) }
    }
}
