//! OCDS: every form of it, what becomes of a process, and what is refused.

use crate::{all, brief, check_resume, open, text};
use plumbline_contract::event::{DATA_BYTES_MAX, Event};
use plumbline_contract::time::Zone;
use plumbline_ingest::{Batch, IngestError, Mapping, is_ocds};
use serde_json::{Value, json};
use std::io::Write;

const MAP: &str = "ocds.toml";

fn read(name: &str, bytes: &[u8]) -> Batch {
    all(open(name, bytes, Some(&text(MAP)), 100))
}

fn processes(batch: &Batch) -> Vec<&Event> {
    batch.events.iter().filter(|event| event.kind == "proc.process.compiled").collect()
}

fn payload(event: &Event) -> Value {
    serde_json::from_str(&event.data).unwrap()
}

/// `type id time` of the events of a process.
fn acts(batch: &Batch, ocid: &str) -> Vec<String> {
    let zone = Zone::shanghai();
    let events = batch.events.iter().filter(|event| event.subject == ocid);
    events
        .map(|e| {
            let part = e.id.strip_prefix(&format!("{ocid}/")).unwrap();
            format!("{} {part} {}", e.kind.trim_start_matches("proc."), &zone.rfc3339(e.time)[..10])
        })
        .collect()
}

#[test]
fn a_package_is_read_process_by_process() {
    let batch = read("a.json", text("ocds-package.json").as_bytes());
    let subjects: Vec<_> = processes(&batch).iter().map(|event| &*event.subject).collect();
    assert_eq!(subjects, ["ocds-1", "ocds-2", "ocds-4", "ocds-5"]);
    let wanted = ["2 not_an_object -", "5 missing_field ocid", "6 bad_timestamp date"];
    assert_eq!(brief(&batch.rejects), wanted);
    assert_eq!(
        acts(&batch, "ocds-1"),
        [
            "project.registered project 2025-12-01",
            "notice.published notice 2025-12-01",
            "bid.submitted bid/1 2025-12-20",
            "bid.submitted bid/2 2025-12-21",
            "opening.held opening 2025-12-22",
            "award.decided award/AW/S-1 2026-01-05",
            "contract.signed contract/C 2026-01-12",
            "process.compiled compiled 2026-01-20",
        ]
    );
}

#[test]
fn a_process_keeps_what_the_indicators_need() {
    let batch = read("a.json", text("ocds-package.json").as_bytes());
    let wanted = json!({
        "ocid": "ocds-1", "release_id": "r1", "released_at": "2026-01-20T10:00:00+08:00",
        "language": "zh", "buyer": "B-1", "procuring_entity": "A-1", "method": "open",
        "tender_status": "complete", "period_from": "2025-12-01T09:00:00+08:00",
        "period_to": "2025-12-22T09:30:00+08:00", "tenderers_count": 2, "tenderers": ["S-1", "22"],
        "awards": [{ "id": "AW", "status": "active", "at": "2026-01-05T15:00:00+08:00",
                     "price": 900_000.25, "currency": "CNY", "suppliers": ["S-1"],
                     "scheme": "CPV", "classes": ["45000000"] }],
        "bids": [
            { "id": "1", "status": "valid", "at": "2025-12-20T10:00:00+08:00", "price": 900_000.25,
              "currency": "CNY", "tenderers": ["S-1"] },
            { "id": "2", "status": "disqualified", "at": "2025-12-21T10:00:00+08:00",
              "price": 880_000, "currency": "CNY", "tenderers": ["22", ""] },
            { "id": "3", "status": "invited", "tenderers": ["S-3"] },
        ],
    });
    assert_eq!(payload(processes(&batch)[0]), wanted);
    let event = processes(&batch)[0];
    assert_eq!((&*event.source, &*event.region, &*event.dept), ("ggzy", "370203", "B-1"));
    // Seconds since 1970 of the release.
    assert_eq!(event.dataversion, 1_768_874_400);
    assert_eq!(event.recorded, event.time);
}

#[test]
fn events_for_the_rules_carry_what_is_known() {
    let batch = read("a.json", text("ocds-package.json").as_bytes());
    let find = |id: &str| payload(batch.events.iter().find(|event| event.id == id).unwrap());
    assert_eq!(
        find("ocds-1/project"),
        json!({ "ocid": "ocds-1", "kind": "works", "buyer": "B-1", "agency": "A-1",
                "method": "open", "estimate": 100_000_050, "budget": 120_000_000 })
    );
    assert_eq!(
        find("ocds-1/notice"),
        json!({ "ocid": "ocds-1", "notice_no": "T-1", "published_at": "2025-12-01T09:00:00+08:00",
                "deadline": "2025-12-22T09:30:00+08:00", "opening": "2025-12-22T09:30:00+08:00" })
    );
    assert_eq!(
        find("ocds-1/bid/1"),
        json!({ "ocid": "ocds-1", "lot": "L1", "bidder": "S-1", "price": 90_000_025,
                "at": "2025-12-20T10:00:00+08:00" })
    );
    assert_eq!(find("ocds-1/opening")["bidder_count"], 2);
    assert_eq!(find("ocds-1/award/AW/S-1")["amount"], 90_000_025);
    assert_eq!(find("ocds-1/contract/C")["supplier"], "S-1");
    let project = find("ocds-2/project");
    assert_eq!(project["method"], "invited", "the details went with the newer release");
    assert_eq!(find("ocds-2/end")["reason"], "cancelled");
    let two = batch.events.iter().find(|event| event.id == "ocds-2/project").unwrap();
    assert_eq!((&*two.region, &*two.dept), ("370202", "D-2"));
    assert_eq!(find("ocds-4/award/AW/S-2").get("amount"), None, "who gets what is not told");
}

