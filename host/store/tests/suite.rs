//! The behaviour that every implementation has: each case takes a fresh store.

use crate::sample::{commit, cursor, event, gap, id, noise, numbered, state};
use plumbline_contract::event::{DATA_BYTES_MAX, Event};
use plumbline_contract::id::{DeploymentId, EventSeq, LeafIndex, TableVersion};
use plumbline_contract::task::STATE_BYTES_MAX;
use plumbline_contract::time::{Day, Local, Millis};
use plumbline_store::{
    Appended, Commit, Cursor, Due, GapId, KEY_BYTES_MAX, KeyId, KeyState, LEAF_BYTES_MAX,
    META_BYTES_MAX, MemoryStore, Problem, STANDING_BYTES_MAX, SledStore, Store, StoreError,
    StoreErrorKind, TABLE_ROW_BYTES_MAX, TableRow,
};

type Case = fn(&dyn Store);

const CASES: &[(&str, Case)] = &[
    ("a repeat is dropped, a change is a conflict, versions are kept", versions),
    ("events are read back in order from any position", reading),
    ("events of some types are read with their positions", sifting),
    ("events at the size limit are kept, larger ones refused as a whole", large_events),
    ("payloads are dropped, envelopes and identities stay", blanking),
    ("subjects lead to the newest events", subjects),
    ("a commit takes effect once and only from its cursor", fencing),
    ("wakes follow their states", wakes),
    ("states of any size are replaced whole", large_states),
    ("facts of a commit enter the log", facts),
    ("leaves are numbered without a hole and leave from the front", outbox),
    ("tables keep every version", tables),
    ("settings are read by name and by prefix", settings),
    ("gaps stay until they are closed", gaps),
    ("what stands is kept by key and goes with its deployment", standing),
    ("a dropped deployment leaves nothing but its events and leaves", dropping),
    ("limits are refused before anything is written", limits),
];

#[test]
fn memory_store_passes_the_suite() {
    for (name, case) in CASES {
        println!("{name}");
        case(&MemoryStore::new());
    }
}

#[test]
fn sled_store_passes_the_suite() {
    for (name, case) in CASES {
        println!("{name}");
        let dir = tempfile::tempdir().unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        case(&store);
        assert_eq!(problems(&store), [], "{name}");
        drop(store);
        assert_eq!(problems(&SledStore::open(dir.path()).unwrap()), [], "{name}");
    }
}

/// The cases commit cursors without appending the events that they count; all else must fit.
fn problems(store: &SledStore) -> Vec<Problem> {
    let mut problems = store.check().unwrap();
    problems.retain(|problem| !problem.0.starts_with("cursor "));
    problems
}

const D: DeploymentId = DeploymentId(1);

