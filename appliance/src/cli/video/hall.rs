//! `video status`, `video learn`, `video burst`: the cameras of the running service.

use crate::cli::show::{moment, pad};
use crate::cli::{Context, FOUND, OK, Out};
use crate::error::AppError;
use crate::hall::{self, CameraView, Persons, Summary};

/// Seconds over which a picture of the empty hall is taken, if nothing is said.
const LEARN_S: u32 = 60;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct LearnArguments {
    /// 摄像机编号 / Number of the camera
    camera: String,
    /// 多少秒 / Seconds
    #[arg(long, default_value_t = LEARN_S, value_parser = clap::value_parser!(u32).range(5..=3600))]
    seconds: u32,
}

/// Seconds of a burst, if nothing is said: two key frames of most cameras.
const BURST_S: u32 = 10;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct BurstArguments {
    /// 摄像机编号 / Number of the camera
    camera: String,
    /// 多少秒，最多 30 / Seconds, 30 at most
    #[arg(long, default_value_t = BURST_S, value_parser = clap::value_parser!(u32).range(1..=30))]
    seconds: u32,
}

/// Says how every camera is; 1 if one is not well.
pub(super) fn status(context: &mut Context<'_, '_>) -> Result<u8, AppError> {
    let app = context.open()?;
    let out = &mut *context.out;
    let (views, persons, summary) = match app.hall() {
        Ok(hall) => {
            let summary = hall.summary();
            (hall.views(), summary.persons.clone(), Some(summary))
        }
        Err(_) => {
            out.note("hall.not-serving", &[]);
            let (views, persons) = hall::would_watch(&app)?;
            (views, persons, None)
        }
    };
    for view in &views {
        match out.json {
            true => out.object(view),
            false => camera(out, view),
        }
    }
    if views.is_empty() && !out.json {
        out.say("hall.none", &[]);
    }
    let is_whole = summary.as_ref().is_none_or(|summary| tell(out, summary));
    let may_count = tell_persons(out, &persons, summary.is_some());
    let is_well = views.iter().all(CameraView::is_well) || summary.is_none();
    Ok(if is_whole && may_count && is_well { OK } else { FOUND })
}

fn camera(out: &mut Out<'_>, view: &CameraView) {
    let size = match (view.width, view.height, view.fps) {
        (Some(width), Some(height), Some(fps)) => format!("{width}×{height} {fps:.0}/s"),
        (Some(width), Some(height), None) => format!("{width}×{height}"),
        _ => String::new(),
    };
    let since = view.since.as_deref().map(moment).unwrap_or_default();
    let (cam, state) = (pad(&view.cam, 10), view.words(out.lang));
    let values = [
        ("cam", cam.as_str()),
        ("hall", &view.hall),
        ("state", &state),
        ("size", &size),
        ("since", &since),
    ];
    out.say(if since.is_empty() { "hall.camera-new" } else { "hall.camera" }, &values);
}

/// Whether persons are counted; false if a model is named that cannot be used. As JSON it is a part of
/// the summary if there is one.
fn tell_persons(out: &mut Out<'_>, persons: &Persons, is_told: bool) -> bool {
    if out.json && !is_told {
        out.object(&serde_json::json!({ "persons": persons }));
    } else if !out.json {
        match persons {
            Persons::NotSet => out.say("persons.not-set", &[]),
            Persons::Counted { every_s } => {
                out.say("persons.counted", &[("seconds", &every_s.to_string())]);
            }
            Persons::Failed { why } => out.say("persons.failed", &[("why", why)]),
        }
    }
    !matches!(persons, Persons::Failed { .. })
}

/// What does not belong to one camera; false if something is wrong with it.
fn tell(out: &mut Out<'_>, summary: &Summary) -> bool {
    let counts = summary.counts;
    if out.json {
        out.object(summary);
    } else {
        let numbers =
            [counts.written, counts.repeated, counts.refused, counts.waiting, counts.lost];
        let [written, repeated, refused, waiting, lost] = numbers.map(|number| number.to_string());
        let values = [
            ("written", written.as_str()),
            ("repeated", &repeated),
            ("refused", &refused),
            ("waiting", &waiting),
            ("lost", &lost),
        ];
        out.say("hall.counts", &values);
        for cam in &summary.unknown {
            out.say("hall.unknown", &[("cam", cam)]);
        }
        if let Some(why) = &summary.file_error {
            out.say("hall.file-error", &[("why", why)]);
        }
    }
    summary.unknown.is_empty() && summary.file_error.is_none() && counts.lost == 0
}

pub(super) fn learn(
    context: &mut Context<'_, '_>,
    arguments: &LearnArguments,
) -> Result<u8, AppError> {
    let app = context.open()?;
    let LearnArguments { camera, seconds } = arguments;
    app.hall()?.learn(camera, *seconds)?;
    let seconds = seconds.to_string();
    context.out.say("hall.learning-begun", &[("cam", camera), ("seconds", &seconds)]);
    Ok(OK)
}

pub(super) fn burst(
    context: &mut Context<'_, '_>,
    arguments: &BurstArguments,
) -> Result<u8, AppError> {
    let app = context.open()?;
    let BurstArguments { camera, seconds } = arguments;
    app.hall()?.burst(camera, *seconds)?;
    let seconds = seconds.to_string();
    context.out.say("hall.burst-begun", &[("cam", camera), ("seconds", &seconds)]);
    Ok(OK)
}
