//! What a home refuses to run.

use plumbline::deploy::{self, Enabling};
use plumbline::{App, AppError, Home, Kind};
use plumbline::{clock, package};
use plumbline_contract::id::{EventSeq, PackageHash};
use plumbline_tests::outcome::assert_replays;
use plumbline_tests::random::Random;
use plumbline_tests::{TestHome, case, plugins};
use serde_json::Map;
use std::fs;
use std::path::Path;

const SEED: u64 = 7;
const FLIPS: usize = 24;

fn trust(home: &TestHome, packages: &Path) {
    let vkey = fs::read_to_string(packages.join("development.vkey")).unwrap();
    package::trust(&home.app, &vkey).unwrap();
}

fn enable(app: &App, package: PackageHash) -> Result<(), AppError> {
    let parameters = Map::new();
    let enabling = Enabling::new(package, "", &parameters);
    deploy::enable(app, &enabling).map(drop)
}

#[test]
fn a_package_with_a_flipped_byte_or_of_an_unknown_signer_is_refused() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::bare();
    let file = packages.join("approval.wasm");
    let unknown = package::verify_file(&home.app, &file).unwrap_err();
    assert_eq!(unknown.kind, Kind::Refused, "{unknown}");
    trust(&home, &packages);
    package::verify_file(&home.app, &file).unwrap();

    let sound = fs::read(&file).unwrap();
    let mut random = Random::new(SEED);
    let ends = [0, sound.len() as u64 - 1];
    let places = ends.into_iter().chain((2..FLIPS).map(|_| random.below(sound.len() as u64)));
    for at in places.collect::<Vec<_>>() {
        let mut damaged = sound.clone();
        damaged[at as usize] ^= 1 << random.below(8);
        let path = home.dir.path().join("damaged.wasm");
        fs::write(&path, damaged).unwrap();
        let error = package::verify_file(&home.app, &path).unwrap_err();
        assert_eq!(error.kind, Kind::Refused, "seed {SEED}, byte {at}: {error}");
    }
}

fn only_package(home: &TestHome) -> PackageHash {
    home.app.deployments()[0].settings[0].package.unwrap()
}

#[test]
fn an_installed_package_is_verified_at_every_start() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let hash = only_package(&home);
    let path = home.app.home().packages_dir().join(format!("{hash}.wasm"));
    let dir = home.app.home().dir().to_path_buf();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert_eq!(enable(&home.app, hash).unwrap_err().kind, Kind::Refused);
    let _kept = home.close();
    // The home opens, and the deployment stands still where it was.
    let app = App::open(Home::new(dir)).unwrap();
    let suspended = app.suspended();
    let (deployment, error) = &suspended[0];
    assert_eq!((deployment.plugin.as_str(), error.kind), ("approval", Kind::Refused), "{error}");
    let cursor = app.store().cursor(deployment.id).unwrap();
    app.tick(clock::now(), false).unwrap();
    app.settle().unwrap();
    assert_eq!(app.store().cursor(deployment.id).unwrap(), cursor);
}

#[test]
fn an_older_release_than_ever_activated_is_refused() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let hash = only_package(&home);
    enable(&home.app, hash).unwrap();
    // As if the next release had been active before.
    let newer = br#"{"release":2,"signers":["development"]}"#;
    home.app.store().put_meta("release/approval", newer).unwrap();
    let error = enable(&home.app, hash).unwrap_err();
    assert_eq!((error.kind, error.message), (Kind::Refused, "older-release"));
}

#[test]
fn grants_of_another_package_are_worth_nothing() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let deployment = home.app.deployments().remove(0);
    home.app.runner(deployment.clone()).unwrap();

    let mut other = deployment.clone();
    other.grants[0].package = PackageHash([7; 32]);
    let error = home.app.runner(other).unwrap_err();
    assert_eq!((error.kind, error.message), (Kind::Refused, "grant"));

    let mut fewer = deployment.clone();
    fewer.grants[0].rights.pop_first().unwrap();
    let error = home.app.runner(fewer).unwrap_err();
    assert_eq!((error.kind, error.message), (Kind::Refused, "grant"));
}

#[test]
fn a_package_that_is_not_installed_or_a_wrong_parameter_enables_nothing() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::bare();
    trust(&home, &packages);
    assert_eq!(enable(&home.app, PackageHash([7; 32])).unwrap_err().kind, Kind::NotFound);
    let verified = package::verify_file(&home.app, &packages.join("approval.wasm")).unwrap();
    package::install(&home.app, &verified).unwrap();
    let parameters = Map::from_iter([("no_such_parameter".to_owned(), 1.into())]);
    let (package, before) = (verified.hash(), home.app.with_ledger(|ledger| ledger.size()));
    let enabling = Enabling::new(package, "", &parameters);
    let error = deploy::enable(&home.app, &enabling).unwrap_err();
    assert_eq!(error.kind, Kind::Usage, "{error}");
    assert_eq!(home.app.deployments(), []);
    assert_eq!(home.app.with_ledger(|ledger| ledger.size()), before);
    assert_eq!(home.app.store().next_seq(), EventSeq(1));
}

#[test]
fn a_change_of_parameters_holds_from_its_place_in_the_log_on_also_in_a_replay() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let rows = [
        ("2026-02-09T10:00:00", "[]"),
        ("2026-04-01T10:00:00", r#"["APPR-T01"]"#),
        ("2026-06-01T10:00:00", r#"["APPR-T03"]"#),
    ];
    for (number, (accepted, off)) in rows.into_iter().enumerate() {
        let off: serde_json::Value = serde_json::from_str(off).unwrap();
        home.enable(&packages, "approval.wasm", &Map::from_iter([("off".to_owned(), off)]));
        let mut lines = case(number, accepted, "");
        lines.extend(case(20 + number, &format!("2026-0{}-29T10:00:00", 3 + 2 * number), ""));
        home.import(&format!("{number}.ndjson"), &lines);
    }
    assert_replays(&home.app);
    let leaves = plumbline_tests::outcome::alert_leaves(&home.app);
    let mut params: Vec<_> = leaves.into_iter().map(|(_, leaf)| leaf.params).collect();
    params.dedup();
    assert_eq!(params.len(), 3, "each of the three raised cards");
}
