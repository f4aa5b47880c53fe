//! `report` in process: events in, sheets out, as tables, JSON, CSV and workbooks. The figures
//! themselves are tested where they are computed.
#![allow(clippy::unwrap_used)]

use calamine::{Data, Reader, Xlsx};
use plumbline::cli::{Terminal, run};
use plumbline::{App, Home, act};
use plumbline_contract::alert::{AlertAct, AlertLeaf, Level};
use plumbline_contract::id::{DeploymentId, PackageHash};
use plumbline_contract::time::parse_stamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

struct Said {
    code: u8,
    out: String,
    err: String,
}

fn plumbline(dir: &Path, words: &[&str]) -> Said {
    let home = dir.join("home").display().to_string();
    let all = [&["plumbline", "--home", home.as_str()], words].concat();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run(all, &mut out, &mut err, Terminal::default());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code, out: text(out), err: text(err) }
}

fn ok(dir: &Path, words: &[&str]) -> String {
    let said = plumbline(dir, words);
    assert_eq!(said.code, 0, "{words:?}: {}{}", said.out, said.err);
    said.out
}

/// A home without plugins and with three approvals: one done early, one overdue, one open.
fn home() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    ok(dir.path(), &["init", "--no-plugins", "--region", "370203"]);
    let items =
        "item_code,name,item_type,dept,promised_wd,statutory_wd\nI1,食品经营许可,XK,D-1,5,20\n";
    fs::write(dir.path().join("item.csv"), items).unwrap();
    ok(
        dir.path(),
        &["table", "import", "item", &dir.path().join("item.csv").display().to_string()],
    );
    let mut lines = Vec::new();
    let mut event = |kind: &str, day: &str, data: Value| {
        let time = format!("{day}T10:00:00+08:00");
        lines.push(
            json!({
                "specversion": "1.0", "id": format!("e{}", lines.len()), "source": "hall",
                "type": format!("approval.case.{kind}"), "time": time, "recordedtime": time,
                "region": "370203001", "dept": "D-1", "data": data,
            })
            .to_string(),
        );
    };
    for (no, decided) in [("A", Some("2026-03-04")), ("=B", Some("2026-03-20")), ("C", None)] {
        let received = json!({
            "case_no": no, "serial": 1, "item_code": "I1", "applicant_ref": "h", "channel": "window",
            "applicant_kind": "org",
        });
        event("received", "2026-03-02", received);
        event(
            "accepted",
            "2026-03-02",
            json!({ "case_no": no, "receipt_no": "r", "officer": "O1" }),
        );
        if let Some(day) = decided {
            let data = json!({
                "case_no": no, "result": "grant", "officer": "O1", "signer": "O2", "doc_no": "d",
            });
            event("decided", day, data);
        }
    }
    let file = dir.path().join("events.ndjson");
    fs::write(&file, lines.join("\n")).unwrap();
    ok(dir.path(), &["import", &file.display().to_string()]);
    dir
}

const PERIOD: [&str; 4] = ["--period", "2026-03", "--as-of", "2026-03-31"];

fn sheets(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The cell of a sheet's JSON by row and column.
fn cell<'a>(sheet: &'a Value, row: &str, column: &str) -> &'a Value {
    let columns = sheet["columns"].as_array().unwrap();
    let place = columns.iter().position(|of| of["id"] == column).unwrap();
    let rows = sheet["rows"].as_array().unwrap();
    &rows.iter().find(|of| of["key"] == row).unwrap()["cells"][place]
}

