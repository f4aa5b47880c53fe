//! The fold of one key: take inputs in log order, look when something changed or a wake is due,
//! and turn what the rules fire into raised, escalated, lowered and withdrawn alerts.

use crate::host::Memory;
use crate::look::{Fire, Look};
use crate::{Event, Host, Why};
use plumbline_contract::alert::Level;
use plumbline_contract::task::{
    EVIDENCE_MAX, Finding, Input, Record, Task, Verdict, WAKE_ON_TABLE, Withdrawal,
};
use plumbline_contract::time::{Day, Local};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A rule: its id in the manifest and the function that decides it over the view `V` of a key.
pub type Rule<V, P> = (&'static str, fn(&V, &P, &mut Look<'_>));

/// One stream of a plugin: what is kept for a key, what events add to it, and what follows.
pub trait Stream {
    /// Name of the stream in the manifest.
    const NAME: &'static str;
    /// What is kept for a key; [`crate::Facts`] suits most streams.
    type State: Serialize + DeserializeOwned + Default;
    /// The plugin's parameters.
    type Params;

    /// Adds what an event says. Events that say nothing to this stream are ignored.
    fn take(state: &mut Self::State, event: &Event<'_>, params: &Self::Params);

    /// Applies the rules: call [`apply`] with the list of them.
    fn check(state: &Self::State, params: &Self::Params, look: &mut Look<'_>);
}

/// Applies rules to a view of the key's facts, except those that the administrator switched off.
pub fn apply<V, P>(
    rules: &[Rule<V, P>],
    off: &[String],
    view: &V,
    params: &P,
    look: &mut Look<'_>,
) {
    for (id, rule) in rules {
        look.begin(id);
        if off.iter().any(|name| name == id) {
            let (zh, en) = ("管理员已停用本规则", "switched off by the administrator");
            look.exempt(|| Why::new(zh, en).flag("off", true));
        } else {
            rule(view, params, look);
        }
    }
}

/// An alert that stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Standing<'a> {
    #[serde(borrow)]
    rule: Cow<'a, str>,
    #[serde(borrow)]
    episode: Cow<'a, str>,
    level: Level,
    /// When it came about and by when it was due, as its newest finding says.
    at: Local,
    due: Option<Day>,
}

/// What the SDK keeps for a key around the author's state. Its texts stay where the host put them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "S: Serialize + DeserializeOwned")]
struct Kept<'a, S> {
    clock: Local,
    wake: Option<Local>,
    #[serde(borrow)]
    region: Cow<'a, str>,
    #[serde(borrow)]
    dept: Cow<'a, str>,
    #[serde(borrow)]
    standing: Vec<Standing<'a>>,
    /// Fingerprints of facts and measures that were published already.
    published: Vec<u64>,
    state: S,
}

impl<S: Default> Default for Kept<'_, S> {
    fn default() -> Self {
        Self {
            clock: Local(i64::MIN),
            wake: None,
            region: Cow::Borrowed(""),
            dept: Cow::Borrowed(""),
            standing: Vec::new(),
            published: Vec::new(),
            state: S::default(),
        }
    }
}

/// One key's fold over the inputs of a task.
struct Fold<'a, S: Stream> {
    kept: Kept<'a, S::State>,
    params: &'a S::Params,
    host: &'a dyn Host,
    memory: &'a Memory,
    key: &'a str,
    verdict: Verdict,
}

/// Runs one task of stream `S`.
///
/// # Panics
/// If the state was not written by this plugin; the host reports that as a fault of the plugin.
pub fn run<S: Stream>(
    params: &S::Params,
    host: &dyn Host,
    memory: &MemoryOfBatch,
    task: &Task<'_>,
    trace: bool,
) -> Verdict {
    let kept = if task.state.is_empty() {
        Kept::default()
    } else {
        postcard::from_bytes(task.state).expect("the state was written by this version's codec")
    };
    let memory = &memory.0;
    let verdict = Verdict::default();
    let mut fold = Fold::<S> { kept, params, host, memory, key: task.key, verdict };
    for (index, input) in task.inputs.iter().enumerate() {
        let more_follow = index + 1 < task.inputs.len();
        fold.input(input, index as u32, trace && !more_follow);
    }
    fold.verdict.wake = fold.kept.wake;
    fold.verdict.state =
        postcard::to_allocvec(&fold.kept).expect("writing to memory does not fail");
    fold.verdict
}

/// Rows and calendars that were looked up during one call of `supervise`.
#[derive(Debug, Default)]
pub struct MemoryOfBatch(Memory);

