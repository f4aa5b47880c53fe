//! What is kept between two calls: states of an earlier form are read, foreign ones are refused by
//! name, and a withdrawal says whether the facts or the rules have changed.
#![allow(clippy::unwrap_used)]

use plumbline_contract::table::TableSet;
use plumbline_contract::task::{EventView, Input, LookMode, Task, Verdict};
use plumbline_contract::time::{Local, Zone};
use plumbline_guest::native::{Native, NativeHost};
use plumbline_guest::{
    Event, Fire, Level, Look, Parameters, Plugin, Rule, Stream, StreamEntry, apply, author_state,
    stream,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// As the first release counted.
#[derive(Default, Serialize, Deserialize)]
struct OldCount {
    litres: i64,
}

/// As the second does.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Count {
    millilitres: i64,
}

#[derive(Debug)]
struct Params {
    limit: i64,
    word: String,
}

struct OldFuel;

impl Stream for OldFuel {
    const NAME: &'static str = "fuel";
    type State = OldCount;
    type Params = Params;

    fn take(count: &mut OldCount, event: &Event<'_>, _: &Params) {
        count.litres += event.int("litres").unwrap_or_default();
    }

    fn check(count: &OldCount, params: &Params, look: &mut Look<'_>) {
        judge(count.litres, params, look);
    }
}

struct Fuel;

impl Stream for Fuel {
    const NAME: &'static str = "fuel";
    const CODEC: u16 = 2;
    type State = Count;
    type Params = Params;

    fn take(count: &mut Count, event: &Event<'_>, _: &Params) {
        count.millilitres += event.int("litres").unwrap_or_default() * 1000;
    }

    fn check(count: &Count, params: &Params, look: &mut Look<'_>) {
        judge(count.millilitres / 1000, params, look);
    }

    fn upgrade(codec: u16, bytes: &[u8]) -> Option<Count> {
        let old: OldCount = (codec == 1).then(|| postcard::from_bytes(bytes).ok())??;
        Some(Count { millilitres: old.litres * 1000 })
    }
}

fn judge(litres: i64, params: &Params, look: &mut Look<'_>) {
    let rules: [Rule<i64, Params>; 1] = [("FUEL-1", |litres, params, look| {
        if *litres > params.limit {
            look.fire(Fire::new(Level::Notice, Local(0)).text("word", &params.word));
        }
    })];
    apply(&rules, &[], &litres, params, look);
}

fn params(parameters: &Parameters<'_>) -> Result<Params, String> {
    Ok(Params { limit: parameters.int("limit")?, word: parameters.text("word")? })
}

macro_rules! plugin {
    ($name:ident, $stream:ty, $version:literal) => {
        #[derive(Debug)]
        struct $name;

        impl Plugin for $name {
            type Params = Params;
            const VERSION: &'static str = $version;
            const STREAMS: &'static [StreamEntry<Params>] = &[stream::<$stream>()];

            fn configure(parameters: &Parameters<'_>) -> Result<Params, String> {
                params(parameters)
            }
        }
    };
}

plugin!(First, OldFuel, "1.0.0");
plugin!(Second, Fuel, "2.0.0");
plugin!(Third, Fuel, "3.0.0");

const LIMIT_50: &str = r#"{"limit":50,"word":"limit"}"#;
const LIMIT_90: &str = r#"{"limit":90,"word":"limit"}"#;

/// One task with one input: litres that were filled, or a tick.
fn run<P: Plugin>(parameters: &str, state: &[u8], litres: Option<i64>) -> Verdict {
    let host = NativeHost::new(Arc::new(TableSet::default()), Zone::shanghai());
    let data = format!(r#"{{"litres":{}}}"#, litres.unwrap_or_default());
    let input = litres.map_or(Input::Tick(Local(1)), |_| {
        Input::Event(EventView {
            seq: 1,
            identity: 1,
            version: 1,
            kind: "car.fuel.filled",
            time: Local(1),
            recorded: Local(1),
            corrected: None,
            logged: Local(1),
            region: "370203",
            dept: "D1",
            actor: "",
            source: "cars",
            serial: None,
            data: &data,
        })
    });
    let task = Task { stream: "fuel", key: "K", state, inputs: vec![input] };
    let native = Native::<P>::new(parameters).unwrap();
    native.supervise(&host, &[task], LookMode::Every).remove(0)
}

fn reason(verdict: &Verdict) -> Option<&str> {
    assert!(verdict.withdrawals.len() <= 1);
    verdict.withdrawals.first().map(|gone| &*gone.reason)
}

#[test]
fn a_state_of_an_earlier_form_is_read_and_written_in_the_new_one() {
    let first = run::<First>(LIMIT_50, &[], Some(60));
    assert_eq!(first.findings.len(), 1);
    assert_eq!(author_state(&first.state).unwrap().0, 1);
    let second = run::<Second>(LIMIT_50, &first.state, Some(1));
    let (codec, bytes) = author_state(&second.state).unwrap();
    assert_eq!(codec, 2);
    assert_eq!(postcard::from_bytes::<Count>(bytes), Ok(Count { millilitres: 61_000 }));
    // What stood still stands: no new card, none withdrawn.
    assert!(second.findings.is_empty() && second.withdrawals.is_empty());
}

#[test]
#[should_panic(expected = "state codec 2 of stream fuel is not read by this version")]
fn a_state_of_a_later_form_is_refused_by_name() {
    let second = run::<Second>(LIMIT_50, &[], Some(60));
    run::<First>(LIMIT_50, &second.state, None);
}

#[test]
#[should_panic(expected = "the notes around a state of stream fuel are not read by this SDK")]
fn a_state_of_another_sdk_is_refused_by_name() {
    let mut state = run::<First>(LIMIT_50, &[], Some(60)).state;
    state[2] += 1;
    run::<First>(LIMIT_50, &state, None);
}

#[test]
fn a_withdrawal_tells_changed_facts_from_changed_rules() {
    let raised = run::<Second>(LIMIT_50, &[], Some(60)).state;
    let corrected = run::<Second>(LIMIT_50, &raised, Some(-20));
    assert_eq!(reason(&corrected), Some("data_corrected"));
    for litres in [None, Some(1)] {
        assert_eq!(reason(&run::<Second>(LIMIT_90, &raised, litres)), Some("rules_changed"));
    }
    // Only the first look by the new parameters is about them.
    let raised = run::<Second>(LIMIT_90, &[], Some(100)).state;
    let same = run::<Second>(LIMIT_50, &raised, None);
    assert_eq!(reason(&same), None);
    let corrected = run::<Second>(LIMIT_50, &same.state, Some(-60));
    assert_eq!(reason(&corrected), Some("data_corrected"));
    // Another version of the same rules is another set of rules.
    assert_eq!(reason(&run::<Third>(LIMIT_50, &raised, Some(-60))), Some("rules_changed"));
}

#[test]
fn a_parameter_that_is_no_text_is_named() {
    let wrong = |text: &str| Native::<First>::new(text).map(drop).unwrap_err();
    assert_eq!(wrong(r#"{"limit":1}"#), "parameter `word` is missing");
    assert_eq!(wrong(r#"{"limit":1,"word":2}"#), "parameter `word` is no text");
}