fn versions(store: &dyn Store) {
    use Appended::{Conflict, New, Older, Repeat, Superseding};
    let seq = EventSeq;
    let first = event("a", 2, "case-1", "{}");
    let received_again = Event { logged: Millis(1), ..first.clone() };
    let changed = Event { data: r#"{"x":1}"#.into(), ..first.clone() };
    let other_source = Event { source: "other".into(), ..first.clone() };
    let higher = event("a", 5, "case-1", "{}");
    let lower = event("a", 1, "case-1", "{}");
    let between = event("a", 3, "case-1", "{}");
    let steps = [
        (&first, New(seq(0))),
        (&first, Repeat),
        (&received_again, Repeat),
        (&changed, Conflict(seq(0))),
        (&other_source, New(seq(1))),
        (&higher, Superseding(seq(2))),
        (&first, Repeat),
        (&changed, Conflict(seq(0))),
        (&lower, Older(seq(3))),
        (&lower, Repeat),
        (&between, Older(seq(4))),
        (&between, Repeat),
        (&higher, Repeat),
    ];
    for (step, (event, answer)) in steps.iter().enumerate() {
        assert_eq!(store.append(&[(*event).clone()]), Ok(vec![*answer]), "step {step}");
    }
    // The same in one call, behind enough others to lie in a sealed block.
    store.append(&(0..100).map(numbered).collect::<Vec<_>>()).unwrap();
    let again: Vec<Event> = steps.iter().map(|(event, _)| (*event).clone()).collect();
    let answers = store.append(&again).unwrap();
    for (answer, event) in answers.iter().zip(&again) {
        assert_eq!(*answer, if *event == changed { Conflict(seq(0)) } else { Repeat });
    }
    let twice = [event("b", 1, "", "{}"), event("b", 1, "", "{}"), event("b", 2, "", "{}")];
    assert_eq!(store.append(&twice), Ok(vec![New(seq(105)), Repeat, Superseding(seq(106))]));
    assert_eq!(store.get(seq(2)), Ok(Some(higher)));
    assert_eq!(store.next_seq(), seq(107));
}

/// Two thousand events in blocks and in the tail, of which every seventh is of the wanted type.
fn sifting(store: &dyn Store) {
    let kind = |number: u64| if number.is_multiple_of(7) { "fund.paid" } else { "fund.asked" };
    let events: Vec<_> =
        (0..2_005).map(|number| Event { kind: kind(number).into(), ..numbered(number) }).collect();
    events.chunks(300).for_each(|events| drop(store.append(events).unwrap()));
    for (from, until, max) in [
        (0, 2_005, 9_999),
        (0, 70, 9_999),
        (7, 8, 1),
        (8, 14, 5),
        (30, 2_000, 11),
        (2_003, 9_999, 3),
    ] {
        let wanted = &mut |kind: &str| kind == "fund.paid";
        let rows = store.sift((EventSeq(from), EventSeq(until)), max, wanted).unwrap();
        let part = rows.part(EventSeq(from), EventSeq(until));
        let all = (from..until.min(2_005)).filter(|number| number.is_multiple_of(7));
        let asked: Vec<_> = all.take(max).collect();
        let found: Vec<_> = part.iter().map(|(seq, event)| (seq, event.to_event())).collect();
        let expected = asked.iter().map(|at| (EventSeq(*at), events[*at as usize].clone()));
        assert_eq!(found, expected.collect::<Vec<_>>(), "{from} {until} {max}");
        // What lies behind the last was read too, or else the next begins there.
        let next = asked.last().map_or(from, |last| last + 1);
        let is_full = asked.len() == max;
        let end = if is_full { next..=until } else { until.min(2_005)..=until };
        assert!(end.contains(&part.end().0), "{from} {until} {max}: {:?}", part.end());
    }
    let all = store.sift((EventSeq(5), EventSeq(40)), 9_999, &mut |_| true).unwrap();
    assert!(
        all.part(EventSeq(5), EventSeq(40)).iter().eq(store.rows(EventSeq(5), 35).unwrap().iter())
    );
}

fn reading(store: &dyn Store) {
    let events: Vec<Event> = (0..1000).map(numbered).collect();
    let mut stored = 0;
    // Groups of every size from 0 on, so that blocks seal in the middle of groups.
    for size in 0.. {
        let end = (stored + size).min(events.len());
        store.append(&events[stored..end]).unwrap();
        stored = end;
        assert_eq!(store.next_seq(), EventSeq(stored as u64));
        if stored == events.len() {
            break;
        }
    }
    for (from, max) in
        [(0, 2000), (0, 1), (31, 2), (32, 32), (957, 3), (990, 50), (999, 1), (500, 0)]
    {
        let rows = store.read(EventSeq(from as u64), max).unwrap();
        let end = (from + max).min(events.len());
        assert_eq!(rows.len(), end - from, "{from} {max}");
        for (row, number) in rows.iter().zip(from..) {
            assert_eq!((row.seq, &*row.event), (EventSeq(number as u64), &events[number]));
        }
    }
    assert_eq!(store.read(EventSeq(1000), 10), Ok(Vec::new()));
    assert_eq!(store.read(EventSeq(u64::MAX), 10), Ok(Vec::new()));
    assert_eq!(store.get(EventSeq(1000)), Ok(None));
    for number in [0, 31, 32, 500, 999] {
        assert_eq!(store.get(EventSeq(number)), Ok(Some(numbered(number))));
    }
}

fn blanking(store: &dyn Store) {
    use Appended::{Conflict, Repeat};
    let events: Vec<Event> = (0..100).map(numbered).collect();
    store.append(&events).unwrap();
    let seqs: Vec<_> = [0, 5, 31, 32, 70].map(EventSeq).to_vec();
    assert_eq!(store.blank(&seqs), Ok(5));
    assert_eq!(store.blank(&seqs), Ok(0), "a second time there is nothing to drop");
    for (event, number) in events.iter().zip(0..) {
        let stored = store.get(EventSeq(number)).unwrap().unwrap();
        let wanted = match seqs.contains(&EventSeq(number)) {
            true => Event { data: String::new(), ..event.clone() },
            false => event.clone(),
        };
        assert_eq!(stored, wanted, "{number}");
    }
    // It is known what came, not what it said.
    let other = |event: &Event| Event { data: r#"{"other":1}"#.to_owned(), ..event.clone() };
    let answers = store.append(&[events[5].clone(), other(&events[5]), other(&events[6])]);
    assert_eq!(answers, Ok(vec![Repeat, Repeat, Conflict(EventSeq(6))]));
    assert_eq!(store.next_seq(), EventSeq(100));
}

fn large_events(store: &dyn Store) {
    let largest = |number: u64| {
        let data = noise(DATA_BYTES_MAX, number);
        event(&format!("large-{number}"), 1, "large", &data)
    };
    let events: Vec<Event> =
        (0..70).map(|n| if n % 3 == 0 { numbered(n) } else { largest(n) }).collect();
    // One by one through the tail, then as one group.
    events[..40].iter().for_each(|event| {
        store.append(std::slice::from_ref(event)).unwrap();
    });
    store.append(&events[40..]).unwrap();
    let rows = store.read(EventSeq(0), 100).unwrap();
    assert!(rows.iter().map(|row| &*row.event).eq(&events));
    assert_eq!(store.get(EventSeq(38)), Ok(Some(events[38].clone())));
    let too_large = event("x", 1, "", &noise(2 * DATA_BYTES_MAX, 1));
    let error = store.append(&[numbered(1000), too_large]).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Invalid);
    assert_eq!(store.next_seq(), EventSeq(70));
}

fn subjects(store: &dyn Store) {
    for group in (0..300).map(numbered).collect::<Vec<_>>().chunks(7) {
        store.append(group).unwrap();
    }
    store.append(&[event("none", 1, "", "{}"), event("none2", 1, "", "{}")]).unwrap();
    let all: Vec<EventSeq> = (0..300).filter(|n| n % 11 == 4).map(EventSeq).collect();
    assert_eq!(store.by_subject("case-4", 1000), Ok(all.clone()));
    assert_eq!(store.by_subject("case-4", 3), Ok(all[all.len() - 3..].to_vec()));
    for (subject, max) in [("case-4", 0), ("case-11", 9), ("", 9)] {
        assert_eq!(store.by_subject(subject, max), Ok(Vec::new()));
    }
}

fn fencing(store: &dyn Store) {
    assert_eq!(store.cursor(D), Ok(Cursor::default()));
    let first = Commit {
        states: vec![(id("a"), Some(state(b"1", None)))],
        leaves: vec![b"leaf".to_vec()],
        ..commit(1, 0, 5)
    };
    store.commit(first.clone()).unwrap();
    let again = Commit { states: vec![(id("a"), Some(state(b"2", Some(9))))], ..first };
    let error = store.commit(again).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Fenced);
    let (expected, found) = (Box::new(cursor(0)), Box::new(cursor(5)));
    assert_eq!(error, StoreError::Fenced { deployment: D, expected, found });
    assert_eq!(store.load_states(D, &[id("a")]), Ok(vec![Some(state(b"1", None))]));
    assert_eq!(store.next_leaf(), LeafIndex(1));
    // Progress inside a tick is part of the guard.
    let inside = Cursor { seq: EventSeq(5), tick_after: Some((Local(7), id("a"))) };
    store.commit(Commit { to: inside.clone(), ..commit(1, 5, 5) }).unwrap();
    assert_eq!(store.cursor(D), Ok(inside.clone()));
    assert_eq!(store.commit(commit(1, 5, 6)).unwrap_err().kind(), StoreErrorKind::Fenced);
    store.commit(Commit { from: inside, lazy: true, ..commit(1, 0, 6) }).unwrap();
    store.sync().unwrap();
    assert_eq!(store.cursor(D), Ok(cursor(6)));
    assert_eq!(store.cursor(DeploymentId(2)), Ok(Cursor::default()));
}

