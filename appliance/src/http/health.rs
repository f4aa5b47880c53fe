//! `GET /healthz` and `GET /metrics`: how the appliance is, for those who watch over it. Both are
//! open to everybody who reaches the port, so they name no subject, no person and no path.

use super::problem::Problem;
use super::rule::{Standing, standings};
use super::service::Service;
use super::source;
use crate::clock;
use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use plumbline_contract::alert::Level;
use serde::Serialize;
use std::fmt::Write;
use std::sync::Arc;

#[derive(Debug, Serialize)]
pub(crate) struct Health {
    ok: bool,
    /// Whether there is room on the disk for new events.
    accepting: bool,
    version: &'static str,
    /// Events in the log.
    events: u64,
    /// Leaves under the last checkpoint.
    leaves: u64,
    /// Last day that the calendar of working days covers; later dates are provisional.
    calendar_last_day: Option<String>,
    deployments: Vec<Pace>,
}

#[derive(Debug, Serialize)]
struct Pace {
    id: u16,
    plugin: String,
    mode: &'static str,
    scope: String,
    cursor: u64,
    lag: u64,
    gaps: usize,
    /// It looks at nothing until somebody puts it right; why, `/v1/deployments` says.
    stands_still: bool,
}

/// An answer at all means that the store and the driver work: without them the service stops.
pub(crate) async fn health(State(service): State<Arc<Service>>) -> Result<Json<Health>, Problem> {
    let look = |service: &Service| {
        let app = service.app();
        let pace = |standing: Standing| {
            let Standing { id, plugin, mode, scope, cursor, lag, gaps, suspended, .. } = standing;
            let stands_still = suspended.is_some();
            Pace { id, plugin, mode, scope, cursor, lag, gaps, stands_still }
        };
        Ok(Health {
            ok: !service.is_stopping(),
            accepting: app.disk().admit(0, clock::now()).is_ok(),
            version: env!("CARGO_PKG_VERSION"),
            deployments: standings(app)?.into_iter().map(pace).collect(),
            events: app.store().next_seq().0,
            leaves: *service.sealed().borrow(),
            calendar_last_day: service.figures().calendar_last_day.map(|day| day.to_string()),
        })
    };
    service.blocking(look).await.map(Json)
}

pub(crate) async fn metrics(
    State(service): State<Arc<Service>>,
) -> Result<impl IntoResponse, Problem> {
    let text = service.blocking(exposition).await?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

fn exposition(service: &Service) -> Result<String, Problem> {
    let app = service.app();
    let figures = service.figures();
    let standings = standings(app)?;
    let mut text = Exposition::default();
    text.family("plumbline_events_total", "counter", "Events in the log.");
    text.sample("", app.store().next_seq().0);
    text.family("plumbline_leaves_total", "counter", "Leaves under the last checkpoint.");
    text.sample("", *service.sealed().borrow());
    text.family("plumbline_alert_leaves_total", "counter", "Alert leaves by level and act.");
    for level in Level::ALL {
        for act in ["raised", "escalated", "lowered", "withdrawn", "closed"] {
            let count = figures.alerts.get(&(level, act)).copied().unwrap_or_default();
            text.sample(&format!("level=\"{}\",act=\"{act}\"", level.as_str()), count);
        }
    }
    let used = |standing: &Standing| {
        let mine = figures.used.iter().find(|(id, _)| id.0 == standing.id);
        mine.map_or_else(Default::default, |(_, used)| *used)
    };
    text.family("plumbline_lag_events", "gauge", "Events not looked at yet.");
    text.by_deployment(&standings, |standing| standing.lag);
    text.family("plumbline_gaps", "gauge", "Gaps that are still open.");
    text.by_deployment(&standings, |standing| standing.gaps as u64);
    text.family("plumbline_fuel_total", "counter", "Fuel used since the start.");
    text.by_deployment(&standings, |standing| used(standing).fuel);
    text.family("plumbline_tasks_total", "counter", "Tasks of the plugin since the start.");
    text.by_deployment(&standings, |standing| used(standing).tasks);
    if let Some(report) = service.report() {
        source::expose(&report, &mut text);
    }
    Ok(text.text)
}

/// Prometheus text, version 0.0.4.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
    name: String,
}

impl Exposition {
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        name.clone_into(&mut self.name);
        // Writing to a text cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn by_deployment(&mut self, standings: &[Standing], value: impl Fn(&Standing) -> u64) {
        for standing in standings {
            let Standing { id, plugin, mode, scope, .. } = standing;
            let labels =
                format!("deployment=\"{id}\",plugin={plugin:?},mode=\"{mode}\",scope={scope:?}");
            self.sample(&labels, value(standing));
        }
    }

    pub(super) fn sample(&mut self, labels: &str, value: u64) {
        let name = &self.name;
        let _ = match labels {
            "" => writeln!(self.text, "{name} {value}"),
            _ => writeln!(self.text, "{name}{{{labels}}} {value}"),
        };
    }
}
