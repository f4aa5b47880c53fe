//! A picture shows the store as it was at one moment, whatever is written while it is read, and a
//! store made from it is the same store.

use crate::sample::{commit, gap, id, noise, numbered, state};
use plumbline_contract::event::Event;
use plumbline_contract::id::{DeploymentId, EventSeq, LeafIndex};
use plumbline_store::{
    Commit, GapId, Pair, Picture, Restorer, SledStore, Store, StoreError, StoreErrorKind, TableRow,
};
use std::sync::atomic::{AtomicBool, Ordering};

const OF: DeploymentId = DeploymentId(3);

fn events(from: u64, to: u64) -> Vec<Event> {
    (from..to).map(numbered).collect()
}

fn rows(count: usize, seed: u64) -> Vec<TableRow> {
    let row = |number: usize| TableRow {
        key: format!("k{number}"),
        effective_from: None,
        effective_to: None,
        json: format!(
            r#"{{"text":"{}"}}"#,
            noise(200, seed + number as u64).replace(['"', '\\'], "")
        ),
    };
    (0..count).map(row).collect()
}

/// States, wakes, leaves, events, gaps, settings and tables, with values of many chunks.
fn change(store: &SledStore, round: u64) {
    store.append(&events(round * 90, round * 90 + 90)).unwrap();
    let states = (0..300_u64).map(|key| {
        let gone = (key + round).is_multiple_of(7);
        let wake = (key % 3 == 0).then_some((key * 10 + round) as i64);
        let bytes = noise(40 + (key as usize * 37) % 9000, round);
        (id(&format!("key-{key}")), (!gone).then(|| state(bytes.as_bytes(), wake)))
    });
    let from_seq = store.cursor(OF).unwrap().seq.0;
    let leaves = (0..20).map(|leaf| noise(50 + leaf * 400, round).into_bytes()).collect();
    let gaps = vec![gap(round, round + 1)];
    let lazy = round % 2 == 1;
    store
        .commit(Commit {
            states: states.collect(),
            leaves,
            gaps,
            gaps_closed: round.checked_sub(2).map(GapId).into_iter().collect(),
            lazy,
            ..commit(OF.0, from_seq, from_seq + 1)
        })
        .unwrap();
    store.put_meta(&format!("round/{}", round % 5), noise(7000, round).as_bytes()).unwrap();
    store.put_table("item", &rows(30, round)).unwrap();
    if round > 2 {
        store.drop_leaves(LeafIndex(round * 10)).unwrap();
        store.drop_meta(&format!("round/{}", (round + 3) % 5)).unwrap();
    }
}

fn read(picture: &mut Picture<'_>, mut between: impl FnMut()) -> Result<Vec<Pair>, StoreError> {
    let mut all = Vec::new();
    loop {
        let pairs = picture.stretch()?;
        if pairs.is_empty() {
            all.sort_by(|a: &Pair, b| a.key.cmp(&b.key));
            return Ok(all);
        }
        all.extend(pairs);
        between();
    }
}

fn filled(dir: &std::path::Path) -> SledStore {
    let store = SledStore::open(dir).unwrap();
    store.append(&events(100_000, 140_000)).unwrap();
    (0..4).for_each(|round| change(&store, round));
    store
}

fn restored(pairs: &[Pair]) -> (tempfile::TempDir, SledStore) {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("store");
    let restorer = Restorer::create(&to).unwrap();
    pairs.chunks(500).for_each(|pairs| restorer.put(pairs.to_vec()).unwrap());
    restorer.finish().unwrap();
    let store = SledStore::open(&to).unwrap();
    (dir, store)
}

#[test]
fn what_is_written_meanwhile_is_not_in_the_picture() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    let quiet = read(&mut store.picture().unwrap(), || {}).unwrap();
    assert!(quiet.len() > 2000, "{}", quiet.len());
    let mut picture = store.picture().unwrap();
    let moment = picture.moment();
    assert_eq!((moment.next_seq, moment.next_leaf), (store.next_seq(), store.next_leaf()));
    let mut round = 4;
    let busy = read(&mut picture, || {
        change(&store, round);
        if round == 6 {
            store.drop_deployment(OF).unwrap();
        }
        round += 1;
    });
    assert!(round > 8, "the picture was read in one stretch");
    assert!(busy.unwrap() == quiet, "the picture shows later changes");
    drop(picture);
    // The next picture shows them.
    let later = read(&mut store.picture().unwrap(), || {}).unwrap();
    assert!(later != quiet);
    assert_eq!(store.check(), Ok(Vec::new()));
}

#[test]
fn another_thread_may_write_all_the_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 4;
            while !done.load(Ordering::Relaxed) {
                change(&store, round);
                round += 1;
            }
        });
        for _ in 0..3 {
            let mut picture = store.picture().unwrap();
            let moment = picture.moment();
            let pairs = read(&mut picture, || {}).unwrap();
            let (_dir, copy) = restored(&pairs);
            assert_eq!(copy.check(), Ok(Vec::new()));
            assert_eq!((copy.next_seq(), copy.next_leaf()), (moment.next_seq, moment.next_leaf));
            assert_eq!(copy.leaves(LeafIndex(0), 1).unwrap()[0].0, moment.first_leaf);
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_store_made_from_a_picture_goes_on_like_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    let pairs = read(&mut store.picture().unwrap(), || {}).unwrap();
    let (_dir, copy) = restored(&pairs);
    for each in [&store, &copy] {
        change(each, 4);
        assert_eq!(
            each.append(&events(100_000, 100_010))
                .unwrap()
                .iter()
                .filter(|it| it.seq().is_some())
                .count(),
            0
        );
    }
    assert_eq!(copy.check(), Ok(Vec::new()));
    assert_eq!(copy.read(EventSeq(0), 50_000).unwrap(), store.read(EventSeq(0), 50_000).unwrap());
    let again = |store: &SledStore| read(&mut store.picture().unwrap(), || {}).unwrap();
    assert!(again(&copy) == again(&store));
}

#[test]
fn one_picture_at_a_time_and_no_store_over_another() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    let picture = store.picture().unwrap();
    assert_eq!(store.picture().unwrap_err().kind(), StoreErrorKind::Busy);
    drop(picture);
    drop(store.picture().unwrap());
    // The writer goes on after a refused picture.
    change(&store, 4);
    drop(store);
    let error = Restorer::create(dir.path()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Invalid, "{error}");
    let other = tempfile::tempdir().unwrap();
    let restorer = Restorer::create(other.path()).unwrap();
    let wrong = [
        Pair { key: b"?x".to_vec(), value: Vec::new() },
        Pair { key: b"P\0x".to_vec(), value: vec![0; 7 * 1024] },
    ];
    for pair in wrong {
        assert_eq!(restorer.put(vec![pair]).unwrap_err().kind(), StoreErrorKind::Corrupt);
    }
}
