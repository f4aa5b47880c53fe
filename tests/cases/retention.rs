//! Retention: what is dropped is archived and was derived a last time; everything goes on as in a
//! home that keeps all.

use plumbline::backup::{Archiving, Backup, Restore, archive, backup, restore};
use plumbline::deploy::{self, Enabling};
use plumbline::shadow::{self, Candidate, ShadowReport};
use plumbline::{App, AppError, Home, Kind, package, replay, retention};
use plumbline_contract::event::{Rebuild, RebuildKeys};
use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_contract::time::{Day, Millis};
use plumbline_ledger::sha256_hex;
use plumbline_tests::outcome::{outcomes, verify_ledger};
use plumbline_tests::{TestHome, case, event, plugins, vendors};
use serde_json::{Map, Value, json};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

const NOW: Millis = Millis(1_790_000_000_000);
/// Cases of January; every third is decided late, every fourth never.
const CASES: usize = 60;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn january() -> Vec<String> {
    cases(1..CASES + 1)
}

fn cases(numbers: Range<usize>) -> Vec<String> {
    numbers
        .flat_map(|number| {
            let accepted = format!("2026-01-{:02}T09:00:00", 5 + number % 5);
            let decided = match number % 12 {
                0 | 4 | 8 => "",
                3 | 6 | 9 => "2026-02-27T10:00:00",
                _ => "2026-01-19T10:00:00",
            };
            case(number, &accepted, decided)
        })
        .collect()
}

/// What comes after the payloads of January are gone: late decisions, a correction of a dropped
/// event, lines that were sent before, and new cases.
fn later(home: &TestHome) -> (u64, u64) {
    let decided = |number: usize| {
        let data = json!({ "case_no": format!("C{number:05}"), "result": "grant", "officer": "o-1",
            "signer": "o-2", "doc_no": format!("D{number}") });
        let id = format!("C{number:05}-decided");
        event(&id, "approval.case.decided", "2026-04-10T10:00:00", &data)
    };
    let mut corrected: Value = serde_json::from_str(&decided(3)).unwrap();
    corrected["dataversion"] = json!(2);
    corrected["time"] = json!("2026-01-20T10:00:00+08:00");
    corrected["recordedtime"] = json!("2026-02-27T10:00:00+08:00");
    corrected["correctedtime"] = json!("2026-04-11T10:00:00+08:00");
    let mut lines = vec![decided(4), decided(8), corrected.to_string()];
    lines.extend(case(500, "2026-04-13T09:00:00", "2026-04-14T09:00:00"));
    home.import("later.ndjson", &lines);
    let again = home.import("again.ndjson", &january());
    (again.repeated, again.conflicting)
}

fn archived(home: &TestHome, name: &str, before: &str) {
    let file = home.dir.path().join(name);
    let before = day(before);
    archive(&home.app, &Archiving { file: &file, passphrase: None, before, now: NOW }).unwrap();
}

fn blanks(app: &App) -> usize {
    let rows = app.store().read(EventSeq(0), usize::MAX).unwrap();
    rows.iter().filter(|row| row.event.is_blank()).count()
}

fn rebuild_all(home: &TestHome) {
    let (deployment, reason) = (DeploymentId(1), "promote".to_owned());
    home.app.ask_rebuild(&Rebuild { deployment, keys: RebuildKeys::All, reason }).unwrap();
    home.app.settle().unwrap();
}

/// Where the replay began, and that it found no difference.
fn replayed_from(app: &App) -> u64 {
    let replayed = replay::replay(app).unwrap();
    assert!(replayed[0].difference.is_none(), "{replayed:?}");
    replayed[0].from
}

