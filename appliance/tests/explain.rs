//! How explanations read, in both languages, on the example week: golden texts as users see them.
//! `UPDATE_EXPECT=1` writes them anew. Needs a package, as `cli.rs` does.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use expect_test::expect_file;
use plumbline::cli::{Terminal, run};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A home with the example week.
struct Week {
    dir: TempDir,
}

impl Week {
    fn new() -> Option<Self> {
        let Some(packages) = std::env::var_os("PLUMBLINE_TEST_PLUGINS").map(PathBuf::from) else {
            eprintln!("skipped: PLUMBLINE_TEST_PLUGINS is not set");
            return None;
        };
        let week = Self { dir: tempfile::tempdir().unwrap() };
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/events");
        let path = |name: &str| examples.join(name).display().to_string();
        let packages = packages.display().to_string();
        week.ok(&["init", "--region", "370203", "--plugins", &packages]);
        week.ok(&["table", "import", &path("tables")]);
        week.ok(&["import", &path("county-week.ndjson")]);
        Some(week)
    }

    fn run(&self, words: &[&str]) -> (u8, String) {
        let home = self.dir.path().join("home").display().to_string();
        let all = [&["plumbline", "--home", home.as_str()], words].concat();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(all, &mut out, &mut err, Terminal::default());
        (code, String::from_utf8([out, err].concat()).unwrap())
    }

    #[track_caller]
    fn ok(&self, words: &[&str]) -> String {
        let (code, said) = self.run(words);
        assert_eq!(code, 0, "{said}");
        said
    }

    /// The id of the first alert of a rule.
    fn alert(&self, rule: &str) -> String {
        let list = self.ok(&["--json", "alerts", "list", "--rule", rule]);
        let first: Value = serde_json::from_str(list.lines().next().unwrap()).unwrap();
        first["id"].as_str().unwrap().to_owned()
    }
}

/// Digests of packages hang on the key that signed them; everything else is the same anywhere.
fn without_digests(text: &str) -> String {
    let is_digest = |word: &&str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let words = text.split([' ', '\n']).filter(is_digest);
    words.fold(text.to_owned(), |text, digest| text.replace(digest, "<sha256>"))
}

#[test]
fn a_case_an_event_and_a_card_read_as_they_should() {
    let Some(week) = Week::new() else { return };
    let card = week.alert("APPR-T02");
    for (words, golden) in [
        (vec!["explain", "C2026-0041"], expect_file!["golden/case.zh.txt"]),
        (vec!["--lang", "en", "explain", "C2026-0041"], expect_file!["golden/case.en.txt"]),
        (vec!["explain", "--event", "18"], expect_file!["golden/event.zh.txt"]),
        (vec!["--lang", "en", "explain", "--event", "18"], expect_file!["golden/event.en.txt"]),
        (vec!["explain", "--alert", &card], expect_file!["golden/card.zh.txt"]),
        (vec!["--lang", "en", "explain", "--alert", &card], expect_file!["golden/card.en.txt"]),
    ] {
        golden.assert_eq(&without_digests(&week.ok(&words)));
    }
}

#[test]
fn what_is_explained_is_given_once() {
    let Some(week) = Week::new() else { return };
    let wrong: [(&[&str], &str); 5] = [
        (&["explain"], "usage"),
        (&["explain", "C2026-0041", "--event", "18"], "usage"),
        (&["explain", "--event", "9999"], "no-event"),
        (&["explain", "--event", "/370203/hall/none"], "no-event"),
        (&["explain", "--alert", "0123456789abcdef"], "no-alert"),
    ];
    for (words, code) in wrong {
        let (exit, said) = week.run(&[words, &["--json"]].concat());
        assert_eq!(exit, 2, "{words:?}: {said}");
        assert!(said.contains(&format!(r#""error":"{code}""#)), "{words:?}: {said}");
    }
    let by_name = week.ok(&["--json", "explain", "--event", "/370203/hall/hall-0005"]);
    let by_name: Value = serde_json::from_str(&by_name).unwrap();
    assert_eq!((&by_name["event"]["seq"], &by_name["subject"]), (&19.into(), &"C2026-0041".into()));
    let card = week.ok(&["--json", "explain", "--alert", &week.alert("APPR-T02")]);
    let card: Value = serde_json::from_str(&card).unwrap();
    let parameters = card["parameters"]["values"].as_array().unwrap();
    let names: Vec<_> = parameters.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"promise_red_wd") && !names.contains(&"gap_wait_h"), "{names:?}");
    let item = card["tables"].as_array().unwrap().iter().find(|one| one["table"] == "item");
    assert_eq!(item.unwrap()["rows"][0]["row"]["promised_wd"], 7);
    let clock = card["checks"].as_array().unwrap().iter().find(|one| one["outcome"] == "remark");
    assert_eq!(clock.unwrap()["values"]["promised_due"], "2026-03-16");
}
