//! A plugin that misbehaves is contained and named; nobody else, not even its own other keys, is
//! touched by it, and replay derives the same gaps.

use plumbline::deploy::{self, Enabling};
use plumbline::package;
use plumbline::{App, Home, Kind};
use plumbline_contract::alert::Level;
use plumbline_contract::package::{MANIFEST_SECTION, NOTE_SECTION};
use plumbline_kernel::GAP_RULE;
use plumbline_ledger::{SigningKey, inspect_package, seal_package};
use plumbline_tests::outcome::{Outcome, alert_leaves, assert_replays, outcomes, verify_ledger};
use plumbline_tests::random::Random;
use plumbline_tests::{TestHome, case, event, plugins, vendors};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;

const SEED: u64 = 20_261_122;
/// Flipped bytes of code that are tried.
const FLIPS: usize = 4;

/// How it misbehaves, the code of the fault and a word of its text.
const WAYS: [(&str, &str, &str); 23] = [
    ("loop", "fuel_spent", "2000000000"),
    ("memory", "memory_full", "67108864"),
    ("trap", "trap", "out of spite"),
    ("recursion", "trap", "stack"),
    ("rule", "bad_output", "HSTL-99"),
    ("level", "bad_output", "no level red"),
    ("evidence", "bad_output", "evidence 18446744073709551615"),
    ("flood", "bad_output", "1000 findings"),
    ("table", "refused", "officer"),
    ("fact", "refused", "rumour"),
    ("tick", "trap", "out of spite, later"),
    ("divide", "trap", "divide by zero"),
    ("index", "trap", "out of bounds"),
    ("overflow", "memory_full", "67108864"),
    ("state", "bad_output", "bytes of state"),
    ("future", "bad_output", "comes after"),
    ("episode", "bad_output", "a finding has 51200 bytes"),
    ("subject", "bad_output", "a finding has 51200 bytes"),
    ("dept", "bad_output", "a finding has 51200 bytes"),
    ("values", "bad_output", "values has 102420 bytes"),
    ("scan", "refused", "item"),
    ("facts", "refused", "rumour"),
    ("measures", "bad_output", "measures"),
];

/// What makes noise and does no harm: everything is supervised all the same.
const NOISES: [&str; 2] = ["messages", "long-message"];

/// What fails before it is put to work, and a word of the reason.
const STARTS: [(&str, &str); 3] = [
    ("configure-trap", "out of spite, at once"),
    ("configure-loop", "fuel"),
    ("configure-memory", "memory"),
];

fn item(key: &str, no: &str, time: &str) -> String {
    let id = format!("{key}-{no}");
    event(&id, "hostile.item", time, &json!({ "key": key, "no": no }))
}

/// The first file: three keys, of which one turns evil after an honest item, beside approval's.
fn first() -> Vec<String> {
    let mut lines = case(1, "2026-02-09T10:00:00", "");
    lines.push(item("evil-1", "honest", "2026-02-09T11:00:00"));
    lines.push(item("good-1", "a", "2026-02-09T11:01:00"));
    lines.push(item("evil-1", "b", "2026-02-09T11:02:00"));
    lines.push(item("good-2", "a", "2026-02-09T11:03:00"));
    lines.push(item("evil-1", "c", "2026-02-09T11:04:00"));
    lines
}

/// The second file, which carries log time past the deadline of the case.
fn second() -> Vec<String> {
    let mut lines = vec![item("good-1", "b", "2026-02-12T11:00:00")];
    lines.extend(case(2, "2026-03-31T10:00:00", ""));
    lines
}

/// A closed home with both plugins' packages compiled.
fn template(packages: &Path, vendors: &Path) -> tempfile::TempDir {
    let home = TestHome::with_approval(packages);
    home.enable(vendors, "hostile.wasm", &Map::new());
    home.close()
}

