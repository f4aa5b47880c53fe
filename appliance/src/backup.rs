//! Backups: one file that holds everything a home needs to go on elsewhere, taken while the
//! appliance works, read again wholly before it gets its name; and homes made from such files.
//!
//! ```text
//! "plumbline-archive/1 plain\n" or "plumbline-archive/1 sealed\n"
//! sealed only: the stream of `plumbline_ledger::SealingWriter` around the rest
//! zstd around frames: kind (1 byte), length (4 bytes, little endian), content
//!   H  header (JSON)
//!   S  begin of a section (its name)   F file   P pairs of the store   L leaves of the ledger
//!   V  events of an archive
//!   E  end of it: items, bytes, SHA-256 (JSON)
//!   T  trailer: all sections, SHA-256 of everything before (JSON)
//! ```
//!
//! What the store's keys and values mean is not known here; a picture of them is carried as it is.

mod archive;
mod container;
mod frame;
mod read;
mod restore;
mod write;

pub use archive::{
    Archive, Archiving, archive, archived_until, read as read_archive, verify as verify_archive,
};
pub use frame::Section;
pub use read::{Item, read};
pub use restore::{Restore, Restored, restore};
pub use write::{Backup, backup};

pub(crate) use container::{unwritten, write_file};

use write::outside;

use plumbline_contract::time::Millis;
use serde::{Deserialize, Serialize};

/// Version of the frames and of the header.
pub const FORMAT: u32 = 1;
/// Kind of file in the header.
pub const KIND: &str = "backup";
/// Setting that says when the last backup was taken.
pub const LAST_META: &str = "backup/last";

/// What a backup says of itself before its sections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format: u32,
    /// [`KIND`]; other files have the same frames.
    pub kind: String,
    /// Version of the program that wrote it.
    pub program: String,
    /// Schema version of the store.
    pub schema: u32,
    pub origin: String,
    pub region: String,
    /// When it was begun, RFC 3339 with the region's offset.
    pub taken_at: String,
    /// The log ends before this position.
    pub next_seq: u64,
    /// The outbox holds the leaves from here up to `next_leaf`.
    pub first_leaf: u64,
    pub next_leaf: u64,
    /// The signed note over the leaves that the backup holds.
    pub checkpoint: String,
    pub ledger_size: u64,
    /// Root of these leaves, in hexadecimal.
    pub ledger_root: String,
    /// The key that signed the checkpoint.
    pub vkey: String,
    /// Whether the secret keys of the home are in it.
    pub keys: bool,
}

/// What was found in a backup that was read to its end and is sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub header: Header,
    pub sections: Vec<Section>,
    /// SHA-256 of the content, in hexadecimal: tells two backups apart, sealed or not.
    pub digest: String,
    pub file_bytes: u64,
    /// Whether a passphrase is needed to read it.
    pub sealed: bool,
}

/// The setting [`LAST_META`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBackup {
    pub taken: Millis,
    pub next_seq: u64,
    pub ledger_size: u64,
    pub digest: String,
    pub sealed: bool,
}
