//! What a file costs to decode and to measure: all pictures, key frames only, and the numbers of a
//! picture. `cargo bench -p plumbline-camera -- FILE...`; without a file it says so.
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

use plumbline_camera::{
    AccessUnit, Decoder, Grid, Mode, Observer, ReferenceBuilder, Source, VideoError, Zones,
};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), VideoError> {
    let files: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if files.is_empty() {
        eprintln!("no file named; nothing measured");
    }
    for file in files {
        let units = read(Path::new(&file))?;
        let (keys, seconds, grids) = run(Mode::Keys, &units)?;
        println!("{file}: {keys} key frames, {:.1} a second", keys / seconds);
        let (all, seconds, _) = run(Mode::All, &units)?;
        println!("{file}: {all} pictures, {:.0} a second", all / seconds);
        let mut builder = ReferenceBuilder::default();
        grids.iter().for_each(|grid| builder.add(grid));
        let mut observer = Observer::new(Zones::none(), Some(builder.finish()?));
        let begun = Instant::now();
        let number = grids.len();
        for grid in grids {
            std::hint::black_box(observer.look(0, grid));
        }
        #[expect(clippy::cast_precision_loss, reason = "some hundred pictures")]
        let each = begun.elapsed().as_secs_f64() * 1000.0 / number as f64;
        println!("{file}: {each:.2} ms to measure a picture");
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<AccessUnit>, VideoError> {
    let mut source = Source::open(path)?.source;
    let mut units = Vec::new();
    while let Some(unit) = source.next()? {
        units.push(unit);
    }
    Ok(units)
}

/// Pictures, seconds with the shrinking of each, and the grids.
fn run(mode: Mode, units: &[AccessUnit]) -> Result<(f64, f64, Vec<Grid>), VideoError> {
    let mut decoder = Decoder::new(mode)?;
    let (mut number, mut grids) = (0.0, Vec::new());
    let begun = Instant::now();
    for unit in units {
        if let Ok(Some(picture)) = decoder.decode(unit) {
            number += 1.0;
            let grid = Grid::of(&picture.luma());
            if mode == Mode::Keys {
                grids.push(grid);
            }
        }
    }
    Ok((number, begun.elapsed().as_secs_f64(), grids))
}
