//! Writes the sealed leaves as a C2SP tlog-tiles folder, for verifiers that nobody here wrote.
//!
//! ```text
//! log/checkpoint   log/tile/<level>/...   log/tile/entries/...
//! log.vkey         outside of the log's folder, because it is trusted for other reasons
//! ```

use crate::checkpoint::Checkpoint;
use crate::error::LedgerError;
use crate::key::{TrustedKeys, VerifyingKey};
use crate::log::open::{read_checkpoint, read_vkey};
use crate::log::{Index, LEAVES_FOLDER, Leaves, Segments};
use crate::tree::{HASH_BYTES, TILE_WIDTH, entries_path, levels, tile_path};
use std::fs;
use std::path::Path;

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    pub checkpoint: Checkpoint,
    pub key: VerifyingKey,
    /// Files written below the log's folder.
    pub files: u64,
}

/// Exports the ledger in `dir` up to its checkpoint into `out`. Full tiles never change, so
/// exporting a grown ledger into the same folder is right.
///
/// # Errors
/// If the ledger cannot be read, a leaf is damaged, or a file cannot be written.
pub fn export(dir: &Path, out: &Path) -> Result<Exported, LedgerError> {
    let key = read_vkey(dir)?;
    let checkpoint = read_checkpoint(dir, &TrustedKeys::from(&key))?;
    let size = checkpoint.size();
    let segments = Segments::open(&dir.join(LEAVES_FOLDER))?;
    let index = Index::open(dir, false)?;
    let log = out.join("log");
    let mut files = 1;
    for (level, count) in (0..).zip(levels(size)) {
        for (tile, width) in runs(count) {
            let mut hashes = vec![0; width as usize * HASH_BYTES];
            index.read_level(level, tile * TILE_WIDTH, &mut hashes)?;
            write(&log.join(tile_path(level, tile, width)), &hashes)?;
            files += 1;
        }
    }
    let mut leaves = Leaves::new(&segments, &index, 0..size)?;
    for (bundle, width) in runs(size) {
        let mut entries = Vec::new();
        for leaf in leaves.by_ref().take(width as usize) {
            let leaf = leaf?;
            let length = u16::try_from(leaf.len()).expect("a frame has a length of 16 bits");
            entries.extend_from_slice(&length.to_be_bytes());
            entries.extend_from_slice(&leaf);
        }
        write(&log.join(entries_path(bundle, width)), &entries)?;
        files += 1;
    }
    write(&out.join("log.vkey"), format!("{key}\n").as_bytes())?;
    // The checkpoint comes last, so that what it vouches for is there.
    write(&log.join("checkpoint"), checkpoint.note().as_bytes())?;
    Ok(Exported { checkpoint, key, files })
}

/// The tiles of `count` hashes, each with its width; only the last one may be partial.
fn runs(count: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..count.div_ceil(TILE_WIDTH))
        .map(move |tile| (tile, TILE_WIDTH.min(count - tile * TILE_WIDTH)))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(LedgerError::io(folder))?;
    }
    fs::write(path, bytes).map_err(LedgerError::io(path))
}
