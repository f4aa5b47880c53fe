//! `plumbline serve`: listens, drives the log along with what comes in, and ends in good order.
//!
//! One thread drives: it is woken when something was appended and looks at log time once a minute.
//! If the store or the ledger fails, the service ends with the error; whoever started it starts it
//! again, and the log is where it was. What a route does is the business of `http`.

use crate::app::App;
use crate::control::Control;
use crate::error::{AppError, Kind};
use crate::hall;
use crate::http::{self, Service, Woken};
use crate::watchman::Watchman;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use plumbline_contract::time::{MS_PER_MINUTE, Millis};
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;

/// Connections at the same time: 50 departments with a few each; more wait to be accepted.
const CONNECTIONS_MAX: usize = 256;
/// Longest wait for the head of a request, also between two requests on one connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest time from the head of a request to the head of its answer: 8 MiB over 2 Mbit/s.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Largest head of a request, in bytes: a token and a long case number take 1 KiB.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most headers of a request.
const HEADERS_MAX: usize = 64;
/// How long open requests may take to end once the service stops.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long a command that was sent to the service may take to end once it stops.
const COMMAND_FAREWELL: Duration = Duration::from_secs(60);
/// Pause after the system refused a connection, for instance because files ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// File in the home that names the address while the service runs.
const ADDRESS_FILE: &str = "serve.addr";

/// How to serve. The limits are the constants above except in tests.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    pub connections_max: usize,
    pub head_timeout: Duration,
    pub request_timeout: Duration,
    pub command_farewell: Duration,
    /// How far the clock of the cameras is ahead of ours, so that a test need not wait for the end of
    /// a minute; 0 in earnest.
    pub camera_ahead_ms: i64,
}

impl ServeOptions {
    #[must_use]
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            connections_max: CONNECTIONS_MAX,
            head_timeout: HEAD_TIMEOUT,
            request_timeout: REQUEST_TIMEOUT,
            command_farewell: COMMAND_FAREWELL,
            camera_ahead_ms: 0,
        }
    }
}

/// Serves until `shutdown` comes to its end. `ready` is told the address.
///
/// # Errors
/// If the address cannot be had, or the store or the ledger fails.
pub async fn serve(
    app: Arc<App>,
    options: ServeOptions,
    ready: impl FnOnce(SocketAddr),
    shutdown: impl Future,
) -> Result<(), AppError> {
    let no_address =
        |error| AppError::new(Kind::Failed, "listen", format!("{}: {error}", options.listen));
    let listener = TcpListener::bind(options.listen).await.map_err(no_address)?;
    let address = listener.local_addr().map_err(no_address)?;
    let file = app.home().dir().join(ADDRESS_FILE);
    let control = Control::bind(app.home())?;
    let service = Arc::new(Service::new(app)?);
    std::fs::write(&file, address.to_string()).map_err(|error| AppError::io(&file, &error))?;
    let driver = spawn_driver(&service).inspect_err(|_| remove(&file))?;
    let watchman = Watchman::start(&service).inspect_err(|_| remove(&file))?;
    let cameras = hall::start(&service, options.camera_ahead_ms).inspect_err(|_| remove(&file))?;
    ready(address);
    tracing::info!(%address, "serving");
    let commands = tokio::spawn(control.run(service.clone(), options.command_farewell));
    let connections = accept(listener, &service, &options, shutdown).await;
    let (_, commands) = tokio::join!(say_farewell(connections), commands);
    if !watchman.stop().await {
        service.fail(AppError::new(Kind::Failed, "driver", "the watchman thread has panicked"));
    }
    if !cameras.stop().await {
        service.fail(AppError::new(Kind::Failed, "driver", "a thread of the cameras has panicked"));
    }
    if let Err(error) = commands {
        tracing::error!(%error, "the control socket has failed");
    }
    // Nothing is appended any more: the driver may finish.
    service.pulse().stop();
    if driver.await.is_err() {
        service.fail(AppError::new(Kind::Failed, "driver", "the driver thread has panicked"));
    }
    remove(&file);
    tracing::info!("stopped");
    service.failure().map_or(Ok(()), Err)
}

