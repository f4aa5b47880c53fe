//! Looking once at the end leaves standing what looking each time does, in every stream, whatever
//! the order of arrival and wherever the log is cut into tasks. The events are those of the examples,
//! with the facts that the streams tell each other.
#![allow(clippy::unwrap_used)]

use super::Own;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::Tables;
use plumbline_contract::task::{EventView, Input, LookMode, Task, Verdict};
use plumbline_contract::time::{Local, Zone};
use plumbline_guest::author_state;
use plumbline_guest::example::{Executor, run_file};
use plumbline_guest::native::{Native, NativeExecutor, NativeHost};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

/// All that one key of one stream was told in an example.
#[derive(Debug)]
struct Story {
    stream: String,
    key: String,
    parameters: String,
    tables: Arc<dyn Tables>,
    events: Vec<EventView<'static>>,
}

/// Runs examples and writes down what each key is told.
#[derive(Default)]
struct Recorder {
    native: NativeExecutor<Own>,
    stories: Vec<Story>,
}

fn keep(text: &str) -> &'static str {
    text.to_owned().leak()
}

impl Executor for Recorder {
    fn supervise(
        &mut self,
        parameters: &str,
        tables: Arc<dyn Tables>,
        zone: &Zone,
        tasks: &[Task<'_>],
    ) -> Result<Vec<Verdict>, String> {
        for task in tasks {
            // Each example has tables of its own.
            let same = |story: &&mut Story| {
                Arc::ptr_eq(&story.tables, &tables)
                    && (&*story.stream, &*story.key) == (task.stream, task.key)
            };
            let events = task.inputs.iter().filter_map(|input| match input {
                Input::Event(event) => Some(EventView {
                    kind: keep(event.kind),
                    region: keep(event.region),
                    dept: keep(event.dept),
                    actor: keep(event.actor),
                    source: keep(event.source),
                    data: keep(event.data),
                    ..*event
                }),
                Input::Tick(_) => None,
            });
            let events: Vec<_> = events.collect();
            match self.stories.iter_mut().rev().find(same) {
                Some(story) => story.events.extend(events),
                None => self.stories.push(Story {
                    stream: task.stream.to_owned(),
                    key: task.key.to_owned(),
                    parameters: parameters.to_owned(),
                    tables: tables.clone(),
                    events,
                }),
            }
        }
        self.native.supervise(parameters, tables, zone, tasks)
    }
}

/// The stories of all examples, by stream.
static STORIES: LazyLock<BTreeMap<String, Vec<Story>>> = LazyLock::new(|| {
    let manifest =
        Manifest::from_toml(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/manifest.toml")))
            .unwrap();
    let mut recorder = Recorder::default();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        run_file(&text, &manifest, &mut recorder).unwrap();
    }
    let mut stories: BTreeMap<String, Vec<Story>> = BTreeMap::new();
    for story in recorder.stories {
        stories.entry(story.stream.clone()).or_default().push(story);
    }
    assert_eq!(stories.len(), manifest.streams.len(), "every stream has a story");
    stories
});

type Alert = (String, String, plumbline_contract::alert::Level, Local, Option<i32>);

/// What is known of a key at the end.
#[derive(Debug, Default)]
struct End {
    state: Vec<u8>,
    wake: Option<Local>,
    standing: BTreeSet<Alert>,
    facts: BTreeSet<(String, String, String)>,
}

impl End {
    fn add(&mut self, verdict: Verdict) {
        // In the order of what caused them, as the host does.
        let mut changes: Vec<(u32, Local, bool, String, String, Option<Alert>)> = Vec::new();
        for gone in verdict.withdrawals {
            changes.push((gone.input, gone.seen, false, gone.rule, gone.episode, None));
        }
        for found in verdict.findings {
            let due = found.due.map(|due| due.0);
            let (rule, episode) = (found.rule.clone(), found.episode.clone());
            let alert = (found.rule, found.episode, found.level, found.at, due);
            changes.push((found.input, found.seen, true, rule, episode, Some(alert)));
        }
        changes.sort_by_key(|(input, seen, is_found, ..)| (*input, *seen, *is_found));
        for (_, _, _, rule, episode, alert) in changes {
            self.standing.retain(|(known, of, ..)| (known, of) != (&rule, &episode));
            self.standing.extend(alert);
        }
        let facts = verdict.facts.into_iter();
        self.facts.extend(facts.map(|fact| (fact.name, fact.key, fact.data)));
        (self.state, self.wake) = (verdict.state, verdict.wake);
    }
}

/// Folds the inputs in tasks that end where `cuts` says.
fn fold(story: &Story, inputs: &[Input<'_>], cuts: &[Index], mode: LookMode) -> End {
    let native = Native::<Own>::new(&story.parameters).unwrap();
    let host = NativeHost::new(story.tables.clone(), Zone::shanghai());
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(inputs.len())).collect();
    cuts.extend([0, inputs.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    let mut end = End::default();
    for pair in cuts.windows(2) {
        let state = end.state.clone();
        let task = Task {
            stream: &story.stream,
            key: &story.key,
            state: &state,
            inputs: inputs[pair[0]..pair[1]].to_vec(),
        };
        end.add(native.supervise(&host, &[task], mode).remove(0));
    }
    end
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_look_at_the_end_leaves_the_same_standing(
        of in any::<Index>(),
        order in prop::collection::vec(any::<u16>(), 64),
        ticks in prop::collection::vec((any::<Index>(), 0i64..60), 0..4),
        cuts in prop::collection::vec(any::<Index>(), 0..5),
        other_cuts in prop::collection::vec(any::<Index>(), 0..5),
        days_later in 0i64..400,
    ) {
        for stories in STORIES.values() {
            let story = of.get(stories);
            // The events arrive in another order, at the same log times.
            let mut logged: Vec<_> = story.events.iter().map(|event| event.logged).collect();
            logged.sort_unstable();
            let mut events: Vec<_> = story.events.iter().zip(order.iter().cycle()).collect();
            events.sort_by_key(|(_, place)| *place);
            let events = events.into_iter().zip(&logged).enumerate();
            let mut inputs: Vec<_> = events
                .map(|(seq, ((event, _), logged))| {
                    Input::Event(EventView { seq: seq as u64, logged: *logged, ..event.clone() })
                })
                .collect();
            for (place, days) in &ticks {
                let at = place.get(&inputs).logged().plus_hours(24 * days);
                let place = inputs.iter().position(|input| input.logged() > at);
                inputs.insert(place.unwrap_or(inputs.len()), Input::Tick(at));
            }
            let end = inputs.last().unwrap().logged().plus_hours(24 * days_later);
            inputs.push(Input::Tick(end));
            let every = fold(story, &inputs, &cuts, LookMode::Every);
            let last = fold(story, &inputs, &other_cuts, LookMode::Last);
            let of = || format!("{} of {}: {inputs:#?}", story.key, story.stream);
            prop_assert_eq!(&every.standing, &last.standing, "{}", of());
            prop_assert_eq!(every.wake, last.wake, "{}", of());
            prop_assert_eq!(author_state(&every.state), author_state(&last.state), "{}", of());
            prop_assert!(last.facts.is_subset(&every.facts), "{}", of());
        }
    }
}
