//! No byte of a ledger can change without being noticed, and a changed leaf is named.

use crate::support::{files, leaf, make, numbers, trusted};
use plumbline_ledger::{Damage, verify};
use std::fs;
use std::path::Path;

const SEALED: u64 = 300;
const SIZE: u64 = 320;
/// Larger files are sampled, because each trial checks the whole ledger.
const SAMPLES: usize = 600;
const SMALL_FILE_BYTES: usize = 400;

/// The leaf that byte `at` of the file belongs to, where it belongs to one.
fn owner(name: &str, at: usize) -> Option<u64> {
    match name {
        "offsets" => Some((at / 8) as u64),
        "tiles/0" => Some((at / 32) as u64),
        // The one hash of level 1 is over the first tile.
        "tiles/1" => Some(0),
        _ if name.starts_with("leaves/") => {
            let mut end = 0;
            (0..SIZE).find(|index| {
                end += leaf(*index).len() + 6;
                at < end
            })
        }
        _ => None,
    }
}

fn check(dir: &Path, file: &Path, bytes: &[u8], at: usize, flip: u8) {
    let name = file.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
    let mut changed = bytes.to_vec();
    changed[at] ^= flip;
    fs::write(file, &changed).unwrap();
    let damage = verify(dir, &trusted()).expect_err(&format!("byte {at} of {name}"));
    let wanted = owner(&name, at);
    assert_eq!(damage.leaf(), wanted, "byte {at} of {name}: {damage}");
    match (&damage, wanted) {
        (Damage::Leaf { index, .. }, _) => assert!(*index < SEALED),
        (Damage::Unsealed { index, .. }, _) => assert!(*index >= SEALED),
        (Damage::Tile { level: 1, hash: 0, .. }, _) => assert_eq!(name, "tiles/1"),
        (Damage::Checkpoint(_), None) => assert_eq!(name, "checkpoint"),
        (Damage::File { path, .. }, None) => assert_eq!(path, file),
        _ => panic!("byte {at} of {name}: {damage}"),
    }
}

#[test]
fn every_byte_counts() {
    let temp = tempfile::tempdir().unwrap();
    let dir = make(temp.path(), SEALED, SIZE);
    verify(&dir, &trusted()).unwrap();
    let mut names = 0;
    for file in files(&dir) {
        let bytes = fs::read(&file).unwrap();
        if bytes.is_empty() {
            continue;
        }
        names += 1;
        if bytes.len() <= SMALL_FILE_BYTES {
            for at in 0..bytes.len() {
                (0..8).for_each(|bit| check(&dir, &file, &bytes, at, 1 << bit));
            }
        } else {
            for number in numbers(bytes.len() as u64).take(SAMPLES) {
                let at = usize::try_from(number >> 8).unwrap() % bytes.len();
                check(&dir, &file, &bytes, at, (number as u8).max(1));
            }
        }
        for length in [0, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&file, &bytes[..length]).unwrap();
            assert!(verify(&dir, &trusted()).is_err(), "{file:?} cut to {length}");
        }
        fs::write(&file, [&bytes[..], b"\0"].concat()).unwrap();
        assert!(verify(&dir, &trusted()).is_err(), "{file:?} with a byte more");
        fs::write(&file, &bytes).unwrap();
    }
    assert_eq!(names, 6, "checkpoint, vkey, offsets, two tile levels, one segment");
    verify(&dir, &trusted()).unwrap();
}
