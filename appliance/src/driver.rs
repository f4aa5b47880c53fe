//! Drives one deployment along the log: read, route, call the plugin, judge, commit.
//!
//! The same code drives the appliance, a replay, a shadow run and a rebuild; they differ in where
//! states and leaves go.

mod call;
mod read;
mod rebuild;
mod round;
mod stats;
mod turn;
mod world;

pub use stats::{RuleStats, Stats, StreamStats};

use crate::base::Base;
use crate::error::AppError;
use crate::table::TableHistory;
use call::{Answer, Inputs, Round};
use plumbline_contract::event::{REBUILD_TYPE, SETTING_TYPE, TABLE_TYPE, TICK_TYPE};
use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_contract::manifest::Manifest;
use plumbline_contract::task::{EventView, Fault, Input, LookMode, Task, Verdict};
use plumbline_contract::time::{Local, Zone};
use plumbline_engine::{Batch, Calendars, Instance, Limits, Plugin};
use plumbline_kernel::{
    Deployment, Effects, GapEffect, InputMark, KeyEffect, KeyTask, LeafContext, Mode, Plan, Routed,
    StandingEffect, is_import, settle,
};
use plumbline_store::{Commit, Cursor, GapId, GapRow, KeyId, KeyState, Rows, Store};
pub(crate) use read::Reader;
use round::in_order;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use world::View;

/// Events read at once: large enough that neighbouring keys share the store's pages and a key's
/// events meet in one batch, so that its state is written once for several of them.
pub const BATCH_EVENTS: usize = 8192;
/// The same for a run in memory, of a replay or a shadow, for some 50 MB of memory.
const BATCH_EVENTS_IN_MEMORY: usize = 65_536;
/// Positions that a run in memory passes at once at most, however few events concern it.
const SIFTED_EVENTS_MAX: usize = 1 << 20;
/// Timers handled in one step: the order of their leaves depends on it, so a change of it changes
/// what a replay derives.
pub const TIMERS_PER_STEP: usize = 1024;
/// Tasks in one call of a plugin: bounds what a call may take in memory.
const TASKS_PER_CALL: usize = 256;
/// Inputs in one call, unless a single task has more. A plugin's memory is not given back within a
/// call, and the folds are fastest while it stays in the processor's cache.
const INPUTS_PER_CALL: usize = 512;
/// Fewer tasks than this are not worth a second thread.
const TASKS_FOR_THREADS: usize = 64;

/// The plugins of a deployment, loaded and ready to be called.
#[derive(Debug)]
pub struct Prepared {
    pub plan: Plan,
    /// One for each variant of the plan.
    pub plugins: Vec<(Plugin, Limits)>,
}

/// Who loads packages.
pub trait Loader: fmt::Debug + Sync {
    /// # Errors
    /// If a package is missing, no longer to be trusted, or lacks a grant.
    fn prepare(&self, deployment: &Deployment) -> Result<Prepared, AppError>;
    /// From where a rebuild folds the log, if not from its start.
    ///
    /// # Errors
    /// If the base is missing or damaged.
    fn base(&self, deployment: DeploymentId) -> Result<Option<Base>, AppError>;
}

/// A deployment that is running.
#[derive(Debug)]
pub struct Runner {
    deployment: Deployment,
    prepared: Arc<Prepared>,
    /// For each thread one of each variant.
    instances: Vec<Vec<Option<Instance>>>,
    calendars: Arc<Calendars>,
    zone: Arc<Zone>,
    view: Option<View>,
    look: LookMode,
    /// Events read at once.
    batch: usize,
    /// Events that were read and not all passed yet.
    ahead: Rows,
    /// Who reads the next of them meanwhile.
    reader: Option<Reader>,
    /// Events that do not concern the deployment are left where they are.
    sifts: bool,
    /// Nobody reads the facts of this run: the log holds those that count.
    drops_facts: bool,
    /// Only these (stream, key) are folded, and what changes a deployment is passed over: a
    /// rebuild.
    nested: Option<Only>,
    /// Changes that hold from a place before their event, in a replay.
    backdated: Vec<(EventSeq, Deployment)>,
    /// Settings said before this place are history.
    settings_from: EventSeq,
    /// The keys that look again because of the change at a place of the log, in their order.
    waiting: Option<(EventSeq, Vec<KeyId>)>,
    /// The keys that got an event in a rebuild; the others stay as they are.
    touched: BTreeSet<(String, String)>,
    /// Why it stands still, if it does.
    pub suspended: Option<AppError>,
    stats: Stats,
}

