//! The only file that speaks to sled: ordered keys, one atomic batch, one sync that is a sync.
//!
//! Three facts of sled 0.34.7 shape it. `flush()` ends in `sync_file_range`, which keeps neither
//! the file's size nor the drive's cache, so [`Kv::sync`] adds its own `fdatasync` on the database
//! file. A batch over several trees tears at a crash, so there is one tree. Values whose leaf page
//! passes an eighth of a mebibyte go to files that are never synced and never removed, so values
//! stay below [`VALUE_BYTES_MAX`].
//!
//! Reading a damaged directory can panic inside sled, which ends the process.
//! [`is_engine_panic`] tells such a panic from one of our own.

use crate::error::StoreError;
use std::fs::{File, OpenOptions};
use std::ops::Bound;
use std::panic::PanicHookInfo;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Largest value, in bytes: a leaf page holds 16 items, and 16 of these with their keys stay below
/// the 128 KiB from which sled moves a page to a blob file.
pub(crate) const VALUE_BYTES_MAX: usize = 6 * 1024;

/// Memory that sled may keep for pages, in bytes. Its default is 1 GiB, and the process grows
/// beyond whatever is set here.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// Pages reach the operating system at least this often when nobody waits for a sync.
const FLUSH_EVERY_MS: u64 = 500;

#[derive(Debug)]
pub(crate) struct Kv {
    db: sled::Db,
    file: File,
}

/// Cheap to clone, reads as a byte slice.
pub(crate) type Bytes = sled::IVec;
/// How often and at what interval a locked directory is tried: half a second in all, so that a
/// second process is told soon enough.
const LOCK_TRIES: u32 = 25;
const LOCK_PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

/// A key with its value.
pub(crate) type Pair = (Bytes, Bytes);

/// Folder of the engine's source, as a panic names it.
const ENGINE_SOURCE: &str = "/sled-";
/// Set while sled reads a directory: a panic then comes from what it reads, whatever line it names.
static OPENING: AtomicBool = AtomicBool::new(false);

/// Whether a panic comes from sled and tells of damaged bytes. For a panic hook; sled reports some
/// damage in no other way.
#[must_use]
pub fn is_engine_panic(panic: &PanicHookInfo<'_>) -> bool {
    let in_engine = panic.location().is_some_and(|at| at.file().contains(ENGINE_SOURCE));
    in_engine || OPENING.load(Ordering::Acquire)
}

impl Kv {
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir)?;
        let config = sled::Config::new()
            .path(dir)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(Some(FLUSH_EVERY_MS));
        OPENING.store(true, Ordering::Release);
        let db = open_patiently(&config);
        OPENING.store(false, Ordering::Release);
        let db = db?;
        let file = OpenOptions::new().read(true).write(true).open(dir.join("db"))?;
        File::open(dir.join("conf"))?.sync_all()?;
        file.sync_all()?;
        File::open(dir)?.sync_all()?;
        // The entry of the directory itself, for the first time.
        File::open(dir.canonicalize()?.join(".."))?.sync_all()?;
        Ok(Self { db, file })
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.db.get(key)?)
    }

    /// Pairs with keys from `from` (inclusive) to `to` (exclusive), in key order.
    pub(crate) fn range(
        &self,
        from: &[u8],
        to: &[u8],
    ) -> impl Iterator<Item = Result<Pair, StoreError>> + use<> {
        let bounds = (Bound::Included(from), Bound::Excluded(to));
        let iter = (from < to).then(|| self.db.range::<&[u8], _>(bounds));
        iter.into_iter().flatten().map(|pair| pair.map_err(StoreError::from))
    }

    /// The pair with the greatest key from `from` to `to`, both inclusive.
    pub(crate) fn last(&self, from: &[u8], to: &[u8]) -> Result<Option<Pair>, StoreError> {
        Ok(self.db.range(from..=to).next_back().transpose()?)
    }

    /// Every pair, in key order.
    pub(crate) fn all(&self) -> impl Iterator<Item = Result<Pair, StoreError>> + use<> {
        self.db.iter().map(|pair| pair.map_err(StoreError::from))
    }

    /// Applies all changes or none. Durable only after [`Kv::sync`].
    pub(crate) fn apply(
        &self,
        changes: impl IntoIterator<Item = (Vec<u8>, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => {
                    debug_assert!(value.len() <= VALUE_BYTES_MAX, "value of {} bytes", value.len());
                    batch.insert(key, value);
                }
                None => batch.remove(key),
            }
        }
        Ok(self.db.apply_batch(batch)?)
    }

    /// Returns when everything applied so far is on the disk.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.db.flush()?;
        Ok(self.file.sync_data()?)
    }
}

/// sled lets go of a directory in its background threads, some time after the last handle is
/// dropped; a process that opens it again at once would find itself in its own way.
fn open_patiently(config: &sled::Config) -> Result<sled::Db, StoreError> {
    let mut tries = 0;
    loop {
        let error = match config.open() {
            Ok(db) => return Ok(db),
            Err(error) => error,
        };
        let text = error.to_string();
        if !text.contains("could not acquire lock") {
            return Err(error.into());
        }
        tries += 1;
        if tries == LOCK_TRIES {
            return Err(StoreError::Busy(text));
        }
        std::thread::park_timeout(LOCK_PAUSE);
    }
}
