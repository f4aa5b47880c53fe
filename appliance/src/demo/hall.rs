//! A service hall with three cameras: somebody leaves a post, a camera is covered, and the cards with
//! their footage follow.
//!
//! The hall is drawn and encoded here. Where GStreamer is installed its RTSP server plays it on the
//! loopback, and the cameras are read as real ones are; elsewhere they are read from files. Twenty
//! minutes pass in seconds: each picture stands for a second, and log time follows the pictures.

use super::wrong;
use crate::app::App;
use crate::deploy;
use crate::error::AppError;
use crate::footage::take::{self, AFTER_S, BEFORE_S, Wish};
use crate::footage::{Form, allow};
use crate::hall::{CAMERA_TABLE, ZONE_TABLE, zones_of};
use crate::table;
use plumbline_camera::{
    AccessUnit, Clip, Decoder, Grid, Limits, Mode, Observer, RING_US, Reference, ReferenceBuilder,
    Ring, Scene, Source, Still, Subject, Watch, Zone, Zones, stage,
};
use plumbline_contract::alert::{AlertAct, AlertLeaf};
use plumbline_contract::id::TableVersion;
use plumbline_contract::table::Tables;
use plumbline_contract::time::{MS_PER_MINUTE, Millis, parse_stamp};
use plumbline_ingest::{Mode as Delivery, Reading, read_event};
use serde_json::{Map, Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The plugin that judges; without it there is nothing to show.
const PLUGIN: &str = "video";
const REGION: &str = "370203";
/// The hall, an organ of its own.
const HALL: &str = "D-ZWDT";
/// When the play begins: a Monday after the weeks of approvals.
const BEGIN: &str = "2026-03-30T10:00:00+08:00";
const MINUTES: u32 = 21;
const SECONDS: u32 = MINUTES * 60;
const SECOND_US: i64 = 1_000_000;
/// How long a picture lasts while it is played: all of it in some seven seconds.
const PLAYED_US: i64 = 5_500;
/// How long the server may take for the next picture.
const PATIENCE: Duration = Duration::from_secs(10);
/// The document that allows looking at the conduct of staff, in this demonstration.
const GROUND: &str = "演示：县监察委员会授权文件〔2026〕1号";
/// GStreamer's server: plays each file on its own mount until its input is closed.
const SERVER: &str = include_str!("server.py");
const PYTHON: &str = "/usr/bin/python3";

/// One camera of the play: its number, and what is to be seen for how many seconds.
const CAMERAS: [(&str, &[(Scene, u32)]); 3] = [
    ("C-D1", &[(Scene::Staffed, 240), (Scene::Empty, SECONDS - 240)]),
    ("C-D2", &[(Scene::Staffed, 420), (Scene::Covered, SECONDS - 420)]),
    ("C-D3", &[(Scene::Staffed, SECONDS)]),
];

/// What the play brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct HallReport {
    /// Whether the pictures came from an RTSP server, and not from files.
    pub by_rtsp: bool,
    pub minutes: u64,
    /// Alerts with footage, in the order in which they came.
    pub alerts: Vec<String>,
}

/// Plays the hall into a home; nothing if its plugins have no eyes.
///
/// # Errors
/// If the home, the encoder or the disk fails.
pub fn play(app: &App) -> Result<Option<HallReport>, AppError> {
    if deploy::live(app, PLUGIN).is_none() {
        return Ok(None);
    }
    let begin = parse_stamp(BEGIN).map(|stamp| app.zone().instant_of(stamp));
    let begin = begin.ok_or_else(|| wrong(BEGIN))?;
    app.tell_time(begin);
    furnish(app)?;
    let folder = app.home().dir().join("demo-hall");
    fs::create_dir_all(&folder).map_err(|error| AppError::io(&folder, &error))?;
    let shot = std::thread::scope(|scope| {
        let threads = CAMERAS.map(|(cam, scenes)| scope.spawn(|| shoot(&folder, cam, scenes)));
        threads.map(|thread| thread.join().unwrap_or_else(|_| Err(wrong("encoder"))))
    });
    shot.into_iter().collect::<Result<(), _>>()?;
    let (units, by_rtsp) = receive(&folder)?;
    fs::remove_dir_all(&folder).map_err(|error| AppError::io(&folder, &error))?;
    let reference = empty_hall()?;
    let mut seats = Vec::new();
    for ((cam, _), units) in CAMERAS.iter().zip(units) {
        seats.push(Seen::new(app, cam, begin, &reference, units)?);
    }
    let mut report = HallReport { by_rtsp, ..HallReport::default() };
    for minute in 0..MINUTES {
        one_minute(app, begin, minute, &mut seats, &mut report)?;
    }
    Ok(Some(report))
}

