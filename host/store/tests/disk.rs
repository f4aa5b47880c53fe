//! What only the sled store has: one process at a time, groups of many threads, schema versions,
//! the check, and a disk that fills up.

use crate::sample::{commit, event, id, noise, numbered, state};
use plumbline_contract::event::{DATA_BYTES_MAX, Event};
use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_store::{
    Appended, Commit, SCHEMA_VERSION, SledStore, Store, StoreError, StoreErrorKind,
};
use std::path::Path;
use std::process::Command;

const FULL_DIR: &str = "PLUMBLINE_FULL_DIR";

#[test]
fn a_second_opening_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _store = SledStore::open(dir.path()).unwrap();
    assert_eq!(SledStore::open(dir.path()).unwrap_err().kind(), StoreErrorKind::Busy);
}

#[test]
fn many_threads_append_each_event_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    let stored: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u64)
            .map(|thread| {
                let store = &store;
                scope.spawn(move || {
                    let mut stored = 0;
                    for step in 0..40 {
                        // Each event is sent by four threads, in different groups.
                        let start = thread / 4 * 400 + step * 10;
                        let events: Vec<Event> = (start..start + 10).map(numbered).collect();
                        let answers = store.append(&events).unwrap();
                        stored += answers.iter().filter(|it| it.seq().is_some()).count();
                        assert!(!answers.iter().any(|it| matches!(it, Appended::Conflict(_))));
                        assert!(store.read(EventSeq(0), 2000).unwrap().len() >= 10);
                    }
                    stored
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(stored, 800);
    assert_eq!(store.next_seq(), EventSeq(800));
    for number in 0..800 {
        let subject = format!("case-{}", number % 11);
        let wanted = numbered(number);
        let seqs = store.by_subject(&subject, 1000).unwrap();
        assert!(seqs.iter().any(|seq| store.get(*seq).unwrap().as_ref() == Some(&wanted)));
    }
    assert_eq!(store.check(), Ok(Vec::new()));
}

#[test]
fn a_newer_schema_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(SledStore::open(dir.path()).unwrap());
    let newer = SCHEMA_VERSION + 1;
    tamper(dir.path(), |db| {
        let mut value = vec![0, 0];
        value.extend(newer.to_le_bytes());
        db.insert([b'Z', 0], value).unwrap();
    });
    let error = SledStore::open(dir.path()).unwrap_err();
    assert_eq!(error, StoreError::UnknownSchema { found: newer, known: SCHEMA_VERSION });
    assert_eq!(error.to_string(), "store has schema version 3, this program knows up to 2");
    tamper(dir.path(), |db| {
        db.remove([b'Z', 0]).unwrap();
        db.insert(b"something else", b"").unwrap();
    });
    assert_eq!(SledStore::open(dir.path()).unwrap_err().kind(), StoreErrorKind::Corrupt);
}

/// One row for each kind of damage: the prefix of the keys of which the second is removed, and
/// what the check says.
#[test]
fn the_check_finds_what_is_missing() {
    let rows = [
        (b'E', "event 64 follows where 32 belongs"),
        (b'D', "index lacks event 128"),
        (b'M', "is not queued"),
        (b'T', "3 wakes are queued, the states have 2"),
        (b'A', "leaf 2 follows a hole"),
        (b'V', "incomplete value under key V"),
        (b'P', "incomplete value under key P"),
    ];
    for (prefix, wanted) in rows {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path());
        tamper(dir.path(), |db| {
            let (key, _) = db.scan_prefix([prefix]).nth(1).unwrap().unwrap();
            db.remove(key).unwrap();
        });
        let found = found_in(dir.path());
        assert!(found.contains(wanted), "{}: {found}", char::from(prefix));
    }
}

#[test]
fn the_check_finds_what_is_changed() {
    let rows: [(&[u8], &[u8], &str); 4] = [
        (b"C\0\0\x01", b"\0\0\xff\x7f\0", "cursor 16383 of 1 is beyond 300"),
        (b"X\0", b"", "unknown keys that start with X\\x00"),
        (b"D\0\0\0\0\0\0\0\x04\0", b"\0\0", "index lacks event 288"),
        (b"E\0\0\0\0\0\0\0\0\x20", b"\0\0junk", "damaged event block"),
    ];
    for (key, value, wanted) in rows {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path());
        tamper(dir.path(), |db| {
            db.insert(key, value).unwrap();
        });
        let found = found_in(dir.path()).replace("\\\\", "\\");
        assert!(found.contains(wanted), "{wanted}: {found}");
    }
}