fn wakes(store: &dyn Store) {
    let due = |wake: i64, key: &str| Due { wake: Local(wake), id: id(key) };
    let all = |store: &dyn Store| store.due(D, Local(i64::MAX), None, 100).unwrap();
    let wake = |key: &str, wake| (id(key), Some(state(key.as_bytes(), wake)));
    store
        .commit(Commit {
            states: vec![
                wake("b", Some(5)),
                wake("a", Some(5)),
                wake("c", Some(-3)),
                wake("d", None),
                wake("e", Some(i64::MAX)),
                wake("f", Some(6)),
            ],
            ..commit(1, 0, 1)
        })
        .unwrap();
    let order = vec![due(-3, "c"), due(5, "a"), due(5, "b"), due(6, "f"), due(i64::MAX, "e")];
    assert_eq!(all(store), order);
    assert_eq!(store.due(D, Local(5), None, 100), Ok(order[..3].to_vec()));
    assert_eq!(store.due(D, Local(4), None, 100), Ok(order[..1].to_vec()));
    assert_eq!(store.due(D, Local(6), Some(&(Local(5), id("a"))), 1), Ok(order[2..3].to_vec()));
    // A position that no wake has any more is a position all the same.
    assert_eq!(store.due(D, Local(6), Some(&(Local(5), id("aa"))), 9), Ok(order[2..4].to_vec()));
    assert_eq!(store.due(D, Local(5), Some(&(Local(5), id("b"))), 9), Ok(Vec::new()));
    store
        .commit(Commit {
            states: vec![
                wake("a", Some(5)),
                wake("b", None),
                (id("c"), None),
                wake("d", Some(4)),
                wake("e", Some(7)),
                (id("g"), None),
                // The last word on one key counts.
                wake("f", Some(1)),
                wake("f", Some(8)),
            ],
            ..commit(1, 1, 2)
        })
        .unwrap();
    assert_eq!(all(store), [due(4, "d"), due(5, "a"), due(7, "e"), due(8, "f")]);
    assert_eq!(store.due(DeploymentId(0), Local(i64::MAX), None, 9), Ok(Vec::new()));
    assert_eq!(store.due(DeploymentId(2), Local(i64::MAX), None, 9), Ok(Vec::new()));
    let loaded = store.load_states(D, &[id("c"), id("b"), id("g")]);
    assert_eq!(loaded, Ok(vec![None, Some(state(b"b", None)), None]));
    let keys = |after: Option<&KeyId>, max| -> Vec<String> {
        store.states(D, after, max).unwrap().into_iter().map(|(id, _)| id.key).collect()
    };
    assert_eq!(keys(None, 100), ["a", "b", "d", "e", "f"]);
    assert_eq!(keys(Some(&id("b")), 2), ["d", "e"]);
    assert_eq!(keys(Some(&id("f")), 2), [""; 0]);
}

