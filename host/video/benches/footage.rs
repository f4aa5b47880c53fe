//! How right the numbers are about a recording: when each state was told, and how often a zone was
//! called filled rightly. `cargo bench -p plumbline-camera --bench footage -- FILE [LABELS.csv]`
//!
//! Lines of LABELS: `zone,LEFT,TOP,RIGHT,BOTTOM` in parts of the picture; `empty,FROM,TO` in seconds,
//! for the reference; `present,FROM,TO` and `absent,FROM,TO` as a person sees it. What is not named
//! is not judged: people come and go.

use plumbline_camera::{
    AccessUnit, Decoder, Grid, Limits, Mode, Observer, Place, Reference, ReferenceBuilder, Source,
    Subject, VideoError, Watch, Written, Zone, Zones,
};
use plumbline_contract::time::{Millis, Zone as Clock};
use std::path::Path;

/// Parts of a zone from which on it is called filled; the rules take 0.05.
const FILLED_FROM: [f64; 5] = [0.02, 0.05, 0.08, 0.15, 0.25];

fn main() -> Result<(), VideoError> {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let Some(file) = words.first() else {
        eprintln!("no file named; nothing measured");
        return Ok(());
    };
    let labels = match words.get(1) {
        Some(path) => Labels::read(Path::new(path))?,
        None => Labels::default(),
    };
    let units = read(Path::new(file))?;
    let samples = watch(&units, &labels)?;
    for limit in FILLED_FROM {
        let share = |wanted: bool| {
            let judged = samples.iter().filter(|(_, present)| *present == wanted);
            let (right, all) = judged.fold((0, 0), |(right, all), (part, _)| {
                (right + u32::from((*part >= limit) == wanted), all + 1)
            });
            format!("{right} of {all}")
        };
        if !samples.is_empty() {
            println!("filled from {limit}: present {}, absent {}", share(true), share(false));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Labels {
    zones: Vec<Zone>,
    empty: Option<(f64, f64)>,
    spans: Vec<(f64, f64, bool)>,
}

impl Labels {
    fn read(path: &Path) -> Result<Self, VideoError> {
        let io = |error| VideoError::Io { path: path.to_owned(), error };
        let mut labels = Self::default();
        for line in std::fs::read_to_string(path).map_err(io)?.lines() {
            let mut fields = line.split(',');
            let word = fields.next().unwrap_or_default();
            let numbers: Vec<f64> = fields.filter_map(|field| field.parse().ok()).collect();
            match (word, &numbers[..]) {
                ("zone", &[left, top, right, bottom]) => {
                    let (zone, kind) = ("Z-1".to_owned(), "seat".to_owned());
                    let polygon = vec![[left, top], [right, top], [right, bottom], [left, bottom]];
                    let place = Place { zone, kind, seat: None };
                    labels.zones.push(Zone { place, polygon });
                }
                ("empty", &[from, to]) => labels.empty = Some((from, to)),
                ("present" | "absent", &[from, to]) => {
                    labels.spans.push((from, to, word == "present"));
                }
                _ => eprintln!("left out: {line}"),
            }
        }
        Ok(labels)
    }

    /// Whether somebody is there at a second; `None` where nobody has judged.
    fn at(&self, second: f64) -> Option<bool> {
        let span = self.spans.iter().find(|(from, to, _)| (*from..=*to).contains(&second));
        span.map(|(_, _, present)| *present)
    }
}

fn read(path: &Path) -> Result<Vec<AccessUnit>, VideoError> {
    let mut source = Source::open(path)?.source;
    let mut units = Vec::new();
    while let Some(unit) = source.next()? {
        units.push(unit);
    }
    Ok(units)
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a recording")]
fn seconds(us: i64) -> f64 {
    us as f64 / 1e6
}

fn reference(units: &[AccessUnit], span: (f64, f64)) -> Result<Reference, VideoError> {
    let mut decoder = Decoder::new(Mode::Keys)?;
    let mut builder = ReferenceBuilder::default();
    for unit in units.iter().filter(|unit| (span.0..=span.1).contains(&seconds(unit.at_us))) {
        if let Some(picture) = decoder.decode(unit)? {
            builder.add(&Grid::of(&picture.luma()));
        }
    }
    builder.finish()
}

/// Says each state as it is told; returns how far the zone was filled in each picture that a person
/// has judged, and that judgement.
fn watch(units: &[AccessUnit], labels: &Labels) -> Result<Vec<(f64, bool)>, VideoError> {
    let reference = labels.empty.map(|span| reference(units, span)).transpose()?;
    let observer = Observer::new(Zones::new(&labels.zones)?, reference);
    let subject = Subject {
        camera: "C-1".to_owned(),
        source: "/video".to_owned(),
        region: None,
        start: Millis(0),
        clock: Clock::shanghai(),
    };
    let mut watch = Watch::new(subject, observer, Limits::default())?;
    let (mut samples, mut pictures, mut last_us) = (Vec::new(), 0_u32, None);
    for unit in units {
        for written in watch.unit(unit) {
            let Written::State(change) = written else { continue };
            let word = change.state.quality().unwrap_or(change.state.stream());
            let (since, told) = (seconds(change.since_us), seconds(change.told_us));
            println!("{word}: began at {since:.1} s, told at {told:.1} s");
        }
        let Some(sample) = watch.latest().filter(|sample| last_us != Some(sample.at_us)) else {
            continue;
        };
        (pictures, last_us) = (pictures + 1, Some(sample.at_us));
        let filled = sample.zones.first().and_then(|zone| zone.occ_ratio);
        samples.extend(filled.zip(labels.at(seconds(sample.at_us))));
    }
    println!("{pictures} pictures");
    Ok(samples)
}
