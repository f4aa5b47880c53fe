//! Bytes rot: files of the store and of the ledger are flipped, blanked or cut short at random.
//! Whatever is hit, either the appliance says in words that it is damaged and where, with the exit
//! code of damage, or everything is there again. Nothing is lost in silence, and nobody is left
//! with a backtrace.
//!
//! `PLUMBLINE_ROUNDS` sets the number of damages, `PLUMBLINE_SEED` which.

use plumbline::{App, Home, cli, damage};
use plumbline_tests::fault::{Told, Wanted, Work, lines, rounds, seed};
use plumbline_tests::random::Random;
use plumbline_tests::{TestHome, copy, plugins};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROUNDS: u64 = 16;
const SEED: u64 = 20_261_122;
const CASES: usize = 120;
const HOME: &str = "PLUMBLINE_DAMAGED_HOME";
const COMMAND: &str = "PLUMBLINE_DAMAGED_COMMAND";
const WELL: i32 = 0;
const DAMAGED: i32 = 4;
/// Signals that end what has used up its processor time: SIGKILL, SIGXCPU.
const RUN_WILD: [i32; 2] = [9, 24];
const LOOPED: &str = "did not end";
/// Of how many damages one may leave a command that does not end: a known weakness of sled, not to
/// become worse unseen.
const ROUNDS_PER_LOOP: u64 = 16;
/// Seconds of processor time after which a command counts as run wild; it needs about one.
const BOUNDS: &str = "ulimit -t 40; exec \"$0\" \"$@\"";
/// A sector of a disk, in bytes.
const SECTOR: u64 = 512;

/// Files that hold what matters, by the folder and the start of the name.
const PARTS: [&str; 8] = [
    "store/db",
    "store/db",
    "store/conf",
    "store/snap",
    "store/acknowledged",
    "ledger/leaves",
    "ledger/checkpoint",
    "ledger/tiles",
];

/// Files of a part, empty ones left out.
fn files(home: &Path, part: &str) -> Vec<PathBuf> {
    let path = home.join(part);
    let (folder, start) = if path.is_dir() {
        (path.as_path(), "")
    } else {
        (path.parent().unwrap(), path.file_name().unwrap().to_str().unwrap())
    };
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(start);
    let mut files: Vec<_> = entries.filter(named).filter(|path| path.is_file()).collect();
    files.retain(|path| fs::metadata(path).unwrap().len() > 0);
    files.sort();
    files
}

/// Damages a home and says which part, and what was done.
fn hurt(home: &Path, random: &mut Random) -> Option<(&'static str, String)> {
    let part = PARTS[random.below(PARTS.len() as u64) as usize];
    let files = files(home, part);
    let file = files.get(random.below(files.len().max(1) as u64) as usize)?;
    let mut bytes = fs::read(file).unwrap();
    let length = bytes.len() as u64;
    // Where something was written: the store's files have long stretches of zeros at their end.
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last as u64 + 1);
    let at = random.below(used) as usize;
    let how = match random.below(4) {
        0 | 1 => {
            bytes[at] ^= 1 << random.below(8);
            "flipped"
        }
        2 => {
            let from = at as u64 / SECTOR * SECTOR;
            bytes[from as usize..(from + SECTOR).min(length) as usize].fill(0);
            "blanked"
        }
        _ => {
            bytes.truncate(at);
            "cut"
        }
    };
    fs::write(file, bytes).unwrap();
    let name = file.strip_prefix(home).unwrap().display();
    Some((part, format!("{name} of {length} bytes {how} at {at}")))
}

/// Runs a command line on a home in a process of its own, under bounds of the shell.
pub(super) fn command(bounds: &str, home: &Path, command: &str) -> Output {
    Command::new("sh")
        .args(["-c", bounds])
        .arg(std::env::current_exe().unwrap())
        .args(["cases::damage::child", "--exact", "--ignored", "--nocapture"])
        .env(HOME, home)
        .env(COMMAND, command)
        .output()
        .unwrap()
}

/// Exit code and everything that was said.
pub(super) fn answer_of(output: &Output) -> (Option<i32>, String) {
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    (output.status.code(), said.concat())
}

/// One command line in a process of its own, as `main` runs it.
#[test]
#[ignore = "started by the tests here"]
fn child() {
    let (home, command) = (std::env::var(HOME).unwrap(), std::env::var(COMMAND).unwrap());
    damage::report_panics();
    let arguments = ["plumbline", "--home", &home].into_iter().chain(command.split(' '));
    let code = cli::run(arguments, &mut io::stdout(), &mut io::stderr(), cli::Terminal::default());
    io::stdout().flush().unwrap();
    std::process::exit(code.into());
}

/// What a command said, if it is clear: one of the two exit codes, and never a backtrace. sled can
/// loop for ever over a damaged page; then the bound has ended it, which nobody takes for well.
fn answer(home: &Path, name: &str, what: &str) -> (i32, String) {
    let output = command(BOUNDS, home, name);
    if output.status.signal().is_some_and(|signal| RUN_WILD.contains(&signal)) {
        return (DAMAGED, LOOPED.to_owned());
    }
    let (code, said) = answer_of(&output);
    let is_clear = code.is_some_and(|code| [WELL, DAMAGED].contains(&code));
    assert!(is_clear, "{what}: {name} ended with {}: {said}", output.status);
    assert!(!said.contains("panicked at") && !said.contains("RUST_BACKTRACE"), "{what}: {said}");
    (code.unwrap(), said)
}

#[test]
fn damaged_files_are_named_or_made_good() {
    let Some(packages) = plugins() else { return };
    let (rounds, seed) = (rounds(ROUNDS), seed(SEED));
    println!("rounds {rounds}, seed {seed}");
    let template = TestHome::with_approval(&packages);
    let file = template.dir.path().join("events.ndjson");
    fs::write(&file, lines(CASES).join("\n")).unwrap();
    let mut told = Told::default();
    let wanted = Wanted::of(Work::Live, &template.app, &file, &mut |line| told.hear(&line));
    let template = template.close();
    for name in ["check", "replay"] {
        let (code, said) = answer(&template.path().join("home"), name, "undamaged");
        assert_eq!(code, WELL, "undamaged: {name}: {said}");
    }
    let mut random = Random::new(seed);
    let mut counts = BTreeMap::<(&str, &str), u32>::new();
    for round in 1..=rounds {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        copy(&template.path().join("home"), &home);
        let Some((part, done)) = hurt(&home, &mut random) else { continue };
        let what = format!("round {round}, seed {seed}: {done}");
        let answers = ["check", "replay"].map(|name| answer(&home, name, &what));
        let found = answers.iter().any(|(code, _)| *code == DAMAGED);
        if !found {
            let app = App::open(Home::new(&home)).unwrap_or_else(|error| panic!("{what}: {error}"));
            wanted.check_kept(&app, &told, &what);
            wanted.check_end(&app, &what);
        }
        let said = answers.map(|(_, said)| said).concat();
        let end = match said {
            _ if !found => "made good",
            said if said.contains(LOOPED) => LOOPED,
            said if said.contains("acknowledged up to") => "named by the mark",
            said if said.contains("leaves; store:") => "named by the outbox",
            _ => "named",
        };
        *counts.entry((part, end)).or_default() += 1;
    }
    let looped = counts.iter().filter(|((_, end), _)| *end == LOOPED);
    let looped: u32 = looped.map(|(_, count)| count).sum();
    assert!(u64::from(looped) <= rounds.div_ceil(ROUNDS_PER_LOOP), "{looped} did not end");
    counts.iter().for_each(|((part, end), count)| println!("{part}: {end}: {count}"));
}
