//! `GET /v1/cases/{key}` and `GET /v1/cases/{key}/explain`: what happened to a subject, and what
//! the rules make of it.

use super::problem::Problem;
use super::request::Name;
use super::service::Service;
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::explain::{self, Explanation};
use axum::Json;
use axum::extract::State;
use plumbline_store::Row;
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The newest events about one subject, in log order.
#[derive(Debug, Serialize)]
pub(crate) struct Timeline {
    subject: String,
    events: Vec<Line>,
}

/// One event as it lies in the log.
#[derive(Debug, Serialize)]
struct Line {
    seq: u64,
    source: String,
    id: String,
    dataversion: u32,
    #[serde(rename = "type")]
    kind: String,
    time: String,
    recorded: String,
    corrected: Option<String>,
    logged: String,
    region: String,
    dept: String,
    serial: Option<u64>,
    actor: Option<String>,
    data: Box<RawValue>,
}

pub(crate) async fn timeline(
    State(service): State<Arc<Service>>,
    Name(subject): Name,
) -> Result<Json<Timeline>, Problem> {
    let read = move |service: &Service| {
        let rows = explain::timeline(service.app(), &subject)?;
        if rows.is_empty() {
            return Err(AppError::new(Kind::NotFound, "no-subject", subject).into());
        }
        let events = rows.into_iter().map(|row| line(service.app(), row));
        Ok(Timeline { events: events.collect::<Result<_, _>>()?, subject })
    };
    service.blocking(read).await.map(Json)
}

pub(crate) async fn explain(
    State(service): State<Arc<Service>>,
    Name(subject): Name,
) -> Result<Json<Explanation>, Problem> {
    let stopped = |_| Problem::busy("stopping");
    let _place = service.explanations.acquire().await.map_err(stopped)?;
    let explain = move |service: &Service| Ok(explain::explain(service.app(), &subject)?);
    service.blocking(explain).await.map(Json)
}

fn line(app: &App, Row { seq, event }: Row) -> Result<Line, AppError> {
    let text = |at| app.zone().rfc3339(at);
    let damaged = |error| AppError::new(Kind::Integrity, "store-corrupt", error);
    Ok(Line {
        seq: seq.0,
        dataversion: event.dataversion,
        time: text(event.time),
        recorded: text(event.recorded),
        corrected: event.corrected.map(text),
        logged: text(event.logged),
        serial: event.serial,
        data: RawValue::from_string(event.payload().to_owned()).map_err(damaged)?,
        source: event.source.clone(),
        id: event.id.clone(),
        kind: event.kind.clone(),
        region: event.region.clone(),
        dept: event.dept.clone(),
        actor: event.actor.clone(),
    })
}
