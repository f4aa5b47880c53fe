//! The evidence room (存证链): keys, signed notes, the Merkle log with signed checkpoints, its
//! proofs and its full check, the signatures of plugin packages, and streams sealed under a
//! passphrase.
//!
//! Everything that uses `ring` flows through this crate. It has no clock and no network, it does
//! not know what a leaf means, and it never deletes or rewrites a signed leaf.
//! All formats are C2SP (signed-note, tlog-checkpoint, tlog-tiles, tlog-proof) over RFC 6962
//! hashing, so that verifiers that nobody here wrote can judge us.

mod checkpoint;
mod cipher;
mod digest;
mod error;
mod export;
mod key;
mod log;
pub mod note;
mod package;
mod proof;
pub mod tree;
mod verify;

pub use checkpoint::{Checkpoint, ORIGIN_BYTES_MAX};
pub use cipher::{OpeningReader, PASSPHRASE_CHARS_MIN, Passphrase, SealingWriter};
pub use digest::{Sha256, keyed_hash, random_hex, sha256, sha256_hex};
pub use error::{CipherError, Kind, LedgerError, NoteError, PackageError};
pub use export::{Exported, export};
pub use key::{SigningKey, TrustedKeys, VerifyingKey};
pub use log::restore::LedgerRestorer;
pub use log::{LEAF_BYTES_MAX, Leaves, Ledger, Recovery};
pub use package::{
    Inspected, PACKAGE_NOTE_BYTES_MAX, SECTIONS_MAX, inspect_package, seal_package, verify_package,
};
pub use proof::InclusionProof;
pub use verify::{Damage, Report, verify};
