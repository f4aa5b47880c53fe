//! What the handlers and the driver thread share: the open home, the limits on what is in hand,
//! and the signals between them. It decides nothing.

use super::figures::Figures;
use super::problem::Problem;
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::watch::Report;
use axum::http::StatusCode;
use plumbline_contract::manifest::Manifest;
use plumbline_ledger::sha256;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// Deliveries read and appended at the same time: with 8 MiB each, and as much again for what is
/// parsed from them, they stay below a quarter of a machine of 1 GiB. More of them wait unread.
const DELIVERIES_MAX: usize = 8;
/// Explanations at the same time: each calls plugins, and the driver stands still meanwhile.
const EXPLANATIONS_MAX: usize = 2;
/// Pieces of footage handed out at the same time: each is held whole until it is sent, 64 MiB at most.
const PIECES_MAX: usize = 4;
/// Streams at the same time: each holds one connection for as long as a console is open.
pub(crate) const STREAMS_MAX: usize = 64;

/// See the module.
#[derive(Debug)]
pub struct Service {
    app: Arc<App>,
    /// SHA-256 of the bearer token.
    token: [u8; 32],
    manifests: Mutex<Vec<Manifest>>,
    pulse: Pulse,
    figures: Mutex<Figures>,
    /// What the watch found at its latest look.
    report: Mutex<Option<Arc<Report>>>,
    /// Leaves under the last checkpoint.
    sealed: watch::Sender<u64>,
    stopping: watch::Sender<bool>,
    failure: Mutex<Option<AppError>>,
    pub(crate) deliveries: Semaphore,
    pub(crate) explanations: Semaphore,
    pub(crate) pieces: Arc<Semaphore>,
    pub(crate) streams: Arc<Semaphore>,
}

impl Service {
    /// Prepares the service of an open home; reads the ledger once.
    ///
    /// # Errors
    /// If the token or the ledger cannot be read.
    pub fn new(app: Arc<App>) -> Result<Self, AppError> {
        let token = app.home().token()?;
        let token = token.trim();
        if token.is_empty() {
            return Err(AppError::new(Kind::Failed, "key", "the token of the service is empty"));
        }
        let service = Self {
            token: sha256(token.as_bytes()),
            manifests: Mutex::new(app.manifests()),
            pulse: Pulse::default(),
            figures: Mutex::default(),
            report: Mutex::default(),
            sealed: watch::Sender::new(0),
            stopping: watch::Sender::new(false),
            failure: Mutex::default(),
            deliveries: Semaphore::new(DELIVERIES_MAX),
            explanations: Semaphore::new(EXPLANATIONS_MAX),
            pieces: Arc::new(Semaphore::new(PIECES_MAX)),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            app,
        };
        service.publish()?;
        Ok(service)
    }

    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    #[must_use]
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    pub(crate) fn manifests(&self) -> Vec<Manifest> {
        lock(&self.manifests).clone()
    }

    /// A command has ended, whatever it did to the home: other plugins may be in force, and there
    /// may be something to drive.
    pub(crate) fn commanded(&self) {
        *lock(&self.manifests) = self.app.manifests();
        self.pulse.appended();
    }

    pub(crate) fn figures(&self) -> Figures {
        lock(&self.figures).clone()
    }

    /// The latest look of the watch; nothing in the first moments of the service.
    pub(crate) fn report(&self) -> Option<Arc<Report>> {
        lock(&self.report).clone()
    }

    /// Takes note of what the watch has found.
    pub(crate) fn tell(&self, report: Report) {
        *lock(&self.report) = Some(Arc::new(report));
    }

    /// Whether this is the token. Digests are compared, all bytes of them, so that the time it
    /// takes says nothing about the token.
    pub(crate) fn knows(&self, token: &[u8]) -> bool {
        let pairs = sha256(token).into_iter().zip(self.token);
        pairs.fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
    }

    /// Lets the streams and the figures see what was sealed.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn publish(&self) -> Result<(), AppError> {
        let sealed = lock(&self.figures).follow(&self.app)?;
        self.sealed.send_replace(sealed);
        Ok(())
    }

    pub(crate) fn sealed(&self) -> watch::Receiver<u64> {
        self.sealed.subscribe()
    }

    /// Asks everything to come to its end.
    pub fn stop(&self) {
        self.app.stop();
        self.stopping.send_replace(true);
    }

    /// Comes to its end when the service is to stop.
    pub async fn stopped(&self) {
        // The sender lives as long as `self`.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Stops the service because the store or the ledger cannot go on; the first error is kept.
    pub fn fail(&self, error: AppError) {
        tracing::error!(%error, "the service cannot go on");
        lock(&self.failure).get_or_insert(error);
        self.stop();
    }

    /// Why the service had to stop, if it had to.
    #[must_use]
    pub fn failure(&self) -> Option<AppError> {
        lock(&self.failure).clone()
    }

    /// Does what waits for a disk or a lock on a thread of its own.
    pub(crate) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let service = self.clone();
        match tokio::task::spawn_blocking(move || work(&service)).await {
            Ok(done) => done,
            Err(error) => {
                let title = ("主机故障", "the machine has failed");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                Err(Problem::new(status, "internal", title, error.to_string()))
            }
        }
    }
}

/// A lock whose holder panicked is not an issue: a panic ends the process.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes the driver thread.
#[derive(Debug, Default)]
pub struct Pulse {
    beat: Mutex<Beat>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Beat {
    appended: bool,
    stop: bool,
}

/// Why the driver woke up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Something was appended, or it is time to look.
    Look,
    /// Nobody appends any more.
    Stop,
}

impl Pulse {
    /// Something was appended.
    pub fn appended(&self) {
        lock(&self.beat).appended = true;
        self.changed.notify_one();
    }

    /// Nothing more will be appended.
    pub fn stop(&self) {
        lock(&self.beat).stop = true;
        self.changed.notify_one();
    }

    /// Waits for either of them, or until `longest` is over.
    pub fn wait(&self, longest: Duration) -> Woken {
        let idle = |beat: &mut Beat| !beat.appended && !beat.stop;
        let waited = self.changed.wait_timeout_while(lock(&self.beat), longest, idle);
        let (mut beat, _) = waited.unwrap_or_else(PoisonError::into_inner);
        beat.appended = false;
        if beat.stop { Woken::Stop } else { Woken::Look }
    }
}