fn furnish(app: &App) -> Result<(), AppError> {
    // The ring of corners ends where it begins.
    let seat = Scene::seat();
    let seat = json!([&seat[..], &seat[..1]].concat());
    let (mut cameras, mut zones) =
        ("cam,hall,mode,status\n".to_owned(), "cam,zone,kind,seat,polygon\n".to_owned());
    for (number, (cam, _)) in CAMERAS.iter().enumerate() {
        cameras += &format!("{cam},{HALL},duty,active\n");
        zones += &format!("{cam},s1,seat,D{},\"{seat}\"\n", number + 1);
    }
    let roster = "seat,officer,from_time,to_time\n\
        D1,o-演示,2026-03-30T09:00:00+08:00,2026-03-30T12:00:00+08:00\n";
    for (name, text) in
        [(CAMERA_TABLE, cameras.as_str()), (ZONE_TABLE, &zones), ("duty_roster", roster)]
    {
        let mut rows = match table::newest(app.store(), name)? {
            Some(version) => table::rows(app.store(), name, TableVersion(version.loaded.version))?,
            None => Vec::new(),
        };
        rows.extend(table::parse_csv(name, text.as_bytes())?);
        rows.sort_by(|a, b| (&a.key, a.from).cmp(&(&b.key, b.from)));
        app.load_table(name, rows)?;
    }
    let mut parameters = Map::new();
    parameters.insert("discipline_ground".to_owned(), Value::from(GROUND));
    deploy::set(app, PLUGIN, REGION, &parameters, None)?;
    let said = allow::Said { region: REGION.to_owned(), clips: Some(true), ..Default::default() };
    allow::say(app, &said, None)
}

/// A file in which each second of the play is one picture.
fn shoot(folder: &Path, cam: &str, scenes: &[(Scene, u32)]) -> Result<(), AppError> {
    let units = stage(scenes, PLAYED_US).map_err(wrong)?;
    let units: Vec<_> = units.into_iter().map(std::sync::Arc::new).collect();
    let clip = Clip::of(&units, 0).map_err(wrong)?;
    let path = folder.join(format!("{cam}.mp4"));
    fs::write(&path, clip.bytes).map_err(|error| AppError::io(&path, &error))
}

/// All pictures of all cameras, from the server if there is one.
fn receive(folder: &Path) -> Result<(Vec<Vec<AccessUnit>>, bool), AppError> {
    let server = Server::start(folder);
    let read = |cam: &str| {
        let opened = match &server {
            Some(server) => Source::connect(&server.address(cam), PATIENCE),
            None => Source::open(&folder.join(format!("{cam}.mp4"))),
        };
        let mut source = opened.map_err(wrong)?.source;
        let mut units = Vec::new();
        while units.len() < SECONDS as usize {
            match source.next() {
                Ok(Some(unit)) => units.push(unit),
                // A server may hold back the last pictures of a file.
                Ok(None) => break,
                Err(_) if !units.is_empty() => break,
                Err(error) => return Err(wrong(error)),
            }
        }
        for (unit, second) in units.iter_mut().zip(0..) {
            unit.at_us = second * SECOND_US;
        }
        Ok(units)
    };
    let all = std::thread::scope(|scope| {
        let threads = CAMERAS.map(|(cam, _)| scope.spawn(move || read(cam)));
        threads.map(|thread| thread.join().unwrap_or_else(|_| Err(wrong("camera"))))
    });
    let all = all.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok((all, server.is_some()))
}

