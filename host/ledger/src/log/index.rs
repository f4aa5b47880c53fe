//! The derived files: the offset of each leaf, and the hash tiles of each level.
//!
//! Both can be rebuilt from the segments at any time. Tiles of one level stand one after another
//! in one file, so tile N of level L is the 8,192 bytes from N * 8,192 of `tiles/L`.

use crate::error::LedgerError;
use crate::log::{OFFSETS_FILE, TILES_FOLDER, sync_folder};
use crate::tree::{
    Frontier, HASH_BYTES, Hash, NodeReader, TILE_HEIGHT, TILE_WIDTH, levels, node_hash,
};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes of one offset.
pub(crate) const OFFSET_BYTES: u64 = 8;

/// The open derived files.
#[derive(Debug)]
pub(crate) struct Index {
    offsets: (PathBuf, File),
    tiles_dir: PathBuf,
    /// One file a level; a level exists from its first hash on.
    tiles: Vec<(PathBuf, File)>,
    writable: bool,
}

/// What a run of new leaves adds to the derived files.
#[derive(Debug)]
pub(crate) struct Pending {
    first: u64,
    offsets: Vec<u8>,
    tiles: Vec<Vec<u8>>,
}

impl Pending {
    /// For leaves from number `first` on.
    pub(crate) fn new(first: u64) -> Self {
        Self { first, offsets: Vec::new(), tiles: Vec::new() }
    }

    pub(crate) fn push(&mut self, frontier: &mut Frontier, leaf: Hash, offset: u64) {
        self.offsets.extend_from_slice(&offset.to_be_bytes());
        let tiles = &mut self.tiles;
        frontier.push(leaf, |height, hash| {
            if height % TILE_HEIGHT == 0 {
                let level = (height / TILE_HEIGHT) as usize;
                if tiles.len() <= level {
                    tiles.resize_with(level + 1, Vec::new);
                }
                tiles[level].extend_from_slice(&hash.0);
            }
        });
    }

    pub(crate) fn leaves(&self) -> u64 {
        self.offsets.len() as u64 / OFFSET_BYTES
    }
}

impl Index {
    /// Opens the derived files of the ledger in `dir`; for writing, missing ones are made.
    pub(crate) fn open(dir: &Path, writable: bool) -> Result<Self, LedgerError> {
        let tiles_dir = dir.join(TILES_FOLDER);
        let offsets = open_file(dir.join(OFFSETS_FILE), writable)?;
        let mut index = Self { offsets, tiles_dir, tiles: Vec::new(), writable };
        while index.level_path(index.tiles.len()).exists() {
            index.add_level()?;
        }
        Ok(index)
    }

    /// Where the frame of leaf `index` starts.
    pub(crate) fn offset(&self, index: u64) -> Result<u64, LedgerError> {
        let mut bytes = [0; OFFSET_BYTES as usize];
        read_at(&self.offsets, &mut bytes, index * OFFSET_BYTES)?;
        Ok(u64::from_be_bytes(bytes))
    }

    /// The hash of leaf `index`.
    pub(crate) fn hash(&self, index: u64) -> Result<Hash, LedgerError> {
        self.node(0, index)
    }

    /// Reads `out` from the hashes of `level` on, starting with hash `from`.
    pub(crate) fn read_level(
        &self,
        level: u32,
        from: u64,
        out: &mut [u8],
    ) -> Result<(), LedgerError> {
        let Some(file) = self.tiles.get(level as usize) else {
            let path = self.level_path(level as usize);
            return Err(LedgerError::DamagedFile { path, what: "the file is missing" });
        };
        read_at(file, out, from * HASH_BYTES as u64)
    }

    pub(crate) fn write(&mut self, pending: &Pending) -> Result<(), LedgerError> {
        while self.tiles.len() < pending.tiles.len() {
            self.add_level()?;
        }
        write_at(&self.offsets, &pending.offsets, pending.first * OFFSET_BYTES)?;
        for (level, hashes) in (0..).zip(&pending.tiles) {
            let count = pending.first >> (TILE_HEIGHT * level);
            write_at(&self.tiles[level as usize], hashes, count * HASH_BYTES as u64)?;
        }
        Ok(())
    }

    pub(crate) fn sync(&self) -> Result<(), LedgerError> {
        for (path, file) in self.tiles.iter().chain([&self.offsets]) {
            file.sync_data().map_err(LedgerError::io(path))?;
        }
        sync_folder(&self.tiles_dir)
    }

    /// Cuts the files to exactly `size` leaves.
    pub(crate) fn cut(&self, size: u64) -> Result<(), LedgerError> {
        for (path, file, bytes) in self.wanted_bytes(size) {
            file.set_len(bytes).map_err(LedgerError::io(path))?;
        }
        Ok(())
    }

    /// Each file with the number of bytes that it has for `size` leaves.
    pub(crate) fn wanted_bytes(&self, size: u64) -> impl Iterator<Item = (&Path, &File, u64)> {
        let counts = levels(size).chain(std::iter::repeat(0));
        let tiles = self.tiles.iter().zip(counts);
        let tiles = tiles.map(|((path, file), count)| (&**path, file, count * HASH_BYTES as u64));
        let (path, file) = &self.offsets;
        tiles.chain([(&**path, file, size * OFFSET_BYTES)])
    }

    pub(crate) fn tiles_dir(&self) -> &Path {
        &self.tiles_dir
    }

    pub(crate) fn level_path(&self, level: usize) -> PathBuf {
        self.tiles_dir.join(level.to_string())
    }

    fn add_level(&mut self) -> Result<(), LedgerError> {
        let path = self.level_path(self.tiles.len());
        self.tiles.push(open_file(path, self.writable)?);
        Ok(())
    }
}

impl NodeReader for Index {
    type Error = LedgerError;

    fn node(&self, height: u32, index: u64) -> Result<Hash, LedgerError> {
        // The node is made from the hashes below it in its tile: at most 128 of them.
        let (level, above) = (height / TILE_HEIGHT, height % TILE_HEIGHT);
        let count = 1_usize << above;
        let mut bytes = [0; TILE_WIDTH as usize / 2 * HASH_BYTES];
        let bytes = &mut bytes[..count * HASH_BYTES];
        self.read_level(level, index << above, bytes)?;
        let (hashes, _) = bytes.as_chunks::<HASH_BYTES>();
        let mut hashes: Vec<Hash> = hashes.iter().copied().map(Hash).collect();
        while hashes.len() > 1 {
            let (pairs, _) = hashes.as_chunks::<2>();
            hashes = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
        }
        Ok(hashes[0])
    }
}

fn open_file(path: PathBuf, writable: bool) -> Result<(PathBuf, File), LedgerError> {
    let mut options = OpenOptions::new();
    options.read(true).write(writable).create(writable);
    let file = options.open(&path).map_err(LedgerError::io(&path))?;
    Ok((path, file))
}

fn read_at((path, file): &(PathBuf, File), out: &mut [u8], at: u64) -> Result<(), LedgerError> {
    file.read_exact_at(out, at).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            LedgerError::DamagedFile { path: path.clone(), what: "the file is too short" }
        }
        _ => LedgerError::Io { path: path.clone(), source: error },
    })
}

fn write_at((path, file): &(PathBuf, File), bytes: &[u8], at: u64) -> Result<(), LedgerError> {
    file.write_all_at(bytes, at).map_err(LedgerError::io(path))
}
