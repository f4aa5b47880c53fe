//! Against GStreamer's RTSP server: cameras that are not ours.
#![allow(clippy::unwrap_used)]

use crate::clip::{self, Scene};
use crate::judge::{self, Server, USER};
use crate::watcher::{Watcher, post};
use plumbline_camera::{Clip, Codec, Finding, Message, State, Wanted};
use std::path::Path;
use std::time::Duration;
use tempfile::NamedTempFile;

fn hall(seconds: u32) -> NamedTempFile {
    let coded = clip::encode(320, 180, &[(Scene::Occupied, seconds)]);
    clip::file(&Clip::of(&clip::units(&coded, 0), 0).unwrap().bytes)
}

#[test]
fn three_cameras_of_which_one_is_good() {
    let (hall, folder) = (hall(60), tempfile::tempdir().unwrap());
    let other = folder.path().join("other.mp4");
    let made = judge::ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=10:duration=20",
        "-c:v",
        "libx265",
        "-x265-params",
        "log-level=none",
        other.to_str().unwrap(),
    ]);
    let Some(said) = made else { return };
    assert_eq!(said, "");
    let mounts: [(&str, &Path); 2] = [("hall", hall.path()), ("other", &other)];
    let Some(server) = Server::start(0, &mounts, &["other"]) else { return };
    let mut watcher = Watcher::new();
    let wrong = format!("rtsp://{USER}:wrong@127.0.0.1:{}/hall", server.port);
    watcher.watch(vec![
        post("C-1", &server.address("hall")),
        post("C-2", &server.address("other")),
        post("C-3", &wrong),
    ]);
    watcher.until("C-1", "good");
    let around_us = watcher.fleet.state("C-1").unwrap().since_us.unwrap() + 5_000_000;
    let wanted = Wanted { request: 1, around_us, clip_s: Some((2, 2)) };
    watcher.fleet.collect("C-1", wanted).unwrap();
    let mut evidence = None;
    let told = || watcher.fleet.states().iter().all(|status| status.state.is_some());
    while evidence.is_none() || !told() {
        if let Message::Evidence(pictures) = watcher.message() {
            evidence = Some(pictures);
        }
    }
    let (states, evidence) = (watcher.fleet.states(), evidence.unwrap());
    assert_eq!(states[1].finding, Some(Finding::Codec(Codec::H265)), "{:?}", states[1]);
    assert_eq!(states[2].state, Some(State::AuthFailed), "{:?}", states[2]);
    assert_eq!(states[0].state, Some(State::Up));
    let clip = evidence.clip.unwrap().unwrap();
    let seconds = (clip.to_us - clip.from_us) / 1_000_000;
    assert!((1..=7).contains(&seconds), "{clip:?}");
    let pictures = judge::pixels(clip::file(&clip.bytes).path()).unwrap();
    assert_eq!(pictures.len(), clip.frames * 320 * 180 * 3);
    let still = evidence.still.unwrap();
    assert!((clip.from_us..=clip.to_us).contains(&still.at_us));
    let pixels = judge::pixels(clip::file(&still.jpeg).path()).unwrap();
    let row: Vec<_> = pixels[90 * 320 * 3..][..320 * 3].chunks(3).collect();
    assert!(row[..160].iter().all(|pixel| *pixel == row[0]), "the mask is not of one colour");
    assert!(row[160..].iter().any(|pixel| *pixel != row[0]), "nothing but mask");
    watcher.stop();
}

#[test]
fn a_server_that_dies_and_comes_back_is_down_and_then_up() {
    let hall = hall(60);
    let mounts = [("hall", hall.path())];
    let Some(server) = Server::start(0, &mounts, &[]) else { return };
    let (port, address) = (server.port, server.address("hall"));
    let mut watcher = Watcher::new();
    watcher.watch(vec![post("C-1", &address)]);
    watcher.until("C-1", "good");
    drop(server);
    let reason = watcher.until("C-1", "down").unwrap();
    assert!(!reason.contains(judge::PASSWORD), "{reason}");
    let server = Server::start(port, &mounts, &[]).expect("it was there before");
    watcher.until("C-1", "good");
    drop(server);
    watcher.stop();
}

#[test]
fn a_server_that_hangs_is_down_within_ten_seconds() {
    let hall = hall(60);
    let Some(server) = Server::start(0, &[("hall", hall.path())], &[]) else { return };
    let mut watcher = Watcher::new();
    let mut hanging = post("C-1", &server.address("hall"));
    hanging.patience = Duration::from_secs(3);
    watcher.watch(vec![hanging]);
    watcher.until("C-1", "good");
    server.freeze(true);
    let reason = watcher.until("C-1", "down").unwrap();
    assert!(reason.contains("no picture for"), "{reason}");
    let status = watcher.fleet.state("C-1").unwrap();
    let told_after = status.since_us.unwrap() - status.sample.unwrap().at_us;
    assert!(told_after < 10_000_000, "{told_after}");
    server.freeze(false);
    watcher.until("C-1", "good");
    watcher.stop();
}
