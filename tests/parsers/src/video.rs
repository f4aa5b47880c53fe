//! What comes from cameras and recorders: parameter sets, byte streams, MP4 indexes and fragments,
//! and coded pictures through the decoder, which is not ours and is not written in Rust.
//!
//! The seeds are a test pattern of FFmpeg, 64 by 48, five pictures, key frames 1 and 4:
//! `testsrc=size=64x48:rate=5` by libx264, Main profile, without its SEI; `pattern.mp4` and
//! `fragments.mp4` (`frag_keyframe+empty_moov+default_base_moof`) are copies of the stream.

use plumbline_camera::{
    AccessUnit, Codec, Decoder, Grid, Mode, NalType, Source, Sps, nal_units, slice_is_bidirectional,
};
use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;

const STREAM: &[u8] = include_bytes!("../data/pattern.h264");
const PLAIN: &[u8] = include_bytes!("../data/pattern.mp4");
const FRAGMENTS: &[u8] = include_bytes!("../data/fragments.mp4");
/// Pictures that are read of one input: a few kilobytes may claim millions.
const PICTURES_MAX: usize = 2_000;
/// Pictures that are decoded of one input; they may be claimed to be large.
const DECODED_MAX: usize = 12;

pub(crate) fn nal(bytes: &[u8]) -> bool {
    let mut any = false;
    for unit in nal_units(bytes) {
        let kind = NalType::of(unit);
        any |= kind.is_picture();
        if let Some(sps) = Sps::parse(unit) {
            assert!(sps.width > 0 && sps.height > 0, "{sps:?}");
            any = true;
        }
        let _ = slice_is_bidirectional(unit);
    }
    any
}

pub(crate) fn annexb(bytes: &[u8]) -> bool {
    read(bytes, &mut |_| true)
}

pub(crate) fn mp4(bytes: &[u8]) -> bool {
    read(bytes, &mut |_| true)
}

pub(crate) fn picture(bytes: &[u8]) -> bool {
    let mut decoder = Decoder::new(Mode::All).unwrap();
    let (mut tried, mut any) = (0, false);
    read(bytes, &mut |unit| {
        if let Ok(Some(picture)) = decoder.decode(unit) {
            let grid = Grid::of(&picture.luma());
            assert!(!grid.cells().is_empty());
            any = true;
        }
        tried += 1;
        tried < DECODED_MAX
    });
    any
}

/// Reads units as long as `each` wants more. A file is read from a file: here from one without a
/// name, which is gone when the process is.
fn read(bytes: &[u8], each: &mut dyn FnMut(&AccessUnit) -> bool) -> bool {
    thread_local! {
        static FILE: File = tempfile::tempfile().unwrap();
    }
    let path = FILE.with(|mut file| {
        file.set_len(0).unwrap();
        file.rewind().unwrap();
        file.write_all(bytes).unwrap();
        PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
    });
    let Ok(mut opened) = Source::open(&path) else { return false };
    let mut any = opened.codec != Codec::H264;
    for _ in 0..PICTURES_MAX {
        let Ok(Some(unit)) = opened.source.next() else { break };
        any = true;
        if !each(&unit) {
            break;
        }
    }
    any
}

pub(crate) fn streams() -> Vec<Vec<u8>> {
    vec![STREAM.to_vec()]
}

pub(crate) fn containers() -> Vec<Vec<u8>> {
    vec![PLAIN.to_vec(), FRAGMENTS.to_vec()]
}
