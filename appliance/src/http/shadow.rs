//! `GET /v1/shadows`, `GET /v1/shadows/{id}/report` and `GET /v1/gaps`: what is tried beside what is
//! in force, and what was not supervised.

use super::problem::Problem;
use super::request::Name;
use super::service::Service;
use crate::error::{AppError, Kind};
use crate::shadow::{self, ShadowReport};
use axum::Json;
use axum::extract::State;
use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_kernel::{Mode, Setting};
use serde::Serialize;
use std::sync::Arc;

/// A shadow run.
#[derive(Debug, Serialize)]
pub(crate) struct Running {
    id: DeploymentId,
    plugin: String,
    region: String,
    /// First event that it looks at.
    from: EventSeq,
    settings: Vec<Setting>,
    gaps: usize,
}

/// A gap that is still open.
#[derive(Debug, Serialize)]
pub(crate) struct OpenGap {
    deployment: DeploymentId,
    plugin: String,
    mode: Mode,
    stream: String,
    key: String,
    /// First and last position of the inputs that were not seen.
    from: EventSeq,
    to: EventSeq,
    code: String,
    fault: String,
}

pub(crate) async fn list(
    State(service): State<Arc<Service>>,
) -> Result<Json<Vec<Running>>, Problem> {
    let read = |service: &Service| {
        let app = service.app();
        let mut running = Vec::new();
        for one in app.deployments().into_iter().filter(|one| one.mode == Mode::Shadow) {
            let gaps = app.store().gaps(one.id)?.len();
            let (id, plugin, region, from) = (one.id, one.plugin, one.scope, one.from);
            running.push(Running { id, plugin, region, from, settings: one.settings, gaps });
        }
        Ok::<_, AppError>(running)
    };
    service.blocking(move |service| Ok(read(service)?)).await.map(Json)
}

/// The report as `plumbline shadow report` gives it; it drives what is left, as an explanation does.
pub(crate) async fn report(
    State(service): State<Arc<Service>>,
    id: Name,
) -> Result<Json<ShadowReport>, Problem> {
    let number = id.number()?;
    let missing = |_| AppError::new(Kind::NotFound, "no-shadow", number);
    let id = DeploymentId(u16::try_from(number).map_err(missing)?);
    let stopped = |_| Problem::busy("stopping");
    let _place = service.explanations.acquire().await.map_err(stopped)?;
    let report = move |service: &Service| {
        let report = shadow::report(service.app(), id)?;
        // What was raised on the way is shown as if the driver had done it.
        service.publish()?;
        Ok(report)
    };
    service.blocking(report).await.map(Json)
}

pub(crate) async fn gaps(
    State(service): State<Arc<Service>>,
) -> Result<Json<Vec<OpenGap>>, Problem> {
    let read = |service: &Service| {
        let app = service.app();
        let mut open = Vec::new();
        for one in app.deployments() {
            open.extend(app.store().gaps(one.id)?.into_iter().map(|gap| OpenGap {
                deployment: one.id,
                plugin: one.plugin.clone(),
                mode: one.mode,
                stream: gap.row.id.stream,
                key: gap.row.id.key,
                from: gap.row.from,
                to: gap.row.to,
                code: gap.row.code,
                fault: gap.row.fault,
            }));
        }
        Ok::<_, AppError>(open)
    };
    service.blocking(move |service| Ok(read(service)?)).await.map(Json)
}