/// The keys of a rebuild; `None` stands for all.
type Only = Option<Arc<BTreeSet<(String, String)>>>;

/// What a plugin says of one key.
#[derive(Clone, Debug)]
pub struct Explained {
    pub id: KeyId,
    /// Of the package that judges the key.
    pub manifest: Arc<Manifest>,
    /// One verdict with its trace, and what it looked up.
    pub answer: Result<Batch, Fault>,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The log has nothing new for this deployment.
    Idle,
    /// So many events were passed.
    Moved { events: usize },
}

/// Where a runner reads the log, and where its states and leaves go.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    pub log: &'a dyn Store,
    pub states: &'a dyn Store,
    pub tables: &'a TableHistory,
    pub loader: &'a dyn Loader,
    /// Do not look at events at or after this position.
    pub end: EventSeq,
    /// Leave the wait for the disk to a later call.
    pub lazy: bool,
}

/// What a step commits besides its effects.
#[derive(Debug, Default)]
struct Closing {
    gaps_closed: Vec<GapId>,
    gaps: Vec<GapRow>,
    /// Keys that are forgotten.
    gone: Vec<KeyId>,
    /// Keys that nothing looks at any more, with what is kept of them.
    asleep: Vec<(KeyId, KeyState)>,
    /// Alerts that end with a leaf of their own.
    ended: Vec<(KeyId, String)>,
}

impl Runner {
    #[must_use]
    pub fn new(
        deployment: Deployment,
        prepared: Prepared,
        calendars: Arc<Calendars>,
        threads: usize,
    ) -> Self {
        let zone = Arc::new(prepared.plan.zone().clone());
        let prepared = Arc::new(prepared);
        let instances = fresh_instances(&prepared, threads);
        let stats = Stats::default();
        Self {
            deployment,
            prepared,
            instances,
            calendars,
            zone,
            view: None,
            look: LookMode::Every,
            batch: BATCH_EVENTS,
            ahead: Rows::default(),
            reader: None,
            sifts: false,
            drops_facts: false,
            nested: None,
            backdated: Vec::new(),
            settings_from: EventSeq(0),
            waiting: None,
            touched: BTreeSet::new(),
            suspended: None,
            stats,
        }
    }

    /// The deployment as it was said at a place of the log, whatever was said before.
    #[must_use]
    pub fn said_at(mut self, at: EventSeq) -> Self {
        self.settings_from = if self.deployment.since.is_some() { at } else { EventSeq(0) };
        self
    }

    /// For a replay: the changes that hold from a place before their event.
    pub fn goes_back(&mut self, backdated: Vec<(EventSeq, Deployment)>) {
        self.backdated = backdated;
    }

    /// For a run in memory over a log that holds the facts already: larger batches write a key's
    /// state less often, and facts are dropped. What comes out does not depend on how the log is cut.
    pub fn replays(&mut self) {
        self.sifts = true;
        self.batch = BATCH_EVENTS_IN_MEMORY;
        self.drops_facts = true;
    }

    /// The log is read by another thread while this one folds; for a run that sifts.
    pub(crate) fn reads_beside(&mut self, reader: Reader) {
        self.reader = Some(reader);
    }

