//! The durable ledger in a directory: append leaves, seal them under a signed checkpoint, read
//! them back, prove them.
//!
//! ```text
//! leaves/<offset>.seg   the truth: frames of length, checksum and leaf; only ever appended
//! offsets               derived: where each leaf's frame starts, 8 bytes a leaf
//! tiles/<level>         derived: the hash tiles of each level, one after another
//! checkpoint            the last signed checkpoint, replaced as a whole
//! vkey                  the public key, for whoever wants to verify
//! lock                  empty; held while the ledger is open for writing
//! ```
//!
//! A checkpoint is signed only over leaves that were synced, only if it provably extends the one
//! before, and it leaves this module only after it is itself synced. The derived files are synced
//! every [`SYNC_LEAVES`] leaves; opening rebuilds what was written since, so that an append costs
//! one sync. This module does not know what a leaf means and does not judge every byte; that is
//! `verify`.

mod frame;
mod index;
pub(crate) mod open;
pub(crate) mod restore;

pub(crate) use frame::{FrameRead, Scan, Segments};
pub(crate) use index::Index;

use crate::checkpoint::Checkpoint;
use crate::error::LedgerError;
use crate::key::SigningKey;
use crate::proof::InclusionProof;
use crate::tree::{
    self, Frontier, Hash, consistency_path, inclusion_path, leaf_hash, verify_consistency,
};
use index::Pending;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Largest leaf, in bytes: entry bundles of tlog-tiles have a length of 16 bits.
pub const LEAF_BYTES_MAX: usize = 65_535;
/// The derived files are synced each time this many leaves were added, so that opening rescans at
/// most this many signed leaves: about 26 MB at 400 bytes a leaf, well below a second.
pub(crate) const SYNC_LEAVES: u64 = 65_536;

pub(crate) const CHECKPOINT_FILE: &str = "checkpoint";
pub(crate) const CHECKPOINT_NEW_FILE: &str = "checkpoint.new";
pub(crate) const VKEY_FILE: &str = "vkey";
pub(crate) const LOCK_FILE: &str = "lock";
pub(crate) const LEAVES_FOLDER: &str = "leaves";
pub(crate) const TILES_FOLDER: &str = "tiles";
pub(crate) const OFFSETS_FILE: &str = "offsets";

/// A ledger that is open for appending. One process at a time can hold it.
#[derive(Debug)]
pub struct Ledger {
    dir: PathBuf,
    key: SigningKey,
    checkpoint: Checkpoint,
    segments: Segments,
    index: Index,
    frontier: Frontier,
    recovery: Recovery,
    /// Set when a write failed: memory and disk may differ from then on.
    broken: bool,
    /// Held for its lock.
    _lock: File,
}

/// What [`Ledger::open`] found behind the signed leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Whole leaves that were appended but not sealed; they are kept.
    pub unsealed_leaves: u64,
    /// Bytes of an incomplete append that were cut off.
    pub cut_bytes: u64,
}

impl Ledger {
    /// Leaves appended so far, sealed or not.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The last signed checkpoint; a new ledger has one over no leaves.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    #[must_use]
    pub fn origin(&self) -> &str {
        self.checkpoint.origin()
    }

    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What opening had to repair.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// Appends `leaves` in order; when it returns they are durable, but nothing vouches for them
    /// until [`Ledger::seal`].
    ///
    /// # Errors
    /// If a leaf is too large (then none is appended) or a write fails (then the ledger must be
    /// opened again).
    pub fn append(&mut self, leaves: &[Vec<u8>]) -> Result<(), LedgerError> {
        if self.broken {
            return Err(LedgerError::Broken);
        }
        if let Some(position) = leaves.iter().position(|leaf| leaf.len() > LEAF_BYTES_MAX) {
            return Err(LedgerError::LeafTooLarge { position, bytes: leaves[position].len() });
        }
        if leaves.is_empty() {
            return Ok(());
        }
        self.broken = true;
        let before = self.size();
        let offsets = self.segments.append(leaves)?;
        let mut pending = Pending::new(before);
        for (leaf, offset) in leaves.iter().zip(offsets) {
            pending.push(&mut self.frontier, leaf_hash(leaf), offset);
        }
        self.index.write(&pending)?;
        if self.size() / SYNC_LEAVES > before / SYNC_LEAVES {
            self.index.sync()?;
        }
        self.broken = false;
        Ok(())
    }

    /// Signs a checkpoint over all appended leaves and makes it durable before returning it.
    ///
    /// # Errors
    /// If the tree does not provably extend the last checkpoint, or a write fails.
    pub fn seal(&mut self) -> Result<Checkpoint, LedgerError> {
        if self.broken {
            return Err(LedgerError::Broken);
        }
        let (old, size, root) = (&self.checkpoint, self.size(), self.frontier.root());
        // The proof is made from the tiles on disk and judged as a witness would judge it, so
        // that neither a wrong tile nor a wrong memory gets a signature.
        let refused = LedgerError::Inconsistent { signed: old.size(), size };
        if size < old.size() {
            return Err(refused);
        }
        let path = consistency_path(&self.index, old.size(), size)?;
        if !verify_consistency(old.size(), &old.root(), size, &root, &path) {
            return Err(refused);
        }
        if size == old.size() {
            return Ok(old.clone());
        }
        let next = Checkpoint::sign(old.origin(), size, root, &self.key)?;
        self.broken = true;
        save_checkpoint(&self.dir, &next)?;
        self.broken = false;
        self.checkpoint = next.clone();
        Ok(next)
    }