fn large_states(store: &dyn Store) {
    let sizes =
        [0, 1, 6000, 6133, 6134, 6135, 6142, 6143, 6144, STATE_BYTES_MAX, 12_288, 20, 7000, 0];
    let mut at = 0;
    for wake in [None, Some(1), Some(2)] {
        for (number, size) in sizes.into_iter().enumerate() {
            let bytes = noise(size, number as u64).into_bytes();
            let one =
                KeyState { state: bytes.clone(), wake: wake.map(Local), region: String::new() };
            // A neighbour whose key starts with the other key must not get into its chunks.
            let near = KeyState { state: bytes, wake: None, region: "3310".to_owned() };
            let states = vec![(id("k"), Some(one.clone())), (id("k\0\u{1}"), Some(near.clone()))];
            store.commit(Commit { states, ..commit(1, at, at + 1) }).unwrap();
            at += 1;
            let loaded = store.load_states(D, &[id("k"), id("k\0\u{1}"), id("")]).unwrap();
            assert_eq!(loaded, [Some(one), Some(near), None], "{size}");
            assert_eq!(store.states(D, None, 9).unwrap().len(), 2);
        }
    }
}

fn facts(store: &dyn Store) {
    store.append(&[numbered(0)]).unwrap();
    let fact = Event { kind: "fact.penalty.listed".into(), ..event("f1", 1, "company", "{}") };
    let events = vec![fact.clone(), numbered(0), fact.clone()];
    let done = store.commit(Commit { events, ..commit(1, 0, 1) }).unwrap();
    let answers = [Appended::New(EventSeq(1)), Appended::Repeat, Appended::Repeat];
    assert_eq!(done.events, answers);
    assert_eq!(store.get(EventSeq(1)), Ok(Some(fact)));
    assert_eq!(store.by_subject("company", 5), Ok(vec![EventSeq(1)]));
}

