//! What an instance may keep from one call to the next, and when it is told to look again.

use crate::guest;
use crate::{task, world};
use plumbline_contract::task::{Fault, LookMode};
use plumbline_engine::{Engine, Instance, Limits, TableRead, World};

/// Opens the calendar of `522601` in the first call, keeps its handle, and asks with it in each.
const KEEPER: &str = "
    (if (i32.eq (global.get $handle) (i32.const -1)) (then (global.set $handle
        (call $open (i32.const 32) (i32.const 6) (i32.const 0) (i32.const 0)))))
    (drop (call $is_working (global.get $handle) (i32.const 0)))
    (call $echo (local.get $tasks) (local.get $count))";

const KEPT: &str = r#"
    (global $handle (mut i32) (i32.const -1))
    (data (i32.const 32) "522601")"#;

/// Answers with the edition of the tables as state, after opening `count` calendars.
fn reader(count: u32) -> String {
    format!(
        "(local $i i32)
        (block $done (loop $next
            (br_if $done (i32.eq (local.get $i) (i32.const {count})))
            (i32.store16 (i32.const 38)
                (i32.add (i32.const 0x2020) (i32.add
                    (i32.and (local.get $i) (i32.const 63))
                    (i32.shl (i32.shr_u (local.get $i) (i32.const 6)) (i32.const 8)))))
            (drop (call $open (i32.const 32) (i32.const 6) (i32.const 38) (i32.const 2)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $next)))
        (i64.store (i32.const 48) (call $edition))
        (drop (call $verdicts (i32.const 1)))
        (i32.store (i32.load (i32.const 16)) (i32.const 48))
        (i32.store offset=4 (i32.load (i32.const 16)) (i32.const 8))
        (i32.const 16)"
    )
}

fn instance(definitions: &str, body: &str) -> Instance {
    let package = guest::from_parts(definitions, guest::ACCEPT, body);
    let plugin = Engine::new(None).unwrap().load(&package).unwrap();
    plugin.instantiate(Limits::default(), "{}").unwrap()
}

fn edition(instance: &mut Instance, world: &World) -> u64 {
    let batch = instance.supervise(world, &[task("A-1", b"")], LookMode::Every).unwrap();
    u64::from_le_bytes(batch.verdicts[0].state.as_slice().try_into().unwrap())
}

#[test]
fn a_calendar_stays_open_until_a_table_changes() {
    let mut instance = instance(KEPT, KEEPER);
    let first = world();
    for _ in 0..3 {
        instance.supervise(&first.clone(), &[task("A-1", b"")], LookMode::Every).unwrap();
    }
    let fault = instance.supervise(&world(), &[task("A-1", b"")], LookMode::Every).unwrap_err();
    let Fault::BadOutput(text) = fault else { panic!("{fault:?}") };
    assert_eq!(text, "calendar 0 was not opened in this edition of the tables");
}

#[test]
fn a_handle_of_an_earlier_edition_is_never_another_calendar() {
    // Opens each time, and asks with the handle of the first time.
    let body = KEEPER.replace(
        "(drop (call $is_working",
        "(drop (call $open (i32.const 32) (i32.const 6) (i32.const 32) (i32.const 2)))
         (drop (call $open (i32.const 32) (i32.const 6) (i32.const 0) (i32.const 0)))
         (drop (call $is_working",
    );
    let mut instance = instance(KEPT, &body);
    instance.supervise(&world(), &[task("A-1", b"")], LookMode::Every).unwrap();
    let fault = instance.supervise(&world(), &[task("A-1", b"")], LookMode::Every).unwrap_err();
    assert_eq!(fault.code(), "bad_output");
}

#[test]
fn the_edition_changes_with_the_tables_and_with_the_grants() {
    let mut instance = instance(r#"(data (i32.const 32) "522601")"#, &reader(1));
    let mut world = world();
    let first = edition(&mut instance, &world);
    assert_eq!(edition(&mut instance, &world.clone()), first);
    world.granted_tables = std::sync::Arc::new([].into());
    let second = edition(&mut instance, &world);
    assert_ne!(second, first);
    let other = crate::world();
    let third = edition(&mut instance, &World { tables: other.tables, ..world.clone() });
    assert!(![first, second].contains(&third));
    assert_ne!(edition(&mut instance, &world), second, "what was kept of it is gone");
}

#[test]
fn calendars_of_earlier_calls_do_not_use_up_those_of_a_call() {
    let mut instance = instance(r#"(data (i32.const 32) "522601")"#, &reader(3000));
    let world = world();
    let first = edition(&mut instance, &world);
    let second = edition(&mut instance, &world);
    assert_ne!(first, second, "there would have been no room for as many again");
}

#[test]
fn a_traced_call_names_calendars_that_were_open_already() {
    let mut instance = instance(r#"(data (i32.const 32) "522601")"#, &reader(1));
    let world = world();
    let mut reads = |mode| instance.supervise(&world, &[task("A-1", b"")], mode).unwrap().reads;
    assert_eq!(reads(LookMode::Every), []);
    let calendar = TableRead {
        table: "calendar".into(),
        key: "522601".into(),
        version: Some(1),
        on: None,
        row: None,
    };
    assert_eq!(reads(LookMode::Trace), std::slice::from_ref(&calendar));
    assert_eq!(reads(LookMode::Trace), [calendar]);
}

#[test]
fn an_instance_that_was_called_before_has_the_fuel_of_a_batch() {
    let body = "(if (i64.eq (call $edition) (global.get $known))
        (then (loop $l (br $l))))
        (global.set $known (call $edition))
        (call $echo (local.get $tasks) (local.get $count))";
    let package =
        guest::from_parts("(global $known (mut i64) (i64.const -1))", guest::ACCEPT, body);
    let plugin = Engine::new(None).unwrap().load(&package).unwrap();
    let limits =
        Limits { fuel_per_batch: 1_000_000, fuel_per_task: 2_000_000, ..Limits::default() };
    let mut instance = plugin.instantiate(limits, "{}").unwrap();
    let world = world();
    instance.supervise(&world, &[task("A-1", b"")], LookMode::Every).unwrap();
    let fault = instance.supervise(&world, &[task("A-1", b"")], LookMode::Every).unwrap_err();
    assert_eq!(fault, Fault::FuelSpent { fuel: 1_000_000 });
}
