//! The cameras of the running service (大厅): which are watched, what they tell, and pictures of a
//! moment when an alert asks for them. The tables `camera` and `zone` say what there is, the file of
//! addresses where it is; a change of either takes effect without a restart.
//!
//! Decoding and measuring is the business of `plumbline-camera`; whether footage may be kept, that of
//! `footage`. Nothing here can hold up a camera, and no camera can hold up the log.

mod address;
mod clerk;
mod learn;
mod may;
mod persons;
mod plan;
mod reference;
mod run;
mod view;
mod writer;

pub use address::Address;
pub use persons::Persons;
pub use plan::{CAMERA_TABLE, Planned, ZONE_TABLE, plan, zones_of};
pub use run::{Running, start};
pub use view::{CameraView, why};
pub use writer::{Counts, Writer};

use crate::app::App;
use crate::clock;
use crate::error::{AppError, Kind};
use crate::footage::allow;
use persons::Model;
use plumbline_camera::{
    Counting, Fleet, Limits, Message, Post, Reference, Status, Subject, VideoError, Wanted, Zone,
};
use plumbline_contract::time::{Millis, Zone as Clock};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The `source` of what cameras tell, before the hall's name.
const SOURCE_PREFIX: &str = "video/";
/// How long after a camera could not be taken it is tried again, in milliseconds: its queue of commands
/// is empty by then, and reading its reference as often costs nothing.
const RETRY_MS: i64 = 10_000;

/// See the module. Lives as long as the service.
#[derive(Debug)]
pub struct Hall {
    fleet: Mutex<Option<Fleet>>,
    pub(crate) writer: Writer,
    current: Mutex<Current>,
    model: Mutex<Model>,
    zone: Clock,
    ahead_ms: i64,
}

/// What is watched now.
#[derive(Debug, Default)]
struct Current {
    planned: Vec<Planned>,
    /// Addresses whose camera no table knows.
    unknown: Vec<String>,
    /// Cameras that could not be taken, and why.
    faults: BTreeMap<String, String>,
    /// When they are tried again, by the clock that nobody can set.
    retry_at: Option<Millis>,
    /// The hall of each camera that was ever watched since the start: one that was removed may have
    /// something to tell yet.
    halls: BTreeMap<String, String>,
    /// Why the file of addresses was not read again.
    error: Option<AppError>,
    /// Of what the present plan was made.
    made_of: Option<String>,
}

impl Current {
    /// Whether there is nothing to do: all is made of the same, and no camera is to be tried again.
    fn holds(&self, made_of: &str, now: Millis) -> bool {
        self.made_of.as_deref() == Some(made_of) && self.retry_at.is_none_or(|at| now < at)
    }

    /// Takes a new plan; the faults are those of the one before until [`Current::faulty`] tells.
    fn plan_is(
        &mut self,
        planned: Vec<Planned>,
        unknown: Vec<String>,
        error: Option<AppError>,
        made_of: String,
    ) {
        let halls = planned.iter().map(|one| (one.cam.clone(), one.hall.clone()));
        self.halls.extend(halls);
        self.planned = planned;
        self.unknown = unknown;
        self.error = error;
        self.made_of = Some(made_of);
    }

    /// Notes which cameras could not be taken and when to try again; each fault is logged once.
    fn faulty(&mut self, faults: Vec<(String, VideoError)>, now: Millis) {
        let faults: BTreeMap<_, _> =
            faults.into_iter().map(|(cam, fault)| (cam, fault.to_string())).collect();
        for (cam, fault) in &faults {
            if self.faults.get(cam) != Some(fault) {
                tracing::error!(cam, error = fault, "a camera cannot be watched as it is set up");
            }
        }
        self.retry_at = (!faults.is_empty()).then_some(Millis(now.0 + RETRY_MS));
        self.faults = faults;
    }
}

/// What of the whole does not belong to one camera.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Summary {
    pub counts: Counts,
    /// Addresses whose camera no table knows.
    pub unknown: Vec<String>,
    /// Why the file of addresses is not in force.
    pub file_error: Option<String>,
    pub persons: Persons,
}

/// By which it is seen that a file is another than before.
type Stamp = (i64, i64, u64, u32, u64);

/// `None` if there is no such file.
fn stamp(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some((about.mtime(), about.mtime_nsec(), about.len(), about.mode(), about.ino()))
}

/// A lock whose holder panicked is not an issue: a panic ends the process.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Microseconds since 1970, as cameras count.
fn now_us(ahead_ms: i64) -> i64 {
    clock::now().0.saturating_add(ahead_ms).saturating_mul(1000)
}

