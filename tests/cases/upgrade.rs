//! Another package of the same plugin: what is refused, what needs a yes, what is for good; and
//! profiles of regions, which hold as a whole or not at all.

use plumbline::backing::{Backing, UNBACKED};
use plumbline::backup::{Archiving, archive};
use plumbline::deploy::{self, Enabling};
use plumbline::shadow::{self, Candidate};
use plumbline::{AppError, Kind};
use plumbline::{history, package, profile, replay, retention};
use plumbline_contract::id::PackageHash;
use plumbline_contract::time::Day;
use plumbline_ledger::{SigningKey, seal_package};
use plumbline_tests::outcome::{assert_replays, outcomes, verify_ledger};
use plumbline_tests::{TestHome, case, event, instant, plugins};
use serde_json::{Map, json};
use std::path::Path;

const CAPABILITY: &str = "\n[[capability]]\nkind = \"facts\"\nname = \"rumour\"\n\
    reason_zh = \"测试\"\nreason_en = \"a test\"\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Installs the approval plugin as another release, with `more` in its manifest, signed by a key of
/// this name. Its code is the same.
fn install(
    home: &TestHome,
    packages: &Path,
    release: u64,
    more: &str,
    signer: &str,
) -> PackageHash {
    install_as(home, packages, &format!("release = {release}\n"), (release, more), signer)
}

/// As [`install`], with these lines in place of the release's.
fn install_as(
    home: &TestHome,
    packages: &Path,
    lines: &str,
    (release, more): (u64, &str),
    signer: &str,
) -> PackageHash {
    let edit = |text: String| format!("{}{more}", text.replacen("release = 1\n", lines, 1));
    install_edited(home, packages, edit, release, signer)
}

/// Installs the approval plugin with its manifest edited, signed by a key of this name.
fn install_edited(
    home: &TestHome,
    packages: &Path,
    edit: impl FnOnce(String) -> String,
    release: u64,
    signer: &str,
) -> PackageHash {
    let text = std::fs::read_to_string(root().join("plugins/approval/manifest.toml")).unwrap();
    let manifest = edit(text);
    let component = packages.join("approval.wasm");
    let folder = home.dir.path().join("folder");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("manifest.toml"), manifest).unwrap();
    let file = home.dir.path().join(format!("{signer}-{release}.wasm"));
    let shown = |path: &Path| path.display().to_string();
    let words = [
        "plumbline",
        "plugin",
        "build",
        &shown(&folder),
        "--component",
        &shown(&component),
        "--out",
        &shown(&file),
    ]
    .map(str::to_owned);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = plumbline::cli::run(words, &mut out, &mut err, plumbline::cli::Terminal::default());
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&err));
    let path = home.dir.path().join(format!("{signer}.key"));
    let key = match SigningKey::load(&path) {
        Ok(key) => key,
        Err(_) => {
            let key = SigningKey::generate(signer).unwrap();
            key.save(&path).unwrap();
            key
        }
    };
    std::fs::write(&file, seal_package(&std::fs::read(&file).unwrap(), &key).unwrap()).unwrap();
    package::trust(&home.app, &key.verifying_key().to_string()).unwrap();
    let verified = package::verify_file(&home.app, &file).unwrap();
    package::install(&home.app, &verified).unwrap();
    verified.hash()
}

fn enable(home: &TestHome, hash: PackageHash, agreed: (bool, bool)) -> Result<(), AppError> {
    let none = Map::new();
    let (accept_rights, accept_signer) = agreed;
    let enabling = Enabling { accept_rights, accept_signer, ..Enabling::new(hash, "", &none) };
    deploy::enable(&home.app, &enabling).map(drop)
}

fn refused(result: Result<(), AppError>) -> &'static str {
    let error = result.unwrap_err();
    assert_eq!(error.kind, Kind::Refused, "{error}");
    error.message
}

#[test]
fn an_upgrade_asks_only_for_what_is_new_and_goes_back_only_by_a_rollback() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let first = *home.app.deployments()[0].packages().first().unwrap();
    let second = install(&home, &packages, 2, "", "vendor");
    assert_eq!(refused(enable(&home, second, (false, false))), "other-signer");
    enable(&home, second, (false, true)).unwrap();
    let third = install(&home, &packages, 3, "", "vendor");
    enable(&home, third, (false, false)).unwrap();
    let fourth = install(&home, &packages, 4, CAPABILITY, "vendor");
    let error = enable(&home, fourth, (false, false)).unwrap_err();
    assert_eq!(error.message, "rights-grew");
    assert!(error.detail.contains("rumour"), "{}", error.detail);
    enable(&home, fourth, (true, false)).unwrap();
    assert_eq!(refused(enable(&home, second, (true, true))), "older-release");

    let back = deploy::rollback(&home.app, "approval", &UNBACKED).unwrap();
    assert_eq!(back.effective("").unwrap().package.value, third);
    home.app.settle().unwrap();
    let none = Map::new();
    let older =
        Candidate { plugin: "approval", region: "", package: Some(first), parameters: &none };
    assert!(shadow::run(&home.app, &older).is_ok(), "trying an old one is no way back");
    assert_replays(&home.app);
    verify_ledger(&home.app).unwrap();
}

