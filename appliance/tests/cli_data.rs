//! `plumbline data` in process: the catalogue, and sets taken out as CSV, XLSX and Parquet and read
//! back by other readers. Nothing here needs a package: alerts are put into the ledger as leaves.
#![allow(clippy::unwrap_used)]

use calamine::{Data, Reader, Xlsx, open_workbook};
use parquet::basic::{LogicalType, TimeUnit};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use plumbline::centre::{Column, Encoding, Filter, Kind, Request, Set, event_types, export};
use plumbline::cli::{Terminal, run};
use plumbline::text::Lang;
use plumbline::{App, Home};
use plumbline_contract::event::Event;
use plumbline_contract::time::Millis;
use plumbline_ledger::sha256_hex;
use serde_json::{Map, Value, json};
use std::fs;
use std::fs::File;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        assert_eq!(desk.run(&["init", "--no-plugins", "--region", "370203"]).0, 0);
        desk
    }

    fn with_events(events: &[Value]) -> Self {
        let desk = Self::new();
        let lines: Vec<_> = events.iter().map(Value::to_string).collect();
        fs::write(desk.path("events.ndjson"), lines.join("\n")).unwrap();
        let file = desk.path("events.ndjson").display().to_string();
        let report = desk.json(&["import", "--as-host", &file]);
        assert_eq!(report[0]["new"], events.len(), "{report:?}");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn app(&self) -> App {
        App::open(Home::new(self.path("home"))).unwrap()
    }

    /// Exit code, result, the other stream.
    fn run(&self, words: &[&str]) -> (u8, String, String) {
        let home = self.path("home").display().to_string();
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

    /// Takes a set out into a new file and returns the report with the path.
    fn export(&self, name: &str, words: &[&str]) -> (Value, PathBuf) {
        let path = self.path(name);
        let file = path.display().to_string();
        let mut said = self.json(&[&["data", "export"], words, &["--out", &file]].concat());
        (said.remove(0), path)
    }

    /// The only column asked for, of all rows.
    fn column(&self, words: &[&str], column: &str) -> Vec<String> {
        let path = self.path("column.csv");
        let _ = fs::remove_file(&path);
        let words = [words, &["--column", column]].concat();
        self.export("column.csv", &words);
        csv(&path).1.into_iter().map(|mut row| row.remove(0)).collect()
    }
}

fn event(id: &str, kind: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/370203/hall", "type": kind,
        "time": "2026-03-02T23:30:00+08:00", "recordedtime": "2026-03-03T08:00:00+08:00",
        "region": "370203", "dept": "D-1", "data": data,
    })
}

type Rows = (Vec<String>, Vec<Vec<String>>);

fn csv(path: &Path) -> Rows {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let heading = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row = |row: csv::StringRecord| row.iter().map(str::to_owned).collect();
    (heading, reader.records().map(|found| row(found.unwrap())).collect())
}

/// The first sheet, each cell as CSV would have it.
fn xlsx(path: &Path) -> Rows {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    let text = |cell: &Data| match cell {
        Data::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        other => other.to_string(),
    };
    let mut rows = sheet.rows().map(|row| row.iter().map(text).collect::<Vec<_>>());
    (rows.next().unwrap(), rows.collect())
}

/// Instants come with their local reading, which stands where CSV has it.
fn parquet(path: &Path) -> Rows {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let instant = LogicalType::timestamp(true, TimeUnit::MILLIS);
    let of_time = |index: usize| schema.column(index).logical_type_ref() == Some(&instant);
    let kept: Vec<_> = (0..schema.num_columns()).filter(|index| !of_time(*index)).collect();
    let name = |index: &usize| schema.column(*index).name().to_owned();
    let name = |index: &usize| match *index > 0 && of_time(*index - 1) {
        true => name(index).strip_suffix("_local").unwrap().to_owned(),
        false => name(index),
    };
    let heading = kept.iter().map(name).collect();
    let text = |field: &Field| match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Date(days) => plumbline_contract::time::Day(*days).to_string(),
        other => other.to_string(),
    };
    let rows = reader.get_row_iter(None).unwrap().map(|row| {
        let row = row.unwrap();
        let fields: Vec<_> = row.get_column_iter().map(|(_, field)| text(field)).collect();
        kept.iter().map(|index| fields[*index].clone()).collect()
    });
    (heading, rows.collect())
}

