//! The C2SP tlog-tiles layout: which hashes stand in which file, and how the files are named.

/// A tile has the hashes of a subtree of this height.
pub const TILE_HEIGHT: u32 = 8;
/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;

/// Hashes at each tile level of a tree of `size` leaves, level 0 (the leaves) first.
pub fn levels(size: u64) -> impl Iterator<Item = u64> {
    let counts = (0..u64::BITS / TILE_HEIGHT).map(move |level| size >> (TILE_HEIGHT * level));
    counts.take_while(|&count| count > 0)
}

/// Path of a hash tile below the log's folder; `width` is less than 256 for a partial one.
#[must_use]
pub fn tile_path(level: u32, index: u64, width: u64) -> String {
    format!("tile/{level}/{}", index_path(index, width))
}

/// Path of an entry bundle below the log's folder.
#[must_use]
pub fn entries_path(index: u64, width: u64) -> String {
    format!("tile/entries/{}", index_path(index, width))
}

/// Three digits a folder, all but the last with an `x`: 1234067 is `x001/x234/067`.
fn index_path(index: u64, width: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < TILE_WIDTH {
        path.push_str(&format!(".p/{width}"));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let rows = [
            (tile_path(0, 0, 256), "tile/0/000"),
            (tile_path(1, 7, 3), "tile/1/007.p/3"),
            (tile_path(2, 1_234_067, 256), "tile/2/x001/x234/067"),
            (entries_path(1_000, 1), "tile/entries/x001/000.p/1"),
        ];
        for (path, wanted) in rows {
            assert_eq!(path, wanted);
        }
    }

    #[test]
    fn level_counts() {
        assert_eq!(levels(0).count(), 0);
        assert_eq!(levels(255).collect::<Vec<_>>(), [255]);
        assert_eq!(levels(70_000).collect::<Vec<_>>(), [70_000, 273, 1]);
        assert_eq!(levels(u64::MAX).count(), 8);
    }
}
