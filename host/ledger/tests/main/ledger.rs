//! The ledger in use: appending, sealing, reading, proving, and what a power cut leaves behind.

use crate::support::{ORIGIN, files, key, leaf, leaves, make, named_key, trusted};
use plumbline_ledger::tree::{leaf_hash, verify_consistency};
use plumbline_ledger::{
    Damage, InclusionProof, Kind, LEAF_BYTES_MAX, Ledger, LedgerError, Recovery, verify,
};
use std::fs::{self, OpenOptions};
use std::io::Write;

#[test]
fn leaves_come_back_after_opening() {
    let dir = tempfile::tempdir().unwrap();
    let path = make(dir.path(), 600, 700);
    let mut ledger = Ledger::open(&path, key()).unwrap();
    assert_eq!(ledger.recovery(), Recovery { unsealed_leaves: 100, cut_bytes: 0 });
    assert_eq!((ledger.size(), ledger.checkpoint().size()), (700, 600));
    assert_eq!((ledger.origin(), ledger.checkpoint().origin()), (ORIGIN, ORIGIN));
    let read: Result<Vec<_>, _> = ledger.leaves(0..700).unwrap().collect();
    assert_eq!(read.unwrap(), leaves(0..700));
    assert_eq!(ledger.leaf(255).unwrap(), leaf(255));
    assert!(matches!(ledger.leaf(700), Err(LedgerError::NoSuchLeaf { index: 700, size: 700 })));
    assert!(ledger.leaf(u64::MAX).is_err());
    assert!(ledger.leaves(5..701).is_err());
    assert_eq!(ledger.leaves(7..7).unwrap().count(), 0);
    assert!(ledger.prove_inclusion(650).is_err(), "an unsealed leaf has no proof");
    let sealed = ledger.seal().unwrap();
    assert_eq!((sealed.size(), &sealed), (700, ledger.checkpoint()));
    assert_eq!(ledger.seal().unwrap(), sealed, "nothing new, so nothing is signed");
    let report = verify(&path, &trusted()).unwrap();
    assert_eq!((report.checkpoint, report.unsealed_leaves), (sealed, 0));
    assert_eq!(report.leaf_bytes, leaves(0..700).concat().len() as u64);
}

#[test]
fn proofs_against_every_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create(&dir.path().join("l"), ORIGIN, key()).unwrap();
    let mut history = vec![ledger.checkpoint().clone()];
    for size in [1, 2, 3, 200, 255, 256, 257, 300, 513, 70_000] {
        ledger.append(&leaves(ledger.size()..size)).unwrap();
        let now = ledger.seal().unwrap();
        for old in &history {
            let path = ledger.prove_consistency(old.size()).unwrap();
            let ok = verify_consistency(old.size(), &old.root(), size, &now.root(), &path);
            assert!(ok, "{} to {size}", old.size());
            assert_eq!(ledger.root_at(old.size()).unwrap(), old.root());
        }
        for index in [0, size / 3, size / 2, size - 1] {
            let text = ledger.prove_inclusion(index).unwrap().to_string();
            let proof = InclusionProof::open(&text, &trusted()).unwrap();
            assert_eq!((proof.index(), proof.checkpoint()), (index, &now));
            proof.verify(&leaf(index)).unwrap();
            let error = proof.verify(b"another leaf").unwrap_err();
            assert_eq!(error.kind(), Kind::Untrusted);
        }
        history.push(now);
    }
    assert!(matches!(
        ledger.prove_consistency(70_001),
        Err(LedgerError::NoSuchSize { old: 70_001, size: 70_000 })
    ));
    // Past the sync distance, opening rescans only the end.
    let path = ledger.dir().to_owned();
    drop(ledger);
    let ledger = Ledger::open(&path, key()).unwrap();
    assert_eq!(ledger.leaf(69_999).unwrap(), leaf(69_999));
    assert_eq!(ledger.root_at(513).unwrap(), history[9].root());
    verify(&path, &trusted()).unwrap();
}