/// A value of a column, and how CSV writes it.
fn sample(column: &Column, number: usize) -> (Value, String) {
    let name = &column.name;
    match column.kind {
        Kind::Text => (json!(format!("=甲,\"{name}\"")), format!("=甲,\"{name}\"")),
        Kind::Integer | Kind::Fen => (json!(1_200 + number), (1_200 + number).to_string()),
        Kind::Number => (json!(2.5), "2.5".to_owned()),
        Kind::Flag => (json!(number.is_multiple_of(2)), (number.is_multiple_of(2)).to_string()),
        Kind::Date => (json!("2026-02-28"), "2026-02-28".to_owned()),
        Kind::Time => (json!("2026-02-28T16:30:00Z"), "2026-03-01T00:30:00+08:00".to_owned()),
        Kind::Json => (json!(["a", { "b": 1 }]), r#"["a",{"b":1}]"#.to_owned()),
    }
}

#[test]
fn data_of_every_type_is_the_same_in_all_three_forms() {
    let types = event_types();
    assert!(types.len() > 100, "{}", types.len());
    let mut events = Vec::new();
    for one in types {
        let mut data = Map::new();
        for (number, field) in one.fields.iter().enumerate() {
            data.insert(field.name.clone(), sample(field, number).0);
        }
        data.insert("本地字段".to_owned(), json!("x"));
        events.push(event(one.name, one.name, data.into()));
    }
    let desk = Desk::with_events(&events);
    // One home for all of them: to open it some hundred times would take longer than all else.
    let app = desk.app();
    for one in types {
        let set = Set::find("events", Some(one.name)).unwrap();
        let take = |ending: &str| {
            let file = desk.path(&format!("{}.{ending}", one.name));
            export(&app, &whole(&set, &Filter::default(), &file)).unwrap();
            file
        };
        let taken = csv(&take("csv"));
        let names: Vec<_> = set.columns().iter().map(|column| column.name.clone()).collect();
        assert_eq!((taken.1.len(), &taken.0), (1, &names), "{}", one.name);
        let row = &taken.1[0];
        let envelope = names.len() - one.fields.len() - 1;
        for (number, field) in one.fields.iter().enumerate() {
            assert_eq!(
                row[envelope + number],
                sample(field, number).1,
                "{}.{}",
                one.name,
                field.name
            );
        }
        let time = names.iter().position(|name| name == "time").unwrap();
        assert_eq!(row[time], "2026-03-02T23:30:00+08:00");
        assert_eq!(row.last().unwrap(), r#"{"本地字段":"x"}"#);
        assert_eq!(xlsx(&take("xlsx")), taken, "{}", one.name);
        assert_eq!(parquet(&take("parquet")), taken, "{}", one.name);
    }
}

/// All of a set.
fn whole<'a>(set: &'a Set, filter: &'a Filter, file: &'a Path) -> Request<'a> {
    Request {
        set,
        filter,
        columns: &[],
        rows_max: None,
        file,
        encoding: Encoding::Utf8,
        by: None,
        lang: Lang::Zh,
        now: Millis(0),
    }
}

