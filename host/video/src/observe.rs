//! What one picture says: brightness, sharpness, motion, likeness to the reference, and for each zone
//! how much of it is filled and how much moves. Pure: the same pictures give the same numbers.

use crate::grid::{CELLS, Grid, HEIGHT, WIDTH};
use crate::reference::Reference;
use crate::zone::{Place, Zones};

/// Levels by which a cell must differ from the reference to count as filled, after the light of the
/// whole picture is taken out: above the noise of a cheap sensor and soft shadows, below clothes
/// before a desk.
const FILLED_LEVELS: f64 = 18.0;
/// A cell that strays by itself (a screen, a plant) must differ by as many times its noise.
const FILLED_NOISE: f64 = 4.0;
/// How much lighter or darker as a factor the picture may be against the reference.
const GAIN_MAX: f64 = 3.0;
/// Mean brightness up to which a picture is called black, in levels; 16 is black in video range.
const BLACK_MEAN: f64 = 18.0;
/// ... if it also has no more contrast than this.
const BLACK_STD: f64 = 4.0;

/// The numbers of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Microseconds of the source's clock.
    pub at_us: i64,
    /// 0 to 255.
    pub luma_mean: f64,
    pub luma_std: f64,
    /// Variance of the Laplacian.
    pub sharp: f64,
    /// Mean change since the last picture, 1 = from black to white everywhere. `None` for the first.
    pub motion: Option<f64>,
    /// Likeness of the edges to the reference, 0 to 1. `None` without a reference.
    pub ref_sim: Option<f64>,
    /// Sharpness against that of the reference, both per contrast. `None` without a reference.
    pub ref_sharp: Option<f64>,
    /// Whether every pixel is as in the last picture.
    pub same: bool,
    pub black: bool,
    pub zones: Vec<ZoneSample>,
}

/// The numbers of one zone in one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct ZoneSample {
    pub place: Place,
    /// Part of its cells that differ from the reference. `None` without a reference.
    pub occ_ratio: Option<f64>,
    /// As [`Sample::motion`].
    pub motion: Option<f64>,
    /// How many are in it. `None` unless a detector looked at this picture.
    pub persons: Option<u32>,
}

/// Looks at the pictures of one camera, one after the other.
#[derive(Debug)]
pub struct Observer {
    zones: Zones,
    reference: Option<(Reference, f64)>,
    last: Option<Grid>,
}

impl Observer {
    #[must_use]
    pub fn new(zones: Zones, reference: Option<Reference>) -> Self {
        let reference = reference.filter(Reference::is_whole).map(|reference| {
            let sharpness = relative_sharpness(reference.cells(), &zones.seen);
            (reference, sharpness)
        });
        Self { zones, reference, last: None }
    }

    #[must_use]
    pub fn has_reference(&self) -> bool {
        self.reference.is_some()
    }

    pub(crate) fn zones(&self) -> &Zones {
        &self.zones
    }

    /// Forgets the last picture, so that a gap in the stream is not taken for motion.
    pub fn interrupted(&mut self) {
        self.last = None;
    }

    pub fn look(&mut self, at_us: i64, grid: Grid) -> Sample {
        let seen = &self.zones.seen;
        let (luma_mean, variance) = spread(grid.cells(), seen);
        let luma_std = variance.sqrt();
        let sharp = sharpness(grid.cells(), seen);
        let last = self.last.as_ref();
        let motion = last.map(|last| motion(last, &grid, (0..CELLS).filter(|cell| seen[*cell])));
        let filled = self.reference.as_ref().map(|(reference, _)| filled(reference, &grid, seen));
        let zones = self.zones.measured.iter().map(|(place, cells)| {
            let cells = || cells.iter().map(|cell| *cell as usize);
            ZoneSample {
                place: place.clone(),
                occ_ratio: filled.as_ref().map(|filled| {
                    ratio(cells().filter(|cell| filled[*cell]).count(), cells().count())
                }),
                motion: last.map(|last| self::motion(last, &grid, cells())),
                persons: None,
            }
        });
        let reference = self.reference.as_ref();
        let sample = Sample {
            at_us,
            luma_mean,
            luma_std,
            sharp,
            motion,
            ref_sim: reference.and_then(|(reference, _)| reference.similarity(&grid, &self.zones)),
            ref_sharp: reference.map(|(_, usual)| per_contrast(sharp, variance) / usual),
            same: last.is_some_and(|last| last.fingerprint == grid.fingerprint),
            black: luma_mean <= BLACK_MEAN && luma_std <= BLACK_STD,
            zones: zones.collect(),
        };
        self.last = Some(grid);
        sample
    }
}

