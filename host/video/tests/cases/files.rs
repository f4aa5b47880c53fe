//! Files that are whole: what is read, decoded, probed and written.
#![allow(clippy::unwrap_used)]

use crate::clip::{self, Scene};
use plumbline_camera::{
    Decoder, Finding, Grid, Limits, Mode, Observer, Place, Probe, ReferenceBuilder, Report, Source,
    Subject, Watch, Zone, Zones,
};
use plumbline_contract::time::{Millis, Zone as Clock};
use std::path::Path;

fn probe(path: &Path) -> Report {
    let mut opened = Source::open(path).unwrap();
    let mut probe = Probe::new(opened.codec.clone()).unwrap();
    while let Some(unit) = opened.source.next().unwrap() {
        probe.unit(&unit);
    }
    probe.finish(None)
}

#[test]
fn both_containers_give_the_same_units() {
    let units = clip::encode(320, 180, &[(Scene::Empty, 5)]);
    let raw = clip::file(&clip::annex_b(&units));
    let mp4 = clip::file(&clip::mp4(&units, 320, 180));
    for (file, container) in [(&raw, "Annex B"), (&mp4, "MP4")] {
        let mut opened = Source::open(file.path()).unwrap();
        assert_eq!(opened.container, container);
        let mut found = Vec::new();
        while let Some(unit) = opened.source.next().unwrap() {
            found.push(unit);
        }
        assert_eq!(found.len(), 50, "{container}");
        let keys: Vec<_> = (0..50).filter(|index| found[*index].key).collect();
        assert_eq!(keys, [0, 20, 40], "{container}");
        let data: Vec<_> = found.iter().map(|unit| unit.data.clone()).collect();
        assert_eq!(data, units, "{container}");
    }
    let times = |path: &Path| {
        let mut source = Source::open(path).unwrap().source;
        std::iter::from_fn(move || source.next().unwrap().map(|unit| unit.at_us)).last().unwrap()
    };
    assert_eq!(times(mp4.path()), 4_900_000);
}

#[test]
fn a_good_stream_suits_and_its_figures_are_told() {
    let units = clip::encode(640, 360, &[(Scene::Empty, 7)]);
    let report = probe(clip::file(&clip::mp4(&units, 640, 360)).path());
    assert!(report.suits() && report.findings.is_empty(), "{report:?}");
    let sps = report.sps.unwrap();
    assert_eq!((sps.width, sps.height, sps.interlaced, sps.bit_depth), (640, 360, false, 8));
    assert_eq!((report.frames, report.keys, report.decoded), (70, 4, 4));
    assert_eq!(report.key_interval_s, Some((2.0, 2.0)));
    assert!((report.fps.unwrap() - 10.0).abs() < 0.01);
}

#[test]
fn key_frames_far_apart_and_large_pictures_are_pointed_out() {
    let units = clip::encode(1920, 1080, &[(Scene::Empty, 3)]);
    let report = probe(clip::file(&clip::mp4(&units, 1920, 1080)).path());
    assert!(report.suits());
    assert_eq!(report.findings, [Finding::Large(1920, 1080)]);
    // The first key frame, and nothing that could be decoded afterwards.
    let units = clip::encode(320, 180, &[(Scene::Empty, 16)]);
    let sparse: Vec<_> =
        units.iter().enumerate().filter(|(i, _)| i % 20 != 0 || i % 100 == 0).collect();
    let sparse: Vec<_> = sparse.into_iter().map(|(_, unit)| unit.clone()).collect();
    let report = probe(clip::file(&clip::mp4(&sparse, 320, 180)).path());
    assert!(matches!(report.findings[..], [Finding::KeysFarApart(seconds)] if seconds > 9.0));
    assert!(report.suits());
    let first: Vec<_> = units.iter().enumerate().filter(|(i, _)| i % 20 != 0 || *i == 0).collect();
    let first: Vec<_> = first.into_iter().map(|(_, unit)| unit.clone()).collect();
    let report = probe(
        clip::file(&clip::mp4(&[first.clone(), first[1..].to_vec()].concat(), 320, 180)).path(),
    );
    assert!(matches!(report.findings[..], [Finding::OneKeyFrame(seconds)] if seconds > 15.0));
    assert!(!report.suits());
}

#[test]
fn a_stream_without_key_frames_does_not_suit() {
    let units = clip::encode(320, 180, &[(Scene::Empty, 4)]);
    let without: Vec<_> = units[1..20].to_vec();
    let with_parameters: Vec<Vec<u8>> = {
        let head = plumbline_camera::nal_units(&units[0]);
        let sets = head.filter(|nal| nal[0] & 0x1f == 7 || nal[0] & 0x1f == 8);
        let sets: Vec<u8> = sets.flat_map(|nal| [&[0, 0, 0, 1], nal].concat()).collect();
        std::iter::once([sets, without[0].clone()].concat()).chain(without[1..].to_vec()).collect()
    };
    let report = probe(clip::file(&clip::annex_b(&with_parameters)).path());
    assert_eq!(report.findings, [Finding::NoKeyFrames]);
    assert!(!report.suits());
}