fn outbox(store: &dyn Store) {
    let leaf = |number: u64| {
        let size = if number.is_multiple_of(5) { LEAF_BYTES_MAX } else { number as usize };
        noise(size, number).into_bytes()
    };
    let wanted = |from: u64, to: u64| -> Vec<_> {
        (from..to).map(|number| (LeafIndex(number), leaf(number))).collect()
    };
    assert_eq!(store.push_leaves(&[leaf(0), leaf(1)]), Ok(LeafIndex(0)));
    for lazy in [false, true] {
        let at = if lazy { 1 } else { 0 };
        let leaves = vec![leaf(2 + 2 * at), leaf(3 + 2 * at)];
        let done = store.commit(Commit { leaves, lazy, ..commit(1, at, at + 1) }).unwrap();
        assert_eq!(done.first_leaf, LeafIndex(2 + 2 * at));
    }
    assert_eq!(store.leaves(LeafIndex(0), 100), Ok(wanted(0, 6)));
    assert_eq!(store.leaves(LeafIndex(4), 1), Ok(wanted(4, 5)));
    store.drop_leaves(LeafIndex(4)).unwrap();
    store.drop_leaves(LeafIndex(2)).unwrap();
    assert_eq!(store.leaves(LeafIndex(0), 100), Ok(wanted(4, 6)));
    assert_eq!(store.push_leaves(&[]), Ok(LeafIndex(6)));
    store.drop_leaves(LeafIndex(u64::MAX)).unwrap();
    assert_eq!(store.leaves(LeafIndex(0), 100), Ok(Vec::new()));
    assert_eq!(store.push_leaves(&[leaf(6)]), Ok(LeafIndex(6)));
    assert_eq!(store.leaves(LeafIndex(0), 100), Ok(wanted(6, 7)));
    assert_eq!(store.next_leaf(), LeafIndex(7));
    let many: Vec<_> = (7..2600).map(|_| Vec::new()).collect();
    store.push_leaves(&many).unwrap();
    store.drop_leaves(LeafIndex(2599)).unwrap();
    assert_eq!(store.leaves(LeafIndex(0), 9), Ok(vec![(LeafIndex(2599), Vec::new())]));
}

