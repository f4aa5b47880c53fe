//! `GET /v1/sources` and `GET /v1/rules/health`: what the watch has found at its latest look, and
//! the same as figures for `/metrics`. The figures name no source, because everybody may read them.

use super::health::Exposition;
use super::problem::Problem;
use super::service::Service;
use crate::app::App;
use crate::clock;
use crate::error::AppError;
use crate::watch::{Report, Watch};
use axum::Json;
use axum::extract::State;
use plumbline_kernel::health::ClockLook;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// States of a source, in the order of the samples.
const STATES: [&str; 5] = ["regular", "learning", "silent", "imported", "unwatched"];

pub(crate) async fn sources(State(service): State<Arc<Service>>) -> Result<Json<Value>, Problem> {
    let look = |service: &Service| {
        let (app, report) = (service.app(), latest(service)?);
        let lines: Vec<_> = report.sources.iter().map(|line| line.json(app.zone())).collect();
        Ok(json!({
            "looked_at": app.zone().rfc3339(report.looked), "sources": lines,
            "absent": report.absent, "unwatched_events": report.unwatched,
            "clock": clock_fault(app, &report), "reconciled": reconciled(app, &report),
        }))
    };
    service.blocking(look).await.map(Json)
}

pub(crate) async fn rules(State(service): State<Arc<Service>>) -> Result<Json<Value>, Problem> {
    let look = |service: &Service| {
        let (app, report) = (service.app(), latest(service)?);
        let lines: Vec<_> = report.rules.iter().map(|line| line.json(app.zone())).collect();
        Ok(json!({ "looked_at": app.zone().rfc3339(report.looked), "rules": lines }))
    };
    service.blocking(look).await.map(Json)
}

/// The latest look; in the first moments of the service one of our own.
fn latest(service: &Service) -> Result<Arc<Report>, AppError> {
    if let Some(report) = service.report() {
        return Ok(report);
    }
    let app = service.app();
    let now = ClockLook { wall: clock::now(), steady_ms: None };
    Ok(Arc::new(Watch::load(app)?.examine(app, now)?))
}

fn clock_fault(app: &App, report: &Report) -> Option<Value> {
    let (code, by_ms, at) = report.clock.as_ref()?;
    Some(json!({ "kind": code, "by_ms": by_ms, "at": app.zone().rfc3339(*at) }))
}

fn reconciled(app: &App, report: &Report) -> Option<Value> {
    let done = report.reconciled.as_ref()?;
    Some(json!({
        "at": app.zone().rfc3339(done.at), "took_ms": done.took_ms, "sound": done.is_sound(),
        "deployments": done.deployments, "failed": done.failed,
    }))
}

/// The figures of the watch.
pub(super) fn expose(report: &Report, text: &mut Exposition) {
    let seconds = |ms: i64| (ms / 1000).max(0).unsigned_abs();
    text.family("plumbline_watch_looked_seconds", "gauge", "Time of the latest look of the watch.");
    text.sample("", seconds(report.looked.0));
    let mut states: BTreeMap<&str, u64> = STATES.iter().map(|state| (*state, 0)).collect();
    for line in &report.sources {
        *states.entry(line.state()).or_default() += 1;
    }
    text.family("plumbline_sources", "gauge", "Sources by how they report.");
    for state in STATES {
        text.sample(&format!("state=\"{state}\""), states[state]);
    }
    text.family("plumbline_host_alerts_open", "gauge", "Alerts of the host that stand.");
    for (rule, open) in &report.open {
        text.sample(&format!("rule=\"{rule}\""), *open);
    }
    if let Some(done) = &report.reconciled {
        text.family("plumbline_reconciled_seconds", "gauge", "Time of the latest reconciliation.");
        text.sample("", seconds(done.at.0));
        text.family("plumbline_reconciled_sound", "gauge", "1 if everything came out the same.");
        text.sample("", u64::from(done.is_sound()));
    }
    let by_rule = |text: &mut Exposition, value: fn(&crate::watch::RuleLine) -> u64| {
        for line in &report.rules {
            let (deployment, rule) = (line.deployment, &line.counters.rule);
            text.sample(&format!("deployment=\"{deployment}\",rule={rule:?}"), value(line));
        }
    };
    text.family("plumbline_rule_keys", "gauge", "Keys that a rule has looked at.");
    by_rule(text, |line| line.counters.keys);
    text.family("plumbline_rule_raised_total", "counter", "Alerts that a rule has raised.");
    by_rule(text, |line| line.counters.raised);
}
