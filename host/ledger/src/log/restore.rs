//! A ledger made again from its leaves and its last checkpoint, without the key that signed it.
//! Nothing is signed here: what comes out is what was signed before, or nothing.

use super::index::Pending;
use super::{
    Index, LEAF_BYTES_MAX, LEAVES_FOLDER, LOCK_FILE, Segments, TILES_FOLDER, VKEY_FILE,
    save_checkpoint, sync_folder,
};
use crate::checkpoint::Checkpoint;
use crate::error::LedgerError;
use crate::key::{TrustedKeys, VerifyingKey};
use crate::tree::{Frontier, leaf_hash};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Takes the leaves in order; see the module.
#[derive(Debug)]
pub struct LedgerRestorer {
    dir: PathBuf,
    checkpoint: Checkpoint,
    segments: Segments,
    index: Index,
    frontier: Frontier,
}

impl LedgerRestorer {
    /// Begins a ledger in `dir`, which must be empty or not exist.
    ///
    /// # Errors
    /// If there is something already, or `note` is no checkpoint that `key` signed.
    pub fn create(dir: &Path, key: &VerifyingKey, note: &str) -> Result<Self, LedgerError> {
        let io = LedgerError::io;
        let checkpoint = Checkpoint::open(note.as_bytes(), &TrustedKeys::from(key))?;
        fs::create_dir_all(dir).map_err(io(dir))?;
        if fs::read_dir(dir).map_err(io(dir))?.next().is_some() {
            return Err(LedgerError::Exists(dir.to_owned()));
        }
        for folder in [LEAVES_FOLDER, TILES_FOLDER] {
            fs::create_dir(dir.join(folder)).map_err(io(dir))?;
        }
        for (name, text) in [(VKEY_FILE, format!("{key}\n")), (LOCK_FILE, String::new())] {
            let path = dir.join(name);
            fs::write(&path, text).map_err(io(&path))?;
            File::open(&path).and_then(|file| file.sync_all()).map_err(io(&path))?;
        }
        Ok(Self {
            segments: Segments::open(&dir.join(LEAVES_FOLDER))?,
            index: Index::open(dir, true)?,
            frontier: Frontier::default(),
            dir: dir.to_owned(),
            checkpoint,
        })
    }

    /// Appends leaves.
    ///
    /// # Errors
    /// If a leaf is too large, there are more than were signed, or the disk fails.
    pub fn append(&mut self, leaves: &[Vec<u8>]) -> Result<(), LedgerError> {
        if let Some(position) = leaves.iter().position(|leaf| leaf.len() > LEAF_BYTES_MAX) {
            return Err(LedgerError::LeafTooLarge { position, bytes: leaves[position].len() });
        }
        let (signed, size) = (self.checkpoint.size(), self.frontier.size() + leaves.len() as u64);
        if size > signed {
            return Err(LedgerError::Inconsistent { signed, size });
        }
        if leaves.is_empty() {
            return Ok(());
        }
        let mut pending = Pending::new(self.frontier.size());
        let offsets = self.segments.append(leaves)?;
        for (leaf, offset) in leaves.iter().zip(offsets) {
            pending.push(&mut self.frontier, leaf_hash(leaf), offset);
        }
        self.index.write(&pending)
    }

    /// Judges that the leaves are those that were signed, and only then writes the checkpoint.
    ///
    /// # Errors
    /// If they are not, or the disk fails.
    pub fn finish(self) -> Result<Checkpoint, LedgerError> {
        let (signed, size) = (self.checkpoint.size(), self.frontier.size());
        if size != signed || self.frontier.root() != self.checkpoint.root() {
            return Err(LedgerError::Inconsistent { signed, size });
        }
        self.index.sync()?;
        save_checkpoint(&self.dir, &self.checkpoint)?;
        sync_folder(&self.dir)?;
        Ok(self.checkpoint)
    }
}