#[test]
fn malformed_proofs() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create(&dir.path().join("l"), ORIGIN, key()).unwrap();
    ledger.append(&leaves(0..5)).unwrap();
    ledger.seal().unwrap();
    let good = ledger.prove_inclusion(3).unwrap().to_string();
    let with_extra = good.replacen("\nindex", "\nextra AAAA\nindex", 1);
    InclusionProof::open(&with_extra, &trusted()).unwrap().verify(&leaf(3)).unwrap();
    let rows = [
        (good.replacen("proof@v1", "proof@v2", 1), "first line"),
        (good.replacen("index 3", "index 03", 1), "index"),
        (good.replacen("index 3", "index +3", 1), "index"),
        (good.replacen("index 3", "index 3\nAAAA", 1), "hash"),
        (good.replace("\n\n", "\n"), "no checkpoint"),
        (good.replacen(ORIGIN, "other.example", 1), "signature"),
    ];
    for (text, wanted) in rows {
        let error = InclusionProof::open(&text, &trusted()).unwrap_err().to_string();
        assert!(error.contains(wanted), "{text} gave {error}");
    }
    // A right proof of another leaf does not pass for this one.
    let moved = good.replacen("index 3", "index 2", 1);
    assert!(InclusionProof::open(&moved, &trusted()).unwrap().verify(&leaf(3)).is_err());
}

#[test]
fn a_torn_append_is_cut_off_wherever_it_tore() {
    let dir = tempfile::tempdir().unwrap();
    let path = make(dir.path(), 20, 22);
    let segment = files(&path.join("leaves")).remove(0);
    let whole = fs::read(&segment).unwrap();
    let before = whole.len();
    {
        let mut ledger = Ledger::open(&path, key()).unwrap();
        ledger.append(&leaves(22..23)).unwrap();
    }
    let after = fs::read(&segment).unwrap();
    for length in before..after.len() {
        fs::write(&segment, &after[..length]).unwrap();
        let mut ledger = Ledger::open(&path, key()).unwrap();
        let cut_bytes = (length - before) as u64;
        assert_eq!(ledger.recovery(), Recovery { unsealed_leaves: 2, cut_bytes });
        ledger.append(&[b"next".to_vec()]).unwrap();
        assert_eq!(ledger.leaf(21).unwrap(), leaf(21));
        assert_eq!(ledger.leaf(22).unwrap(), b"next");
    }
    // Blocks of zeros are what some file systems leave.
    fs::write(&segment, [&whole[..], &[0; 4096]].concat()).unwrap();
    let mut ledger = Ledger::open(&path, key()).unwrap();
    assert_eq!(ledger.recovery(), Recovery { unsealed_leaves: 2, cut_bytes: 4096 });
    ledger.seal().unwrap();
    verify(&path, &trusted()).unwrap();
}

#[test]
fn derived_files_that_a_power_cut_lost_are_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let path = make(dir.path(), 600, 700);
    let derived = [files(&path.join("tiles")), vec![path.join("offsets")]].concat();
    let good: Vec<_> = derived.iter().map(|file| fs::read(file).unwrap()).collect();
    for (file, bytes) in derived.iter().zip(&good) {
        fs::write(file, vec![0; bytes.len() / 2]).unwrap();
    }
    assert!(verify(&path, &trusted()).is_err());
    drop(Ledger::open(&path, key()).unwrap());
    for (file, bytes) in derived.iter().zip(&good) {
        assert_eq!(&fs::read(file).unwrap(), bytes, "{file:?}");
    }
    // A checkpoint that was not finished never left the process.
    fs::write(path.join("checkpoint.new"), "half").unwrap();
    drop(Ledger::open(&path, key()).unwrap());
    verify(&path, &trusted()).unwrap();
}