fn tables(store: &dyn Store) {
    let rows = |count: u64| -> Vec<TableRow> {
        let row = |number| TableRow {
            key: format!("item-{number}"),
            effective_from: Some(Day(number as i32)),
            effective_to: (number % 2 == 0).then_some(Day(20_000)),
            json: format!(r#"{{"name":"{}"}}"#, noise(50, number)),
        };
        (0..count).map(row).collect()
    };
    assert_eq!(store.table_versions("items"), Ok(Vec::new()));
    for (version, count) in [(1, 2000), (2, 0), (3, 1)] {
        assert_eq!(store.put_table("items", &rows(count)), Ok(TableVersion(version)));
        assert_eq!(store.put_table("items\0", &rows(version.into())), Ok(TableVersion(version)));
    }
    for (version, count) in [(1, 2000), (2, 0), (3, 1)] {
        assert_eq!(store.table("items", TableVersion(version)), Ok(Some(rows(count))));
        assert_eq!(store.table("items\0", TableVersion(version)), Ok(Some(rows(version.into()))));
    }
    assert_eq!(store.table_versions("items"), Ok([1, 2, 3].map(TableVersion).to_vec()));
    assert_eq!(store.table_versions("item"), Ok(Vec::new()));
    for version in [0, 4] {
        assert_eq!(store.table("items", TableVersion(version)), Ok(None));
    }
    assert_eq!(store.table("item", TableVersion(1)), Ok(None));
}

fn settings(store: &dyn Store) {
    let large = noise(100_000, 1).into_bytes();
    store.put_meta("deploy/2", &large).unwrap();
    store.put_meta("deploy/1", b"one").unwrap();
    store.put_meta("deploy", b"").unwrap();
    store.put_meta("设置/周期", b"x").unwrap();
    let names = |prefix| -> Vec<(String, usize)> {
        let found = store.meta_scan(prefix).unwrap();
        found.into_iter().map(|(name, value)| (name, value.len())).collect()
    };
    let named = |name: &str, size| (name.to_string(), size);
    assert_eq!(names("deploy/"), [named("deploy/1", 3), named("deploy/2", 100_000)]);
    assert_eq!(names("").len(), 4);
    assert_eq!(names("设"), [named("设置/周期", 1)]);
    assert_eq!(names("e"), []);
    assert_eq!(store.meta("deploy/2"), Ok(Some(large)));
    assert_eq!(store.meta("deploy/"), Ok(None));
    store.put_meta("deploy/2", b"small").unwrap();
    assert_eq!(store.meta("deploy/2"), Ok(Some(b"small".to_vec())));
    store.drop_meta("deploy/1").unwrap();
    store.drop_meta("never").unwrap();
    assert_eq!(names("deploy"), [named("deploy", 0), named("deploy/2", 5)]);
}

fn gaps(store: &dyn Store) {
    store.commit(Commit { gaps: vec![gap(0, 3), gap(4, 4)], ..commit(1, 0, 5) }).unwrap();
    store.commit(Commit { gaps: vec![gap(9, 9)], ..commit(2, 0, 5) }).unwrap();
    let found: Vec<_> = store.gaps(D).unwrap().into_iter().map(|gap| (gap.id, gap.row)).collect();
    assert_eq!(found, [(GapId(0), gap(0, 3)), (GapId(1), gap(4, 4))]);
    let closing = vec![GapId(1), GapId(7)];
    let again = Commit { gaps: vec![gap(6, 7)], gaps_closed: closing, ..commit(1, 5, 8) };
    store.commit(again).unwrap();
    let ids = || -> Vec<_> { store.gaps(D).unwrap().into_iter().map(|gap| gap.id).collect() };
    assert_eq!(ids(), [GapId(0), GapId(2)], "a number is never used twice");
    let closing = vec![GapId(0), GapId(9)];
    store.commit(Commit { gaps_closed: closing, ..commit(1, 8, 9) }).unwrap();
    assert_eq!(ids(), [GapId(2)]);
    assert_eq!(store.gaps(DeploymentId(2)).unwrap().len(), 1);
}

fn standing(store: &dyn Store) {
    let of = DeploymentId(3);
    let row = |key: &str, alert: &str, row: Option<&str>| {
        (id(key), alert.to_owned(), row.map(|row| row.as_bytes().to_vec()))
    };
    let stands = |store: &dyn Store| -> Vec<String> {
        let mut found = Vec::new();
        let mut last: Option<(KeyId, String)> = None;
        // Pages of one, so that every start behind a row is tried.
        while let Some(one) = store
            .standing(of, last.as_ref().map(|(id, alert)| (id, alert.as_str())), 1)
            .unwrap()
            .pop()
        {
            found.push(format!(
                "{} {} {}",
                one.id.key,
                one.alert,
                String::from_utf8_lossy(&one.row)
            ));
            last = Some((one.id, one.alert));
        }
        found
    };
    let all = vec![
        row("k", "b", Some("yellow")),
        row("k", "a", Some("red")),
        row("k2", "a", Some("red")),
        row("k\0", "c", Some("notice")),
    ];
    let first = Commit { standing: all, ..commit(3, 0, 1) };
    store.commit(first).unwrap();
    assert_eq!(stands(store), ["k a red", "k b yellow", "k\0 c notice", "k2 a red"]);
    let own = store.standing_of(of, &id("k")).unwrap();
    assert_eq!(own.iter().map(|one| one.alert.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(store.standing_of(DeploymentId(4), &id("k")).unwrap().is_empty());

    let change = vec![row("k", "a", None), row("k", "b", Some("red")), row("none", "x", None)];
    store.commit(Commit { standing: change, ..commit(3, 1, 2) }).unwrap();
    assert_eq!(stands(store), ["k b red", "k\0 c notice", "k2 a red"]);
    let large = vec![(id("k"), "b".to_owned(), Some(vec![0; STANDING_BYTES_MAX + 1]))];
    let error = store.commit(Commit { standing: large, ..commit(3, 2, 3) });
    assert_eq!(error.unwrap_err().kind(), StoreErrorKind::Invalid);
    store.drop_deployment(of).unwrap();
    assert!(stands(store).is_empty());
}

fn dropping(store: &dyn Store) {
    for deployment in [1, 2] {
        let large = noise(20_000, 1).into_bytes();
        let state = |number: u64| {
            let bytes = if number.is_multiple_of(100) { large.clone() } else { vec![1] };
            (id(&number.to_string()), Some(state(&bytes, Some(number as i64))))
        };
        store
            .commit(Commit {
                states: (0..3000).map(state).collect(),
                gaps: vec![gap(0, 1)],
                leaves: vec![b"leaf".to_vec()],
                events: vec![event(&format!("fact-{deployment}"), 1, "", "{}")],
                ..commit(deployment, 0, 1)
            })
            .unwrap();
    }
    store.drop_deployment(D).unwrap();
    store.drop_deployment(DeploymentId(9)).unwrap();
    assert_eq!(store.cursor(D), Ok(Cursor::default()));
    assert_eq!(store.states(D, None, 9), Ok(Vec::new()));
    assert_eq!(store.due(D, Local(i64::MAX), None, 9), Ok(Vec::new()));
    assert_eq!(store.gaps(D), Ok(Vec::new()));
    let other = DeploymentId(2);
    assert_eq!(store.cursor(other), Ok(cursor(1)));
    assert_eq!(store.states(other, None, 9999).unwrap().len(), 3000);
    assert_eq!(store.due(other, Local(i64::MAX), None, 9999).unwrap().len(), 3000);
    assert_eq!((store.next_seq(), store.next_leaf()), (EventSeq(2), LeafIndex(2)));
}

fn limits(store: &dyn Store) {
    let long = "x".repeat(KEY_BYTES_MAX + 1);
    let row = |key: &str, size| TableRow {
        key: key.into(),
        effective_from: None,
        effective_to: None,
        json: "x".repeat(size),
    };
    let with_state = |key: &str, size| Commit {
        states: vec![(id("fine"), None), (id(key), Some(state(&vec![0; size], None)))],
        ..commit(1, 0, 1)
    };
    let errors = [
        store.commit(with_state("k", STATE_BYTES_MAX + 1)).unwrap_err(),
        store.commit(with_state(&long, 1)).unwrap_err(),
        store.push_leaves(&[vec![0], vec![0; LEAF_BYTES_MAX + 1]]).unwrap_err(),
        store.put_meta("k", &vec![0; META_BYTES_MAX + 1]).unwrap_err(),
        store.put_meta(&long, b"").unwrap_err(),
        store.put_table(&long, &[]).unwrap_err(),
        store.put_table("t", &[row(&long, 1)]).unwrap_err(),
        store.put_table("t", &[row("k", TABLE_ROW_BYTES_MAX + 1)]).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), StoreErrorKind::Invalid, "{error}");
    }
    assert_eq!(store.cursor(D), Ok(Cursor::default()));
    assert_eq!(store.next_leaf(), LeafIndex(0));
    assert_eq!(store.table_versions("t"), Ok(Vec::new()));
    let longest = KeyId { stream: String::new(), key: "\0".repeat(KEY_BYTES_MAX) };
    let states = vec![(longest.clone(), Some(state(b"s", Some(1))))];
    store.commit(Commit { states, ..commit(1, 0, 1) }).unwrap();
    assert_eq!(store.due(D, Local(1), None, 9).unwrap()[0].id, longest);
}
