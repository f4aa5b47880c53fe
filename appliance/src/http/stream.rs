//! `GET /v1/alerts/stream`: server-sent events, one for each alert leaf, with the position of the
//! leaf as its id.
//!
//! There is one way only: every stream reads the ledger from its own place on, and is told when
//! there is more. So a client that comes back with `Last-Event-ID` misses nothing and gets nothing
//! twice, and a slow one holds up nobody.

use super::figures::read_sealed;
use super::problem::Problem;
use super::request::{Asked, number};
use super::service::{STREAMS_MAX, Service};
use crate::alert::as_alert;
use crate::error::{AppError, Kind};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, KeepAliveStream, Sse};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

/// A comment is sent after so long without an alert, so that proxies keep the connection and a
/// dead one is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What a browser waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);
/// Leaves read at once for one stream.
const LEAVES_AT_ONCE: u64 = 256;
/// Alerts that wait in memory for a slow client.
const WAITING_MAX: usize = 64;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Query {
    /// First leaf to look at, for a client that has no last event yet.
    from: String,
}

type Sender = mpsc::Sender<Result<Event, Infallible>>;
type Alerts = Sse<KeepAliveStream<ReceiverStream<Result<Event, Infallible>>>>;

pub(crate) async fn alerts(
    State(service): State<Arc<Service>>,
    Asked(query): Asked<Query>,
    headers: HeaderMap,
) -> Result<Alerts, Problem> {
    let sealed = service.sealed();
    let size = *sealed.borrow();
    let from = start(&headers, &query)?.unwrap_or(size);
    if from > size {
        let detail = format!("leaf {from} is beyond the {size} sealed ones");
        return Err(Problem::parameter(detail));
    }
    let Ok(place) = service.streams.clone().try_acquire_owned() else {
        return Err(Problem::busy(format!("{STREAMS_MAX} streams are open")));
    };
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    tokio::spawn(async move {
        if let Err(error) = follow(&service, sealed, from, &sender).await {
            tracing::error!(?error, "a stream of alerts ends early");
        }
        // The connection ends with the sender; by then nothing is held any more.
        drop((service, place));
        drop(sender);
    });
    let heartbeat = KeepAlive::new().interval(HEARTBEAT).text("plumbline");
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(heartbeat))
}

/// The first leaf that the client has not seen, if it says so. Its last event counts more than the
/// address, which a browser repeats when it comes back.
fn start(headers: &HeaderMap, query: &Query) -> Result<Option<u64>, Problem> {
    if let Some(last) = headers.get("last-event-id") {
        let last = number("Last-Event-ID", &String::from_utf8_lossy(last.as_bytes()))?;
        return Ok(Some(last.saturating_add(1)));
    }
    if query.from.is_empty() { Ok(None) } else { number("from", &query.from).map(Some) }
}

/// Sends alert leaves from `next` on, until the client goes or the service stops.
async fn follow(
    service: &Arc<Service>,
    mut sealed: watch::Receiver<u64>,
    mut next: u64,
    sender: &Sender,
) -> Result<(), Problem> {
    let hello = Event::default().retry(RETRY).comment("plumbline");
    if sender.send(Ok(hello)).await.is_err() {
        return Ok(());
    }
    loop {
        let size = *sealed.borrow_and_update();
        while next < size {
            let from = next;
            let read = service.blocking(move |service| news(service, from)).await?;
            for event in read.events {
                if sender.send(Ok(event)).await.is_err() {
                    return Ok(());
                }
            }
            next = read.next;
        }
        tokio::select! {
            changed = sealed.changed() => if changed.is_err() { return Ok(()) },
            () = service.stopped() => return Ok(()),
            () = sender.closed() => return Ok(()),
        }
    }
}

struct News {
    events: Vec<Event>,
    next: u64,
}

fn news(service: &Service, from: u64) -> Result<News, Problem> {
    let mut news = News { events: Vec::new(), next: from };
    for bytes in read_sealed(service.app(), from, LEAVES_AT_ONCE)? {
        let index = news.next;
        news.next += 1;
        if as_alert(index, &bytes)?.is_none() {
            continue;
        }
        // The leaf as it is, byte for byte, so that a client can check its proof.
        let damaged = |error| AppError::new(Kind::Integrity, "ledger-damaged", error);
        let leaf = String::from_utf8(bytes).map_err(damaged)?;
        let data = format!(r#"{{"index":{index},"leaf":{leaf}}}"#);
        news.events.push(Event::default().id(index.to_string()).event("alert").data(data));
    }
    Ok(news)
}
