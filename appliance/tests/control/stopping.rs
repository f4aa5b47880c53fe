//! SIGTERM: what was accepted is driven and sealed, a command in hand is finished, and those that
//! wait are told.

use crate::desk::{Desk, Said, late_cases};
use plumbline::import::{ImportRequest, import};
use plumbline::{App, Home};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::Command;

#[test]
fn what_was_accepted_is_driven_and_sealed_before_the_end() {
    let Some(desk) = Desk::with_plugins() else { return };
    let serving = desk.serve();
    let (status, receipt) = serving.post(&late_cases(0..2000));
    assert_eq!((status, &receipt["accepted"]), (200, &2000.into()), "{receipt}");
    serving.stop();
    // Opening drives nothing.
    let app = App::open(Home::new(desk.home())).unwrap();
    let deployment = &app.deployments()[0];
    assert_eq!(app.store().cursor(deployment.id).unwrap().seq, app.store().next_seq());
    let sealed = app.with_ledger(|ledger| ledger.checkpoint().size());
    assert_eq!(app.store().next_leaf().0, sealed);
}

#[test]
fn a_command_in_hand_is_finished_and_those_that_wait_are_told() {
    let desk = Desk::bare();
    // A pipe holds the command for as long as the test wants.
    let pipe = desk.dir.path().join("item.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut serving = desk.serve();
    let first = desk.command(["table", "import", "item", "item.csv"]).spawn().unwrap();
    serving.wait_for("a command was called");
    // Opens once the service reads on the other side.
    let mut writer = OpenOptions::new().write(true).open(&pipe).unwrap();
    let second = desk.command(["--json", "alerts", "list"]).spawn().unwrap();
    serving.wait_for("a command was called");
    serving.terminate();
    let second = Said::of(second.wait_with_output().unwrap());
    assert_eq!((second.code, second.error().as_str()), (1, "stopping"));
    writer.write_all("item_code,name,statutory_wd\nA1,甲,20\n".as_bytes()).unwrap();
    drop(writer);
    let first = Said::of(first.wait_with_output().unwrap()).ok();
    assert!(first.out.contains("item"), "{first:?}");
    let (code, log) = serving.end();
    assert_eq!(code, 0, "{log}");
    let shown = desk.run(["--json", "table", "show", "item"]).ok().json();
    assert_eq!(shown.len(), 1, "it has taken effect");
}

#[test]
fn a_service_that_is_killed_tells_the_caller_nothing_more() {
    let desk = Desk::bare();
    let pipe = desk.dir.path().join("item.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut serving = desk.serve();
    let caller = desk.command(["--json", "table", "import", "item", "item.csv"]).spawn().unwrap();
    serving.wait_for("a command was called");
    let _writer = OpenOptions::new().write(true).open(&pipe).unwrap();
    serving.kill();
    let said = Said::of(caller.wait_with_output().unwrap());
    assert_eq!((said.code, said.error().as_str()), (1, "control-lost"));
    // Its socket is still there and holds up nobody.
    desk.run(["alerts", "list"]).ok();
}

#[test]
fn an_import_that_has_to_stop_goes_on_later() {
    let desk = Desk::bare();
    let file = desk.write("cases.ndjson", &late_cases(0..500));
    let request = ImportRequest { group_events: 10, ..ImportRequest::new(&file) };
    let app = App::open(Home::new(desk.home())).unwrap();
    let before = app.store().next_seq().0;
    let stopped = import(&app, &request, &mut |_, _| app.stop()).unwrap_err();
    assert_eq!(stopped.message, "stopping");
    let some = app.store().next_seq().0 - before;
    assert!(some > 0 && some < 500, "{some} are in");
    drop(app);
    let app = App::open(Home::new(desk.home())).unwrap();
    let report = import(&app, &request, &mut |_, _| ()).unwrap();
    assert!(report.resumed);
    assert_eq!(some + report.new, 500);
    fs::remove_file(file).unwrap();
}