#[test]
fn damage_within_the_signed_leaves_is_not_repaired() {
    let dir = tempfile::tempdir().unwrap();
    // More leaves than are rebuilt in one go.
    let path = make(dir.path(), 5_000, 5_000);
    let segment = files(&path.join("leaves")).remove(0);
    let whole = fs::read(&segment).unwrap();
    let tiles = fs::read(path.join("tiles/0")).unwrap();

    fs::write(&segment, &whole[..whole.len() - 7]).unwrap();
    let error = Ledger::open(&path, key()).unwrap_err();
    assert!(matches!(error, LedgerError::DamagedLeaf { leaf: 4_998, .. }), "{error}");
    assert_eq!(error.kind(), Kind::DataLoss);
    fs::write(&segment, []).unwrap();
    let error = Ledger::open(&path, key()).unwrap_err();
    assert!(matches!(error, LedgerError::DamagedLeaf { leaf: 0, .. }), "{error}");

    // Someone who knows the format rewrites a red card and its checksum.
    let forged = forge(&whole, 123, &leaf(123));
    fs::write(&segment, &forged).unwrap();
    let error = Ledger::open(&path, key()).unwrap_err();
    assert!(matches!(error, LedgerError::DamagedLeaf { leaf: 123, .. }), "{error}");
    assert_eq!(fs::read(path.join("tiles/0")).unwrap(), tiles, "the trace was overwritten");
    let damage = verify(&path, &trusted()).unwrap_err();
    assert_eq!(damage.leaf(), Some(123), "{damage}");

    // And the tile of its hash: then the tile above tells, or the root where there is none.
    let mut rewritten = tiles.clone();
    let forged_leaf = forged_leaf(&leaf(123));
    rewritten[123 * 32..124 * 32].copy_from_slice(&leaf_hash(&forged_leaf).0);
    fs::write(path.join("tiles/0"), &rewritten).unwrap();
    assert!(Ledger::open(&path, key()).is_err());
    let damage = verify(&path, &trusted()).unwrap_err();
    assert!(matches!(damage, Damage::Tile { level: 1, first: 0, end: 256, .. }), "{damage}");
}

/// `leaf` with its last byte changed.
fn forged_leaf(leaf: &[u8]) -> Vec<u8> {
    let mut forged = leaf.to_vec();
    *forged.last_mut().unwrap() ^= 1;
    forged
}

/// Rewrites leaf `index` in the bytes of a segment, with a right checksum.
fn forge(segment: &[u8], index: u64, leaf: &[u8]) -> Vec<u8> {
    let start: usize = leaves(0..index).iter().map(|leaf| leaf.len() + 6).sum();
    let forged = forged_leaf(leaf);
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&segment[start..start + 2]);
    hasher.update(&forged);
    let mut out = segment.to_vec();
    out[start + 2..start + 6].copy_from_slice(&hasher.finalize().to_be_bytes());
    out[start + 6..start + 6 + forged.len()].copy_from_slice(&forged);
    out
}

#[test]
fn it_signs_nothing_that_does_not_extend_what_it_signed() {
    let dir = tempfile::tempdir().unwrap();
    let path = make(dir.path(), 300, 300);
    let mut ledger = Ledger::open(&path, key()).unwrap();
    ledger.append(&leaves(300..400)).unwrap();
    // The tiles below the next checkpoint change while the ledger is open.
    let mut tiles = fs::read(path.join("tiles/0")).unwrap();
    tiles[290 * 32] ^= 1;
    fs::write(path.join("tiles/0"), &tiles).unwrap();
    let signed = fs::read(path.join("checkpoint")).unwrap();
    let error = ledger.seal().unwrap_err();
    assert!(matches!(error, LedgerError::Inconsistent { signed: 300, size: 400 }), "{error}");
    assert_eq!(fs::read(path.join("checkpoint")).unwrap(), signed);

    // An older copy of the leaves under a newer checkpoint is refused on opening.
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (old, new) = (make(old.path(), 10, 10), make(new.path(), 20, 20));
    fs::copy(new.join("checkpoint"), old.join("checkpoint")).unwrap();
    let error = Ledger::open(&old, key()).unwrap_err();
    assert!(matches!(error, LedgerError::DamagedLeaf { leaf: 10, .. }), "{error}");
}

#[test]
fn a_failed_write_closes_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let path = make(dir.path(), 3, 3);
    let mut ledger = Ledger::open(&path, key()).unwrap();
    ledger.append(&leaves(3..4)).unwrap();
    // A folder in its place makes the new checkpoint fail.
    fs::create_dir(path.join("checkpoint.new")).unwrap();
    assert_eq!(ledger.seal().unwrap_err().kind(), Kind::Io);
    assert!(matches!(ledger.seal(), Err(LedgerError::Broken)));
    assert!(matches!(ledger.append(&leaves(4..5)), Err(LedgerError::Broken)));
    drop(ledger);
    fs::remove_dir(path.join("checkpoint.new")).unwrap();
    let mut ledger = Ledger::open(&path, key()).unwrap();
    assert_eq!(ledger.seal().unwrap().size(), 4);
}

