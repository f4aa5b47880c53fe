//! Persons counted by a real model, which is not ours and is not shipped: it and the clip are read
//! where `PLUMBLINE_DATA` names their folder; elsewhere this says so and checks nothing.
#![allow(clippy::unwrap_used)]

use crate::clip::{self, Scene};
use crate::server::{self, PASSWORD, USER};
use crate::watcher::{self, post};
use plumbline_camera::{
    Counting, Detector, Fleet, Limits, Message, Observer, Place, Source, Subject, Watch, Written,
    Zone, Zones,
};
use plumbline_contract::time::{Millis, Zone as Clock};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much faster than ours the clock of the fleet goes, so that minutes end soon.
const SPEED: i64 = 20;

fn data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("PLUMBLINE_DATA")?;
    let path = PathBuf::from(folder).join("video").join(name);
    path.exists().then_some(path)
}

fn zone(name: &str, polygon: [[f64; 2]; 4]) -> Zone {
    let place = Place { zone: name.to_owned(), kind: "seat".to_owned(), seat: None };
    Zone { place, polygon: polygon.to_vec() }
}

#[test]
fn somebody_at_the_table_is_counted_there_and_nobody_on_the_wall() {
    let found = data("yolox_nano.onnx").zip(data("one-by-one-person.mp4"));
    let Some((model, clip)) = found else {
        return eprintln!("skipped: PLUMBLINE_DATA names no folder with video/yolox_nano.onnx");
    };
    let detector = Detector::load(&model, "", &|_| String::new()).unwrap();
    let zones = Zones::new(&[
        zone("all", [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]),
        zone("corner", [[0.0, 0.0], [0.15, 0.0], [0.15, 0.15], [0.0, 0.15]]),
    ]);
    let subject = Subject {
        camera: "C-1".to_owned(),
        source: "/video".to_owned(),
        region: None,
        start: Millis(0),
        clock: Clock::shanghai(),
    };
    let observer = Observer::new(zones.unwrap(), None);
    let watch = Watch::new(subject, observer, Limits::default()).unwrap();
    let mut watch = watch.with_detector(Arc::new(detector), 10_000_000);
    let mut source = Source::open(&clip).unwrap().source;
    let mut written = Vec::new();
    let mut looks = Vec::new();
    while let Some(unit) = source.next().unwrap() {
        written.extend(watch.unit(&unit));
        let zones = watch.latest().map(|sample| &sample.zones).unwrap();
        if unit.key && zones[0].persons.is_some() {
            looks.push((unit.at_us / 1_000_000, zones[0].persons));
        }
    }
    written.extend(watch.finish().1);
    assert!(looks.windows(2).all(|two| two[1].0 - two[0].0 >= 10), "{looks:?}");
    assert!(looks.len() > 8, "{looks:?}");
    let minutes: Vec<_> = written
        .iter()
        .filter_map(|written| match written {
            Written::Minute(minute) => Some(minute.zones.iter().map(|zone| zone.person_max)),
            Written::State(_) => None,
        })
        .map(Iterator::collect::<Vec<_>>)
        .collect();
    assert!(minutes.len() >= 3, "{minutes:?}");
    for minute in minutes {
        assert!(minute[0].is_some_and(|count| (1..=2).contains(&count)), "{minute:?}: {looks:?}");
        assert_eq!(minute[1], Some(0), "{minute:?}");
    }
}

/// Reads until each camera has told a minute in which persons were counted, or one in which not.
fn until_each(messages: &Receiver<Message>, cameras: &[&str], counted: bool) {
    let mut waiting: BTreeSet<_> = cameras.iter().map(|camera| (*camera).to_owned()).collect();
    while !waiting.is_empty() {
        let message = messages.recv_timeout(PATIENCE).expect("a message");
        let Message::Written { camera, written, .. } = message else { continue };
        for written in written {
            let Written::Minute(minute) = written else { continue };
            let is_counted = minute.zones.first().map(|zone| zone.person_max.is_some());
            if is_counted == Some(counted) {
                waiting.remove(&camera);
            }
        }
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "live cameras are paced by real time")]
fn one_model_counts_at_all_cameras_of_a_fleet_until_it_is_taken_away() {
    let Some(model) = data("yolox_nano.onnx") else {
        return eprintln!("skipped: PLUMBLINE_DATA names no folder with video/yolox_nano.onnx");
    };
    let detector = Arc::new(Detector::load(&model, "", &|_| String::new()).unwrap());
    let units = clip::encode(320, 180, &[(Scene::Occupied, 5)]);
    let cameras = ["C-1", "C-2", "C-3"];
    let mut posts: Vec<_> = cameras
        .iter()
        .map(|camera| {
            let address = server::start(units.clone(), "H264", false);
            post(camera, &format!("rtsp://{USER}:{PASSWORD}@{address}"))
        })
        .collect();
    let (sink, messages) = sync_channel(64);
    let mut fleet = Fleet::new(watcher::clock(SPEED), sink);
    for post in &mut posts {
        post.counting = Some(Counting { detector: Arc::clone(&detector), every_us: 10_000_000 });
    }
    assert!(fleet.reconcile(posts.clone()).is_empty());
    until_each(&messages, &cameras, true);
    // The model goes while the cameras are watched on, and nobody holds it any more.
    posts.iter_mut().for_each(|post| post.counting = None);
    assert!(fleet.reconcile(posts).is_empty());
    until_each(&messages, &cameras, false);
    drop(messages);
    fleet.stop();
    assert_eq!(Arc::strong_count(&detector), 1);
}
