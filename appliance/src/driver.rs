//! Drives one deployment along the log: read, route, call the plugin, judge, commit.
//!
//! The same code drives the appliance and a replay; they differ in where states and leaves go.

mod call;

use crate::error::{AppError, Kind};
use crate::table::{TableHistory, versions_of};
use call::{Answer, Call};
use plumbline_contract::event::{Event, TABLE_TYPE, TICK_TYPE, Tick};
use plumbline_contract::id::{EventSeq, PackageHash};
use plumbline_contract::task::{EventView, Fault, Input, Task, Verdict};
use plumbline_contract::time::{Local, Zone};
use plumbline_engine::{Batch, Calendars, Instance, Limits, Plugin, World};
use plumbline_kernel::{
    Deployment, Effects, GapEffect, InputMark, KeyEffect, KeyTask, LeafContext, Plan, is_import,
    settle,
};
use plumbline_store::{Commit, Cursor, Due, GapRow, KeyId, KeyState, Row, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Events read at once: large enough that neighbouring keys share the store's pages and a key's
/// events meet in one batch, so that its state is written once for several of them.
pub const BATCH_EVENTS: usize = 8192;
/// Timers handled in one step: the order of their leaves depends on it, so a change of it changes
/// what a replay derives.
pub const TIMERS_PER_STEP: usize = 1024;
/// Tasks in one call of a plugin: bounds what a call may take in memory.
const TASKS_PER_CALL: usize = 256;
/// Fewer tasks than this are not worth a second thread.
const TASKS_FOR_THREADS: usize = 64;

/// A deployment that is running.
#[derive(Debug)]
pub struct Runner {
    deployment: Deployment,
    plan: Plan,
    plugin: Plugin,
    limits: Limits,
    instances: Vec<Option<Instance>>,
    calendars: Arc<Calendars>,
    zone: Arc<Zone>,
    granted: Arc<BTreeSet<String>>,
    /// The tables as they stand before position `0`.
    view: Option<(EventSeq, World, BTreeMap<String, u32>)>,
    /// Fuel and calls since the start, for health.
    pub fuel: u64,
    pub tasks: u64,
}

/// What a plugin says of one key: one verdict with its trace, and what it looked up.
pub type Explained = (KeyId, Result<Batch, Fault>);

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
    /// Do not look at events at or after this position.
    pub end: EventSeq,
    /// Leave the wait for the disk to a later call.
    pub lazy: bool,
}

impl Runner {
    /// # Errors
    /// If the grants do not cover the manifest.
    pub fn new(
        deployment: Deployment,
        plan: Plan,
        plugin: Plugin,
        limits: Limits,
        calendars: Arc<Calendars>,
        threads: usize,
    ) -> Self {
        let zone = Arc::new(plan.zone().clone());
        let granted = Arc::new(deployment.grants.tables());
        let instances = (0..threads.max(1)).map(|_| None).collect();
        Self {
            deployment,
            plan,
            plugin,
            limits,
            instances,
            calendars,
            zone,
            granted,
            view: None,
            fuel: 0,
            tasks: 0,
        }
    }

    #[must_use]
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    #[must_use]
    pub fn package(&self) -> PackageHash {
        self.plugin.package()
    }

    /// Takes one step from where the deployment stands.
    ///
    /// # Errors
    /// If the store fails. What a plugin does wrong is no error but a gap.
    pub fn step(&mut self, places: &Places<'_>) -> Result<Step, AppError> {
        let mut cursor = places.states.cursor(self.deployment.id)?;
        let start = cursor.clone();
        cursor.seq = cursor.seq.max(self.deployment.from);
        let room = places.end.0.saturating_sub(cursor.seq.0);
        let rows = places.log.read(cursor.seq, BATCH_EVENTS.min(room as usize))?;
        let Some(first) = rows.first() else { return Ok(Step::Idle) };
        match first.event.kind.as_str() {
            TICK_TYPE => self.tick(places, start, first),
            TABLE_TYPE => self.tables_changed(places, start, first),
            _ => self.events(places, start, &rows),
        }
    }

