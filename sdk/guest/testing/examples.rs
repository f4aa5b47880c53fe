//! Runs every example of this plugin natively; `plumbline plugin test` runs the same files in the
//! engine.
#![allow(clippy::unwrap_used)]

use super::Own;
use plumbline_contract::manifest::Manifest;
use plumbline_guest::example::run_file;
use plumbline_guest::native::NativeExecutor;

#[test]
fn examples_turn_out_as_they_say() {
    let manifest =
        Manifest::from_toml(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/manifest.toml")))
            .unwrap();
    let mut executor = NativeExecutor::<Own>::default();
    let mut failures = Vec::new();
    let mut count = 0;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let (ran, failed) = run_file(&text, &manifest, &mut executor)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        count += ran;
        failures.extend(failed.iter().map(ToString::to_string));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count > 0, "no example ran");
}