    /// Reads one leaf, sealed or not.
    ///
    /// # Errors
    /// If there is no such leaf or it is damaged.
    pub fn leaf(&self, index: u64) -> Result<Vec<u8>, LedgerError> {
        let last = index.saturating_add(1);
        let mut leaves = self.leaves(index..last)?;
        leaves.next().unwrap_or(Err(LedgerError::NoSuchLeaf { index, size: self.size() }))
    }

    /// Reads leaves one after another, holding one of them in memory.
    ///
    /// # Errors
    /// If the range ends behind the last leaf.
    pub fn leaves(&self, range: std::ops::Range<u64>) -> Result<Leaves<'_>, LedgerError> {
        let size = self.size();
        if range.end > size {
            return Err(LedgerError::NoSuchLeaf { index: range.end.saturating_sub(1), size });
        }
        Leaves::new(&self.segments, &self.index, range)
    }

    /// Proof that a sealed leaf is under the last checkpoint; its text is a `.tlog-proof` file.
    ///
    /// # Errors
    /// If the leaf is not sealed or a tile cannot be read.
    pub fn prove_inclusion(&self, index: u64) -> Result<InclusionProof, LedgerError> {
        let size = self.checkpoint.size();
        if index >= size {
            return Err(LedgerError::NoSuchLeaf { index, size });
        }
        let path = inclusion_path(&self.index, index, size)?;
        Ok(InclusionProof { index, path, checkpoint: self.checkpoint.clone() })
    }

    /// Proof that the last checkpoint extends the tree of `old` leaves.
    ///
    /// # Errors
    /// If the checkpoint is smaller than `old` or a tile cannot be read.
    pub fn prove_consistency(&self, old: u64) -> Result<Vec<Hash>, LedgerError> {
        let size = self.checkpoint.size();
        if old > size {
            return Err(LedgerError::NoSuchSize { old, size });
        }
        consistency_path(&self.index, old, size)
    }

    /// Root of the first `size` leaves.
    ///
    /// # Errors
    /// If there are fewer or a tile cannot be read.
    pub fn root_at(&self, size: u64) -> Result<Hash, LedgerError> {
        if size > self.size() {
            return Err(LedgerError::NoSuchSize { old: size, size: self.size() });
        }
        if size == 0 {
            return Ok(tree::empty_root());
        }
        tree::range_root(&self.index, 0, size)
    }
}

/// Streams leaves in order; each is checked against its checksum and its hash.
#[derive(Debug)]
pub struct Leaves<'a> {
    scan: Scan<'a>,
    index: &'a Index,
    next: u64,
    end: u64,
}

impl<'a> Leaves<'a> {
    pub(crate) fn new(
        segments: &'a Segments,
        index: &'a Index,
        range: std::ops::Range<u64>,
    ) -> Result<Self, LedgerError> {
        let start = if range.is_empty() { 0 } else { index.offset(range.start)? };
        Ok(Self { scan: Scan::new(segments, start), index, next: range.start, end: range.end })
    }

    fn read(&mut self) -> Result<Vec<u8>, LedgerError> {
        let damaged = |what| LedgerError::DamagedLeaf { leaf: self.next, what };
        match self.scan.next()? {
            FrameRead::Leaf(leaf) if leaf_hash(&leaf) == self.index.hash(self.next)? => Ok(leaf),
            FrameRead::Leaf(_) => Err(damaged("the leaf does not have the hash in its tile")),
            FrameRead::Bad(what) => Err(damaged(what)),
            FrameRead::End => Err(damaged("the file ends before the leaf")),
        }
    }
}

impl Iterator for Leaves<'_> {
    type Item = Result<Vec<u8>, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let read = self.read();
        // After damage the next frame cannot be found, so the walk ends there.
        self.next = if read.is_ok() { self.next + 1 } else { self.end };
        Some(read)
    }
}

/// Replaces the checkpoint file so that after a power cut the old or the new one is there, whole.
fn save_checkpoint(dir: &Path, checkpoint: &Checkpoint) -> Result<(), LedgerError> {
    let (new, path) = (dir.join(CHECKPOINT_NEW_FILE), dir.join(CHECKPOINT_FILE));
    let mut file = File::create(&new).map_err(LedgerError::io(&new))?;
    file.write_all(checkpoint.note().as_bytes()).map_err(LedgerError::io(&new))?;
    file.sync_data().map_err(LedgerError::io(&new))?;
    fs::rename(&new, &path).map_err(LedgerError::io(&path))?;
    sync_folder(dir)
}

/// Makes the names in `dir` durable; a synced file without a name is lost.
pub(crate) fn sync_folder(dir: &Path) -> Result<(), LedgerError> {
    File::open(dir).and_then(|folder| folder.sync_all()).map_err(LedgerError::io(dir))
}
