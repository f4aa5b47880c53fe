//! The command line in process: arguments in, text and exit code out, on a home in a temporary
//! folder. What needs a package takes it from `PLUMBLINE_TEST_PLUGINS` (a folder with `*.wasm` and
//! `*.vkey`, as `cargo xtask plugins` makes it) and says so when it is not set.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use plumbline::cli::{Terminal, run};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A home and what the last command said.
struct Desk {
    dir: TempDir,
}

struct Said {
    code: u8,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }

    #[track_caller]
    fn ok(self) -> Self {
        assert_eq!(self.code, 0, "out: {}\nerr: {}", self.out, self.err);
        self
    }
}

impl Desk {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn run(&self, words: &[&str]) -> Said {
        let home = self.home().display().to_string();
        let all = [&["plumbline", "--home", home.as_str()], words].concat();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(all, &mut out, &mut err, Terminal::default());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code, out: text(out), err: text(err) }
    }

    /// A home without plugins.
    fn bare() -> Self {
        let desk = Self::new();
        desk.run(&["init", "--no-plugins", "--region", "370203"]).ok();
        desk
    }
}

/// The folder of packages, or `None` with a note.
fn packages() -> Option<PathBuf> {
    let dir = std::env::var_os("PLUMBLINE_TEST_PLUGINS").map(PathBuf::from);
    if dir.is_none() {
        eprintln!("skipped: PLUMBLINE_TEST_PLUGINS is not set");
    }
    dir
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/events")
}

/// A home with the approval plugin, the tables and the events of the example week.
fn county_week() -> Option<Desk> {
    let packages = packages()?.display().to_string();
    let desk = Desk::new();
    desk.run(&["init", "--region", "370203", "--plugins", &packages]).ok();
    let tables = examples().join("tables").display().to_string();
    desk.run(&["table", "import", &tables]).ok();
    let events = examples().join("county-week.ndjson").display().to_string();
    desk.run(&["import", &events]).ok();
    Some(desk)
}

#[test]
fn exit_codes_say_what_kind_of_failure_it_is() {
    let desk = Desk::new();
    let package = desk.file("no.wasm", "not a component");
    let cases: [(&[&str], u8, &str); 9] = [
        (&["no-such-command"], 2, "usage"),
        (&["import"], 2, "usage"),
        (&["alerts", "list"], 2, "no-home"),
        (&["doctor"], 2, "no-home"),
        (&["check"], 2, "no-home"),
        (&["ledger", "verify"], 2, "no-ledger"),
        (&["ledger", "export", "x"], 2, "no-ledger"),
        (&["init", "--region", "3702"], 2, "region"),
        (&["plugin", "verify", &package, "--vkey", "no key"], 2, "key"),
    ];
    for (words, code, error) in cases {
        let said = desk.run(&[words, &["--json"]].concat());
        assert_eq!(said.code, code, "{words:?}: {}", said.err);
        let object: Value = serde_json::from_str(&said.err).unwrap();
        assert_eq!(object["error"], error, "{words:?}");
        assert!(object["zh"].as_str().unwrap() != object["en"].as_str().unwrap(), "{words:?}");
        assert_eq!(said.out, "");
    }
}

#[test]
fn a_model_is_named_with_its_hash_and_refused_where_none_can_be_run() {
    let desk = Desk::new();
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/parsers/data/pattern.mp4");
    let out = desk.dir.path().join("events.ndjson").display().to_string();
    let model = desk.file("model.onnx", "no model");
    let observe = |more: &[&str]| {
        let start = "2026-03-02T09:00";
        let words = ["video", "observe", clip, "--camera", "C-1", "--start", start, "--out", &out];
        desk.run(&[&words, more].concat())
    };
    observe(&[]).ok();
    let why = if cfg!(feature = "detector") { "SHA-256" } else { "feature detector" };
    let refused: [(&[&str], &str); 4] = [
        (&["--detector", &model, "--sha256", "00"], why),
        (&["--detector", &model], "--sha256"),
        (&["--sha256", "00"], "--detector"),
        (&["--detector", &model, "--sha256", "00", "--detect-every", "0"], "--detect-every"),
    ];
    for (words, told) in refused {
        let said = observe(words);
        assert_eq!(said.code, 2, "{words:?}: {}", said.err);
        assert!(said.err.contains(told), "{words:?}: {}", said.err);
    }
}

