//! OCDS on the command line: an import, what repeats and what is newer, and the red flags as text,
//! as JSON and as files. Everything runs in process on a home in a temporary folder.
#![allow(clippy::unwrap_used)]

use plumbline::cli::{Terminal, run};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

struct Desk(TempDir);

impl Desk {
    fn new(region: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let region: &[&str] = if region.is_empty() { &[] } else { &["--region", region] };
        assert_eq!(desk.run(&[&["init", "--no-plugins"], region].concat()).0, 0);
        desk
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Exit code, results, and errors.
    fn run(&self, words: &[&str]) -> (u8, String, String) {
        let home = self.0.path().join("home").display().to_string();
        let all = [&["plumbline", "--home", home.as_str()], words].concat();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(all, &mut out, &mut err, Terminal::default());
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    fn json(&self, words: &[&str]) -> Value {
        let (_, out, err) = self.run(&[words, &["--json"]].concat());
        serde_json::from_str(out.trim()).unwrap_or_else(|_| panic!("{out} {err}"))
    }
}

/// A process won by `W` at 100, in which `L` asked `second` and `D` was disqualified.
fn process(ocid: &str, date: &str, second: f64) -> Value {
    let bid = |id: &str, status: &str, amount: f64| {
        json!({ "id": id, "status": status, "date": "2026-01-10T00:00:00Z",
                "tenderers": [{ "id": id }], "value": { "amount": amount, "currency": "CNY" } })
    };
    json!({
        "ocid": ocid, "date": date, "tag": ["compiled"], "buyer": { "id": "B" },
        "tender": { "procurementMethod": "open", "numberOfTenderers": 3, "tenderPeriod": {
            "startDate": "2026-01-01T00:00:00Z", "endDate": "2026-01-11T00:00:00Z" } },
        "bids": { "details": [bid("W", "valid", 100.0), bid("L", "valid", second),
                              bid("D", "disqualified", 90.0)] },
        "awards": [{ "id": "A", "status": "active", "date": "2026-01-12T00:00:00Z",
                     "suppliers": [{ "id": "W" }] }],
    })
}

fn lines(processes: &[Value]) -> String {
    processes.iter().map(|process| format!("{process}\n")).collect()
}

#[test]
fn ocds_import_drops_repeats_and_keeps_the_newest() {
    let desk = Desk::new("370203");
    let first = desk.file("a.jsonl", &lines(&[process("P", "2026-02-01T00:00:00Z", 150.0)]));
    // Process, project, notice, three bids, award.
    assert_eq!(desk.json(&["import", &first])["new"], 7);
    let again = desk.file("b.json", &process("P", "2026-02-01T00:00:00Z", 150.0).to_string());
    let report = desk.json(&["import", "--ocds", &again]);
    assert_eq!((&report["new"], &report["repeated"]), (&json!(0), &json!(7)));
    let settings = desk.file("s.toml", "[R024]\nthreshold = 0.1\n");
    let flags = ["ocds", "flags", "--settings", &settings];
    assert_eq!(desk.json(&flags)["OCID"]["P"], json!({ "R003": 1.0, "R036": 1.0, "R058": 0.5 }));
    let newer = process("P", "2026-02-02T00:00:00Z", 105.0);
    let newer = desk.file("c.json", &json!({ "uri": "x", "releases": [newer] }).to_string());
    let report = desk.json(&["import", &newer]);
    assert_eq!((&report["new"], &report["superseding"]), (&json!(0), &json!(7)));
    let found = desk.json(&flags);
    let wanted = json!({ "R003": 1.0, "R024": 0.05, "R036": 1.0, "R058": 0.05 });
    assert_eq!(found["OCID"]["P"], wanted);
    assert_eq!(found["Distributions"]["R003"]["OCID"], json!({ "units": 1, "flagged": 1 }));
}

#[test]
fn ocds_flags_as_text_and_files() {
    let desk = Desk::new("370203");
    let mut all: Vec<_> =
        (0..24).map(|n| process(&format!("p{n:02}"), "2026-02-01T00:00:00Z", 150.0)).collect();
    all.push(process("=near", "2026-02-01T00:00:00Z", 100.0));
    let file = desk.file("a.jsonl", &lines(&all));
    assert_eq!(desk.run(&["import", &file]).0, 0);
    let path = |name: &str| desk.0.path().join(name).display().to_string();
    let (csv, xlsx) = (path("f.csv"), path("f.xlsx"));
    let words = ["ocds", "flags", "--csv", &csv, "--xlsx", &xlsx];
    let (code, out, err) = desk.run(&words);
    assert_eq!((code, err.as_str()), (0, ""));
    for part in [
        "采购过程 25 个，比价币种 CNY",
        "R028  报价相同",
        "采购过程：看过 25，示警 1\n      =near  1",
        "另有 15 个",
        "注意：R003 在 25 个采购过程中示警 25 个",
        "R024（采购过程，25 个）的上下四分位同为 0.5",
        "线索",
    ] {
        assert!(out.contains(part), "{part} is missing in {out}");
    }
    let english = desk.run(&["--lang", "en", "ocds", "flags"]).1;
    assert!(english.contains("R003 flags 25 of 25 (process)"), "{english}");
    let (code, _, err) = desk.run(&words);
    assert_eq!(code, 2, "nothing is written over unasked");
    assert!(err.contains("--force"), "{err}");
    assert_eq!(desk.run(&[&words[..], &["--force"]].concat()).0, 0);
    let csv = fs::read_to_string(csv).unwrap();
    assert!(csv.starts_with("group,unit,indicator,name,value,figures\nOCID,'=near,R003,"), "{csv}");
    assert!(csv.contains("\nTenderer,L,R028,报价相同,1,所涉过程 =near\n"), "{csv}");
    assert!(fs::read(xlsx).unwrap().starts_with(b"PK"));
}

#[test]
fn ocds_flags_of_one_source() {
    let desk = Desk::new("370203");
    let map = |source: &str| {
        let toml = format!(
            "format = \"ocds\"\nsource = \"{source}\"\nzone = \"UTC\"\n[ocds]\nregion = \"370203\"\nevents = false\n"
        );
        desk.file(&format!("{source}.toml"), &toml)
    };
    for (source, ocid) in [("one", "P"), ("two", "Q")] {
        let file = desk.file(ocid, &process(ocid, "2026-02-01T00:00:00Z", 150.0).to_string());
        let report = desk.json(&["import", &file, "--map", &map(source)]);
        assert_eq!(report["new"], 1);
    }
    let found = desk.json(&["ocds", "flags", "--source", "two"]);
    let ocids: Vec<_> = found["OCID"].as_object().unwrap().keys().collect();
    assert_eq!(ocids, ["Q"]);
}

#[test]
fn ocds_mistakes_are_named() {
    let desk = Desk::new("");
    let file = desk.file("a.json", &process("P", "2026-02-01T00:00:00Z", 150.0).to_string());
    let (code, _, err) = desk.run(&["import", &file]);
    assert_eq!(code, 2);
    assert!(err.contains("--map"), "{err}");
    let map = desk.file("m.toml", "format = \"csv\"\nsource = \"x\"\nzone = \"UTC\"\nid = \"{column.a}\"\ntime = \"column.a\"\nrecorded = \"column.a\"\nregion = { const = \"370203\" }\ndept = { const = \"D\" }\n[[event]]\ntype = \"a.b\"\ndata = {}\n");
    let (code, _, err) = desk.run(&["import", "--ocds", &file, "--map", &map]);
    assert_eq!(code, 2);
    assert!(err.contains("OCDS"), "{err}");
    let settings = desk.file("s.toml", "[R099]\n");
    let (code, _, err) = desk.run(&["ocds", "flags", "--settings", &settings]);
    assert_eq!(code, 2);
    assert!(err.contains("R099"), "{err}");
}

#[test]
fn ocds_flags_go_on_record_and_are_found_by_process() {
    let desk = Desk::new("370203");
    let nothing = desk.run(&["ocds", "reports"]);
    assert_eq!((nothing.0, nothing.1.as_str()), (0, ""));
    let rows =
        [process("P", "2026-02-01T00:00:00Z", 105.0), process("Q", "2026-02-01T00:00:00Z", 190.0)];
    let file = desk.file("a.jsonl", &lines(&rows));
    assert_eq!(desk.run(&["import", &file]).0, 0);
    let settings = desk.file("s.toml", "[R024]\nthreshold = 0.1\n");
    let asked = ["ocds", "flags", "--settings", &settings];
    let (code, _, err) = desk.run(&[&asked[..], &["--record"]].concat());
    assert_eq!(code, 2, "somebody answers for it");
    assert!(err.contains("--by"), "{err}");
    let (code, _, err) = desk.run(&[&asked[..], &["--record", "--by", "王五"]].concat());
    assert_eq!(code, 0, "{err}");
    let report = desk.json(&["ocds", "reports"]);
    assert_eq!(
        (&report["by"], &report["processes"], &report["flagged"]),
        (&json!("王五"), &json!(2), &json!(2))
    );
    // The kept file is the report that the leaf names, and says what the command said.
    let hash = report["sha256"].as_str().unwrap();
    let kept = fs::read(desk.0.path().join("home/reports").join(format!("{hash}.json"))).unwrap();
    assert_eq!(plumbline_ledger::sha256_hex(&kept), hash);
    assert_eq!(serde_json::from_slice::<Value>(&kept).unwrap(), desk.json(&asked));
    let leaf = desk.json(&["ledger", "show", &report["leaf"].to_string()]);
    assert_eq!(leaf["leaf"]["flagged_processes"]["P"], json!(["R003", "R024", "R036"]), "{leaf}");
    // Newer data say otherwise; what was on record stays.
    let newer = process("P", "2026-03-01T00:00:00Z", 150.0);
    let file = desk.file("b.jsonl", &lines(&[newer]));
    assert_eq!(desk.run(&["import", &file]).0, 0);
    let of_p = desk.json(&[&asked[..], &["--process", "P"]].concat());
    let codes: Vec<_> = of_p["flags"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|flag| flag["group"] == "OCID")
        .map(|flag| flag["indicator"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["R003", "R036"]);
    assert_eq!(of_p["recorded"][0]["indicators"], json!(["R003", "R024", "R036"]));
    let lowest =
        of_p["flags"].as_array().unwrap().iter().find(|flag| flag["indicator"] == "R036").unwrap();
    assert_eq!(lowest["figures"], json!({ "lowest_disqualified": 90.0, "lowest_valid": 100.0 }));
    let (code, out, _) = desk.run(&[&asked[..], &["--process", "P"]].concat());
    assert_eq!(code, 0);
    for part in [
        "R036 最低价被否决：采购过程 P，值 1（被否决的最低价 90；最低有效价 100）",
        "王五  R003, R024, R036",
        "线索",
    ] {
        assert!(out.contains(part), "{part} is missing in {out}");
    }
    let (code, _, err) = desk.run(&["ocds", "flags", "--process", "NONE"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("NONE"), "{err}");
}