#[test]
fn a_revoked_package_stands_still_at_once_and_for_good() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    home.receive("2026-02-09T10:00:05+08:00", &case(1, "2026-02-09T10:00:00", ""));
    home.tick("2026-04-01T09:00:00+08:00");
    home.app.tell_time(instant("2026-04-01T10:00:00+08:00"));
    let cards = outcomes(&home.app, "APPR-");
    assert!(!cards.is_empty());
    let first = *home.app.deployments()[0].packages().first().unwrap();
    assert_eq!(package::revoke(&home.app, first, " ").unwrap_err().message, "no-reason");
    package::revoke(&home.app, first, "a hole").unwrap();
    assert_eq!(home.app.suspended()[0].1.message, "revoked");
    assert_eq!(refused(package::revoke(&home.app, first, "again").map(drop)), "revoked");
    assert_eq!(refused(package::installed(&home.app, first).map(drop)), "revoked");
    assert_eq!(refused(enable(&home, first, (true, true))), "revoked");
    let cursor = |home: &TestHome| home.app.store().cursor(home.app.deployments()[0].id).unwrap();
    let stood = cursor(&home);
    home.app.tick(instant("2026-04-02T09:00:00+08:00"), false).unwrap();
    home.app.settle().unwrap();
    assert_eq!(cursor(&home), stood);
    let found =
        plumbline::doctor::examine(&home.app, instant("2026-04-02T09:00:00+08:00")).unwrap();
    assert!(found.iter().any(|finding| finding.code == "standstill"), "{found:?}");

    let second = install(&home, &packages, 2, "", "vendor");
    enable(&home, second, (false, true)).unwrap();
    home.app.settle().unwrap();
    assert!(home.app.suspended().is_empty(), "{:?}", home.app.suspended());
    assert!(cursor(&home).seq > stood.seq);
    assert_eq!(outcomes(&home.app, "APPR-"), cards);
    // Going back would run the revoked one.
    assert_eq!(refused(deploy::rollback(&home.app, "approval", &UNBACKED).map(drop)), "revoked");
    assert_replays(&home.app);
    verify_ledger(&home.app).unwrap();
}

#[test]
fn a_key_that_is_trusted_no_longer_stops_what_only_it_signed() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    assert_eq!(package::distrust(&home.app, "nobody").unwrap_err().message, "no-key");
    let vkey = std::fs::read_to_string(packages.join("development.vkey")).unwrap();
    package::distrust(&home.app, &vkey).unwrap();
    assert_eq!(home.app.suspended().len(), 1);
    package::trust(&home.app, &vkey).unwrap();
    home.app.forget_packages().unwrap();
    assert!(home.app.suspended().is_empty());
}

#[test]
fn a_profile_is_reviewed_applied_as_a_whole_and_its_export_changes_nothing() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let county = std::fs::read(root().join("examples/regions/county.toml")).unwrap();
    let profile = profile::read(&county).unwrap();
    let reviewed = profile::review(&home.app, &profile).unwrap();
    assert_eq!(reviewed[0].changes.len(), 3, "{reviewed:#?}");
    assert_eq!(deploy::live_of(&home.app, "approval").unwrap().settings.len(), 1, "only reviewed");
    let leaf = profile::apply(&home.app, &profile, &reviewed, &Backing::default()).unwrap();
    let act = home.app.with_ledger(|ledger| ledger.leaf(leaf)).unwrap();
    let act: serde_json::Value = serde_json::from_slice(&act).unwrap();
    assert_eq!((&act["leaf"], &act["profile"]), (&json!("profile"), &json!(profile.sha256)));

    let live = deploy::live_of(&home.app, "approval").unwrap();
    let said = &live.effective("370203004").unwrap().parameters;
    assert_eq!((&said["default_wd"].value, &said["warn_wd"].value), (&json!(15), &json!(2)));
    let acts = history::history(&home.app, "approval").unwrap();
    let ground = history::ground(&acts, "370203004").unwrap();
    assert!(ground.contains("第五条"), "{ground}");
    let exported = profile::export(&home.app, "").unwrap();
    assert!(exported.contains(&ground), "{exported}");
    let again = profile::read(exported.as_bytes()).unwrap();
    assert_eq!(profile::review(&home.app, &again).unwrap(), []);
    assert_eq!(profile::read(exported.as_bytes()).unwrap().entries.len(), 3);

    let wrong = String::from_utf8(county).unwrap().replace("default_wd = 15", "default_wd = 999");
    let wrong = profile::read(wrong.replace("warn_wd = 2", "warn_wd = 3").as_bytes()).unwrap();
    let error = profile::review(&home.app, &wrong).unwrap_err();
    assert!(error.detail.contains("1..365 working days"), "{}", error.detail);
    assert_eq!(deploy::live_of(&home.app, "approval").unwrap(), live);
    assert_replays(&home.app);
}

