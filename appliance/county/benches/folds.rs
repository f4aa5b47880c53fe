//! What the folds of a made-up year cost, plugin by plugin and stream by stream, natively: time a
//! fold, folds an event, bytes of state, questions to the tables. The log is cut as the driver cuts
//! it, and facts go back into it. `PLUMBLINE_BENCH_SCALE` sets the size in per cent,
//! `PLUMBLINE_BENCH_PLUGIN` picks one plugin.
//!
//! The last column is a fingerprint of all answers without the states: a change that only makes
//! folds cheaper leaves it as it is. It knows nothing of the sandbox; `plumbline demo --year` does.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;

use plumbline_contract::event::{Event, fingerprint};
use plumbline_contract::id::EventSeq;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::route;
use plumbline_contract::task::{EventView, Input, LookMode, Record, Task, Verdict};
use plumbline_contract::time::{Day, Local, Zone};
use plumbline_contract::worktime::{Due, Moment, Span, Unit};
use plumbline_county::Options;
use plumbline_guest::native::{Native, NativeHost};
use plumbline_guest::{CalendarId, Host, Plugin};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// As in the driver of the appliance.
const BATCH_EVENTS: usize = 8192;
const TASKS_PER_CALL: usize = 256;
const INPUTS_PER_CALL: usize = 512;

/// What one stream cost.
#[derive(Default)]
struct Cost {
    tasks: u64,
    folds: u64,
    bytes: u64,
    facts: u64,
    lookups: u64,
    scans: u64,
    dates: u64,
    took: Duration,
    answers: u64,
}

/// A host that counts what it is asked.
#[derive(Debug)]
struct Counting {
    host: NativeHost,
    lookups: Cell<u64>,
    scans: Cell<u64>,
    dates: Cell<u64>,
}

fn more(count: &Cell<u64>) {
    count.set(count.get() + 1);
}

impl Host for Counting {
    fn lookup(&self, table: &str, key: &str, on: Day) -> Option<String> {
        more(&self.lookups);
        self.host.lookup(table, key, on)
    }
    fn scan(&self, table: &str, prefix: &str, on: Day, max: u32) -> Vec<(String, String)> {
        more(&self.scans);
        self.host.scan(table, prefix, on, max)
    }
    fn open(&self, region: &str, organ: &str) -> CalendarId {
        more(&self.dates);
        self.host.open(region, organ)
    }
    fn is_working(&self, calendar: CalendarId, day: Day) -> bool {
        more(&self.dates);
        self.host.is_working(calendar, day)
    }
    fn add(&self, calendar: CalendarId, from: Day, amount: i32, unit: Unit, roll: bool) -> Due {
        more(&self.dates);
        self.host.add(calendar, from, amount, unit, roll)
    }
    fn count(&self, calendar: CalendarId, from: Day, to: Day, unit: Unit, pauses: &[Span]) -> i32 {
        more(&self.dates);
        self.host.count(calendar, from, to, unit, pauses)
    }
    fn add_worktime(&self, calendar: CalendarId, from: Local, seconds: i64) -> Moment {
        more(&self.dates);
        self.host.add_worktime(calendar, from, seconds)
    }
    fn worktime(&self, calendar: CalendarId, from: Local, to: Local, pauses: &[Span]) -> i64 {
        more(&self.dates);
        self.host.worktime(calendar, from, to, pauses)
    }
    fn to_local(&self, utc_ms: i64) -> Local {
        more(&self.dates);
        self.host.to_local(utc_ms)
    }
    fn message(&self, _: &str) {}
}