#[test]
fn help_is_bilingual_and_a_result() {
    let desk = Desk::new();
    for words in [&["--help"][..], &["plugin", "--help"], &["ledger", "verify", "--help"]] {
        let said = desk.run(words).ok();
        assert!(said.out.contains(" / "), "{}", said.out);
        assert!(!said.out.is_ascii());
    }
    let script = desk.run(&["completions", "bash"]).ok();
    assert!(script.out.contains("plumbline"));
}

#[test]
fn init_makes_a_home_with_a_calendar_once() {
    let desk = Desk::new();
    let said = desk.run(&["init", "--no-plugins", "--origin", "test/log", "--json"]).ok();
    let made = &said.json()[0];
    assert_eq!((&made["origin"], &made["tables"][0][0]), (&"test/log".into(), &"calendar".into()));
    let vkey = fs::read_to_string(desk.home().join("ledger/vkey")).unwrap();
    assert_eq!(made["vkey"].as_str().unwrap(), vkey.trim());
    let again = desk.run(&["init", "--no-plugins"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("已有主目录"), "{}", again.err);
    let rows = desk.run(&["--json", "table", "show", "calendar"]).ok().json();
    assert!(rows.len() > 200);
    assert!(rows.iter().all(|row| row["version"] == 1 && row["row"]["date"].is_string()));
}

#[test]
fn both_languages_say_the_same() {
    let desk = Desk::bare();
    let zh = desk.run(&["ledger", "verify"]).ok();
    let en = desk.run(&["--lang", "en", "ledger", "verify"]).ok();
    assert!(zh.out.starts_with("存证链完好"), "{}", zh.out);
    assert!(en.out.starts_with("The ledger is sound") && en.out.is_ascii(), "{}", en.out);
}

#[test]
fn tables_have_versions_and_a_wrong_one_changes_nothing() {
    let desk = Desk::bare();
    let heading = "item_code,name,statutory_wd";
    let first = desk.file("item.csv", &format!("{heading}\nA1,甲,20\n"));
    let more = desk.file("more.csv", &format!("{heading}\nA1,甲,15\nB2,乙,7\n"));
    let wrong = desk.file("wrong.csv", &format!("{heading}\nA1,甲,many\n"));
    let json = |words: &[&str]| desk.run(&[&["--json"], words].concat()).ok().json();
    let one = json(&["table", "import", "item", &first]);
    assert_eq!((&one[0]["version"], &one[0]["changed"]), (&1.into(), &true.into()));
    assert_eq!(json(&["table", "import", "item", &first])[0]["changed"], false);
    assert_eq!(json(&["table", "import", "item", &more])[0]["version"], 2);
    let refused = desk.run(&["table", "import", "item", &wrong]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("line 2") && refused.err.contains("many"), "{}", refused.err);
    assert_eq!(json(&["table", "show", "item"]).len(), 2);
    assert_eq!(json(&["table", "show", "item", "--version", "1"]).len(), 1);
    let listed = json(&["table", "list"]);
    let item = listed.iter().find(|row| row["table"] == "item").unwrap();
    assert_eq!((&item["version"], &item["rows"]), (&2.into(), &2.into()));
    assert_eq!(desk.run(&["table", "import", "itme", &first]).code, 2);
}

#[test]
fn import_counts_repeats_and_names_rejects() {
    let desk = Desk::bare();
    let week = fs::read_to_string(examples().join("county-week.ndjson")).unwrap();
    let lines: Vec<_> = week.lines().take(3).collect();
    let text = format!("{}\nnot json\n{}\n{{\"id\":1}}\n", lines[0], lines[1..].join("\n"));
    let file = desk.file("some.ndjson", &text);
    let said = desk.run(&["--json", "import", &file]);
    assert_eq!(said.code, 1);
    let report = &said.json()[0];
    assert_eq!((&report["new"], &report["rejected"]), (&3.into(), &2.into()));
    assert_eq!(report["first_rejects"][0]["line"], 2);
    let rejects = fs::read_to_string(report["rejects_file"].as_str().unwrap()).unwrap();
    assert_eq!(rejects.lines().count(), 2);
    let again = desk.run(&["import", &file]);
    assert!(again.out.contains("新增 0 条，重复 3 条，拒收 2 条"), "{}", again.out);
    assert!(again.out.contains("[not_json]"), "{}", again.out);
    let until = desk.run(&["import", &file, "--until", "yesterday"]);
    assert_eq!(until.code, 2);
}

#[test]
fn any_flipped_byte_of_the_ledger_is_found_and_named() {
    let desk = Desk::bare();
    let item = desk.file("item.csv", "item_code\nA1\n");
    desk.run(&["table", "import", "item", &item]).ok();
    let dir = desk.home().join("ledger");
    for path in files(&dir) {
        let sound = fs::read(&path).unwrap();
        for at in (0..sound.len()).step_by(1 + sound.len() / 5) {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            let said = desk.run(&["--json", "ledger", "verify"]);
            assert_eq!(said.code, 4, "{} byte {at}: {}{}", path.display(), said.out, said.err);
            let found = &said.json()[0];
            assert_eq!(found["ok"], false);
            assert!(found["zh"].as_str().unwrap().contains("受损"));
            if path.parent().is_some_and(|folder| folder.ends_with("leaves")) {
                assert!(found["leaf"].is_u64(), "{found}");
            }
        }
        fs::write(&path, &sound).unwrap();
    }
    desk.run(&["ledger", "verify"]).ok();
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_ledger_is_verified_with_a_key_from_elsewhere_and_exported() {
    let desk = Desk::bare();
    let vkey = desk.home().join("ledger/vkey").display().to_string();
    desk.run(&["ledger", "verify", "--vkey", &vkey]).ok();
    let key = desk.dir.path().join("other.key").display().to_string();
    desk.run(&["plugin", "keygen", "other", "--out", &key]).ok();
    let again = desk.run(&["plugin", "keygen", "other", "--out", &key]);
    assert_eq!(again.code, 1, "a key is never overwritten");
    let other = desk.dir.path().join("other.vkey").display().to_string();
    let said = desk.run(&["ledger", "verify", "--vkey", &other]);
    assert_eq!(said.code, 4, "{}", said.out);
    let out = desk.dir.path().join("export");
    desk.run(&["ledger", "export", &out.display().to_string()]).ok();
    assert!(out.join("log/checkpoint").exists() && out.join("log.vkey").exists());
    let note = desk.run(&["ledger", "checkpoint"]).ok();
    assert_eq!(note.out, fs::read_to_string(out.join("log/checkpoint")).unwrap());
    let proof = desk.run(&["ledger", "prove", "0"]).ok();
    assert!(
        proof.out.starts_with("c2sp.org/tlog-proof@v1\nindex 0\n")
            && proof.out.ends_with(&note.out)
    );
    assert_eq!(desk.run(&["ledger", "prove", "999"]).code, 2);
    assert!(desk.run(&["ledger", "show", "0"]).ok().out.contains("\"init\""));
}

#[test]
fn the_doctor_names_what_is_missing() {
    let desk = Desk::bare();
    let said = desk.run(&["--json", "doctor"]);
    assert_eq!(said.code, 1);
    let codes: Vec<_> = said.json().iter().map(|one| one["finding"].to_string()).collect();
    for wanted in ["\"no-plugins\"", "\"no-events\""] {
        assert!(codes.iter().any(|code| code == wanted), "{codes:?}");
    }
    let token = desk.home().join("keys/http.token");
    let mode = |mode| {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&token, fs::Permissions::from_mode(mode)).unwrap();
    };
    assert!(!codes.iter().any(|code| code == "\"secret\""));
    mode(0o644);
    let said = desk.run(&["doctor"]);
    assert!(said.out.contains("能被他人读取") && said.out.contains("chmod 600"), "{}", said.out);
}

#[test]
fn a_home_is_backed_up_judged_and_restored() {
    let desk = Desk::bare();
    let pass = desk.file("pass", "a sentence that nobody says\nand more\n");
    let short = desk.file("short", "too short\n");
    let path = |name: &str| desk.dir.path().join(name).display().to_string();
    let (plain, sealed, new) = (path("plain"), path("sealed"), path("new"));
    let said = desk.run(&["backup", &plain]).ok();
    assert!(said.out.contains("备份不含密钥") && said.out.contains("没有加密"), "{}", said.out);
    let said = desk.run(&["--json", "backup", &sealed, "--passphrase-file", &pass]).ok();
    let backup = &said.json()[0]["backup"];
    let keys = &backup["header"]["keys"];
    assert_eq!((&backup["sealed"], keys), (&true.into(), &true.into()), "{backup}");
    assert!(desk.run(&["restore", &plain, "--check"]).ok().out.contains("备份完好"));

    let refused: [(&[&str], u8, &str); 8] = [
        (&["backup", &plain], 2, "backup-exists"),
        (&["backup", &path("home/b")], 2, "backup-inside"),
        (&["backup", &new, "--passphrase-file", &short], 2, "passphrase"),
        (&["backup", &new, "--passphrase-file", &pass, "--with-keys"], 2, "usage"),
        (&["restore", &plain], 2, "usage"),
        (&["restore", &sealed, "--check"], 2, "backup-sealed"),
        (&["restore", &pass, "--check"], 4, "backup-unknown"),
        (&["restore", &plain, "--into", &path("home")], 2, "restore-taken"),
    ];
    for (words, code, error) in refused {
        let said = desk.run(&[&["--json"], words].concat());
        assert_eq!(said.code, code, "{words:?}: {}", said.err);
        let object: Value = serde_json::from_str(&said.err).unwrap();
        assert_eq!(object["error"], error, "{words:?}");
    }
    let words = ["restore", &sealed, "--into", &new, "--passphrase-file", &pass];
    let said = desk.run(&words).ok();
    assert!(said.out.contains("原主机不得再启动"), "{}", said.out);
    fs::remove_dir_all(desk.home()).unwrap();
    fs::rename(&new, desk.home()).unwrap();
    desk.run(&["check"]).ok();
    let bundle = path("d.tar.zst");
    let said = desk.run(&["--json", "doctor", "--bundle", &bundle]);
    assert_eq!((said.code, &said.json()[0]["files"]), (1, &10.into()));
}

#[test]
fn check_looks_at_store_ledger_and_packages() {
    let desk = Desk::bare();
    let said = desk.run(&["check"]).ok();
    assert_eq!(said.out.lines().count(), 3, "{}", said.out);
    let name = format!("{}.wasm", "0".repeat(64));
    fs::write(desk.home().join("packages").join(name), "changed").unwrap();
    let said = desk.run(&["--json", "check"]);
    assert_eq!(said.code, 4);
    let last = said.json().pop().unwrap();
    assert_eq!((&last["part"], &last["ok"]), (&"package".into(), &false.into()));
}

#[test]
fn a_new_plugin_is_complete_and_its_name_is_checked() {
    let desk = Desk::new();
    let dir = desk.dir.path().join("permits");
    let shown = dir.display().to_string();
    desk.run(&["plugin", "new", "town-permits", "--dir", &shown]).ok();
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    for name in ["Cargo.toml", "sdk/guest/Cargo.toml", "sdk/contract/Cargo.toml"] {
        let manifest = read(name);
        assert!(!manifest.contains("workspace = true") && !manifest.contains("[lints"), "{name}");
        toml::from_str::<toml::Table>(&manifest).unwrap();
    }
    for name in files(&dir) {
        let text = fs::read_to_string(&name).unwrap();
        assert!(!text.contains("@name@") && !text.contains("@RULE@"), "{}", name.display());
    }
    let manifest =
        plumbline_contract::manifest::Manifest::from_toml(&read("manifest.toml")).unwrap();
    assert_eq!(manifest.rules[0].id, "TOWN-PERMITS-01");
    assert!(dir.join("examples/TOWN-PERMITS-01.toml").exists());
    assert!(read("sdk/contract/wit/supervision.wit").contains("world supervisor"));
    assert_eq!(desk.run(&["plugin", "new", "other", "--dir", &shown]).code, 2);
    for name in ["Upper", "1st", "", "a b", "dots.dots"] {
        assert_eq!(desk.run(&["plugin", "new", name]).code, 2, "{name}");
    }
}

#[test]
fn a_card_is_answered_and_closed_by_different_people() {
    let Some(desk) = county_week() else { return };
    let alerts = desk.run(&["--json", "alerts", "list", "--rule", "APPR-T02"]).ok().json();
    let (id, dept) = (alerts[0]["id"].as_str().unwrap(), alerts[0]["dept"].as_str().unwrap());
    assert_eq!(alerts[0]["handling"], serde_json::json!({ "stage": "open" }));
    let say = |command: &str, by: &str, dept: &str, more: &[&str]| {
        let mut words = vec!["alerts", command, id, "--by", by, "--dept", dept];
        words.extend(more);
        desk.run(&words)
    };
    let text = ["--text", "系统升级，已补录。"];
    let upheld = ["--as", "upheld", "--text", "超期属实。"];
    let answered = say("answer", "张三", dept, &text).ok();
    assert!(
        answered.out.contains("已答复") && answered.out.contains("系统升级"),
        "{}",
        answered.out
    );
    assert_eq!(say("answer", "李四", "别的部门", &text).code, 3);
    assert_eq!(say("appeal", "张三", dept, &["--text", "，。"]).code, 2, "no words are no reason");
    assert_eq!(say("close", "王五", dept, &upheld).code, 3, "the supervised department");
    assert_eq!(say("close", "张三", "监察局", &upheld).code, 3, "who answered");
    let closed = say("close", "赵六", "监察局", &upheld).ok();
    assert!(closed.out.contains("已办结: 维持"), "{}", closed.out);
    let found = desk.run(&["--json", "alerts", "list", "--stage", "closed"]).ok().json();
    assert_eq!((found.len(), &found[0]["handling"]["outcome"]), (1, &"upheld".into()));
    let acts: Vec<_> = found[0]["handling"]["acts"].as_array().unwrap().iter().collect();
    let words: Vec<_> = acts.iter().map(|act| act["act"].as_str().unwrap()).collect();
    assert_eq!(words, ["explained", "upheld", "closed"]);
    assert_eq!((&acts[2]["by"], &acts[2]["by_dept"]), (&"赵六".into(), &"监察局".into()));
    let shown = desk.run(&["alerts", "show", id]).ok();
    assert!(shown.out.contains("监察局 赵六：超期属实。"), "{}", shown.out);
    desk.run(&["check"]).ok();
    desk.run(&["replay"]).ok();
}

#[test]
fn the_example_week_gives_cards_that_are_explained_and_derived_again() {
    let Some(desk) = county_week() else { return };
    let alerts = desk.run(&["--json", "alerts", "list"]).ok().json();
    let late = alerts.iter().find(|one| one["rule"] == "APPR-T02").unwrap();
    assert_eq!(late["key"], "C2026-0041");
    assert_eq!((&late["level"], &late["state"]), (&"yellow".into(), &"open".into()));
    for field in ["due", "at", "issued_at", "region", "dept", "plugin", "evidence", "values"] {
        assert!(!late[field].is_null(), "{field}");
    }
    let filtered = desk.run(&["--json", "alerts", "list", "--rule", "APPR-T02"]).ok().json();
    assert_eq!(filtered.len(), alerts.iter().filter(|one| one["rule"] == "APPR-T02").count());
    let withdrawn = desk.run(&["alerts", "list", "--state", "withdrawn"]).ok();
    assert!(withdrawn.out.contains("已撤回"), "{}", withdrawn.out);
    let text = desk.run(&["alerts", "list"]).ok();
    assert!(text.out.contains("黄牌  APPR-T02  C2026-0041"), "{}", text.out);
    assert!(text.out.contains("《优化营商环境条例》第36条"), "{}", text.out);
    let why = desk.run(&["explain", "C2026-0041"]).ok();
    for part in ["受理", "[触发] APPR-T02", "[未触发] APPR-T03", "应办结日", "plumbline replay"]
    {
        assert!(why.out.contains(part), "{part}: {}", why.out);
    }
    let english = desk.run(&["--lang", "en", "explain", "C2026-0041"]).ok();
    assert!(english.out.contains("[fires] APPR-T02"), "{}", english.out);
    assert_eq!(desk.run(&["explain", "nobody"]).code, 2);
    let replayed = desk.run(&["--json", "replay"]).ok().json();
    let leaves = replayed[0]["same"].as_u64().unwrap();
    assert!(leaves >= alerts.len() as u64, "{replayed:?}");
    let id = late["id"].as_str().unwrap();
    let shown = desk.run(&["alerts", "show", id]).ok();
    assert!(shown.out.contains("plumbline ledger prove"), "{}", shown.out);
    assert!(desk.run(&["ledger", "prove", id]).ok().out.contains("tlog-proof"));
    desk.run(&["check"]).ok();
}

#[test]
fn the_demonstration_plays_and_removes_only_its_own() {
    let Some(packages) = packages() else { return };
    let packages = packages.display().to_string();
    let desk = Desk::new();
    let dir = desk.home().display().to_string();
    let words = ["--json", "demo", "--dir", &dir, "--plugins", &packages];
    for _ in 0..2 {
        let days = desk.run(&words).ok().json();
        let reds: u64 = days.iter().filter_map(|day| day["red"].as_u64()).sum();
        assert!(reds > 0);
        let key = days.last().unwrap()["explain"].as_str().unwrap();
        assert!(desk.run(&["explain", key]).ok().out.contains("[触发]"));
    }
    desk.run(&["replay"]).ok();
    let other = Desk::bare();
    let dir = other.home().display().to_string();
    let said = other.run(&["--json", "demo", "--dir", &dir, "--plugins", &packages]);
    assert_eq!(said.code, 2);
    assert!(other.home().join("config.toml").exists());
}

/// A reader that goes away after the first line, as `head -1` does.
struct Head(usize);

impl std::io::Write for Head {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0 > 0 {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        self.0 += bytes.iter().filter(|byte| **byte == b'\n').count();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_who_goes_away_is_no_error() {
    let mut err = Vec::new();
    let words = ["plumbline", "table", "spec"];
    assert_eq!(run(words, &mut Head(0), &mut err, Terminal::default()), 0);
    assert_eq!(String::from_utf8(err).unwrap(), "");
}

#[test]
fn packages_are_refused_until_their_key_is_trusted() {
    let Some(packages) = packages() else { return };
    let desk = Desk::bare();
    let package = packages.join("approval.wasm").display().to_string();
    for words in [["plugin", "verify", &package], ["plugin", "install", &package]] {
        let said = desk.run(&words);
        assert_eq!(said.code, 3, "{words:?}: {}", said.err);
    }
    let key = desk.dir.path().join("own.key").display().to_string();
    let signed = desk.dir.path().join("signed.wasm").display().to_string();
    let vkey = desk.dir.path().join("own.vkey").display().to_string();
    desk.run(&["plugin", "keygen", "own", "--out", &key]).ok();
    desk.run(&["plugin", "sign", &package, "--key", &key, "--out", &signed]).ok();
    desk.run(&["plugin", "verify", &signed, "--vkey", &vkey]).ok();
    desk.run(&["plugin", "trust", &vkey]).ok();
    let installed = desk.run(&["--json", "plugin", "install", &signed]).ok().json();
    assert_eq!(installed[0]["signers"], serde_json::json!(["own"]));
    let wrong = desk.file("wrong.toml", "no_such = 1\n");
    let refused = desk.run(&["plugin", "enable", "approval", "--params", &wrong]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    let params = desk.file("params.toml", "off = [\"APPR-T01\"]\ndefault_wd = 15\n");
    desk.run(&["plugin", "enable", "approval", "--region", "370203", "--params", &params]).ok();
    let mut rules = desk.run(&["--json", "rules", "list"]).ok().json();
    rules.retain(|rule| rule["plugin"] != "plumbline");
    let off: Vec<_> = rules.iter().filter(|rule| rule["off"] == true).collect();
    assert_eq!((off.len(), &off[0]["rule"]), (1, &"APPR-T01".into()));
    assert!(rules.iter().all(|rule| rule["parameters"]["default_wd"] == 15));
    let shown = desk.run(&["rules", "show", "APPR-T01"]).ok();
    assert!(shown.out.contains("（已关闭）"), "{}", shown.out);
    let listed = desk.run(&["--json", "plugin", "list"]).ok().json();
    assert_eq!(listed[0]["deployments"][0]["region"], "370203");
    let mut bytes = fs::read(&signed).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&signed, bytes).unwrap();
    assert_eq!(desk.run(&["plugin", "install", &signed]).code, 3);
}

#[test]
fn examples_run_inside_the_engine() {
    let Some(packages) = packages() else { return };
    let desk = Desk::new();
    let package = packages.join("approval.wasm").display().to_string();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/approval/examples");
    let right = fs::read_to_string(all.join("APPR-T02.toml")).unwrap();
    let dir = desk.dir.path().join("examples");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("right.toml"), &right).unwrap();
    let shown = dir.display().to_string();
    let words = ["--json", "plugin", "test", &package, "--examples", &shown];
    let report = desk.run(&words).ok().json();
    assert!(report[0]["examples"].as_u64().unwrap() > 0);
    // An example that expects too much must fail, or passing says nothing.
    let wrong = right.replacen("fires = []", "fires = [{ level = \"red\" }]", 1);
    assert_ne!(wrong, right);
    fs::write(dir.join("wrong.toml"), wrong).unwrap();
    let said = desk.run(&words);
    assert_eq!(said.code, 1);
    assert_eq!(said.json()[1]["failures"].as_array().unwrap().len(), 1);
    fs::remove_dir_all(&dir).unwrap();
    fs::create_dir(&dir).unwrap();
    assert_eq!(desk.run(&words).code, 2);
}

impl Desk {
    /// A home with settings in the section `[health]`; what was there of it is replaced.
    fn with_health(&self, settings: &str) {
        let file = self.home().join("config.toml");
        let text = fs::read_to_string(&file).unwrap();
        let own = text.split("[health").next().unwrap();
        fs::write(&file, format!("{own}{settings}\n")).unwrap();
    }
}

#[test]
fn a_source_that_somebody_counts_on_is_listed_raised_and_let_go() {
    let desk = Desk::bare();
    desk.with_health("[health.source.\"hall\"]\n[health.source.\"never\"]");
    let event = |id: &str, day: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"hall","type":"town.note","time":"{day}T10:00:00+08:00","recordedtime":"{day}T10:00:00+08:00","region":"370203","dept":"D-1","data":{{}}}}"#
        )
    };
    let lines =
        desk.file("hall.ndjson", &[event("1", "2026-03-02"), event("2", "2026-03-03")].join("\n"));
    desk.run(&["import", &lines]).ok();
    let listed = desk.run(&["--json", "source", "list"]);
    let one = &listed.json()[0];
    assert_eq!((listed.code, one["state"].as_str()), (1, Some("silent")), "{one}");
    assert_eq!((&one["unit"], &one["threshold"]), (&"working-days".into(), &5.into()));
    let listed = desk.run(&["source", "list"]);
    assert!(listed.out.contains("静默") && listed.out.contains("never"), "{}", listed.out);
    let shown = desk.run(&["--lang", "en", "source", "show", "hall"]).ok();
    assert!(shown.out.contains("Last report: 2026-03-03 10:00"), "{}", shown.out);
    assert_eq!(desk.run(&["source", "show", "x"]).code, 2);

    let doctor = desk.run(&["--json", "doctor"]).json();
    for code in ["source-silent", "source-absent"] {
        assert!(doctor.iter().any(|one| one["finding"] == code), "{doctor:?}");
    }
    // Lists and the doctor change nothing; the check does, once.
    assert_eq!(desk.run(&["--json", "alerts", "list"]).ok().out, "");
    assert_eq!(desk.run(&["source", "check"]).code, 1);
    assert_eq!(desk.run(&["source", "check"]).code, 1);
    let alerts = desk.run(&["--json", "alerts", "list"]).ok().json();
    assert_eq!((alerts.len(), &alerts[0]["rule"]), (1, &"HOST-S01".into()), "{alerts:?}");
    let text = desk.run(&["alerts", "show", alerts[0]["id"].as_str().unwrap()]).ok().out;
    for part in ["数据源静默", "数据源 hall 自 2026-03-03T10:00:00+08:00 起没有上报"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    desk.with_health("[health.source.\"hall\"]\nwatch = false");
    desk.run(&["source", "check"]).ok();
    let alerts = desk.run(&["--json", "alerts", "list"]).ok().json();
    assert_eq!((alerts.len(), &alerts[0]["state"]), (1, &"closed".into()));
    assert_eq!(desk.run(&["--json", "source", "list"]).ok().json()[0]["state"], "unwatched");
    desk.with_health("[health]\nreconcile_at = \"25:00\"");
    let refused = desk.run(&["source", "list"]);
    assert!(refused.code == 2 && refused.err.contains("reconcile_at"), "{}", refused.err);
}