#[test]
fn statistics_are_listed_shown_and_opened() {
    let home = home();
    let dir = home.path();
    let listed = sheets(&ok(dir, &["--json", "report", "statistics"]));
    assert!(listed.iter().any(|one| one["zh"] == "综合情况统计"));
    let words = [&["--json", "report", "statistics", "efficiency"], &PERIOD[..]].concat();
    let sheet = sheets(&ok(dir, &words)).remove(0);
    for (column, expected) in
        [("accepted", 3), ("concluded", 2), ("early", 1), ("overdue", 1), ("open", 1)]
    {
        assert_eq!(*cell(&sheet, "D-1", column), expected, "{column}");
    }
    assert_eq!(cell(&sheet, "D-1", "finish_rate")["percent"], "66.66%");
    assert_eq!(sheet["rows"][0]["small_sample"], true);
    let words =
        [&["--json", "report", "statistics", "efficiency", "--cases", "D-1/overdue"], &PERIOD[..]]
            .concat();
    let opened = sheets(&ok(dir, &words));
    assert_eq!((opened.len(), &opened[0]["no"]), (1, &json!("=B")));
    let shown = ok(dir, &[&["report", "statistics", "all"], &PERIOD[..]].concat());
    assert!(shown.contains("部门办件统计（2026-03）") && shown.contains("截至 2026-03-31；日志"));
}

#[test]
fn scores_name_their_scheme_and_recompute_to_the_same_bytes() {
    let home = home();
    let dir = home.path();
    let words = [&["--json", "report", "score"], &PERIOD[..]].concat();
    let first = ok(dir, &words);
    assert_eq!(first, ok(dir, &words));
    let sheet = sheets(&first).remove(0);
    assert_eq!(*cell(&sheet, "D-1", "total"), 100);
    assert!(sheet["notes"].to_string().contains("SHA-256"), "{sheet}");
    let elsewhere = [&words[..], &["--region", "370203002"]].concat();
    assert_eq!(sheets(&ok(dir, &elsewhere))[0]["rows"], json!([]), "nothing happened there");
    for by in ["officer", "item", "region", "party"] {
        ok(dir, &[&["report", "score", "--by", by], &PERIOD[..]].concat());
    }
    let explained = ok(dir, &[&["report", "score", "--explain", "D-1"], &PERIOD[..]].concat());
    assert!(explained.contains("D-1 得分说明"));
    let wrong = dir.join("wrong.toml");
    fs::write(&wrong, "[cards]\nred = -3\n").unwrap();
    let file = wrong.display().to_string();
    let said = plumbline(dir, &[&["report", "score", "--scheme", &file], &PERIOD[..]].concat());
    assert!(said.code == 2 && said.err.contains("negative"), "{}", said.err);
}

/// What people do with a card is read from the ledger, whatever the order of its fields.
#[test]
fn cards_and_what_people_did_with_them_come_from_the_ledger() {
    let home = home();
    let dir = home.path();
    let app = App::open(Home::new(dir.join("home"))).unwrap();
    let alert = AlertLeaf {
        leaf: "alert".to_owned(),
        act: AlertAct::Raised,
        id: "0123456789abcdef".to_owned(),
        rule: "APPR-T02".to_owned(),
        key: "=B".to_owned(),
        stream: "case".to_owned(),
        stream_key: "=B".to_owned(),
        episode: String::new(),
        level: Level::Yellow,
        due: None,
        at: "2026-03-10T00:00:00+08:00".to_owned(),
        issued_at: "2026-03-10T00:10:00+08:00".to_owned(),
        late: false,
        region: "370203001".to_owned(),
        dept: "D-1".to_owned(),
        plugin: "approval".to_owned(),
        plugin_version: "0.1.0".to_owned(),
        package: PackageHash([0; 32]),
        deployment: DeploymentId(1),
        params: String::new(),
        tables: BTreeMap::new(),
        law: Vec::new(),
        evidence: Vec::new(),
        values: json!({}),
        reason: None,
    };
    let zone = app.zone().clone();
    let done = |text: &str| zone.instant_of(parse_stamp(text).unwrap());
    let act = |what: &str, at: &str| {
        let particulars = json!({ "alert": "0123456789abcdef", "act": what, "by": "jian-01" });
        act::leaf("card", done(at), app.zone(), particulars)
    };
    app.record(&[plumbline_kernel::leaf_bytes(&alert), act("upheld", "2026-03-12T09:00:00+08:00")])
        .unwrap();
    app.settle().unwrap();
    let withdrawn = act("withdrawn", "2026-03-20T09:00:00+08:00");
    drop(app);
    let score = |as_of: &str| {
        let words = ["--json", "report", "score", "--period", "2026-03", "--as-of", as_of];
        let sheet = sheets(&ok(dir, &words)).remove(0);
        cell(&sheet, "D-1", "timeliness").as_f64().unwrap()
    };
    // Two concluded cases count as thirty: 1 * 100 / 30 * 20 / 20.
    assert_eq!((score("2026-03-11"), score("2026-03-31")), (20.0, 16.667));
    let app = App::open(Home::new(dir.join("home"))).unwrap();
    app.record(&[withdrawn]).unwrap();
    app.settle().unwrap();
    drop(app);
    assert_eq!((score("2026-03-31"), score("2026-03-19")), (20.0, 16.667));
    let words = [
        "report",
        "statistics",
        "efficiency_cards",
        "--period",
        "2026-03",
        "--cases",
        "D-1/case_yellow_withdrawn",
    ];
    assert!(ok(dir, &words).contains("0123456789abcdef"));
}

