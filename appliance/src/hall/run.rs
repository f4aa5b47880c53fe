//! The threads of the cameras: one hands on what they tell, one writes it into the log, one looks
//! every second at what has changed, which alerts want pictures and what is over.

use super::clerk::Clerk;
use super::{Hall, learn, reference};
use crate::clock;
use crate::error::{AppError, Kind};
use crate::footage::keep;
use crate::http::{Pulse, Service, Woken};
use plumbline_camera::Message;
use plumbline_contract::time::{Day, Millis};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tokio::sync::oneshot;

/// Messages of cameras that wait to be handed on, which takes no time: ten for each of 100 cameras.
const MESSAGES: usize = 1024;
/// How often changes and alerts are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// How long after a camera's watch has ended by a fault it is begun again, in milliseconds.
const AGAIN_MS: i64 = 30_000;

/// Cameras that are being watched.
#[derive(Debug)]
pub struct Running {
    pulse: Arc<Pulse>,
    end: oneshot::Receiver<()>,
}

impl Running {
    /// Ends all watches and lets what they told reach the log; true unless a thread has panicked.
    pub async fn stop(self) -> bool {
        self.pulse.stop();
        self.end.await.is_ok()
    }
}

/// Watches the cameras of a service's home, by a clock that is so far ahead of ours.
///
/// # Errors
/// If the system gives no threads, or the store fails.
pub fn start(service: &Arc<Service>, ahead_ms: i64) -> Result<Running, AppError> {
    match keep::sweep(service.app()) {
        Ok(0) => {}
        Ok(swept) => tracing::warn!(swept, "footage that no leaf vouches for was removed"),
        // What is left over harms nobody: oversight goes on without it.
        Err(error) => tracing::error!(%error, "footage could not be swept"),
    }
    let (sink, messages) = sync_channel(MESSAGES);
    let hall = Arc::new(Hall::new(service.app(), sink, ahead_ms));
    let (tell, news) = channel();
    let (ended, end) = oneshot::channel();
    let pulse = Arc::new(Pulse::default());
    hall.reconcile(service.app(), true)?;
    let (to, beat) = (hall.clone(), pulse.clone());
    let reader = thread("hall reader", move || hand_on(&to, messages, &tell, &beat))?;
    let (to, of) = (hall.clone(), service.clone());
    let writer = thread("hall writer", move || {
        if let Err(error) = to.writer.run(&of) {
            of.fail(error);
        }
    })?;
    service.app().set_hall(Some(hall.clone()));
    let (service, beat) = (service.clone(), pulse.clone());
    thread("hall", move || {
        if let Err(error) = Work::new(&service, &hall).run(&beat, &news) {
            service.fail(error);
        }
        service.app().set_hall(None);
        hall.stop();
        // The fleet was the last to tell anything: the reader ends, then the writer may.
        let reader = reader.join().is_ok();
        hall.writer.stop();
        let writer = writer.join().is_ok();
        // Whoever waits may open the home again at once.
        drop((hall, service));
        if reader && writer {
            let _ = ended.send(());
        }
    })?;
    Ok(Running { pulse, end })
}

fn thread(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, AppError> {
    let spawned = Builder::new().name(name.to_owned()).spawn(body);
    spawned.map_err(|error| AppError::new(Kind::Failed, "driver", error))
}

/// Hands on what cameras tell, without ever waiting for a disk.
fn hand_on(hall: &Hall, messages: Receiver<Message>, tell: &Sender<Message>, beat: &Pulse) {
    for message in messages {
        match message {
            Message::Written { camera, events, .. } => {
                let dept = hall.dept(&camera);
                for mut event in events {
                    event["dept"] = dept.as_str().into();
                    hall.writer.push(event);
                }
            }
            other => {
                // If nobody listens any more, the service ends.
                let _ = tell.send(other);
                beat.appended();
            }
        }
    }
}

struct Work<'a> {
    service: &'a Arc<Service>,
    hall: &'a Arc<Hall>,
    /// When a camera whose watch has ended is begun again, by the clock that nobody can set.
    again: Option<Millis>,
    /// On which day old footage was looked for.
    expired: Option<Day>,
    /// On which day a picture of the empty hall was begun, by camera.
    learned: BTreeMap<String, Day>,
}

impl<'a> Work<'a> {
    fn new(service: &'a Arc<Service>, hall: &'a Arc<Hall>) -> Self {
        Self { service, hall, again: None, expired: None, learned: BTreeMap::new() }
    }

    fn run(&mut self, beat: &Pulse, news: &Receiver<Message>) -> Result<(), AppError> {
        let app = self.service.app();
        let mut clerk = Clerk::load(app)?;
        loop {
            while let Ok(message) = news.try_recv() {
                self.hear(&mut clerk, message)?;
            }
            let now = clock::running();
            let again = self.again.take_if(|at| *at <= now).is_some();
            self.hall.reconcile(app, again)?;
            clerk.look(app, self.hall)?;
            self.daily()?;
            if beat.wait(LOOK) == Woken::Stop {
                return Ok(());
            }
        }
    }

    fn hear(&mut self, clerk: &mut Clerk, message: Message) -> Result<(), AppError> {
        let app = self.service.app();
        match message {
            Message::Evidence(evidence) => clerk.take(app, self.hall, *evidence)?,
            Message::Learned { camera, reference: Ok(reference) } => {
                match reference::keep(app, &camera, &reference) {
                    Ok(()) => tracing::info!(cam = camera, "a picture of the empty hall was taken"),
                    // It lacks until it is learned again; what else a hall tells goes on.
                    Err(error) => tracing::error!(
                        cam = camera, %error, "a picture of the empty hall could not be kept"
                    ),
                }
            }
            Message::Learned { camera, reference: Err(error) } => {
                tracing::error!(cam = camera, %error, "no picture of the empty hall came about");
            }
            Message::Fault { camera, error } => {
                tracing::error!(cam = camera, %error, "the watch of a camera has ended");
                self.again = Some(Millis(clock::running().0 + AGAIN_MS));
            }
            Message::Written { .. } => {}
        }
        Ok(())
    }

    /// Deletes footage whose time is over, once a day, as soon as it is sure which day it is.
    fn expire(&mut self) {
        let app = self.service.app();
        let Some(today) = app.sure_time().map(|now| app.zone().local(now).day()) else { return };
        if self.expired.replace(today) == Some(today) {
            return;
        }
        match keep::expire(app, today, false) {
            Ok(over) if over.is_empty() => {}
            Ok(over) => {
                tracing::info!(over = over.len(), "footage whose time is over was deleted");
            }
            Err(error) => tracing::error!(%error, "not all footage could be deleted"),
        }
    }

    /// What is done once a day.
    fn daily(&mut self) -> Result<(), AppError> {
        let app = self.service.app();
        let now = app.zone().local(clock::now());
        self.expire();
        let needy = self
            .hall
            .views()
            .into_iter()
            .filter(|view| view.is_well() && !view.reference && !view.learning);
        let needy: Vec<_> =
            needy.filter(|view| self.learned.get(&view.cam) != Some(&now.day())).collect();
        if needy.is_empty() {
            return Ok(());
        }
        let tables = app.tables().view(app.store(), app.store().next_seq())?;
        for view in needy {
            if learn::is_due(&tables, &view.region, &view.hall, now) {
                self.learned.insert(view.cam.clone(), now.day());
                if let Err(error) = self.hall.learn(&view.cam, learn::SECONDS) {
                    tracing::warn!(%error, "a picture of the empty hall cannot be taken");
                }
            }
        }
        Ok(())
    }
}
