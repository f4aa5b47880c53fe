//! A live camera: pictures, passwords, silence and the next session.
#![allow(clippy::unwrap_used)]

use crate::clip::{self, Scene};
use crate::server::{self, PASSWORD, USER};
use plumbline_camera::{Codec, Kind, Probe, Source, VideoError};
use std::net::TcpListener;
use std::time::Duration;

/// Longer than loopback ever takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn units() -> Vec<Vec<u8>> {
    clip::encode(320, 180, &[(Scene::Occupied, 5)])
}

#[test]
fn pictures_come_after_digest_authentication() {
    let units = units();
    let address = server::start(units.clone(), "H264", true);
    let opened = Source::connect(&format!("rtsp://{USER}:{PASSWORD}@{address}"), PATIENCE).unwrap();
    assert_eq!((opened.codec.clone(), opened.container), (Codec::H264, "RTSP"));
    let (mut source, mut probe) = (opened.source, Probe::new(opened.codec).unwrap());
    for index in 0..49 {
        let unit = source.next().unwrap().unwrap();
        assert_eq!((unit.key, unit.at_us), (index % 20 == 0, index * 100_000), "{index}");
        probe.unit(&unit);
    }
    let report = probe.finish(None);
    assert!(report.suits() && report.decoded == 3, "{report:?}");
}

#[test]
fn a_wrong_password_is_told_as_such() {
    let address = server::start(units(), "H264", true);
    for login in ["cam:wrong@", ""] {
        let error = Source::connect(&format!("rtsp://{login}{address}"), PATIENCE).unwrap_err();
        assert_eq!(error.kind(), Kind::AuthFailed, "{login} {error}");
    }
}

#[test]
fn another_codec_is_named() {
    let address = server::start(units(), "H265", true);
    let opened = Source::connect(&format!("rtsp://{USER}:{PASSWORD}@{address}"), PATIENCE).unwrap();
    assert_eq!(opened.codec, Codec::H265);
}

#[test]
fn a_camera_that_stops_to_send_is_given_up() {
    let address = server::start(units(), "H264", true);
    let patience = Duration::from_secs(2);
    let address = format!("rtsp://{USER}:{PASSWORD}@{address}");
    let mut source = Source::connect(&address, patience).unwrap().source;
    let error = loop {
        match source.next() {
            Ok(unit) => assert!(unit.is_some()),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, VideoError::Silent(2000)), "{error}");
}

#[test]
fn a_camera_that_is_not_there_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = Source::connect(&format!("rtsp://{port}/live"), PATIENCE).unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
}
