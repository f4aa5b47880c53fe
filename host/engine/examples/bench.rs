#[path = "../tests/engine/guest.rs"]
mod guest;
use plumbline_contract::table::*;
use plumbline_contract::task::*;
use plumbline_contract::time::*;
use plumbline_engine::*;
use std::sync::Arc;
struct Instant(u64);
impl Instant {
    fn now() -> Self {
        Self(cpu())
    }
    fn elapsed(&self) -> std::time::Duration {
        std::time::Duration::from_nanos(cpu() - self.0)
    }
}
fn cpu() -> u64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}
fn main() {
    let data = format!(r#"{{"case_no":"A-1","pad":"{}"}}"#, "x".repeat(340));
    let event = |seq| {
        Input::Event(EventView {
            seq,
            identity: seq,
            version: 1,
            kind: "approval.case.accepted",
            time: Local(1),
            recorded: Local(1),
            corrected: None,
            logged: Local(1),
            region: "522601",
            dept: "11520000000000001X",
            actor: "officer-7",
            source: "hall-system",
            serial: Some(seq),
            data: &data,
        })
    };
    let state = vec![7u8; 120];
    let world = World {
        tables: Arc::new(TableSet::default()),
        calendars: Arc::new(Calendars::default()),
        zone: Arc::new(Zone::shanghai()),
        granted_tables: Arc::new(Default::default()),
    };
    let engine = Engine::new(None).unwrap();
    let plugin =
        engine.load(&guest::package("(call $echo (local.get $tasks) (local.get $count))")).unwrap();
    for (tasks_n, events_n) in [(1, 1), (1, 10), (32, 10), (256, 10)] {
        let tasks: Vec<Task> = (0..tasks_n)
            .map(|_| Task {
                stream: "case",
                key: "A-2026-00001",
                state: &state,
                inputs: (0..events_n).map(event).collect(),
            })
            .collect();
        let mut i = plugin.instantiate(Limits::default(), "{}").unwrap();
        let rounds = 200_000 / (tasks_n * events_n) + 1;
        let mut fuel = 0;
        let t = Instant::now();
        for _ in 0..rounds {
            fuel = i.supervise(&world, &tasks, false).unwrap().fuel;
        }
        let n = rounds as f64 * tasks_n as f64 * events_n as f64;
        println!(
            "{tasks_n} x {events_n}: {:.0} ns/call, {:.0} ns/event, fuel/event {:.0}",
            t.elapsed().as_nanos() as f64 / rounds as f64,
            t.elapsed().as_nanos() as f64 / n,
            fuel as f64 / (tasks_n * events_n) as f64
        );
    }
    let body = "(local $n i32) (local.set $count (i32.const 100000)) (local.set $n (call $open (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
       (loop $l BODY (local.set $count (i32.sub (local.get $count) (i32.const 1))) (br_if $l (local.get $count))) (drop (call $verdicts (i32.const 1))) (i32.const 16)";
    for (name, call) in [
        ("nothing", ""),
        ("is-working", "(drop (call $is_working (local.get $n) (i32.const 20000)))"),
        (
            "add",
            "(call $add (local.get $n) (i32.const 20000) (i32.const 20) (i32.const 0) (i32.const 1) (i32.const 48))",
        ),
    ] {
        let plugin = engine.load(&guest::package(&body.replace("BODY", call))).unwrap();
        let mut i = plugin.instantiate(Limits::default(), "{}").unwrap();
        let tasks = [Task { stream: "case", key: "k", state: &state, inputs: vec![] }];
        let t = Instant::now();
        let fuel = i.supervise(&world, &tasks, false).unwrap().fuel;
        println!(
            "{name}: {:.0} ns each, fuel {}",
            t.elapsed().as_nanos() as f64 / 1e5,
            fuel as f64 / 1e5
        );
    }
    let t = Instant::now();
    for _ in 0..200 {
        plugin.instantiate(Limits::default(), "{}").unwrap();
    }
    println!("instantiate {:.0} us", t.elapsed().as_micros() as f64 / 200.0);
}