fn run(template: &Path, vendors: &Path, how: &str) -> TestHome {
    let home = TestHome::copy_of(&template.join("home"));
    let mut parameters = Map::new();
    parameters.insert("how".to_owned(), json!([how]));
    home.enable(vendors, "hostile.wasm", &parameters);
    assert_eq!(home.import("first.ndjson", &first()).rejected, 0);
    assert_eq!(home.import("second.ndjson", &second()).rejected, 0);
    home
}

fn cards(home: &TestHome, key: &str) -> Vec<(String, String)> {
    let own = outcomes(&home.app, "HSTL-").into_iter().filter(|alert| alert.key == key);
    own.map(|Outcome { rule, episode, .. }| (rule, episode)).collect()
}

fn card(rule: &str, episode: &str) -> (String, String) {
    (rule.to_owned(), episode.to_owned())
}

#[test]
fn each_way_of_misbehaving_is_contained_and_named() {
    let (Some(packages), Some(vendors)) = (plugins(), vendors()) else { return };
    let template = template(&packages, &vendors);
    let undisturbed = {
        let home = run(template.path(), &vendors, "not");
        assert!(!outcomes(&home.app, "APPR-").is_empty());
        assert!(outcomes(&home.app, GAP_RULE).is_empty());
        outcomes(&home.app, "APPR-")
    };
    for (how, code, text) in WAYS {
        let home = run(template.path(), &vendors, how);
        assert_eq!(outcomes(&home.app, "APPR-"), undisturbed, "{how}");
        check_named(&home, how, code, text);
        let whole = ["a", "b"].map(|no| card("HSTL-01", no));
        let aged = ["a", "b"].map(|no| card("HSTL-02", no));
        assert_eq!(cards(&home, "good-1"), [whole, aged].concat(), "{how}");
        let honest = if how == "tick" { vec!["b", "c", "honest"] } else { vec!["honest"] };
        let wanted: Vec<_> = honest.iter().map(|no| card("HSTL-01", no)).collect();
        let evil = cards(&home, "evil-1");
        let seen: Vec<_> = evil.iter().filter(|(rule, _)| rule == "HSTL-01").cloned().collect();
        assert_eq!(seen, wanted, "{how}: what was honest counts");
        assert_replays(&home.app);
        verify_ledger(&home.app).unwrap();
    }
}

/// One card and one row for each input that was not supervised, with the culprit's name.
fn check_named(home: &TestHome, how: &str, code: &str, text: &str) {
    let hostile = home.app.deployments().into_iter().find(|one| one.plugin == "hostile");
    let hostile = hostile.unwrap();
    let gaps = home.app.store().gaps(hostile.id).unwrap();
    let named = alert_leaves(&home.app).into_iter().map(|(_, leaf)| leaf);
    let named: Vec<_> = named.filter(|leaf| leaf.rule == GAP_RULE).collect();
    assert_eq!(gaps.len(), if how == "tick" { 1 } else { 2 }, "{how}: {gaps:#?}");
    assert_eq!(named.len(), gaps.len(), "{how}: {named:#?}");
    for (gap, leaf) in gaps.iter().zip(&named) {
        assert_eq!((gap.row.id.key.as_str(), gap.row.code.as_str()), ("evil-1", code), "{how}");
        assert!(gap.row.fault.contains(text), "{how}: {}", gap.row.fault);
        assert_eq!((leaf.plugin.as_str(), leaf.key.as_str()), ("hostile", "evil-1"), "{how}");
        assert_eq!((leaf.deployment, leaf.level), (hostile.id, Level::Yellow), "{how}");
        assert_eq!(leaf.values, json!({ "code": code, "fault": gap.row.fault }), "{how}");
        assert_eq!(leaf.evidence, [gap.row.from.0], "{how}");
        assert_eq!(gap.row.from, gap.row.to, "{how}");
    }
}

