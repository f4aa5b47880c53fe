//! What the sandbox costs: all rules of the approval plugin in WebAssembly, with fuel, against the
//! same rules called natively, on the same tasks in the same run.
//!
//! A county's log is cut into batches and routed as the driver does. Each call of 256 tasks is made
//! by both, in turns, on one thread; only the calls are timed, and both must answer the same.
//! States live in memory and facts go back into the log, so nothing of the store is in the figures.
//!
//! `PLUMBLINE_TEST_PLUGINS` names the folder of the signed plugin; `PLUMBLINE_BENCH_CASES`,
//! `PLUMBLINE_BENCH_ROUNDS` and `PLUMBLINE_BENCH_BATCH` (events) set the size;
//! `PLUMBLINE_BENCH_LOOK=last` looks once a task, as runs do of which only the end counts.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod support;

use plumbline_approval::Approval;
use plumbline_contract::event::Event;
use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_contract::package::VerifiedPackage;
use plumbline_contract::table::Tables;
use plumbline_contract::task::{EventView, Input, LookMode, Task, Verdict};
use plumbline_contract::time::Zone;
use plumbline_engine::{Calendars, Engine, Instance, Limits, World};
use plumbline_guest::native::{Native, NativeHost};
use plumbline_kernel::{
    Deployment, Grants, InputMark, LeafContext, Mode, Plan, Routed, Setting, settle,
};
use plumbline_ledger::sha256_hex;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use support::county::usual_start;
use support::{approval, folder, median, setting, table_set, thread_cpu};

const TASKS_PER_CALL: usize = 256;

fn main() {
    let Some(packages) = folder("PLUMBLINE_TEST_PLUGINS") else { return };
    let package = approval(&packages);
    let zone = Arc::new(Zone::shanghai());
    let log = support::county::log(setting("PLUMBLINE_BENCH_CASES", 30_000), usual_start(), &zone);
    let bytes = log.iter().map(|event| event.data.len()).sum::<usize>() / log.len();
    println!("{} events, {bytes} bytes of payload each", log.len());
    let mode = match std::env::var("PLUMBLINE_BENCH_LOOK").as_deref() {
        Ok("last") => LookMode::Last,
        _ => LookMode::Every,
    };
    // As in the driver, if not told otherwise.
    let batch = setting("PLUMBLINE_BENCH_BATCH", plumbline::driver::BATCH_EVENTS);
    let mut rounds = Vec::new();
    for round in 0..setting("PLUMBLINE_BENCH_ROUNDS", 3) {
        let streams = Bench::new(&package, zone.clone(), mode).run(&log, batch);
        let mut whole = Part::default();
        streams.values().for_each(|part| whole.add(part));
        println!("round {round}: {whole}");
        if round == 0 {
            streams.iter().for_each(|(stream, part)| println!("  {stream:<12}{part}"));
        }
        rounds.push(whole);
    }
    let pick = |of: fn(&Part) -> f64| median(&rounds.iter().map(of).collect::<Vec<_>>());
    println!("native : wasm by processor time, median: {:.3}", pick(Part::ratio));
    println!("folds per processor second in wasm, median: {:.0}", pick(Part::folds_per_second));
    let events = log.len() as f64 / 1e6;
    let us = |of: fn(&Part) -> Duration| {
        median(&rounds.iter().map(|part| of(part).as_secs_f64() / events).collect::<Vec<_>>())
    };
    let (native, wasm) = (us(|part| part.native), us(|part| part.wasm));
    println!("us an event, median: native {native:.2}, wasm {wasm:.2}");
}

/// What one stream took in one round, or all of them.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    native: Duration,
    wasm: Duration,
    tasks: usize,
    folds: usize,
    fuel: u64,
    state_bytes: usize,
}

impl Part {
    fn add(&mut self, other: &Self) {
        self.native += other.native;
        self.wasm += other.wasm;
        self.tasks += other.tasks;
        self.folds += other.folds;
        self.fuel += other.fuel;
        self.state_bytes += other.state_bytes;
    }

    fn ratio(&self) -> f64 {
        self.native.as_secs_f64() / self.wasm.as_secs_f64()
    }

    fn folds_per_second(&self) -> f64 {
        self.folds as f64 / self.wasm.as_secs_f64()
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let us = |time: Duration| time.as_secs_f64() * 1e6 / self.folds as f64;
        write!(
            f,
            "{:>8} folds in {:>7} tasks: native {:>6.2} us, wasm {:>6.2} us a fold, ratio {:.3}; \
             {:>6.0} fuel a fold, {:>5} bytes of state",
            self.folds,
            self.tasks,
            us(self.native),
            us(self.wasm),
            self.ratio(),
            self.fuel as f64 / self.folds as f64,
            self.state_bytes / self.tasks,
        )
    }
}

struct Bench {
    plan: Plan,
    zone: Arc<Zone>,
    world: World,
    instance: Instance,
    mode: LookMode,
    native: Native<Approval>,
    host: NativeHost,
    tables: Arc<dyn Tables>,
    states: BTreeMap<(usize, String), Vec<u8>>,
    parts: BTreeMap<String, Part>,
}