    /// For a run of which only what stands in the end counts: keys are looked at less often, and the
    /// deployment stays what it is, whatever the log says of it.
    pub fn only_the_end_counts(&mut self) {
        self.nested = Some(None);
        self.look = LookMode::Last;
        self.sifts = true;
        self.batch = BATCH_EVENTS_IN_MEMORY;
        self.drops_facts = true;
    }

    #[must_use]
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.prepared.plan
    }

    /// What was done since the start of the process.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    fn id(&self) -> DeploymentId {
        self.deployment.id
    }

    /// Takes one step from where the deployment stands.
    ///
    /// # Errors
    /// If the store fails, or a package that a setting names cannot be loaded. What a plugin does
    /// wrong is no error but a gap.
    pub fn step(&mut self, places: &Places<'_>) -> Result<Step, AppError> {
        let step = self.step_ahead(places);
        if !matches!(step, Ok(Step::Moved { .. })) {
            // Until the next step the log may lose payloads.
            self.ahead = Rows::default();
        }
        step
    }

    fn step_ahead(&mut self, places: &Places<'_>) -> Result<Step, AppError> {
        if self.deployment.mode == Mode::Ended {
            return Ok(Step::Idle);
        }
        let mut cursor = places.states.cursor(self.id())?;
        let start = cursor.clone();
        cursor.seq = cursor.seq.max(self.deployment.from);
        let end = self.turn_back(places, &start)?;
        let rows = self.read(places, cursor.seq, end)?;
        if rows.is_empty() {
            return self.pass_over(places, start, &rows);
        }
        match rows.event(0).kind {
            TICK_TYPE => self.tick(places, start, &rows.row(0)),
            TABLE_TYPE => self.tables_changed(places, start, &rows.row(0)),
            SETTING_TYPE => self.setting_changed(places, start, &rows.row(0)),
            REBUILD_TYPE => self.rebuild(places, start, &rows.row(0)),
            _ => self.events(places, start, &rows),
        }
    }

    /// Goes on behind events none of which concerns this deployment, if there are any.
    fn pass_over(&self, places: &Places<'_>, from: Cursor, rows: &Rows) -> Result<Step, AppError> {
        let events = (rows.end().0 - rows.begin().0) as usize;
        if events == 0 {
            return Ok(Step::Idle);
        }
        let to = Cursor { seq: rows.end(), tick_after: None };
        self.commit(places, (from, to), Effects::default(), Closing::default())?;
        Ok(Step::Moved { events })
    }

    fn events(&mut self, places: &Places<'_>, from: Cursor, rows: &Rows) -> Result<Step, AppError> {
        let to = Cursor { seq: rows.end(), tick_after: None };
        self.look_at(places, rows.begin())?;
        let Routed { events, mut tasks } = self.plan().route(rows.iter().map(|(_, event)| event));
        if let Some(only) = self.nested.clone() {
            let prepared = self.prepared.clone();
            let name =
                |task: &KeyTask| (prepared.plan.streams()[task.stream].clone(), task.key.clone());
            if let Some(only) = only {
                tasks.retain(|task| only.contains(&name(task)));
            }
            if self.look == LookMode::Every {
                self.touched.extend(tasks.iter().map(name));
            }
        }
        let given = Given::of(rows, &events, &self.zone);
        let inputs = |task: &KeyTask| {
            task.inputs.iter().map(|at| Input::Event(given.views[*at].clone())).collect()
        };
        let states = self.load(places, &tasks)?;
        let effects = self.fold(&tasks, states, (&given.marks, &given.regions), &inputs);
        let events = (rows.end().0 - rows.begin().0) as usize;
        self.commit(places, (from, to), effects, Closing::default())?;
        Ok(Step::Moved { events })
    }

    fn load(
        &self,
        places: &Places<'_>,
        tasks: &[KeyTask],
    ) -> Result<Vec<Option<KeyState>>, AppError> {
        let id = |task: &KeyTask| self.key_id(task.stream, task.key.clone());
        let ids: Vec<_> = tasks.iter().map(id).collect();
        Ok(places.states.load_states(self.id(), &ids)?)
    }

    /// Calls the plugins for all tasks and settles their answers. `states` belong to the tasks.
    fn fold(
        &mut self,
        tasks: &[KeyTask],
        states: Vec<Option<KeyState>>,
        (marks, regions): (&[InputMark], &[&str]),
        inputs: &Inputs<'_, '_>,
    ) -> Effects {
        let mut states: Vec<_> =
            states.into_iter().map(|state| state.unwrap_or_default().state).collect();
        let parts = tasks.iter().map(|task| task.part + 1).max().unwrap_or(0);
        // As the calls gave them: they are large, and are not put into one list.
        let mut answers: Vec<Vec<Answer<'_>>> = Vec::new();
        // The parts of a key follow each other; different keys do not wait for each other.
        for part in 0..parts {
            let round: Vec<_> = (0..tasks.len()).filter(|at| tasks[*at].part == part).collect();
            let new = self.round(&round, tasks, Round { states: &states, marks, inputs });
            for at in round.into_iter().filter(|at| part_follows(tasks, *at)) {
                states[at + 1] = states[at].clone();
            }
            for answer in new.iter().flatten() {
                if let (true, Ok(verdict)) = (part_follows(tasks, answer.at), &answer.result) {
                    states[answer.at + 1].clone_from(&verdict.state);
                }
            }
            answers.extend(new);
        }
        let mut answers = in_order(answers);
        for answers in &answers {
            self.stats.count(self.prepared.plan.streams(), answers);
        }
        if self.drops_facts {
            let answers = answers.iter_mut().flatten();
            let verdicts = answers.filter_map(|answer| answer.result.as_mut().ok());
            verdicts.for_each(|verdict| verdict.facts.clear());
        }
        let answers = answers.into_iter().flatten().map(|answer| (answer.task, answer.result));
        let context = LeafContext { plan: self.plan(), tables: self.versions(), regions };
        settle(&context, marks, answers)
    }

    /// Calls a variant's plugin; on a fault the instance is thrown away.
    fn call(
        &self,
        variant: usize,
        slot: &mut Option<Instance>,
        tasks: &[Task<'_>],
    ) -> Result<(Vec<Verdict>, u64), Fault> {
        let instance = match slot {
            Some(instance) => instance,
            None => slot.insert(self.instantiate(variant)?),
        };
        match instance.supervise(self.world(variant), tasks, self.look) {
            Ok(batch) => {
                for message in &batch.messages {
                    tracing::info!(plugin = %self.deployment.plugin, message, "plugin message");
                }
                Ok((batch.verdicts, batch.fuel))
            }
            Err(fault) => {
                *slot = None;
                Err(fault)
            }
        }
    }

    fn instantiate(&self, variant: usize) -> Result<Instance, Fault> {
        use plumbline_engine::StartError;
        let (plugin, limits) = &self.prepared.plugins[variant];
        let parameters = &self.plan().variants()[variant].parameters;
        plugin.instantiate(*limits, parameters).map_err(|error| match error {
            StartError::Fault(fault) => fault,
            StartError::Parameters(reason) => Fault::BadOutput(reason),
        })
    }

    /// Asks the plugin to explain the given keys at log time `now`, without changing anything. Keys
    /// of which it keeps nothing have no answer.
    ///
    /// # Errors
    /// If the store fails.
    pub fn explain(
        &mut self,
        places: &Places<'_>,
        ids: &[KeyId],
        now: Local,
    ) -> Result<Vec<Explained>, AppError> {
        self.look_at(places, places.end)?;
        let states = places.states.load_states(self.id(), ids)?;
        let mut answers = Vec::new();
        for (id, state) in ids.iter().zip(states) {
            let Some(state) = state else { continue };
            let Some(variant) = self.plan().judge_of(&state.region) else { continue };
            let inputs = vec![Input::Tick(now)];
            let task = Task { stream: &id.stream, key: &id.key, state: &state.state, inputs };
            let started = self.instantiate(variant);
            let answer = started.and_then(|mut instance| {
                instance.supervise(self.world(variant), &[task], LookMode::Trace)
            });
            let manifest = self.plan().variants()[variant].manifest.clone();
            answers.push(Explained { id: id.clone(), manifest, answer });
        }
        Ok(answers)
    }

    fn key_id(&self, stream: usize, key: String) -> KeyId {
        KeyId { stream: self.plan().streams()[stream].clone(), key }
    }

    fn commit(
        &self,
        places: &Places<'_>,
        (from, to): (Cursor, Cursor),
        effects: Effects,
        closing: Closing,
    ) -> Result<(), AppError> {
        // A shadow leaves nothing but its own states and what would stand.
        let silent = self.deployment.mode == Mode::Shadow && self.nested.is_none();
        let state = |effect: KeyEffect| {
            let KeyEffect { stream, key, state, wake, region } = effect;
            let keep = !state.is_empty() || wake.is_some();
            (self.key_id(stream, key), keep.then_some(KeyState { state, wake, region }))
        };
        let gap = |gap: GapEffect| GapRow {
            from: gap.from,
            to: gap.to,
            id: self.key_id(gap.stream, gap.key),
            code: gap.fault.code().to_owned(),
            fault: gap.fault.account(),
        };
        let stands = |effect: StandingEffect| {
            let StandingEffect { stream, key, alert, now } = effect;
            (self.key_id(stream, key), alert, now.map(|now| now.row()))
        };
        let ended = closing.ended.into_iter().map(|(id, alert)| (id, alert, None));
        let gone = closing.gone.into_iter().map(|id| (id, None));
        let asleep = closing.asleep.into_iter().map(|(id, state)| (id, Some(state)));
        let commit = Commit {
            deployment: self.id(),
            from,
            to,
            states: effects.states.into_iter().map(state).chain(gone).chain(asleep).collect(),
            events: if silent { Vec::new() } else { effects.facts },
            leaves: if silent { Vec::new() } else { effects.leaves },
            gaps: effects.gaps.into_iter().map(gap).chain(closing.gaps).collect(),
            gaps_closed: closing.gaps_closed,
            standing: effects.standing.into_iter().map(stands).chain(ended).collect(),
            lazy: places.lazy,
        };
        places.states.commit(commit)?;
        Ok(())
    }
}

