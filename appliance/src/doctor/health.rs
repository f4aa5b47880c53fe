//! The doctor on sources, rules and derivations: what the watch would say now.

use super::Finding;
use crate::app::App;
use crate::error::AppError;
use crate::reconcile;
use crate::watch::{Report, Watch};
use plumbline_contract::time::Millis;
use plumbline_kernel::health::{ClockLook, Stillness};

/// Names that are shown; the lists have all of them.
const NAMES_SHOWN: usize = 8;

pub(super) fn examine(app: &App, now: Millis, findings: &mut Vec<Finding>) -> Result<(), AppError> {
    let look = ClockLook { wall: now, steady_ms: None };
    let report = Watch::load(app)?.examine(app, look)?;
    sources(&report, findings);
    if report.unwatched > 0 {
        let count = report.unwatched.to_string();
        findings.push(Finding::new("source-crowd", &[("count", &count)]));
    }
    let odd = report.rules.iter().filter(|line| line.suspicion.is_some());
    named("rule-odd", odd.map(|line| line.counters.rule.clone()).collect(), findings);
    if let Some((code, by_ms, _)) = &report.clock {
        let seconds = (by_ms / 1000).to_string();
        let values = [("kind", code.as_str()), ("seconds", &seconds)];
        findings.push(Finding::new("host-clock", &values));
    }
    let reconciled = report.reconciled.as_ref();
    if reconciled.is_some_and(|done| done.deployments.iter().any(|derived| derived.differs)) {
        findings.push(Finding::new("reconcile-differs", &[]));
    }
    if let Some((kind, ..)) = reconcile::obstacle(&report, &app.config().health, app.zone()) {
        findings.push(Finding::new("reconcile-missing", &[("kind", kind)]));
    }
    Ok(())
}

fn sources(report: &Report, findings: &mut Vec<Finding>) {
    let watched = || report.sources.iter().filter(|line| line.watched);
    let silent = watched().filter(|line| line.health.silence.state == Stillness::Silent);
    named("source-silent", silent.map(|line| line.name.clone()).collect(), findings);
    named("source-absent", report.absent.clone(), findings);
    let counts = watched().flat_map(|line| {
        let differing = line.health.counts.iter().filter(|count| count.differs);
        differing.map(|count| format!("{} {}", line.name, count.day))
    });
    named("source-counts", counts.collect(), findings);
    let skewed = watched().filter(|line| line.health.skew.is_some_and(|skew| skew.level.is_some()));
    named("source-clock", skewed.map(|line| line.name.clone()).collect(), findings);
}

/// A finding about some names, if there are any.
fn named(code: &'static str, names: Vec<String>, findings: &mut Vec<Finding>) {
    if names.is_empty() {
        return;
    }
    let more = if names.len() > NAMES_SHOWN { " …" } else { "" };
    let shown = names.iter().take(NAMES_SHOWN).cloned().collect::<Vec<_>>().join(", ") + more;
    let count = names.len().to_string();
    findings.push(Finding::new(code, &[("count", &count), ("names", &shown)]));
}