#[test]
fn decision_support_lists_what_falls_due() {
    let home = home();
    let words = [
        "--json",
        "report",
        "decide",
        "--period",
        "2026-03",
        "--as-of",
        "2026-03-06",
        "--ahead",
        "3",
    ];
    let all = sheets(&ok(home.path(), &words));
    let ids: Vec<_> = all.iter().map(|sheet| sheet["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["forecast", "risk_items", "risk_depts", "bottlenecks", "variants", "trends"]);
    assert_eq!(*cell(&all[0], "C", "due"), "2026-03-09");
}

#[test]
fn files_are_written_and_texts_never_become_formulas() {
    let home = home();
    let dir = home.path();
    let (csv, xlsx) =
        (dir.join("a.csv").display().to_string(), dir.join("a.xlsx").display().to_string());
    let words = [
        "report",
        "decide",
        "--period",
        "2026-03",
        "--as-of",
        "2026-03-06",
        "--csv",
        &csv,
        "--xlsx",
        &xlsx,
    ];
    ok(dir, &words);
    let text = fs::read_to_string(&csv).unwrap();
    assert!(text.starts_with('\u{feff}') && text.contains("\n'=B,"), "{text}");
    let first = fs::read(&xlsx).unwrap();
    let mut book: Xlsx<_> = calamine::open_workbook(&xlsx).unwrap();
    assert_eq!(book.sheet_names().len(), 6);
    let name = book.sheet_names()[0].clone();
    let range = book.worksheet_range(&name).unwrap();
    assert_eq!(range.get_value((1, 0)), Some(&Data::String("编号".to_owned())));
    assert!(range.rows().any(|row| row[0] == Data::String("=B".to_owned())));
    ok(dir, &words);
    assert_eq!(first, fs::read(&xlsx).unwrap(), "equal sheets are equal files");
}

#[test]
fn wrong_questions_get_an_answer() {
    let home = home();
    for (words, code, says) in [
        (vec!["statistics", "no-such", "--period", "2026-03"], 2, "没有这项统计"),
        (vec!["statistics", "efficiency", "--period", "2026-3"], 2, "期间写作"),
        (vec!["statistics", "efficiency", "--as-of", "2026-02-30"], 2, "不是日期"),
        (vec!["statistics", "efficiency", "--cases", "D-1/nothing"], 2, "没有这一格"),
        (vec!["score", "--explain", "D-9", "--period", "2026-03"], 2, "没有这一格"),
    ] {
        let said = plumbline(home.path(), &[vec!["report"], words.clone()].concat());
        assert_eq!(said.code, code, "{words:?} {}", said.err);
        assert!(said.err.contains(says), "{words:?}: {}", said.err);
    }
}
