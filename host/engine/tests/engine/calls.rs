//! Plugins that behave: what they are given, what they may look up, and that nothing else counts.

use crate::guest;
use crate::{task, world, world_with};
use plumbline_contract::task::LookMode;
use plumbline_contract::time::Day;
use plumbline_engine::{Engine, Limits, ReadRow, TableRead, World};

const ECHO: &str = "(call $echo (local.get $tasks) (local.get $count))";

#[test]
fn verdicts_answer_their_tasks_in_order() {
    let plugin = Engine::new(None).unwrap().load(&guest::package(ECHO)).unwrap();
    let mut instance = plugin.instantiate(Limits::default(), "{}").unwrap();
    for _ in 0..3 {
        let tasks = [task("A-1", b"one"), task("A-2", b""), task("A-3", b"three")];
        let batch = instance.supervise(&world(), &tasks, LookMode::Every).unwrap();
        let states: Vec<_> = batch.verdicts.iter().map(|verdict| verdict.state.clone()).collect();
        assert_eq!(states, [b"one".to_vec(), vec![], b"three".to_vec()]);
    }
    assert_eq!(instance.supervise(&world(), &[], LookMode::Every).unwrap().verdicts, []);
}

#[test]
fn equal_input_gives_equal_bytes_and_equal_fuel_on_every_thread() {
    let plugin = Engine::new(None).unwrap().load(&guest::package(ECHO)).unwrap();
    let run = || {
        let mut instance = plugin.instantiate(Limits::default(), "{}").unwrap();
        let tasks = [task("A-1", b"one"), task("A-2", b"two")];
        let mut batches = Vec::new();
        for _ in 0..50 {
            batches.push(instance.supervise(&world(), &tasks, LookMode::Trace).unwrap());
        }
        batches
    };
    let (first, second, here) = std::thread::scope(|scope| {
        let threads = (scope.spawn(run), scope.spawn(run));
        (threads.0.join().unwrap(), threads.1.join().unwrap(), run())
    });
    assert!(here[0].fuel > 0);
    assert_eq!(first, second);
    assert_eq!(first, here);
}

#[test]
fn a_granted_table_is_read() {
    // Looks up (`item`, `A1`) and answers with the row as state; option, pointer, length at 48.
    let definitions = r#"(data (i32.const 32) "itemA1")"#;
    let body = "(call $lookup (i32.const 32) (i32.const 4) (i32.const 36) (i32.const 2)
            (i32.const 0) (i32.const 48))
        (drop (call $verdicts (i32.const 1)))
        (i64.store (i32.load (i32.const 16)) (i64.load (i32.const 52)))
        (i32.const 16)";
    let package = guest::from_parts(definitions, guest::ACCEPT, body);
    let plugin = Engine::new(None).unwrap().load(&package).unwrap();
    let mut instance = plugin.instantiate(Limits::default(), "{}").unwrap();
    let batch = instance.supervise(&world(), &[task("A-1", b"")], LookMode::Every).unwrap();
    assert_eq!(batch.verdicts[0].state, br#"{"days":20}"#);
}

/// Adds three working days to 2026-02-12 (a Thursday) and answers with day and `provisional`.
fn three_working_days() -> String {
    let from = Day::from_ymd(2026, 2, 12).unwrap().0;
    format!(
        "(call $add (call $open (i32.const 32) (i32.const 6) (i32.const 0) (i32.const 0))
            (i32.const {from}) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 48))
        (drop (call $verdicts (i32.const 1)))
        (i32.store (i32.load (i32.const 16)) (i32.const 48))
        (i32.store offset=4 (i32.load (i32.const 16)) (i32.const 5))
        (i32.const 16)"
    )
}

