//! Many cameras: each apart, changed without disturbing the others, and asked for pictures.
#![allow(clippy::unwrap_used)]

use crate::clip::{self, Scene};
use crate::server::{self, PASSWORD, USER};
use crate::watcher::{Watcher, post, zone};
use plumbline_camera::{Codec, Decoder, Finding, Message, Mode, Source, State, VideoError, Wanted};
use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn login(address: &str) -> String {
    format!("rtsp://{USER}:{PASSWORD}@{address}")
}

#[test]
fn one_bad_camera_harms_no_other() {
    let units = clip::encode(320, 180, &[(Scene::Occupied, 5)]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = server::start(units.clone(), "H264", true);
    let other = server::start(units.clone(), "H265", true);
    let good = server::start(units, "H264", true);
    let mut watcher = Watcher::new();
    watcher.watch(vec![
        post("C-1", &format!("rtsp://cam:wrong@{refused}")),
        post("C-2", &format!("rtsp://{port}/live")),
        post("C-3", &login(&other)),
        post("C-4", &login(&good)),
        post("C-5", "http://10.0.0.1/secret"),
    ]);
    let mut waiting = vec!["C-1", "C-2", "C-3", "C-4", "C-5"];
    while !waiting.is_empty() {
        if let Message::Written { camera, events, .. } = watcher.message() {
            assert!(!format!("{events:?}").contains("secret"));
            waiting.retain(|waiting| *waiting != camera);
        }
    }
    let states: Vec<_> = watcher.fleet.states();
    let words: Vec<_> = states.iter().map(|status| status.state.unwrap()).collect();
    assert_eq!(words, [State::AuthFailed, State::Down, State::Down, State::Up, State::Down]);
    assert_eq!(states[2].finding, Some(Finding::Codec(Codec::H265)));
    assert_eq!((states[3].size, states[3].has_reference), (Some((320, 180)), false));
    assert!(states[2].fps.is_none());
    watcher.stop();
}

#[test]
fn pictures_of_a_moment_come_by_message() {
    let units = clip::encode(320, 180, &[(Scene::Occupied, 8)]);
    let address = server::start(units, "H264", true);
    let mut watcher = Watcher::new();
    watcher.watch(vec![post("C-1", &login(&address))]);
    watcher.until("C-1", "good");
    let begun = watcher.fleet.state("C-1").unwrap().since_us.unwrap();
    let wanted = |request: u64, second: i64, clip_s: Option<(u32, u32)>| {
        let around_us = begun + second * 1_000_000 + 500_000;
        watcher.fleet.collect("C-1", Wanted { request, around_us, clip_s }).unwrap();
        watcher.evidence()
    };
    let evidence = wanted(7, 4, Some((1, 2)));
    assert_eq!((evidence.request, &*evidence.camera), (7, "C-1"));
    let clip = evidence.clip.unwrap().unwrap();
    // From the key frame at 2 s to 6.5 s, ten pictures a second.
    assert_eq!((clip.width, clip.height, clip.frames), (320, 180, 46), "{clip:?}");
    let file = clip::file(&clip.bytes);
    let mut source = Source::open(file.path()).unwrap().source;
    let mut decoder = Decoder::new(Mode::All).unwrap();
    let mut frames = 0;
    while let Some(unit) = source.next().unwrap() {
        assert_eq!(unit.key, frames % 20 == 0);
        decoder.decode(&unit).unwrap();
        frames += 1;
    }
    assert_eq!(frames, 46);
    let still = evidence.still.unwrap();
    assert_eq!((still.at_us / 1_000_000, still.width), ((begun + 4_000_000) / 1_000_000, 320));
    assert!(still.jpeg.starts_with(&[0xff, 0xd8]) && still.jpeg.ends_with(&[0xff, 0xd9]));
    let evidence = wanted(8, 1, None);
    assert!(evidence.clip.is_none() && evidence.still.is_ok());
    // Nothing of an hour ago is held; the picture is the nearest there is.
    let evidence = wanted(9, -3_600, Some((5, 5)));
    assert!(matches!(evidence.clip, Some(Err(VideoError::NothingRecorded))));
    assert!(watcher.fleet.still("C-1").unwrap().jpeg().is_ok());
    watcher.stop();
}

#[test]
fn what_makes_no_sense_is_refused_at_once() {
    let mut watcher = Watcher::new();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    watcher.watch(vec![post("C-1", &format!("rtsp://{nobody}/live"))]);
    let fleet = &watcher.fleet;
    let ask = |around_us, clip_s| fleet.collect("C-1", Wanted { request: 1, around_us, clip_s });
    assert!(matches!(ask(0, Some((40, 21))), Err(VideoError::Limit(_))));
    assert!(matches!(ask(i64::MAX, None), Err(VideoError::Limit(_))));
    assert!(matches!(fleet.learn("C-1", 4_000), Err(VideoError::Limit(_))));
    assert!(matches!(fleet.burst("C-9", 5), Err(VideoError::UnknownCamera(_))));
    assert!(fleet.still("C-9").is_err() && fleet.state("C-9").is_none());
    assert!(matches!(fleet.still("C-1").unwrap().jpeg(), Err(VideoError::NothingRecorded)));
    let mut wrong = post("C-2", "rtsp://127.0.0.1/");
    wrong.zones[0].polygon.truncate(2);
    let kept = post("C-1", &format!("rtsp://{nobody}/live"));
    let mut faults = watcher.fleet.reconcile(vec![kept, wrong]);
    assert!(matches!(faults.pop(), Some((camera, VideoError::Zone(_))) if camera == "C-2"));
    assert!(faults.is_empty() && watcher.fleet.states().len() == 1);
    watcher.stop();
}

#[test]
fn a_change_of_zones_keeps_the_session_and_a_change_of_address_does_not() {
    let units = clip::encode(320, 180, &[(Scene::Occupied, 5)]);
    let (first, sessions) = server::start_counted(units.clone(), "H264", true);
    let (second, others) = server::start_counted(units, "H264", true);
    let mut watcher = Watcher::new();
    let quiet = |camera: &str, address: &str| {
        let mut post = post(camera, &login(address));
        // The cameras hang after their last picture; that is not what this test is about.
        post.patience = Duration::from_secs(600);
        post.limits.silent_us = i64::MAX;
        post.limits.undecoded_us = i64::MAX;
        post
    };
    watcher.watch(vec![quiet("C-1", &first)]);
    watcher.until("C-1", "good");
    let mut changed = quiet("C-1", &first);
    changed.zones = vec![zone("m1", "mask", 0.0, 1.0)];
    watcher.watch(vec![changed.clone(), quiet("C-2", &second)]);
    watcher.until("C-2", "good");
    // The mask holds at once: all of the picture is of one colour, and its JPEG small.
    let masked = watcher.fleet.still("C-1").unwrap().jpeg().unwrap();
    assert!(masked.jpeg.len() < 3_000, "{masked:?}");
    changed.address = login(&second);
    watcher.watch(vec![changed]);
    watcher.until("C-1", "good");
    assert_eq!((sessions.load(Ordering::SeqCst), others.load(Ordering::SeqCst)), (1, 2));
    assert_eq!(watcher.fleet.states().len(), 1);
    watcher.stop();
}

#[test]
fn a_reference_is_taken_and_then_used() {
    let units = clip::encode(320, 180, &[(Scene::Empty, 6)]);
    // Each session brings three key frames, and the next one begins a second later.
    let address = server::start(units, "H264", false);
    let mut watcher = Watcher::new();
    watcher.watch(vec![post("C-1", &login(&address))]);
    watcher.until("C-1", "good");
    watcher.fleet.learn("C-1", 3).unwrap();
    let reference = loop {
        if let Message::Learned { camera, reference } = watcher.message() {
            assert_eq!(camera, "C-1");
            break reference.unwrap();
        }
    };
    assert!(!watcher.fleet.state("C-1").unwrap().has_reference);
    let mut taught = post("C-1", &login(&address));
    taught.reference = Some(reference);
    watcher.watch(vec![taught]);
    watcher.until("C-1", "good");
    let status = watcher.fleet.state("C-1").unwrap();
    let zones = status.sample.unwrap().zones;
    assert!(status.has_reference && !status.is_learning);
    assert_eq!(zones.first().and_then(|zone| zone.occ_ratio), Some(0.0));
    watcher.stop();
}
