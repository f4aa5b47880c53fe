//! Zones of a camera: polygons of the reference table, turned into cells of the grid. A mask is a
//! zone that nothing is ever measured in.

use crate::error::VideoError;
use crate::grid::{CELLS, HEIGHT, WIDTH};

/// Kind of a zone that nothing is measured in.
const MASK: &str = "mask";

/// Which zone it is, in the words of the table `zone`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub zone: String,
    /// What the zone is for: seat, queue, counter, entrance and others, or mask.
    pub kind: String,
    /// Seat of the roster, for kind seat.
    pub seat: Option<String>,
}

/// One zone as the table has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    pub place: Place,
    /// Corners in parts of the picture, 0 to 1 from the left and from the top.
    pub polygon: Vec<[f64; 2]>,
}

impl Zone {
    /// Whether nothing in it is measured or shown.
    #[must_use]
    pub fn is_mask(&self) -> bool {
        self.place.kind == MASK
    }

    /// Where a line across the picture at this height enters and leaves the polygon, in rising order;
    /// an even number of places.
    pub(crate) fn crossings(&self, y: f64) -> Vec<f64> {
        let ends = self.polygon.iter().zip(self.polygon.iter().cycle().skip(1));
        let crossed = ends.filter(|(start, end)| (start[1] > y) != (end[1] > y));
        let mut places: Vec<_> =
            crossed.map(|(&[x0, y0], &[x1, y1])| (x1 - x0) * (y - y0) / (y1 - y0) + x0).collect();
        places.sort_by(f64::total_cmp);
        places
    }
}

/// All zones of a camera on the grid.
#[derive(Clone, Debug)]
pub struct Zones {
    /// Each zone with its cells, in the order given, masked cells apart.
    pub(crate) measured: Vec<(Place, Vec<u32>)>,
    /// Whether a cell is seen at all.
    pub(crate) seen: Box<[bool]>,
    /// Cells that are seen and lie in no zone: walls and floor, by which a turned camera shows. `None`
    /// if they are too few.
    pub(crate) still: Option<Box<[bool]>>,
}

/// Part of the picture that must lie outside of all zones to judge by it whether a camera was turned.
/// With less nothing is said: who walks through a zone would look like a camera that moves.
const STILL_PART_MIN: f64 = 0.25;

impl Zones {
    /// # Errors
    /// A polygon has fewer than three corners, or one outside the picture.
    pub fn new(zones: &[Zone]) -> Result<Self, VideoError> {
        let wrong = |zone: &&Zone| {
            let outside = |[x, y]: &[f64; 2]| !(0.0..=1.0).contains(x) || !(0.0..=1.0).contains(y);
            zone.polygon.len() < 3 || zone.polygon.iter().any(outside)
        };
        if let Some(zone) = zones.iter().find(wrong) {
            return Err(VideoError::Zone(zone.place.zone.clone()));
        }
        let mut seen = vec![true; CELLS].into_boxed_slice();
        for zone in zones.iter().filter(|zone| zone.is_mask()) {
            cells(&zone.polygon).for_each(|cell| seen[cell] = false);
        }
        let mut still = seen.clone();
        let mut measured = Vec::new();
        for zone in zones.iter().filter(|zone| !zone.is_mask()) {
            let cells: Vec<_> = cells(&zone.polygon).filter(|cell| seen[*cell]).collect();
            cells.iter().for_each(|cell| still[*cell] = false);
            let cells = cells.into_iter().filter_map(|cell| u32::try_from(cell).ok()).collect();
            measured.push((zone.place.clone(), cells));
        }
        let part = count(&still) / count(&seen).max(1.0);
        Ok(Self { measured, seen, still: (part >= STILL_PART_MIN).then_some(still) })
    }

    /// The whole picture, without zones.
    #[must_use]
    pub fn none() -> Self {
        let seen = vec![true; CELLS].into_boxed_slice();
        Self { measured: Vec::new(), still: Some(seen.clone()), seen }
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are 14,400 cells")]
fn count(flags: &[bool]) -> f64 {
    flags.iter().filter(|flag| **flag).count() as f64
}

/// The cells whose centre lies in a polygon (even-odd rule).
#[expect(clippy::cast_precision_loss, reason = "coordinates of the grid are small")]
fn cells(polygon: &[[f64; 2]]) -> impl Iterator<Item = usize> {
    (0..CELLS).filter(move |cell| {
        let x = ((cell % WIDTH) as f64 + 0.5) / WIDTH as f64;
        let y = ((cell / WIDTH) as f64 + 0.5) / HEIGHT as f64;
        let ends = polygon.iter().zip(polygon.iter().cycle().skip(1));
        let crossed = ends.filter(|&(&[x0, y0], &[x1, y1])| {
            (y0 > y) != (y1 > y) && x < (x1 - x0) * (y - y0) / (y1 - y0) + x0
        });
        crossed.count() % 2 == 1
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn zone(name: &str, kind: &str, polygon: &[[f64; 2]]) -> Zone {
        let place = Place { zone: name.to_owned(), kind: kind.to_owned(), seat: None };
        Zone { place, polygon: polygon.to_vec() }
    }

    const LEFT: [[f64; 2]; 4] = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]];
    const ALL: [[f64; 2]; 4] = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];

    #[test]
    fn a_zone_has_the_cells_inside_its_polygon() {
        let zones = Zones::new(&[zone("s1", "seat", &LEFT)]).unwrap();
        assert_eq!(zones.measured[0].1.len(), CELLS / 2);
        let triangle = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]];
        let zones = Zones::new(&[zone("s1", "seat", &triangle)]).unwrap();
        let cells = zones.measured[0].1.len();
        assert!(cells.abs_diff(CELLS / 2) < WIDTH, "{cells}");
    }

    #[test]
    fn a_mask_takes_cells_from_every_zone() {
        let mask = zone("m", "mask", &LEFT);
        let zones = Zones::new(&[zone("q", "queue", &ALL), mask]).unwrap();
        assert_eq!(zones.measured.len(), 1);
        assert_eq!(zones.measured[0].1.len(), CELLS / 2);
        assert_eq!(zones.seen.iter().filter(|seen| **seen).count(), CELLS / 2);
        // Nothing is left outside of zones, so nothing tells whether the camera was turned.
        assert!(zones.still.is_none());
    }

    #[test]
    fn zones_that_make_no_sense_are_refused() {
        for polygon in [&LEFT[..2], &[[0.0, 0.0], [1.2, 0.0], [0.0, 1.0]]] {
            let error = Zones::new(&[zone("s9", "seat", polygon)]).unwrap_err();
            assert!(error.to_string().contains("s9"));
        }
    }
}
