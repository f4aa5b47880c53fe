//! The reference of a camera: what it sees when nobody is there, taken at closed hours.
//!
//! It is not updated by what comes later. A background that learns would take in whoever sits still,
//! and a post would fall empty under a working clerk.

use crate::error::VideoError;
use crate::grid::{CELLS, Grid, HEIGHT, WIDTH};
use crate::zone::Zones;
use serde::{Deserialize, Serialize};

/// Pictures that a reference is made of, at least: fewer do not tell noise from content.
const PICTURES_MIN: u32 = 3;
/// Pictures whose brightness is kept for the median, at most: 32 times 14 kB. What walks through a
/// few of them leaves no trace.
const PICTURES_KEPT: usize = 32;

/// How the bytes of a reference begin; the last one is the version.
const MARK: &[u8] = b"plumbline-reference\x01";
/// Bytes of a whole one: mark, two sides, two values a cell, checksum.
const BYTES: usize = MARK.len() + 4 + 2 * CELLS + 4;

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Brightness of each cell, the median of the pictures.
    cells: Vec<u8>,
    /// How far each cell strayed from that in the mean, in levels.
    noise: Vec<u8>,
}

impl Reference {
    /// As bytes for keeping: a mark with a version, the sizes, the cells and a checksum.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend_from_slice(MARK);
        for side in [WIDTH, HEIGHT] {
            bytes.extend_from_slice(&u16::try_from(side).unwrap_or(u16::MAX).to_be_bytes());
        }
        bytes.extend_from_slice(&self.cells);
        bytes.extend_from_slice(&self.noise);
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_be_bytes());
        bytes
    }

    /// # Errors
    /// The bytes are none of ours, of another version or grid, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VideoError> {
        let wrong = VideoError::Reference;
        if !bytes.starts_with(&MARK[..MARK.len() - 1]) {
            return Err(wrong("they begin otherwise"));
        }
        let rest = bytes.strip_prefix(MARK).ok_or(wrong("another version"))?;
        if bytes.len() != BYTES {
            return Err(wrong("cut off, or too long"));
        }
        let (body, sum) = bytes.split_at(BYTES - 4);
        if sum != crc32fast::hash(body).to_be_bytes() {
            return Err(wrong("the checksum differs"));
        }
        let whole =
            Self { cells: rest[4..][..CELLS].to_vec(), noise: rest[4 + CELLS..][..CELLS].to_vec() };
        // The sizes are under the checksum; with another grid the length would differ as well.
        (whole.to_bytes() == bytes).then_some(whole).ok_or(wrong("another grid"))
    }

    /// Whether it has as many cells as the grid: one that was read from a file may not.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.cells.len() == CELLS && self.noise.len() == CELLS
    }

    pub(crate) fn cells(&self) -> &[u8] {
        &self.cells
    }

    pub(crate) fn noise(&self) -> &[u8] {
        &self.noise
    }

    /// How alike the edges of a picture are to those of the reference: 1 the same, 0 nothing in
    /// common. Only cells that belong to no zone count, because people move furniture and stand in
    /// queues; `None` where zones leave too few. Brightness and contrast do not matter.
    #[must_use]
    pub fn similarity(&self, grid: &Grid, zones: &Zones) -> Option<f64> {
        let still = zones.still.as_ref()?;
        Some(correlation(&edges(&self.cells), &edges(grid.cells()), still).max(0.0))
    }
}

/// Collects pictures for a reference.
#[derive(Debug, Default)]
pub struct ReferenceBuilder {
    grids: Vec<Box<[u8]>>,
    offered: u32,
}

impl ReferenceBuilder {
    /// Takes a picture; of many, some that are spread over the whole time.
    pub fn add(&mut self, grid: &Grid) {
        self.offered = self.offered.saturating_add(1);
        if self.grids.len() < PICTURES_KEPT {
            self.grids.push(grid.cells().into());
        } else {
            // A step that shares no factor with the size visits every place.
            let place = (self.offered as usize).wrapping_mul(7) % PICTURES_KEPT;
            self.grids[place] = grid.cells().into();
        }
    }

