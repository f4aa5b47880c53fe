//! Keys, leaves and ledgers that the tests share.

use plumbline_ledger::{Ledger, SigningKey, TrustedKeys};
use std::path::{Path, PathBuf};

pub(crate) const ORIGIN: &str = "qinghe.example/ledger";

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, [7; 32]).unwrap()
}

pub(crate) fn named_key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, [seed; 32]).unwrap()
}

pub(crate) fn trusted() -> TrustedKeys {
    key().verifying_key().into()
}

/// Leaves of different lengths, some empty.
pub(crate) fn leaf(index: u64) -> Vec<u8> {
    let length = usize::try_from(index * 37 % 90).unwrap();
    let text = format!("预警 {index} {}", "·".repeat(length));
    if index % 50 == 49 { Vec::new() } else { text.into_bytes() }
}

pub(crate) fn leaves(range: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    range.map(leaf).collect()
}

/// A ledger with `sealed` leaves under its checkpoint and more behind it, closed again.
pub(crate) fn make(dir: &Path, sealed: u64, size: u64) -> PathBuf {
    let path = dir.join("ledger");
    let mut ledger = Ledger::create(&path, ORIGIN, key()).unwrap();
    ledger.append(&leaves(0..sealed)).unwrap();
    ledger.seal().unwrap();
    ledger.append(&leaves(sealed..size)).unwrap();
    path
}

/// All files below `dir`, in order.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Numbers that look random and are the same in every run (splitmix64).
pub(crate) fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    (1..).map(move |n: u64| {
        let mut z = seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
