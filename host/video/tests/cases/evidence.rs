//! Clips and stills: what is in them, and what is not.
#![allow(clippy::unwrap_used)]

use crate::clip::{self, Scene, units};
use crate::judge;
use crate::watcher::zone;
use plumbline_camera::{Clip, NalType, Source, Still, VideoError, Zone, nal_units};
use std::path::Path;
use std::sync::Arc;

/// Pictures that ffmpeg makes of a clip, without any complaint.
fn judged(clip: &Clip) -> Option<usize> {
    let file = clip::file(&clip.bytes);
    let pixels = judge::pixels(file.path())?;
    Some(pixels.len() / (clip.width as usize * clip.height as usize * 3))
}

#[test]
fn a_clip_has_its_index_in_front_and_ffmpeg_decodes_all_of_it() {
    let units = units(&clip::encode(320, 180, &[(Scene::Occupied, 6)]), 1_700_000_000_000_000);
    let clip = Clip::of(&units[20..], 0).unwrap();
    assert_eq!((clip.width, clip.height, clip.frames), (320, 180, 40));
    assert_eq!((clip.from_us, clip.to_us), (units[20].at_us, units[59].at_us));
    let place = |kind: &[u8]| clip.bytes.windows(4).position(|bytes| bytes == kind).unwrap();
    assert!(place(b"ftyp") < place(b"moov") && place(b"moov") < place(b"mdat"));
    assert!(judged(&clip).is_none_or(|pictures| pictures == 40));
}

#[test]
fn a_change_of_size_ends_the_clip() {
    let small = units(&clip::encode(320, 180, &[(Scene::Occupied, 4)]), 0);
    let large = units(&clip::encode(480, 272, &[(Scene::Occupied, 4)]), 4_000_000);
    let both = [small, large].concat();
    for (around_us, width, frames) in [(1_000_000, 320, 40), (4_000_000, 480, 40), (9, 320, 40)] {
        let clip = Clip::of(&both, around_us).unwrap();
        assert_eq!((clip.width, clip.frames), (width, frames), "{around_us}");
        assert!(judged(&clip).is_none_or(|pictures| pictures == frames));
    }
}

#[test]
fn reordered_pictures_are_shown_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.h264");
    let made = judge::ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=10:duration=6",
        "-c:v",
        "libx264",
        "-profile:v",
        "high",
        "-bf",
        "3",
        "-b_strategy",
        "0",
        "-g",
        "20",
        "-sc_threshold",
        "0",
        path.to_str().unwrap(),
    ]);
    let Some(said) = made else { return };
    assert_eq!(said, "");
    let mut source = Source::open(&path).unwrap().source;
    let mut coded = Vec::new();
    while let Some(unit) = source.next().unwrap() {
        coded.push(unit);
    }
    // Their times say nothing about the order in which they are shown, and so do ours.
    let unsaid: Vec<_> = coded.iter().cloned().map(Arc::new).collect();
    assert!(matches!(Clip::of(&unsaid, 0), Err(VideoError::Clip(_))));
    let shown = presentation(&path, coded.len());
    for (unit, shown) in coded.iter_mut().zip(shown) {
        unit.at_us = shown;
    }
    let clip = Clip::of(&coded.into_iter().map(Arc::new).collect::<Vec<_>>(), 0).unwrap();
    assert_eq!(judged(&clip), Some(60));
    // The pictures come out as ffmpeg shows the stream itself.
    let file = clip::file(&clip.bytes);
    assert!(judge::pixels(file.path()) == judge::pixels(&path), "another order");
}

/// When each unit is shown, in the order of decoding: three pictures between two that others refer to.
fn presentation(path: &Path, number: usize) -> Vec<i64> {
    let mut source = Source::open(path).unwrap().source;
    let mut places = Vec::new();
    let (mut begin, mut group) = (0, Vec::new());
    while let Some(unit) = source.next().unwrap() {
        let slices = nal_units(&unit.data).filter(|nal| NalType::of(nal) == NalType::Slice);
        let between = slices.into_iter().any(plumbline_camera::slice_is_bidirectional);
        if !between && !group.is_empty() {
            place(&mut places, &mut begin, &group);
            group.clear();
        }
        group.push(unit.at_us);
    }
    place(&mut places, &mut begin, &group);
    assert_eq!(places.len(), number);
    places
}

