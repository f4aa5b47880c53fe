//! C2SP tlog-checkpoint: the signed statement "this log has this size and this root".

use crate::error::NoteError;
use crate::key::{SigningKey, TrustedKeys};
use crate::note;
use crate::tree::Hash;

/// Longest origin, in bytes.
pub const ORIGIN_BYTES_MAX: usize = 255;

/// A checkpoint that this process signed, or whose note was opened with trusted keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    note: String,
}

impl Checkpoint {
    pub(crate) fn sign(
        origin: &str,
        size: u64,
        root: Hash,
        key: &SigningKey,
    ) -> Result<Self, NoteError> {
        let text = format!("{origin}\n{size}\n{}\n", root.to_base64());
        let note = note::sign(&text, &[key])?;
        Ok(Self { origin: origin.to_owned(), size, root, note })
    }

    /// Opens a signed checkpoint.
    ///
    /// # Errors
    /// If no trusted key signed it, a known key's signature is wrong, or it is malformed.
    pub fn open(message: &[u8], trusted: &TrustedKeys) -> Result<Self, NoteError> {
        let opened = note::open(message, trusted)?;
        let bad = NoteError::Checkpoint;
        let mut lines = opened.text.lines();
        let origin = lines.next().filter(|line| origin_is_valid(line)).ok_or(bad("origin"))?;
        let size = lines.next().and_then(parse_decimal).ok_or(bad("size"))?;
        let root = lines.next().and_then(Hash::from_base64).ok_or(bad("root"))?;
        let note = str::from_utf8(message).map_err(|_| bad("not UTF-8"))?.to_owned();
        Ok(Self { origin: origin.to_owned(), size, root, note })
    }

    /// Name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of leaves that it vouches for.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    #[must_use]
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The signed note, as it is sent and stored.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }
}

pub(crate) fn origin_is_valid(origin: &str) -> bool {
    !origin.is_empty() && origin.len() <= ORIGIN_BYTES_MAX && !origin.contains(char::is_control)
}

/// A decimal without leading zeros or sign, so that a number has one spelling.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let canonical =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}