#[test]
fn a_full_disk_stops_the_store_and_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    // A limit on the file size in place of a small disk; without the trap the signal would kill.
    let limited = r#"trap "" XFSZ; ulimit -f 8000; exec "$0" "$@""#;
    let output = Command::new("sh")
        .args(["-c", limited])
        .arg(std::env::current_exe().unwrap())
        .args(["disk::fill_up", "--exact", "--ignored", "--nocapture"])
        .env(FULL_DIR, dir.path())
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = |name: &str| -> Option<u64> {
        output.lines().find_map(|line| line.strip_prefix(name)?.parse().ok())
    };
    let acked = number("acked ").unwrap_or_else(|| panic!("{output}"));
    assert!(output.contains("first Full"), "{output}");
    assert!(output.contains("then Io"), "{output}");
    assert!(acked > 0);
    let store = SledStore::open(dir.path()).unwrap();
    assert!(store.next_seq() >= EventSeq(acked));
    assert_eq!(store.check(), Ok(Vec::new()));
}

#[test]
#[ignore = "run by the test above under a limit"]
fn fill_up() {
    let store = SledStore::open(Path::new(&std::env::var(FULL_DIR).unwrap())).unwrap();
    let mut acked = 0;
    let mut append = || {
        let data = noise(30_000, acked);
        let answer = store.append(&[event(&format!("e{acked}"), 1, "", &data)]);
        acked += u64::from(answer.is_ok());
        answer
    };
    let first = (0..2000).find_map(|_| append().err());
    let then = append().err();
    println!("\nacked {acked}");
    println!("first {:?}", first.unwrap().kind());
    println!("then {:?}", then.unwrap().kind());
    // Dropping the store would flush once more into the full disk.
    std::process::exit(0);
}

/// 300 events, 3 states with wakes, 3 leaves, a table and a setting of several chunks.
fn fill(dir: &Path) {
    let store = SledStore::open(dir).unwrap();
    store.append(&(0..300).map(numbered).collect::<Vec<_>>()).unwrap();
    let states = ["a", "b", "c"].map(|key| (id(key), Some(state(b"s", Some(1)))));
    let leaves = ["x", "y", "z"].map(|leaf| leaf.as_bytes().to_vec()).to_vec();
    store.commit(Commit { states: states.to_vec(), leaves, ..commit(1, 0, 1) }).unwrap();
    store.put_meta("large", noise(20_000, 1).as_bytes()).unwrap();
    let row = plumbline_store::TableRow {
        key: "k".into(),
        effective_from: None,
        effective_to: None,
        json: noise(20_000, 2),
    };
    store.put_table("items", &[row]).unwrap();
    assert_eq!(store.cursor(DeploymentId(1)).unwrap().seq, EventSeq(1));
}

/// What opening or checking says.
fn found_in(dir: &Path) -> String {
    match SledStore::open(dir) {
        Ok(store) => format!("{:?}", store.check().unwrap()),
        Err(error) => error.to_string(),
    }
}

/// Changes a closed store behind its back.
fn tamper(dir: &Path, change: impl FnOnce(&sled::Db)) {
    // The store's background threads let go of the directory some time after it is dropped.
    let db = (0..100_000).find_map(|_| {
        std::thread::yield_now();
        sled::open(dir).ok()
    });
    let db = db.expect("the store was dropped");
    change(&db);
    db.flush().unwrap();
}

#[test]
fn who_reads_while_payloads_go_meets_no_half_block() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    // Each takes several chunks, and one when its payload has gone.
    let data: Vec<_> = (0..4).map(|number| noise(DATA_BYTES_MAX, number)).collect();
    let large = |number: usize| event(&format!("e{number}"), 1, "large", &data[number % 4]);
    let events: Vec<Event> = (0..128).map(large).collect();
    store.append(&events).unwrap();
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let rows = store.read(EventSeq(0), 128).unwrap();
                        let left = rows.iter().filter(|row| !row.event.is_blank()).count();
                        assert_eq!(rows.len(), 128);
                        if left == 0 {
                            return;
                        }
                    }
                })
            })
            .collect();
        for number in 0..128 {
            assert_eq!(store.blank(&[EventSeq(number)]), Ok(1));
        }
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}
