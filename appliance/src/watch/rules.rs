//! What can be known of the rules: keys from the states, alerts from the ledger, gaps and fuel.

use super::RuleLine;
use crate::app::App;
use crate::driver::{Runner, Stats};
use crate::error::AppError;
use crate::host_alert::HostAlerts;
use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_contract::manifest::OFF_PARAMETER;
use plumbline_contract::time::Millis;
use plumbline_kernel::health::{RuleCounters, judge_rule};
use plumbline_kernel::{Deployment, Mode};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// States read at once.
const STATES_AT_ONCE: usize = 1024;

/// What a live deployment has of rules, and what they cost.
struct Book {
    deployment: Deployment,
    /// Each rule once, with its stream and whether it is off wherever the plugin is at work.
    rules: BTreeMap<String, (String, bool)>,
    stats: Stats,
}

impl Book {
    fn of(runner: &Runner) -> Self {
        let mut rules: BTreeMap<String, (String, bool)> = BTreeMap::new();
        for variant in runner.plan().variants() {
            let parameters: Map<String, Value> =
                serde_json::from_str(&variant.parameters).unwrap_or_default();
            let off = parameters.get(OFF_PARAMETER).and_then(Value::as_array);
            for rule in &variant.manifest.rules {
                let is_off = off.is_some_and(|off| off.iter().any(|id| *id == rule.id.as_str()));
                let known = rules.entry(rule.id.clone()).or_insert((rule.stream.clone(), true));
                known.1 &= is_off;
            }
        }
        Self { deployment: runner.deployment().clone(), rules, stats: runner.stats().clone() }
    }
}

/// Counts and judges the rules of all live deployments.
pub(super) fn gather(app: &App, alerts: &HostAlerts) -> Result<Vec<RuleLine>, AppError> {
    let books: Vec<_> = app.with_runners(|runners| {
        let live = runners.iter().filter(|runner| runner.deployment().mode == Mode::Live);
        live.map(Book::of).collect()
    });
    let mut lines = Vec::new();
    for Book { deployment, rules, stats } in books {
        let keys = keys_by_stream(app, deployment.id)?;
        let faults = faults_by_stream(app, deployment.id)?;
        let last_run = last_run(app, &deployment)?;
        for (rule, (stream, off)) in rules {
            let fired = alerts.fired(deployment.id, &rule);
            let counters = RuleCounters {
                keys: keys.get(&stream).copied().unwrap_or_default(),
                raised: fired.raised,
                withdrawn: fired.withdrawn,
                faults: faults.get(&stream).copied().unwrap_or_default(),
                fuel: stats.streams.get(&stream).map_or(0, |stream| stream.fuel),
                off,
                rule,
                stream,
            };
            lines.push(RuleLine {
                plugin: deployment.plugin.clone(),
                deployment: deployment.id.0,
                region: app.config().region.clone(),
                suspicion: judge_rule(&counters, &app.config().health.rule_limits()),
                counters,
                last_run,
            });
        }
    }
    Ok(lines)
}

fn keys_by_stream(app: &App, deployment: DeploymentId) -> Result<BTreeMap<String, u64>, AppError> {
    let mut keys: BTreeMap<String, u64> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = app.store().states(deployment, after.as_ref(), STATES_AT_ONCE)?;
        for (id, _) in &page {
            match keys.get_mut(&id.stream) {
                Some(count) => *count += 1,
                None => drop(keys.insert(id.stream.clone(), 1)),
            }
        }
        let Some((last, _)) = page.into_iter().next_back() else { return Ok(keys) };
        after = Some(last);
    }
}

fn faults_by_stream(
    app: &App,
    deployment: DeploymentId,
) -> Result<BTreeMap<String, u64>, AppError> {
    let mut faults: BTreeMap<String, u64> = BTreeMap::new();
    for gap in app.store().gaps(deployment)? {
        *faults.entry(gap.row.id.stream).or_default() += 1;
    }
    Ok(faults)
}

fn last_run(app: &App, deployment: &Deployment) -> Result<Option<Millis>, AppError> {
    let cursor = app.store().cursor(deployment.id)?.seq;
    let Some(last) = cursor.0.checked_sub(1) else { return Ok(None) };
    Ok(app.store().get(EventSeq(last))?.map(|event| event.logged))
}