fn relative_sharpness(cells: &[u8], seen: &[bool]) -> f64 {
    per_contrast(sharpness(cells, seen), spread(cells, seen).1).max(f64::MIN_POSITIVE)
}

/// A dimmed picture has weaker edges and is no less in focus.
fn per_contrast(sharp: f64, variance: f64) -> f64 {
    if variance > 0.0 { sharp / variance } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "there are 14,400 cells")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Mean and variance over the cells that are seen.
fn spread(cells: &[u8], seen: &[bool]) -> (f64, f64) {
    moments(cells.iter().zip(seen).filter(|(_, seen)| **seen).map(|(cell, _)| f64::from(*cell)))
}

fn moments(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut number, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        number += 1.0;
        sum += value;
        squares += value * value;
    }
    if number == 0.0 {
        return (0.0, 0.0);
    }
    let mean = sum / number;
    (mean, (squares / number - mean * mean).max(0.0))
}

/// Variance of the Laplacian, where a cell and its four neighbours are seen.
fn sharpness(cells: &[u8], seen: &[bool]) -> f64 {
    let inner = (1..HEIGHT - 1).flat_map(|y| (1..WIDTH - 1).map(move |x| y * WIDTH + x));
    let laplacian = inner.filter_map(|at| {
        let around = [at - WIDTH, at - 1, at + 1, at + WIDTH];
        let whole = seen[at] && around.iter().all(|cell| seen[*cell]);
        let sum: i32 = around.iter().map(|cell| i32::from(cells[*cell])).sum();
        whole.then(|| f64::from(sum - 4 * i32::from(cells[at])))
    });
    moments(laplacian).1
}

/// Mean change of some cells, 0 to 1.
fn motion(last: &Grid, grid: &Grid, cells: impl Iterator<Item = usize>) -> f64 {
    let (mut changed, mut number) = (0, 0);
    for cell in cells {
        changed += usize::from(last.cells()[cell].abs_diff(grid.cells()[cell]));
        number += 1;
    }
    ratio(changed, number * 255)
}

/// Which cells hold something that the reference does not.
///
/// Lamps, daylight and the camera's own exposure change the whole picture; that is a factor, found
/// as the median over all cells so that people do not sway it.
fn filled(reference: &Reference, grid: &Grid, seen: &[bool]) -> Vec<bool> {
    let gain = gain(reference.cells(), grid.cells(), seen);
    let expected = reference.cells().iter().zip(reference.noise());
    let cells = grid.cells().iter().zip(expected).zip(seen);
    let differs = cells.map(|((cell, (usual, noise)), seen)| {
        let limit = FILLED_LEVELS.max(FILLED_NOISE * f64::from(*noise));
        *seen && (f64::from(*cell) / gain - f64::from(*usual)).abs() > limit
    });
    differs.collect()
}