#[test]
fn what_is_dropped_changes_nothing_that_follows() {
    let Some(packages) = plugins() else { return };
    let (home, control) = (TestHome::with_approval(&packages), TestHome::with_approval(&packages));
    for one in [&home, &control] {
        one.import("january.ndjson", &january());
        one.tick("2026-03-20T08:00:00+08:00");
    }
    archived(&home, "a", "2026-03-01");
    retention::set(&home.app, "approval.", Some(30)).unwrap();
    let plan = retention::plan(&home.app, day("2026-04-01")).unwrap();
    assert_eq!(blanks(&home.app), 0, "a plan drops nothing");
    let retained = retention::apply(&home.app, day("2026-04-01")).unwrap();
    assert_eq!(retained.payloads, plan.payloads);
    // The newest events are not in a block yet and stay a little longer: what is told is what was done.
    let dropped = blanks(&home.app);
    assert!(dropped > 100, "{dropped}");
    assert_eq!(dropped as u64, retained.payloads["approval."]);
    assert!(retained.replayed["approval"] > 20, "{retained:?}");
    let from = replayed_from(&home.app);
    assert!(from > dropped as u64);

    let repeats = later(&control);
    assert_eq!(later(&home), repeats);
    assert_eq!(repeats, (january().len() as u64, 0), "no repeat is taken for a change");
    assert_eq!(outcomes(&home.app, ""), outcomes(&control.app, ""));
    assert_eq!(replayed_from(&home.app), from);
    for one in [&home, &control] {
        rebuild_all(one);
        one.tick("2026-05-20T08:00:00+08:00");
    }
    assert_eq!(outcomes(&home.app, ""), outcomes(&control.app, ""));
    assert_eq!(replayed_from(&home.app), from);

    let none = Map::new();
    let candidate = Candidate { plugin: "approval", region: "", package: None, parameters: &none };
    let report = shadow::run(&home.app, &candidate).unwrap();
    assert!(report.comparison.is_empty(), "{report:?}");
    assert!(report.present.is_some_and(|present| present.standing > 20));

    // A second time, from the base on.
    archived(&home, "b", "2026-05-01");
    retention::apply(&home.app, day("2026-06-20")).unwrap();
    assert!(blanks(&home.app) > dropped && replayed_from(&home.app) > from);
    verify_ledger(&home.app).unwrap();
}

#[test]
fn a_base_is_part_of_a_backup_and_nobody_changes_it_unseen() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    home.import("january.ndjson", &january());
    home.tick("2026-03-20T08:00:00+08:00");
    archived(&home, "a", "2026-03-01");
    retention::set(&home.app, "approval.case.", Some(30)).unwrap();
    retention::apply(&home.app, day("2026-04-01")).unwrap();
    let from = replayed_from(&home.app);

    let (file, into) = (home.dir.path().join("backup"), home.dir.path().join("restored"));
    let request = Backup { file: &file, passphrase: None, with_keys: true, now: NOW };
    backup(&home.app, &request).unwrap();
    let (passphrase, keys, seen) = (None, None, None);
    let request =
        Restore { file: &file, passphrase, into: &into, keys, seen, accept_split: false, now: NOW };
    restore(&request).unwrap();
    let restored = App::open(Home::new(&into)).unwrap();
    assert_eq!(replayed_from(&restored), from);
    assert_eq!(outcomes(&restored, ""), outcomes(&home.app, ""));

    let base = std::fs::read_dir(into.join("bases")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&base).unwrap();
    assert_eq!(base.file_stem().unwrap().to_str().unwrap(), sha256_hex(&bytes));
    let (middle, sound) = (bytes.len() / 2, bytes.clone());
    bytes[middle] ^= 1;
    std::fs::write(&base, &bytes).unwrap();
    refuses_the_base(&restored);
    std::fs::remove_file(&base).unwrap();
    refuses_the_base(&restored);
    // Only who needs the base stands still, until it is there again.
    let (deployment, reason) = (DeploymentId(1), "promote".to_owned());
    restored.ask_rebuild(&Rebuild { deployment, keys: RebuildKeys::All, reason }).unwrap();
    restored.settle().unwrap();
    let still = restored.suspended();
    assert_eq!((still.len(), still[0].1.message), (1, "base-damaged"));
    std::fs::write(&base, &sound).unwrap();
    restored.reload().unwrap();
    restored.settle().unwrap();
    assert!(restored.suspended().is_empty());
    assert_eq!(replayed_from(&restored), from);
}

fn base_files(home: &TestHome) -> Vec<String> {
    let files = std::fs::read_dir(home.app.home().dir().join("bases")).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn nobody_reads_while_payloads_go_and_no_base_is_changed_in_its_place() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    home.import("january.ndjson", &january());
    home.tick("2026-03-20T08:00:00+08:00");
    archived(&home, "a", "2026-03-01");
    // The log does not grow: all bases lie at the same place.
    let rules = ["approval.case.accepted", "approval.case.decided", "approval.case."];
    let mut before = Vec::new();
    let app = &home.app;
    let none = Map::new();
    let candidate = Candidate { plugin: "approval", region: "", package: None, parameters: &none };
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                replayed_from(app);
                assert!(shadow::run(app, &candidate).unwrap().comparison.is_empty());
            }
        });
        for types in rules {
            std::fs::create_dir_all(app.home().dir().join("bases")).unwrap();
            std::fs::write(app.home().dir().join("bases/left.part"), "by a crash").unwrap();
            retention::set(app, types, Some(30)).unwrap();
            let retained = retention::apply(app, day("2026-04-01")).unwrap();
            assert!(retained.payloads[types] > 0, "{retained:?}");
            let files = base_files(&home);
            assert!(files.len() == 1 && files[0].ends_with(".base"), "{files:?}");
            before.extend(files);
        }
        is_over.store(true, Ordering::Relaxed);
        readers.join().unwrap();
    });
    verify_ledger(app).unwrap();
}

