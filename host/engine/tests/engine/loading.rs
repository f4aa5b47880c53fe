//! What is refused before any code runs, and the cache of compiled code.

use crate::guest::{self, ACCEPT};
use crate::{task, world};
use plumbline_contract::task::LookMode;
use plumbline_engine::{Engine, EngineError, Kind, Limits};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const ECHO: &str = "(call $echo (local.get $tasks) (local.get $count))";

#[test]
fn a_foreign_import_is_refused_by_name() {
    let wit = r#"
        package test:guest;
        interface clock { now: func() -> u64; }
        world supervisor { import clock; export configure: func(); }
    "#;
    let wat = r#"(module
        (import "test:guest/clock" "now" (func $now (result i64)))
        (func (export "configure") (drop (call $now))))"#;
    let package = guest::verified(guest::component(wat, wit, "supervisor"));
    let error = Engine::new(None).unwrap().load(&package).unwrap_err();
    assert_eq!(error.kind(), Kind::Package);
    let expected = "the component imports `test:guest/clock`, which no plugin may use";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn our_interfaces_in_another_form_are_refused() {
    let wit = r#"
        package plumbline:supervision@0.1.0;
        interface reference { lookup: func(table: string) -> u32; }
        world supervisor { import reference; export configure: func(); }
    "#;
    let wat = r#"(module
        (import "plumbline:supervision/reference@0.1.0" "lookup"
          (func $lookup (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "configure")
          (drop (call $lookup (i32.const 0) (i32.const 0)))))"#;
    let package = guest::verified(guest::component(wat, wit, "supervisor"));
    let error = Engine::new(None).unwrap().load(&package).unwrap_err();
    assert!(matches!(error, EngineError::Interface(_)), "{error}");
}

#[test]
fn a_missing_export_is_named() {
    let wit = "package test:guest; world supervisor { export configure: func(); }";
    let wat = r#"(module (func (export "configure")))"#;
    let package = guest::verified(guest::component(wat, wit, "supervisor"));
    let error = Engine::new(None).unwrap().load(&package).unwrap_err();
    assert_eq!(error.to_string(), "the component does not export `supervise`");
}

#[test]
fn an_export_of_another_type_is_a_fault_at_the_start() {
    let wit = "package test:guest; world supervisor {
        export configure: func(); export supervise: func(); }";
    let wat = r#"(module (func (export "configure")) (func (export "supervise")))"#;
    let package = guest::verified(guest::component(wat, wit, "supervisor"));
    let plugin = Engine::new(None).unwrap().load(&package).unwrap();
    let error = plugin.instantiate(Limits::default(), "{}").unwrap_err();
    let expected = "export `configure` is of another type: failed to convert function to given \
        type: type mismatch with parameters: expected 1-tuple, found 0-tuple";
    assert!(error.to_string().ends_with(expected), "{error}");
}

#[test]
fn what_is_no_component_is_refused() {
    let module = wat::parse_str("(module)").unwrap();
    for bytes in [Vec::new(), b"\0asm".to_vec(), b"(component)".to_vec(), module] {
        let error = Engine::new(None).unwrap().load(&guest::verified(bytes)).unwrap_err();
        assert!(matches!(error, EngineError::Compile(_)), "{error}");
    }
}

#[test]
fn compiled_code_is_kept_and_damage_is_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("code");
    let package = guest::package(ECHO);
    let load = || Engine::new(Some(path.clone())).unwrap().load(&package).unwrap();
    let works = |plugin: &plumbline_engine::Plugin| {
        let mut instance = plugin.instantiate(Limits::default(), "{}").unwrap();
        let batch = instance.supervise(&world(), &[task("A-1", b"one")], LookMode::Every).unwrap();
        assert_eq!(batch.verdicts[0].state, b"one");
    };
    let first = load();
    assert!(!first.from_cache());
    assert_eq!(first.cache_error(), None);
    let second = load();
    assert!(second.from_cache());
    works(&second);

    let files: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("one file expected: {files:?}") };
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    let good = fs::read(file).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for damaged in [flipped, good[..good.len() / 2].to_vec(), Vec::new()] {
        fs::write(file, damaged).unwrap();
        let repaired = load();
        assert!(!repaired.from_cache());
        works(&repaired);
        assert_eq!(fs::read(file).unwrap().len(), good.len());
        assert!(load().from_cache());
    }
}

#[test]
fn code_of_another_engine_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("code");
    Engine::new(Some(path.clone())).unwrap();
    fs::write(path.join("00-0123456789abcdef.cwasm"), b"old").unwrap();
    fs::write(path.join("notes.txt"), b"not ours").unwrap();
    Engine::new(Some(path.clone())).unwrap();
    let left: Vec<_> =
        fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["notes.txt"]);
}

#[test]
fn a_folder_that_others_may_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let error = Engine::new(Some(folder.path().into())).unwrap_err();
    assert_eq!(error.kind(), Kind::Host);
    assert!(error.to_string().contains("other users may write into it"), "{error}");
}

#[test]
fn an_unwritable_cache_does_not_stop_a_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("code");
    let engine = Engine::new(Some(path.clone())).unwrap();
    fs::remove_dir(&path).unwrap();
    let package = guest::from_parts("", ACCEPT, ECHO);
    let plugin = engine.load(&package).unwrap();
    assert!(plugin.cache_error().is_some());
    plugin.instantiate(Limits::default(), "{}").unwrap();
}
