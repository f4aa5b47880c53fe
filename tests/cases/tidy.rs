//! Architecture checks: who may depend on whom, how large a file may be, what every file says of
//! itself. The rules stand in ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Lines that a source file may have; data-driven tests are sources too.
const LINES_MAX: usize = 800;
/// Lines of a `lib.rs`: a table of contents.
const LIB_LINES_MAX: usize = 120;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders: Vec<_> = ["sdk", "host", "plugins", "appliance", "tests", "examples"]
        .iter()
        .map(|folder| root().join(folder))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !["target", "node_modules", "dist"].contains(&name.as_str()) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 50, "the sources were not found");
    files
}

/// What each room may depend on of our own crates.
fn allowed() -> BTreeMap<String, &'static [&'static str]> {
    const CONTRACT: &[&str] = &["plumbline-contract"];
    let rooms = [
        ("sdk/contract", &[][..]),
        ("sdk/guest", CONTRACT),
        ("sdk/build", CONTRACT),
        ("host/ledger", CONTRACT),
        ("host/store", CONTRACT),
        ("host/engine", CONTRACT),
        ("host/kernel", CONTRACT),
        ("host/ingest", CONTRACT),
        ("host/office", CONTRACT),
        ("host/report", CONTRACT),
        ("appliance/county", CONTRACT),
        ("host/ocds", CONTRACT),
        ("host/video", CONTRACT),
        ("appliance/xtask", &["plumbline-build", "plumbline-ledger"]),
    ];
    let mut allowed: BTreeMap<String, &'static [&'static str]> =
        rooms.into_iter().map(|(room, crates)| (room.to_owned(), crates)).collect();
    for entry in std::fs::read_dir(root().join("plugins")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        allowed.insert(format!("plugins/{name}"), &["plumbline-guest"]);
    }
    allowed
}

#[test]
fn rooms_depend_in_one_direction() {
    for (room, allowed) in allowed() {
        let text = std::fs::read_to_string(root().join(&room).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        let Some(dependencies) = manifest.get("dependencies").and_then(|d| d.as_table()) else {
            continue;
        };
        let own = dependencies.keys().filter(|name| name.starts_with("plumbline"));
        let wrong: Vec<_> = own.filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(wrong.is_empty(), "{room} may not depend on {wrong:?}");
    }
}

#[test]
fn heavy_crates_have_one_room() {
    let homes = [
        ("wasmtime", "host/engine"),
        ("sled", "host/store"),
        ("ring", "host/ledger"),
        ("hyper", "appliance"),
        ("openh264", "host/video"),
        ("retina", "host/video"),
        ("tract-onnx", "host/video"),
        ("muxide", "host/video"),
        ("jpeg-encoder", "host/video"),
    ];
    for (name, home) in homes {
        for room in allowed().into_keys().chain(["appliance".to_owned()]) {
            let text = std::fs::read_to_string(root().join(&room).join("Cargo.toml")).unwrap();
            let manifest: toml::Table = toml::from_str(&text).unwrap();
            let has = manifest.get("dependencies").is_some_and(|d| d.get(name).is_some());
            assert!(!has || room == home, "{name} belongs to {home}, not to {room}");
        }
    }
}

/// Vendors' plugins, ours for the tests included, may be one file.
fn is_room(path: &Path) -> bool {
    let name = path.to_string_lossy();
    !name.contains("/examples/") && !name.contains("/tests/")
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        let name = path.display();
        assert!(lines <= LINES_MAX, "{name} has {lines} lines, more than {LINES_MAX}");
        if path.ends_with("src/lib.rs") && is_room(&path) {
            assert!(lines <= LIB_LINES_MAX, "{name} has {lines} lines, more than {LIB_LINES_MAX}");
        }
        assert!(text.starts_with("//!"), "{name} does not say what it is for");
    }
}

#[test]
fn only_the_ledger_attests_packages() {
    let word = ["VerifiedPackage", "::attest("].concat();
    for path in sources() {
        let name = path.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let may = name.contains("host/ledger/") || name.contains("/tests/");
        assert!(may || !text.contains(&word), "{name} attests a package");
    }
}

#[test]
fn one_place_reads_the_clock() {
    let words = [["SystemTime", "::now("].concat(), ["Instant", "::now("].concat()];
    for path in sources() {
        let name = path.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        // Live cameras send by real time: their tests count it from their own beginning.
        let paced = name.ends_with("host/video/tests/watcher.rs");
        let may = name.ends_with("appliance/src/clock.rs") || name.contains("/benches/") || paced;
        let reads = words.iter().any(|word| text.contains(word));
        assert!(may || !reads, "{name} reads the clock");
    }
}

/// What `tests/fuzz` tries is what the list of parsers names, no more and no less.
#[test]
fn every_parser_has_a_fuzz_target() {
    let folder = root().join("tests/fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let bins = manifest["bin"].as_array().unwrap();
    let named = |bin: &toml::Value| bin["name"].as_str().unwrap().to_owned();
    let wanted: BTreeSet<_> =
        plumbline_parsers::targets().map(|target| target.name.to_owned()).collect();
    assert_eq!(bins.iter().map(named).collect::<BTreeSet<_>>(), wanted);
    let files = std::fs::read_dir(folder.join("fuzz_targets")).unwrap();
    let stem = |file: PathBuf| file.file_stem().unwrap().to_string_lossy().into_owned();
    let files: BTreeSet<_> = files.map(|entry| stem(entry.unwrap().path())).collect();
    assert_eq!(files, wanted);
    let rooms: BTreeSet<_> = plumbline_parsers::ROOMS.iter().map(|target| target.name).collect();
    for bin in bins {
        let name = named(bin);
        let path = bin["path"].as_str().unwrap();
        let text = std::fs::read_to_string(folder.join(path)).unwrap();
        let runs = format!("plumbline_parsers::run(\"{name}\", bytes)");
        assert!(text.contains(&runs), "{path} does not run {name}");
        // The others build without the engine.
        let needs = bin.get("required-features").is_some();
        assert_eq!(needs, !rooms.contains(name.as_str()), "{name}: required-features");
    }
}
