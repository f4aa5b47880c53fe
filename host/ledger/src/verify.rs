//! The full check of a ledger folder: every byte of every file, and the first thing that is wrong.
//!
//! It repairs nothing and needs no secret. It must not run while an append or a seal is under way
//! in the same folder, because between their writes the files do not agree.

use crate::checkpoint::Checkpoint;
use crate::error::{LedgerError, NoteError};
use crate::key::TrustedKeys;
use crate::log::open::{read_checkpoint, read_vkey};
use crate::log::{
    CHECKPOINT_FILE, FrameRead, Index, LEAVES_FOLDER, LOCK_FILE, OFFSETS_FILE, Scan, Segments,
    TILES_FOLDER, VKEY_FILE,
};
use crate::tree::{Frontier, Hash, TILE_HEIGHT, leaf_hash};
use std::fs;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What a sound ledger holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub checkpoint: Checkpoint,
    /// Leaves behind the checkpoint: durable, but nothing vouches for them yet.
    pub unsealed_leaves: u64,
    /// Bytes of all leaves.
    pub leaf_bytes: u64,
}

/// The first thing that is wrong.
#[derive(Debug, Error)]
pub enum Damage {
    /// The leaf, its tile entry or its offset was changed; no leaf before it was.
    #[error("leaf {index}: {what}")]
    Leaf { index: u64, what: &'static str },
    /// As before, behind the signed leaves. Opening the ledger cuts or rebuilds it, which is in
    /// order after a power cut.
    #[error("leaf {index}, behind the {signed} signed leaves: {what}")]
    Unsealed { index: u64, signed: u64, what: &'static str },
    /// An inner tile disagrees with the leaves below it, which agree among themselves.
    #[error(
        "tile level {level}, hash {hash}, over leaves {first}..{end}: not the hash of its leaves"
    )]
    Tile { level: u32, hash: u64, first: u64, end: u64 },
    /// Leaves and tiles agree with each other but not with what was signed.
    #[error("the first {size} leaves have root {found}, signed was {signed}")]
    Root { size: u64, found: Hash, signed: Hash },
    #[error("checkpoint: {0}")]
    Checkpoint(NoteError),
    #[error("file {path:?}: {what}")]
    File { path: PathBuf, what: &'static str },
    /// The check could not be made.
    #[error(transparent)]
    Unreadable(LedgerError),
}

impl Damage {
    /// The first bad leaf, where one can be named.
    #[must_use]
    pub fn leaf(&self) -> Option<u64> {
        match self {
            Self::Leaf { index, .. } | Self::Unsealed { index, .. } => Some(*index),
            Self::Tile { first, .. } => Some(*first),
            _ => None,
        }
    }
}

impl From<LedgerError> for Damage {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::DamagedFile { path, what } => Self::File { path, what },
            LedgerError::DamagedLeaf { leaf, what } => Self::Leaf { index: leaf, what },
            other => Self::Unreadable(other),
        }
    }
}

/// Checks every byte of the ledger in `dir`; `trusted` holds the key that must have signed it.
///
/// # Errors
/// Names the first thing that is wrong.
pub fn verify(dir: &Path, trusted: &TrustedKeys) -> Result<Report, Damage> {
    check_names(dir)?;
    check_vkey(dir, trusted)?;
    let checkpoint = read_checkpoint(dir, trusted).map_err(|error| match error {
        LedgerError::Note(error) => Damage::Checkpoint(error),
        other => other.into(),
    })?;
    let segments = Segments::open(&dir.join(LEAVES_FOLDER))?;
    let index = Index::open(dir, false)?;
    let walk = Walk { index: &index, checkpoint: &checkpoint, frontier: Frontier::default() };
    let (size, leaf_bytes) = walk.run(&segments)?;
    check_lengths(&index, size)?;
    Ok(Report { unsealed_leaves: size - checkpoint.size(), leaf_bytes, checkpoint })
}

/// Nothing else may lie in the folder: a file that nobody checks could be taken for evidence.
fn check_names(dir: &Path) -> Result<(), Damage> {
    let files = [CHECKPOINT_FILE, VKEY_FILE, LOCK_FILE, OFFSETS_FILE];
    let folders = [LEAVES_FOLDER, TILES_FOLDER];
    for entry in fs::read_dir(dir).map_err(LedgerError::io(dir))? {
        let entry = entry.map_err(LedgerError::io(dir))?;
        let meta = entry.metadata().map_err(LedgerError::io(dir))?;
        let name = entry.file_name();
        let known = if meta.is_dir() { &folders[..] } else { &files[..] };
        let what = if !known.iter().any(|known| name == **known) {
            "does not belong to a ledger"
        } else if name == LOCK_FILE && meta.len() > 0 {
            "the lock file must be empty"
        } else {
            continue;
        };
        return Err(Damage::File { path: entry.path(), what });
    }
    Ok(())
}

