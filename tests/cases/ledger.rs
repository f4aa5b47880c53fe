//! A byte that anybody changes in the ledger of a real home is found.

use plumbline_ledger::verify;
use plumbline_tests::outcome::{ledger_key, verify_ledger};
use plumbline_tests::random::Random;
use plumbline_tests::{TestHome, case, plugins};
use std::fs;
use std::path::{Path, PathBuf};

const SEED: u64 = 42;
const FLIPS: usize = 50;

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn every_flipped_byte_is_found_and_a_bad_leaf_is_named() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let cases = (0..40).flat_map(|number| case(number, "2026-02-09T10:00:00", ""));
    let mut lines: Vec<_> = cases.collect();
    lines.extend(case(99, "2026-03-31T10:00:00", ""));
    home.import("a.ndjson", &lines);
    let sound = verify_ledger(&home.app).unwrap();
    assert!(sound.checkpoint.size() > 40 && sound.unsealed_leaves == 0);

    let (dir, key) = (home.app.home().ledger_dir(), ledger_key(&home.app));
    let mut paths = Vec::new();
    files(&dir, &mut paths);
    paths.retain(|path| fs::metadata(path).unwrap().len() > 0);
    paths.sort();
    assert!(paths.len() >= 5, "{paths:?}");
    let mut random = Random::new(SEED);
    let mut leaves_hit = 0;
    for flip in 0..FLIPS {
        // Every file in turn, at any of its bytes.
        let path = &paths[flip % paths.len()];
        let sound = fs::read(path).unwrap();
        let at = random.below(sound.len() as u64) as usize;
        let mut damaged = sound.clone();
        damaged[at] ^= 1 << random.below(8);
        fs::write(path, &damaged).unwrap();
        let damage = verify(&dir, &key);
        let what = format!("seed {SEED}, flip {flip}: byte {at} of {}", path.display());
        let Err(damage) = damage else { panic!("{what} was not noticed") };
        if path.parent().is_some_and(|folder| folder.ends_with("leaves")) {
            leaves_hit += 1;
            assert_eq!(damage.leaf(), Some(leaf_at(&home, at)), "{what}: {damage}");
        }
        fs::write(path, &sound).unwrap();
    }
    assert!(leaves_hit >= 5, "{leaves_hit}");
    assert_eq!(verify_ledger(&home.app).unwrap(), sound);
}

/// The leaf whose frame holds a byte of the first segment. The offsets of the frames are the
/// ledger's own, and unharmed.
fn leaf_at(home: &TestHome, at: usize) -> u64 {
    let offsets = fs::read(home.app.home().ledger_dir().join("offsets")).unwrap();
    let offsets = offsets.chunks_exact(8);
    let starts = offsets.map(|bytes| u64::from_be_bytes(bytes.try_into().unwrap()));
    starts.take_while(|start| *start <= at as u64).count() as u64 - 1
}
