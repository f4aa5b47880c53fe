//! What a look for persons costs, and how many are found in each key frame of a file:
//! `cargo bench -p plumbline-camera --features detector --bench persons -- MODEL FILE...`
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

use plumbline_camera::{Decoder, Detector, Mode, Place, Source, VideoError, Zone, Zones};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), VideoError> {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    let Some(model) = words.next() else {
        eprintln!("no model named; nothing measured");
        return Ok(());
    };
    // Whoever measures knows which file it is.
    let hash = |_: &[u8]| String::new();
    let begun = Instant::now();
    let detector = Detector::load(Path::new(&model), "", &hash)?;
    println!("{model}: loaded in {:.2} s", begun.elapsed().as_secs_f64());
    for file in words {
        look(&detector, &file)?;
    }
    Ok(())
}

fn look(detector: &Detector, file: &str) -> Result<(), VideoError> {
    let place = Place { zone: "all".to_owned(), kind: "queue".to_owned(), seat: None };
    let polygon = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    let zones = Zones::new(&[Zone { place, polygon }])?;
    let mut source = Source::open(Path::new(file))?.source;
    let mut decoder = Decoder::new(Mode::Keys)?;
    let mut times = Vec::new();
    let mut counts = Vec::new();
    while let Some(unit) = source.next()? {
        let Ok(Some(picture)) = decoder.decode(&unit) else { continue };
        let begun = Instant::now();
        let found = detector.persons(&picture, &zones)?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        counts.push(format!("{:.1}s:{}", unit.at_us as f64 / 1e6, found[0]));
    }
    times.sort_by(f64::total_cmp);
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    println!("{file}: {} pictures, median {middle:.1} ms", times.len());
    println!("{}", counts.join(" "));
    Ok(())
}
