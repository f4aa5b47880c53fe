//! What a look has found, for lists, HTTP and metrics. It is plain data.

use super::HealthConfig;
use crate::host_alert::{self, HostAlerts};
use crate::reconcile::Reconciled;
use plumbline_contract::time::{Millis, Zone};
use plumbline_contract::worktime::Calendar;
use plumbline_kernel::health::{
    Almanac, Downtime, Last, RuleCounters, RuleSuspicion, SourceBook, SourceHealth, Stillness,
    judge_source,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// See the module.
#[derive(Clone, Debug)]
pub struct Report {
    pub looked: Millis,
    /// Leaves that the look has put into the ledger.
    pub leaves: usize,
    /// Observations that it has put into the log.
    pub observed: usize,
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

impl SourceLine {
    /// One word for how it is: `unwatched`, `imported`, `learning`, `regular` or `silent`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self.health.silence.state {
            _ if !self.watched => "unwatched",
            Stillness::Imported => "imported",
            Stillness::Learning => "learning",
            Stillness::Regular => "regular",
            Stillness::Silent => "silent",
        }
    }

    /// As lists and HTTP show it; times as RFC 3339, except the next report, which is local.
    #[must_use]
    pub fn json(&self, zone: &Zone) -> Value {
        let SourceHealth { silence, rhythm, next_expected, volume, counts, skew } = &self.health;
        let last = self.last.as_ref().map(|last| {
            json!({
                "seq": last.seq, "logged": zone.rfc3339(last.logged),
                "recorded": zone.rfc3339(last.recorded), "region": last.region,
                "dept": last.dept,
            })
        });
        let hours = |bits: u32| (0..24).filter(|hour| bits >> hour & 1 == 1).collect::<Vec<_>>();
        json!({
            "source": self.name, "state": self.state(), "live": self.live, "events": self.events,
            "last": last, "missed": silence.missed, "threshold": silence.threshold,
            "unit": if silence.in_days { "working-days" } else { "hours" },
            "next_expected": next_expected.map(|next| next.to_string()),
            "usual_hours": { "working": hours(rhythm.usual[0]), "rest": hours(rhythm.usual[1]) },
            "learned_days": { "working": rhythm.days[0], "rest": rhythm.days[1] },
            "volume": volume.map(|volume| json!({
                "day": volume.day.to_string(), "count": volume.count, "median": volume.median,
                "drop": volume.is_drop,
            })),
            "counts": counts.iter().map(|count| json!({
                "day": count.day.to_string(), "type": count.kind, "declared": count.declared,
                "received": count.received, "differs": count.differs, "seq": count.seq,
            })).collect::<Vec<_>>(),
            "clock": skew.map(|skew| json!({
                "low_ms": skew.low_ms, "median_ms": skew.median_ms, "high_ms": skew.high_ms,
                "level": skew.level, "ahead_ms": skew.ahead_ms, "whole_hours": skew.whole_hours,
            })),
        })
    }
}

impl RuleLine {
    /// As lists and HTTP show it.
    #[must_use]
    pub fn json(&self, zone: &Zone) -> Value {
        let counters = &self.counters;
        json!({
            "rule": counters.rule, "plugin": self.plugin, "deployment": self.deployment,
            "region": self.region, "stream": counters.stream, "keys": counters.keys,
            "raised": counters.raised, "percent": counters.percent(),
            "withdrawn": counters.withdrawn, "faults": counters.faults, "fuel": counters.fuel,
            "off": counters.off, "judged": self.suspicion.map(RuleSuspicion::code),
            "last_run": self.last_run.map(|at| zone.rfc3339(at)),
        })
    }
}