#[test]
fn limits_and_refusals() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/ledger");
    for origin in ["", "two\nlines", &"x".repeat(256)] {
        let error = Ledger::create(&path, origin, key()).unwrap_err();
        assert!(matches!(error, LedgerError::Origin(_)), "{error}");
    }
    assert!(matches!(Ledger::open(&path, key()), Err(LedgerError::NotALedger(_))));
    let mut ledger = Ledger::create(&path, ORIGIN, key()).unwrap();
    let largest = vec![5; LEAF_BYTES_MAX];
    let error = ledger.append(&[largest.clone(), vec![5; LEAF_BYTES_MAX + 1]]).unwrap_err();
    assert!(matches!(error, LedgerError::LeafTooLarge { position: 1, bytes: 65_536 }), "{error}");
    assert_eq!(ledger.size(), 0, "nothing of the batch was appended");
    ledger.append(&[]).unwrap();
    ledger.append(&[largest.clone(), Vec::new()]).unwrap();
    assert_eq!(ledger.leaf(0).unwrap(), largest);
    assert_eq!(ledger.leaf(1).unwrap(), b"");
    assert!(matches!(Ledger::open(&path, key()), Err(LedgerError::Locked(_))));
    assert!(matches!(Ledger::create(&path, ORIGIN, key()), Err(LedgerError::Exists(_))));
    drop(ledger);
    let error = Ledger::open(&path, named_key(ORIGIN, 8)).unwrap_err();
    assert_eq!(error.kind(), Kind::Untrusted, "{error}");
    // A ledger that only exists so far is sound, too.
    let empty = dir.path().join("empty");
    drop(Ledger::create(&empty, ORIGIN, key()).unwrap());
    assert_eq!(verify(&empty, &trusted()).unwrap().checkpoint.size(), 0);
    assert_eq!(Ledger::open(&empty, key()).unwrap().seal().unwrap().size(), 0);
}

#[test]
fn files_that_do_not_belong_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = make(dir.path(), 30, 30);
    for name in ["notes.txt", "tiles/1", "tiles/x", "leaves/2.seg", "lock"] {
        let file = path.join(name);
        OpenOptions::new().append(true).create(true).open(&file).unwrap().write_all(b"x").unwrap();
        let damage = verify(&path, &trusted()).unwrap_err();
        assert!(matches!(&damage, Damage::File { path, .. } if *path == file), "{damage}");
        if name == "lock" { fs::write(&file, []).unwrap() } else { fs::remove_file(&file).unwrap() }
    }
    verify(&path, &trusted()).unwrap();
}

#[test]
fn a_ledger_of_several_segments() {
    let dir = tempfile::tempdir().unwrap();
    let path = make(dir.path(), 300, 320);
    let folder = path.join("leaves");
    let whole = fs::read(files(&folder).remove(0)).unwrap();
    let place = |index| leaves(0..index).iter().map(|leaf| leaf.len() + 6).sum::<usize>();
    let bounds = [0, place(100), place(305), place(310), whole.len()];
    for pair in bounds.windows(2) {
        fs::write(folder.join(format!("{:020}.seg", pair[0])), &whole[pair[0]..pair[1]]).unwrap();
    }
    verify(&path, &trusted()).unwrap();
    let mut ledger = Ledger::open(&path, key()).unwrap();
    ledger.append(&leaves(320..321)).unwrap();
    let read: Result<Vec<_>, _> = ledger.leaves(90..321).unwrap().collect();
    assert_eq!(read.unwrap(), leaves(90..321));
    drop(ledger);
    // A tear in a segment takes the unsealed segments behind it along.
    let third = folder.join(format!("{:020}.seg", bounds[2]));
    let mut bytes = fs::read(&third).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&third, bytes).unwrap();
    assert_eq!(verify(&path, &trusted()).unwrap_err().leaf(), Some(309));
    let ledger = Ledger::open(&path, key()).unwrap();
    assert_eq!((ledger.size(), ledger.recovery().unsealed_leaves), (309, 9));
    assert_eq!(files(&folder).len(), 3);
    verify(&path, &trusted()).unwrap();
    // Without a segment in the middle, nothing opens.
    fs::remove_file(folder.join(format!("{:020}.seg", bounds[1]))).unwrap();
    assert!(matches!(verify(&path, &trusted()), Err(Damage::File { .. })));
}
