//! `POST /v1/events`: takes in events and acknowledges them once they are durable.
//!
//! Records that are no events are answered with their reasons; the good ones beside them count.
//! What the events mean is found out later, by the driver.

use super::problem::Problem;
use super::service::Service;
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::import::reject_json;
use axum::Json;
use axum::body::{Bytes, HttpBody};
use axum::extract::{FromRequest, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use plumbline_contract::event::Event;
use plumbline_ingest::{Mode, Reading, Reject, read_batch, read_event, read_lines};
use plumbline_store::Appended;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Largest body, in bytes: some 10,000 events of ordinary size. Larger deliveries are cut by the
/// sender or imported as files.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most events, good or bad, in one request: they are parsed and answered in one piece.
pub const EVENTS_PER_REQUEST_MAX: usize = 10_000;
/// Most characters `{`, `]` and line breaks in a JSON array, per event that is allowed. Each may
/// begin one more record to be rejected, so this bounds the memory that garbage takes; pretty-
/// printed events have about 30.
const MARKS_PER_EVENT_MAX: usize = 32;

/// The content types that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Single,
    Batch,
    Lines,
}

const FORMS: [(&str, Form); 3] = [
    ("application/cloudevents+json", Form::Single),
    ("application/cloudevents-batch+json", Form::Batch),
    ("application/x-ndjson", Form::Lines),
];

/// What became of a delivery. The six counts add up to the records in it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Receipt {
    /// Stored, and not known before.
    accepted: u64,
    /// Known already, the same.
    repeated: u64,
    /// Stored as a higher version of something known.
    superseding: u64,
    /// Stored as history: a higher version is known.
    older: u64,
    /// Not stored: this version is known with another content.
    conflicting: u64,
    /// Not stored: no events.
    rejected: Vec<Value>,
    conflicts: Vec<Value>,
    first_seq: Option<u64>,
    last_seq: Option<u64>,
}

pub(crate) async fn events(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Json<Receipt>, Problem> {
    let form = Form::of(request.headers())?;
    // An honest sender of too much learns it before it has sent it.
    if request.body().size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err(too_large());
    }
    let stopped = |_| Problem::busy("stopping");
    let _place = service.deliveries.acquire().await.map_err(stopped)?;
    let body = Bytes::from_request(request, &()).await.map_err(|error| {
        let title = ("无法读取请求内容", "the body cannot be read");
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            status => Problem::new(status, "body", title, error.body_text()),
        }
    })?;
    service.blocking(move |service| deliver(service, form, &body)).await.map(Json)
}

impl Form {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let given = given.unwrap_or_default();
        let (kind, parameters) = given.split_once(';').unwrap_or((given, ""));
        let same = |(name, _): &&(&str, Self)| kind.trim().eq_ignore_ascii_case(name);
        let found = FORMS.iter().find(same).map(|(_, form)| *form);
        found.filter(|_| is_utf8(parameters)).ok_or_else(|| {
            let names: Vec<_> = FORMS.iter().map(|(name, _)| *name).collect();
            let title = ("不支持的内容类型", "the content type is not supported");
            let detail = format!("`{given}`: {}, UTF-8", names.join(", "));
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type", title, detail)
        })
    }

    fn read(self, bytes: &[u8], reading: &Reading<'_>) -> (Vec<Event>, Vec<Reject>) {
        match self {
            Self::Single => match read_event(bytes, reading) {
                Ok(event) => (vec![event], Vec::new()),
                Err(reject) => (Vec::new(), vec![reject]),
            },
            Self::Batch => read_batch(bytes, reading),
            Self::Lines => read_lines(bytes, reading),
        }
    }

    /// Whether so much can be read at all; asked before it is.
    fn is_bounded(self, bytes: &[u8]) -> bool {
        let count = |is: fn(&u8) -> bool| bytes.iter().filter(|byte| is(byte)).count();
        match self {
            Self::Single => true,
            Self::Batch => {
                let marks = count(|byte| matches!(byte, b'{' | b']' | b'\n'));
                marks <= EVENTS_PER_REQUEST_MAX * MARKS_PER_EVENT_MAX
            }
            Self::Lines => count(|byte| *byte == b'\n') <= EVENTS_PER_REQUEST_MAX,
        }
    }
}

fn is_utf8(parameters: &str) -> bool {
    parameters.split(';').all(|parameter| match parameter.trim().split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

fn too_large() -> Problem {
    let title = ("请求内容过大", "the body is too large");
    let detail = format!("{BODY_BYTES_MAX} bytes allowed");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", title, detail)
}

fn too_many() -> Problem {
    let title = ("一次提交的事件过多", "too many events in one request");
    let detail = format!("{EVENTS_PER_REQUEST_MAX} events allowed");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-many-events", title, detail)
}

fn deliver(service: &Service, form: Form, bytes: &[u8]) -> Result<Receipt, Problem> {
    if !form.is_bounded(bytes) {
        return Err(too_many());
    }
    let app = service.app();
    let received = app.log_time();
    let rights = app.rights();
    let reading = Reading { zone: app.zone(), received, mode: Mode::Live, rights };
    let (events, rejects) = form.read(bytes, &reading);
    if events.len() + rejects.len() > EVENTS_PER_REQUEST_MAX {
        return Err(too_many());
    }
    let (mut receipt, repeats) = append(app, &events).map_err(|error| {
        // The store takes nothing more until it is opened again.
        if matches!(error.kind, Kind::Failed | Kind::Integrity) {
            service.fail(error.clone());
        }
        Problem::from(error)
    })?;
    app.count_intake(&repeats, &rejects, received);
    receipt.rejected = rejects.iter().map(reject_json).collect();
    if receipt.first_seq.is_some() {
        service.pulse().appended();
    }
    if receipt.first_seq.is_none() && receipt.repeated == 0 {
        return Err(nothing(&receipt));
    }
    Ok(receipt)
}

fn append<'a>(app: &App, events: &'a [Event]) -> Result<(Receipt, Vec<&'a Event>), AppError> {
    let (mut receipt, mut repeats) = (Receipt::default(), Vec::new());
    for (event, appended) in events.iter().zip(app.append(events)?) {
        match appended {
            Appended::New(_) => receipt.accepted += 1,
            Appended::Repeat => {
                receipt.repeated += 1;
                repeats.push(event);
            }
            Appended::Superseding(_) => receipt.superseding += 1,
            Appended::Older(_) => receipt.older += 1,
            Appended::Conflict(_) => {
                receipt.conflicting += 1;
                let Event { source, id, dataversion, .. } = event;
                let conflict = json!({ "source": source, "id": id, "dataversion": dataversion });
                receipt.conflicts.push(conflict);
            }
        }
        if let Some(seq) = appended.seq() {
            receipt.first_seq.get_or_insert(seq.0);
            receipt.last_seq = Some(seq.0);
        }
    }
    Ok((receipt, repeats))
}

/// The answer when no record of the delivery is in the log.
fn nothing(receipt: &Receipt) -> Problem {
    let title = ("没有可接收的事件", "nothing in it could be accepted");
    let (rejected, conflicting) = (receipt.rejected.len(), receipt.conflicting);
    let detail = format!("{rejected} rejected, {conflicting} conflicting");
    let mut members = Map::new();
    members.insert("rejected".to_owned(), Value::Array(receipt.rejected.clone()));
    members.insert("conflicts".to_owned(), Value::Array(receipt.conflicts.clone()));
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Problem::new(status, "nothing-accepted", title, detail).with(members)
}