/// A running server, ended when this is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// `None` where GStreamer is not installed.
    fn start(folder: &Path) -> Option<Self> {
        let mut command = Command::new(PYTHON);
        command.args(["-c", SERVER]);
        for (cam, _) in CAMERAS {
            command.arg(format!("{cam}={}", folder.join(format!("{cam}.mp4")).display()));
        }
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let mut line = String::new();
        let told = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
        match (told, line.trim().parse()) {
            (Some(Ok(_)), Ok(port)) => Some(Self { child, port }),
            _ => {
                let _ = child.wait();
                None
            }
        }
    }

    fn address(&self, cam: &str) -> String {
        format!("rtsp://127.0.0.1:{}/{cam}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends when its input does; whoever cannot be ended is gone already.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The picture of the empty hall.
fn empty_hall() -> Result<Reference, AppError> {
    let mut decoder = Decoder::new(Mode::Keys).map_err(wrong)?;
    let mut builder = ReferenceBuilder::default();
    for unit in stage(&[(Scene::Empty, 20)], SECOND_US).map_err(wrong)? {
        if let Some(picture) = decoder.decode(&unit).map_err(wrong)? {
            builder.add(&Grid::of(&picture.luma()));
        }
    }
    builder.finish().map_err(wrong)
}

/// One camera while it is watched.
struct Seen {
    cam: &'static str,
    watch: Watch,
    ring: Ring,
    zones: Vec<Zone>,
    units: std::vec::IntoIter<AccessUnit>,
}

impl Seen {
    fn new(
        app: &App,
        cam: &'static str,
        begin: Millis,
        reference: &Reference,
        units: Vec<AccessUnit>,
    ) -> Result<Self, AppError> {
        let tables = app.tables().view(app.store(), app.store().next_seq())?;
        let zones = zones_of(tables.rows(ZONE_TABLE), cam);
        let subject = Subject {
            camera: cam.to_owned(),
            source: format!("video/{HALL}"),
            region: Some(REGION.to_owned()),
            start: begin,
            clock: app.zone().clone(),
        };
        let observer = Observer::new(Zones::new(&zones).map_err(wrong)?, Some(reference.clone()));
        let watch = Watch::new(subject, observer, Limits::default()).map_err(wrong)?;
        Ok(Self { cam, watch, ring: Ring::new(RING_US), zones, units: units.into_iter() })
    }

    /// What the camera tells until a second of the play.
    fn until(&mut self, second: u32) -> Vec<Value> {
        let mut events = Vec::new();
        let end_us = i64::from(second) * SECOND_US;
        for unit in self.units.by_ref().take(60) {
            let unit = std::sync::Arc::new(unit);
            self.ring.push(unit.clone());
            let written = self.watch.unit(&unit);
            events.extend(written.iter().map(|written| self.watch.subject().event(written)));
        }
        let written = self.watch.clock(end_us);
        events.extend(written.iter().map(|written| self.watch.subject().event(written)));
        for event in &mut events {
            event["dept"] = HALL.into();
        }
        events
    }
}

fn one_minute(
    app: &App,
    begin: Millis,
    minute: u32,
    seats: &mut [Seen],
    report: &mut HallReport,
) -> Result<(), AppError> {
    let second = (minute + 1) * 60;
    let now = Millis(begin.0 + i64::from(minute + 1) * MS_PER_MINUTE);
    app.tell_time(now);
    let reading =
        Reading { zone: app.zone(), received: now, mode: Delivery::Live, rights: app.rights() };
    let mut events = Vec::new();
    for seen in &mut *seats {
        for event in seen.until(second) {
            report.minutes += u64::from(event["type"] == "video.obs.minute");
            let read = read_event(event.to_string().as_bytes(), &reading);
            events.push(read.map_err(|reject| wrong(reject.en()))?);
        }
    }
    app.append(&events)?;
    app.tick(now, false)?;
    for (_, leaf) in app.settle()? {
        if leaf.act == AlertAct::Raised {
            evidence(app, &leaf, (now, second), seats, report)?;
        }
    }
    Ok(())
}

/// Takes the footage of an alert as the running service does.
fn evidence(
    app: &App,
    leaf: &AlertLeaf,
    (now, second): (Millis, u32),
    seats: &[Seen],
    report: &mut HallReport,
) -> Result<(), AppError> {
    let Some(mut wish): Option<Wish> = take::wish(app, leaf, now)? else { return Ok(()) };
    let Some(seen) = seats.iter().find(|seen| seen.cam == wish.about.cam) else { return Ok(()) };
    wish.about.moment = app.zone().rfc3339(now);
    let around_us = i64::from(second) * SECOND_US;
    let span = |seconds: u32| i64::from(seconds) * SECOND_US;
    let units = seen.ring.cut(around_us - span(BEFORE_S), around_us + span(AFTER_S));
    match seen.ring.key(around_us).map(|unit| Still::of(&unit, &seen.zones)) {
        Some(Ok(still)) => take::taken(app, &wish, Form::Still, &still.jpeg)?,
        Some(Err(error)) => take::lacking(app, &wish, Form::Still, &error.to_string())?,
        None => take::lacking(app, &wish, Form::Still, "nothing-held")?,
    }
    match Clip::of(&units, around_us) {
        Ok(clip) => take::taken(app, &wish, Form::Clip, &clip.bytes)?,
        Err(error) => take::lacking(app, &wish, Form::Clip, &error.to_string())?,
    }
    report.alerts.push(leaf.id.clone());
    Ok(())
}