type Run = Box<dyn Fn(&Counting, &[Task<'_>]) -> Vec<Verdict>>;

/// One plugin along the log.
struct Deployed {
    manifest: Manifest,
    run: Run,
    cursor: usize,
    states: BTreeMap<(usize, String), Vec<u8>>,
    costs: Vec<Cost>,
}

fn deploy<P: Plugin + 'static>(manifest: &str) -> Deployed {
    let manifest = Manifest::from_toml(manifest).unwrap();
    let parameters = Value::Object(manifest.parameters(&Map::new()).unwrap()).to_string();
    let native = Native::<P>::new(&parameters).unwrap();
    let run: Run = Box::new(move |host, tasks| native.supervise(host, tasks, LookMode::Every));
    let costs = manifest.streams.iter().map(|_| Cost::default()).collect();
    Deployed { manifest, run, cursor: 0, states: BTreeMap::new(), costs }
}

impl Deployed {
    /// Folds a stretch of the log; returns the facts in the order of what they follow from.
    fn step(&mut self, log: &[Event], host: &Counting, zone: &Zone) -> Vec<Event> {
        let from = self.cursor;
        let events = &log[from..log.len().min(from + BATCH_EVENTS)];
        self.cursor += events.len();
        let mut keys: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
        for (at, event) in events.iter().enumerate() {
            if !self.manifest.may_see(&event.kind) {
                continue;
            }
            for (stream, of) in self.manifest.streams.iter().enumerate() {
                if route::takes(of, &event.kind) {
                    for key in route::keys(&of.key, event, zone) {
                        keys.entry((stream, key)).or_default().push(at);
                    }
                }
            }
        }
        let view = |at: usize| EventView::of(EventSeq((from + at + 1) as u64), &events[at], zone);
        let views: Vec<_> = (0..events.len()).map(view).collect();
        let all: Vec<_> = keys.into_iter().collect();
        let mut facts = Vec::new();
        for of_stream in all.chunk_by(|(a, _), (b, _)| a.0 == b.0) {
            let mut rest = of_stream;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(tasks_of_call(rest));
                rest = later;
                facts.extend(self.call(now, &views, host));
            }
        }
        facts.sort_by_key(|(cause, fact)| (*cause, fact.seen));
        let domain = &self.manifest.plugin.domain;
        facts.into_iter().map(|(_, record)| fact(domain, record, zone)).collect()
    }

    fn call(
        &mut self,
        tasks: &[((usize, String), Vec<usize>)],
        views: &[EventView<'_>],
        host: &Counting,
    ) -> Vec<(usize, Record)> {
        let stream = tasks[0].0.0;
        let old: Vec<_> =
            tasks.iter().map(|(id, _)| self.states.remove(id).unwrap_or_default()).collect();
        let asked = tasks.iter().zip(&old).map(|((id, inputs), state)| Task {
            stream: &self.manifest.streams[stream].name,
            key: &id.1,
            state,
            inputs: inputs.iter().map(|at| Input::Event(views[*at].clone())).collect(),
        });
        let asked: Vec<_> = asked.collect();
        let count = |cell: &Cell<u64>| cell.replace(0);
        for asked in [&host.lookups, &host.scans, &host.dates] {
            asked.set(0);
        }
        let start = Instant::now();
        let verdicts = (self.run)(host, &asked);
        let cost = &mut self.costs[stream];
        cost.took += start.elapsed();
        cost.lookups += count(&host.lookups);
        cost.scans += count(&host.scans);
        cost.dates += count(&host.dates);
        cost.tasks += tasks.len() as u64;
        cost.folds += tasks.iter().map(|(_, inputs)| inputs.len() as u64).sum::<u64>();
        let mut facts = Vec::new();
        for ((id, inputs), mut verdict) in tasks.iter().zip(verdicts) {
            let state = std::mem::take(&mut verdict.state);
            cost.bytes += state.len() as u64;
            cost.facts += verdict.facts.len() as u64;
            let answer = format!("{}{verdict:?}", id.1);
            cost.answers = fingerprint(&[&cost.answers.to_le_bytes(), answer.as_bytes()]);
            self.states.insert(id.clone(), state);
            let cause = |record: &Record| inputs[record.input as usize];
            facts.extend(verdict.facts.into_iter().map(|record| (cause(&record), record)));
        }
        facts
    }

    fn print(&self) {
        let mut all = Duration::ZERO;
        for (stream, cost) in self.manifest.streams.iter().zip(&self.costs) {
            all += cost.took;
            let each = |count: u64| count as f64 / cost.folds.max(1) as f64;
            println!(
                "{:>12} {:<12} {:>7.1} ms {:>8} tasks {:>8} folds {:>7.2} us {:>7} bytes \
                 {:>7} facts {:>6.2} rows {:>6.2} scans {:>6.2} dates {:016x}",
                self.manifest.plugin.id,
                stream.name,
                cost.took.as_secs_f64() * 1e3,
                cost.tasks,
                cost.folds,
                each(cost.took.as_nanos() as u64) / 1e3,
                cost.bytes / cost.tasks.max(1),
                cost.facts,
                each(cost.lookups),
                each(cost.scans),
                each(cost.dates),
                cost.answers
            );
        }
        println!("{:>12} {:<12} {:>7.1} ms", self.manifest.plugin.id, "", all.as_secs_f64() * 1e3);
    }
}

fn tasks_of_call(tasks: &[((usize, String), Vec<usize>)]) -> usize {
    let mut inputs = 0;
    let fits = |(_, of): &&((usize, String), Vec<usize>)| {
        inputs += of.len();
        inputs <= INPUTS_PER_CALL
    };
    tasks.iter().take(TASKS_PER_CALL).take_while(fits).count().max(1)
}

/// The event that a fact becomes.
fn fact(domain: &str, record: Record, zone: &Zone) -> Event {
    let at = zone.instant(record.seen);
    Event {
        id: format!("{}/{}/{}", record.name, record.key, record.data),
        source: format!("plumbline:{domain}"),
        kind: format!("fact.{domain}.{}", record.name),
        subject: record.key,
        time: at,
        recorded: at,
        corrected: None,
        logged: at,
        region: record.region,
        dept: record.dept,
        serial: Some(0),
        actor: None,
        dataversion: 1,
        data: record.data,
    }
}

fn plugins() -> Vec<Deployed> {
    let all = vec![
        deploy::<plumbline_approval::Approval>(include_str!(
            "../../../plugins/approval/manifest.toml"
        )),
        deploy::<plumbline_conduct::Conduct>(include_str!(
            "../../../plugins/conduct/manifest.toml"
        )),
        deploy::<plumbline_fund::Fund>(include_str!("../../../plugins/fund/manifest.toml")),
        deploy::<plumbline_grid::Grid>(include_str!("../../../plugins/grid/manifest.toml")),
        deploy::<plumbline_penalty::Penalty>(include_str!(
            "../../../plugins/penalty/manifest.toml"
        )),
        deploy::<plumbline_powers::Powers>(include_str!("../../../plugins/powers/manifest.toml")),
        deploy::<plumbline_procurement::Procurement>(include_str!(
            "../../../plugins/procurement/manifest.toml"
        )),
    ];
    let only = std::env::var("PLUMBLINE_BENCH_PLUGIN").ok();
    let wanted = |of: &Deployed| only.as_ref().is_none_or(|only| *only == of.manifest.plugin.id);
    all.into_iter().filter(wanted).collect()
}

fn main() {
    let percent = std::env::var("PLUMBLINE_BENCH_SCALE").ok().and_then(|text| text.parse().ok());
    let options = Options { scale: percent.unwrap_or(10.0) / 100.0, ..Options::default() };
    let year = support::make(&options);
    let zone = Zone::shanghai();
    let host = NativeHost::new(Arc::new(support::table_set(&year.made)), zone.clone());
    let (lookups, scans, dates) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let host = Counting { host, lookups, scans, dates };
    let mut plugins = plugins();
    let mut log: Vec<Event> = Vec::new();
    let mut told = BTreeSet::new();
    for lines in year.lines.chunks(BATCH_EVENTS) {
        log.extend(lines.iter().map(|line| support::event(line)));
        while plugins.iter().any(|plugin| plugin.cursor < log.len()) {
            for plugin in &mut plugins {
                let facts = plugin.step(&log, &host, &zone);
                log.extend(facts.into_iter().filter(|fact| told.insert(fact.id.clone())));
            }
        }
    }
    println!("{} lines, {} events with facts", year.lines.len(), log.len());
    plugins.iter().for_each(Deployed::print);
}