fn check_vkey(dir: &Path, trusted: &TrustedKeys) -> Result<(), Damage> {
    let path = dir.join(VKEY_FILE);
    let bytes = fs::read(&path).map_err(LedgerError::io(&path))?;
    let damage = |what| Damage::File { path: path.clone(), what };
    let key = read_vkey(dir).map_err(|_| damage("not a public key"))?;
    if bytes != format!("{key}\n").as_bytes() {
        return Err(damage("not written as a public key is written"));
    }
    if !trusted.keys().contains(&key) {
        return Err(damage("not a trusted key"));
    }
    Ok(())
}

/// One walk over all leaves, in which everything derived is computed again and compared.
struct Walk<'a> {
    index: &'a Index,
    checkpoint: &'a Checkpoint,
    frontier: Frontier,
}

impl Walk<'_> {
    fn run(mut self, segments: &Segments) -> Result<(u64, u64), Damage> {
        let mut scan = Scan::new(segments, 0);
        let mut leaf_bytes = 0;
        // A root that is wrong is told at the end, because a leaf or tile that is wrong says more.
        let mut wrong_root = None;
        loop {
            let (size, signed) = (self.frontier.size(), self.checkpoint.size());
            if size == signed && self.frontier.root() != self.checkpoint.root() {
                wrong_root = Some(self.frontier.root());
            }
            let offset = scan.offset();
            let leaf = match scan.next()? {
                FrameRead::Leaf(leaf) => leaf,
                FrameRead::Bad(what) => return Err(self.bad_leaf(size, what)),
                FrameRead::End if size < signed => {
                    return Err(self.bad_leaf(size, "the leaves from here on are missing"));
                }
                FrameRead::End => break,
            };
            if !self.index.offset(size).is_ok_and(|stored| stored == offset) {
                return Err(self.bad_leaf(size, "its offset is wrong"));
            }
            let hash = leaf_hash(&leaf);
            if !self.index.hash(size).is_ok_and(|stored| stored == hash) {
                return Err(self.bad_leaf(size, "it does not have the hash in its tile"));
            }
            leaf_bytes += leaf.len() as u64;
            self.push(hash)?;
        }
        match wrong_root {
            Some(found) => Err(Damage::Root {
                size: self.checkpoint.size(),
                found,
                signed: self.checkpoint.root(),
            }),
            None => Ok((self.frontier.size(), leaf_bytes)),
        }
    }

    fn push(&mut self, leaf: Hash) -> Result<(), Damage> {
        let (mut first_wrong, end, index) = (None, self.frontier.size() + 1, self.index);
        self.frontier.push(leaf, |height, computed| {
            let (level, hash) = (height / TILE_HEIGHT, (end >> height) - 1);
            let inner = height > 0 && height % TILE_HEIGHT == 0;
            if inner && first_wrong.is_none() && !stored_is(index, level, hash, computed) {
                first_wrong = Some(Damage::Tile { level, hash, first: hash << height, end });
            }
        });
        first_wrong.map_or(Ok(()), Err)
    }

    fn bad_leaf(&self, index: u64, what: &'static str) -> Damage {
        let signed = self.checkpoint.size();
        if index < signed {
            Damage::Leaf { index, what }
        } else {
            Damage::Unsealed { index, signed, what }
        }
    }
}

fn stored_is(index: &Index, level: u32, hash: u64, computed: Hash) -> bool {
    let mut stored = Hash([0; 32]);
    index.read_level(level, hash, &mut stored.0).is_ok() && stored == computed
}

/// Bytes behind those of the last leaf, and files that are no tile level.
fn check_lengths(index: &Index, size: u64) -> Result<(), Damage> {
    for (path, file, wanted) in index.wanted_bytes(size) {
        let found = file.metadata().map_err(LedgerError::io(path))?.len();
        if found != wanted {
            let what = if found > wanted { "too long" } else { "too short" };
            return Err(Damage::File { path: path.to_owned(), what });
        }
    }
    let tiles = index.tiles_dir();
    for entry in fs::read_dir(tiles).map_err(LedgerError::io(tiles))? {
        let path = entry.map_err(LedgerError::io(tiles))?.path();
        // The level files themselves were measured above.
        if !index.wanted_bytes(size).any(|(known, ..)| known == path) {
            return Err(Damage::File { path, what: "not a tile level" });
        }
    }
    Ok(())
}