    fn look_at(&mut self, places: &Places<'_>, seq: EventSeq) -> Result<(), AppError> {
        let last = |changes: &[(EventSeq, String, _)]| {
            let before = changes.iter().filter(|(at, _, _)| *at < seq);
            before.map(|(at, _, _)| at.next()).max().unwrap_or_default()
        };
        let since = last(places.tables.changes());
        if self.view.as_ref().is_some_and(|(at, _, _)| *at == since) {
            return Ok(());
        }
        let tables = places.tables.view(places.log, seq)?;
        let versions = versions_of(&tables, &self.granted);
        let world = World {
            tables: Arc::new(tables),
            calendars: self.calendars.clone(),
            zone: self.zone.clone(),
            granted_tables: self.granted.clone(),
        };
        self.view = Some((since, world, versions));
        Ok(())
    }

    /// The world at the present position.
    ///
    /// # Panics
    /// If [`Runner::look_at`] was not called before.
    fn world(&self) -> &World {
        &self.view.as_ref().expect("each step looks at its tables first").1
    }

    fn events(
        &mut self,
        places: &Places<'_>,
        from: Cursor,
        rows: &[Row],
    ) -> Result<Step, AppError> {
        let is_break = |row: &Row| matches!(row.event.kind.as_str(), TICK_TYPE | TABLE_TYPE);
        let rows = &rows[..rows.iter().position(is_break).unwrap_or(rows.len())];
        let to = Cursor { seq: rows[rows.len() - 1].seq.next(), tick_after: None };
        self.look_at(places, rows[0].seq)?;
        let tasks = self.plan.tasks(rows.iter().map(|row| (row.seq, &row.event)));
        let views: Vec<_> =
            rows.iter().map(|row| EventView::of(row.seq, &row.event, &self.zone)).collect();
        let marks: Vec<_> = rows.iter().map(|row| mark(row.seq, &row.event)).collect();
        let inputs = |task: &KeyTask| {
            task.inputs.iter().map(|index| Input::Event(views[*index].clone())).collect()
        };
        let effects = self.fold(places, tasks, &marks, &inputs)?;
        let events = rows.len();
        self.commit(places, from, to, effects)?;
        Ok(Step::Moved { events })
    }

    /// Keys with a wake look again at the new tables, at the log time of the change. They are paged
    /// by key, so that each comes once, whatever wake it then asks for.
    fn tables_changed(
        &mut self,
        places: &Places<'_>,
        from: Cursor,
        row: &Row,
    ) -> Result<Step, AppError> {
        let now = self.zone.local(row.event.logged);
        let after = from.tick_after.as_ref().map(|(_, id)| id);
        let page = places.states.states(self.deployment.id, after, TIMERS_PER_STEP)?;
        let Some((last, _)) = page.last() else { return self.pass(places, from, row) };
        let to = Cursor { seq: row.seq, tick_after: Some((now, last.clone())) };
        let waiting = page.into_iter().filter_map(|(id, state)| Some((state.wake?, id)));
        let due = waiting.map(|(wake, id)| Due { wake, id }).collect();
        let mark = InputMark { seq: row.seq, logged: row.event.logged, import: false };
        self.look_again(places, (from, to), due, mark, now)
    }

    /// Goes on behind a host event.
    fn pass(&self, places: &Places<'_>, from: Cursor, row: &Row) -> Result<Step, AppError> {
        let to = Cursor { seq: row.seq.next(), tick_after: None };
        self.commit(places, from, to, Effects::default())?;
        Ok(Step::Moved { events: 1 })
    }

