//! From a report to judgements: which alert of the host should stand, and which should not.
//!
//! What is not known is not judged: the alert then stays as it is.

use super::{Report, RuleLine, SourceLine};
use crate::app::App;
use crate::host_alert::{
    CLOCK, COUNT, DIFFERENCE, Fault, Judgement, RULE, SILENT, SKEW, UNRECONCILED, VOLUME,
};
use crate::reconcile::{self, Reconciled};
use plumbline_contract::alert::Level;
use plumbline_contract::time::{Millis, Zone};
use plumbline_kernel::health::Stillness;
use serde_json::{Value, json};

/// What a judgement about the clock is about.
const CLOCK_SUBJECT: &str = "clock";
/// What a judgement about a reconciliation that did not take place is about.
const NIGHT_SUBJECT: &str = "reconciliation";

pub(super) fn judgements(report: &Report, app: &App) -> Vec<Judgement> {
    let mut all = vec![clock(report, app)];
    for line in &report.sources {
        source(line, app.zone(), report.looked, &mut all);
    }
    all.extend(report.rules.iter().map(|line| rule(line, report.looked)));
    if let Some(reconciled) = &report.reconciled {
        all.extend(differences(reconciled));
    }
    all.extend(night(report, app));
    all
}

fn verdict(rule: &'static str, subject: &str, part: &str, fault: Option<Fault>) -> Judgement {
    Judgement { rule, subject: subject.to_owned(), part: part.to_owned(), fault }
}

fn fault(level: Level, at: Millis, values: Value) -> Fault {
    let (region, dept, evidence) = (String::new(), String::new(), Vec::new());
    Fault { level, at, region, dept, evidence, values }
}

fn source(line: &SourceLine, zone: &Zone, now: Millis, all: &mut Vec<Judgement>) {
    let (name, health) = (line.name.as_str(), &line.health);
    let Some(last) = &line.last else { return };
    let about = |level: Level, at: Millis, seq: u64, values: Value| Fault {
        region: last.region.clone(),
        dept: last.dept.clone(),
        evidence: vec![seq],
        ..fault(level, at, values)
    };
    let silence = health.silence;
    if silence.state != Stillness::Imported || !line.watched {
        let unit = if silence.in_days { "d" } else { "h" };
        let is_silent = silence.state == Stillness::Silent && line.watched;
        let found = is_silent.then(|| {
            let values = json!({
                "source": name, "since": zone.rfc3339(last.logged),
                "missed": format!("{} {unit}", silence.missed),
                "threshold": format!("{} {unit}", silence.threshold),
            });
            about(Level::Yellow, last.logged, last.seq, values)
        });
        all.push(verdict(SILENT, name, "", found));
    }
    if let Some(volume) = health.volume.filter(|_| line.watched) {
        let found = volume.is_drop.then(|| {
            let values = json!({
                "source": name, "day": volume.day.to_string(), "count": volume.count,
                "median": volume.median,
            });
            about(Level::Notice, zone.instant(volume.day.start()), last.seq, values)
        });
        all.push(verdict(VOLUME, name, "", found));
    }
    for count in health.counts.iter().filter(|_| line.watched) {
        let (day, kind) = (count.day.to_string(), count.kind.as_str());
        let part = if kind.is_empty() { day.clone() } else { format!("{day}/{kind}") };
        let found = count.differs.then(|| {
            let declared = count.declared.map_or_else(|| "?".to_owned(), |count| count.to_string());
            let values = json!({
                "source": name, "day": day, "type": if kind.is_empty() { "*" } else { kind },
                "declared": declared, "received": count.received,
            });
            about(Level::Yellow, zone.instant(count.day.start()), count.seq, values)
        });
        all.push(verdict(COUNT, name, &part, found));
    }
    if let Some(skew) = health.skew.filter(|_| line.watched) {
        let found = skew.level.map(|level| {
            let values = json!({
                "source": name, "seconds": skew.ahead_ms / 1000, "whole_hours": skew.whole_hours,
                "low_ms": skew.low_ms, "median_ms": skew.median_ms, "high_ms": skew.high_ms,
            });
            about(level, now, last.seq, values)
        });
        all.push(verdict(SKEW, name, "", found));
    }
}

fn rule(line: &RuleLine, now: Millis) -> Judgement {
    let counters = &line.counters;
    let found = line.suspicion.map(|suspicion| {
        let values = json!({
            "rule": counters.rule, "plugin": line.plugin, "deployment": line.deployment,
            "kind": suspicion.code(), "keys": counters.keys, "raised": counters.raised,
            "percent": counters.percent(),
        });
        Fault { region: line.region.clone(), ..fault(Level::Notice, now, values) }
    });
    verdict(RULE, &counters.rule, &line.deployment.to_string(), found)
}

fn clock(report: &Report, app: &App) -> Judgement {
    let found = report.clock.as_ref().map(|(code, by_ms, at)| {
        let values = json!({ "kind": code, "seconds": by_ms / 1000 });
        Fault { region: app.config().region.clone(), ..fault(Level::Yellow, *at, values) }
    });
    verdict(CLOCK, CLOCK_SUBJECT, "", found)
}

fn differences(reconciled: &Reconciled) -> Vec<Judgement> {
    let one = |derived: &reconcile::Derived| {
        let found = derived.differs.then(|| {
            let leaf = derived.leaf.map_or_else(|| "-".to_owned(), |leaf| leaf.to_string());
            let values = json!({
                "deployment": derived.deployment, "plugin": derived.plugin, "leaf": leaf,
                "same": derived.same, "events": derived.events,
            });
            fault(Level::Red, reconciled.at, values)
        });
        verdict(DIFFERENCE, &derived.plugin, &derived.deployment.to_string(), found)
    };
    reconciled.deployments.iter().map(one).collect()
}

fn night(report: &Report, app: &App) -> Option<Judgement> {
    let config = &app.config().health;
    let obstacle = reconcile::obstacle(report, config, app.zone());
    if obstacle.is_none() && reconcile::is_pending(report, config, app.zone()) {
        return None;
    }
    let found = obstacle.map(|(code, since, detail)| {
        let values = json!({ "kind": code, "since": app.zone().rfc3339(since), "detail": detail });
        Fault { region: app.config().region.clone(), ..fault(Level::Yellow, since, values) }
    });
    Some(verdict(UNRECONCILED, NIGHT_SUBJECT, "", found))
}