/// A profile in which so many towns have a limit of their own, of 40 different ones.
fn towns(count: usize) -> Vec<u8> {
    let town = |number: usize| {
        format!(
            "[[setting]]\nplugin = \"approval\"\nregion = \"{}{:03}\"\n[setting.parameters]\n\
             default_wd = {}\n",
            370_203 + number / 100,
            1 + number % 100,
            15 + number % 40,
        )
    };
    (0..count).map(town).collect::<String>().into_bytes()
}

#[test]
fn a_city_with_settings_for_each_of_its_towns_fits_and_too_many_change_nothing() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let apply = |count: usize| {
        let profile = profile::read(&towns(count)).unwrap();
        let reviewed = profile::review(&home.app, &profile).unwrap();
        profile::apply(&home.app, &profile, &reviewed, &Backing::default())
    };
    apply(120).unwrap();
    let one = json!({ "warn_wd": 3 });
    deploy::set(&home.app, "approval", "370203001", one.as_object().unwrap(), None).unwrap();
    let newest = || {
        let leaf = home.app.with_ledger(|ledger| ledger.leaf(ledger.size() - 1)).unwrap();
        serde_json::from_slice::<serde_json::Value>(&leaf).unwrap()
    };
    let act = newest();
    let told = act["variants"].as_array().unwrap();
    assert_eq!(told.len(), 121, "the county itself, too");
    let whole: Vec<_> = told.iter().filter(|one| one["parameters"].is_object()).collect();
    assert_eq!(whole.len(), 1, "what was in force is not told again");
    assert_eq!(whole[0]["parameters"]["warn_wd"], 3);
    let live = deploy::live_of(&home.app, "approval").unwrap();
    let size = home.app.with_ledger(|ledger| ledger.size());
    let error = apply(1000).unwrap_err();
    assert_eq!(error.message, "too-many-settings", "{error}");
    assert_eq!(deploy::live_of(&home.app, "approval").unwrap(), live);
    assert_eq!(home.app.with_ledger(|ledger| ledger.size()), size);
    assert_replays(&home.app);
}

#[test]
fn a_package_must_read_what_the_base_holds_and_not_only_what_came_last() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let lines: Vec<_> =
        (1..30).flat_map(|number| case(number, "2026-01-05T09:00:00", "")).collect();
    home.import("cases.ndjson", &lines);
    home.tick("2026-03-05T08:00:00+08:00");
    let (file, before) = (home.dir.path().join("a"), Day::parse("2026-03-01").unwrap());
    let now = instant("2026-03-05T08:00:00+08:00");
    archive(&home.app, &Archiving { file: &file, passphrase: None, before, now }).unwrap();
    retention::set(&home.app, "approval.", Some(30)).unwrap();
    retention::apply(&home.app, Day::parse("2026-05-01").unwrap()).unwrap();

    let release = |number: u64, more: &str| {
        let lines = format!("release = {number}\n{more}\n");
        install_as(&home, &packages, &lines, (number, ""), "vendor")
    };
    let second = release(2, "state = 2\nreads_state = [1]");
    let third = release(3, "state = 3\nreads_state = [2]");
    let fourth = release(4, "state = 4\nreads_state = [1, 2]");
    enable(&home, second, (true, true)).unwrap();
    home.app.settle().unwrap();
    assert_eq!(refused(enable(&home, third, (true, true))), "base-unread");
    // One that reads both comes even after what was at work is revoked.
    package::revoke(&home.app, second, "test").unwrap();
    enable(&home, fourth, (true, true)).unwrap();
    home.app.settle().unwrap();
    assert!(home.app.suspended().is_empty(), "{:?}", home.app.suspended());
    let replayed = replay::replay(&home.app).unwrap();
    assert!(replayed[0].difference.is_none() && replayed[0].from > 0, "{replayed:?}");
}

