//! The walk-through of the documents, run as it is written: a shell runs each line, and `plumbline`
//! is this test binary. Exit codes and outputs are those that the page names.

use plumbline::cli::{Terminal, run};
use plumbline_tests::{plugins, vendors};
use std::fs;
use std::io::{stderr, stdout};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

const WORDS: &str = "PLUMBLINE_WALK_WORDS";
const PROGRAM: &str = "PLUMBLINE_WALK_PROGRAM";
/// Separates the words of a command line: it occurs in none.
const SEPARATOR: char = '\u{1f}';
/// Begins the line that tells the exit code of a command.
const CODE: &str = "@exit@";

/// The program as the page's shell finds it: hands its words over to the test below.
const WRAPPER: &str = "#!/bin/sh\n\
    words=\n\
    for word in \"$@\"; do words=\"$words$word\u{1f}\"; done\n\
    PLUMBLINE_WALK_WORDS=\"$words\" exec \"$PLUMBLINE_WALK_PROGRAM\" \
    cases::walkthrough::plumbline --exact --ignored --nocapture\n";

#[derive(Debug)]
struct Step {
    line: String,
    code: i32,
    says: Vec<String>,
}

/// The commands of the page in their order.
fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
            continue;
        }
        match line.strip_prefix("#> ") {
            _ if !inside || line.is_empty() => {}
            Some(says) => steps.last_mut().unwrap().says.push(says.to_owned()),
            None => {
                let code = line.split_once("# → ").map_or(0, |(_, code)| code.parse().unwrap());
                steps.push(Step { line: line.to_owned(), code, says: Vec::new() });
            }
        }
    }
    steps
}

#[test]
fn the_walk_through_works_as_it_is_written() {
    let (Some(packages), Some(vendors)) = (plugins(), vendors()) else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let steps = steps(&fs::read_to_string(root.join("docs/walkthrough.md")).unwrap());
    assert!(steps.len() > 25, "the page was read: {}", steps.len());

    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("target")).unwrap();
    symlink(packages.canonicalize().unwrap(), dir.path().join("target/plugins")).unwrap();
    symlink(vendors.canonicalize().unwrap(), dir.path().join("target/vendors")).unwrap();
    for folder in ["examples", "plugins"] {
        symlink(root.join(folder), dir.path().join(folder)).unwrap();
    }
    let program = dir.path().join("plumbline");
    fs::write(&program, WRAPPER).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();

    let told = |step: &Step| format!("{}\nprintf '\\n{CODE}%s\\n' $?\n", step.line);
    let script: String = steps.iter().map(told).collect();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{script}")])
        .current_dir(dir.path())
        .env("PATH", format!("{}:{path}", dir.path().display()))
        .env(PROGRAM, std::env::current_exe().unwrap())
        .env_remove("PLUMBLINE_LANG")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut rest = text.as_str();
    for step in &steps {
        let (said, after) = rest.split_once(CODE).unwrap_or_else(|| panic!("{step:?}: {rest}"));
        let (code, after) = after.split_once('\n').unwrap();
        rest = after;
        assert_eq!(code, step.code.to_string(), "{}\n{said}", step.line);
        for says in &step.says {
            assert!(said.contains(says), "{}: `{says}`\n{said}", step.line);
        }
    }
    let book = fs::read(dir.path().join("difference.xlsx")).unwrap();
    assert!(book.starts_with(b"PK"), "a workbook is a ZIP file");
}

/// One command line of the page.
#[test]
#[ignore = "started by the walk-through, which hands the words over"]
fn plumbline() {
    let words = std::env::var(WORDS).unwrap();
    let words = words.split_terminator(SEPARATOR).map(str::to_owned);
    let words: Vec<_> = ["plumbline".to_owned()].into_iter().chain(words).collect();
    let code = run(words, &mut stdout(), &mut stderr(), Terminal::default());
    std::process::exit(i32::from(code));
}
