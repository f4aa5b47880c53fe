//! C2SP tlog-proof: one text that shows, offline and for ever, that a leaf is in the ledger.

use crate::checkpoint::{Checkpoint, parse_decimal};
use crate::error::NoteError;
use crate::key::TrustedKeys;
use crate::note::NOTE_BYTES_MAX;
use crate::tree::{Hash, leaf_hash, verify_inclusion};
use std::fmt;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// A path has at most one hash per bit of the size.
const PATH_MAX: usize = u64::BITS as usize;

/// Index, path and checkpoint of one leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    pub(crate) index: u64,
    pub(crate) path: Vec<Hash>,
    pub(crate) checkpoint: Checkpoint,
}

impl InclusionProof {
    /// Reads a proof and opens its checkpoint; the path is judged by [`InclusionProof::verify`].
    ///
    /// # Errors
    /// If it is malformed or no trusted key signed the checkpoint.
    pub fn open(text: &str, trusted: &TrustedKeys) -> Result<Self, NoteError> {
        let bad = NoteError::ProofFormat;
        if text.len() > 2 * NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge { bytes: text.len(), max: 2 * NOTE_BYTES_MAX });
        }
        let (head, note) = text.split_once("\n\n").ok_or(bad("no checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(bad("first line"));
        }
        // Extra data is not signed, so nothing here reads it.
        lines.next_if(|line| line.starts_with("extra "));
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(parse_decimal)
            .ok_or(bad("index"))?;
        let mut path = Vec::new();
        for line in lines {
            if path.len() == PATH_MAX {
                return Err(bad("path is too long"));
            }
            path.push(Hash::from_base64(line).ok_or(bad("hash"))?);
        }
        Ok(Self { index, path, checkpoint: Checkpoint::open(note.as_bytes(), trusted)? })
    }

    /// Judges whether the checkpoint contains `leaf` at this index.
    ///
    /// # Errors
    /// If it does not.
    pub fn verify(&self, leaf: &[u8]) -> Result<(), NoteError> {
        let (size, root) = (self.checkpoint.size(), self.checkpoint.root());
        if verify_inclusion(&leaf_hash(leaf), self.index, size, &self.path, &root) {
            return Ok(());
        }
        Err(NoteError::ProofWrong { leaf: self.index, size })
    }

    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    #[must_use]
    pub fn path(&self) -> &[Hash] {
        &self.path
    }

    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

impl fmt::Display for InclusionProof {
    /// The text of a `.tlog-proof` file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\nindex {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.checkpoint.note())
    }
}
