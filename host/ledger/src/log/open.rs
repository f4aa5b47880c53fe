//! Creating a ledger, and opening one: what a power cut left half done is finished or cut here.

use super::{
    CHECKPOINT_FILE, CHECKPOINT_NEW_FILE, FrameRead, Index, LEAVES_FOLDER, LOCK_FILE, Ledger,
    Recovery, SYNC_LEAVES, Scan, Segments, TILES_FOLDER, VKEY_FILE, save_checkpoint, sync_folder,
};
use crate::checkpoint::{Checkpoint, origin_is_valid};
use crate::error::{Kind, LedgerError, NoteError};
use crate::key::{SigningKey, TrustedKeys, VerifyingKey};
use crate::log::index::Pending;
use crate::tree::{self, Frontier, leaf_hash};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Unsealed leaves whose derived data are gathered before they are written, while rebuilding.
const REBUILD_LEAVES: u64 = 4096;

impl Ledger {
    /// Makes a ledger in `dir`, which must be empty or not exist, and signs that it has no leaves.
    ///
    /// # Errors
    /// If there is something already, the origin is not one printable line, or a write fails.
    pub fn create(dir: &Path, origin: &str, key: SigningKey) -> Result<Self, LedgerError> {
        if !origin_is_valid(origin) {
            return Err(LedgerError::Origin(origin.to_owned()));
        }
        let io = LedgerError::io;
        fs::create_dir_all(dir).map_err(io(dir))?;
        if fs::read_dir(dir).map_err(io(dir))?.next().is_some() {
            return Err(LedgerError::Exists(dir.to_owned()));
        }
        for folder in [LEAVES_FOLDER, TILES_FOLDER] {
            fs::create_dir(dir.join(folder)).map_err(io(dir))?;
        }
        let vkey = dir.join(VKEY_FILE);
        fs::write(&vkey, format!("{}\n", key.verifying_key())).map_err(io(&vkey))?;
        File::open(&vkey).and_then(|file| file.sync_all()).map_err(io(&vkey))?;
        let lock = lock(dir)?;
        let index = Index::open(dir, true)?;
        let checkpoint = Checkpoint::sign(origin, 0, tree::empty_root(), &key)?;
        // The checkpoint comes last: with it, the ledger is complete.
        save_checkpoint(dir, &checkpoint)?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_folder(parent)?;
        }
        Ok(Self {
            dir: dir.to_owned(),
            key,
            checkpoint,
            segments: Segments::open(&dir.join(LEAVES_FOLDER))?,
            index,
            frontier: Frontier::default(),
            recovery: Recovery::default(),
            broken: false,
            _lock: lock,
        })
    }

    /// Opens the ledger in `dir` with the key that signed its checkpoint.
    ///
    /// Leaves that were appended but not sealed are kept. An incomplete append behind them is cut
    /// off; the same within the signed leaves is damage.
    ///
    /// # Errors
    /// If there is no ledger, it is locked, another key signed it, or signed leaves are damaged.
    pub fn open(dir: &Path, key: SigningKey) -> Result<Self, LedgerError> {
        let checkpoint = read_checkpoint(dir, &key.verifying_key().into())?;
        let lock = lock(dir)?;
        let unfinished = dir.join(CHECKPOINT_NEW_FILE);
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(LedgerError::Io { path: unfinished, source: error });
            }
            _ => {}
        }
        let mut segments = Segments::open(&dir.join(LEAVES_FOLDER))?;
        let mut index = Index::open(dir, true)?;
        let (frontier, end) = rebuild(&segments, &mut index, &checkpoint)?;
        let recovery = Recovery {
            unsealed_leaves: frontier.size() - checkpoint.size(),
            cut_bytes: segments.end() - end,
        };
        if recovery.cut_bytes > 0 {
            segments.cut(end)?;
        }
        index.cut(frontier.size())?;
        Ok(Self {
            dir: dir.to_owned(),
            key,
            checkpoint,
            segments,
            index,
            frontier,
            recovery,
            broken: false,
            _lock: lock,
        })
    }
}

