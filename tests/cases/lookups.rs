//! A plugin keeps what it has looked up as long as no table changes, and no longer. Whatever its
//! instance was asked before, it answers as a new one does.

use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_contract::table::{TableRow, TableSet, Tables};
use plumbline_contract::task::{EventView, Input, LookMode, Task};
use plumbline_contract::time::{Day, Zone};
use plumbline_engine::{Batch, Calendars, Engine, Instance, Limits, Plugin, World};
use plumbline_kernel::{Deployment, Grants, Mode, Plan, Setting};
use plumbline_ledger::{TrustedKeys, sha256_hex, verify_package};
use plumbline_tests::{case, instant, plugins, to_event};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const STREAM: &str = "case";
const ITEM: &str = "XK001";

/// Tables that count how often they are asked.
#[derive(Debug)]
struct Counted {
    tables: TableSet,
    asked: AtomicUsize,
}

impl Tables for Counted {
    fn lookup(&self, table: &str, key: &str, on: Day) -> Option<&str> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.tables.lookup(table, key, on)
    }

    fn row(&self, table: &str, key: &str, on: Day) -> Option<&TableRow> {
        self.tables.row(table, key, on)
    }

    fn scan(&self, table: &str, prefix: &str, on: Day, max: usize) -> Vec<(&str, &str)> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.tables.scan(table, prefix, on, max)
    }

    fn steady(&self, table: &str, on: Day) -> (Day, Day) {
        self.tables.steady(table, on)
    }

    fn rows(&self, table: &str) -> Vec<&TableRow> {
        self.tables.rows(table)
    }

    fn versions(&self) -> &BTreeMap<String, u32> {
        self.tables.versions()
    }
}

/// The approval plugin, compiled.
struct Approval {
    plugin: Plugin,
    parameters: String,
    granted: Arc<BTreeSet<String>>,
}

impl Approval {
    fn load(packages: &Path) -> Self {
        let vkey = std::fs::read_to_string(packages.join("development.vkey")).unwrap();
        let bytes = std::fs::read(packages.join("approval.wasm")).unwrap();
        let package = verify_package(&bytes, &TrustedKeys::from_text(&vkey).unwrap()).unwrap();
        let manifest = Arc::new(package.manifest().clone());
        let deployment = Deployment {
            id: DeploymentId(1),
            plugin: manifest.plugin.id.clone(),
            mode: Mode::Live,
            scope: String::new(),
            from: EventSeq(0),
            since: None,
            settings: vec![Setting { package: Some(package.hash()), ..Setting::default() }],
            grants: vec![Grants::all(package.hash(), &manifest)],
        };
        let manifests = BTreeMap::from([(package.hash(), manifest)]);
        let zone = Arc::new(Zone::shanghai());
        let plan = Plan::new(&deployment, &manifests, zone, sha256_hex).unwrap();
        let variant = &plan.variants()[0];
        Self {
            plugin: Engine::new(None).unwrap().load(&package).unwrap(),
            parameters: variant.parameters.clone(),
            granted: Arc::new(variant.grants.tables()),
        }
    }

    fn instance(&self) -> Instance {
        self.plugin.instantiate(Limits::default(), &self.parameters).unwrap()
    }

    /// A world with the national calendar and these items.
    fn world(&self, items: &[(String, Value)]) -> (World, Arc<Counted>) {
        let row = |key: &str, row: &Value| TableRow {
            key: key.into(),
            from: None,
            to: None,
            json: row.to_string(),
        };
        let mut tables = TableSet::default();
        let calendar =
            plumbline::table::parse_csv("calendar", plumbline_contract::CALENDAR_CSV.as_bytes());
        tables.put("calendar", 1, calendar.unwrap());
        tables.put("item", 1, items.iter().map(|(key, item)| row(key, item)));
        let counted = Arc::new(Counted { tables, asked: AtomicUsize::new(0) });
        let world = World {
            tables: counted.clone(),
            calendars: Arc::new(Calendars::default()),
            zone: Arc::new(Zone::shanghai()),
            granted_tables: self.granted.clone(),
        };
        (world, counted)
    }
}

