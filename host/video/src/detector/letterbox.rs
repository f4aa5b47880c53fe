//! A picture as the model wants it: a square of colours, the picture in its upper left, grey where
//! there is none and under masks.

use crate::decode::Plane;
use crate::grid::{HEIGHT, WIDTH};

/// What the model was taught to see where there is nothing, 0 to 255.
const NOTHING: f32 = 114.0;

/// The planes of a picture in 4:2:0.
#[derive(Debug)]
pub(super) struct Planes<'a> {
    pub(super) luma: Plane<'a>,
    pub(super) blue: Plane<'a>,
    pub(super) red: Plane<'a>,
}

/// Where in the square the picture lies: this many columns and rows from its upper left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Fit {
    /// The largest that keeps the picture's shape.
    fn of(width: usize, height: usize, side: usize) -> Self {
        let longer = width.max(height);
        Self { width: (width * side / longer).max(1), height: (height * side / longer).max(1) }
    }
}

/// Blue, green and red of a square with `side` rows and columns, 0 to 255, one plane after the other.
/// `seen` are the cells of the grid that no mask hides.
pub(super) fn fill(planes: &Planes<'_>, seen: &[bool], side: usize) -> (Vec<f32>, Fit) {
    let luma = &planes.luma;
    let fit = Fit::of(luma.width, luma.height, side);
    let area = side * side;
    let mut square = vec![NOTHING; 3 * area];
    let columns: Vec<_> = (0..fit.width).map(|x| Between::of(x, fit.width, luma.width)).collect();
    for y in 0..fit.height {
        let row = Between::of(y, fit.height, luma.height);
        for (x, column) in columns.iter().enumerate() {
            if !seen[y * HEIGHT / fit.height * WIDTH + x * WIDTH / fit.width] {
                continue;
            }
            let brightness = mean(luma, column, &row);
            let blue = nearest(&planes.blue, column, &row);
            let red = nearest(&planes.red, column, &row);
            let at = y * side + x;
            for (plane, value) in colours(brightness, blue, red).into_iter().enumerate() {
                square[plane * area + at] = value;
            }
        }
    }
    (square, fit)
}

/// A place between two pixels of a side.
#[derive(Debug)]
struct Between {
    first: usize,
    second: usize,
    /// How far towards the second, 0 to 1.
    part: f32,
}

impl Between {
    /// Where the middle of pixel `at` of `pixels` lies on a side of `of` pixels.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a side has at most 16,880 pixels, and the place is held within it"
    )]
    fn of(at: usize, pixels: usize, of: usize) -> Self {
        let place = (at as f32 + 0.5) * of as f32 / pixels as f32 - 0.5;
        let place = place.clamp(0.0, (of - 1) as f32);
        let first = place as usize;
        Self { first, second: (first + 1).min(of - 1), part: place - first as f32 }
    }
}

fn mean(plane: &Plane<'_>, column: &Between, row: &Between) -> f32 {
    let pixel = |x: usize, y: usize| f32::from(plane.data[y * plane.stride + x]);
    let line = |y: usize| {
        let (left, right) = (pixel(column.first, y), pixel(column.second, y));
        left + (right - left) * column.part
    };
    let (upper, lower) = (line(row.first), line(row.second));
    upper + (lower - upper) * row.part
}

/// Colour is half as fine as brightness to begin with.
fn nearest(plane: &Plane<'_>, column: &Between, row: &Between) -> f32 {
    let x = (column.first / 2).min(plane.width - 1);
    let y = (row.first / 2).min(plane.height - 1);
    f32::from(plane.data[y * plane.stride + x])
}

/// Blue, green and red by BT.601 in video range, as surveillance cameras send it.
fn colours(brightness: f32, blue: f32, red: f32) -> [f32; 3] {
    let (bright, blue, red) = (1.164 * (brightness - 16.0), blue - 128.0, red - 128.0);
    [bright + 2.018 * blue, bright - 0.391 * blue - 0.813 * red, bright + 1.596 * red]
        .map(|value| value.clamp(0.0, 255.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 32;

    fn plane(data: &[u8], width: usize, height: usize) -> Plane<'_> {
        Plane { width, height, stride: data.len() / height, data }
    }

    /// A picture of 64 by 36, with rows longer than they are wide.
    fn filled(luma: impl Fn(usize, usize) -> u8, seen: &[bool]) -> (Vec<f32>, Fit) {
        let data: Vec<_> = (0..80 * 36).map(|at| luma(at % 80, at / 80)).collect();
        let grey = vec![128; 40 * 18];
        let colour = || plane(&grey, 32, 18);
        let planes = Planes { luma: plane(&data, 64, 36), blue: colour(), red: colour() };
        fill(&planes, seen, SIDE)
    }

    fn all() -> Vec<bool> {
        vec![true; WIDTH * HEIGHT]
    }

    #[test]
    fn the_picture_keeps_its_shape_and_the_rest_is_grey() {
        for (width, height, wanted) in [
            (640, 360, (416, 234)),
            (360, 640, (234, 416)),
            (416, 416, (416, 416)),
            (9000, 1, (416, 1)),
        ] {
            let fit = Fit::of(width, height, 416);
            assert_eq!((fit.width, fit.height), wanted, "{width}x{height}");
        }
        let (square, fit) = filled(|_, _| 235, &all());
        assert_eq!((square.len(), fit), (3 * SIDE * SIDE, Fit { width: 32, height: 18 }));
        for (at, value) in square.iter().enumerate() {
            let inside = at % (SIDE * SIDE) / SIDE < fit.height;
            let wanted = if inside { 254.9..=255.0 } else { NOTHING..=NOTHING };
            assert!(wanted.contains(value), "{value} at {at}");
        }
    }

    #[test]
    fn halving_a_picture_takes_the_mean_of_neighbours() {
        let (square, _) = filled(|x, _| if x % 2 == 0 { 16 } else { 116 }, &all());
        let grey = 1.164 * 50.0;
        let middle = &square[SIDE..SIDE + 30];
        assert!(middle.iter().all(|value| (value - grey).abs() < 0.5), "{middle:?}");
    }

    #[test]
    fn colours_are_blue_green_red() {
        let near = |found: [f32; 3], wanted: [f32; 3]| {
            found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 3.0)
        };
        // The primaries in video range.
        assert!(near(colours(81.0, 90.0, 240.0), [0.0, 0.0, 255.0]));
        assert!(near(colours(145.0, 54.0, 34.0), [0.0, 255.0, 0.0]));
        assert!(near(colours(41.0, 240.0, 110.0), [255.0, 0.0, 0.0]));
        assert!(near(colours(126.0, 128.0, 128.0), [128.0; 3]));
    }

    #[test]
    fn what_a_mask_hides_never_reaches_the_model() {
        let mut seen = all();
        seen.iter_mut().enumerate().for_each(|(cell, seen)| *seen = cell % WIDTH >= WIDTH / 2);
        let (square, fit) = filled(|_, _| 235, &seen);
        for y in 0..fit.height {
            assert!(square[y * SIDE..][..SIDE / 2].iter().all(|value| *value == NOTHING));
            assert!(square[y * SIDE + SIDE / 2..][..SIDE / 2].iter().all(|value| *value > 200.0));
        }
    }
}