    /// # Errors
    /// There were too few pictures.
    pub fn finish(&self) -> Result<Reference, VideoError> {
        if self.offered < PICTURES_MIN {
            let (needed, found) = (PICTURES_MIN, self.offered);
            return Err(VideoError::ReferenceTooShort { needed, found });
        }
        let mut cells = Vec::with_capacity(CELLS);
        let mut noise = Vec::with_capacity(CELLS);
        let mut column = Vec::with_capacity(self.grids.len());
        for cell in 0..CELLS {
            column.clear();
            column.extend(self.grids.iter().map(|grid| grid[cell]));
            column.sort_unstable();
            let median = column[column.len() / 2];
            let strayed: usize = column.iter().map(|value| median.abs_diff(*value) as usize).sum();
            cells.push(median);
            noise.push(u8::try_from(strayed.div_ceil(column.len())).unwrap_or(u8::MAX));
        }
        Ok(Reference { cells, noise })
    }
}

/// Strength of the edge at each cell: differences to the right and down.
fn edges(cells: &[u8]) -> Vec<f64> {
    let mut edges = vec![0.0; CELLS];
    for y in 0..HEIGHT - 1 {
        for x in 0..WIDTH - 1 {
            let at = y * WIDTH + x;
            let across = cells[at].abs_diff(cells[at + 1]);
            let down = cells[at].abs_diff(cells[at + WIDTH]);
            edges[at] = f64::from(u16::from(across) + u16::from(down));
        }
    }
    edges
}

/// Pearson's correlation over the cells that count; 0 where one side is flat.
fn correlation(left: &[f64], right: &[f64], counted: &[bool]) -> f64 {
    let pairs = || left.iter().zip(right).zip(counted).filter(|(_, on)| **on).map(|(pair, _)| pair);
    let (mut number, mut sum_left, mut sum_right) = (0.0, 0.0, 0.0);
    for (left, right) in pairs() {
        number += 1.0;
        sum_left += left;
        sum_right += right;
    }
    let (mean_left, mean_right) = (sum_left / number, sum_right / number);
    let (mut both, mut of_left, mut of_right) = (0.0, 0.0, 0.0);
    for (left, right) in pairs() {
        let (left, right) = (left - mean_left, right - mean_right);
        both += left * right;
        of_left += left * left;
        of_right += right * right;
    }
    let scale = (of_left * of_right).sqrt();
    if scale > 0.0 { both / scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{hall, shifted};

    fn reference() -> Reference {
        let mut builder = ReferenceBuilder::default();
        (0..5).for_each(|seed| builder.add(&hall(seed)));
        builder.finish().unwrap()
    }

    #[test]
    fn somebody_who_walks_through_leaves_no_trace() {
        let mut builder = ReferenceBuilder::default();
        (0..5).for_each(|seed| builder.add(&hall(seed)));
        (0..2).for_each(|_| builder.add(&Grid::from_fn(|_, _| 0)));
        let (with, without) = (builder.finish().unwrap(), reference());
        let far = |(a, b): (&u8, &u8)| a.abs_diff(*b) > 4;
        assert!(!with.cells.iter().zip(&without.cells).any(far));
    }

    #[test]
    fn a_turned_camera_is_unlike_and_other_light_is_not() {
        let (reference, zones) = (reference(), Zones::none());
        assert!(reference.similarity(&hall(77), &zones).unwrap() > 0.9);
        let bright = hall(78);
        let dimmed = Grid::from_fn(|x, y| bright.cells()[y * WIDTH + x] / 2);
        assert!(reference.similarity(&dimmed, &zones).unwrap() > 0.8);
        assert!(reference.similarity(&shifted(&hall(79), 15), &zones).unwrap() < 0.6);
        assert!(reference.similarity(&Grid::from_fn(|_, _| 90), &zones).unwrap() < 0.1);
    }

    #[test]
    fn bytes_bring_it_back_and_bad_ones_are_refused() {
        let bytes = reference().to_bytes();
        assert_eq!(Reference::from_bytes(&bytes).unwrap(), reference());
        let changed = |at: usize, value: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            bytes
        };
        let cases = [
            (Vec::new(), "begin otherwise"),
            (changed(3, b'x'), "begin otherwise"),
            (changed(MARK.len() - 1, 9), "another version"),
            (bytes[..bytes.len() - 1].to_vec(), "cut off"),
            ([&bytes[..], b"x"].concat(), "too long"),
            (changed(MARK.len() + 1, 99), "checksum"),
            (changed(9000, bytes[9000] ^ 1), "checksum"),
        ];
        for (bytes, why) in cases {
            let error = Reference::from_bytes(&bytes).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn two_pictures_are_no_reference() {
        let mut builder = ReferenceBuilder::default();
        (0..2).for_each(|seed| builder.add(&hall(seed)));
        assert!(builder.finish().is_err());
    }
}