/// An item with a promised limit, and so many steps as make its row long.
fn item(code: &str, promised: usize, steps: usize) -> (String, Value) {
    let step = |step: usize| json!({ "step": format!("step-{step}"), "role": "reviewer" });
    let steps: Vec<Value> = (0..steps).map(step).collect();
    let row = json!({ "item_code": code, "statutory_wd": 20, "promised_wd": promised,
        "dept": "D-001", "steps": steps, "status": "active" });
    (code.to_owned(), row)
}

/// Hands an accepted case of each item to the instance, in one call.
fn supervise(
    instance: &mut Instance,
    world: &World,
    codes: &[String],
    (first, mode): (usize, LookMode),
) -> Batch {
    let zone = Zone::shanghai();
    let logged = instant("2026-03-02T09:00:00");
    let of_case = |(number, code): (usize, &String)| {
        let lines = case(number, "2026-03-02T09:00:00", "").into_iter();
        lines.map(|line| to_event(&line.replace(ITEM, code), logged)).collect::<Vec<_>>()
    };
    let cases: Vec<_> = (first..).zip(codes).map(of_case).collect();
    let keys: Vec<_> = (first..).take(codes.len()).map(|number| format!("C{number:05}")).collect();
    let task = |(key, events)| -> Task<'_> {
        let events: &Vec<plumbline_contract::event::Event> = events;
        let view = |(seq, event)| Input::Event(EventView::of(EventSeq(seq), event, &zone));
        let key: &String = key;
        Task { stream: STREAM, key, state: &[], inputs: (0..).zip(events).map(view).collect() }
    };
    let tasks: Vec<_> = keys.iter().zip(&cases).map(task).collect();
    instance.supervise(world, &tasks, mode).unwrap()
}

fn one(instance: &mut Instance, world: &World, number: usize) -> Batch {
    supervise(instance, world, &[ITEM.to_owned()], (number, LookMode::Every))
}

#[test]
fn nothing_is_asked_twice_until_a_table_changes() {
    let Some(packages) = plugins() else { return };
    let approval = Approval::load(&packages);
    let (world, tables) = approval.world(&[item(ITEM, 5, 3)]);
    let mut instance = approval.instance();
    let first = one(&mut instance, &world, 1);
    let asked = tables.asked.load(Ordering::Relaxed);
    assert!(asked > 0);
    let second = one(&mut instance, &world, 2);
    assert_eq!(tables.asked.load(Ordering::Relaxed), asked, "all was known already");
    assert!(second.fuel < first.fuel, "{} after {}", second.fuel, first.fuel);
    assert_eq!(second.verdicts, one(&mut approval.instance(), &world, 2).verdicts);
    // The promise is shorter in the next version of the table.
    let (changed, tables) = approval.world(&[item(ITEM, 3, 3)]);
    let third = one(&mut instance, &changed, 2);
    assert_eq!(tables.asked.load(Ordering::Relaxed), asked);
    assert_ne!(third.verdicts, second.verdicts);
    assert_eq!(third.verdicts, one(&mut approval.instance(), &changed, 2).verdicts);
}

/// Rows that begin and end: what was looked up on one day is not taken for another.
#[test]
fn a_row_holds_for_its_own_days() {
    let Some(packages) = plugins() else { return };
    let approval = Approval::load(&packages);
    let (mut world, _) = approval.world(&[]);
    let mut tables = TableSet::default();
    let calendar = plumbline_contract::CALENDAR_CSV.as_bytes();
    tables.put("calendar", 1, plumbline::table::parse_csv("calendar", calendar).unwrap());
    let day = |date: u32| Day::from_ymd(2026, 3, date);
    let row = |promised, from, to| {
        let (key, row) = item(ITEM, promised, 2);
        TableRow { key, from, to, json: row.to_string() }
    };
    let rows = [row(5, None, day(2)), row(3, day(3), day(4)), row(9, day(6), None)];
    tables.put("item", 1, rows);
    let tables = Arc::new(Counted { tables, asked: AtomicUsize::new(0) });
    world.tables = tables.clone();
    let mut instance = approval.instance();
    let mut wakes = BTreeSet::new();
    for round in 0..2 {
        for date in [2, 5, 3, 6, 4, 1, 9] {
            let warm = accepted_on(&mut instance, &world, date);
            let asked = tables.asked.swap(0, Ordering::Relaxed);
            let fresh = accepted_on(&mut approval.instance(), &world, date);
            tables.asked.store(0, Ordering::Relaxed);
            assert_eq!(warm.verdicts, fresh.verdicts, "2026-03-0{date}");
            assert!(round == 0 || asked == 0, "2026-03-0{date} was known already");
            wakes.insert(fresh.verdicts[0].wake);
        }
    }
    assert!(wakes.len() > 4, "{wakes:?}");
}