    /// Hands a tick to the keys that are due by then, some at a time.
    fn tick(&mut self, places: &Places<'_>, from: Cursor, row: &Row) -> Result<Step, AppError> {
        let tick: Tick = serde_json::from_str(&row.event.data)
            .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))?;
        let until = self.zone.local(tick.time);
        let id = self.deployment.id;
        let due = places.states.due(id, until, from.tick_after.as_ref(), TIMERS_PER_STEP)?;
        let Some(last) = due.last() else { return self.pass(places, from, row) };
        let to = Cursor { seq: row.seq, tick_after: Some((last.wake, last.id.clone())) };
        let mark = InputMark { seq: row.seq, logged: tick.time, import: tick.import };
        self.look_again(places, (from, to), due, mark, until)
    }

    /// Hands a tick at `now` to some keys.
    fn look_again(
        &mut self,
        places: &Places<'_>,
        (from, to): (Cursor, Cursor),
        due: Vec<Due>,
        mark: InputMark,
        now: Local,
    ) -> Result<Step, AppError> {
        // The new versions hold for what their own change sets off.
        self.look_at(places, mark.seq.next())?;
        let tasks: Vec<_> = due.into_iter().filter_map(|due| self.timer_task(due)).collect();
        let inputs = |_: &KeyTask| vec![Input::Tick(now)];
        let mut effects = self.fold(places, tasks, &[mark], &inputs)?;
        self.let_sleep(places, now, &mut effects)?;
        self.commit(places, from, to, effects)?;
        Ok(Step::Moved { events: 0 })
    }

    fn timer_task(&self, due: Due) -> Option<KeyTask> {
        let streams = &self.plan.manifest().streams;
        let stream = streams.iter().position(|stream| stream.name == due.id.stream)?;
        Some(KeyTask { stream, key: due.id.key, inputs: vec![0] })
    }

    /// Calls the plugin for all tasks and settles its answers.
    fn fold<'a>(
        &mut self,
        places: &Places<'_>,
        tasks: Vec<KeyTask>,
        marks: &[InputMark],
        inputs: &dyn Fn(&KeyTask) -> Vec<Input<'a>>,
    ) -> Result<Effects, AppError> {
        let ids: Vec<_> = tasks.iter().map(|task| self.key_id(task)).collect();
        let states = places.states.load_states(self.deployment.id, &ids)?;
        let states: Vec<_> =
            states.into_iter().map(|state| state.map(|state| state.state)).collect();
        let built: Vec<Task<'_>> = ids
            .iter()
            .zip(&tasks)
            .zip(&states)
            .map(|((id, task), state)| Task {
                stream: &id.stream,
                key: &id.key,
                state: state.as_deref().unwrap_or_default(),
                inputs: inputs(task),
            })
            .collect();
        let answers = self.answers(marks, &tasks, &built);
        let versions = &self.view.as_ref().expect("each step looks at its tables first").2;
        let region = self.plan.region().to_owned();
        let context = LeafContext {
            plan: &self.plan,
            deployment: &self.deployment,
            tables: versions,
            region: &region,
        };
        Ok(settle(&context, marks, answers))
    }

    /// A key whose wake has come and whose plugin failed on it sleeps until its next event: it would
    /// fail at every tick again, and its gap is on record.
    fn let_sleep(
        &self,
        places: &Places<'_>,
        until: Local,
        effects: &mut Effects,
    ) -> Result<(), AppError> {
        let failed = |gap: &GapEffect| KeyTask {
            stream: gap.stream,
            key: gap.key.clone(),
            inputs: Vec::new(),
        };
        let tasks: Vec<_> = effects.gaps.iter().map(failed).collect();
        let ids: Vec<_> = tasks.iter().map(|task| self.key_id(task)).collect();
        let states = places.states.load_states(self.deployment.id, &ids)?;
        for (task, state) in tasks.into_iter().zip(states) {
            let KeyTask { stream, key, .. } = task;
            if let Some(KeyState { state, wake: Some(wake) }) = state
                && wake <= until
            {
                effects.states.push(KeyEffect { stream, key, state, wake: None });
            }
        }
        Ok(())
    }

    fn key_id(&self, task: &KeyTask) -> KeyId {
        let stream = self.plan.manifest().streams[task.stream].name.clone();
        KeyId { stream, key: task.key.clone() }
    }

    /// The answers to all tasks in their order, using as many instances as there are threads.
    fn answers(
        &mut self,
        marks: &[InputMark],
        keys: &[KeyTask],
        tasks: &[Task<'_>],
    ) -> Vec<Answer> {
        self.tasks += tasks.len() as u64;
        let mut instances = std::mem::take(&mut self.instances);
        let threads = if tasks.len() < TASKS_FOR_THREADS { 1 } else { instances.len() };
        let share = tasks.len().div_ceil(threads).max(1);
        let this = &*self;
        let parts: Vec<(Vec<_>, u64)> = std::thread::scope(|scope| {
            let parts = keys.chunks(share).zip(tasks.chunks(share));
            let mut handles: Vec<_> = Vec::new();
            let mut first = None;
            for (index, (instance, (keys, tasks))) in instances.iter_mut().zip(parts).enumerate() {
                let mut call = Call { runner: this, instance, marks, fuel: 0, answers: Vec::new() };
                if index == 0 {
                    first = Some((call, keys, tasks));
                } else {
                    handles.push(scope.spawn(move || {
                        call.run(keys, tasks);
                        (call.answers, call.fuel)
                    }));
                }
            }
            let first = first.map(|(mut call, keys, tasks)| {
                call.run(keys, tasks);
                (call.answers, call.fuel)
            });
            let rest = handles.into_iter().map(|handle| handle.join().expect("a panic aborts"));
            first.into_iter().chain(rest).collect()
        });
        self.instances = instances;
        self.fuel += parts.iter().map(|(_, fuel)| fuel).sum::<u64>();
        parts.into_iter().flat_map(|(answers, _)| answers).collect()
    }

    fn call(
        &self,
        slot: &mut Option<Instance>,
        tasks: &[Task<'_>],
    ) -> Result<(Vec<Verdict>, u64), Fault> {
        let instance = match slot {
            Some(instance) => instance,
            None => slot.insert(self.instantiate()?),
        };
        match instance.supervise(self.world(), tasks, false) {
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

    fn instantiate(&self) -> Result<Instance, Fault> {
        use plumbline_engine::StartError;
        let started = self.plugin.instantiate(self.limits, &self.deployment.parameters);
        started.map_err(|error| match error {
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
        let states = places.states.load_states(self.deployment.id, ids)?;
        let mut answers = Vec::new();
        for (id, state) in ids.iter().zip(states) {
            let Some(state) = state else { continue };
            let inputs = vec![Input::Tick(now)];
            let task = Task { stream: &id.stream, key: &id.key, state: &state.state, inputs };
            let started = self.instantiate();
            let answer =
                started.and_then(|mut instance| instance.supervise(self.world(), &[task], true));
            answers.push((id.clone(), answer));
        }
        Ok(answers)
    }

    fn commit(
        &self,
        places: &Places<'_>,
        from: Cursor,
        to: Cursor,
        effects: Effects,
    ) -> Result<(), AppError> {
        let streams = &self.plan.manifest().streams;
        let id = |stream: usize, key: String| KeyId { stream: streams[stream].name.clone(), key };
        let states = effects.states.into_iter().map(|effect| {
            let keep = !effect.state.is_empty() || effect.wake.is_some();
            let state = KeyState { state: effect.state, wake: effect.wake };
            (id(effect.stream, effect.key), keep.then_some(state))
        });
        let gaps = effects.gaps.into_iter().map(|gap| GapRow {
            from: gap.from,
            to: gap.to,
            id: id(gap.stream, gap.key),
            code: gap.fault.code().to_owned(),
            fault: gap.fault.account(),
        });
        let commit = Commit {
            deployment: self.deployment.id,
            from,
            to,
            states: states.collect(),
            events: effects.facts,
            leaves: effects.leaves,
            gaps: gaps.collect(),
            lazy: places.lazy,
        };
        places.states.commit(commit)?;
        Ok(())
    }
}

fn mark(seq: EventSeq, event: &Event) -> InputMark {
    InputMark { seq, logged: event.logged, import: is_import(event) }
}