/// Makes the plugin stand still, or go on.
fn stand_still(home: &TestHome, is_still: bool) {
    let hash = home.app.deployments()[0].packages().into_iter().next().unwrap();
    match is_still {
        true => drop(package::revoke(&home.app, hash, "test").unwrap()),
        // There is no other way back for the same bytes, which both homes must have.
        false => home.app.store().drop_meta(&format!("revoked/{hash}")).unwrap(),
    }
    home.app.forget_packages().unwrap();
    assert_eq!(home.app.suspended().len(), usize::from(is_still));
}

#[test]
fn what_somebody_still_has_to_read_is_kept() {
    let Some(packages) = plugins() else { return };
    let (home, control) = (TestHome::with_approval(&packages), TestHome::with_approval(&packages));
    let (some, more) = (january(), cases(200..260));
    for one in [&home, &control] {
        one.import("january.ndjson", &some);
        stand_still(one, true);
        one.import("more.ndjson", &more);
    }
    archived(&home, "a", "2026-03-01");
    retention::set(&home.app, "approval.", Some(30)).unwrap();
    let retained = retention::apply(&home.app, day("2026-04-01")).unwrap();
    assert!(retained.unread > 100, "{retained:?}");
    for one in [&home, &control] {
        stand_still(one, false);
        one.app.settle().unwrap();
        one.tick("2026-03-20T08:00:00+08:00");
    }
    assert_eq!(outcomes(&home.app, ""), outcomes(&control.app, ""));
    replayed_from(&home.app);
}

fn refuses_the_base(app: &App) {
    let error = replay::replay(app).unwrap_err();
    assert_eq!((error.kind, error.message), (Kind::Integrity, "base-damaged"));
}

#[test]
fn what_may_not_be_dropped_is_not() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    home.import("january.ndjson", &january());
    let refused = |types: &str, days| retention::set(&home.app, types, days).unwrap_err().message;
    assert_eq!(refused("plumbline.", Some(90)), "retention-types");
    assert_eq!(refused("fact.approval.", Some(90)), "retention-types");
    assert_eq!(refused("", Some(90)), "retention-types");
    assert_eq!(refused("approval.", Some(29)), "retention-days");
    assert_eq!(refused("approval.", None), "retention-rule");
    assert_eq!(retention::rules(&home.app).unwrap(), []);
    // The nearer rule holds, and nothing goes that no archive holds.
    retention::set(&home.app, "approval.", Some(30)).unwrap();
    retention::set(&home.app, "approval.case.", Some(3650)).unwrap();
    assert_eq!(retention::plan(&home.app, day("2026-06-01")).unwrap(), Default::default());
    retention::set(&home.app, "approval.case.", None).unwrap();
    let retained = retention::apply(&home.app, day("2026-06-01")).unwrap();
    assert_eq!((retained.payloads.len(), blanks(&home.app)), (0, 0));
    assert_eq!(retained.unarchived, january().len() as u64);
    // A live event without payload cannot come from outside.
    let line = event("x", "approval.case.accepted", "2026-04-01T09:00:00", &json!({}));
    home.receive("2026-04-01T09:00:00", &[line]);
    assert_eq!(blanks(&home.app), 0);
    assert!(!home.app.home().dir().join("bases").exists());
}

/// Drops what is due of the home, which has at least one payload of such types.
fn dropped(home: &TestHome, archive: &str, types: &str, today: &str) {
    archived(home, archive, "2026-03-10");
    retention::set(&home.app, types, Some(30)).unwrap();
    let retained = retention::apply(&home.app, day(today)).unwrap();
    assert!(retained.payloads.values().sum::<u64>() > 20, "{retained:?}");
}

#[test]
fn what_is_asked_before_payloads_go_is_done_first() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    home.import("january.ndjson", &january());
    stand_still(&home, true);
    let (deployment, reason) = (DeploymentId(1), "gap".to_owned());
    home.app.ask_rebuild(&Rebuild { deployment, keys: RebuildKeys::All, reason }).unwrap();
    archived(&home, "a", "2026-03-01");
    retention::set(&home.app, "approval.", Some(30)).unwrap();
    let refused = retention::apply(&home.app, day("2026-04-01")).unwrap_err();
    assert_eq!((refused.message, blanks(&home.app)), ("retention-undriven", 0));
    stand_still(&home, false);
    home.app.settle().unwrap();
    retention::apply(&home.app, day("2026-04-01")).unwrap();
    assert!(blanks(&home.app) > 20);
    replayed_from(&home.app);
}