/// Reads and opens the checkpoint of the ledger in `dir`.
pub(crate) fn read_checkpoint(
    dir: &Path,
    trusted: &TrustedKeys,
) -> Result<Checkpoint, LedgerError> {
    let path = dir.join(CHECKPOINT_FILE);
    let note = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(LedgerError::NotALedger(dir.to_owned()));
        }
        read => read.map_err(LedgerError::io(&path))?,
    };
    Checkpoint::open(&note, trusted).map_err(|error| damaged(path, error))
}

/// Reads the public key that the ledger in `dir` names; whether to trust it is not told by that.
pub(crate) fn read_vkey(dir: &Path) -> Result<VerifyingKey, LedgerError> {
    let path = dir.join(VKEY_FILE);
    let text = fs::read_to_string(&path).map_err(LedgerError::io(&path))?;
    let Some(line) = text.strip_suffix('\n') else {
        return Err(LedgerError::DamagedFile { path, what: "the key does not end with a newline" });
    };
    VerifyingKey::from_text(line).map_err(|error| damaged(path, error))
}

/// What stands in a file of the ledger was in order when it was written; a text that is none any
/// more is damage. Who signed it is another question.
fn damaged(path: PathBuf, error: NoteError) -> LedgerError {
    match error {
        NoteError::Malformed(what) | NoteError::Checkpoint(what) | NoteError::KeyFormat(what) => {
            LedgerError::DamagedFile { path, what }
        }
        error if error.kind() == Kind::InvalidInput => {
            LedgerError::DamagedFile { path, what: "it is not what the ledger wrote" }
        }
        error => error.into(),
    }
}

fn lock(dir: &Path) -> Result<File, LedgerError> {
    let path = dir.join(LOCK_FILE);
    let mut options = File::options();
    let file = options.write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(LedgerError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError::Locked(dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(LedgerError::Io { path, source }),
    }
}

/// Scans the leaves since the derived files were last synced for sure, writes their derived data
/// anew, and judges the root at the signed size. Returns the right edge of the tree and the offset
/// behind the last whole frame.
fn rebuild(
    segments: &Segments,
    index: &mut Index,
    checkpoint: &Checkpoint,
) -> Result<(Frontier, u64), LedgerError> {
    let signed = checkpoint.size();
    let base = signed / SYNC_LEAVES * SYNC_LEAVES;
    let mut frontier = Frontier::read(index, base)?;
    let mut scan = Scan::new(segments, 0);
    if base > 0 {
        scan = Scan::new(segments, index.offset(base - 1)?);
        if let FrameRead::Bad(what) = scan.next()? {
            return Err(LedgerError::DamagedLeaf { leaf: base - 1, what });
        }
    }
    let mut pending = Pending::new(base);
    // The first signed leaf that differs from its tile; it is told only if the root is wrong,
    // because after a power cut the tile may be the one that is behind.
    let mut suspect = None;
    loop {
        let size = frontier.size();
        if size == signed && frontier.root() != checkpoint.root() {
            let what = "the leaves do not have the signed root";
            return Err(match suspect {
                Some(leaf) => LedgerError::DamagedLeaf { leaf, what },
                None => LedgerError::DamagedFile { path: index.level_path(0), what },
            });
        }
        let offset = scan.offset();
        let leaf = match scan.next()? {
            FrameRead::Leaf(leaf) => leaf_hash(&leaf),
            FrameRead::Bad(what) if size < signed => {
                return Err(LedgerError::DamagedLeaf { leaf: size, what });
            }
            FrameRead::End if size < signed => {
                let what = "the signed leaves from here on are missing";
                return Err(LedgerError::DamagedLeaf { leaf: size, what });
            }
            FrameRead::Bad(_) | FrameRead::End => break,
        };
        if suspect.is_none() && size < signed && index.hash(size).is_ok_and(|hash| hash != leaf) {
            suspect = Some(size);
        }
        pending.push(&mut frontier, leaf, offset);
        // Nothing is written before the signed root was found right: over a changed leaf the tile
        // is what still tells which one it was.
        if frontier.size() > signed && pending.leaves() >= REBUILD_LEAVES {
            index.write(&pending)?;
            pending = Pending::new(frontier.size());
        }
    }
    index.write(&pending)?;
    // More than one stretch can have been appended without a seal.
    index.sync()?;
    Ok((frontier, scan.offset()))
}