#[test]
fn the_rules_of_the_host_are_listed_and_a_reconciliation_is_on_record() {
    let desk = Desk::bare();
    let rules = desk.run(&["--json", "rules", "list"]).ok().json();
    assert!(rules.iter().any(|rule| rule["rule"] == "HOST-S01"), "{rules:?}");
    assert!(desk.run(&["rules", "list"]).ok().out.contains("未能对账"));
    assert!(desk.run(&["rules", "show", "HOST-V01"]).ok().out.contains("夜间对账"));
    let health = desk.run(&["rules", "health"]).ok();
    assert!(health.err.contains("没有启用的插件"), "{}", health.err);
    let done = desk.run(&["--json", "reconcile"]).ok().json();
    assert_eq!(done[0]["deployments"], serde_json::json!([]));
    let leaf = desk.run(&["--json", "ledger", "show", "2"]).ok().json();
    assert_eq!(
        (&leaf[0]["leaf"]["leaf"], &leaf[0]["leaf"]["sound"]),
        (&"reconciled".into(), &true.into())
    );
    let Some(packages) = packages() else { return };
    let desk = Desk::new();
    desk.run(&["init", "--plugins", &packages.display().to_string()]).ok();
    let rules = desk.run(&["--json", "rules", "health"]).ok().json();
    assert!(rules.iter().any(|rule| rule["rule"] == "APPR-T01" && rule["keys"] == 0), "{rules:?}");
    let said = desk.run(&["reconcile"]).ok();
    assert!(said.out.contains("对账相符"), "{}", said.out);
}
