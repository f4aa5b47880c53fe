//! `GET /v1/alerts/{id}/footage` and `/v1/footage/{sha256}?reason=…`: what an alert has, and a piece
//! of it. Only a viewer gets a piece, and not before the ledger says who got it and why.

use super::caller::ByViewer;
use super::problem::Problem;
use super::request::{Asked, Name};
use super::service::Service;
use crate::error::{AppError, Kind};
use crate::footage::Footage;
use crate::footage::see::{self, Viewer};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// Why somebody looks.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Reason {
    pub(crate) reason: String,
}

pub(crate) async fn of_alert(
    State(service): State<Arc<Service>>,
    Name(id): Name,
) -> Result<Json<Vec<Footage>>, Problem> {
    let find = move |service: &Service| {
        let missing = || AppError::new(Kind::NotFound, "no-alert", &id);
        Ok(service.app().alert(&id)?.ok_or_else(missing)?.footage)
    };
    service.blocking(find).await.map(Json)
}

pub(crate) async fn one(
    State(service): State<Arc<Service>>,
    ByViewer(by): ByViewer,
    Name(sha256): Name,
    Asked(Reason { reason }): Asked<Reason>,
) -> Result<impl IntoResponse, Problem> {
    let stopped = |_| Problem::busy("stopping");
    let place = service.pieces.clone().acquire_owned().await.map_err(stopped)?;
    let name = sha256.clone();
    let piece = service
        .blocking(move |service| {
            let viewer = Viewer { by: &by, reason: &reason };
            Ok(see::kept(service.app(), &sha256, viewer)?)
        })
        .await?;
    // The name is a hash that the ledger knows.
    let file = format!("inline; filename=\"{name}.{}\"", piece.kind.extension());
    let body = Bytes::from_owner(Held { bytes: piece.bytes, _place: place });
    Ok(([(CONTENT_TYPE, piece.kind.media().to_owned()), (CONTENT_DISPOSITION, file)], body))
}

/// A piece that keeps its place until its last byte is sent or the connection is gone.
struct Held {
    bytes: Vec<u8>,
    _place: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
