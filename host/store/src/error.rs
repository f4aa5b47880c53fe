//! What can go wrong in the store, and the few kinds that callers tell apart.

use crate::api::Cursor;
use plumbline_contract::id::DeploymentId;
use thiserror::Error;

/// Every error of this crate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Somebody else has moved this deployment on; the commit had no effect.
    #[error(
        "deployment {deployment} is fenced: its cursor is {found:?}, the commit expected {expected:?}"
    )]
    Fenced { deployment: DeploymentId, expected: Box<Cursor>, found: Box<Cursor> },
    /// The caller exceeds a limit or breaks a rule of the interface; nothing was written.
    #[error("{what} has {size}, at most {max} allowed")]
    TooLarge { what: String, size: usize, max: usize },
    /// The disk or its quota is full.
    #[error("no space left for the store: {0}")]
    Full(String),
    /// Reading or writing failed for another reason.
    #[error("store i/o failed: {0}")]
    Io(String),
    /// What was read back is not what was written.
    #[error("store is corrupt: {0}")]
    Corrupt(String),
    /// An earlier write failed; the state on disk is unknown until the store is opened again.
    #[error("store refuses to write after an earlier failure: {0}")]
    Stopped(String),
    /// The directory was written by a version of this program that this one does not know.
    #[error("store has schema version {found}, this program knows up to {known}")]
    UnknownSchema { found: u32, known: u32 },
    /// A picture is being read already; one at a time.
    #[error("a backup of the store is being taken already")]
    Pictured,
    /// So much was written while a picture was read that it was given up.
    #[error("more than {max} bytes changed while the picture of the store was read")]
    Overtaken { max: usize },
    /// A store is to be made where there is something already.
    #[error("{0} is not empty")]
    Occupied(String),
    /// Another process holds the directory.
    #[error("store is in use by another process: {0}")]
    Busy(String),
}

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Load the cursor again and start over.
    Fenced,
    /// The request itself is at fault.
    Invalid,
    /// An operator has to make room.
    Full,
    /// The disk or the machine is at fault: open the store again.
    Io,
    /// Restore or rebuild.
    Corrupt,
    /// Wrong program version.
    Schema,
    /// Stop the other process, or wait for it.
    Busy,
    /// Try again when less is being written.
    Overtaken,
}

impl StoreError {
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Fenced { .. } => StoreErrorKind::Fenced,
            Self::TooLarge { .. } | Self::Occupied(_) => StoreErrorKind::Invalid,
            Self::Full(_) => StoreErrorKind::Full,
            Self::Io(_) | Self::Stopped(_) => StoreErrorKind::Io,
            Self::Corrupt(_) => StoreErrorKind::Corrupt,
            Self::UnknownSchema { .. } => StoreErrorKind::Schema,
            Self::Busy(_) | Self::Pictured => StoreErrorKind::Busy,
            Self::Overtaken { .. } => StoreErrorKind::Overtaken,
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
                Self::Full(error.to_string())
            }
            Kind::WouldBlock => Self::Busy(error.to_string()),
            Kind::UnexpectedEof | Kind::InvalidData => Self::Corrupt(error.to_string()),
            _ => Self::Io(error.to_string()),
        }
    }
}

impl From<sled::Error> for StoreError {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(error) => Self::from(error),
            // Another version of sled never wrote here, and what sled calls its own bug is a page
            // that cannot be: both are bytes that nobody wrote.
            other => Self::Corrupt(other.to_string()),
        }
    }
}
