//! The small grey picture on which everything is measured: 160 by 90 cells, each the mean of the
//! pixels under it. Small enough that nobody's face can be made out of it, large enough that a lens
//! out of focus shows.

use crate::decode::Plane;

/// Cells across.
pub const WIDTH: usize = 160;
/// Cells down.
pub const HEIGHT: usize = 90;
/// Cells in all.
pub(crate) const CELLS: usize = WIDTH * HEIGHT;

/// Brightness 0 to 255 of each cell, row by row.
#[derive(Clone, PartialEq, Eq)]
pub struct Grid {
    cells: Box<[u8]>,
    /// Hash of all pixels of the picture, to tell two equal pictures from two alike.
    pub fingerprint: u64,
}

impl std::fmt::Debug for Grid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Grid({:016x})", self.fingerprint)
    }
}

impl Grid {
    /// Shrinks the brightness of a picture.
    #[must_use]
    pub fn of(luma: &Plane<'_>) -> Self {
        let mut cells = vec![0_u8; CELLS].into_boxed_slice();
        let edges: Vec<_> = (0..WIDTH).map(|x| span(x, WIDTH, luma.width)).collect();
        let mut sums = [0_u32; WIDTH];
        for (y, row) in cells.chunks_exact_mut(WIDTH).enumerate() {
            sums.fill(0);
            let (top, bottom) = span(y, HEIGHT, luma.height);
            for line in top..bottom {
                let line = &luma.data[line * luma.stride..][..luma.width];
                for (sum, &(left, right)) in sums.iter_mut().zip(&edges) {
                    *sum += line[left..right].iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            for ((cell, sum), (left, right)) in row.iter_mut().zip(&sums).zip(&edges) {
                let pixels = u32::try_from((right - left) * (bottom - top)).unwrap_or(u32::MAX);
                *cell = u8::try_from((sum + pixels / 2) / pixels).unwrap_or(u8::MAX);
            }
        }
        Self { cells, fingerprint: fingerprint(luma) }
    }

    /// A picture made up cell by cell; its fingerprint is that of its cells.
    #[must_use]
    pub fn from_fn(brightness: impl Fn(usize, usize) -> u8) -> Self {
        let cells: Vec<_> =
            (0..CELLS).map(|index| brightness(index % WIDTH, index / WIDTH)).collect();
        Self::of(&Plane { width: WIDTH, height: HEIGHT, stride: WIDTH, data: &cells })
    }

    #[must_use]
    pub fn cells(&self) -> &[u8] {
        &self.cells
    }
}

/// The pixels of one of `parts` along a side, at least one. Sums of 32 bits hold, because a side
/// has at most 16,880 pixels.
fn span(part: usize, parts: usize, pixels: usize) -> (usize, usize) {
    let from = (part * pixels / parts).min(pixels - 1);
    (from, ((part + 1) * pixels / parts).max(from + 1))
}

/// FNV-1a over words of eight pixels: fast enough for each picture, good enough against chance.
fn fingerprint(luma: &Plane<'_>) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for line in luma.data.chunks(luma.stride).take(luma.height) {
        let (words, rest) = line[..luma.width.min(line.len())].as_chunks::<8>();
        for word in words {
            hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(PRIME).rotate_left(29);
        }
        for byte in rest {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(data: &[u8], width: usize, height: usize, stride: usize) -> Plane<'_> {
        Plane { width, height, stride, data }
    }

    #[test]
    fn each_cell_is_the_mean_of_its_pixels() {
        let (width, height, stride) = (WIDTH * 4, HEIGHT * 4, WIDTH * 4 + 32);
        let mut data = vec![200_u8; stride * height];
        for y in 0..4 {
            for x in 0..4 {
                data[y * stride + x] = if x < 2 { 0 } else { 100 };
            }
        }
        let grid = Grid::of(&plane(&data, width, height, stride));
        assert_eq!(grid.cells()[..3], [50, 200, 200]);
        assert!(grid.cells()[3..].iter().all(|cell| *cell == 200));
    }

    #[test]
    fn any_size_gives_a_grid() {
        for (width, height) in [(1, 1), (16, 16), (161, 91), (352, 288), (159, 2000)] {
            let data = vec![77; width * height];
            let grid = Grid::of(&plane(&data, width, height, width));
            assert!(grid.cells().iter().all(|cell| *cell == 77), "{width}x{height}");
        }
    }

    #[test]
    fn one_pixel_changes_the_fingerprint_and_the_padding_does_not() {
        let mut data = vec![9; 330 * 180];
        let print = |data: &[u8]| Grid::of(&plane(data, 321, 180, 330)).fingerprint;
        let before = print(&data);
        data[330 * 90 + 325] = 10;
        assert_eq!(print(&data), before);
        data[330 * 90 + 320] = 10;
        assert_ne!(print(&data), before);
    }
}
