//! The fold of one key: take inputs in log order, look when something changed or a wake is due,
//! and turn what the rules fire into raised, escalated, lowered and withdrawn alerts.

use crate::kept::{self, Notes, Standing};
use crate::look::{Fire, Fired, Look};
use crate::memory::Memory;
use crate::{Configured, Event, Host, Why};
use plumbline_contract::alert::Level;
use plumbline_contract::task::{
    EVIDENCE_MAX, EventView, Finding, Input, LookMode, Record, Task, Verdict, WAKE_ON_TABLE,
    Withdrawal,
};
use plumbline_contract::time::Local;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// Why an alert is withdrawn: its facts have changed.
pub const DATA_CORRECTED: &str = "data_corrected";
/// Why an alert is withdrawn: the package or its parameters have changed since it was last looked at.
pub const RULES_CHANGED: &str = "rules_changed";

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
    /// Number of the form in which `State` is written; raise it when the form changes.
    const CODEC: u16 = 1;

    /// Reads a state that an earlier release wrote in another form. `bytes` are that form in
    /// postcard, so that the old type with its `Deserialize` is all that must be kept of it. `None`
    /// if it is not read: then the key is a fault until it is folded anew.
    #[must_use]
    fn upgrade(codec: u16, bytes: &[u8]) -> Option<Self::State> {
        let _ = (codec, bytes);
        None
    }

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

/// One key's fold over the inputs of a task.
struct Fold<'a, S: Stream> {
    notes: Notes<'a>,
    state: S::State,
    setup: &'a Setup<'a, S::Params>,
    key: &'a str,
    verdict: Verdict,
}

/// What all tasks of one call share.
#[derive(Debug)]
pub struct Setup<'a, P> {
    pub(crate) configured: &'a Configured<P>,
    pub(crate) host: &'a dyn Host,
    pub(crate) memory: &'a Memory,
    pub(crate) mode: LookMode,
}

/// Runs one task of stream `S`.
///
/// # Panics
/// If the state cannot be read; the host reports that as a fault of the plugin.
#[must_use]
pub fn run<S: Stream>(setup: &Setup<'_, S::Params>, task: &Task<'_>) -> Verdict {
    let (notes, state) = kept::read::<S>(task.state);
    let mut fold = Fold::<S> { notes, state, setup, key: task.key, verdict: Verdict::default() };
    match setup.mode {
        LookMode::Last => fold.look_once(&task.inputs),
        mode @ (LookMode::Every | LookMode::Trace) => {
            for (index, input) in task.inputs.iter().enumerate() {
                let is_last = index + 1 == task.inputs.len();
                fold.input(input, index as u32, mode == LookMode::Trace && is_last);
            }
        }
    }
    fold.verdict.wake = fold.notes.wake;
    fold.verdict.state = kept::write::<S>(&fold.notes, &fold.state, task.state.len());
    let Fold { notes, state, verdict, .. } = fold;
    leave((notes, state));
    verdict
}

/// Leaves what a fold used where it lies. A plugin's memory is taken back as a whole once the batch
/// is answered; to free it text by text costs as much as some rules.
pub(crate) fn leave<T>(used: T) {
    if cfg!(target_arch = "wasm32") {
        std::mem::forget(used);
    }
}

impl<'a, S: Stream> Fold<'a, S> {
    fn input(&mut self, input: &'a Input<'a>, index: u32, trace: bool) {
        let now = self.notes.clock.max(input.logged());
        let is_event = matches!(input, Input::Event(_));
        let mut looked = false;
        // A wake at the very moment of an event is served by the look that follows the event, so
        // that no two looks have the same time.
        let is_due = |wake: &Local| *wake < now || (*wake == now && !is_event);
        while let Some(wake) = self.notes.wake.filter(is_due) {
            self.notes.clock = wake;
            self.look(wake, index, false);
            looked = true;
        }
        self.notes.clock = now;
        match input {
            Input::Event(view) => {
                self.take(view);
                self.look(now, index, trace);
            }
            // A tick that no wake asked for means that the tables have changed.
            Input::Tick(_) if !looked || trace => self.look(now, index, trace),
            Input::Tick(_) => {}
        }
    }