#[test]
fn a_key_that_fails_on_a_tick_does_not_fail_at_every_tick_again() {
    let (Some(packages), Some(vendors)) = (plugins(), vendors()) else { return };
    let template = template(&packages, &vendors);
    let home = TestHome::copy_of(&template.path().join("home"));
    let parameters = Map::from_iter([("how".to_owned(), Value::from(vec!["tick"]))]);
    home.enable(&vendors, "hostile.wasm", &parameters);
    home.receive("2026-02-09T11:00:00+08:00", &[item("evil-1", "a", "2026-02-09T11:00:00")]);
    for minute in 0..5 {
        home.tick(&format!("2026-02-10T11:0{minute}:00+08:00"));
    }
    assert_eq!(outcomes(&home.app, GAP_RULE).len(), 1);
    // A new event wakes it up again.
    home.receive("2026-02-10T12:00:00+08:00", &[item("evil-1", "b", "2026-02-10T12:00:00")]);
    assert_eq!(outcomes(&home.app, GAP_RULE).len(), 2);
    assert_replays(&home.app);
}

#[test]
fn what_is_a_gap_does_not_depend_on_how_the_log_was_cut() {
    let (Some(packages), Some(vendors)) = (plugins(), vendors()) else { return };
    let template = template(&packages, &vendors);
    let at_once = run(template.path(), &vendors, "trap");
    let home = TestHome::copy_of(&template.path().join("home"));
    let parameters = Map::from_iter([("how".to_owned(), Value::from(vec!["trap"]))]);
    home.enable(&vendors, "hostile.wasm", &parameters);
    for (number, line) in first().into_iter().chain(second()).enumerate() {
        home.import(&format!("{number}.ndjson"), &[line]);
    }
    assert_eq!(outcomes(&home.app, ""), outcomes(&at_once.app, ""));
    assert_replays(&home.app);
}

#[test]
fn noise_does_no_harm() {
    let (Some(packages), Some(vendors)) = (plugins(), vendors()) else { return };
    let template = template(&packages, &vendors);
    let wanted = outcomes(&run(template.path(), &vendors, "not").app, "");
    for how in NOISES {
        let home = run(template.path(), &vendors, how);
        assert_eq!(outcomes(&home.app, ""), wanted, "{how}");
        assert_replays(&home.app);
    }
}

#[test]
fn what_fails_at_the_start_is_not_put_to_work() {
    let (Some(packages), Some(vendors)) = (plugins(), vendors()) else { return };
    let template = template(&packages, &vendors);
    for (how, reason) in STARTS {
        let home = TestHome::copy_of(&template.path().join("home"));
        let before = home.app.deployments();
        let hostile = before.iter().find(|one| one.plugin == "hostile").unwrap();
        let parameters = Map::from_iter([("how".to_owned(), Value::from(vec![how]))]);
        let package = hostile.settings[0].package.unwrap();
        let enabling = Enabling::new(package, "", &parameters);
        let error = deploy::enable(&home.app, &enabling).unwrap_err();
        assert_eq!(error.kind, Kind::Refused, "{how}: {error}");
        assert!(error.detail.contains(reason), "{how}: {error}");
        assert_eq!(home.app.deployments(), before, "{how}");
        home.import("first.ndjson", &first());
        assert_replays(&home.app);
    }
}

/// A plugin that remembers what it should not cannot be stopped from it, but it is found out: its
/// replay differs and is named, and the replay of the others does not.
#[test]
fn a_plugin_that_remembers_its_calls_is_found_out_by_a_replay() {
    let (Some(packages), Some(vendors)) = (plugins(), vendors()) else { return };
    let template = template(&packages, &vendors);
    let home = TestHome::copy_of(&template.path().join("home"));
    let parameters = Map::from_iter([("how".to_owned(), Value::from(vec!["memory-of-calls"]))]);
    home.enable(&vendors, "hostile.wasm", &parameters);
    home.import("first.ndjson", &first());
    // A start of the service: the plugin has forgotten its calls, and the ledger has not.
    let path = home.app.home().dir().to_path_buf();
    let dir = home.close();
    let home = TestHome { dir, app: App::open(Home::new(path)).unwrap() };
    home.import("again.ndjson", &[item("evil-2", "b", "2026-02-09T12:00:00")]);
    for one in plumbline::replay::replay(&home.app).unwrap() {
        assert_eq!(one.difference.is_some(), one.plugin == "hostile", "{one:#?}");
    }
}

