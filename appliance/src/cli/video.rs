//! `video`: whether a camera suits, and a recorded file as events. Neither needs a home: a hall can be
//! tried before anything is installed. And the cameras of a running service with their footage.

pub(super) mod footage;
mod hall;
mod probe;

use super::{Context, FOUND, OK};
use crate::error::{AppError, Kind};
use crate::hall::zones_of;
use crate::table;
use plumbline_camera::{
    AccessUnit, Codec, DETECT_EVERY_US, Decoder, Detector, Grid, Limits, Mode, Observer, Opened,
    Reference, ReferenceBuilder, Source, Subject, VideoError, Watch, Written, Zone, Zones,
};
use plumbline_contract::time::{Zone as Clock, parse_stamp};
use plumbline_ledger::sha256_hex;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 看一路摄像机或一个文件是否适用：编码、尺寸、关键帧 / Whether a camera or a file suits: codec, size, key frames
    Probe(probe::Arguments),
    /// 把录像文件变成事件，供导入；画面不离开本机 / A recorded file as events for the import; no picture leaves
    Observe(Box<ObserveArguments>),
    /// 每路摄像机的状态 / The state of every camera
    Status,
    /// 拍下空场基准（无人时）/ Take the picture of the empty hall (while nobody is there)
    Learn(hall::LearnArguments),
    /// 一路逐帧看几秒（平时只看关键帧）/ Look at every picture of a camera for some seconds, not at key frames only
    Burst(hall::BurstArguments),
    /// 一个区划准许保存什么影像、保存多久 / What footage a region allows, and for how long
    Allow(footage::AllowArguments),
    /// 预警的影像 / Footage of alerts
    #[command(subcommand)]
    Footage(footage::FootageCommand),
    /// 谁可以看影像 / Who may look at footage
    #[command(subcommand)]
    Viewer(footage::ViewerCommand),
}

#[derive(Debug, clap::Args)]
pub(super) struct ObserveArguments {
    /// MP4 或 H.264 裸流文件 / MP4 file or H.264 byte stream
    file: PathBuf,
    /// 摄像机编号（摄像机库）/ Number of the camera (table camera)
    #[arg(long)]
    camera: String,
    /// 录像的开始时间，不带时差即北京时间 / When the recording begins; Beijing time without an offset
    #[arg(long, value_name = "TIME")]
    start: String,
    /// 事件写到哪个文件（NDJSON）/ File for the events (NDJSON)
    #[arg(long)]
    out: PathBuf,
    /// 画面区域库的 CSV / CSV of the table zone
    #[arg(long, value_name = "FILE")]
    zones: Option<PathBuf>,
    /// 空场录像，作基准画面 / A recording without people, for the reference
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// 上述录像（缺省为本文件）中无人的一段，秒，如 0-20 / Seconds of it (or of the file itself) without people, such as 0-20
    #[arg(long, value_name = "FROM-TO")]
    empty: Option<String>,
    /// 事件的数据源 / Source of the events
    #[arg(long, default_value = "/video")]
    source: String,
    /// 区划代码 / Region code
    #[arg(long)]
    region: Option<String>,
    /// 人数检测模型（ONNX），按区域数人 / Model that counts persons in zones (ONNX)
    #[arg(long, value_name = "MODEL", requires = "sha256")]
    detector: Option<PathBuf>,
    /// 模型文件的 SHA-256，十六进制 / SHA-256 of the model, in hexadecimal
    #[arg(long, value_name = "HEX", requires = "detector")]
    sha256: Option<String>,
    /// 最多每几秒数一次 / Seconds between two counts, at least
    #[arg(long, value_name = "SECONDS", default_value_t = DETECT_EVERY_US / 1_000_000)]
    #[arg(value_parser = clap::value_parser!(i64).range(1..=3600), requires = "detector")]
    detect_every: i64,
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    match command {
        Command::Probe(arguments) => probe::run(context, &arguments),
        Command::Observe(arguments) => observe(context, &arguments),
        Command::Status => hall::status(context),
        Command::Learn(arguments) => hall::learn(context, &arguments),
        Command::Burst(arguments) => hall::burst(context, &arguments),
        Command::Allow(arguments) => footage::run_allow(context, arguments),
        Command::Footage(command) => footage::run(context, command),
        Command::Viewer(command) => footage::run_viewer(context, &command),
    }
}

/// What of a stream went wrong, as an error of the command.
fn error(error: VideoError) -> AppError {
    use plumbline_camera::Kind as K;
    let kind = match error.kind() {
        K::Io | K::Unreachable => Kind::Failed,
        K::Damaged | K::Unsupported | K::Usage => Kind::Usage,
        K::AuthFailed => Kind::Refused,
    };
    AppError::new(kind, "video", error)
}

