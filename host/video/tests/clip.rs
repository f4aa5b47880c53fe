//! Clips for the tests: a hall that is drawn and encoded here, and the containers around it.
#![allow(clippy::unwrap_used)]

use openh264::OpenH264API;
use openh264::encoder::{Encoder, EncoderConfig, FrameRate, IntraFramePeriod, RateControlMode};
use openh264::formats::YUVBuffer;
use plumbline_camera::{AccessUnit, NalType, nal_units};
use std::sync::Arc;

/// Pictures a second of every clip.
pub(crate) const RATE: u32 = 10;

/// One scene of a clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scene {
    Empty,
    Occupied,
    Covered,
    Black,
    Turned,
    Blurred,
}

/// Coded pictures in Annex B, a key frame every two seconds.
pub(crate) fn encode(width: usize, height: usize, scenes: &[(Scene, u32)]) -> Vec<Vec<u8>> {
    let config = EncoderConfig::new()
        .max_frame_rate(FrameRate::from_hz(10.0))
        .rate_control_mode(RateControlMode::Off)
        .scene_change_detect(false)
        .intra_frame_period(IntraFramePeriod::from_num_frames(2 * RATE));
    let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config).unwrap();
    let mut units = Vec::new();
    for &(scene, seconds) in scenes {
        for _ in 0..seconds * RATE {
            let seed = u32::try_from(units.len()).unwrap();
            let picture = draw(width, height, scene, seed);
            units.push(encoder.encode(&picture).unwrap().to_vec());
        }
    }
    units
}

fn draw(width: usize, height: usize, scene: Scene, seed: u32) -> YUVBuffer {
    let mut yuv = vec![128_u8; width * height * 3 / 2];
    for y in 0..height {
        for x in 0..width {
            yuv[y * width + x] = luma(x * 320 / width, y * 180 / height, scene, seed);
        }
    }
    YUVBuffer::from_vec(yuv, width, height)
}

/// Brightness at a place of 320 by 180.
fn luma(x: usize, y: usize, scene: Scene, seed: u32) -> u8 {
    let place = u32::try_from(y * 320 + x).unwrap();
    let mixed = (place ^ seed.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b);
    let noise = u8::try_from((mixed >> 13) % 9).unwrap();
    let hall = |x: usize| {
        let block = (x / 22 * 37 + y / 18 * 53) % 120;
        let line = if x % 22 < 2 { 0 } else { 30 };
        u8::try_from(50 + block + line).unwrap()
    };
    let person = (80..120).contains(&x) && (80..150).contains(&y);
    noise
        + match scene {
            Scene::Occupied if person => 20,
            Scene::Empty | Scene::Occupied => hall(x),
            Scene::Covered => 90,
            Scene::Black => 2,
            Scene::Turned => hall((x + 37) % 320),
            Scene::Blurred => u8::try_from(100 + x / 8 + y / 8).unwrap(),
        }
}

/// The units one after another: a file of a bare byte stream.
pub(crate) fn annex_b(units: &[Vec<u8>]) -> Vec<u8> {
    units.concat()
}

/// An MP4 file with one H.264 track, all samples in one chunk.
pub(crate) fn mp4(units: &[Vec<u8>], width: u16, height: u16) -> Vec<u8> {
    let (mut samples, mut sps, mut pps) = (Vec::new(), Vec::new(), Vec::new());
    for unit in units {
        let mut sample = Vec::new();
        for nal in nal_units(unit) {
            match NalType::of(nal) {
                NalType::Sps => sps = nal.to_vec(),
                NalType::Pps => pps = nal.to_vec(),
                _ => {
                    sample.extend(u32::try_from(nal.len()).unwrap().to_be_bytes());
                    sample.extend(nal);
                }
            }
        }
        samples.push(sample);
    }
    let ftyp = make(b"ftyp", &[b"isom", &[0; 4], b"isom"]);
    let mdat = make(b"mdat", &[&samples.concat()]);
    let offset = u32::try_from(ftyp.len() + 8).unwrap();
    let count = u32::try_from(samples.len()).unwrap();
    let sizes: Vec<u8> =
        samples.iter().flat_map(|s| u32::try_from(s.len()).unwrap().to_be_bytes()).collect();
    let avcc = make(
        b"avcC",
        &[
            &[1, sps[1], sps[2], sps[3], 0xff, 0xe1],
            &u16::try_from(sps.len()).unwrap().to_be_bytes(),
            &sps,
            &[1],
            &u16::try_from(pps.len()).unwrap().to_be_bytes(),
            &pps,
        ],
    );
    let mut visual = [0_u8; 78];
    visual[24..26].copy_from_slice(&width.to_be_bytes());
    visual[26..28].copy_from_slice(&height.to_be_bytes());
    let avc1 = make(b"avc1", &[&visual, &avcc]);
    let stbl = make(
        b"stbl",
        &[
            &make(b"stsd", &[&[0; 4], &numbers(&[1]), &avc1]),
            &make(b"stts", &[&[0; 4], &numbers(&[1, count, 1])]),
            &make(b"stsc", &[&[0; 4], &numbers(&[1, 1, count, 1])]),
            &make(b"stsz", &[&[0; 4], &numbers(&[0, count]), &sizes]),
            &make(b"stco", &[&[0; 4], &numbers(&[1, offset])]),
        ],
    );
    let hdlr = make(b"hdlr", &[&[0; 8], b"vide", &[0; 13]]);
    let mdhd = make(b"mdhd", &[&[0; 12], &numbers(&[RATE, count]), &[0; 4]]);
    let mdia = make(b"mdia", &[&mdhd, &hdlr, &make(b"minf", &[&stbl])]);
    let tkhd = make(b"tkhd", &[&[0; 12], &numbers(&[1]), &[0; 68]]);
    let moov = make(b"moov", &[&make(b"trak", &[&tkhd, &mdia])]);
    [ftyp, mdat, moov].concat()
}

fn make(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let size = u32::try_from(body.len() + 8).unwrap();
    [&size.to_be_bytes()[..], kind, &body].concat()
}

fn numbers(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// Coded pictures as units ten times a second from a moment on.
pub(crate) fn units(coded: &[Vec<u8>], begin_us: i64) -> Vec<Arc<AccessUnit>> {
    let unit = |(data, place): (&Vec<u8>, i64)| AccessUnit {
        at_us: begin_us + place * 100_000,
        key: nal_units(data).any(|nal| NalType::of(nal) == NalType::Key),
        data: data.clone(),
    };
    coded.iter().zip(0..).map(unit).map(Arc::new).collect()
}

/// A file that is gone at the end of the test.
pub(crate) fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}
