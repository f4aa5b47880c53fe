//! `GET /v1/explain?subject=…`, `?event=…` or `?alert=…`: why and why not, from a case, an event or
//! a card. The objects are those of `plumbline explain --json`.

use super::problem::Problem;
use super::request::Asked;
use super::service::Service;
use crate::explain::{self, AlertExplanation, EventExplanation, Explanation};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Exactly one of them is given.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Query {
    /// For instance a case number.
    subject: Option<String>,
    /// A position in the log, or `SOURCE/ID`.
    event: Option<String>,
    /// Id of an alert.
    alert: Option<String>,
}

/// What is explained.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Explained {
    Subject(Explanation),
    Event(Box<EventExplanation>),
    Alert(Box<AlertExplanation>),
}

pub(crate) async fn explain(
    State(service): State<Arc<Service>>,
    Asked(query): Asked<Query>,
) -> Result<Json<Explained>, Problem> {
    let stopped = |_| Problem::busy("stopping");
    let _place = service.explanations.acquire().await.map_err(stopped)?;
    let explain = move |service: &Service| {
        let app = service.app();
        Ok(match query {
            Query { subject: Some(subject), event: None, alert: None } => {
                Explained::Subject(explain::explain(app, &subject)?)
            }
            Query { subject: None, event: Some(event), alert: None } => {
                Explained::Event(Box::new(explain::explain_event(app, &event)?))
            }
            Query { subject: None, event: None, alert: Some(alert) } => {
                Explained::Alert(Box::new(explain::explain_alert(app, &alert)?))
            }
            _ => return Err(Problem::parameter("give one of subject, event, alert")),
        })
    };
    service.blocking(explain).await.map(Json)
}