#[test]
fn records_and_releases_come_as_lines_too() {
    let batch = read("a.jsonl", text("ocds.jsonl").as_bytes());
    let subjects: Vec<_> = processes(&batch).iter().map(|event| &*event.subject).collect();
    let wanted = ["ocds-1", "ocds-2", "ocds-3", "ocds-6", "ocds-7", "ocds-8", "ocds-9"];
    assert_eq!(subjects, wanted);
    let wanted = [
        "5 missing_field compiledRelease",
        "6 not_json -",
        "7 not_an_object -",
        "9 not_an_object -",
    ];
    assert_eq!(brief(&batch.rejects), wanted);
    let three = payload(processes(&batch)[2]);
    assert_eq!(three["buyer"], "B", "an older release still counts");
    assert_eq!(three["awards"], json!([{ "id": "A", "status": "active", "suppliers": ["S"] }]));
    for n in [4, 6] {
        assert_eq!(payload(processes(&batch)[n])["buyer"], "B", "releases are merged");
    }
}

#[test]
fn reading_in_pieces_is_reading_at_once() {
    let map = text(MAP);
    for (name, file) in [("a.json", "ocds-package.json"), ("a.jsonl", "ocds.jsonl")] {
        check_resume(name, text(file).as_bytes(), Some(&map));
    }
    let array = format!("[{},{}]", text("ocds-package.json").replace("\n{", "\n,{"), 5);
    check_resume("a.json", array.as_bytes(), Some(&map));
    let cut = text("ocds-package.json");
    check_resume("a.json", &cut.as_bytes()[..cut.find("\"license\"").unwrap() - 8], Some(&map));
}

/// A package is not held in memory, whatever its length, and one line is found at its place.
#[test]
fn a_long_package_is_a_stream() {
    let process = |n: usize| {
        let note = "x".repeat(2_000);
        format!("{{\"note\":\"{note}\",\"ocid\":\"o-{n}\",\"date\":\"2026-01-01T00:00:00Z\"}}")
    };
    let list: Vec<_> = (0..10_000).map(process).collect();
    let package =
        format!("{{\"uri\":\"x\",\"releases\":[{}],\"version\":\"1.1\"}}", list.join(","));
    assert!(package.len() > 16 * 1024 * 1024);
    let batch = read("a.json", package.as_bytes());
    assert_eq!((processes(&batch).len(), batch.rejects.len()), (10_000, 0));
    let cut = read("a.json", &package.as_bytes()[..package.len() - 18]);
    assert_eq!(cut.events.len(), batch.events.len());
    assert_eq!(brief(&cut.rejects), ["10000 not_json -"]);
}

#[test]
fn a_process_beyond_all_measure_is_refused_alone() {
    let note = "x".repeat(17 * 1024 * 1024);
    let long =
        format!("{{\"ocid\":\"long\",\"date\":\"2026-01-01T00:00:00Z\",\"note\":\"{note}\"}}");
    let short = "{\"ocid\":\"short\",\"date\":\"2026-01-01T00:00:00Z\"}";
    for name in ["a.json", "a.jsonl"] {
        let batch = read(name, format!("{long}\n{short}").as_bytes());
        let subjects: Vec<_> = processes(&batch).iter().map(|event| &*event.subject).collect();
        assert_eq!(subjects, ["short"], "{name}");
        assert_eq!(brief(&batch.rejects), ["1 line_too_long -"], "{name}");
    }
}

#[test]
fn bids_that_do_not_fit_are_counted() {
    let bid = |n: usize| json!({ "id": format!("bid-{n}"), "status": "valid", "tenderers": [{ "id": n }] });
    let bids: Vec<_> = (0..3_000).map(bid).collect();
    let process =
        json!({ "ocid": "o", "date": "2026-01-01T00:00:00Z", "bids": { "details": bids } });
    let batch = read("a.json", process.to_string().as_bytes());
    let event = processes(&batch)[0];
    assert!(event.data.len() <= DATA_BYTES_MAX && event.data.len() > DATA_BYTES_MAX - 200);
    let payload = payload(event);
    let kept = payload["bids"].as_array().unwrap().len();
    assert_eq!(payload["bids_left_out"], json!(3_000 - kept));
}