/// Hands in one case that was accepted on a day of March.
fn accepted_on(instance: &mut Instance, world: &World, date: u32) -> Batch {
    let zone = Zone::shanghai();
    let time = format!("2026-03-0{date}T09:00:00");
    let events: Vec<_> =
        case(1, &time, "").iter().map(|line| to_event(line, instant(&time))).collect();
    let view = |(seq, event)| Input::Event(EventView::of(EventSeq(seq), event, &zone));
    let inputs = (0..).zip(&events).map(view).collect();
    let task = Task { stream: STREAM, key: "C00001", state: &[], inputs };
    instance.supervise(world, &[task], LookMode::Every).unwrap()
}

#[test]
fn a_traced_call_looks_everything_up_itself() {
    let Some(packages) = plugins() else { return };
    let approval = Approval::load(&packages);
    let (world, _) = approval.world(&[item(ITEM, 5, 3)]);
    let traced = |instance: &mut Instance| {
        supervise(instance, &world, &[ITEM.to_owned()], (2, LookMode::Trace))
    };
    let mut warm = approval.instance();
    one(&mut warm, &world, 1);
    let batch = traced(&mut warm);
    let fresh = traced(&mut approval.instance());
    assert!(batch.reads.iter().any(|read| read.table == "item"));
    assert!(batch.reads.iter().any(|read| read.table == "calendar"));
    assert_eq!((batch.reads, batch.verdicts), (fresh.reads, fresh.verdicts));
    let again = one(&mut warm, &world, 3);
    assert_eq!(again.verdicts, one(&mut approval.instance(), &world, 3).verdicts);
}

/// Some 3 MiB of rows, and as much again that is made of them: more than a plugin has room for.
#[test]
fn more_than_can_be_kept_is_looked_up_again() {
    const ITEMS: usize = 3_000;
    const CALL: usize = 200;
    let Some(packages) = plugins() else { return };
    let approval = Approval::load(&packages);
    let items: Vec<_> = (0..ITEMS).map(|n| item(&format!("XK-{n:05}"), 2 + n % 18, 20)).collect();
    let codes: Vec<String> = items.iter().map(|(code, _)| code.clone()).collect();
    let (world, tables) = approval.world(&items);
    let mut instance = approval.instance();
    let mut asked = Vec::new();
    for round in 0..3 {
        for (turn, codes) in codes.chunks(CALL).enumerate() {
            let first = (round * ITEMS + turn * CALL, LookMode::Every);
            let warm = supervise(&mut instance, &world, codes, first);
            asked.push(tables.asked.swap(0, Ordering::Relaxed));
            let fresh = supervise(&mut approval.instance(), &world, codes, first);
            tables.asked.store(0, Ordering::Relaxed);
            assert!(warm.verdicts == fresh.verdicts, "round {round}, turn {turn}");
        }
    }
    // Calls that ask for the same again and again find it, whatever was there before.
    for _ in 0..2 {
        supervise(&mut instance, &world, &codes[..CALL], (0, LookMode::Every));
        asked.push(tables.asked.swap(0, Ordering::Relaxed));
        supervise(&mut instance, &world, &codes[..CALL], (0, LookMode::Every));
        asked.push(tables.asked.swap(0, Ordering::Relaxed));
    }
    assert_eq!(asked.last(), Some(&0), "{asked:?}");
    assert!(asked[..asked.len() - 4].iter().all(|asked| *asked >= CALL), "{asked:?}");
}