#[test]
fn data_that_does_not_fit_its_column_is_kept_beside_it() {
    let data = json!({
        "case_no": "C-1", "officer": null, "signer": "", "remedy_told": "yes",
        "waived_steps": [], "reason_text": "@SUM(1)",
    });
    let desk = Desk::with_events(&[event("a", "approval.case.decided", data)]);
    let words = ["events", "--type", "approval.case.decided", "--column"];
    let names = "case_no,officer,signer,remedy_told,waived_steps,reason_text,data_other";
    let words = [&words[..], &[names]].concat();
    let (_, path) = desk.export("a.csv", &words);
    let other = r#""{""officer"":null,""remedy_told"":""yes""}""#;
    let line = format!("C-1,,\"\",,[],@SUM(1),{other}\r\n");
    assert_eq!(fs::read_to_string(path).unwrap(), format!("{names}\r\n{line}"));
    // For people who open it in a spreadsheet no text begins like a formula.
    let (_, path) = desk.export("b.csv", &[&words[..], &["--encoding", "utf8-bom"]].concat());
    let text = fs::read_to_string(path).unwrap();
    assert!(text.starts_with('\u{feff}') && text.contains(",'@SUM(1),"), "{text}");
    let (_, path) = desk.export("c.csv", &[&words[..], &["--encoding", "gb18030"]].concat());
    let bytes = fs::read(path).unwrap();
    assert_eq!(encoding_rs::GB18030.decode(&bytes).0, text.trim_start_matches('\u{feff}'));
    // A cell of a workbook is a text and no formula.
    let (_, path) = desk.export("d.xlsx", &words);
    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    let formulas = book.worksheet_formula(&book.sheet_names()[0]).unwrap();
    assert!(formulas.is_empty(), "{formulas:?}");
    assert_eq!(xlsx(&path).1[0][5], "@SUM(1)");
    let about = book.worksheet_range_at(1).unwrap().unwrap();
    assert_eq!(about.height(), 8, "one line for each column");
    // Parquet tells nothing from an empty text.
    let (_, path) = desk.export("e.parquet", &words);
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let row = reader.get_row_iter(None).unwrap().next().unwrap().unwrap();
    let fields: Vec<_> = row.get_column_iter().map(|(_, field)| field.clone()).collect();
    assert_eq!((&fields[1], &fields[2]), (&Field::Null, &Field::Str(String::new())));
}

fn alert(id: &str, act: &str, rule: &str, level: &str, at: &str) -> Vec<u8> {
    let leaf = json!({
        "act": act, "id": id, "rule": rule, "key": format!("C-{id}"), "stream": "case",
        "stream_key": id, "episode": "", "level": level, "due": "2026-03-10", "at": at,
        "issued_at": "2026-03-20T00:00:00+08:00", "late": false, "region": "370203001",
        "dept": "D-2", "plugin": "approval", "plugin_version": "1.0.0",
        "package": "0".repeat(64), "deployment": 1, "params": "", "tables": { "item": 2 },
        "law": ["xkf-42-1"], "evidence": [3, 4], "values": { "days": 3 },
    });
    format!("{{\"leaf\":\"alert\",{}", &leaf.to_string()[1..]).into_bytes()
}

fn desk_with_alerts() -> Desk {
    let cases = [("a", "D-1", "370203", "2026-03-02"), ("b", "D-2", "370203001", "2026-03-03")];
    let mut events = Vec::new();
    for (id, dept, region, day) in cases {
        let mut one = event(id, "approval.case.accepted", json!({ "case_no": format!("C-{id}") }));
        // Before midnight by the local clock: the next day by that of Greenwich is not meant.
        one["time"] = format!("{day}T00:30:00+08:00").into();
        (one["dept"], one["region"]) = (dept.into(), region.into());
        one["recordedtime"] = one["time"].clone();
        events.push(one);
    }
    events.push(event("v", "vendor.thing", json!({ "any": [1] })));
    let desk = Desk::with_events(&events);
    let leaves = [
        alert("1", "raised", "APPR-T01", "yellow", "2026-03-11T00:00:00+08:00"),
        alert("2", "raised", "APPR-T03", "yellow", "2026-03-12T00:00:00+08:00"),
        alert("2", "escalated", "APPR-T03", "red", "2026-03-13T00:00:00+08:00"),
        alert("1", "withdrawn", "APPR-T01", "yellow", "2026-03-11T00:00:00+08:00"),
    ];
    desk.app().record(&leaves).unwrap();
    desk
}