#[test]
fn ids_stay_the_same_and_a_newer_release_is_a_newer_version() {
    let release = |date: &str, status: &str| {
        json!({ "ocid": "o", "date": date, "tender": { "status": status } }).to_string()
    };
    let older = read("a.json", release("2026-01-01T00:00:00Z", "active").as_bytes());
    let again = read("b.json", release("2026-01-01T00:00:00Z", "active").as_bytes());
    assert_eq!(older, again);
    let newer = read("a.json", release("2026-01-01T00:00:01Z", "complete").as_bytes());
    let (older, newer) = (processes(&older)[0], processes(&newer)[0]);
    assert_eq!(older.identity(), newer.identity());
    assert_eq!(older.dataversion + 1, newer.dataversion);
}

#[test]
fn ids_that_repeat_or_are_long_stay_apart() {
    let bid = |id: &str| json!({ "id": id, "date": "2026-01-01T00:00:00Z", "tenderers": [{ "id": "S" }] });
    let long = "x".repeat(300);
    let process = json!({ "ocid": "o", "date": "2026-01-02T00:00:00Z",
                          "bids": { "details": [bid("a"), bid("a"), bid(&long)] } });
    let batch = read("a.json", process.to_string().as_bytes());
    let bids: Vec<_> =
        batch.events.iter().filter(|e| e.kind.contains("bid")).map(|e| e.id.clone()).collect();
    assert_eq!(bids[..2], ["o/bid/a", "o/bid/a#2"]);
    assert!(bids[2].len() == 2 + 16, "{}", bids[2]);
}

#[test]
fn contracts_that_were_all_cancelled_cancel_their_award() {
    let map = text(MAP)
        .replace("[ocds]\n", "[ocds]\naward_status_by_contract_status = true\nevents = false\n");
    let contract = |award: &str, status: &str| json!({ "awardID": award, "status": status });
    let process = json!({
        "ocid": "o", "date": "2026-01-01T00:00:00Z",
        "awards": [{ "id": "A", "status": "active" }, { "id": "B", "status": "active" }],
        "contracts": [contract("A", "cancelled"), contract("B", "cancelled"), contract("B", "active")],
    });
    let batch = all(open("a.json", process.to_string().as_bytes(), Some(&map), 9));
    assert_eq!(batch.events.len(), 1, "no events for the rules were asked for");
    let awards = payload(&batch.events[0])["awards"].clone();
    assert_eq!(
        (&awards[0]["status"], &awards[1]["status"]),
        (&json!("cancelled"), &json!("active"))
    );
}

#[test]
fn a_wrong_mapping_names_its_key() {
    let rows = [
        ("region = \"370203\"", "region = \"37\"", "ocds.region"),
        ("region = \"370203\"\n", "", "ocds.region"),
        ("currency", "curency", "ocds.curency"),
        ("\"370202\"", "\"x\"", "ocds.regions.B-2"),
        ("dept = \"D-0\"", "recorded = \"yesterday\"", "ocds.recorded"),
        ("[ocds]", "id = \"x\"\n[ocds]", "id"),
    ];
    for (from, to, key) in rows {
        let toml = text(MAP).replace(from, to);
        let Err(IngestError::Mapping { key: got, .. }) = Mapping::parse(&toml) else {
            panic!("{to} passes");
        };
        assert_eq!(got, key);
    }
    assert!(Mapping::ocds("37", &Zone::shanghai()).is_err());
    assert!(Mapping::ocds("370203", &Zone::shanghai()).is_ok());
}

#[test]
fn ocds_is_known_by_its_first_fields() {
    let rows = [
        (text("ocds-package.json"), true),
        (text("ocds.jsonl"), true),
        ("[{\"id\":\"x\",\"tag\":[\"compiled\"]}]".to_owned(), true),
        ("{\"records\":[]}".to_owned(), true),
        ("{\"releases\":{}}".to_owned(), false),
        ("{\"note\":{\"ocid\":\"x\"}}".to_owned(), false),
        (text("good.ndjson"), false),
        (text("batch.json"), false),
        (text("rows.csv"), false),
        ("a,b\n{\"ocid\":1},2\n".to_owned(), false),
        ("\u{feff} [ {\"ocid\":\"x\"}]".to_owned(), true),
        (String::new(), false),
        ("{\"ocid".to_owned(), false),
    ];
    for (content, want) in rows {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        assert_eq!(is_ocds(file.path()).unwrap(), want, "{:.60}", content);
    }
}

/// A window that is asked for more than it holds asks the file, whatever pieces that comes in.
#[test]
fn a_position_beyond_the_end_is_an_error() {
    let source = open("a.json", text("ocds-package.json").as_bytes(), Some(&text(MAP)), 1);
    let position = plumbline_ingest::Position { byte: 1 << 20, record: 9 };
    assert!(matches!(source.resume(position), Err(IngestError::PositionBeyondEnd { .. })));
}
