//! A plugin that misbehaves in the way that its parameter `how` names, on keys that start with
//! `evil` only. On every other key it is an honest plugin, so that a test can see what is spared.

use plumbline_guest::json::Writer;
use plumbline_guest::{
    Event, Facts, Fire, Level, Look, Parameters, Plugin, Rule, Stream, StreamEntry, apply, stream,
};
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

/// Findings of a flood: far more than a verdict may hold.
const FLOOD: usize = 1_000;
/// One step of the allocation that has no end.
const STEP_BYTES: usize = 1 << 20;
const HOURS_OF_A_DAY: i64 = 24;
/// More than any name, leaf or state may have, in bytes.
const HUGE: usize = 400 * 1024;
/// How often a flood of messages speaks.
const MESSAGES: usize = 20_000;
/// Calls since the instance was made, which no plugin may rest on.
static CALLS: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, Serialize, Deserialize)]
struct Item {
    key: String,
    no: String,
}

/// What the test sets.
#[derive(Debug)]
pub struct Params {
    how: String,
}

struct Items;

impl Stream for Items {
    const NAME: &'static str = "item";
    type State = Facts<Item>;
    type Params = Params;

    fn take(items: &mut Facts<Item>, event: &Event<'_>, params: &Params) {
        let mut key = event.text("key").unwrap_or_default();
        let no = event.text("no").unwrap_or_default();
        if params.how == "state" && key.starts_with("evil") && no != "honest" {
            key.push_str(&"x".repeat(HUGE));
        }
        items.put(event, Item { key, no });
    }

    fn check(items: &Facts<Item>, params: &Params, look: &mut Look<'_>) {
        type Rules = [Rule<Facts<Item>, Params>; 2];
        let mut rules: Rules = [("HSTL-01", seen), ("HSTL-02", a_day_old)];
        let is_evil = items.iter().any(|item| item.fact.key.starts_with("evil"));
        let is_honest_once = items.iter().all(|item| item.fact.no == "honest");
        if is_evil && !is_honest_once {
            match params.how.as_str() {
                "rule" => rules[0].0 = "HSTL-99",
                "level" => rules[0].1 = too_grave,
                how => misbehave(how, items, look),
            }
        }
        apply(&rules, &[], items, params, look);
    }
}

fn misbehave(how: &str, items: &Facts<Item>, look: &mut Look<'_>) {
    match how {
        "loop" => while black_box(true) {},
        "memory" => allocate(),
        "trap" => panic!("out of spite"),
        "recursion" => drop(black_box(dig(1))),
        "table" => drop(look.rows("officer", "", look.now().day(), 1)),
        "scan" => drop(look.rows("item", "", look.now().day(), u32::MAX)),
        "fact" => look.fact("rumour", "evil", Writer::default()),
        "facts" => (0..FLOOD).for_each(|_| look.fact("rumour", "evil", Writer::default())),
        "measures" => (0..5 * FLOOD).for_each(|number| {
            look.measure(&number.to_string(), Writer::default());
        }),
        "messages" => (0..MESSAGES).for_each(|_| look.message("I am so loud")),
        "long-message" => look.message(&"loud ".repeat(HUGE / 5)),
        "divide" => drop(black_box(1 / black_box(items.len() as u64 - items.len() as u64))),
        "index" => drop(black_box([0_u8; 4][black_box(items.len() + 9)])),
        "overflow" => drop(black_box(vec![0_u8; black_box(usize::MAX / 2)])),
        // Passes while events come and traps when its time has come.
        "tick" => {
            let latest = items.iter().map(|item| item.time.plus_hours(HOURS_OF_A_DAY)).max();
            assert!(latest.is_none_or(|latest| look.now() < latest), "out of spite, later");
        }
        _ => {}
    }
}

fn allocate() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; STEP_BYTES]));
    }
}

fn dig(depth: u64) -> u64 {
    if black_box(depth) == 0 { 0 } else { dig(depth + 1) + black_box(depth) }
}

/// HSTL-01: every item is worth a card, so that the test sees which were looked at.
fn seen(items: &Facts<Item>, params: &Params, look: &mut Look<'_>) {
    for item in items {
        let is_evil = item.fact.key.starts_with("evil") && item.fact.no != "honest";
        let fire = || {
            let fire = Fire::new(Level::Yellow, item.time).episode(&item.fact.no);
            fire.text("no", &item.fact.no)
        };
        match params.how.as_str() {
            "evidence" if is_evil => look.fire(fire().evidence([u64::MAX])),
            "future" if is_evil => look.fire(fire().evidence([item.seq + 1])),
            "episode" if is_evil => look.fire(fire().episode("x".repeat(HUGE / 8))),
            "subject" if is_evil => look.fire(fire().subject("x".repeat(HUGE / 8))),
            "dept" if is_evil => look.fire(fire().dept("x".repeat(HUGE / 8))),
            "values" if is_evil => look.fire(fire().text("more", &"x".repeat(HUGE / 4))),
            // What it says depends on how often it was called: no replay can agree.
            "memory-of-calls" if is_evil => {
                let calls = CALLS.fetch_add(1, Ordering::Relaxed);
                look.fire(fire().evidence([item.seq]).int("calls", calls as i64));
            }
            "flood" if is_evil => {
                let episodes = (0..FLOOD).map(|number| number.to_string());
                episodes.for_each(|episode| look.fire(fire().episode(episode)));
            }
            _ => look.fire(fire().evidence([item.seq])),
        }
    }
}

fn too_grave(items: &Facts<Item>, _: &Params, look: &mut Look<'_>) {
    for item in items {
        look.fire(Fire::new(Level::Red, item.time).evidence([item.seq]));
    }
}

/// HSTL-02: a card that only time brings.
fn a_day_old(items: &Facts<Item>, _: &Params, look: &mut Look<'_>) {
    for item in items {
        let tomorrow = item.time.plus_hours(HOURS_OF_A_DAY);
        if look.reached(tomorrow) {
            let fire = Fire::new(Level::Notice, tomorrow).episode(&item.fact.no);
            look.fire(fire.evidence([item.seq]).text("no", &item.fact.no));
        }
    }
}

/// The plugin.
#[derive(Debug)]
pub struct Hostile;

impl Plugin for Hostile {
    type Params = Params;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const STREAMS: &'static [StreamEntry<Params>] = &[stream::<Items>()];

    fn configure(parameters: &Parameters<'_>) -> Result<Params, String> {
        let how = parameters.texts("how")?.concat();
        match how.as_str() {
            "configure-trap" => panic!("out of spite, at once"),
            "configure-loop" => while black_box(true) {},
            "configure-memory" => allocate(),
            _ => {}
        }
        Ok(Params { how })
    }
}

plumbline_guest::supervisor!(Hostile);
