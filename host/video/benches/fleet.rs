//! What many cameras cost: `cargo bench -p plumbline-camera --bench fleet -- FILE.mp4 [CAMERAS] [SECONDS]`
//! serves a file by GStreamer's RTSP server on loopback, in another process that is not counted, and
//! watches it as so many cameras with six zones, a mask and a reference. Linux only.
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![allow(clippy::unwrap_used)]

use plumbline_camera::{
    Decoder, Fleet, Grid, Limits, Message, Mode, Place, Post, Reference, ReferenceBuilder, Source,
    State, Subject, Zone,
};
use plumbline_contract::time::{Millis, Zone as Clock};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let Some(file) = words.first() else {
        eprintln!("no file named; nothing measured");
        return;
    };
    let number = |place: usize, usual: u32| words.get(place).map_or(usual, |w| w.parse().unwrap());
    let (cameras, seconds) = (number(1, 45), number(2, 60));
    let (mut server, port) = serve(file);
    let (sink, messages) = sync_channel(1_000);
    let clock = || i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros());
    let mut fleet = Fleet::new(Arc::new(move || clock().unwrap()), sink);
    let reference = reference(Path::new(file));
    let posts = (1..=cameras).map(|number| post(number, port, &reference)).collect();
    assert!(fleet.reconcile(posts).is_empty());
    wait_for_all(&messages, cameras);
    measure(&fleet, &messages, seconds);
    drop(messages);
    fleet.stop();
    server.kill().unwrap();
    server.wait().unwrap();
}

fn serve(file: &str) -> (Child, u16) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rtsp-server.py");
    let path = std::fs::canonicalize(file).unwrap();
    let mut server = Command::new("/usr/bin/python3")
        .arg(script)
        .arg(format!("hall={}", path.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
    (server, port.trim().parse().expect("GStreamer's RTSP server for Python is installed"))
}

fn reference(file: &Path) -> Reference {
    let mut source = Source::open(file).unwrap().source;
    let mut decoder = Decoder::new(Mode::Keys).unwrap();
    let mut builder = ReferenceBuilder::default();
    while let Some(unit) = source.next().unwrap() {
        if let Ok(Some(picture)) = decoder.decode(&unit) {
            builder.add(&Grid::of(&picture.luma()));
        }
    }
    builder.finish().unwrap()
}

fn post(number: u32, port: u16, reference: &Reference) -> Post {
    let zone = |place: u32| {
        let left = f64::from(place) / 7.0;
        let kind = if place == 6 { "mask" } else { "seat" };
        let place = Place { zone: format!("Z-{place}"), kind: kind.to_owned(), seat: None };
        let right = left + 0.1;
        Zone { place, polygon: vec![[left, 0.4], [right, 0.4], [right, 0.8], [left, 0.8]] }
    };
    Post {
        subject: Subject {
            camera: format!("C-{number}"),
            source: "/video".to_owned(),
            region: None,
            start: Millis(0),
            clock: Clock::shanghai(),
        },
        address: format!("rtsp://127.0.0.1:{port}/hall"),
        zones: (0..7).map(zone).collect(),
        reference: Some(reference.clone()),
        limits: Limits::default(),
        patience: Duration::from_secs(20),
        keeps_clips: true,
        counting: None,
    }
}

fn wait_for_all(messages: &Receiver<Message>, cameras: u32) {
    let mut seen = BTreeMap::new();
    while seen.len() < cameras as usize {
        if let Message::Written { camera, .. } = messages.recv().unwrap() {
            seen.insert(camera, ());
        }
    }
}

/// Reads what the cameras say for a while, then tells what that cost.
fn measure(fleet: &Fleet, messages: &Receiver<Message>, seconds: u32) {
    // The rings fill first.
    read(messages, 20);
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let (minutes, others) = read(messages, seconds);
    let cores = (cpu_seconds() - cpu) / begun.elapsed().as_secs_f64();
    let states = fleet.states();
    let up = states.iter().filter(|status| status.state == Some(State::Up)).count();
    let fps = states.iter().filter_map(|status| status.fps).fold(0.0, |sum, fps| sum + fps);
    println!("{} cameras, {up} up, {fps:.0} coded pictures a second", states.len());
    println!("{cores:.3} cores, {} MiB resident", resident_mib());
    println!("{minutes} minutes, {others} other messages");
}

/// Minutes and other messages within some seconds.
fn read(messages: &Receiver<Message>, seconds: u32) -> (usize, usize) {
    let end = Instant::now() + Duration::from_secs(u64::from(seconds));
    let (mut minutes, mut others) = (0, 0);
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        let Ok(message) = messages.recv_timeout(left) else { break };
        let text = format!("{message:?}");
        if text.contains("Minute(") {
            minutes += 1;
        } else {
            eprintln!("{text:.300}");
            others += 1;
        }
    }
    (minutes, others)
}

/// Processor time of this process, in the kernel's hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
