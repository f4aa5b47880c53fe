//! Kills a writing process at arbitrary points and checks what is left. The child is this test
//! binary itself. The page cache survives a kill, so this tests atomicity and recovery; that an
//! acknowledged write is also on the disk was measured with simulated power cuts.
//!
//! `PLUMBLINE_ROUNDS` sets the number of kills.

use crate::sample::{cursor, event, id, numbered, state};
use plumbline_contract::event::Event;
use plumbline_contract::id::{DeploymentId, EventSeq, LeafIndex};
use plumbline_contract::time::Local;
use plumbline_store::{Commit, SledStore, Store};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const ROUNDS: usize = 10;
const DIR: &str = "PLUMBLINE_CRASH_DIR";
const D: DeploymentId = DeploymentId(3);

#[test]
fn a_killed_process_loses_nothing_acknowledged_and_tears_nothing() {
    let rounds = std::env::var("PLUMBLINE_ROUNDS").map_or(ROUNDS, |n| n.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    for round in 0..rounds {
        let acked = run_and_kill(dir.path(), 1 + round * 7919 % 53);
        let store = SledStore::open(dir.path()).unwrap();
        assert_eq!(store.check(), Ok(Vec::new()), "round {round}");
        verify(&store, acked);
    }
}

/// Number of events that the child was told are safe, when it was killed after some lines.
fn run_and_kill(dir: &Path, lines: usize) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["crash::child", "--exact", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let acks = BufReader::new(child.stdout.take().unwrap()).lines();
    let acks = acks.filter_map(|line| line.unwrap().strip_prefix("acked ")?.parse().ok());
    let acked = acks.take(lines).last().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    acked
}

fn verify(store: &dyn Store, acked: u64) {
    let rows = store.read(EventSeq(0), usize::MAX).unwrap();
    let (facts, events): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| row.event.kind.starts_with("fact."));
    assert!(
        events.iter().map(|row| (*row.event).clone()).eq((0..events.len() as u64).map(numbered))
    );
    assert!(events.len() as u64 >= acked, "{} of {acked}", events.len());

    let at = store.cursor(D).unwrap();
    let seen = rows.iter().filter(|row| row.seq < at.seq);
    let mut counts = BTreeMap::<&str, i64>::new();
    seen.for_each(|row| *counts.entry(&row.event.subject).or_default() += 1);
    let wanted = counts
        .iter()
        .map(|(key, count)| (id(key), state(format!("{count:0>4000}").as_bytes(), Some(*count))));
    assert!(store.states(D, None, usize::MAX).unwrap().into_iter().eq(wanted));
    assert_eq!(store.due(D, Local(i64::MAX), None, usize::MAX).unwrap().len(), counts.len());

    // Each commit has put one leaf that names its end, and from every third one a fact.
    let leaves = store.leaves(LeafIndex(0), usize::MAX).unwrap();
    let ends: Vec<u64> = leaves
        .iter()
        .map(|(_, leaf)| std::str::from_utf8(leaf).unwrap().parse().unwrap())
        .collect();
    assert!(ends.is_sorted() && ends.last().is_none_or(|end| *end == at.seq.0));
    assert_eq!(store.next_leaf(), LeafIndex(ends.len() as u64));
    assert_eq!(facts.len(), ends.iter().filter(|end| *end % 3 == 0).count());
}

/// Appends on one thread and commits on another until it is killed.
#[test]
#[ignore = "run by the test above, which kills it"]
fn child() {
    let dir = std::env::var(DIR).unwrap();
    let store = SledStore::open(Path::new(&dir)).unwrap();
    let kept = store.read(EventSeq(0), usize::MAX).unwrap();
    let mut next = kept.iter().filter(|row| !row.event.kind.starts_with("fact.")).count() as u64;
    std::thread::scope(|scope| {
        scope.spawn(|| fold(&store));
        for size in (1..).map(|step: u64| step * 31 % 97 + 1) {
            // Some repeats at the front: a sender that did not hear of its last success.
            let events: Vec<Event> = (next.saturating_sub(3)..next + size).map(numbered).collect();
            store.append(&events).unwrap();
            next += size;
            println!("acked {next}");
        }
    });
}

fn fold(store: &SledStore) -> ! {
    for step in 0_usize.. {
        let from = store.cursor(D).unwrap();
        let rows = store.read(from.seq, 64).unwrap();
        let Some(last) = rows.last() else {
            std::thread::yield_now();
            continue;
        };
        let to = cursor(last.seq.0 + 1);
        let mut added = BTreeMap::<&str, i64>::new();
        rows.iter().for_each(|row| *added.entry(&row.event.subject).or_default() += 1);
        let ids: Vec<_> = added.keys().map(|key| id(key)).collect();
        let old = store.load_states(D, &ids).unwrap();
        let states = ids.into_iter().zip(&old).zip(added.values()).map(|((id, old), added)| {
            let old = old.as_ref().map_or(0, |old| old.wake.unwrap().0);
            let count = old + added;
            (id, Some(state(format!("{count:0>4000}").as_bytes(), Some(count))))
        });
        let fact = Event {
            kind: "fact.test.passed".into(),
            ..event(&format!("fact-{}", to.seq), 1, "facts", "{}")
        };
        let commit = Commit {
            deployment: D,
            states: states.collect(),
            events: if to.seq.0.is_multiple_of(3) { vec![fact] } else { Vec::new() },
            leaves: vec![to.seq.to_string().into_bytes()],
            lazy: step % 4 != 0,
            from,
            to,
            ..Commit::default()
        };
        store.commit(commit).unwrap();
    }
    unreachable!("the steps do not end")
}
