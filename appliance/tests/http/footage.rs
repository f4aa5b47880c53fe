//! Footage on a disk that fails, by a clock that is not sure, and for more who look than places.
//! What cameras bring is in `cameras`.

use crate::host::Host;
use plumbline::cli::{Terminal, run};
use plumbline::footage::allow::Allowed;
use plumbline::footage::leaf::About;
use plumbline::footage::take::{self, Wish};
use plumbline::footage::{FootageAct, Form, keep, leaf::as_footage, vault, viewer};
use plumbline::{App, clock};
use plumbline_ledger::sha256_hex;
use std::fs;

const BYTES: &[u8] = b"what a camera saw";

fn take(app: &App, bytes: &[u8]) {
    let about = About { alert: "A-1".to_owned(), cam: "C-1".to_owned(), ..About::default() };
    let (moment, allowed) = (clock::now(), Allowed::default());
    let wish = Wish { about, moment, allowed, ground: None };
    take::taken(app, &wish, Form::Still, bytes).unwrap();
}

/// What the ledger says that was done, and why.
fn acts(app: &App) -> Vec<(FootageAct, Option<String>)> {
    let read = |index: u64| {
        let bytes = app.with_ledger(|ledger| ledger.leaf(index)).unwrap();
        as_footage(index, &bytes).unwrap()
    };
    let leaves = (0..app.with_ledger(|ledger| ledger.checkpoint().size())).filter_map(read);
    leaves.map(|leaf| (leaf.act, leaf.reason)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_no_footage_does_not_end_the_service() {
    let nowhere = |app: &App| fs::write(app.home().evidence_dir(), b"not a folder").unwrap();
    let host = Host::start_with(nowhere, |_| ()).await;
    take(&host.app, BYTES);
    assert_eq!(acts(&host.app), [(FootageAct::Lacking, Some("io".to_owned()))]);
    assert_eq!(host.get("/v1/cameras").await.status, 200);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_removes_only_what_looks_like_footage() {
    let stray = sha256_hex(b"stray");
    let (folder, none) = (stray[..2].to_owned(), "f".repeat(64));
    let names = [stray.clone(), format!("{stray}.partial"), "notes.txt".to_owned()];
    let litter = |app: &App| {
        take(app, BYTES);
        let root = app.home().evidence_dir();
        // A folder in the place of a file cannot be removed as one; the sweep goes on behind it.
        fs::create_dir_all(root.join(&folder).join(&none)).unwrap();
        fs::create_dir_all(root.join("lost+found")).unwrap();
        for name in &names {
            fs::write(root.join(&folder).join(name), b"x").unwrap();
        }
        fs::write(root.join("lost+found").join(&stray), b"x").unwrap();
    };
    let host = Host::start_with(litter, |_| ()).await;
    let root = host.app.home().evidence_dir();
    let is_there = names.each_ref().map(|name| root.join(&folder).join(name).exists());
    assert_eq!(is_there, [false, false, true]);
    assert!(root.join("lost+found").join(&stray).exists());
    assert!(root.join(&folder).join(&none).exists());
    assert_eq!(keep::verify(&host.app).unwrap(), (vec![], vec![]));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_removed_keeps_no_other() {
    let host = Host::start().await;
    let mut pieces = [BYTES, b"another"];
    pieces.sort_by_key(|bytes| sha256_hex(bytes));
    pieces.iter().for_each(|bytes| take(&host.app, bytes));
    let [first, second] = pieces.map(|bytes| vault::path(host.app.home(), &sha256_hex(bytes)));
    fs::remove_file(&first).unwrap();
    fs::create_dir(&first).unwrap();
    let day = host.app.zone().local(clock::now()).day().plus(32);
    assert_eq!(keep::expire(&host.app, day, false).unwrap_err().message, "io");
    assert!(!second.exists());
    assert!(keep::list(&host.app).unwrap().is_empty(), "both are on record as deleted");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deleted_before_the_clock_is_sure() {
    let host = Host::start().await;
    assert_eq!(host.app.sure_time(), None);
    let home = host.app.home().dir().display().to_string();
    let expire = |more: &[&str]| {
        let words = ["plumbline", "--home", &home, "--lang", "en", "video", "footage", "expire"];
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let words = words.iter().chain(more).copied();
        let code = run(words, &mut out, &mut err, Terminal::default());
        (code, String::from_utf8(out).unwrap() + &String::from_utf8(err).unwrap())
    };
    let today = host.app.zone().local(clock::now()).day();
    let (code, told) = expire(&[]);
    assert!(code == 2 && told.contains("--today"), "{code} {told}");
    assert_eq!(expire(&["--dry-run"]).0, 0);
    assert_eq!(expire(&["--today", &today.to_string()]).0, 0);
    assert_eq!(expire(&["--today", &today.plus(2).to_string()]).0, 2, "a day to come");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_gives_the_place_back() {
    let host = Host::start().await;
    take(&host.app, BYTES);
    let token = viewer::add(&host.app, "li", None).unwrap();
    let target = format!("/v1/footage/{}?reason=x", sha256_hex(BYTES));
    let headers = format!("authorization: Bearer {token}\r\n");
    // More often than there are places, with errors in between.
    for turn in 0..6 {
        let answer = host.send_as("GET", &target, &headers, b"").await;
        assert_eq!((answer.status, answer.body.as_bytes()), (200, BYTES), "{turn}");
        let none = format!("/v1/footage/{}?reason=x", "0".repeat(64));
        assert_eq!(host.send_as("GET", &none, &headers, b"").await.code(), "no-footage");
    }
    host.stop().await;
}
