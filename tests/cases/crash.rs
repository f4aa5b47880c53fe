//! Kills the appliance in the middle of its work, again and again, and looks at what is left:
//! nothing acknowledged is lost, no card is lost or comes twice, and in the end everything is as if
//! nothing had been.
//!
//! `PLUMBLINE_ROUNDS` sets the number of kills,
//! `PLUMBLINE_SEED` the moments. The page cache survives a kill; that an acknowledged write is also
//! on the disk is the business of the power cuts next door.

use super::worker;
use plumbline::{App, Home};
use plumbline_tests::fault::{Told, Wanted, Work, any_work, lines, rounds, seed};
use plumbline_tests::outcome::verify_ledger;
use plumbline_tests::random::Random;
use plumbline_tests::{TestHome, plugins};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

const ROUNDS: u64 = 6;
const SEED: u64 = 20_260_302;
const CASES: usize = 800;
const SIGKILL: i32 = 9;
/// Small, so that there are many moments between two groups.
const GROUP: usize = 50;
/// Kills on the way to the end of one work.
const KILLS_PER_HOME: u64 = 3;
/// Most acknowledgements that a child may give before it is killed.
const ACKS_MAX: u64 = 16;

#[test]
fn a_killed_appliance_ends_as_if_nothing_had_been() {
    let Some(packages) = plugins() else { return };
    let (rounds, seed) = (rounds(ROUNDS), seed(SEED));
    println!("rounds {rounds}, seed {seed}");
    let template = TestHome::with_approval(&packages).close();
    let file = template.path().join("events.ndjson");
    fs::write(&file, lines(CASES).join("\n")).unwrap();
    let kinds = [Work::Import { group: GROUP }, Work::Live];
    let wanted = kinds.map(|work| {
        let undisturbed = TestHome::copy_of(&template.path().join("home"));
        (work, Wanted::of(work, &undisturbed.app, &file, &mut |_| {}))
    });

    let mut random = Random::new(seed);
    let (mut killed, mut homes) = (0, 0);
    while killed < rounds {
        let work = any_work(&mut random, GROUP);
        let wanted = &wanted.iter().find(|(kind, _)| *kind == work).unwrap().1;
        let home = TestHome::copy_of(&template.path().join("home"));
        let path = home.app.home().dir().to_path_buf();
        let dir = home.close();
        let mut told = Told::default();
        for _ in 0..KILLS_PER_HOME.min(rounds - killed) {
            killed += u64::from(kill_at_work(work, &path, &file, &mut told, &mut random));
            let app = App::open(Home::new(&path)).unwrap();
            wanted.check_kept(&app, &told, &format!("{work:?}, kill {killed}, seed {seed}"));
        }
        let app = App::open(Home::new(&path)).unwrap();
        work.run(&app, &file, &mut |_| {});
        wanted.check_end(&app, &format!("{work:?}, kill {killed}, seed {seed}"));
        verify_ledger(&app).unwrap();
        drop(dir);
        homes += 1;
    }
    println!("killed {killed} times in {homes} homes: nothing lost, nothing doubled");
}

/// Runs the child, kills it at a moment of its progress, and hears what it told before; says
/// whether the kill came before the end.
fn kill_at_work(
    work: Work,
    home: &Path,
    file: &Path,
    told: &mut Told,
    random: &mut Random,
) -> bool {
    let mut child = worker::spawn(work, home, file, &[]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let acks = 1 + random.below(ACKS_MAX);
    let mut heard = 0;
    // The pipe stays open: the child must end by the kill and by nothing else.
    while heard < acks
        && let Some(line) = lines.next()
    {
        let line = line.unwrap();
        heard += u64::from(line.starts_with("acknowledged"));
        told.hear(&line);
    }
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
    // What was in the pipe had been told as well.
    lines.map_while(Result::ok).for_each(|line| told.hear(&line));
    status.signal().is_some()
}

fn bytes(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).unwrap().flatten();
    entries.map(|entry| entry.metadata().map_or(0, |meta| meta.len())).sum()
}
