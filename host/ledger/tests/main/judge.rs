//! An implementation that nobody here wrote judges an exported ledger: Go's `sumdb` packages.
//!
//! It needs Debian's `golang-go` and `golang-golang-x-mod-dev`. Without them the test says that it
//! skipped, unless `PLUMBLINE_REQUIRE_JUDGES=1` makes that a failure.

use crate::support::{ORIGIN, files, key, leaves};
use plumbline_ledger::{Ledger, export, note};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const GOPATH: &str = "/usr/share/gocode";

fn build_judge(dir: &Path) -> Option<PathBuf> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/judges/goverify/main.go");
    let binary = dir.join("goverify");
    let has_go = Command::new("go").arg("version").output().is_ok_and(|out| out.status.success());
    if !has_go || !Path::new(GOPATH).join("src/golang.org/x/mod/sumdb/tlog").exists() {
        let required = std::env::var("PLUMBLINE_REQUIRE_JUDGES").is_ok_and(|value| value == "1");
        assert!(!required, "the Go judge is required but golang-go or its x/mod is missing");
        eprintln!("SKIPPED: golang-go or golang-golang-x-mod-dev is missing, nobody judged us");
        return None;
    }
    let built = Command::new("go")
        .args(["build", "-o"])
        .args([&binary, Path::new(source)])
        .env("GO111MODULE", "off")
        .env("GOPATH", GOPATH)
        .env("GOCACHE", dir.join("cache"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(binary)
}

fn says(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn go_accepts_us_and_refuses_forgeries() {
    let dir = tempfile::tempdir().unwrap();
    let Some(judge) = build_judge(dir.path()) else { return };
    let mut ledger = Ledger::create(&dir.path().join("ledger"), ORIGIN, key()).unwrap();
    let (out, log) = (dir.path().join("out"), dir.path().join("out/log"));
    let (old, proof) = (dir.path().join("old"), dir.path().join("proof"));
    let run = || {
        let mut command = Command::new(&judge);
        command.args([&log, &out.join("log.vkey"), &old, &proof]);
        command.output().unwrap()
    };
    let mut before = None;
    for size in [1, 255, 256, 300, 70_003] {
        ledger.append(&leaves(ledger.size()..size)).unwrap();
        let sealed = ledger.seal().unwrap();
        let past = before.replace(sealed.clone()).unwrap_or(sealed);
        let hashes = ledger.prove_consistency(past.size()).unwrap();
        let lines: Vec<_> = hashes.into_iter().map(|hash| hash.to_base64()).collect();
        std::fs::write(&old, past.note()).unwrap();
        std::fs::write(&proof, lines.join("\n")).unwrap();
        let exported = export(ledger.dir(), &out).unwrap();
        assert_eq!(exported.checkpoint.size(), size);
        let output = run();
        assert!(output.status.success(), "{size}: {}", says(&output));
        assert_eq!(says(&output), format!("OK {size} leaves\n"));
    }
    let refused = |path: &Path, at: usize| {
        let good = std::fs::read(path).unwrap();
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(path, bad).unwrap();
        let output = run();
        std::fs::write(path, good).unwrap();
        assert!(!output.status.success(), "{path:?} byte {at} was accepted");
    };
    for name in ["tile/entries/123", "tile/0/123", "tile/1/000", "tile/2/000.p/1", "checkpoint"] {
        refused(&log.join(name), 30);
    }
    refused(&proof, 7);
    refused(&out.join("log.vkey"), 60);
    assert!(run().status.success(), "{}", says(&run()));
    // A drop of one leaf that the office signed with its own right key.
    let forged = ledger.checkpoint().note().replacen("70003", "70002", 1);
    let text = format!("{}\n", forged.split("\n\n").next().unwrap());
    std::fs::write(log.join("checkpoint"), note::sign(&text, &[&key()]).unwrap()).unwrap();
    assert!(!run().status.success());
    assert!(files(&log).iter().any(|path| path.ends_with("tile/entries/273.p/115")));
}