#[test]
fn what_a_wider_package_looks_at_is_found_by_a_replay_that_had_passed_it_over() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::bare();
    let elsewhere = |text: String| text.replace("\"approval.", "\"penalty.");
    let narrow = install_edited(&home, &packages, elsewhere, 1, "vendor");
    enable(&home, narrow, (true, true)).unwrap();
    home.receive("2026-02-09T10:00:05+08:00", &case(1, "2026-02-09T10:00:00", ""));
    let wide = install(&home, &packages, 2, "", "vendor");
    enable(&home, wide, (true, false)).unwrap();
    home.receive("2026-02-09T11:00:05+08:00", &case(2, "2026-02-09T11:00:00", ""));
    home.tick("2026-04-01T09:00:00+08:00");
    let late: Vec<_> = outcomes(&home.app, "APPR-T03").into_iter().map(|card| card.key).collect();
    assert_eq!(late, ["C00002"]);
    assert_replays(&home.app);
}

/// A manifest without the stream of certificates and its rule. The code asks for its parameters
/// still, which another rule gets.
fn without_certificates(text: String) -> String {
    let text = text.replacen("release = 1\n", "release = 2\n", 1);
    let own = ["name = \"certificate\"", "id = \"APPR-P04\""];
    let blocks = text.split("\n[[").filter(|block| !own.iter().any(|own| block.contains(own)));
    blocks.collect::<Vec<_>>().join("\n[[").replace("\"APPR-P04\"", "\"APPR-P05\"")
}

/// A home with cards of several rules, one of them of a certificate that no case stands behind.
fn with_a_bare_certificate(packages: &Path) -> TestHome {
    let home = TestHome::with_approval(packages);
    let bare = json!({ "cert_no": "Z1", "item_code": "A1", "holder": "h" });
    let bare = event("bare", "approval.cert.issued", "2026-02-09T10:00:00", &bare);
    home.receive("2026-02-09T10:00:05+08:00", &case(1, "2026-02-09T10:00:00", ""));
    home.receive("2026-02-09T10:00:06+08:00", &[bare]);
    home.tick("2026-04-01T09:00:00+08:00");
    home.app.tell_time(instant("2026-04-01T10:00:00+08:00"));
    home
}

/// Rules of the cards that stand.
fn standing(home: &TestHome) -> Vec<String> {
    let all = outcomes(&home.app, "APPR-").into_iter().filter(|card| card.stands);
    all.map(|card| card.rule).collect()
}

#[test]
fn cards_of_a_stream_that_a_package_no_longer_has_are_withdrawn() {
    let Some(packages) = plugins() else { return };
    // As an upgrade, and where the former package was revoked and stands still.
    for is_revoked in [false, true] {
        let home = with_a_bare_certificate(&packages);
        let before = standing(&home);
        assert!(before.contains(&"APPR-P04".to_owned()), "{before:?}");
        let others: Vec<_> = before.iter().filter(|rule| *rule != "APPR-P04").cloned().collect();
        assert!(!others.is_empty());
        let second = install_edited(&home, &packages, without_certificates, 2, "vendor");
        let none = Map::new();
        let (plugin, package) = ("approval", Some(second));
        let candidate = Candidate { plugin, region: "", package, parameters: &none };
        let lost = shadow::run(&home.app, &candidate).unwrap().comparison.lost;
        assert_eq!(lost.iter().map(|lost| &*lost.rule).collect::<Vec<_>>(), ["APPR-P04"]);
        if is_revoked {
            let first = *home.app.deployments()[0].packages().first().unwrap();
            package::revoke(&home.app, first, "a hole").unwrap();
        }
        enable(&home, second, (true, true)).unwrap();
        home.app.settle().unwrap();
        assert_eq!(standing(&home), others, "{is_revoked}");
        let card = home.alerts().into_iter().find(|alert| alert.rule == "APPR-P04").unwrap();
        assert_eq!(card.reason.as_deref(), Some("rules_changed"));
        assert_replays(&home.app);
        if is_revoked {
            // A later package with the stream again raises what comes up again.
            let third = install(&home, &packages, 3, "", "vendor");
            enable(&home, third, (true, true)).unwrap();
            let bare = json!({ "cert_no": "Z1", "item_code": "A1", "holder": "h" });
            let bare = event("again", "approval.cert.issued", "2026-04-01T10:30:00", &bare);
            home.receive("2026-04-01T10:30:05+08:00", &[bare]);
            home.tick("2026-05-01T09:00:00+08:00");
            assert!(standing(&home).contains(&"APPR-P04".to_owned()));
            assert_replays(&home.app);
        } else {
            // The former package finds it again.
            deploy::rollback(&home.app, "approval", &UNBACKED).unwrap();
            home.app.settle().unwrap();
            assert_eq!(standing(&home), before);
            assert_replays(&home.app);
        }
        verify_ledger(&home.app).unwrap();
    }
}
