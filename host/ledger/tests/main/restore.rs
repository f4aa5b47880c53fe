//! A ledger made again from its leaves and its checkpoint is the same ledger, byte by byte.

use crate::support::{files, key, leaves, make, named_key, trusted};
use plumbline_ledger::{Ledger, LedgerError, LedgerRestorer, verify};
use std::fs;
use std::path::Path;

fn note(dir: &Path) -> String {
    fs::read_to_string(dir.join("checkpoint")).unwrap()
}

#[test]
fn it_comes_back_byte_by_byte_and_goes_on() {
    for size in [0, 1, 255, 256, 257, 70_000] {
        let dir = tempfile::tempdir().unwrap();
        let old = make(dir.path(), size, size);
        let new = dir.path().join("again");
        let public = key().verifying_key().clone();
        let mut restorer = LedgerRestorer::create(&new, &public, &note(&old)).unwrap();
        for from in (0..size).step_by(1000) {
            restorer.append(&leaves(from..size.min(from + 1000))).unwrap();
        }
        assert_eq!(restorer.finish().unwrap().size(), size);
        for path in files(&old) {
            let name = path.strip_prefix(&old).unwrap();
            assert!(fs::read(&path).unwrap() == fs::read(new.join(name)).unwrap(), "{name:?}");
        }
        assert_eq!(verify(&new, &trusted()).unwrap(), verify(&old, &trusted()).unwrap());
        let mut ledger = Ledger::open(&new, key()).unwrap();
        ledger.append(&leaves(size..size + 3)).unwrap();
        assert_eq!(ledger.seal().unwrap().size(), size + 3);
    }
}

#[test]
fn other_leaves_or_another_key_give_no_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let old = make(dir.path(), 300, 300);
    let (public, note) = (key().verifying_key().clone(), note(&old));
    let begin = |name: &str| LedgerRestorer::create(&dir.path().join(name), &public, &note);
    let fewer = leaves(0..299);
    let mut other = leaves(0..300);
    other[150] = b"another".to_vec();
    for (name, leaves) in [("fewer", fewer), ("other", other)] {
        let mut restorer = begin(name).unwrap();
        restorer.append(&leaves).unwrap();
        let error = restorer.finish().unwrap_err();
        assert!(matches!(error, LedgerError::Inconsistent { signed: 300, .. }), "{name}: {error}");
        // Without its checkpoint it is no ledger.
        let error = Ledger::open(&dir.path().join(name), key()).unwrap_err();
        assert!(matches!(error, LedgerError::NotALedger(_)), "{name}: {error}");
    }
    let error = begin("more").unwrap().append(&leaves(0..301)).unwrap_err();
    assert!(matches!(error, LedgerError::Inconsistent { signed: 300, size: 301 }), "{error}");
    assert!(matches!(begin("more").unwrap_err(), LedgerError::Exists(_)));
    let stranger = named_key(key().name(), 9).verifying_key().clone();
    let error = LedgerRestorer::create(&dir.path().join("key"), &stranger, &note).unwrap_err();
    assert!(matches!(error, LedgerError::Note(_)), "{error}");
}