#[test]
fn calendars_come_from_the_tables() {
    let definitions = r#"(data (i32.const 32) "522601")"#;
    let package = guest::from_parts(definitions, guest::ACCEPT, &three_working_days());
    let plugin = Engine::new(None).unwrap().load(&package).unwrap();
    let answer = |world: World| {
        let mut instance = plugin.instantiate(Limits::default(), "{}").unwrap();
        let batch = instance.supervise(&world, &[task("A-1", b"")], LookMode::Every).unwrap();
        let state = &batch.verdicts[0].state;
        let day = Day(i32::from_le_bytes(state[..4].try_into().unwrap()));
        (day.to_string(), state[4] == 1)
    };
    // Friday 13, then Monday and Tuesday are holidays: Wednesday 18, Thursday 19.
    assert_eq!(answer(world()), ("2026-02-19".into(), false));
    assert_eq!(answer(world_with(&[])), ("2026-02-17".into(), true));
}

#[test]
fn a_broken_calendar_is_a_fault_and_no_wrong_date() {
    let definitions = r#"(data (i32.const 32) "522601")"#;
    let package = guest::from_parts(definitions, guest::ACCEPT, &three_working_days());
    let plugin = Engine::new(None).unwrap().load(&package).unwrap();
    let mut instance = plugin.instantiate(Limits::default(), "{}").unwrap();
    let broken = world_with(&[("calendar", "1", r#"{"date":"2026-02-30","kind":"holiday"}"#)]);
    let fault = instance.supervise(&broken, &[task("A-1", b"")], LookMode::Every).unwrap_err();
    let text = fault.to_string();
    assert!(text.contains("no usable calendar: field `date`"), "{text}");
}

#[test]
fn messages_are_kept_up_to_the_limit_and_cut() {
    // 2,000 bytes of `准` (three bytes each) from 4096 on, sent five times.
    let definitions = format!(r#"(data (i32.const 4096) "{}")"#, "准".repeat(700));
    let body = format!(
        "{} (call $echo (local.get $tasks) (local.get $count))",
        "(call $message (i32.const 4096) (i32.const 2100))".repeat(5)
    );
    let package = guest::from_parts(&definitions, guest::ACCEPT, &body);
    let plugin = Engine::new(None).unwrap().load(&package).unwrap();
    let limits = Limits { log_lines: 2, ..Limits::default() };
    let mut instance = plugin.instantiate(limits, "{}").unwrap();
    for _ in 0..2 {
        let batch = instance.supervise(&world(), &[task("A-1", b"")], LookMode::Every).unwrap();
        assert_eq!(batch.messages, ["准".repeat(341), "准".repeat(341)]);
    }
}

/// Looks up (`item`, `A1`) and a key that is not there, twice each, and scans for `A`.
fn reader() -> plumbline_contract::package::VerifiedPackage {
    let day = Day::from_ymd(2026, 3, 2).unwrap().0;
    let lookup = |key: u32| {
        format!(
            "(call $lookup (i32.const 32) (i32.const 4) (i32.const {key}) (i32.const 2)
                (i32.const {day}) (i32.const 48))"
        )
    };
    let body = format!(
        "{a}{b}{a}{b} (drop (call $verdicts (i32.const 1)))
        (i32.const 16)",
        a = lookup(36),
        b = lookup(38)
    );
    guest::from_parts(r#"(data (i32.const 32) "itemA1B2")"#, guest::ACCEPT, &body)
}

#[test]
fn a_traced_call_says_which_rows_it_looked_up() {
    let plugin = Engine::new(None).unwrap().load(&reader()).unwrap();
    let mut instance = plugin.instantiate(Limits::default(), "{}").unwrap();
    let mut reads = |trace| {
        let batch = instance.supervise(&world(), &[task("A-1", b"")], trace).unwrap();
        (batch.reads, batch.fuel)
    };
    let (traced, fuel) = reads(LookMode::Trace);
    let on = Day::from_ymd(2026, 3, 2);
    let row = Some(ReadRow { from: None, to: None });
    let read = |key: &str, row| TableRead {
        table: "item".into(),
        key: key.into(),
        version: Some(1),
        on,
        row,
    };
    assert_eq!(traced, [read("A1", row), read("B2", None)]);
    // Recording is the host's own business: it costs the plugin nothing, and only where it is asked.
    assert_eq!(reads(LookMode::Every), (vec![], fuel));
}