impl Bench {
    fn new(package: &VerifiedPackage, zone: Arc<Zone>, mode: LookMode) -> Self {
        let manifest = Arc::new(package.manifest().clone());
        let setting = Setting { package: Some(package.hash()), ..Setting::default() };
        let deployment = Deployment {
            id: DeploymentId(1),
            plugin: manifest.plugin.id.clone(),
            mode: Mode::Live,
            scope: String::new(),
            from: EventSeq(0),
            since: None,
            settings: vec![setting],
            grants: vec![Grants::all(package.hash(), &manifest)],
        };
        let manifests = BTreeMap::from([(package.hash(), manifest)]);
        let plan = Plan::new(&deployment, &manifests, zone.clone(), sha256_hex).unwrap();
        let variant = plan.variants()[0].clone();
        let tables: Arc<dyn Tables> = Arc::new(table_set());
        let world = World {
            tables: tables.clone(),
            calendars: Arc::new(Calendars::default()),
            zone: zone.clone(),
            granted_tables: Arc::new(variant.grants.tables()),
        };
        let plugin = Engine::new(None).unwrap().load(package).unwrap();
        let instance = plugin.instantiate(Limits::default(), &variant.parameters).unwrap();
        Self {
            plan,
            native: Native::new(&variant.parameters).unwrap(),
            host: NativeHost::new(tables.clone(), (*zone).clone()),
            zone,
            world,
            instance,
            mode,
            tables,
            states: BTreeMap::new(),
            parts: BTreeMap::new(),
        }
    }

    fn run(mut self, log: &[Event], batch: usize) -> BTreeMap<String, Part> {
        let mut seq = 0;
        // Facts are read after the batch that published them.
        let mut facts: Vec<Event> = Vec::new();
        for batch in log.chunks(batch) {
            let facts_of_last = std::mem::take(&mut facts).into_iter();
            let batch: Vec<Event> = facts_of_last.chain(batch.to_vec()).collect();
            facts = self.batch(EventSeq(seq), &batch);
            seq += batch.len() as u64;
        }
        self.parts
    }

    /// Folds a batch; returns the facts that it published.
    fn batch(&mut self, first: EventSeq, events: &[Event]) -> Vec<Event> {
        let Routed { events: inputs, tasks: key_tasks } = self.plan.route(events);
        let inputs = || inputs.iter().map(|at| (EventSeq(first.0 + *at as u64), &events[*at]));
        let views: Vec<_> =
            inputs().map(|(seq, event)| EventView::of(seq, event, &self.zone)).collect();
        let states = std::mem::take(&mut self.states);
        let streams = self.plan.streams().to_vec();
        let tasks: Vec<Task<'_>> = key_tasks
            .iter()
            .map(|task| Task {
                stream: &streams[task.stream],
                key: &task.key,
                state: states.get(&(task.stream, task.key.clone())).map_or(&[], Vec::as_slice),
                inputs: task.inputs.iter().map(|i| Input::Event(views[*i].clone())).collect(),
            })
            .collect();
        let mut verdicts = Vec::with_capacity(tasks.len());
        for tasks in tasks.chunk_by(|a, b| a.stream == b.stream) {
            for (turn, tasks) in tasks.chunks(TASKS_PER_CALL).enumerate() {
                verdicts.extend(self.call(turn % 2 == 0, tasks));
            }
        }
        drop(tasks);
        self.states = states;
        let marks: Vec<_> = inputs().map(|(seq, event)| mark(seq, event)).collect();
        let tables = [self.tables.versions().clone()];
        let context = LeafContext { plan: &self.plan, tables: &tables, regions: &[] };
        let answers =
            key_tasks.into_iter().map(std::borrow::Cow::Owned).zip(verdicts.into_iter().map(Ok));
        let effects = settle(&context, &marks, answers);
        assert!(effects.gaps.is_empty(), "{:?}", effects.gaps.first());
        for effect in effects.states {
            self.states.insert((effect.stream, effect.key), effect.state);
        }
        effects.facts
    }

    /// One call by each of the two, in turns, so that neither always finds warm memory.
    fn call(&mut self, native_first: bool, tasks: &[Task<'_>]) -> Vec<Verdict> {
        let before = native_first.then(|| self.call_native(tasks));
        let start = thread_cpu();
        let batch = self.instance.supervise(&self.world, tasks, self.mode).unwrap();
        let wasm = thread_cpu() - start;
        let (verdicts, native) = before.unwrap_or_else(|| self.call_native(tasks));
        assert!(verdicts == batch.verdicts, "native and wasm answer the same");
        self.parts.entry(tasks[0].stream.to_owned()).or_default().add(&Part {
            native,
            wasm,
            tasks: tasks.len(),
            folds: tasks.iter().map(|task| task.inputs.len()).sum(),
            fuel: batch.fuel,
            state_bytes: verdicts.iter().map(|verdict| verdict.state.len()).sum(),
        });
        verdicts
    }

    fn call_native(&self, tasks: &[Task<'_>]) -> (Vec<Verdict>, Duration) {
        let start = thread_cpu();
        let verdicts = self.native.supervise(&self.host, tasks, self.mode);
        (verdicts, thread_cpu() - start)
    }
}

fn mark(seq: EventSeq, event: &Event) -> InputMark {
    InputMark { seq, logged: event.logged, import: true }
}
