//! What stops reading altogether. Malformed input does not: it is a `Reject`.

use std::io;
use thiserror::Error;

/// Why a source could not be opened or read on.
#[derive(Debug, Error)]
pub enum IngestError {
    #[error("cannot read {name}: {cause}")]
    Read { name: String, cause: io::Error },
    /// `key` is the path of the TOML key, for instance `event[3].data.officer.from`.
    #[error("the mapping is wrong at `{key}`: {reason}")]
    Mapping { key: String, reason: String },
    #[error("no time zone is named `{0}`")]
    UnknownZone(String),
    #[error("{name} is {format} and needs a mapping file")]
    MappingMissing { name: String, format: &'static str },
    #[error("{name} is {format}, but the mapping is for {mapping}")]
    MappingForOther { name: String, format: &'static str, mapping: &'static str },
    #[error("the mapping has the secret field `{0}`, but no key to hash it with was given")]
    SecretKeyMissing(String),
    #[error("{name} ends at byte {bytes}, before the position {offset} to go on from")]
    PositionBeyondEnd { name: String, offset: u64, bytes: u64 },
}

/// Coarse class of an [`IngestError`], for exit codes and HTTP status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The caller's file, mapping or option is wrong.
    Input,
    /// The machine failed.
    Unavailable,
}

impl IngestError {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Read { .. } => Kind::Unavailable,
            _ => Kind::Input,
        }
    }
}
