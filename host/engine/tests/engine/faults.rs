//! Every way in which a plugin can fail, and what is said about it.

use crate::guest::{self, ACCEPT};
use crate::{task, world};
use plumbline_contract::package::VerifiedPackage;
use plumbline_contract::task::{Fault, LookMode};
use plumbline_engine::{Engine, Limits, StartError};

/// Small bounds, so that the tests are quick.
fn limits() -> Limits {
    Limits {
        fuel_per_batch: 1_000_000,
        fuel_per_task: 2_000_000,
        memory_bytes: 4 * 1024 * 1024,
        output_bytes: 512 * 1024,
        log_lines: 3,
    }
}

/// What a call with one task fails with.
fn fault(package: &VerifiedPackage) -> Fault {
    let plugin = Engine::new(None).unwrap().load(package).unwrap();
    let mut instance = plugin.instantiate(limits(), "{}").unwrap();
    let fault = instance.supervise(&world(), &[task("A-1", b"s")], LookMode::Every).unwrap_err();
    let again = instance.supervise(&world(), &[task("A-1", b"s")], LookMode::Every).unwrap_err();
    let refused = "the instance failed before and was called again".to_string();
    assert_eq!(again, Fault::Trap(refused), "a failed instance may not answer again");
    fault
}

#[test]
fn misbehaviour_is_bounded_and_named() {
    let one = "(drop (call $verdicts (i32.const 1)))";
    let cases = [
        (
            "endless loop",
            "(loop $l (br $l)) unreachable".to_string(),
            "fuel_spent: the plugin spent its fuel of 2000000 units",
        ),
        (
            "memory",
            "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 8)) (i32.const -1)))) unreachable"
                .to_string(),
            "memory_full: the plugin asked for more than 4194304 bytes of memory",
        ),
        (
            "panic",
            r#"(i64.store (i32.const 32) (i64.const 0x656e20676e696874)) ;; "thing ne"
               (call $message (i32.const 32) (i32.const 5)) unreachable"#
                .to_string(),
            "trap: the plugin trapped: wasm `unreachable` instruction executed; \
             its last message: thing",
        ),
        (
            "division by zero",
            "(i32.div_u (i32.const 1) (local.get $look))".to_string(),
            "trap: the plugin trapped: integer divide by zero",
        ),
        (
            "address",
            "(i32.load (i32.const -4))".to_string(),
            "trap: the plugin trapped: out of bounds memory access",
        ),
        (
            "no verdict",
            "(drop (call $verdicts (i32.const 0))) (i32.const 16)".to_string(),
            "bad_output: the plugin's answer breaks the contract: 0 verdicts for 1 tasks",
        ),
        (
            "large state",
            format!(
                "{one} (drop (call $alloc (i32.const 1) (i32.const 400000)))
                 (i32.store offset=4 (i32.load (i32.const 16)) (i32.const 300000)) (i32.const 16)"
            ),
            "bad_output: the plugin's answer breaks the contract: 300000 bytes of state, at most \
             262144 are allowed (stream `case`, key `A-1`)",
        ),
        (
            "large answer",
            format!(
                "{one} (drop (call $alloc (i32.const 1) (i32.const 800000)))
                 (i32.store offset=4 (i32.load (i32.const 16)) (i32.const 700000)) (i32.const 16)"
            ),
            "bad_output: the plugin's answer breaks the contract: more than 524288 bytes are \
             handed over in one call",
        ),
        (
            "wild pointer",
            format!(
                "{one} (i32.store offset=4 (i32.load (i32.const 16)) (i32.const -1)) (i32.const 16)"
            ),
            "bad_output: the plugin's answer breaks the contract: list pointer/length out of \
             bounds of memory",
        ),
        (
            "ungranted table",
            r#"(i64.store (i32.const 32) (i64.const 0x72656369666666f6f)) (i32.const 16)"#
                .replace("0x72656369666666f6f", "0x007265636966666f")
                .replace(
                    "(i32.const 16)",
                    "(call $lookup (i32.const 32) (i32.const 7) (i32.const 32) (i32.const 1)
                       (i32.const 0) (i32.const 48)) (i32.const 16)",
                ),
            "refused: the plugin used what it was not granted: reference table `officer`",
        ),
        (
            "stale calendar",
            "(call $is_working (i32.const 7) (i32.const 0))".to_string(),
            "bad_output: the plugin's answer breaks the contract: calendar 7 was not opened in \
             this edition of the tables",
        ),
        (
            "flood of messages",
            "(loop $l (call $message (i32.const 0) (i32.const 0)) (br $l)) unreachable".to_string(),
            "fuel_spent: the plugin spent its fuel of 2000000 units",
        ),
    ];
    for (name, body, expected) in cases {
        let fault = fault(&guest::package(&body));
        assert_eq!(format!("{}: {fault}", fault.code()), expected, "{name}");
    }
}

#[test]
fn deep_recursion_traps() {
    let deep = "(func $deep (param i32) (result i32)
        (i32.add (i32.const 1) (call $deep (local.get 0))))";
    let package = guest::from_parts(deep, ACCEPT, "(call $deep (i32.const 0))");
    // The stack ends before the fuel only if there is fuel enough.
    let limits = Limits { fuel_per_task: 1_000_000_000, ..limits() };
    let plugin = Engine::new(None).unwrap().load(&package).unwrap();
    let mut instance = plugin.instantiate(limits, "{}").unwrap();
    let fault = instance.supervise(&world(), &[task("A-1", b"")], LookMode::Every).unwrap_err();
    assert!(fault.to_string().starts_with("the plugin trapped: call stack exhausted"), "{fault}");
}