fn remove(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::warn!(file = %file.display(), %error, "cannot be removed");
    }
}

/// Starts the thread that drives; the receiver hears when it has ended.
fn spawn_driver(service: &Arc<Service>) -> Result<oneshot::Receiver<()>, AppError> {
    let (ended, end) = oneshot::channel();
    let service = service.clone();
    let body = move || {
        if let Err(error) = drive(&service) {
            service.fail(error);
        }
        // Whoever waits may open the home again at once.
        drop(service);
        let _ = ended.send(());
    };
    let spawned = std::thread::Builder::new().name("driver".to_owned()).spawn(body);
    spawned.map_err(|error| AppError::new(Kind::Failed, "driver", error))?;
    Ok(end)
}

/// Drives until nothing is appended any more.
fn drive(service: &Service) -> Result<(), AppError> {
    let app = service.app();
    let mut looked = None;
    loop {
        let now = app.log_time();
        // A command that has the turn drives by itself; the pulse comes when it has ended.
        if let Some(_turn) = app.try_turn() {
            app.settle()?;
            let minute = now.0.div_euclid(MS_PER_MINUTE);
            if looked.replace(minute) != Some(minute) && is_due(app, now)? {
                app.tick(now, false)?;
                app.settle()?;
            }
        }
        service.publish()?;
        let rest = MS_PER_MINUTE - now.0.rem_euclid(MS_PER_MINUTE);
        if service.pulse().wait(Duration::from_millis(rest.unsigned_abs())) == Woken::Stop {
            app.settle()?;
            return service.publish();
        }
    }
}

/// Whether a key of some deployment wants to be woken. A tick is written only then, so that the
/// log of an idle host does not grow.
fn is_due(app: &App, now: Millis) -> Result<bool, AppError> {
    let local = app.zone().local(now);
    let still: Vec<_> = app.suspended().into_iter().map(|(one, _)| one.id).collect();
    for deployment in app.deployments().into_iter().filter(|one| !still.contains(&one.id)) {
        if !app.store().due(deployment.id, local, None, 1)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes connections until the service is to stop; returns those that are open.
async fn accept(
    listener: TcpListener,
    service: &Arc<Service>,
    options: &ServeOptions,
    shutdown: impl Future,
) -> JoinSet<()> {
    let router = http::router(service.clone(), options.request_timeout);
    let places = Arc::new(Semaphore::new(options.connections_max));
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let (stream, place) = tokio::select! {
            _ = &mut shutdown => break,
            () = service.stopped() => break,
            accepted = next_connection(&listener, &places) => accepted,
        };
        while connections.try_join_next().is_some() {}
        let handled = connection(stream, router.clone(), service.clone(), options.head_timeout);
        connections.spawn(async move {
            handled.await;
            drop(place);
        });
    }
    service.stop();
    connections
}

async fn next_connection(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let place = places.clone().acquire_owned().await;
    let place = place.expect("nobody closes the places");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::warn!(%error, "a connection was refused by the system");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves one connection; when the service stops, to the end of the request in hand.
async fn connection(stream: TcpStream, router: Router, service: Arc<Service>, timeout: Duration) {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX);
    // An alert is sent at once, not when a packet is full.
    let _ = stream.set_nodelay(true);
    let routed = TowerToHyperService::new(router);
    let served = builder.serve_connection(TokioIo::new(stream), routed);
    tokio::pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = service.stopped() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Waits for open requests, but not for ever.
async fn say_farewell(mut connections: JoinSet<()>) {
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(FAREWELL, all).await.is_err() {
        tracing::warn!(open = connections.len(), "requests were cut off");
        connections.shutdown().await;
    }
}
