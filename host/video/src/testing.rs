//! Made-up pictures for the tests of this room: a hall with desks, a person, noise.

use crate::grid::{Grid, HEIGHT, WIDTH};

/// A hall with counters, posters and floor tiles; `seed` is the noise of the sensor.
pub(crate) fn hall(seed: u32) -> Grid {
    Grid::from_fn(|x, y| plain(x, y).saturating_add(noise(x, y, seed)))
}

/// The same with somebody at the seat: columns 40 to 60, rows 40 to 75.
pub(crate) fn occupied(seed: u32) -> Grid {
    with_person(seed, 0)
}

/// The same, leaning `lean` cells to the right.
pub(crate) fn with_person(seed: u32, lean: usize) -> Grid {
    Grid::from_fn(|x, y| {
        let inside = (40 + lean..60 + lean).contains(&x) && (40..75).contains(&y);
        let plain = if inside { 25 + u8::try_from(y % 5).unwrap_or(0) } else { plain(x, y) };
        plain.saturating_add(noise(x, y, seed))
    })
}

/// The picture moved to the right.
pub(crate) fn shifted(grid: &Grid, by: usize) -> Grid {
    Grid::from_fn(|x, y| grid.cells()[y * WIDTH + (x + WIDTH - by) % WIDTH])
}

/// The picture out of focus: the mean over squares of `2 * reach + 1` cells.
pub(crate) fn blurred(grid: &Grid, reach: usize) -> Grid {
    Grid::from_fn(|x, y| {
        let rows = y.saturating_sub(reach)..(y + reach + 1).min(HEIGHT);
        let columns = x.saturating_sub(reach)..(x + reach + 1).min(WIDTH);
        let cells = rows.flat_map(|y| columns.clone().map(move |x| y * WIDTH + x));
        let values: Vec<_> = cells.map(|cell| usize::from(grid.cells()[cell])).collect();
        u8::try_from(values.iter().sum::<usize>() / values.len()).unwrap_or(u8::MAX)
    })
}

fn plain(x: usize, y: usize) -> u8 {
    let block = (x / 11 * 37 + y / 9 * 53) % 120;
    let tile = if y > 60 && (x.is_multiple_of(8) || y.is_multiple_of(8)) { 40 } else { 0 };
    u8::try_from(60 + block + tile).unwrap_or(u8::MAX)
}

/// 0 to 2 levels.
fn noise(x: usize, y: usize, seed: u32) -> u8 {
    let place = u32::try_from(y * WIDTH + x).unwrap_or(0);
    let mixed = (place ^ seed.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b);
    u8::try_from((mixed >> 13) % 3).unwrap_or(0)
}
