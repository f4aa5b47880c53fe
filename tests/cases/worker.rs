//! The child process of the fault tests: this test binary itself, doing the appliance's work in a
//! home and telling on its standard output what an outside world would know.

use plumbline::{App, Home};
use plumbline_tests::fault::Work;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const HOME: &str = "PLUMBLINE_WORKER_HOME";
const FILE: &str = "PLUMBLINE_WORKER_FILE";
const GROUP: &str = "PLUMBLINE_WORKER_GROUP";

/// Starts the child with further environment variables; its output is piped.
pub(super) fn spawn(work: Work, home: &Path, file: &Path, more: &[(&str, &Path)]) -> Child {
    let group = match work {
        Work::Import { group } => group,
        Work::Live => 0,
    };
    Command::new(std::env::current_exe().unwrap())
        .args(["cases::worker::child", "--exact", "--ignored", "--nocapture"])
        .env(HOME, home)
        .env(FILE, file)
        .env(GROUP, group.to_string())
        .envs(more.iter().copied())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Works and tells of its progress until it is done or disturbed.
#[test]
#[ignore = "started by the fault tests, which disturb it"]
fn child() {
    let path = |variable: &str| PathBuf::from(std::env::var_os(variable).unwrap());
    let work = match std::env::var(GROUP).unwrap().parse().unwrap() {
        0 => Work::Live,
        group => Work::Import { group },
    };
    let app = App::open(Home::new(path(HOME))).unwrap();
    work.run(&app, &path(FILE), &mut |line| println!("{line}"));
}