/// The anchor of a group is shown after those between; of three between, x264 decodes the middle first.
fn place(places: &mut Vec<i64>, begin: &mut i64, group: &[i64]) {
    let between: &[i64] = match group.len() - 1 {
        0 => &[],
        1 => &[0],
        2 => &[0, 1],
        _ => &[1, 0, 2],
    };
    let anchor = i64::try_from(between.len()).unwrap();
    places.push((*begin + anchor) * 100_000);
    places.extend(between.iter().map(|offset| (*begin + offset) * 100_000));
    *begin += i64::try_from(group.len()).unwrap();
}

#[test]
fn what_cannot_be_a_clip_is_refused_with_the_reason() {
    let units = units(&clip::encode(320, 180, &[(Scene::Occupied, 2)]), 0);
    assert!(matches!(Clip::of(&[], 0), Err(VideoError::NothingRecorded)));
    let headless = Clip::of(&units[3..9], 0).unwrap_err();
    assert!(headless.to_string().contains("parameter sets"), "{headless}");
    let many: Vec<_> = std::iter::repeat_n(units[0].clone(), 4_000).collect();
    assert!(Clip::of(&many, 0).unwrap_err().to_string().contains("too many"));
}

fn still(scene: Scene, zones: &[Zone]) -> Still {
    let units = units(&clip::encode(320, 180, &[(scene, 1)]), 5_000_000);
    Still::of(&units[0], zones).unwrap()
}

#[test]
fn nothing_of_what_a_mask_hides_is_in_the_still() {
    // The person stands from 80 to 120 of 320 pixels across, 80 to 150 of 180 down.
    let mut mask = zone("m", "mask", 0.24, 0.385);
    mask.polygon = vec![[0.24, 0.42], [0.385, 0.42], [0.385, 0.85], [0.24, 0.85]];
    let seat = zone("s", "seat", 0.2, 0.4);
    let masked = [mask.clone(), seat.clone()];
    let (with, without) = (still(Scene::Occupied, &masked), still(Scene::Empty, &masked));
    assert_ne!(still(Scene::Occupied, std::slice::from_ref(&seat)), still(Scene::Empty, &[seat]));
    assert_eq!((with.width, with.height, with.at_us), (320, 180, 5_000_000));
    let file = clip::file(&with.jpeg);
    let other = clip::file(&without.jpeg);
    let (Some(with), Some(without)) = (judge::pixels(file.path()), judge::pixels(other.path()))
    else {
        return;
    };
    let pixel = |pixels: &[u8], x: usize, y: usize| pixels[(y * 320 + x) * 3..][..3].to_vec();
    let paint = pixel(&with, 100, 100);
    for (x, y) in (80..120).flat_map(|x| (80..150).map(move |y| (x, y))) {
        assert_eq!(pixel(&with, x, y), paint, "{x} {y}");
        assert_eq!(pixel(&without, x, y), paint, "{x} {y}");
    }
    assert_ne!(pixel(&with, 10, 10), paint);
}

#[test]
fn a_still_has_the_colours_of_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("red.h264");
    let made = judge::ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "color=red:size=320x180:rate=10:duration=1",
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
        path.to_str().unwrap(),
    ]);
    if made.is_none() {
        return;
    }
    let unit = Source::open(&path).unwrap().source.next().unwrap().unwrap();
    let thin =
        [Zone { polygon: vec![[0.5, 0.0], [0.5, 1.0], [0.5, 1.0]], ..zone("m", "mask", 0.0, 0.0) }];
    let file = clip::file(&Still::of(&unit, &thin).unwrap().jpeg);
    let pixels = judge::pixels(file.path()).unwrap();
    let red = &pixels[..3];
    assert!(red[0] > 245 && red[1] < 10 && red[2] < 10, "{red:?}");
    // A mask without any area still hides the blocks that it touches.
    let line = &pixels[(90 * 320 + 160) * 3..][..3];
    assert!(line[0] < 90, "{line:?}");
}
