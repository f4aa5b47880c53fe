//! Streams that are broken in every way that was thought of: errors, never a panic, and what is good
//! is still read.
#![allow(clippy::unwrap_used)]

use crate::clip::{self, Scene};
use plumbline_camera::{
    Decoder, Grid, Kind, Limits, Mode, Observer, Probe, Source, Subject, Watch, Zones,
};
use plumbline_contract::time::{Millis, Zone as Clock};

/// What came out of a file: units, pictures, errors of the decoder, and how the file ended.
#[derive(Debug, Default, PartialEq)]
struct Read {
    units: u32,
    pictures: u32,
    refused: u32,
    ended: Option<Kind>,
}

fn read(bytes: &[u8]) -> Read {
    let file = clip::file(bytes);
    let mut read = Read::default();
    let mut source = match Source::open(file.path()) {
        Ok(opened) => opened.source,
        Err(error) => return Read { ended: Some(error.kind()), ..read },
    };
    let mut decoder = Decoder::new(Mode::All).unwrap();
    let mut probe = Probe::new(plumbline_camera::Codec::H264).unwrap();
    let subject = Subject {
        camera: "C".to_owned(),
        source: "/v".to_owned(),
        region: None,
        start: Millis(0),
        clock: Clock::shanghai(),
    };
    let observer = Observer::new(Zones::none(), None);
    let mut watch = Watch::new(subject, observer, Limits::default()).unwrap();
    loop {
        match source.next() {
            Ok(Some(unit)) => {
                read.units += 1;
                probe.unit(&unit);
                watch.unit(&unit);
                match decoder.decode(&unit) {
                    Ok(Some(picture)) => {
                        read.pictures += u32::from(!Grid::of(&picture.luma()).cells().is_empty());
                    }
                    Ok(None) => {}
                    Err(_) => read.refused += 1,
                }
            }
            Ok(None) => break,
            Err(error) => {
                read.ended = Some(error.kind());
                assert!(source.next().unwrap().is_none(), "nothing comes after the end");
                break;
            }
        }
    }
    assert_eq!(probe.finish(None).frames, read.units);
    read
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn files_that_are_nothing_are_refused() {
    for bytes in [&b""[..], b"hello", &[0; 5000], &[0, 0, 0, 1], &[0xff; 4096], b"\0\0\0\x08ftyp"] {
        assert_eq!(read(bytes), Read { ended: Some(Kind::Damaged), ..Read::default() });
    }
}

#[test]
fn lost_units_cost_pictures_up_to_the_next_key_frame() {
    let mut units = clip::encode(320, 180, &[(Scene::Occupied, 8)]);
    units.remove(25);
    let read = read(&clip::annex_b(&units));
    assert_eq!((read.units, read.ended), (79, None));
    // One lost picture costs the 14 after it, up to the key frame.
    assert_eq!(read.pictures, 65, "{read:?}");
    // Begins in the middle: nothing before the first key frame.
    let tail = self::read(&clip::annex_b(&units[10..]));
    assert_eq!(tail.pictures, 45, "{tail:?}");
}

#[test]
fn cut_off_files_give_what_came_before() {
    let units = clip::encode(320, 180, &[(Scene::Occupied, 6)]);
    let raw = clip::annex_b(&units);
    let mp4 = clip::mp4(&units, 320, 180);
    let mut last = 0;
    for part in 1..=12 {
        let read = read(&raw[..raw.len() * part / 12]);
        assert!(read.pictures >= last, "{read:?} at {part}");
        last = read.pictures;
    }
    assert_eq!(last, 60);
    for part in 1..12 {
        // The index lies at the end and is the first to be lost.
        let cut = &mp4[..mp4.len() * part / 12];
        assert_eq!(read(cut), Read { ended: Some(Kind::Damaged), ..Read::default() });
    }
    // The index is there and the pictures are not.
    let gone = [&mp4[..40], &mp4[mp4.len() - 1000..]].concat();
    assert_eq!(read(&gone).pictures, 0);
}

#[test]
fn flipped_bytes_never_end_in_a_panic() {
    let units = clip::encode(320, 180, &[(Scene::Occupied, 4)]);
    let mut dice = Dice(7);
    let (mut pictures, mut refused) = (0, 0);
    for sound in [clip::annex_b(&units), clip::mp4(&units, 320, 180)] {
        for round in 0..12 {
            let mut bytes = sound.clone();
            for _ in 0..=round * 6 {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
            let read = read(&bytes);
            pictures += read.pictures;
            refused += read.refused;
        }
    }
    assert!(pictures > 30 && refused > 10, "{pictures} {refused}");
}

/// Every number of the index, one after the other, with a value that no file should have.
#[test]
fn an_index_that_lies_is_held_against_the_file() {
    let units = clip::encode(64, 48, &[(Scene::Empty, 2)]);
    let sound = clip::mp4(&units, 64, 48);
    let index = sound.windows(4).position(|kind| kind == b"moov").unwrap();
    let whole = read(&sound);
    assert_eq!((whole.units, whole.ended), (20, None));
    let mut damaged = 0;
    for at in (index..sound.len() - 4).step_by(2) {
        let mut bytes = sound.clone();
        bytes[at..at + 4].copy_from_slice(&[0xff, 0xff, 0xff, 0xf0]);
        damaged += u32::from(read(&bytes).ended.is_some());
    }
    assert!(damaged > 20, "{damaged}");
}
