//! `plumbline table` in process: checking, comparing, loading, looking back, taking out again.
#![allow(clippy::unwrap_used)]

use plumbline::cli::{Terminal, run};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

struct Desk(TempDir);

impl Desk {
    fn new(has_home: bool) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        if has_home {
            assert_eq!(desk.run(&["init", "--no-plugins", "--region", "370203"]).0, 0);
        }
        desk
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    /// Exit code, result, the other stream.
    fn run(&self, words: &[&str]) -> (u8, String, String) {
        let home = self.0.path().join("home").display().to_string();
        let all = [&["plumbline", "--home", home.as_str()], words].concat();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(all, &mut out, &mut err, Terminal::default());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (code, text(out), text(err))
    }

    fn json(&self, words: &[&str]) -> Vec<Value> {
        let (code, out, err) = self.run(&[&["--json"], words].concat());
        assert_eq!(code, 0, "{words:?}: {out}{err}");
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

const FIRST: &str = "item_code,name,statutory_wd,effective_from\nA1,甲,20,2025-01-01\nB2,乙,7,\n";
const SECOND: &str =
    "item_code,name,statutory_wd,effective_from\nA1,甲,15,2025-01-01\nC3,丙,5,2026-01-01\n";

#[test]
fn a_table_is_checked_compared_loaded_and_taken_out_again() {
    let desk = Desk::new(true);
    let first = desk.file("item.csv", FIRST);
    let second = desk.file("items.csv", encoding_rs::GBK.encode(SECOND).0);
    desk.json(&["table", "load", "item", &first, "--by", "tester"]);
    let diff = &desk.json(&["table", "diff", "item", &second])[0];
    assert_eq!(diff["encoding"], "GB18030");
    assert_eq!(diff["diff"]["added"][0]["key"], "C3");
    assert_eq!(diff["diff"]["removed"][0]["key"], "B2");
    let change = &diff["diff"]["changed"][0]["fields"][0];
    assert_eq!(*change, json!({ "field": "statutory_wd", "before": 20, "after": 15 }));
    assert_eq!((&diff["retroactive"], &diff["version_in_force"]), (&json!(true), &json!(1)));
    let digest = diff["sha256"].as_str().unwrap();
    let wrong = "0".repeat(64);
    let guarded = desk.run(&["table", "load", "item", &second, "--expect-digest", &wrong]);
    assert_eq!(guarded.0, 2, "{}", guarded.2);
    desk.json(&["table", "load", "item", &second, "--dry-run"]);
    assert_eq!(desk.json(&["table", "history", "item"]).len(), 1);
    let loaded = desk.json(&["table", "load", "item", &second, "--expect-digest", digest]);
    assert_eq!(loaded[0]["version"], 2);
    let history = desk.json(&["table", "history", "item"]);
    assert_eq!((&history[0]["by"], &history[0]["file"]), (&json!("tester"), &json!("item.csv")));
    assert_eq!((&history[1]["sha256"], &history[1]["by"]), (&json!(digest), &json!(null)));
    assert!(history[0]["leaf"].as_u64() < history[1]["leaf"].as_u64());
    // What is taken out of the old version loads again to its digest.
    let old = desk.0.path().join("old.csv").display().to_string();
    assert_eq!(desk.run(&["table", "export", "item", &old, "--version", "1"]).0, 0);
    let back = &desk.json(&["table", "diff", "item", &old])[0];
    assert_eq!(back["sha256"], history[0]["sha256"]);
    let shown = desk.json(&["table", "show", "item", "--at", "2025-06-01"]);
    assert_eq!(shown.len(), 1);
    assert_eq!((&shown[0]["key"], &shown[0]["version"]), (&json!("A1"), &json!(2)));
    assert_eq!(desk.json(&["table", "show", "item", "--key", "C3"]).len(), 1);
    assert_eq!(desk.run(&["table", "show", "item", "--at", "yesterday"]).0, 2);
}

#[test]
fn a_check_needs_no_home_and_says_everything() {
    for has_home in [false, true] {
        let desk = Desk::new(has_home);
        let bad = desk.file("bad.csv", "item_code,statutory_wd\nA,x\nB B,5\n");
        let (code, out, _) = desk.run(&["table", "check", "item", &bad]);
        assert_eq!(code, 1, "{out}");
        for part in ["第 2 行", "statutory_wd", "“x”", "第 3 行", "错误 2 个"] {
            assert!(out.contains(part), "{part}: {out}");
        }
        let english = desk.run(&["--lang", "en", "table", "check", "item", &bad]).1;
        assert!(english.contains("line 2") && english.contains("2 errors"), "{english}");
        let good = desk.file("good.csv", FIRST);
        assert_eq!(desk.run(&["table", "check", "item", &good]).0, 0);
    }
}

#[test]
fn one_wrong_table_of_a_folder_keeps_all_of_them_out() {
    let desk = Desk::new(true);
    let dir = desk.0.path().join("tables");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("item.csv"), FIRST).unwrap();
    fs::write(dir.join("item_special_link.csv"), "item_code,kind\nZ9,testing\n").unwrap();
    let dir = dir.display().to_string();
    let (code, _, err) = desk.run(&["table", "load", &dir]);
    assert!(code == 2 && err.contains("Z9"), "{err}");
    assert_eq!(desk.json(&["table", "history", "item"]).len(), 0);
}

#[test]
fn the_examples_load_into_a_home() {
    let desk = Desk::new(true);
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/tables");
    let loaded = desk.json(&["table", "load", &dir.display().to_string()]);
    assert!(loaded.len() >= 20, "{}", loaded.len());
    let listed = desk.json(&["table", "list"]);
    for table in &loaded {
        let name = &table["table"];
        assert!(listed.iter().any(|row| row["table"] == *name), "{name}");
    }
}