impl Hall {
    fn new(app: &App, sink: SyncSender<Message>, ahead_ms: i64) -> Self {
        let clock = Arc::new(move || now_us(ahead_ms));
        Self {
            fleet: Mutex::new(Some(Fleet::new(clock, sink))),
            writer: Writer::default(),
            current: Mutex::default(),
            model: Mutex::default(),
            zone: app.zone().clone(),
            ahead_ms,
        }
    }

    /// Every camera of the tables with its live state.
    #[must_use]
    pub fn views(&self) -> Vec<CameraView> {
        let statuses = lock(&self.fleet).as_ref().map(Fleet::states).unwrap_or_default();
        let current = lock(&self.current);
        let view = |planned: &Planned| {
            let status = statuses.iter().find(|status| status.camera == planned.cam);
            let fault = current.faults.get(&planned.cam);
            CameraView::of(planned, status, fault.map(String::as_str), &self.zone)
        };
        current.planned.iter().map(view).collect()
    }

    /// What of the whole does not belong to one camera.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let persons = lock(&self.model).persons();
        let current = lock(&self.current);
        let file_error = current.error.as_ref().map(ToString::to_string);
        let unknown = current.unknown.clone();
        Summary { counts: self.writer.counts(), unknown, file_error, persons }
    }

    /// The zones of a camera, as they are watched now.
    #[must_use]
    pub fn zones(&self, cam: &str) -> Vec<Zone> {
        let current = lock(&self.current);
        let of_cam = current.planned.iter().find(|planned| planned.cam == cam);
        of_cam.map(|planned| planned.zones.clone()).unwrap_or_default()
    }

    /// What a camera sees now as a JPEG file, its privacy masks burned in.
    ///
    /// # Errors
    /// If it is not watched, or has shown nothing yet.
    pub fn still(&self, cam: &str) -> Result<Vec<u8>, AppError> {
        let last = self.with_fleet(|fleet| fleet.still(cam))?;
        last.and_then(|last| last.jpeg()).map(|still| still.jpeg).map_err(|error| wrong(cam, error))
    }

    /// Takes a picture of the empty hall from what a camera shows in the next seconds; it comes into
    /// force when it is done.
    ///
    /// # Errors
    /// If the camera is not watched, or the time is too long.
    pub fn learn(&self, cam: &str, seconds: u32) -> Result<(), AppError> {
        self.with_fleet(|fleet| fleet.learn(cam, seconds))?.map_err(|error| wrong(cam, error))
    }

    /// Decodes every picture of a camera for some seconds, and not key frames only: motion is then
    /// seen as it is.
    ///
    /// # Errors
    /// If the camera is not watched.
    pub fn burst(&self, cam: &str, seconds: u32) -> Result<(), AppError> {
        self.with_fleet(|fleet| fleet.burst(cam, seconds))?.map_err(|error| wrong(cam, error))
    }

    /// Whose events those of a camera are: the hall's, which is an organ of its own.
    fn dept(&self, cam: &str) -> String {
        lock(&self.current).halls.get(cam).cloned().unwrap_or_default()
    }

    fn collect(&self, cam: &str, wanted: Wanted) -> Result<(), VideoError> {
        match lock(&self.fleet).as_ref() {
            Some(fleet) => fleet.collect(cam, wanted),
            None => Err(VideoError::Stopped),
        }
    }

    fn status(&self, cam: &str) -> Option<Status> {
        lock(&self.fleet).as_ref().and_then(|fleet| fleet.state(cam))
    }

    fn with_fleet<T>(&self, use_it: impl FnOnce(&Fleet) -> T) -> Result<T, AppError> {
        let stopping = || AppError::new(Kind::Busy, "stopping", "hall");
        lock(&self.fleet).as_ref().map(use_it).ok_or_else(stopping)
    }

    /// Watches what the tables and the file of addresses say now, if that is something else than
    /// before, if a camera that could not be taken is due again, or if `again`.
    ///
    /// # Errors
    /// If the store fails. What is wrong with the file or a camera is told in the state instead.
    fn reconcile(&self, app: &App, again: bool) -> Result<(), AppError> {
        let made_of = made_of(app)?;
        let holds = lock(&self.current).holds(&made_of, clock::running());
        if !again && holds && lock(&self.model).is_fresh() {
            return Ok(());
        }
        let (addresses, error) = match address::read(app.home()) {
            Ok(sheet) => {
                lock(&self.model).name(sheet.detector, persons::load);
                (sheet.addresses, None)
            }
            Err(error) => {
                let current = lock(&self.current);
                if current.error.as_ref().map(ToString::to_string) != Some(error.to_string()) {
                    tracing::error!(%error, "the addresses of the cameras are not in force");
                }
                // What is watched goes on as it was.
                lock(&self.model).refresh(persons::load);
                let known = current.planned.clone().into_iter();
                (known.filter_map(|one| Some((one.cam, one.address?))).collect(), Some(error))
            }
        };
        let tables = app.tables().view(app.store(), app.store().next_seq())?;
        let today = app.zone().local(clock::now()).day();
        let (planned, unknown) = plan(&tables, &addresses, &app.config().region, today);
        let counting = lock(&self.model).counting();
        let mut posts = Vec::new();
        for one in &planned {
            posts.extend(post(app, one, counting.as_ref())?);
        }
        // The plan first: a camera tells something as soon as it is watched, and that has a department.
        lock(&self.current).plan_is(planned, unknown, error, made_of);
        let faults = lock(&self.fleet).as_mut().map(|fleet| fleet.reconcile(posts));
        lock(&self.current).faulty(faults.unwrap_or_default(), clock::running());
        Ok(())
    }

    /// Ends the fleet; whoever reads what it tells must go on until that is done.
    fn stop(&self) {
        let fleet = lock(&self.fleet).take();
        if let Some(fleet) = fleet {
            fleet.stop();
        }
    }
}

