//! Errors that reach a person: a kind that decides the exit code and the HTTP status, a message of
//! the catalogue, and the detail that was wrong.

use std::fmt;
use std::path::Path;

/// What a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong. Exit code 2.
    Usage,
    /// A policy forbids it: an untrusted signature, a missing grant. Exit code 3.
    Refused,
    /// Something is not what it was when it was sealed or stored. Exit code 4.
    Integrity,
    /// There is no such thing. Exit code 2.
    NotFound,
    /// Another process holds the home. Exit code 1.
    Busy,
    /// The disk has no room for more; whatever was accepted is safe. Exit code 1.
    Full,
    /// The machine failed: disk, memory, network. Exit code 1.
    Failed,
}

impl Kind {
    /// The exit code of the command line.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Busy | Self::Full | Self::Failed => 1,
            Self::Usage | Self::NotFound => 2,
            Self::Refused => 3,
            Self::Integrity => 4,
        }
    }
}

/// See the module. `message` names an entry `error.<message>` of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppError {
    pub kind: Kind,
    pub message: &'static str,
    pub detail: String,
}

impl AppError {
    #[must_use]
    pub fn new(kind: Kind, message: &'static str, detail: impl fmt::Display) -> Self {
        Self { kind, message, detail: detail.to_string() }
    }

    #[must_use]
    pub fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::new(Kind::Failed, "io", format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.detail)
    }
}

impl std::error::Error for AppError {}

impl From<plumbline_store::StoreError> for AppError {
    fn from(error: plumbline_store::StoreError) -> Self {
        use plumbline_store::StoreErrorKind as K;
        let (kind, message) = match error.kind() {
            K::Busy => (Kind::Busy, "busy"),
            K::Corrupt => (Kind::Integrity, "store-corrupt"),
            K::Full => (Kind::Failed, "disk-full"),
            K::Invalid => (Kind::Usage, "store-refused"),
            K::Schema => (Kind::Usage, "store-schema"),
            K::Overtaken => (Kind::Failed, "store-overtaken"),
            K::Fenced | K::Io => (Kind::Failed, "store"),
        };
        Self::new(kind, message, error)
    }
}

impl From<plumbline_ledger::LedgerError> for AppError {
    fn from(error: plumbline_ledger::LedgerError) -> Self {
        use plumbline_ledger::Kind as K;
        let (kind, message) = match error.kind() {
            K::DataLoss | K::Untrusted => (Kind::Integrity, "ledger-damaged"),
            K::Unavailable => (Kind::Busy, "busy"),
            K::NotFound => (Kind::NotFound, "no-leaf"),
            K::InvalidInput | K::Io => (Kind::Failed, "ledger"),
        };
        Self::new(kind, message, error)
    }
}
