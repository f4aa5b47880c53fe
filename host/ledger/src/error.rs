//! What can go wrong in this room, and the coarse kind that a caller decides by.

use plumbline_contract::manifest::ManifestError;
use plumbline_contract::package::PACKAGE_BYTES_MAX;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Coarse kinds, for callers that answer people or other machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The caller's input is wrong.
    InvalidInput,
    /// What was asked for does not exist.
    NotFound,
    /// No trusted key vouches for it, or a signature is wrong.
    Untrusted,
    /// Stored evidence is damaged or was altered.
    DataLoss,
    /// Somebody else holds it, or an earlier failure closed it.
    Unavailable,
    /// The operating system failed.
    Io,
}

/// Keys and signed notes.
#[derive(Debug, Error)]
pub enum NoteError {
    #[error(
        "key name {0:?} is empty, longer than 255 bytes or has a space, plus or control character"
    )]
    KeyName(String),
    #[error("malformed key: {0}")]
    KeyFormat(&'static str),
    #[error("key hash {found} does not match the key, which has {computed}")]
    KeyHash { found: String, computed: String },
    #[error("key file {path:?} may be read by others (mode {mode:o}, wanted 600)")]
    KeyFileMode { path: PathBuf, mode: u32 },
    #[error("random numbers are not available")]
    NoRandomness,
    #[error("malformed note: {0}")]
    Malformed(&'static str),
    #[error("note of {bytes} bytes is larger than {max}")]
    TooLarge { bytes: usize, max: usize },
    #[error("signature of known key {name:?} is wrong")]
    BadSignature { name: String },
    #[error("no trusted key signed this; signers are {signers:?}")]
    NoTrustedSigner { signers: Vec<String> },
    #[error("malformed checkpoint: {0}")]
    Checkpoint(&'static str),
    #[error("malformed proof: {0}")]
    ProofFormat(&'static str),
    #[error("proof does not lead from leaf {leaf} to the root of the checkpoint of {size} leaves")]
    ProofWrong { leaf: u64, size: u64 },
    #[error("{path:?}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

impl NoteError {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoRandomness => Kind::Unavailable,
            Self::BadSignature { .. }
            | Self::NoTrustedSigner { .. }
            | Self::KeyFileMode { .. }
            | Self::ProofWrong { .. } => Kind::Untrusted,
            Self::Io { .. } => Kind::Io,
            _ => Kind::InvalidInput,
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// The durable ledger.
#[derive(Debug, Error)]
pub enum LedgerError {
    #[error("{0:?} already holds a ledger or other files")]
    Exists(PathBuf),
    #[error("{0:?} holds no ledger")]
    NotALedger(PathBuf),
    #[error("ledger {0:?} is open in another process")]
    Locked(PathBuf),
    #[error("origin {0:?} is empty, too long or not one printable line")]
    Origin(String),
    #[error("leaf {position} of the batch has {bytes} bytes, at most 65535 are allowed")]
    LeafTooLarge { position: usize, bytes: usize },
    #[error("leaf {index} does not exist, the ledger has {size}")]
    NoSuchLeaf { index: u64, size: u64 },
    #[error("no proof from size {old}, the checkpoint has size {size}")]
    NoSuchSize { old: u64, size: u64 },
    #[error("evidence is damaged at leaf {leaf}: {what}")]
    DamagedLeaf { leaf: u64, what: &'static str },
    #[error("evidence file {path:?} is damaged: {what}")]
    DamagedFile { path: PathBuf, what: &'static str },
    #[error("refused to sign {size} leaves: they do not extend the {signed} leaves signed before")]
    Inconsistent { signed: u64, size: u64 },
    #[error("an earlier write failed; open the ledger again")]
    Broken,
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error("{path:?}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

impl LedgerError {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Exists(_) | Self::Origin(_) | Self::LeafTooLarge { .. } => Kind::InvalidInput,
            Self::NotALedger(_) | Self::NoSuchLeaf { .. } | Self::NoSuchSize { .. } => {
                Kind::NotFound
            }
            Self::Locked(_) | Self::Broken => Kind::Unavailable,
            Self::DamagedLeaf { .. } | Self::DamagedFile { .. } | Self::Inconsistent { .. } => {
                Kind::DataLoss
            }
            Self::Note(error) => error.kind(),
            Self::Io { .. } => Kind::Io,
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// Streams sealed under a passphrase.
#[derive(Debug, Error)]
pub enum CipherError {
    #[error("a passphrase has at least {min} characters")]
    Short { min: usize },
    #[error("random numbers are not available")]
    NoRandomness,
    #[error("not a sealed stream: {0}")]
    Head(&'static str),
    #[error("the passphrase is another one")]
    Passphrase,
    #[error("the stream was cut off")]
    CutOff,
    #[error("chunk {chunk} was changed, left out or moved")]
    Damaged { chunk: u64 },
    #[error(transparent)]
    Io(io::Error),
}

impl CipherError {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Short { .. } => Kind::InvalidInput,
            Self::NoRandomness => Kind::Unavailable,
            Self::Passphrase => Kind::Untrusted,
            Self::Head(_) | Self::CutOff | Self::Damaged { .. } => Kind::DataLoss,
            Self::Io(_) => Kind::Io,
        }
    }
}

/// Plugin packages.
#[derive(Debug, Error)]
pub enum PackageError {
    #[error("package of {bytes} bytes is larger than {PACKAGE_BYTES_MAX}")]
    TooLarge { bytes: usize },
    #[error("not a WebAssembly component")]
    NotAComponent,
    #[error("malformed number at byte {at}")]
    Number { at: usize },
    #[error("section at byte {at} is malformed: {what}")]
    Section { at: usize, what: &'static str },
    #[error("more than {max} sections")]
    TooManySections { max: usize },
    #[error("the package has no manifest")]
    NoManifest,
    #[error("the package has two manifests")]
    TwoManifests,
    #[error("the manifest is wrong: {0}")]
    Manifest(#[from] ManifestError),
    #[error("the manifest is not text")]
    ManifestNotText,
    #[error("{0:?} in the manifest may not stand in a signed line")]
    ManifestLine(String),
    #[error("the package is not signed")]
    NoNote,
    #[error("the package has two signed notes")]
    TwoNotes,
    #[error("bytes follow the signed note")]
    AfterNote,
    #[error("the signed note is for other bytes or another plugin")]
    OtherBytes,
    #[error("signed note: {0}")]
    Note(#[from] NoteError),
}

impl PackageError {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoNote | Self::TwoNotes | Self::AfterNote | Self::OtherBytes => Kind::Untrusted,
            Self::Note(error) => error.kind(),
            _ => Kind::InvalidInput,
        }
    }
}