fn fresh_instances(prepared: &Prepared, threads: usize) -> Vec<Vec<Option<Instance>>> {
    let of_thread = || prepared.plugins.iter().map(|_| None).collect();
    (0..threads.max(1)).map(|_| of_thread()).collect()
}

/// Whether the task behind `at` goes on with the same key.
fn part_follows(tasks: &[KeyTask], at: usize) -> bool {
    tasks.get(at + 1).is_some_and(|next| next.part > 0)
}

/// The inputs of a batch, made in the order of the log, in which the texts lie in memory.
struct Given<'a> {
    /// As plugins see them.
    views: Vec<EventView<'a>>,
    marks: Vec<InputMark>,
    regions: Vec<&'a str>,
}

impl<'a> Given<'a> {
    fn of(rows: &'a Rows, events: &[usize], zone: &Zone) -> Self {
        let room = events.len();
        let mut given = Self {
            views: Vec::with_capacity(room),
            marks: Vec::with_capacity(room),
            regions: Vec::with_capacity(room),
        };
        for place in events {
            let (seq, event) = (rows.seq(*place), rows.event(*place));
            given.views.push(EventView::of(seq, event, zone));
            given.marks.push(InputMark { seq, logged: event.logged, import: is_import(event) });
            given.regions.push(event.region);
        }
        given
    }
}
