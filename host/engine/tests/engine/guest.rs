//! Makes packages from a few lines of WebAssembly text, so that each test shows its plugin.

use plumbline_contract::id::PackageHash;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::package::VerifiedPackage;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{PackageId, Resolve};

const PRELUDE: &str = include_str!("guests/prelude.wat");

const MANIFEST: &str = r#"
[plugin]
id = "guest"
version = "0.1.0"
release = 1
contract = "0.1"
domain = "test"
vendor = "test"
name_zh = "试验"
name_en = "test"
"#;

/// Imports of the contract as a core module names them.
pub(crate) const IMPORTS: &str = r#"
  (import "plumbline:supervision/reference@0.1.0" "lookup"
    (func $lookup (param i32 i32 i32 i32 i32 i32)))
  (import "plumbline:supervision/reference@0.1.0" "edition" (func $edition (result i64)))
  (import "plumbline:supervision/calendar@0.1.0" "open"
    (func $open (param i32 i32 i32 i32) (result i32)))
  (import "plumbline:supervision/calendar@0.1.0" "add"
    (func $add (param i32 i32 i32 i32 i32 i32)))
  (import "plumbline:supervision/calendar@0.1.0" "is-working"
    (func $is_working (param i32 i32) (result i32)))
  (import "plumbline:supervision/diagnostics@0.1.0" "message" (func $message (param i32 i32)))
"#;

/// `configure` that accepts everything: byte 0 stays 0.
pub(crate) const ACCEPT: &str = r#"
  (func (export "configure") (param i32 i32) (result i32) (i32.const 0))
"#;

/// A guest that accepts its parameters and answers with the result of `body`, which may use the
/// parameters `$tasks`, `$count` and `$look` and the imports of the contract.
pub(crate) fn package(body: &str) -> VerifiedPackage {
    from_parts("", ACCEPT, body)
}

/// The same with further definitions and another `configure`.
pub(crate) fn from_parts(definitions: &str, configure: &str, body: &str) -> VerifiedPackage {
    let supervise = format!(
        r#"(func (export "supervise") (param $tasks i32) (param $count i32) (param $look i32)
             (result i32) {body})"#
    );
    verified(component(
        &format!("(module {IMPORTS} {PRELUDE} {definitions} {configure} {supervise})"),
        plumbline_contract::WIT,
        "supervisor",
    ))
}

/// A component of the given world, which need not be the contract's.
pub(crate) fn component(wat: &str, wit: &str, world: &str) -> Vec<u8> {
    let mut module = wat::parse_str(wat).unwrap();
    let mut resolve = Resolve::default();
    let package: PackageId = resolve.push_str("test.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

pub(crate) fn verified(component: Vec<u8>) -> VerifiedPackage {
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&crc32fast::hash(&component).to_le_bytes());
    let manifest = Manifest::from_toml(MANIFEST).unwrap();
    VerifiedPackage::attest(PackageHash(hash), manifest, component, vec!["test".into()])
}