/// What would be watched if the service ran, and whether persons would be counted.
///
/// # Errors
/// If the file of addresses is wrong, or the store fails.
pub fn would_watch(app: &App) -> Result<(Vec<CameraView>, Persons), AppError> {
    let address::Sheet { addresses, detector } = address::read(app.home())?;
    let mut model = Model::default();
    model.name(detector, persons::load);
    let tables = app.tables().view(app.store(), app.store().next_seq())?;
    let today = app.zone().local(clock::now()).day();
    let (planned, _) = plan(&tables, &addresses, &app.config().region, today);
    let view = |one: &Planned| CameraView::of(one, None, None, app.zone());
    Ok((planned.iter().map(view).collect(), model.persons()))
}

/// What a plan depends on, in one text: it is the same as long as nothing changed.
fn made_of(app: &App) -> Result<String, AppError> {
    let tables = app.tables();
    let of_table = |name: &str| {
        let mut changes = tables.changes().iter().rev();
        changes.find(|(_, table, _)| table == name).map(|(_, _, version)| version.0)
    };
    let today = app.zone().local(clock::now()).day();
    let versions = [CAMERA_TABLE, ZONE_TABLE].map(of_table);
    let files = [app.home().cameras_file(), app.home().references_dir()].map(|path| stamp(&path));
    Ok(format!("{versions:?} {today} {files:?} {:?}", allow::said(app)?))
}

/// A camera as the fleet is told of it; `None` if nobody says where it is.
fn post(
    app: &App,
    planned: &Planned,
    counting: Option<&Counting>,
) -> Result<Option<Post>, AppError> {
    let Some(Address { address, patience, .. }) = planned.address.clone() else { return Ok(None) };
    let reference = reference::load(app.home(), &planned.cam).unwrap_or_else(|error| {
        // Without one nothing is said about who is there, and that is what is known.
        tracing::error!(%error, cam = planned.cam, "the reference cannot be used");
        None::<Reference>
    });
    let place = if planned.hall.is_empty() { &planned.region } else { &planned.hall };
    let subject = Subject {
        camera: planned.cam.clone(),
        source: format!("{SOURCE_PREFIX}{place}"),
        region: Some(planned.region.clone()).filter(|region| !region.is_empty()),
        start: Millis(0),
        clock: app.zone().clone(),
    };
    // What may not be kept is not held longer than decoding needs it.
    let keeps_clips = allow::allowed(app, &planned.region)?.clips && !planned.is_masked();
    Ok(Some(Post {
        subject,
        address,
        zones: planned.zones.clone(),
        reference,
        limits: Limits::default(),
        patience,
        keeps_clips,
        counting: counting.cloned(),
    }))
}

fn wrong(cam: &str, error: VideoError) -> AppError {
    let detail = format!("{cam}: {error}");
    match error {
        VideoError::UnknownCamera(_) => AppError::new(Kind::NotFound, "no-camera", detail),
        VideoError::NothingRecorded => AppError::new(Kind::NotFound, "no-picture", detail),
        VideoError::Limit(_) => AppError::new(Kind::Usage, "video", detail),
        _ => AppError::new(Kind::Failed, "video", detail),
    }
}
