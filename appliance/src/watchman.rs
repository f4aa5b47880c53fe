//! The thread that looks once a minute while the service runs, and starts the nightly
//! reconciliation on another. It decides nothing: that is the business of the watch.

use crate::app::App;
use crate::clock;
use crate::error::{AppError, Kind};
use crate::http::{Pulse, Service, Woken};
use crate::reconcile;
use crate::watch::Watch;
use plumbline_contract::time::MS_PER_MINUTE;
use plumbline_kernel::health::ClockLook;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// A running watchman.
#[derive(Debug)]
pub struct Watchman {
    pulse: Arc<Pulse>,
    end: oneshot::Receiver<()>,
}

impl Watchman {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system gives none.
    pub fn start(service: &Arc<Service>) -> Result<Self, AppError> {
        let (ended, end) = oneshot::channel();
        let pulse = Arc::new(Pulse::default());
        let (service, beat) = (service.clone(), pulse.clone());
        let body = move || {
            if let Err(error) = watch(&service, &beat) {
                service.fail(error);
            }
            // Whoever waits may open the home again at once.
            drop(service);
            let _ = ended.send(());
        };
        let spawned = std::thread::Builder::new().name("watchman".to_owned()).spawn(body);
        spawned.map_err(|error| AppError::new(Kind::Failed, "driver", error))?;
        Ok(Self { pulse, end })
    }

    /// Lets the look in hand end; true unless the thread has panicked.
    pub async fn stop(self) -> bool {
        self.pulse.stop();
        self.end.await.is_ok()
    }
}

fn watch(service: &Service, pulse: &Pulse) -> Result<(), AppError> {
    let app = service.app();
    let mut watch = Watch::load(app)?;
    let mut night: Option<JoinHandle<()>> = None;
    loop {
        let now = ClockLook { wall: clock::now(), steady_ms: Some(clock::running().0) };
        let report = watch.look(app, now)?;
        if report.leaves + report.observed > 0 {
            // The driver's thread is who drives, and shows what was sealed.
            service.pulse().appended();
        }
        if night.take_if(|night| night.is_finished()).is_some() {
            service.pulse().appended();
        }
        if night.is_none() && reconcile::is_due(&report, &app.config().health, app.zone()) {
            night = Some(reconcile_on_a_thread(app.clone())?);
        }
        service.tell(report);
        let rest = MS_PER_MINUTE - now.wall.0.rem_euclid(MS_PER_MINUTE);
        if pulse.wait(Duration::from_millis(rest.unsigned_abs())) == Woken::Stop {
            // A reconciliation is not waited for: it has written nothing yet, and is due again.
            return watch.keep(app);
        }
    }
}

fn reconcile_on_a_thread(app: Arc<App>) -> Result<JoinHandle<()>, AppError> {
    let body = move || match reconcile::reconcile(&app, clock::now()) {
        Ok(done) if done.is_sound() => tracing::info!(took_ms = done.took_ms, "reconciled"),
        Ok(done) => tracing::error!(?done, "the reconciliation has found a difference"),
        // It is due again at the next look.
        Err(error) => tracing::error!(%error, "the reconciliation cannot be recorded"),
    };
    let spawned = std::thread::Builder::new().name("reconcile".to_owned()).spawn(body);
    spawned.map_err(|error| AppError::new(Kind::Failed, "driver", error))
}