    /// Takes all inputs and looks after the last. A look changes nothing of the author's state, and
    /// rules are functions of the facts and of now: what stands is what looking each time leaves.
    fn look_once(&mut self, inputs: &'a [Input<'a>]) {
        let Some(last) = inputs.len().checked_sub(1) else { return };
        for input in inputs {
            self.notes.clock = self.notes.clock.max(input.logged());
            if let Input::Event(view) = input {
                self.take(view);
            }
        }
        self.look(self.notes.clock, last as u32, false);
    }

    fn take(&mut self, view: &'a EventView<'a>) {
        self.notes.region = Cow::Borrowed(view.region);
        self.notes.dept = Cow::Borrowed(view.dept);
        let event = Event::new(view, self.setup.host);
        S::take(&mut self.state, &event, &self.setup.configured.params);
    }

    fn look(&mut self, now: Local, input: u32, trace: bool) {
        let Setup { host, memory, configured, .. } = self.setup;
        let mut look = Look::new(*host, memory, now, &self.notes.region, trace);
        look.published = &self.notes.published;
        look.standing = &self.notes.standing;
        S::check(&self.state, &configured.params, &mut look);
        let Look { wake, fired, trace, facts, measures, new, .. } = look;
        self.settle(fired, now, input);
        // What stands must be looked at again when a table changes, which only keys with a wake are.
        let stands = !self.notes.standing.is_empty();
        self.notes.wake = wake.or(stands.then_some(WAKE_ON_TABLE));
        self.notes.published.extend(new);
        for mut fact in facts {
            fact.region.push_str(&self.notes.region);
            fact.dept.push_str(&self.notes.dept);
            self.verdict.facts.push(Record { seen: now, input, ..fact });
        }
        let measures = measures.into_iter().map(|measure| Record { input, ..measure });
        self.verdict.measures.extend(measures);
        self.verdict.trace.extend(trace);
    }

    /// Compares what fires now with what stands.
    fn settle(&mut self, fired: Vec<Fired>, seen: Local, input: u32) {
        // The first look by other rules or parameters cannot tell what a fact has changed besides.
        let rules = std::mem::replace(&mut self.notes.rules, self.setup.configured.mark);
        let is_same_rules = rules == self.notes.rules;
        let stood = self.notes.standing.len();
        let mut stays = vec![false; stood];
        for Fired { rule, fire, place } in fired {
            let standing = &mut self.notes.standing;
            let known = match place {
                Some(place) => {
                    stays[place] = true;
                    Some(&mut standing[place])
                }
                // It may have fired in this look already.
                None => standing[stood..].iter_mut().find(|new| new.is(rule, &fire.episode)),
            };
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
                    standing.push(Standing { rule, episode, level, at, due });
                    None
                }
            };
            let finding = self.finding(rule, fire, was, seen, input);
            self.verdict.findings.push(finding);
        }
        if stays.contains(&false) {
            let reason = if is_same_rules { DATA_CORRECTED } else { RULES_CHANGED };
            self.withdraw(&stays, reason, seen, input);
        }
    }

    /// Withdraws those of the alerts that stood which do not stay.
    fn withdraw(&mut self, stays: &[bool], reason: &str, seen: Local, input: u32) {
        let mut stays = stays.iter();
        let withdrawals = &mut self.verdict.withdrawals;
        self.notes.standing.retain(|standing| {
            // What is new stands behind what stood.
            let stays = *stays.next().unwrap_or(&true);
            if !stays {
                withdrawals.push(Withdrawal {
                    rule: standing.rule.clone().into_owned(),
                    episode: standing.episode.clone().into_owned(),
                    seen,
                    input,
                    reason: reason.to_owned(),
                });
            }
            stays
        });
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
            region: self.notes.region.clone().into_owned(),
            dept: fire.dept.unwrap_or_else(|| self.notes.dept.clone().into_owned()),
            evidence: fire.evidence.into_iter().take(EVIDENCE_MAX).collect(),
            values: fire.values.finish(),
        }
    }
}
