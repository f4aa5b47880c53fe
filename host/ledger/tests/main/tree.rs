//! The tree against the definition in RFC 6962, and its proofs against all kinds of lies.

use plumbline_ledger::tree::{
    Frontier, Hash, NodeReader, consistency_path, empty_root, inclusion_path, leaf_hash, node_hash,
    verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use std::convert::Infallible;

/// The definition, word for word, over leaf hashes in memory.
struct Naive(Vec<Hash>);

impl Naive {
    fn new(size: u64) -> Self {
        Self((0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect())
    }

    fn root(&self, size: u64) -> Hash {
        fn mth(leaves: &[Hash]) -> Hash {
            match leaves {
                [] => empty_root(),
                [leaf] => *leaf,
                _ => {
                    let k = leaves.len().next_power_of_two() / 2;
                    node_hash(&mth(&leaves[..k]), &mth(&leaves[k..]))
                }
            }
        }
        mth(&self.0[..usize::try_from(size).unwrap()])
    }
}

impl NodeReader for Naive {
    type Error = Infallible;

    fn node(&self, height: u32, index: u64) -> Result<Hash, Infallible> {
        let from = usize::try_from(index << height).unwrap();
        Ok(Self(self.0[from..from + (1 << height)].to_vec()).root(1 << height))
    }
}

#[test]
fn known_roots() {
    // The test vectors of the Certificate Transparency project.
    let leaves: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::default();
    assert_eq!(frontier.root().to_string(), roots[0]);
    for (leaf, root) in leaves.iter().zip(&roots[1..]) {
        frontier.push(leaf_hash(leaf), |_, _| ());
        assert_eq!(frontier.root().to_string(), *root);
    }
}

#[test]
fn every_proof_of_small_trees() {
    let tree = Naive::new(34);
    for size in 1..=34 {
        let root = tree.root(size);
        for index in 0..size {
            let path = inclusion_path(&tree, index, size).unwrap();
            let leaf = tree.0[usize::try_from(index).unwrap()];
            assert!(verify_inclusion(&leaf, index, size, &path, &root), "{index} of {size}");
            for other in 0..size + 2 {
                let right = other == index;
                assert_eq!(verify_inclusion(&leaf, other, size, &path, &root), right);
            }
        }
        for old in 0..=size {
            let path = consistency_path(&tree, old, size).unwrap();
            assert!(verify_consistency(old, &tree.root(old), size, &root, &path), "{old}..{size}");
            for wrong in (0..=size).filter(|wrong| *wrong != old) {
                let ok = verify_consistency(wrong, &tree.root(old), size, &root, &path);
                assert!(!ok, "{old} passed for {wrong} of {size}");
            }
        }
        assert!(!verify_consistency(size + 1, &root, size, &root, &[]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frontier_read_and_grown_agree(size in 0_u64..700, more in 0_u64..300) {
        let tree = Naive::new(size + more);
        let mut frontier = Frontier::read(&tree, size).unwrap();
        prop_assert_eq!(frontier.root(), tree.root(size));
        let mut completed = Vec::new();
        for leaf in &tree.0[usize::try_from(size).unwrap()..] {
            let end = frontier.size() + 1;
            frontier.push(*leaf, |height, hash| completed.push((height, (end >> height) - 1, hash)));
        }
        prop_assert_eq!(frontier.root(), tree.root(size + more));
        for (height, index, hash) in completed {
            prop_assert_eq!(tree.node(height, index).unwrap(), hash);
        }
    }

    #[test]
    fn changed_proofs_are_refused(
        size in 2_u64..600, index in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let tree = Naive::new(size);
        let root = tree.root(size);
        let number = index.index(usize::try_from(size).unwrap());
        let (leaf, index) = (tree.0[number], number as u64);
        let path = inclusion_path(&tree, index, size).unwrap();
        prop_assert!(verify_inclusion(&leaf, index, size, &path, &root));
        let flip = |path: &[Hash]| {
            let mut path = path.to_vec();
            let at = place.index(path.len() * 32);
            path[at / 32].0[at % 32] ^= 1 << bit;
            path
        };
        prop_assert!(!verify_inclusion(&leaf, index, size, &flip(&path), &root));
        prop_assert!(!verify_inclusion(&leaf, index, size, &path[1..], &root));
        let longer = [path.clone(), vec![root]].concat();
        prop_assert!(!verify_inclusion(&leaf, index, size, &longer, &root));

        let old = index.max(1);
        let path = consistency_path(&tree, old, size).unwrap();
        let old_root = tree.root(old);
        prop_assert!(verify_consistency(old, &old_root, size, &root, &path));
        prop_assert!(!verify_consistency(old, &old_root, size, &root, &flip(&path)));
        prop_assert!(!verify_consistency(old, &old_root, size, &root, &path[1..]));
        prop_assert!(!verify_consistency(old, &root, size, &root, &path));
        let longer = [path.clone(), vec![root]].concat();
        prop_assert!(!verify_consistency(old, &old_root, size, &root, &longer));
    }
}
