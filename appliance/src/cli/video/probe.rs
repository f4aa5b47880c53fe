//! `video probe`: what a stream is and whether it suits, in plain words, with what to set otherwise.

use super::error;
use crate::cli::{Context, FOUND, OK};
use crate::error::AppError;
use crate::text::{self, Lang};
use plumbline_camera::{Finding, Opened, Probe, Report, Source, VideoError};
use serde_json::json;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// 文件，或 rtsp://用户名:密码@地址/路径 / File, or rtsp://user:password@host/path
    target: String,
    /// 看多少秒 / How many seconds to look at
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
}

/// How long a camera may take to answer, and then to bring the next picture.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn run(context: &mut Context<'_, '_>, arguments: &Arguments) -> Result<u8, AppError> {
    let opened = if arguments.target.starts_with("rtsp://") {
        Source::connect(&arguments.target, PATIENCE).map_err(error)?
    } else {
        Source::open(&context.path(&arguments.target)).map_err(error)?
    };
    let container = opened.container;
    let (report, broken) = look(opened, i64::from(arguments.seconds) * 1_000_000)?;
    let suits = report.suits();
    if context.out.json {
        context.out.object(&as_json(container, &report));
    } else {
        show(context, container, &report);
    }
    Ok(if suits && !broken { OK } else { FOUND })
}

fn look(mut opened: Opened, length_us: i64) -> Result<(Report, bool), AppError> {
    let mut probe = Probe::new(opened.codec.clone()).map_err(error)?;
    let mut first_us = None;
    let broken: Option<VideoError> = loop {
        match opened.source.next() {
            Ok(Some(unit)) => {
                if unit.at_us - *first_us.get_or_insert(unit.at_us) > length_us {
                    break None;
                }
                probe.unit(&unit);
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    Ok((probe.finish(broken.as_ref()), broken.is_some()))
}

fn show(context: &mut Context<'_, '_>, container: &str, report: &Report) {
    let lang = context.out.lang;
    let out = &mut context.out;
    out.say("video.codec", &[("container", container), ("codec", report.codec.name())]);
    if let Some(sps) = &report.sps {
        let level = format!("{}.{}", sps.level / 10, sps.level % 10);
        let (width, height) = (sps.width.to_string(), sps.height.to_string());
        let values = [
            ("profile", sps.profile_name()),
            ("level", &*level),
            ("width", &*width),
            ("height", &*height),
        ];
        out.say("video.picture", &values);
    }
    if let Some(fps) = report.fps {
        let fps = format!("{fps:.1}");
        let rate = format!("{:.0}", report.bitrate_kbps.unwrap_or_default());
        out.say("video.rate", &[("fps", &fps), ("kbps", &rate)]);
    }
    if let Some((mean, longest)) = report.key_interval_s {
        let (mean, longest) = (format!("{mean:.1}"), format!("{longest:.1}"));
        out.say("video.keys", &[("mean", &mean), ("longest", &longest)]);
    }
    let (frames, keys) = (report.frames.to_string(), report.keys.to_string());
    let (decoded, length) = (report.decoded.to_string(), format!("{:.1}", report.length_s));
    let values =
        [("seconds", &*length), ("frames", &*frames), ("keys", &*keys), ("decoded", &*decoded)];
    out.say("video.seen", &values);
    for finding in &report.findings {
        out.line(format!("  - {}", sentence(lang, finding)));
    }
    out.say(if report.suits() { "video.suits" } else { "video.suits-not" }, &[]);
}

fn as_json(container: &str, report: &Report) -> serde_json::Value {
    let findings = report.findings.iter().map(|finding| {
        json!({
            "forbids": finding.forbids(),
            "zh": sentence(Lang::Zh, finding),
            "en": sentence(Lang::En, finding),
        })
    });
    let sps = report.sps.as_ref();
    json!({
        "container": container,
        "codec": report.codec.name(),
        "profile": sps.map(|sps| sps.profile_name()),
        "level": sps.map(|sps| f64::from(sps.level) / 10.0),
        "width": sps.map(|sps| sps.width),
        "height": sps.map(|sps| sps.height),
        "frames": report.frames,
        "keys": report.keys,
        "decoded": report.decoded,
        "seconds": report.length_s,
        "fps": report.fps,
        "key_interval_s": report.key_interval_s.map(|(mean, _)| mean),
        "key_interval_max_s": report.key_interval_s.map(|(_, longest)| longest),
        "kbps": report.bitrate_kbps,
        "size_changes": report.size_changes,
        "suits": report.suits(),
        "findings": findings.collect::<Vec<_>>(),
    })
}

/// A finding in words, with what to do about it.
fn sentence(lang: Lang, finding: &Finding) -> String {
    let say = |key: &str, name: &str, value: &str| text::say(lang, key, &[(name, value)]);
    match finding {
        Finding::Codec(codec) => say("video.find-codec", "codec", codec.name()),
        Finding::Interlaced => say("video.find-interlaced", "", ""),
        Finding::BitDepth(bits) => say("video.find-depth", "bits", &bits.to_string()),
        Finding::Chroma(_) => say("video.find-chroma", "", ""),
        Finding::NoParameters => say("video.find-no-parameters", "", ""),
        Finding::NoKeyFrames => say("video.find-no-keys", "", ""),
        Finding::NothingDecoded(why) => say("video.find-nothing", "why", why),
        Finding::Empty => say("video.find-empty", "", ""),
        Finding::Broken(why) => say("video.find-broken", "why", why),
        Finding::KeysFarApart(seconds) => {
            say("video.find-far", "seconds", &format!("{seconds:.1}"))
        }
        Finding::OneKeyFrame(seconds) => say("video.find-one", "seconds", &format!("{seconds:.1}")),
        Finding::Large(width, height) => {
            say("video.find-large", "size", &format!("{width}x{height}"))
        }
        Finding::Reorders => say("video.find-reorders", "", ""),
        Finding::SomeDamaged(count) => say("video.find-damaged", "count", &count.to_string()),
    }
}