#[test]
fn data_is_filtered_as_asked() {
    let desk = desk_with_alerts();
    let cases: &[(&[&str], &str, &[&str])] = &[
        (&["events"], "id", &["a", "b", "v"]),
        (&["events", "--type", "approval.case.accepted"], "case_no", &["C-a", "C-b"]),
        (&["events", "--type", "vendor.thing"], "data", &[r#"{"any":[1]}"#]),
        (&["events", "--type", "approval.case.decided"], "id", &[]),
        (&["events", "--region", "370203001"], "id", &["b"]),
        (&["events", "--region", "3702"], "id", &["a", "b", "v"]),
        (&["events", "--dept", "D-2"], "id", &["b"]),
        (&["events", "--key", "C-a"], "id", &["a"]),
        (&["events", "--from", "2026-03-03"], "id", &["b"]),
        (&["events", "--to", "2026-03-02"], "id", &["a", "v"]),
        (&["events", "--from", "2026-03-03", "--to", "2026-03-03"], "id", &["b"]),
        (&["events", "--max", "2"], "id", &["a", "b"]),
        (&["events", "--max", "0"], "id", &[]),
        (&["alerts"], "state", &["withdrawn", "open"]),
        (&["alerts", "--level", "red"], "id", &["2"]),
        (&["alerts", "--rule", "APPR-T01"], "id", &["1"]),
        (&["alerts", "--key", "C-2", "--dept", "D-2"], "law", &[r#"["xkf-42-1"]"#]),
        (&["alerts", "--from", "2026-03-12", "--region", "370203"], "due", &["2026-03-10"]),
        (&["history"], "act", &["raised", "raised", "escalated", "withdrawn"]),
        (&["history", "--rule", "APPR-T03"], "level", &["yellow", "red"]),
        (&["history", "--to", "2026-03-11"], "at", &["2026-03-11T00:00:00+08:00"; 2]),
        (&["gaps"], "code", &[]),
        (&["sources"], "source", &["/370203/hall"]),
        (&["rules"], "rule", &[]),
    ];
    for (words, column, wanted) in cases {
        assert_eq!(desk.column(words, column), *wanted, "{words:?}");
    }
    assert_eq!(desk.export("more.csv", &["events", "--max", "2"]).0["more"], true);
    assert_eq!(desk.export("all.csv", &["events", "--max", "3"]).0["more"], false);
}

#[test]
fn data_of_tables_has_their_types_and_a_countys_own_columns() {
    let desk = Desk::new();
    let file = desk.path("item.csv");
    let text = "item_code,name,statutory_wd,fee_codes,effective_from,自有列\n\
                A1,甲,20,F1;F2,2025-01-01,x\nB2,乙,,,,\n";
    fs::write(&file, text).unwrap();
    desk.json(&["table", "load", "item", &file.display().to_string()]);
    let words = ["table/item", "--column"];
    let names = "table_key,table_version,statutory_wd,fee_codes,effective_from,table_other";
    let words = [&words[..], &[names]].concat();
    let taken = csv(&desk.export("a.csv", &words).1);
    let first = ["A1", "1", "20", r#"["F1","F2"]"#, "2025-01-01", r#"{"自有列":"x"}"#];
    assert_eq!(taken.1, [first, ["B2", "1", "", "", "", ""]]);
    assert_eq!(xlsx(&desk.export("a.xlsx", &words).1), taken);
    assert_eq!(parquet(&desk.export("a.parquet", &words).1), taken);
    assert_eq!(desk.column(&["table/item", "--key", "B2"], "name"), ["乙"]);
}

#[test]
fn data_of_our_own_sets_leaves_nothing_out() {
    let desk = desk_with_alerts();
    let line = desk.json(&["source", "list"]).remove(0);
    let own = |names: &str, found: &Value| {
        let found = found.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
        let names: Vec<_> = names.split(',').collect();
        let lost: Vec<_> = found.filter(|(name, _)| !names.contains(&name.as_str())).collect();
        assert!(lost.is_empty(), "{lost:?}");
    };
    for (set, rows) in [("sources", vec![line]), ("alerts", desk.json(&["alerts", "list"]))] {
        let columns = Set::find(set, None).unwrap().columns();
        let taken = csv(&desk.export(&format!("{set}.csv"), &[set]).1);
        for (row, wanted) in taken.1.iter().zip(&rows) {
            let filled = taken.0.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
            let filled: Vec<_> = filled.map(|(name, _)| name.as_str()).collect();
            own(&format!("{},last", filled.join(",")), wanted);
        }
        assert_eq!((taken.1.len(), taken.0.len()), (rows.len(), columns.len()));
    }
}

#[test]
fn data_that_is_taken_out_stands_in_the_ledger() {
    let desk = desk_with_alerts();
    let words = ["events", "--type", "approval.case.accepted", "--dept", "D-1", "--by", "王"];
    let (told, path) = desk.export("a.parquet", &words);
    let sha256 = sha256_hex(&fs::read(&path).unwrap());
    assert_eq!((&told["sha256"], &told["rows"]), (&json!(sha256), &json!(1)));
    let app = desk.app();
    let leaf = app.with_ledger(|ledger| ledger.leaf(ledger.size() - 1).unwrap());
    let act: Value = serde_json::from_slice(&leaf).unwrap();
    assert_eq!((&act["leaf"], &act["by"]), (&json!("data_export"), &json!("王")));
    assert_eq!(act["filter"], json!({ "dept": "D-1" }));
    for name in ["set", "event_type", "rows", "sha256", "file", "format", "columns", "personal"] {
        assert_eq!(act[name], told[name], "{name}");
    }
    drop(app);
    assert!(told["personal"].as_array().unwrap().contains(&json!("officer")), "{told}");
    let file = desk.path("b.csv").display().to_string();
    let words = ["data", "export", "events", "--type", "approval.case.accepted", "--out", &file];
    let (_, said, _) = desk.run(&words);
    assert!(said.contains("个人信息") && said.contains("actor, officer"), "{said}");
    let file = desk.path("c.csv").display().to_string();
    let words = ["data", "export", "events", "--column", "time,dept", "--out", &file];
    assert!(!desk.run(&words).1.contains("个人信息"));
}

#[test]
fn data_fields_of_persons_are_known_by_their_schemas() {
    let of = |kind: &str, name: &str| {
        let types = event_types();
        let one = types.iter().find(|one| one.name == kind).unwrap();
        one.fields.iter().find(|field| field.name == name).unwrap().personal
    };
    for (kind, name, wanted) in [
        ("approval.case.received", "applicant_ref", true),
        ("approval.case.fee_charged", "payee_acct", true),
        ("approval.case.decided", "signer", true),
        ("approval.case.decided", "reason_text", true),
        ("approval.case.decided", "doc_no", false),
        ("approval.case.fee_charged", "amount", false),
        ("complaint.filed", "person_h", true),
        ("levy.paid", "taxpayer", true),
    ] {
        assert_eq!(of(kind, name), wanted, "{kind}.{name}");
    }
}

#[test]
fn data_is_not_taken_out_on_bad_input() {
    let desk = desk_with_alerts();
    fs::write(desk.path("there.csv"), "mine").unwrap();
    let cases: &[(&[&str], &str, &str)] = &[
        (&["events"], "there.csv", "data-exists"),
        (&["events"], "x.txt", "data-format"),
        (&["events"], "x", "data-format"),
        (&["cards"], "x.csv", "data-set"),
        (&["table/nothing"], "x.csv", "no-such-table"),
        (&["table/item"], "x.csv", "no-table-version"),
        (&["events", "--type", "approval.case.acepted"], "x.csv", "data-type"),
        (&["alerts", "--type", "approval.case.accepted"], "x.csv", "data-filter"),
        (&["events", "--rule", "APPR-T01"], "x.csv", "data-filter"),
        (&["events", "--level", "red"], "x.csv", "data-filter"),
        (&["sources", "--key", "a"], "x.csv", "data-filter"),
        (&["gaps", "--from", "2026-01-01"], "x.csv", "data-filter"),
        (&["rules", "--dept", "D-1"], "x.csv", "data-filter"),
        (&["events", "--region", "37x"], "x.csv", "region"),
        (&["events", "--from", "2026-02-30"], "x.csv", "day"),
        (&["events", "--from", "2026-02-01T00"], "x.csv", "day"),
        (&["events", "--from", "2026-02-02", "--to", "2026-02-01"], "x.csv", "data-days"),
        (&["events", "--column", "id,nothing"], "x.csv", "data-column"),
        (&["events", "--column", "id,id"], "x.csv", "data-column"),
        (&["events", "--encoding", "gb18030"], "x.xlsx", "data-encoding"),
        (&["alerts", "--level", "green"], "x.csv", "usage"),
    ];
    let leaves = || desk.app().with_ledger(|ledger| ledger.size());
    let before = leaves();
    for (words, file, wanted) in cases {
        let file = desk.path(file).display().to_string();
        let words = [&["--json", "data", "export"], *words, &["--out", &file]].concat();
        let (code, _, err) = desk.run(&words);
        let error: Value = serde_json::from_str(err.trim()).unwrap();
        assert_eq!((code, &error["error"]), (2, &json!(wanted)), "{words:?}: {err}");
    }
    assert_eq!(leaves(), before, "what failed is no act");
    assert_eq!(fs::read_to_string(desk.path("there.csv")).unwrap(), "mine");
    let mut names: Vec<_> = fs::read_dir(desk.0.path()).unwrap().collect::<Result<_, _>>().unwrap();
    names.sort_by_key(fs::DirEntry::file_name);
    let names: Vec<_> = names.iter().map(fs::DirEntry::file_name).collect();
    assert_eq!(names, ["events.ndjson", "home", "there.csv"], "no half files are left");
}

#[test]
fn data_catalogue_says_what_there_is() {
    let desk = desk_with_alerts();
    let entries = desk.json(&["data", "catalogue"]);
    let of = |kind: &str| entries.iter().filter(|one| one["entry"] == kind).collect::<Vec<_>>();
    let types = of("type");
    assert_eq!(types.len(), event_types().len() + 1, "the vendor's type is there too");
    let accepted = types.iter().find(|one| one["name"] == "approval.case.accepted").unwrap();
    assert_eq!((&accepted["events"], &accepted["zh"]), (&json!(2), &json!("受理")));
    assert_eq!(accepted["first"], "2026-03-02T00:30:00+08:00");
    assert_eq!(accepted["last"], "2026-03-03T00:30:00+08:00");
    assert_eq!(accepted["sources"], json!(["/370203/hall"]));
    assert_eq!(accepted["fields"][0]["name"], "case_no");
    let vendor = types.iter().find(|one| one["name"] == "vendor.thing").unwrap();
    assert_eq!((&vendor["events"], &vendor["fields"]), (&json!(1), &Value::Null));
    assert!(of("table").iter().any(|one| one["name"] == "item" && one["version"].is_null()));
    let sets: Vec<_> = of("set").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(sets, Set::NAMES);
    for lang in ["zh", "en"] {
        let (code, said, _) = desk.run(&["--lang", lang, "data", "catalogue"]);
        assert!(code == 0 && said.contains("table/item") && !said.contains("data."), "{said}");
    }
    let columns = desk.json(&["data", "catalogue", "approval.case.fee_charged"]);
    let clash: Vec<_> = columns.iter().filter(|one| one["name"] == "data_serial").collect();
    assert_eq!(clash.len(), 1, "a field that the envelope has too");
    let amount = columns.iter().find(|one| one["name"] == "amount").unwrap();
    assert_eq!((&amount["kind"], &amount["unit"]), (&json!("fen"), &json!("fen")));
    assert_eq!(desk.json(&["data", "catalogue", "table/tariff"])[0]["name"], "table_key");
    assert_eq!(desk.run(&["data", "catalogue", "nothing"]).0, 2);
}

/// `UPDATE_EXPECT=1` writes the lists of columns anew.
#[test]
fn data_page_lists_the_columns_of_the_sets() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/data.md");
    let page = fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- columns -->\n", "<!-- /columns -->");
    let (head, rest) = page.split_once(begin).unwrap();
    let (_, tail) = rest.split_once(end).unwrap();
    let mut lists = String::new();
    for name in Set::NAMES {
        lists += &format!(
            "\n### `{name}`\n\n| 列 column | 类型 kind | 含义 | meaning |\n|---|---|---|---|\n"
        );
        for column in Set::find(name, None).unwrap().columns() {
            let mark = if column.personal { " †" } else { "" };
            let Column { name, kind, zh, en, .. } = column;
            lists += &format!("| `{name}`{mark} | {} | {zh} | {en} |\n", kind.as_str());
        }
    }
    let wanted = format!("{head}{begin}{lists}\n{end}{tail}");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        return fs::write(&path, wanted).unwrap();
    }
    assert_eq!(page, wanted);
}

/// Each figure is a cell of the report; `facts` are the events of plugins, one a row.
#[test]
fn data_measures_are_the_figures_of_the_report_and_facts_are_told() {
    let desk = desk_with_alerts();
    let days = ["--from", "2026-03-01", "--to", "2026-03-31"];
    let file = desk.path("m.csv").display().to_string();
    let words = [&["data", "export", "measures", "--out", &file], &days[..]].concat();
    let (code, _, err) = desk.run(&words);
    assert_eq!(code, 0, "{err}");
    let mut reader = csv::Reader::from_path(&file).unwrap();
    let heads: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let names: Vec<_> =
        Set::find("measures", None).unwrap().columns().into_iter().map(|it| it.name).collect();
    assert_eq!(heads, names);
    let at = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let figure = |statistic: &str, group: &str, measure: &str| {
        let wanted = [("statistic", statistic), ("group", group), ("measure", measure)];
        let is_it =
            |row: &&csv::StringRecord| wanted.iter().all(|(name, of)| &row[at(name)] == *of);
        rows.iter().find(is_it).map(|row| row[at("value")].to_owned())
    };
    let reported = desk.json(&["report", "statistics", "departments", "--period", "2026-03"]);
    let sheet = &reported[0];
    let column = |id: &str| {
        let columns = sheet["columns"].as_array().unwrap();
        columns.iter().position(|column| column["id"] == id).unwrap()
    };
    let total = sheet["rows"].as_array().unwrap().iter().find(|row| row["key"] == "total").unwrap();
    for measure in ["received", "accepted"] {
        let told = &total["cells"][column(measure)];
        let value = figure("departments", "total", measure).unwrap();
        assert_eq!(told.as_f64(), value.parse().ok(), "{measure}: {told} {value}");
    }
    assert!(rows.iter().all(|row| &row[at("month")] == "2026-03"));
    let refused =
        [&["--json", "data", "export", "measures", "--out", "x.csv"], &["--key", "C1"][..]];
    assert_eq!(desk.run(&refused.concat()).0, 2, "no key is known to a measure");
    let many = ["--from", "2000-01-01", "--to", "2026-03-31"];
    let many = [&["data", "export", "measures", "--out", "x.csv"], &many[..]].concat();
    assert_eq!(desk.run(&many).0, 2, "too many months");
    let at = Millis(1_772_000_000_000);
    let told = Event {
        id: "fact/1".to_owned(),
        source: "plumbline:approval".to_owned(),
        kind: "fact.approval.job".to_owned(),
        subject: "o-1".to_owned(),
        time: at,
        recorded: at,
        corrected: None,
        logged: at,
        region: "370203".to_owned(),
        dept: "D-001".to_owned(),
        serial: None,
        actor: None,
        dataversion: 1,
        data: r#"{"case_no":"C1"}"#.to_owned(),
    };
    desk.app().append(&[told]).unwrap();
    let file = desk.path("f.csv").display().to_string();
    let words = ["data", "export", "facts", "--key", "o-1", "--out", &file];
    let words = [&words[..], &["--column", "domain,fact,key,dept,data"]].concat();
    let (code, _, err) = desk.run(&words);
    assert_eq!(code, 0, "{err}");
    let text = fs::read_to_string(&file).unwrap();
    let wanted =
        "domain,fact,key,dept,data\napproval,job,o-1,D-001,\"{\"\"case_no\"\":\"\"C1\"\"}\"\n";
    assert_eq!(text.replace("\r\n", "\n"), wanted);
}
