//! What goes into a plugin and what comes out: the Rust shape of `wit/supervision.wit`.

use crate::alert::Level;
use crate::event::EventRef;
use crate::id::EventSeq;
use crate::time::{Day, Local, Zone};
use std::fmt;

/// Largest state of one key, in bytes: a case of some hundred events; more is a design fault of
/// the plugin, and the store keeps one value per key.
pub const STATE_BYTES_MAX: usize = 256 * 1024;
/// Most findings in one verdict: more cards on one key at once help nobody.
pub const FINDINGS_MAX: usize = 256;
/// Most facts and most measures in one verdict.
pub const FACTS_MAX: usize = 256;
/// Most events that one finding cites: more prove nothing further, and a leaf of the ledger holds
/// 65,535 bytes.
pub const EVIDENCE_MAX: usize = 512;
/// Longest name in a verdict (episode, subject, region, department, reason), in bytes: as long as an
/// attribute of an event.
pub const NAME_BYTES_MAX: usize = crate::event::ATTRIBUTE_BYTES_MAX;
/// Longest account of a fault that is recorded, in characters.
pub const FAULT_CHARS_MAX: usize = 500;
/// Longest text of one field in a verdict, in bytes.
pub const VERDICT_TEXT_BYTES_MAX: usize = 16 * 1024;

/// A wake later than any log time: the key only wants to be looked at when a table changes.
pub const WAKE_ON_TABLE: Local = Local(i64::MAX - 1);
/// As [`WAKE_ON_TABLE`], because a period ends outside the loaded calendar: the doctor counts these.
pub const WAKE_ON_CALENDAR: Local = Local(i64::MAX - 2);

/// When a plugin looks at the keys of one call: when its rules are applied to what it keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LookMode {
    /// After each input, and at each wake that falls due before it: what a live deployment needs.
    #[default]
    Every,
    /// Once for each task, after its last input. What stands then is the same as with `Every`; what
    /// came and went in between is not told. For runs of which only the end counts.
    Last,
    /// As `Every`, and the last look of each task explains itself.
    Trace,
}

/// An event as a plugin sees it. All times are local readings of the region's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventView<'a> {
    pub seq: u64,
    pub identity: u64,
    pub version: u32,
    pub kind: &'a str,
    pub time: Local,
    pub recorded: Local,
    pub corrected: Option<Local>,
    pub logged: Local,
    pub region: &'a str,
    pub dept: &'a str,
    pub actor: &'a str,
    pub source: &'a str,
    pub serial: Option<u64>,
    pub data: &'a str,
}

impl<'a> EventView<'a> {
    /// The view of an event at its position, by the clock of `zone`.
    #[must_use]
    pub fn of(seq: EventSeq, event: impl Into<EventRef<'a>>, zone: &Zone) -> Self {
        let event = event.into();
        Self {
            seq: seq.0,
            identity: event.identity(),
            version: event.dataversion,
            kind: event.kind,
            time: zone.local(event.time),
            recorded: zone.local(event.recorded),
            corrected: event.corrected.map(|at| zone.local(at)),
            logged: zone.local(event.logged),
            region: event.region,
            dept: event.dept,
            actor: event.actor.unwrap_or(""),
            source: event.source,
            serial: event.serial,
            data: event.data,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    Event(EventView<'a>),
    /// Log time has come to this reading.
    Tick(Local),
}

impl Input<'_> {
    /// Log time of the input.
    #[must_use]
    pub fn logged(&self) -> Local {
        match self {
            Self::Event(event) => event.logged,
            Self::Tick(at) => *at,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task<'a> {
    pub stream: &'a str,
    pub key: &'a str,
    pub state: &'a [u8],
    pub inputs: Vec<Input<'a>>,
}

/// A rule that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub rule: String,
    pub episode: String,
    pub level: Level,
    pub was: Option<Level>,
    pub subject: String,
    pub due: Option<Day>,
    pub at: Local,
    pub seen: Local,
    pub input: u32,
    pub region: String,
    pub dept: String,
    pub evidence: Vec<u64>,
    /// JSON object.
    pub values: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    pub rule: String,
    pub episode: String,
    pub seen: Local,
    pub input: u32,
    pub reason: String,
}

/// A named JSON object: a fact for other plugins (`key` is set) or a measure (`key` is empty).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub name: String,
    pub key: String,
    /// Log time of the look that found it; of no meaning for a measure.
    pub seen: Local,
    pub input: u32,
    /// Region and department that the fact's event carries; empty for a measure.
    pub region: String,
    pub dept: String,
    pub data: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Fires,
    Quiet,
    Unknown,
    Exempt,
}

impl Outcome {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fires => "fires",
            Self::Quiet => "quiet",
            Self::Unknown => "unknown",
            Self::Exempt => "exempt",
        }
    }
}

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub rule: String,
    pub outcome: Outcome,
    pub zh: String,
    pub en: String,
    /// JSON object.
    pub values: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub state: Vec<u8>,
    pub wake: Option<Local>,
    pub findings: Vec<Finding>,
    pub withdrawals: Vec<Withdrawal>,
    pub facts: Vec<Record>,
    pub measures: Vec<Record>,
    pub trace: Vec<Check>,
}

/// How a plugin failed. Misbehaviour is data: it is recorded, becomes a gap and a gap alert, and
/// never stops the host or another plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The code trapped: unreachable, out-of-bounds access, stack overflow, a panic.
    Trap(String),
    /// The fuel of the batch was spent, for instance in an endless loop.
    FuelSpent { fuel: u64 },
    /// More memory was asked for than the limit.
    MemoryFull { bytes_max: usize },
    /// A capability that was not granted was used.
    Refused(String),
    /// The answer breaks the contract.
    BadOutput(String),
}

impl Fault {
    /// The fault in words for records: one line of bounded length, whatever the plugin wrote.
    #[must_use]
    pub fn account(&self) -> String {
        let text = self.to_string();
        let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        plain.take(FAULT_CHARS_MAX).collect()
    }

    /// A stable code for records and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Trap(_) => "trap",
            Self::FuelSpent { .. } => "fuel_spent",
            Self::MemoryFull { .. } => "memory_full",
            Self::Refused(_) => "refused",
            Self::BadOutput(_) => "bad_output",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trap(what) => write!(f, "the plugin trapped: {what}"),
            Self::FuelSpent { fuel } => write!(f, "the plugin spent its fuel of {fuel} units"),
            Self::MemoryFull { bytes_max } => {
                write!(f, "the plugin asked for more than {bytes_max} bytes of memory")
            }
            Self::Refused(what) => write!(f, "the plugin used what it was not granted: {what}"),
            Self::BadOutput(what) => write!(f, "the plugin's answer breaks the contract: {what}"),
        }
    }
}