/// One finding at 1024, in a guest's memory, with these `values` and this `input`.
fn finding(values: &str, input: u32) -> String {
    let quoted = values.replace('\\', "\\\\").replace('"', "\\\"");
    let length = values.len();
    format!(
        r#"(data (i32.const 2048) "R-1{quoted}")
        (func $finding (result i32)
          (drop (call $verdicts (i32.const 1)))
          (i32.store offset=24 (i32.load (i32.const 16)) (i32.const 1024))
          (i32.store offset=28 (i32.load (i32.const 16)) (i32.const 1))
          (i32.store (i32.const 1024) (i32.const 2048))
          (i32.store (i32.const 1028) (i32.const 3))
          (i32.store8 offset=16 (i32.const 1024) (i32.const 2))
          (i32.store offset=56 (i32.const 1024) (i32.const {input}))
          (i32.store offset=84 (i32.const 1024) (i32.const 2051))
          (i32.store offset=88 (i32.const 1024) (i32.const {length}))
          (i32.const 16))"#
    )
}

#[test]
fn findings_must_keep_the_contract() {
    let cases = [
        (r#"{"days":3}"#, 1, None),
        ("[3]", 0, Some("values is no JSON object: `[3]` (stream `case`, key `A-1`)")),
        ("{3}", 0, Some("values is no JSON object: `{3}` (stream `case`, key `A-1`)")),
        ("", 0, Some("values is no JSON object: `` (stream `case`, key `A-1`)")),
        ("{}", 2, Some("input 2 is named, the task has 2 (stream `case`, key `A-1`)")),
        ("\\ff", 0, Some("invalid utf-8 sequence of 1 bytes from index 0")),
    ];
    for (values, input, expected) in cases {
        let definitions = match values {
            // An escape of WebAssembly text: one byte that is no UTF-8.
            "\\ff" => finding("abc", input).replace("abc\"", "\\ffbc\""),
            _ => finding(values, input),
        };
        let package = guest::from_parts(&definitions, ACCEPT, "(call $finding)");
        let plugin = Engine::new(None).unwrap().load(&package).unwrap();
        let mut instance = plugin.instantiate(limits(), "{}").unwrap();
        let answer = instance.supervise(&world(), &[task("A-1", b"")], LookMode::Every);
        match expected {
            None => {
                let finding = &answer.unwrap().verdicts[0].findings[0];
                assert_eq!((finding.rule.as_str(), finding.values.as_str()), ("R-1", values));
            }
            Some(text) => assert_eq!(answer.unwrap_err(), Fault::BadOutput(text.into())),
        }
    }
}

#[test]
fn a_batch_has_less_fuel_than_a_task_alone() {
    let limits = limits();
    let package = guest::package("(loop $l (br $l)) unreachable");
    let plugin = Engine::new(None).unwrap().load(&package).unwrap();
    let mut instance = plugin.instantiate(limits, "{}").unwrap();
    let tasks = [task("A-1", b""), task("A-2", b"")];
    let fault = instance.supervise(&world(), &tasks, LookMode::Every).unwrap_err();
    assert_eq!(fault, Fault::FuelSpent { fuel: limits.fuel_per_batch });
}

#[test]
fn a_fresh_instance_works_after_a_fault() {
    // Traps on the second call of an instance, by a counter at 4096.
    let body = "(i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1)))
        (if (i32.gt_u (i32.load (i32.const 4096)) (i32.const 1)) (then unreachable))
        (call $echo (local.get $tasks) (local.get $count))";
    let plugin = Engine::new(None).unwrap().load(&guest::package(body)).unwrap();
    for _ in 0..3 {
        let mut instance = plugin.instantiate(limits(), "{}").unwrap();
        let tasks = [task("A-1", b"one")];
        assert_eq!(
            instance.supervise(&world(), &tasks, LookMode::Every).unwrap().verdicts[0].state,
            b"one"
        );
        assert_eq!(
            instance.supervise(&world(), &tasks, LookMode::Every).unwrap_err().code(),
            "trap"
        );
    }
}

#[test]
fn configure_may_refuse_and_may_fail() {
    // The refusal is the text of the parameters; byte 0 = 1 says that it is one.
    let refuse = r#"(func (export "configure") (param $at i32) (param $len i32) (result i32)
        (i32.store8 (i32.const 0) (i32.const 1))
        (i32.store (i32.const 4) (local.get $at))
        (i32.store (i32.const 8) (local.get $len))
        (i32.const 0))"#;
    let look = r#"(func (export "configure") (param i32 i32) (result i32)
        (call $open (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))"#;
    let refused = "reference tables and calendars while it is configured".to_string();
    let cases = [
        (refuse, StartError::Parameters(r#"{"a":1}"#.into())),
        (look, StartError::Fault(Fault::Refused(refused))),
    ];
    for (configure, expected) in cases {
        let package = guest::from_parts("", configure, "unreachable");
        let plugin = Engine::new(None).unwrap().load(&package).unwrap();
        assert_eq!(plugin.instantiate(limits(), r#"{"a":1}"#).unwrap_err(), expected);
    }
}

#[test]
fn memory_asked_for_at_the_start_is_bounded_too() {
    let package = guest::package("unreachable");
    let plugin = Engine::new(None).unwrap().load(&package).unwrap();
    let limits = Limits { memory_bytes: 65536, ..limits() };
    let expected = StartError::Fault(Fault::MemoryFull { bytes_max: 65536 });
    assert_eq!(plugin.instantiate(limits, "{}").unwrap_err(), expected);
}
