//! Clips of another encoder, for what ours cannot make: reordered pictures, interlaced, ten bits,
//! H.265, intra refresh, fragments. Needs `ffmpeg` with libx264 in the path (or in `FFMPEG`); without
//! it these tests say so and check nothing.
#![allow(clippy::unwrap_used)]

use plumbline_camera::{Codec, Decoder, Finding, Mode, Probe, Report, Source};
use std::path::Path;
use std::process::{Command, Stdio};

/// Makes a clip of a test pattern; `None` without ffmpeg or without this codec.
fn clip(folder: &Path, name: &str, options: &str) -> Option<Report> {
    let path = folder.join(name);
    let ffmpeg = std::env::var_os("FFMPEG").unwrap_or_else(|| "ffmpeg".into());
    let made = Command::new(ffmpeg)
        .args("-v error -f lavfi -i testsrc2=size=320x180:rate=10:duration=6".split(' '))
        .args(options.split(' '))
        .arg(&path)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped {name}: no ffmpeg that makes it");
        return None;
    }
    let mut opened = Source::open(&path).unwrap();
    let mut probe = Probe::new(opened.codec.clone()).unwrap();
    while let Some(unit) = opened.source.next().unwrap() {
        probe.unit(&unit);
    }
    Some(probe.finish(None))
}

#[test]
fn what_cannot_be_decoded_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let x264 = "-c:v libx264 -pix_fmt yuv420p -g 20";
    let cases = [
        ("ten.mp4", "-c:v libx264 -pix_fmt yuv420p10le -g 20".to_owned(), Finding::BitDepth(10)),
        ("wide.mp4", "-c:v libx264 -pix_fmt yuv422p -g 20".to_owned(), Finding::Chroma(2)),
        ("fields.mp4", format!("{x264} -flags +ilme+ildct"), Finding::Interlaced),
        (
            "hevc.mp4",
            "-c:v libx265 -x265-params log-level=none".to_owned(),
            Finding::Codec(Codec::H265),
        ),
        (
            "hevc.265",
            "-c:v libx265 -x265-params log-level=none".to_owned(),
            Finding::Codec(Codec::H265),
        ),
        ("refresh.mp4", format!("{x264} -x264-params intra-refresh=1"), Finding::OneKeyFrame(5.9)),
    ];
    for (name, options, finding) in cases {
        if let Some(report) = clip(folder.path(), name, &options) {
            assert_eq!(report.findings.first(), Some(&finding), "{name}");
        }
    }
}

#[test]
fn profiles_and_fragments_are_decoded() {
    let folder = tempfile::tempdir().unwrap();
    for profile in ["baseline", "main", "high"] {
        for (container, flags) in
            [("mp4", ""), ("frag.mp4", " -movflags frag_keyframe+empty_moov"), ("h264", "")]
        {
            let options = format!(
                "-c:v libx264 -pix_fmt yuv420p -g 20 -sc_threshold 0 -profile:v {profile}{flags}"
            );
            let name = format!("{profile}.{container}");
            let Some(report) = clip(folder.path(), &name, &options) else { continue };
            assert!(report.suits(), "{name} {report:?}");
            assert_eq!((report.frames, report.keys, report.decoded), (60, 3, 3), "{name}");
            let reorders = report.findings.contains(&Finding::Reorders);
            assert_eq!(reorders, profile != "baseline", "{name}");
            let mut source = Source::open(&folder.path().join(&name)).unwrap().source;
            let mut decoder = Decoder::new(Mode::All).unwrap();
            let mut pictures = 0;
            while let Some(unit) = source.next().unwrap() {
                pictures += u32::from(decoder.decode(&unit).unwrap().is_some());
            }
            assert!(pictures >= 56, "{name}: {pictures}");
        }
    }
}