#[test]
fn all_pictures_are_decoded_on_request_and_key_frames_otherwise() {
    let units = clip::encode(320, 180, &[(Scene::Occupied, 10)]);
    let file = clip::file(&clip::mp4(&units, 320, 180));
    let decoded = |mode: Mode, burst: bool| {
        let mut source = Source::open(file.path()).unwrap().source;
        let mut decoder = Decoder::new(mode).unwrap();
        let mut times = Vec::new();
        while let Some(unit) = source.next().unwrap() {
            if burst && unit.at_us == 3_000_000 {
                decoder.burst(unit.at_us, 3_000_000);
            }
            if decoder.decode(&unit).unwrap().is_some() {
                times.push(unit.at_us / 100_000);
            }
        }
        times
    };
    assert_eq!(decoded(Mode::Keys, false), [0, 20, 40, 60, 80]);
    assert_eq!(decoded(Mode::All, false).len(), 100);
    // From the key frame after the request, at 4 s, to the end of the burst, at 6 s.
    let burst: Vec<_> = [0, 20].into_iter().chain(40..=60).chain([80]).collect();
    assert_eq!(decoded(Mode::Keys, true), burst);
}

#[test]
fn a_change_of_size_goes_on() {
    let (small, large) = ([(Scene::Empty, 4)], [(Scene::Empty, 4)]);
    let units = [clip::encode(320, 180, &small), clip::encode(640, 360, &large)].concat();
    let report = probe(clip::file(&clip::annex_b(&units)).path());
    assert_eq!((report.size_changes, report.decoded, report.suits()), (1, 4, true));
}

/// The whole way of a recorded hall: who left when, and which states the camera went through.
#[test]
fn a_recorded_hall_becomes_minutes_and_states() {
    let scenes = [
        (Scene::Empty, 10),
        (Scene::Occupied, 110),
        (Scene::Empty, 60),
        (Scene::Covered, 20),
        (Scene::Empty, 20),
        (Scene::Turned, 20),
        (Scene::Empty, 20),
        (Scene::Blurred, 20),
        (Scene::Empty, 20),
        (Scene::Black, 20),
        (Scene::Empty, 30),
    ];
    let units = clip::encode(320, 180, &scenes);
    let file = clip::file(&clip::mp4(&units, 320, 180));
    let mut builder = ReferenceBuilder::default();
    let mut decoder = Decoder::new(Mode::Keys).unwrap();
    let mut source = Source::open(file.path()).unwrap().source;
    while let Some(unit) = source.next().unwrap().filter(|unit| unit.at_us < 10_000_000) {
        if let Some(picture) = decoder.decode(&unit).unwrap() {
            builder.add(&Grid::of(&picture.luma()));
        }
    }
    let zone = Zone {
        place: Place {
            zone: "seat-1".to_owned(),
            kind: "seat".to_owned(),
            seat: Some("W3".to_owned()),
        },
        polygon: vec![[0.22, 0.4], [0.4, 0.4], [0.4, 0.9], [0.22, 0.9]],
    };
    let observer = Observer::new(Zones::new(&[zone]).unwrap(), Some(builder.finish().unwrap()));
    let subject = Subject {
        camera: "C-1".to_owned(),
        source: "/video".to_owned(),
        region: Some("370203".to_owned()),
        start: Millis(1_772_413_200_000),
        clock: Clock::shanghai(),
    };
    let mut watch = Watch::new(subject, observer, Limits::default()).unwrap();
    let mut events = Vec::new();
    let mut source = Source::open(file.path()).unwrap().source;
    while let Some(unit) = source.next().unwrap() {
        let written = watch.unit(&unit);
        events.extend(written.iter().map(|written| watch.subject().event(written)));
    }
    let (subject, last) = watch.finish();
    events.extend(last.iter().map(|written| subject.event(written)));
    let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).collect::<Vec<_>>();
    let seat: Vec<_> = of("video.obs.minute")
        .iter()
        .map(|event| event["data"]["zones"][0]["occ_ratio"].as_f64().unwrap())
        .collect();
    assert!(seat[0] > 0.4 && seat[1] > 0.5 && seat[2] < 0.01, "{seat:?}");
    let states: Vec<_> = of("video.stream.state")
        .iter()
        .map(|event| {
            let since = event["data"]["since"].as_str().unwrap();
            // The stream is up all the time; what changes is what it shows.
            assert_eq!(event["data"]["state"], "up");
            format!("{} {}", event["data"]["quality"].as_str().unwrap(), &since[14..19])
        })
        .collect();
    let expected = [
        "good 00:00",
        "covered 03:00",
        "good 03:20",
        "moved 03:40",
        "good 04:00",
        "blurred 04:20",
        "good 04:40",
        "dark 05:00",
        "good 05:20",
    ];
    assert_eq!(states, expected, "{:?}", of("video.obs.minute"));
    let first = &events[0];
    assert_eq!(first["time"], "2026-03-02T09:00:00+08:00");
    assert_eq!(first["region"], "370203");
}
