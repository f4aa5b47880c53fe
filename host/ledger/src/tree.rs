//! The Merkle tree of RFC 6962: hashing, growing it leaf by leaf, and reading its nodes.
//!
//! Nothing here does I/O: nodes come through [`NodeReader`], new nodes leave through a callback.

mod proof;
mod tile;

pub use proof::{consistency_path, inclusion_path, verify_consistency, verify_inclusion};
pub use tile::{TILE_HEIGHT, TILE_WIDTH, entries_path, levels, tile_path};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest::{Context, SHA256};
use std::fmt;

/// SHA-256 of a leaf or of an inner node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// Bytes of one hash.
pub const HASH_BYTES: usize = 32;

impl Hash {
    /// Reads standard base64, as it stands in checkpoints and proofs.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        // The length is checked first so that a long line is not decoded.
        let bytes = (text.len() == 44).then(|| STANDARD.decode(text).ok())??;
        bytes.try_into().ok().map(Self)
    }

    #[must_use]
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Hash of a leaf. Its prefix differs from that of nodes, so that neither passes for the other.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    hash_parts(&[&[0], leaf])
}

/// Hash of an inner node.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut input = [1; 1 + 2 * HASH_BYTES];
    input[1..=HASH_BYTES].copy_from_slice(&left.0);
    input[1 + HASH_BYTES..].copy_from_slice(&right.0);
    hash_parts(&[&input])
}

/// Root of the tree without leaves.
#[must_use]
pub fn empty_root() -> Hash {
    hash_parts(&[])
}

fn hash_parts(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0; HASH_BYTES];
    out.copy_from_slice(context.finish().as_ref());
    Hash(out)
}

/// Gives the roots of complete subtrees.
pub trait NodeReader {
    type Error;

    /// Root of the complete subtree over the leaves `index << height .. (index + 1) << height`.
    ///
    /// # Errors
    /// If it cannot be read.
    fn node(&self, height: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// Root over the leaves `from..to`, where `from` is a multiple of a power of two not below
/// `to - from`, as all ranges of RFC 6962 are.
pub(crate) fn range_root<R: NodeReader>(reader: &R, from: u64, to: u64) -> Result<Hash, R::Error> {
    let n = to - from;
    if n.is_power_of_two() {
        return reader.node(n.ilog2(), from >> n.ilog2());
    }
    let height = n.ilog2();
    let left = reader.node(height, from >> height)?;
    Ok(node_hash(&left, &range_root(reader, from + (1 << height), to)?))
}

/// The right edge of a growing tree: the roots of its complete subtrees, at most 64.
#[derive(Clone, Debug, Default)]
pub struct Frontier {
    size: u64,
    /// One root per set bit of `size`, the largest subtree first.
    roots: Vec<Hash>,
}

impl Frontier {
    /// Reads the right edge of a tree of `size` leaves.
    ///
    /// # Errors
    /// If a node cannot be read.
    pub fn read<R: NodeReader>(reader: &R, size: u64) -> Result<Self, R::Error> {
        let mut roots = Vec::new();
        for height in (0..u64::BITS).rev().filter(|height| size >> height & 1 == 1) {
            // The subtree starts behind all larger ones; at height 63 there is none.
            let start = size.checked_shr(height + 1).unwrap_or(0) << 1;
            roots.push(reader.node(height, start)?);
        }
        Ok(Self { size, roots })
    }

    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf; `complete(height, root)` is told each subtree that this leaf completes, the
    /// leaf itself (height 0) first.
    pub fn push(&mut self, leaf: Hash, mut complete: impl FnMut(u32, Hash)) {
        let mut hash = leaf;
        complete(0, hash);
        for height in 0..self.size.trailing_ones() {
            let left = self.roots.pop().expect("there is a root for each set bit of the size");
            hash = node_hash(&left, &hash);
            complete(height + 1, hash);
        }
        self.roots.push(hash);
        self.size += 1;
    }

    #[must_use]
    pub fn root(&self) -> Hash {
        let joined =
            self.roots.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
        joined.unwrap_or_else(empty_root)
    }
}