#[test]
fn what_needs_dropped_payloads_is_refused_and_can_begin_from_now_on() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::bare();
    let (own, off, other) = ("370203", "370211", "370212");
    let none = Map::new();
    home.enable_in(own, &packages, "approval.wasm", &none);
    home.enable_in(off, &packages, "approval.wasm", &none);
    deploy::set(&home.app, "approval", off, &none, Some(false)).unwrap();
    home.import("january.ndjson", &january());
    home.tick("2026-03-05T08:00:00+08:00");
    dropped(&home, "a", "approval.", "2026-04-10");

    let app = &home.app;
    let package = app.deployments()[0].packages().into_iter().next().unwrap();
    let gone = |error: Option<AppError>| assert_eq!(error.unwrap().message, "history-dropped");
    let candidate = |region| Candidate {
        plugin: "approval",
        region,
        package: Some(package),
        parameters: &none,
    };
    let before = app.store().next_seq();
    // A region that comes late, by whatever way, and one that was off when payloads went.
    gone(deploy::enable(app, &Enabling::new(package, other, &none)).err());
    gone(shadow::run(app, &candidate(other)).err());
    gone(shadow::start(app, &candidate(other), true).err());
    gone(deploy::set(app, "approval", off, &none, Some(true)).err());
    gone(deploy::enable(app, &Enabling::new(package, off, &none)).err());
    gone(deploy::fold_region(app, &app.deployments()[0], off).err());
    assert_eq!(app.store().next_seq(), before, "what is refused leaves nothing");
    for region in [other, off] {
        let enabling = Enabling { from_start: false, ..Enabling::new(package, region, &none) };
        deploy::enable(app, &enabling).unwrap();
    }
    // One that was on is in the base.
    deploy::set(app, "approval", own, &none, Some(false)).unwrap();
    deploy::set(app, "approval", own, &none, Some(true)).unwrap();
    app.settle().unwrap();
    replayed_from(app);

    // Beside what is in force a shadow begins where that would begin.
    let running = shadow::start(app, &candidate(own), true).unwrap();
    app.settle().unwrap();
    let report = shadow::report(app, running.id).unwrap();
    assert!(report.comparison.is_empty(), "{report:?}");
    assert!(report.candidate.standing > 20, "{report:?}");
    shadow::end(app, running.id).unwrap();
    assert!(app.store().states(running.id, None, 1).unwrap().is_empty(), "it left nothing");
    assert_eq!(app.store().meta(&format!("base/{}", running.id)).unwrap(), None);
}

#[test]
fn a_shadow_over_a_base_shows_what_a_shorter_limit_brings() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let open = (1..40).flat_map(|number| case(number, "2026-02-26T09:00:00", ""));
    home.import("open.ndjson", &open.collect::<Vec<_>>());
    home.tick("2026-03-09T08:00:00+08:00");
    let shorter = json!({ "default_wd": 3 }).as_object().unwrap().clone();
    let candidate =
        Candidate { plugin: "approval", region: "", package: None, parameters: &shorter };
    let gained = |report: ShadowReport| {
        let gained = report.comparison.gained.into_iter().filter(|one| one.rule == "APPR-T03");
        gained.map(|one| one.subject).collect::<Vec<_>>()
    };
    let wanted = gained(shadow::run(&home.app, &candidate).unwrap());
    assert_eq!(wanted.len(), 39);
    dropped(&home, "a", "approval.", "2026-05-01");
    assert_eq!(gained(shadow::run(&home.app, &candidate).unwrap()), wanted);
    let running = shadow::start(&home.app, &candidate, true).unwrap();
    home.app.settle().unwrap();
    assert_eq!(gained(shadow::report(&home.app, running.id).unwrap()), wanted);
}

#[test]
fn a_gap_of_a_tick_behind_the_base_closes() {
    let Some(vendors) = vendors() else { return };
    let home = TestHome::bare();
    let how = |how: &str| json!({ "how": [how] }).as_object().unwrap().clone();
    home.enable(&vendors, "hostile.wasm", &how("tick"));
    let item = |number: usize| {
        let (key, no) = (format!("evil-{number}"), number.to_string());
        let data = json!({ "key": key, "no": no });
        event(&format!("i{number}"), "hostile.item", "2026-02-09T11:00:00", &data)
    };
    home.receive("2026-02-09T11:00:05+08:00", &(0..70).map(item).collect::<Vec<_>>());
    dropped(&home, "a", "hostile.", "2026-04-01");
    home.tick("2026-02-11T08:00:00+08:00");
    let id = deploy::live_of(&home.app, "hostile").unwrap().id;
    assert_eq!(home.app.store().gaps(id).unwrap().len(), 70);
    deploy::set(&home.app, "hostile", "", &how("not"), None).unwrap();
    home.app.settle().unwrap();
    assert_eq!(home.app.store().gaps(id).unwrap(), []);
    let stands = outcomes(&home.app, "HSTL-02").into_iter().filter(|card| card.stands);
    assert_eq!(stands.count(), 70);
    replayed_from(&home.app);
}