/// Bytes that no engine should take, signed by somebody who is trusted.
#[test]
fn a_malformed_component_is_refused_or_contained() {
    let (Some(packages), Some(vendors)) = (plugins(), vendors()) else { return };
    let template = template(&packages, &vendors);
    let undisturbed = outcomes(&run(template.path(), &vendors, "not").app, "APPR-");
    let key = SigningKey::generate("malformer").unwrap();
    let sound = unsigned(&fs::read(vendors.join("hostile.wasm")).unwrap());
    let mut random = Random::new(SEED);
    let mut refused = 0;
    for (name, bytes) in malformed(&sound, &mut random) {
        let home = TestHome::copy_of(&template.path().join("home"));
        package::trust(&home.app, &key.verifying_key().to_string()).unwrap();
        let Ok(sealed) = seal_package(&bytes, &key) else {
            refused += 1;
            continue;
        };
        let path = home.dir.path().join("malformed.wasm");
        fs::write(&path, sealed).unwrap();
        let tried = package::verify_file(&home.app, &path).and_then(|verified| {
            package::install(&home.app, &verified)?;
            let parameters = Map::new();
            let enabling = Enabling::new(verified.hash(), "", &parameters);
            deploy::enable(&home.app, &enabling).map(drop)
        });
        if let Err(error) = tried {
            assert_eq!(error.kind, Kind::Refused, "{name}: {error}");
            refused += 1;
        }
        home.import("first.ndjson", &first());
        home.import("second.ndjson", &second());
        assert_eq!(outcomes(&home.app, "APPR-"), undisturbed, "{name}");
        verify_ledger(&home.app).unwrap();
    }
    assert!(refused >= 5, "{refused} refused");
}

/// A package without its last section, which is the signed note.
fn unsigned(package: &[u8]) -> Vec<u8> {
    let name = NOTE_SECTION.as_bytes();
    let at = package.windows(name.len()).rposition(|window| window == name).unwrap();
    // Before the name stand its length, the section's length and its kind.
    let start = (at - 6..at - 2).find(|start| inspect_package(&package[..*start]).is_ok());
    package[..start.unwrap()].to_vec()
}

fn malformed(sound: &[u8], random: &mut Random) -> Vec<(String, Vec<u8>)> {
    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
    const MODULE: &[u8] = b"\0asm\x01\0\0\0";
    let name = MANIFEST_SECTION.as_bytes();
    let at = sound.windows(name.len()).rposition(|window| window == name).unwrap();
    let start = (at - 6..at - 2)
        .rfind(|start| inspect_package(&[COMPONENT, &sound[*start..]].concat()).is_ok());
    let manifest = &sound[start.unwrap()..];
    let body = &sound[..start.unwrap()];
    let mut all = vec![
        ("nothing but a manifest".to_owned(), [COMPONENT, manifest].concat()),
        ("a core module".to_owned(), [MODULE, manifest].concat()),
        ("no header".to_owned(), manifest.to_vec()),
        ("two manifests".to_owned(), [sound, manifest].concat()),
        ("no manifest".to_owned(), body.to_vec()),
        ("cut in the middle".to_owned(), [&body[..body.len() / 2], manifest].concat()),
        ("twice the same".to_owned(), [body, &body[8..], manifest].concat()),
    ];
    for _ in 0..FLIPS {
        let place = 8 + random.below(body.len() as u64 - 8) as usize;
        let mut flipped = sound.to_vec();
        flipped[place] ^= 1 << random.below(8);
        all.push((format!("byte {place} flipped, seed {SEED}"), flipped));
    }
    all
}