fn gain(usual: &[u8], cells: &[u8], seen: &[bool]) -> f64 {
    let pairs =
        usual.iter().zip(cells).zip(seen).filter(|((usual, _), seen)| **seen && **usual > 0);
    let mut gains: Vec<_> =
        pairs.map(|((usual, cell), _)| f64::from(*cell) / f64::from(*usual)).collect();
    if gains.is_empty() {
        return 1.0;
    }
    let middle = gains.len() / 2;
    let (_, gain, _) = gains.select_nth_unstable_by(middle, f64::total_cmp);
    gain.clamp(1.0 / GAIN_MAX, GAIN_MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::reference::ReferenceBuilder;
    use crate::testing::{blurred, hall, occupied, with_person};
    use crate::zone::Zone;

    /// The seat of [`occupied`], and a place where nobody ever is.
    fn observer() -> Observer {
        let zone = |name: &str, left: f64, right: f64| Zone {
            place: Place { zone: name.to_owned(), kind: "seat".to_owned(), seat: None },
            polygon: vec![[left, 0.4], [right, 0.4], [right, 0.9], [left, 0.9]],
        };
        let zones = [zone("seat", 0.22, 0.42), zone("wall", 0.7, 0.9)];
        let mut builder = ReferenceBuilder::default();
        (0..8).for_each(|seed| builder.add(&hall(seed)));
        Observer::new(Zones::new(&zones).unwrap(), Some(builder.finish().unwrap()))
    }

    fn filled_zones(sample: &Sample) -> [f64; 2] {
        [0, 1].map(|zone: usize| sample.zones[zone].occ_ratio.unwrap())
    }

    #[test]
    fn somebody_who_sits_still_is_there_to_the_end() {
        let mut observer = observer();
        let [empty, _] = filled_zones(&observer.look(0, hall(100)));
        assert!(empty < 0.01, "{empty}");
        for second in 0..100 {
            let sample = observer.look(second * 2_000_000, occupied(200 + second as u32));
            let [seat, wall] = filled_zones(&sample);
            assert!(seat > 0.4 && wall < 0.01, "{seat} {wall} at {second}");
        }
        let [gone, _] = filled_zones(&observer.look(0, hall(9999)));
        assert!(gone < 0.01, "{gone}");
    }

    #[test]
    fn lamps_and_daylight_fill_no_seat() {
        for (mul, div) in [(1, 2), (3, 4), (5, 4)] {
            let lit = |grid: &Grid| {
                let cells = grid.cells().to_vec();
                Grid::from_fn(move |x, y| {
                    u8::try_from(u32::from(cells[y * WIDTH + x]) * mul / div).unwrap_or(u8::MAX)
                })
            };
            let mut observer = observer();
            let [empty, _] = filled_zones(&observer.look(0, lit(&hall(5))));
            assert!(empty < 0.05, "{empty} at {mul}/{div}");
            let [seat, _] = filled_zones(&observer.look(0, lit(&occupied(6))));
            assert!(seat > 0.3, "{seat} at {mul}/{div}");
        }
    }

    #[test]
    fn motion_is_where_somebody_moves() {
        let mut observer = observer();
        assert_eq!(observer.look(0, with_person(1, 0)).motion, None);
        let still = observer.look(1, with_person(2, 0));
        let moved = observer.look(2, with_person(3, 3));
        let seat = |sample: &Sample| sample.zones[0].motion.unwrap();
        assert!(seat(&moved) > 5.0 * seat(&still), "{} {}", seat(&moved), seat(&still));
        // The noise of a sensor is small and never nothing.
        assert!(seat(&still) > 0.0 && seat(&still) < 0.005);
        assert!((moved.zones[1].motion.unwrap() - still.zones[1].motion.unwrap()).abs() < 0.001);
        observer.interrupted();
        assert_eq!(observer.look(3, hall(4)).motion, None);
    }

    #[test]
    fn equal_pictures_are_the_same_and_noise_is_not() {
        let mut observer = observer();
        let same: Vec<_> =
            [1, 1, 2, 2].into_iter().map(|seed| observer.look(0, hall(seed)).same).collect();
        assert_eq!(same, [false, true, false, true]);
    }

    #[test]
    fn a_lens_out_of_focus_loses_sharpness_and_a_dim_hall_does_not() {
        let mut observer = observer();
        let sharp = observer.look(0, hall(50)).ref_sharp.unwrap();
        let blurred = observer.look(0, blurred(&hall(51), 4)).ref_sharp.unwrap();
        let bright = hall(52);
        let dim = Grid::from_fn(|x, y| bright.cells()[y * WIDTH + x] / 2);
        let dim = observer.look(0, dim).ref_sharp.unwrap();
        assert!(
            (0.8..1.2).contains(&sharp) && blurred < 0.1 && dim > 0.8,
            "{sharp} {blurred} {dim}"
        );
    }

    #[test]
    fn black_is_black_and_grey_is_not() {
        let mut observer = observer();
        assert!(observer.look(0, Grid::from_fn(|_, _| 16)).black);
        assert!(!observer.look(0, Grid::from_fn(|_, _| 90)).black);
        assert!(!observer.look(0, hall(1)).black);
    }

    #[test]
    fn without_a_reference_nothing_is_said_about_seats() {
        let zone = Zone {
            place: Place { zone: "s".to_owned(), kind: "queue".to_owned(), seat: None },
            polygon: vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]],
        };
        let mut observer = Observer::new(Zones::new(&[zone]).unwrap(), None);
        let sample = observer.look(0, hall(1));
        assert_eq!((sample.ref_sim, sample.zones[0].occ_ratio), (None, None));
    }
}
