//! Imports that went wrong: a file that ends in the middle, a file that comes again, a disk that is
//! full. In the end every card is as after one clean import, and every event of the source is there
//! once. Not compared are positions in the log, the facts that plugins tell each other on the way,
//! and the host's notes that an import has ended, of which there is one more.

use super::damage::{answer_of, command};
use plumbline::{App, Home};
use plumbline_tests::fault::{Told, Wanted, Work, lines, seed};
use plumbline_tests::random::Random;
use plumbline_tests::{TestHome, copy, plugins};
use std::fs;

const SEED: u64 = 20_261_122;
const CASES: usize = 300;
const GROUP: usize = 50;
const CUTS: usize = 3;
const WORK: Work = Work::Import { group: GROUP };
/// Exit code of a machine that failed.
const FAILED: i32 = 1;
/// Sizes that no file may pass, in blocks of 512 bytes: the store begins with 1,024 of them.
const LIMITS: [u32; 3] = [1_100, 1_500, 2_200];

#[test]
fn a_file_that_was_cut_and_comes_whole_later_ends_as_one_clean_import() {
    let Some(packages) = plugins() else { return };
    let seed = seed(SEED);
    let template = TestHome::with_approval(&packages).close();
    let (whole, torn) = (template.path().join("whole.ndjson"), template.path().join("torn.ndjson"));
    let text = lines(CASES).join("\n");
    fs::write(&whole, &text).unwrap();
    let clean = TestHome::copy_of(&template.path().join("home"));
    let wanted = Wanted::of(WORK, &clean.app, &whole, &mut |_| {});
    let mut random = Random::new(seed);
    for _ in 0..CUTS {
        let at = random.below(text.len() as u64) as usize;
        let what = format!("cut at byte {at}, seed {seed}");
        fs::write(&torn, &text[..at]).unwrap();
        let home = TestHome::copy_of(&template.path().join("home"));
        let mut told = Told::default();
        WORK.run(&home.app, &torn, &mut |line| told.hear(&line));
        wanted.check_kept(&home.app, &told, &what);
        assert!(told.acknowledged < text.lines().count() as u64, "{what}");
        WORK.run(&home.app, &whole, &mut |_| {});
        wanted.check_cards(&home.app, &what);
        // The same file once more adds nothing at all.
        let size = |home: &TestHome| {
            (home.app.store().next_seq(), home.app.with_ledger(|ledger| ledger.size()))
        };
        let before = size(&home);
        WORK.run(&home.app, &whole, &mut |_| {});
        assert_eq!(size(&home), before, "{what}");
    }
}

#[test]
fn a_full_disk_stops_an_import_in_words_and_it_goes_on_once_there_is_room() {
    let Some(packages) = plugins() else { return };
    let template = TestHome::with_approval(&packages).close();
    let file = template.path().join("events.ndjson");
    fs::write(&file, lines(CASES).join("\n")).unwrap();
    let clean = TestHome::copy_of(&template.path().join("home"));
    let wanted = Wanted::of(WORK, &clean.app, &file, &mut |_| {});
    let import = format!("import {}", file.display());
    let mut stopped = 0;
    for limit in LIMITS {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        copy(&template.path().join("home"), &home);
        // A limit on the size of files in place of a small disk; without the trap the signal that
        // goes with it would kill.
        let bounds = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let output = command(&bounds, &home, &import);
        let (code, said) = answer_of(&output);
        if code == Some(FAILED) {
            stopped += 1;
            assert!(said.contains("磁盘已满") || said.contains("File too large"), "{said}");
        }
        assert!(!said.contains("panicked at"), "{limit}: {said}");
        let app = App::open(Home::new(&home)).unwrap_or_else(|error| panic!("{limit}: {error}"));
        wanted.check_kept(&app, &Told::default(), &limit.to_string());
        WORK.run(&app, &file, &mut |_| {});
        wanted.check_cards(&app, &format!("{limit} blocks"));
    }
    assert!(stopped > 0, "no disk was ever full");
}