impl<'a, S: Stream> Fold<'a, S> {
    fn input(&mut self, input: &'a Input<'a>, index: u32, trace: bool) {
        let now = self.kept.clock.max(input.logged());
        let is_event = matches!(input, Input::Event(_));
        let mut looked = false;
        // A wake at the very moment of an event is served by the look that follows the event, so
        // that no two looks have the same time.
        let is_due = |wake: &Local| *wake < now || (*wake == now && !is_event);
        while let Some(wake) = self.kept.wake.filter(is_due) {
            self.kept.clock = wake;
            self.look(wake, index, false);
            looked = true;
        }
        self.kept.clock = now;
        match input {
            Input::Event(view) => {
                self.kept.region = Cow::Borrowed(view.region);
                self.kept.dept = Cow::Borrowed(view.dept);
                let event = Event::new(view, self.host);
                S::take(&mut self.kept.state, &event, self.params);
                self.look(now, index, trace);
            }
            // A tick that no wake asked for means that the tables have changed.
            Input::Tick(_) if !looked || trace => self.look(now, index, trace),
            Input::Tick(_) => {}
        }
    }

    fn look(&mut self, now: Local, input: u32, trace: bool) {
        let mut look = Look::new(self.host, self.memory, now, &self.kept.region, trace);
        S::check(&self.kept.state, self.params, &mut look);
        let Look { wake, fired, trace, facts, measures, .. } = look;
        self.settle(fired, now, input);
        // What stands must be looked at again when a table changes, which only keys with a wake are.
        let stands = !self.kept.standing.is_empty();
        self.kept.wake = wake.or(stands.then_some(WAKE_ON_TABLE));
        for mut fact in facts {
            fact.region.push_str(&self.kept.region);
            fact.dept.push_str(&self.kept.dept);
            publish(&mut self.kept.published, fact, &mut self.verdict.facts, input);
        }
        for measure in measures {
            publish(&mut self.kept.published, measure, &mut self.verdict.measures, input);
        }
        self.verdict.trace.extend(trace);
    }

    /// Compares what fires now with what stands.
    fn settle(&mut self, fired: Vec<(&'static str, Fire)>, seen: Local, input: u32) {
        let gone = |standing: &Standing<'_>| {
            !fired.iter().any(|(rule, fire)| is_same(standing, rule, &fire.episode))
        };
        for standing in self.kept.standing.iter().filter(|standing| gone(standing)) {
            self.verdict.withdrawals.push(Withdrawal {
                rule: standing.rule.clone().into_owned(),
                episode: standing.episode.clone().into_owned(),
                seen,
                input,
                reason: "data_corrected".to_owned(),
            });
        }
        self.kept.standing.retain(|standing| {
            fired.iter().any(|(rule, fire)| is_same(standing, rule, &fire.episode))
        });
        for (rule, fire) in fired {
            let known =
                self.kept.standing.iter_mut().find(|known| is_same(known, rule, &fire.episode));
            let was = match known {
                Some(standing)
                    if (standing.level, standing.at, standing.due)
                        == (fire.level, fire.at, fire.due) =>
                {
                    continue;
                }
                Some(standing) => {
                    (standing.at, standing.due) = (fire.at, fire.due);
                    Some(std::mem::replace(&mut standing.level, fire.level))
                }
                None => {
                    let (rule, episode) = (Cow::Borrowed(rule), fire.episode.clone().into());
                    let Fire { level, at, due, .. } = fire;
                    self.kept.standing.push(Standing { rule, episode, level, at, due });
                    None
                }
            };
            let finding = self.finding(rule, fire, was, seen, input);
            self.verdict.findings.push(finding);
        }
    }

    fn finding(
        &self,
        rule: &str,
        fire: Fire,
        was: Option<Level>,
        seen: Local,
        input: u32,
    ) -> Finding {
        Finding {
            rule: rule.to_owned(),
            episode: fire.episode,
            level: fire.level,
            was,
            subject: fire.subject.unwrap_or_else(|| self.key.to_owned()),
            due: fire.due,
            at: fire.at,
            seen,
            input,
            region: self.kept.region.clone().into_owned(),
            dept: fire.dept.unwrap_or_else(|| self.kept.dept.clone().into_owned()),
            evidence: fire.evidence.into_iter().take(EVIDENCE_MAX).collect(),
            values: fire.values.finish(),
        }
    }
}

fn is_same(standing: &Standing<'_>, rule: &str, episode: &str) -> bool {
    standing.rule == rule && standing.episode == episode
}

fn publish(published: &mut Vec<u64>, mut record: Record, out: &mut Vec<Record>, input: u32) {
    let mark = mark(&record);
    if !published.contains(&mark) {
        published.push(mark);
        record.input = input;
        out.push(record);
    }
}

/// A fingerprint of what a record says. It is taken of every fact at every look, so it eats eight
/// bytes at a time; each step can be undone, so two records with one mark differ in many places.
fn mark(record: &Record) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = 0u64;
    let mut eat = |word: u64| {
        hash = (hash.rotate_left(29) ^ word).wrapping_mul(FACTOR);
        hash ^= hash >> 32;
    };
    for part in [&record.name, &record.key, &record.data] {
        eat(part.len() as u64);
        let (words, rest) = part.as_bytes().as_chunks::<8>();
        words.iter().for_each(|word| eat(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        eat(u64::from_le_bytes(last));
    }
    hash
}
