//! Alerts whose figures are only made when they are told: the answers are those of alerts that are
//! worded at each look, also where one alert fires twice in a look or fires in another order.
#![allow(clippy::unwrap_used)]

use plumbline_contract::table::TableSet;
use plumbline_contract::task::{EventView, Input, LookMode, Task, Verdict};
use plumbline_contract::time::{Local, Zone};
use plumbline_guest::native::{Native, NativeHost};
use plumbline_guest::{
    Event, Fire, Level, Look, Parameters, Plugin, Rule, Stream, StreamEntry, Why, apply, stream,
};
use std::sync::Arc;

const LEVELS: [Level; 3] = [Level::Notice, Level::Yellow, Level::Red];

/// What the latest event says is to fire: pairs of an episode and a level.
type Orders = Vec<String>;

fn head(order: &str) -> (Fire, usize) {
    let (episode, level) = order.split_at(1);
    let level: usize = level.parse().unwrap();
    let fire = Fire::new(LEVELS[level], Local(level as i64)).episode(episode);
    (if level == 2 { fire.due(Local(0).day()) } else { fire }, level)
}

fn figures(fire: Fire, level: usize) -> Fire {
    fire.int("figure", level as i64).evidence([level as u64]).dept("D-1")
}

/// Fires what it was told; `FILLED` says whether figures are made only when they are told.
#[derive(Debug)]
struct Fires<const FILLED: bool>;

impl<const FILLED: bool> Stream for Fires<FILLED> {
    const NAME: &'static str = "fires";
    type State = Orders;
    type Params = ();

    fn take(orders: &mut Orders, event: &Event<'_>, (): &()) {
        *orders = event.texts("fire").unwrap_or_default();
    }

    fn check(orders: &Orders, (): &(), look: &mut Look<'_>) {
        let rules: [Rule<Orders, ()>; 1] = [("FIRE-1", |orders, (), look| {
            for order in orders {
                let (fire, level) = head(order);
                if FILLED {
                    look.fire_filled(fire, |fire| figures(fire, level), Why::default);
                } else {
                    look.fire(figures(fire, level));
                }
            }
        })];
        apply(&rules, &[], orders, &(), look);
    }
}

impl<const FILLED: bool> Plugin for Fires<FILLED> {
    type Params = ();
    const VERSION: &'static str = "1.0.0";
    const STREAMS: &'static [StreamEntry<()>] = &[stream::<Self>()];

    fn configure(_: &Parameters<'_>) -> Result<(), String> {
        Ok(())
    }
}

fn run<P: Plugin>(payloads: &[String], mode: LookMode) -> Verdict {
    let host = NativeHost::new(Arc::new(TableSet::default()), Zone::shanghai());
    let view = |(at, data)| EventView {
        seq: at as u64 + 1,
        identity: at as u64 + 1,
        version: 1,
        kind: "fires.told",
        time: Local(at as i64),
        recorded: Local(at as i64),
        corrected: None,
        logged: Local(at as i64),
        region: "370203",
        dept: "D-2",
        actor: "",
        source: "",
        serial: None,
        data,
    };
    let inputs = payloads.iter().map(String::as_str).enumerate().map(view).map(Input::Event);
    let task = Task { stream: "fires", key: "k", state: &[], inputs: inputs.collect() };
    Native::<P>::new("{}").unwrap().supervise(&host, &[task], mode).remove(0)
}

#[test]
fn what_is_told_does_not_depend_on_when_figures_are_made() {
    // A small multiplicative generator: many orders, the same ones on every run.
    let mut seed = 11_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    let (mut told, mut gone) = (0, 0);
    for _ in 0..300 {
        let mut payload = || {
            let len = next(6);
            let order = |_| format!("\"{}{}\"", ["a", "b", "c", "d"][next(4) as usize], next(3));
            format!("{{\"fire\":[{}]}}", (0..len).map(order).collect::<Vec<_>>().join(","))
        };
        let payloads: Vec<_> = (0..8).map(|_| payload()).collect();
        for mode in [LookMode::Every, LookMode::Last] {
            let worded = run::<Fires<false>>(&payloads, mode);
            assert_eq!(run::<Fires<true>>(&payloads, mode), worded, "{payloads:?}");
            told += worded.findings.iter().filter(|finding| finding.was.is_some()).count();
            gone += worded.withdrawals.len();
        }
    }
    assert!(told > 100 && gone > 100, "{told} {gone}");
}
