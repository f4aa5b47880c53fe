//! What a look has found, for lists, HTTP and metrics. It is plain data.

use super::HealthConfig;
use crate::host_alert::{self, HostAlerts};
use crate::reconcile::Reconciled;
use plumbline_contract::time::{Millis, Zone};
use plumbline_contract::worktime::Calendar;
use plumbline_kernel::health::{
    Almanac, Downtime, Last, RuleCounters, RuleSuspicion, SourceBook, SourceHealth, judge_source,
};
use std::collections::BTreeMap;

/// See the module.
#[derive(Clone, Debug)]
pub struct Report {
    pub looked: Millis,
    /// Leaves that the look has put into the ledger.
    pub leaves: usize,
    pub sources: Vec<SourceLine>,
    /// Sources that the configuration names and that have never reported.
    pub absent: Vec<String>,
    /// Events of sources beyond the bound.
    pub unwatched: u64,
    pub rules: Vec<RuleLine>,
    /// What is wrong with the clock: code, milliseconds, since when.
    pub clock: Option<(String, i64, Millis)>,
    /// The first look ever.
    pub since: Millis,
    /// End of the last time in which the host was off.
    pub up_since: Millis,
    pub reconciled: Option<Reconciled>,
    /// Events in the log.
    pub events: u64,
    /// Alerts of the host that stand, by rule.
    pub open: BTreeMap<&'static str, u64>,
}

/// One source.
#[derive(Clone, Debug)]
pub struct SourceLine {
    pub name: String,
    /// Whether anything is to be said of it.
    pub watched: bool,
    pub live: bool,
    pub events: u64,
    pub last: Option<Last>,
    pub health: SourceHealth,
}

/// One rule of one deployment.
#[derive(Clone, Debug)]
pub struct RuleLine {
    pub plugin: String,
    pub deployment: u16,
    pub region: String,
    pub counters: RuleCounters,
    pub suspicion: Option<RuleSuspicion>,
    /// Log time of the newest event that its deployment has looked at.
    pub last_run: Option<Millis>,
}

pub(super) fn source(
    name: &str,
    book: &SourceBook,
    config: &HealthConfig,
    (zone, calendar, downtimes): (&Zone, &Calendar, &[Downtime]),
    now: Millis,
) -> SourceLine {
    let almanac = Almanac { zone, calendar, downtimes };
    let limits = config.source_limits(name);
    SourceLine {
        name: name.to_owned(),
        watched: config.watches(name),
        live: book.live,
        events: book.events,
        last: book.last.clone(),
        health: judge_source(book, &almanac, &limits, config.expects(name), now),
    }
}

pub(super) fn open(alerts: &HostAlerts) -> BTreeMap<&'static str, u64> {
    host_alert::RULES.iter().map(|rule| (rule.id, alerts.open(rule.id))).collect()
}
