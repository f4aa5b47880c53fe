//! Inclusion and consistency proofs of RFC 6962: making them from nodes, and verifying them.

use super::{Hash, NodeReader, node_hash, range_root};

/// Path from leaf `index` to the root of the first `size` leaves, the leaf's sibling first.
/// The caller has checked that `index < size`.
///
/// # Errors
/// If a node cannot be read.
pub fn inclusion_path<R: NodeReader>(
    reader: &R,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, R::Error> {
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(range_root(reader, middle, to)?);
            to = middle;
        } else {
            path.push(range_root(reader, from, middle)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Proof that the tree of `size` leaves extends that of `old` leaves. The caller has checked that
/// `old <= size`. It is empty if the sizes are equal or the old tree is empty.
///
/// # Errors
/// If a node cannot be read.
pub fn consistency_path<R: NodeReader>(
    reader: &R,
    old: u64,
    size: u64,
) -> Result<Vec<Hash>, R::Error> {
    let mut path = Vec::new();
    if old == 0 || old == size {
        return Ok(path);
    }
    let (mut from, mut to) = (0, size);
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            path.push(range_root(reader, middle, to)?);
            to = middle;
        } else {
            path.push(range_root(reader, from, middle)?);
            from = middle;
        }
    }
    // A verifier that knows the old root needs this node only if it is not that root.
    if from > 0 {
        path.push(range_root(reader, from, to)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether `path` leads from leaf `index` to `root` of `size` leaves (RFC 9162, 2.1.3.2).
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `path` shows that `root` of `size` leaves extends `old_root` of `old` leaves
/// (RFC 9162, 2.1.4.2).
#[must_use]
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    size: u64,
    root: &Hash,
    path: &[Hash],
) -> bool {
    if old == 0 || old >= size {
        let same = old == size && old_root == root;
        return path.is_empty() && (same || (old == 0 && *old_root == super::empty_root()));
    }
    // If the old tree is complete, its root is the first node of the path and is left out of it.
    let mut nodes = old.is_power_of_two().then_some(old_root).into_iter().chain(path);
    let Some(first) = nodes.next() else { return false };
    let shift = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> shift, (size - 1) >> shift);
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in nodes {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *root
}

/// The largest power of two below `n`, where RFC 6962 splits `n > 1` leaves.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}
