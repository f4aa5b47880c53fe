//! The only file that speaks to sled: ordered keys, one atomic batch, one sync that is a sync.
//!
//! Three facts of sled 0.34.7 shape it. `flush()` ends in `sync_file_range`, which keeps neither
//! the file's size nor the drive's cache, so [`Kv::sync`] adds its own `fdatasync` on the database
//! file. A batch over several trees tears at a crash, so there is one tree. Values whose leaf page
//! passes an eighth of a mebibyte go to files that are never synced and never removed, so values
//! stay below [`VALUE_BYTES_MAX`].
//!
//! Opening a damaged directory can panic inside sled. The release build aborts on panic, so a
//! caller that must survive it opens the directory in a child process first.

use crate::error::StoreError;
use std::fs::{File, OpenOptions};
use std::ops::Bound;
use std::path::Path;

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
/// A key with its value.
pub(crate) type Pair = (Bytes, Bytes);

impl Kv {
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir)?;
        let config = sled::Config::new()
            .path(dir)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(Some(FLUSH_EVERY_MS));
        let db = config.open().map_err(|error| {
            let text = error.to_string();
            if text.contains("could not acquire lock") {
                StoreError::Busy(text)
            } else {
                error.into()
            }
        })?;
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