fn observe(context: &mut Context<'_, '_>, args: &ObserveArguments) -> Result<u8, AppError> {
    let clock = Clock::shanghai();
    let start = parse_stamp(&args.start)
        .ok_or_else(|| AppError::new(Kind::Usage, "time", &args.start))
        .map(|stamp| clock.instant_of(stamp))?;
    let zones = match &args.zones {
        Some(path) => zones(&context.path(path), &args.camera)?,
        None => Vec::new(),
    };
    let file = context.path(&args.file);
    let reference = reference(context, args, &file)?;
    let has_reference = reference.is_some();
    let observer = Observer::new(Zones::new(&zones).map_err(error)?, reference);
    let subject = Subject {
        camera: args.camera.clone(),
        source: args.source.clone(),
        region: args.region.clone(),
        start,
        clock,
    };
    let mut watch = Watch::new(subject, observer, Limits::default()).map_err(error)?;
    if let Some(detector) = detector(context, args)? {
        watch = watch.with_detector(Arc::new(detector), args.detect_every * 1_000_000);
    }
    let out = context.path(&args.out);
    let counted = write_events(watch, open_h264(&file)?, &out)?;
    if !has_reference && !zones.is_empty() {
        context.out.note("video.no-reference", &[]);
    }
    if let Some(broken) = &counted.broken {
        context.out.note("video.broken", &[("why", broken)]);
    }
    if context.out.json {
        context.out.object(&serde_json::json!({
            "minutes": counted.minutes, "states": counted.states, "broken": counted.broken,
        }));
    } else {
        let (minutes, states) = (counted.minutes.to_string(), counted.states.to_string());
        let path = out.display().to_string();
        let values = [("minutes", &*minutes), ("states", &*states), ("path", &*path)];
        context.out.say("video.observed", &values);
    }
    Ok(if counted.broken.is_some() { FOUND } else { OK })
}

/// The model that the caller named, if any.
fn detector(
    context: &Context<'_, '_>,
    args: &ObserveArguments,
) -> Result<Option<Detector>, AppError> {
    let named = args.detector.as_ref().zip(args.sha256.as_deref());
    let load = |(path, sha256): (&PathBuf, &str)| {
        Detector::load(&context.path(path), sha256, &sha256_hex).map_err(error)
    };
    named.map(load).transpose()
}

#[derive(Default)]
struct Counted {
    minutes: u64,
    states: u64,
    broken: Option<String>,
}

/// Runs the file through and writes what enters the log, line by line. A file that breaks off gives
/// the events up to there.
fn write_events(mut watch: Watch, mut source: Source, out: &Path) -> Result<Counted, AppError> {
    let failed = |error: std::io::Error| AppError::io(out, &error);
    let mut writer = BufWriter::new(File::create(out).map_err(failed)?);
    let mut counted = Counted::default();
    let subject = watch.subject().clone();
    let mut write = |counted: &mut Counted, written: Vec<Written>| {
        for written in written {
            match written {
                Written::Minute(_) => counted.minutes += 1,
                Written::State(_) => counted.states += 1,
            }
            writeln!(writer, "{}", subject.event(&written)).map_err(failed)?;
        }
        Ok::<(), AppError>(())
    };
    loop {
        match source.next() {
            Ok(Some(unit)) => write(&mut counted, watch.unit(&unit))?,
            Ok(None) => break,
            Err(broken) => {
                counted.broken = Some(broken.to_string());
                break;
            }
        }
    }
    write(&mut counted, watch.finish().1.into_iter().collect())?;
    writer.flush().map_err(failed)?;
    Ok(counted)
}

fn open_h264(path: &Path) -> Result<Source, AppError> {
    let Opened { source, codec, .. } = Source::open(path).map_err(error)?;
    if codec == Codec::H264 { Ok(source) } else { Err(error(VideoError::Codec(codec))) }
}

/// The zones of a camera, from a file in the form of the reference table.
fn zones(path: &Path, camera: &str) -> Result<Vec<Zone>, AppError> {
    let bytes = std::fs::read(path).map_err(|error| AppError::io(path, &error))?;
    let rows = table::parse_csv("zone", &bytes)?;
    Ok(zones_of(&rows, camera))
}

/// The picture of the empty hall, if the caller named one.
fn reference(
    context: &Context<'_, '_>,
    args: &ObserveArguments,
    file: &Path,
) -> Result<Option<Reference>, AppError> {
    let span = args.empty.as_deref().map(seconds).transpose()?;
    let path = match (&args.reference, span) {
        (Some(path), _) => context.path(path),
        (None, Some(_)) => file.to_owned(),
        (None, None) => return Ok(None),
    };
    let (from, to) = span.unwrap_or((0, i64::MAX));
    let mut source = open_h264(&path)?;
    let mut decoder = Decoder::new(Mode::Keys).map_err(error)?;
    let mut builder = ReferenceBuilder::default();
    while let Some(unit) = source.next().map_err(error)? {
        if unit.at_us > to {
            break;
        }
        if unit.at_us >= from
            && let Some(grid) = decode(&mut decoder, &unit)
        {
            builder.add(&grid);
        }
    }
    builder.finish().map(Some).map_err(error)
}

/// A damaged picture is no part of a reference.
fn decode(decoder: &mut Decoder, unit: &AccessUnit) -> Option<Grid> {
    decoder.decode(unit).ok().flatten().map(|picture| Grid::of(&picture.luma()))
}

/// `FROM-TO` in whole seconds, as microseconds.
fn seconds(text: &str) -> Result<(i64, i64), AppError> {
    let wrong = || AppError::new(Kind::Usage, "video-span", text);
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let read = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong());
    let (from, to) = (read(from)?, read(to)?);
    if from >= to {
        Err(wrong())
    } else {
        Ok((i64::from(from) * 1_000_000, i64::from(to) * 1_000_000))
    }
}
