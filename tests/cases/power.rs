//! Cuts the power, as far as a test can: what the appliance writes is recorded, replayed up to a
//! moment, and of what was not synced by then some is lost. Whatever was acknowledged and shown
//! until that moment must be there, and the work must end as if nothing had been.
//!
//! `PLUMBLINE_ROUNDS` sets the number of cuts, `PLUMBLINE_SEED` the moments and the losses. The
//! recorder is C, because only a library that is loaded before all others sees every write; where
//! there is no `cc`, the tests say so and pass over it.

use super::worker;
use plumbline_tests::fault::{Told, Wanted, Work, any_work, lines, rounds, seed};
use plumbline_tests::power::{Disk, Model, Operation, read_recording};
use plumbline_tests::random::Random;
use plumbline_tests::{TestHome, copy, plugins};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const ROUNDS: u64 = 6;
const SEED: u64 = 20_261_122;
const CASES: usize = 400;
const GROUP: usize = 50;
/// Cuts of one recorded run.
const CUTS_PER_RECORDING: u64 = 6;
const MODELS: [Model; 3] = [Model::Strict, Model::Torn, Model::Ext4];

/// The recorder, built; `None` where nothing can build it.
fn recorder(dir: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("power/recorder.c");
    let library = dir.join("recorder.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .args(["-ldl", "-lpthread"])
        .status();
    match built {
        Ok(status) => assert!(status.success(), "the recorder does not compile"),
        Err(error) => {
            eprintln!("skipped: cc: {error}");
            return None;
        }
    }
    Some(library)
}

/// What the tests start from.
struct Bed {
    template: TempDir,
    recorder: PathBuf,
    file: PathBuf,
    wanted: Vec<(Work, Wanted)>,
}

impl Bed {
    fn new() -> Option<Self> {
        let packages = plugins()?;
        let template = TestHome::with_approval(&packages).close();
        let recorder = recorder(template.path())?;
        let file = template.path().join("events.ndjson");
        fs::write(&file, lines(CASES).join("\n")).unwrap();
        let wanted = [Work::Import { group: GROUP }, Work::Live].map(|work| {
            let undisturbed = TestHome::copy_of(&template.path().join("home"));
            (work, Wanted::of(work, &undisturbed.app, &file, &mut |_| {}))
        });
        Some(Self { template, recorder, file, wanted: wanted.into() })
    }

    fn wanted(&self, work: Work) -> &Wanted {
        &self.wanted.iter().find(|(kind, _)| *kind == work).unwrap().1
    }

    fn home(&self) -> PathBuf {
        self.template.path().join("home")
    }

    /// Does the work from `start` on in a child and records it. The disk is as it was at first.
    fn record(&self, work: Work, start: &Path) -> (Disk, Vec<Operation>) {
        let dir = tempfile::tempdir().unwrap();
        let (home, record) = (dir.path().join("home"), dir.path().join("record"));
        copy(start, &home);
        let disk = Disk::of(&home);
        let more = [
            ("LD_PRELOAD", self.recorder.as_path()),
            ("PLUMBLINE_RECORD_ROOT", home.as_path()),
            ("PLUMBLINE_RECORD_FILE", record.as_path()),
        ];
        let mut child = worker::spawn(work, &home, &self.file, &more);
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(child.wait().unwrap().success(), "the child failed: {said}");
        let operations = read_recording(&fs::read(&record).unwrap());
        let mut whole = disk.clone();
        operations.iter().for_each(|operation| whole.apply(operation));
        whole.assert_is(&home);
        (disk, operations)
    }
}

/// Moments in a recording, ascending; later ones are as likely as early ones.
fn moments(operations: &[Operation], random: &mut Random, count: u64) -> Vec<usize> {
    let any = |_| 1 + random.below(operations.len() as u64) as usize;
    let mut moments: Vec<_> = (0..count).map(any).collect();
    moments.sort_unstable();
    moments
}

fn hear(told: &mut Told, operation: &Operation) {
    if let Operation::Said { text } = operation {
        text.lines().for_each(|line| told.hear(line));
    }
}

#[test]
fn a_power_cut_loses_nothing_acknowledged_or_shown() {
    let Some(bed) = Bed::new() else { return };
    let (rounds, seed) = (rounds(ROUNDS), seed(SEED));
    println!("rounds {rounds}, seed {seed}");
    let mut random = Random::new(seed);
    let (mut cuts, mut lost, mut writes) = (0, 0, 0);
    // A run may start where a power cut has left one: then the recovery is cut off as well.
    let mut left: Option<(Work, Told, TempDir)> = None;
    while cuts < rounds {
        let (work, mut told, dir) = match left.take() {
            Some((work, told, dir)) => (work, told, Some(dir)),
            None => (any_work(&mut random, GROUP), Told::default(), None),
        };
        let start = dir.as_ref().map_or_else(|| bed.home(), |dir| dir.path().join("home"));
        let (mut disk, operations) = bed.record(work, &start);
        writes += operations.len();
        let count = CUTS_PER_RECORDING.min(rounds - cuts);
        let mut at = 0;
        for moment in moments(&operations, &mut random, count) {
            for operation in &operations[at..moment] {
                disk.apply(operation);
                hear(&mut told, operation);
            }
            at = moment;
            let model = MODELS[(cuts % 3) as usize];
            let dir = tempfile::tempdir().unwrap();
            let cut = dir.path().join("home");
            copy(&start, &cut);
            lost += disk.cut(model, &mut random, &cut);
            cuts += 1;
            let what = format!("cut {cuts} at {moment}, {model:?}, {work:?}, seed {seed}");
            let opened = TestHome::copy_of(&cut);
            bed.wanted(work).check_kept(&opened.app, &told, &what);
            work.run(&opened.app, &bed.file, &mut |_| {});
            bed.wanted(work).check_end(&opened.app, &what);
            left = (random.below(2) == 0).then(|| (work, told.clone(), dir));
        }
    }
    assert!(lost > 0, "nothing was ever lost: the test tests nothing");
    println!("{cuts} cuts in {writes} operations, {lost} unsynced blocks and names lost: all well");
}

/// The control: on a drive that only says that it has synced, the same checks find the loss.
#[test]
fn a_drive_that_lies_about_its_syncs_is_found_out() {
    let Some(bed) = Bed::new() else { return };
    let (mut disk, operations) = bed.record(Work::Live, &bed.home());
    let mut told = Told::default();
    for operation in &operations {
        disk.apply(operation);
        hear(&mut told, operation);
    }
    let dir = tempfile::tempdir().unwrap();
    let cut = dir.path().join("home");
    copy(&bed.home(), &cut);
    disk.cut(Model::Lying, &mut Random::new(SEED), &cut);
    let opened = TestHome::copy_of(&cut);
    let loss = bed.wanted(Work::Live).find_loss(&opened.app, &told).unwrap();
    assert!(loss.starts_with("0 events of "), "{loss}");
}
