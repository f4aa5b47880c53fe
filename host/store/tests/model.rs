//! Random operations on the sled store and on the store in memory give the same answers, also
//! across reopening.

use crate::sample::{cursor, event, id, state};
use plumbline_contract::event::Event;
use plumbline_contract::id::{DeploymentId, EventSeq, LeafIndex};
use plumbline_contract::time::{Local, Millis};
use plumbline_store::{Commit, MemoryStore, SledStore, Store};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Event>),
    Commit { commit: Box<Commit>, stale: bool },
    Push(usize),
    Drop(u64),
    Meta(u8, usize),
    DropMeta(u8),
    DropDeployment(u16),
    Reopen,
}

fn any_event() -> impl Strategy<Value = Event> {
    let size = prop_oneof![8 => 0_usize..40, 1 => 3000_usize..9000];
    (0_u8..40, 1_u32..4, 0_u8..6, 0_u8..2, size, any::<u16>()).prop_map(
        |(number, version, subject, content, size, logged)| {
            let subject = if subject == 0 { String::new() } else { format!("case-{subject}") };
            let data = format!("{content}{}", "数".repeat(size));
            let base = event(&number.to_string(), version, &subject, &data);
            Event { logged: Millis(logged.into()), ..base }
        },
    )
}

fn any_commit() -> impl Strategy<Value = Commit> {
    let wake = prop_oneof![Just(None), (-5_i64..50).prop_map(Some)];
    let size = prop_oneof![6 => 0_usize..50, 1 => 6000_usize..20_000];
    let state = proptest::option::weighted(0.8, (size, wake))
        .prop_map(|kept| kept.map(|(size, wake)| state(&vec![7; size], wake)));
    let states =
        proptest::collection::vec(((0_u8..20).prop_map(|n| id(&n.to_string())), state), 0..12);
    let events = proptest::collection::vec(any_event(), 0..3);
    let row = proptest::option::weighted(0.7, proptest::collection::vec(any::<u8>(), 0..20));
    let stands = ((0_u8..5).prop_map(|n| id(&n.to_string())), "[a-c]", row);
    let standing = proptest::collection::vec(stands, 0..6);
    (1_u16..3, states, events, standing, 0_usize..3, any::<bool>()).prop_map(
        |(deployment, states, events, standing, leaves, lazy)| Commit {
            deployment: DeploymentId(deployment),
            states,
            standing,
            events,
            leaves: vec![vec![deployment as u8; 10]; leaves],
            lazy,
            ..Commit::default()
        },
    )
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => proptest::collection::vec(any_event(), 0..50).prop_map(Step::Append),
        6 => (any_commit(), proptest::bool::weighted(0.1))
            .prop_map(|(commit, stale)| Step::Commit { commit: Box::new(commit), stale }),
        1 => (0_usize..9000).prop_map(Step::Push),
        1 => (0_u64..30).prop_map(Step::Drop),
        1 => (0_u8..4, 0_usize..20_000).prop_map(|(name, size)| Step::Meta(name, size)),
        1 => (0_u8..4).prop_map(Step::DropMeta),
        1 => (1_u16..3).prop_map(Step::DropDeployment),
        1 => Just(Step::Reopen),
    ]
}

fn apply(store: &dyn Store, step: &Step) -> String {
    match step.clone() {
        Step::Append(events) => format!("{:?}", store.append(&events)),
        Step::Commit { mut commit, stale } => {
            commit.from = store.cursor(commit.deployment).unwrap();
            commit.to = cursor(store.next_seq().0);
            // Another position inside a tick, so that every commit moves the cursor.
            let progress = commit.from.tick_after.as_ref().map_or(0, |(wake, _)| wake.0 + 1);
            commit.to.tick_after = Some((Local(progress), id("k")));
            if stale {
                commit.from = cursor(u64::MAX);
            }
            format!("{:?}", store.commit(*commit))
        }
        Step::Push(size) => format!("{:?}", store.push_leaves(&[vec![3; size], vec![]])),
        Step::Drop(below) => format!("{:?}", store.drop_leaves(LeafIndex(below))),
        Step::Meta(name, size) => {
            format!("{:?}", store.put_meta(&format!("m{name}"), &vec![name; size]))
        }
        Step::DropMeta(name) => format!("{:?}", store.drop_meta(&format!("m{name}"))),
        Step::DropDeployment(deployment) => {
            format!("{:?}", store.drop_deployment(DeploymentId(deployment)))
        }
        Step::Reopen => String::new(),
    }
}

/// Everything that can be read.
fn view(store: &dyn Store) -> Vec<String> {
    let mut view = vec![
        format!("{:?}", store.read(EventSeq(0), 100_000)),
        format!("{:?} {:?}", store.next_seq(), store.next_leaf()),
        format!("{:?}", store.leaves(LeafIndex(0), 1000)),
        format!("{:?}", store.meta_scan("")),
    ];
    for subject in 0..6 {
        view.push(format!("{:?}", store.by_subject(&format!("case-{subject}"), 7)));
    }
    for deployment in [1, 2].map(DeploymentId) {
        view.push(format!("{:?}", store.cursor(deployment)));
        view.push(format!("{:?}", store.states(deployment, None, 1000)));
        view.push(format!("{:?}", store.due(deployment, Local(30), None, 1000)));
        view.push(format!("{:?}", store.standing(deployment, None, 1000)));
        view.push(format!("{:?}", store.standing_of(deployment, &id("3"))));
    }
    view
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn sled_store_answers_like_the_store_in_memory(
        steps in proptest::collection::vec(any_step(), 1..40)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut sled = SledStore::open(dir.path()).unwrap();
        let memory = MemoryStore::new();
        for step in &steps {
            if matches!(step, Step::Reopen) {
                drop(sled);
                sled = SledStore::open(dir.path()).unwrap();
            }
            prop_assert_eq!(apply(&sled, step), apply(&memory, step));
        }
        prop_assert_eq!(view(&sled), view(&memory));
        prop_assert_eq!(sled.check(), Ok(Vec::new()));
        drop(sled);
        let sled = SledStore::open(dir.path()).unwrap();
        prop_assert_eq!(view(&sled), view(&memory));
        prop_assert_eq!(sled.check(), Ok(Vec::new()));
    }
}
