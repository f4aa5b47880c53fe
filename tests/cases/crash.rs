//! Kills a process in the middle of an import, again and again, and looks at what is left: nothing
//! acknowledged is lost, no card comes twice, and in the end everything is as if nothing had been.
//!
//! The child is this test binary itself. `PLUMBLINE_CRASH_ROUNDS` sets the number of kills,
//! `PLUMBLINE_CRASH_SEED` the moments. The page cache survives a kill; that an acknowledged write
//! is also on the disk is the business of the store's own tests.

use plumbline::import::{ImportRequest, import};
use plumbline::{App, Home};
use plumbline_tests::outcome::{Outcome, assert_replays, log, outcomes, states, verify_ledger};
use plumbline_tests::random::Random;
use plumbline_tests::{TestHome, case, event, plugins};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROUNDS: u64 = 6;
const SEED: u64 = 20_260_302;
const HOME: &str = "PLUMBLINE_CRASH_HOME";
const FILE: &str = "PLUMBLINE_CRASH_FILE";
const CASES: usize = 800;
const SIGKILL: i32 = 9;
/// Small, so that there are many moments between two groups.
const GROUP: usize = 50;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// Some 3,000 events in 800 cases of two months; every seventh case is never decided, every
/// eleventh too late.
fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    for number in 0..CASES {
        let (day, hour) = (1 + number % 28, 9 + number % 8);
        let month = 1 + number * 2 / CASES;
        let accepted = format!("2026-{month:02}-{day:02}T{hour:02}:00:00");
        let decided = match number {
            _ if number % 7 == 0 => String::new(),
            _ if number % 11 == 0 => format!("2026-{:02}-{day:02}T{hour:02}:30:00", month + 2),
            _ => format!("2026-{month:02}-{day:02}T{hour:02}:30:00"),
        };
        let of = case(number, &accepted, &decided);
        let case_no = format!("C{number:05}");
        lines.extend(of.into_iter().map(|line| (time_of(&line), line)));
        let step = json!({ "case_no": case_no, "step": "review", "officer": "o-1" });
        let step = event(&format!("{case_no}-step"), "approval.case.step", &accepted, &step);
        lines.push((time_of(&step), step));
    }
    // As a source delivers: in the order in which it happened.
    lines.sort_by(|(a, _), (b, _)| a.cmp(b));
    lines.into_iter().map(|(_, line)| line).collect()
}

fn time_of(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line["time"].as_str().unwrap().to_owned()
}

fn run(app: &App, file: &Path, watch: &mut dyn FnMut(u64, u64)) {
    let request = ImportRequest { group_events: GROUP, ..ImportRequest::new(file) };
    import(app, &request, watch).unwrap();
}

/// What an import comes to.
#[derive(Debug, PartialEq)]
struct End {
    alerts: Vec<Outcome>,
    events: BTreeSet<(String, String, u32)>,
    /// Keys and wakes; a state names positions in the log.
    keys: Vec<(u16, String, String, Option<i64>)>,
}

fn end(app: &App) -> End {
    let log = log(app);
    let events: BTreeSet<_> = log.iter().cloned().collect();
    assert_eq!(events.len(), log.len(), "an event is in the log twice");
    let keys = states(app).into_iter();
    let keys = keys.map(|((id, key), (_, wake))| (id, key.stream, key.key, wake)).collect();
    End { alerts: outcomes(app, ""), events, keys }
}

