//! `/v1/cameras`: the cameras with their live state, what one sees now, and its zones. A live still is
//! for viewers and is on record; zones are changed by whoever has the token of the service, by the
//! same checks as a table that is loaded from a file.

use super::caller::{ByService, ByViewer};
use super::footage::Reason;
use super::problem::Problem;
use super::request::{Asked, Name};
use super::service::Service;
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::footage::see::{self, Viewer};
use crate::hall::{CameraView, ZONE_TABLE};
use crate::table::prepare::{Prepared, prepare_read, problems};
use crate::table::{export, find, newest, refusal, rows};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use plumbline_contract::id::TableVersion;
use plumbline_contract::table::TableRow;
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::sync::Arc;

/// Zones of one camera at most: a picture cannot be cut into more that mean anything.
const ZONES_MAX: usize = 64;
/// Who loads zones that come over HTTP, in the ledger.
const BY: &str = "http.token";

/// The zones of a camera, as the newest version of the table has them.
#[derive(Debug, Serialize)]
pub(crate) struct ZonesOf {
    cam: String,
    /// Version of the table `zone`; nothing if it was never loaded.
    version: Option<u32>,
    zones: Vec<Value>,
}

pub(crate) async fn list(
    State(service): State<Arc<Service>>,
) -> Result<Json<Vec<CameraView>>, Problem> {
    service.blocking(|service| Ok(service.app().hall()?.views())).await.map(Json)
}

pub(crate) async fn still(
    State(service): State<Arc<Service>>,
    ByViewer(by): ByViewer,
    Name(cam): Name,
    Asked(Reason { reason }): Asked<Reason>,
) -> Result<impl IntoResponse, Problem> {
    let look = move |service: &Service| {
        let viewer = Viewer { by: &by, reason: &reason };
        viewer.check()?;
        let jpeg = service.app().hall()?.still(&cam)?;
        see::live(service.app(), &cam, &jpeg, viewer)?;
        Ok(jpeg)
    };
    let jpeg = service.blocking(look).await?;
    Ok(([(CONTENT_TYPE, "image/jpeg")], jpeg))
}

pub(crate) async fn zones(
    State(service): State<Arc<Service>>,
    Name(cam): Name,
) -> Result<Json<ZonesOf>, Problem> {
    service.blocking(move |service| Ok(zones_of(service.app(), cam)?)).await.map(Json)
}

/// Replaces the zones of one camera: a JSON array of rows as `GET` shows them.
pub(crate) async fn put_zones(
    State(service): State<Arc<Service>>,
    _by: ByService,
    Name(cam): Name,
    body: Bytes,
) -> Result<Json<ZonesOf>, Problem> {
    let replace = move |service: &Service| {
        replace(service.app(), &cam, &body)?;
        service.pulse().appended();
        Ok(zones_of(service.app(), cam)?)
    };
    service.blocking(replace).await.map(Json)
}

fn table(app: &App) -> Result<(Option<u32>, Vec<TableRow>), AppError> {
    let version = newest(app.store(), ZONE_TABLE)?.map(|version| version.loaded.version);
    let all = match version {
        Some(version) => rows(app.store(), ZONE_TABLE, TableVersion(version))?,
        None => Vec::new(),
    };
    Ok((version, all))
}

fn row_of(row: &TableRow) -> Value {
    serde_json::from_str(&row.json).unwrap_or_default()
}

fn zones_of(app: &App, cam: String) -> Result<ZonesOf, AppError> {
    let (version, all) = table(app)?;
    let mine = |row: &Value| row["cam"].as_str() == Some(&cam);
    let zones = all.iter().map(row_of).filter(mine).collect();
    Ok(ZonesOf { cam, version, zones })
}

fn replace(app: &App, cam: &str, body: &[u8]) -> Result<(), AppError> {
    let wrong = |error: &dyn std::fmt::Display| AppError::new(Kind::Usage, "zones-body", error);
    let given: Vec<Map<String, Value>> =
        serde_json::from_slice(body).map_err(|error| wrong(&error))?;
    if given.len() > ZONES_MAX {
        return Err(wrong(&format!("{} > {ZONES_MAX}", given.len())));
    }
    // Two who replace at once must not both start from the same rows.
    let _turn = app.take_turn();
    let (_, mut all) = table(app)?;
    all.retain(|row| row_of(row)["cam"].as_str() != Some(cam));
    for mut zone in given {
        zone.insert("cam".to_owned(), Value::from(cam));
        let json = Value::Object(zone).to_string();
        all.push(TableRow { key: String::new(), from: None, to: None, json });
    }
    let spec = find(ZONE_TABLE)?;
    let bytes = export::export(spec, &all);
    let prepared = prepare_read(Some(app), vec![(spec, PathBuf::from(ZONE_TABLE), bytes)])?;
    if let Some(error) = refusal(&problems(&prepared)) {
        return Err(error);
    }
    for item in prepared {
        let origin = item.origin(Some(BY.to_owned()));
        let Prepared { checked, .. } = item;
        app.load_table_from(ZONE_TABLE, checked.rows, origin, app.log_time())?;
    }
    Ok(())
}