#[test]
fn a_killed_import_ends_as_if_nothing_had_been() {
    let Some(packages) = plugins() else { return };
    let (rounds, seed) =
        (number("PLUMBLINE_CRASH_ROUNDS", ROUNDS), number("PLUMBLINE_CRASH_SEED", SEED));
    println!("rounds {rounds}, seed {seed}");
    let template = TestHome::with_approval(&packages).close();
    let lines = lines();
    let file = template.path().join("events.ndjson");
    fs::write(&file, lines.join("\n")).unwrap();
    let ids: Vec<_> = lines.iter().map(|line| id_of(line)).collect();
    let undisturbed = TestHome::copy_of(&template.path().join("home"));
    run(&undisturbed.app, &file, &mut |_, _| {});
    let (wanted, wanted_log) = (end(&undisturbed.app), log(&undisturbed.app));
    let wanted_states = states(&undisturbed.app);
    assert!(wanted.alerts.iter().filter(|alert| alert.rule == "APPR-T03").count() > 100);

    let mut random = Random::new(seed);
    let mut killed = 0;
    while killed < rounds {
        let home = TestHome::copy_of(&template.path().join("home"));
        let path = home.app.home().dir().to_path_buf();
        let dir = home.close();
        // Killed up to three times on the way to the end of one import.
        for _ in 0..3.min(rounds - killed) {
            let (acknowledged, in_time) = kill_during_import(&path, &file, &mut random);
            killed += u64::from(in_time);
            let app = App::open(Home::new(&path)).unwrap();
            check_prefix(&app, &ids, acknowledged);
            verify_ledger(&app).unwrap();
        }
        let app = App::open(Home::new(&path)).unwrap();
        run(&app, &file, &mut |_, _| {});
        let found = end(&app);
        assert_eq!(found.alerts, wanted.alerts, "after kill {killed}, seed {seed}");
        assert!(found == wanted, "after kill {killed}, seed {seed}: other events or keys");
        if log(&app) == wanted_log {
            assert!(
                states(&app) == wanted_states,
                "after kill {killed}, seed {seed}: other states"
            );
        }
        assert_replays(&app);
        verify_ledger(&app).unwrap();
        drop(dir);
    }
}

fn id_of(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line["id"].as_str().unwrap().to_owned()
}

/// The sources' events in the log are the first lines of the file, and all that were acknowledged.
fn check_prefix(app: &App, ids: &[String], acknowledged: u64) {
    let log = log(app);
    let own = log.into_iter().filter(|(source, ..)| source == "test/approval");
    let own: Vec<_> = own.map(|(_, id, _)| id).collect();
    assert!(own.len() as u64 >= acknowledged, "{} of {acknowledged}", own.len());
    assert!(own == ids[..own.len()], "the log holds something else than the file");
}

/// Runs the child, kills it at a moment of its progress, and returns how many events it was told
/// are safe, and whether the kill came before the end.
fn kill_during_import(home: &Path, file: &Path, random: &mut Random) -> (u64, bool) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["cases::crash::child", "--exact", "--ignored", "--nocapture"])
        .env(HOME, home)
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let acks = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acks =
        acks.filter_map(|line| line.unwrap().strip_prefix("acknowledged ")?.parse().ok());
    let groups = 1 + random.below(16) as usize;
    // The pipe stays open: the child must end by the kill and by nothing else.
    let acknowledged = acks.by_ref().take(groups).last().unwrap_or(0);
    // From the acknowledgement on, until a file grows: parsing, appending, folding or sealing.
    let grows = match random.below(3) {
        0 => None,
        1 => Some(home.join("ledger")),
        _ => Some(home.join("store")),
    };
    if let Some(dir) = grows {
        let before = bytes(&dir);
        while bytes(&dir) == before && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(status.signal() == Some(SIGKILL) || status.success(), "the child failed: {status}");
    (acknowledged, status.signal().is_some())
}

fn bytes(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).unwrap().flatten();
    entries.map(|entry| entry.metadata().map_or(0, |meta| meta.len())).sum()
}

/// Imports and tells of its progress until it is killed.
#[test]
#[ignore = "run by the test above, which kills it"]
fn child() {
    let path = |variable: &str| PathBuf::from(std::env::var_os(variable).unwrap());
    let app = App::open(Home::new(path(HOME))).unwrap();
    run(&app, &path(FILE), &mut |_, _| {
        let own = log(&app).into_iter().filter(|(source, ..)| source == "test/approval").count();
        println!("acknowledged {own}");
    });
}
