//! The bytes of the contract. Each file in `data/golden` is what an earlier build wrote: ledgers,
//! logs and packages hold these bytes, so a change here breaks what is stored, and is seen.
//!
//! `UPDATE_EXPECT=1 cargo test -p plumbline-contract --test golden` writes them anew.
#![allow(clippy::unwrap_used)]

use expect_test::{ExpectFile, expect_file};
use plumbline_contract::alert::{AlertAct, AlertLeaf, Level, alert_id};
use plumbline_contract::event::{Event, TableLoaded, Tick, fingerprint};
use plumbline_contract::id::{DeploymentId, EventSeq, LeafIndex, PackageHash, TableVersion};
use plumbline_contract::manifest::{KeyTemplate, Manifest};
use plumbline_contract::task::{Fault, Outcome};
use plumbline_contract::time::{Day, Local, Millis};
use plumbline_contract::{CONTRACT_VERSION, WIT};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::{Debug, Write};

/// Shows every value as one line of JSON, and holds that the line gives the value again.
fn check_json<T>(golden: ExpectFile, values: &[T])
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let mut lines = String::new();
    for value in values {
        let line = serde_json::to_string(value).unwrap();
        assert_eq!(&serde_json::from_str::<T>(&line).unwrap(), value, "{line}");
        writeln!(lines, "{line}").unwrap();
    }
    golden.assert_eq(&lines);
}

fn leaf() -> AlertLeaf {
    let deployment = DeploymentId(7);
    let (rule, key, episode) = ("T02", "520123-2026-000417", "2026-03-13");
    AlertLeaf {
        leaf: "alert".into(),
        act: AlertAct::Raised,
        id: alert_id(deployment, rule, key, episode),
        rule: rule.into(),
        key: key.into(),
        stream: "case".into(),
        stream_key: key.into(),
        episode: episode.into(),
        level: Level::Yellow,
        due: Some("2026-03-13".into()),
        at: "2026-03-14T00:00:00+08:00".into(),
        issued_at: "2026-03-14T00:10:00+08:00".into(),
        late: false,
        region: "520123".into(),
        dept: "11520123009999999X".into(),
        plugin: "approval".into(),
        plugin_version: "1.2.0".into(),
        package: PackageHash([0xab; 32]),
        deployment,
        params: "00".repeat(32),
        tables: BTreeMap::from([("item".into(), 3), ("calendar".into(), 12)]),
        law: vec!["xkf-42".into()],
        evidence: vec![17, 4, 1_000_000_007],
        values: serde_json::json!({ "promised": 20, "case_no": key, "name": "建筑\"许可\"\n" }),
        reason: None,
    }
}

#[test]
fn alert_leaves() {
    let bare = AlertLeaf {
        act: AlertAct::Withdrawn,
        level: Level::Red,
        due: None,
        late: true,
        tables: BTreeMap::new(),
        law: vec![],
        evidence: vec![],
        values: serde_json::json!({}),
        reason: Some("data_corrected".into()),
        ..leaf()
    };
    let escalated = AlertLeaf { act: AlertAct::Escalated, level: Level::Red, ..leaf() };
    let lowered = AlertLeaf { act: AlertAct::Lowered, level: Level::Notice, ..leaf() };
    check_json(expect_file!["./data/golden/alert.jsonl"], &[leaf(), escalated, lowered, bare]);
}

#[test]
fn the_order_of_values_does_not_change_a_leaf() {
    let shuffled: AlertLeaf = AlertLeaf {
        values: serde_json::from_str(
            r#"{"name":"建筑\"许可\"\n","case_no":"520123-2026-000417","promised":20}"#,
        )
        .unwrap(),
        ..leaf()
    };
    let text = |leaf: &AlertLeaf| serde_json::to_string(leaf).unwrap();
    assert_eq!(text(&shuffled), text(&leaf()));
}

#[test]
fn events() {
    let event = Event {
        id: "A-1".into(),
        source: "approval-system".into(),
        kind: "approval.case.accepted".into(),
        subject: "520123-2026-000417".into(),
        time: Millis(1_770_685_800_000),
        recorded: Millis(1_770_685_860_000),
        corrected: None,
        logged: Millis(1_770_685_900_123),
        region: "520123".into(),
        dept: "11520123009999999X".into(),
        serial: Some(417),
        actor: Some("张三".into()),
        dataversion: 1,
        data: r#"{"case_no":"520123-2026-000417","promised":20}"#.into(),
    };
    let bare = Event {
        subject: String::new(),
        time: Millis(-1),
        corrected: Some(Millis(i64::MAX)),
        serial: None,
        actor: None,
        dataversion: u32::MAX,
        data: "{}".into(),
        ..event.clone()
    };
    assert_eq!(event.identity(), bare.identity());
    check_json(expect_file!["./data/golden/event.jsonl"], &[event, bare]);
}

#[test]
fn notes_of_the_host() {
    let tick = |time, import| Tick { time: Millis(time), import };
    check_json(
        expect_file!["./data/golden/tick.jsonl"],
        &[tick(1_770_685_800_000, false), tick(-1, true)],
    );
    let table = TableLoaded {
        table: "calendar".into(),
        version: 12,
        sha256: "5e".repeat(32),
        rows: 282,
        file: None,
        file_sha256: None,
        by: None,
        leaf: None,
    };
    let of_a_file = TableLoaded {
        file: Some("日历.xlsx".into()),
        file_sha256: Some("0f".repeat(32)),
        by: Some("admin".into()),
        leaf: Some(7),
        ..table.clone()
    };
    check_json(expect_file!["./data/golden/table.jsonl"], &[table, of_a_file]);
}

#[test]
fn ids() {
    let mut lines = String::new();
    for (name, json) in [
        ("event seq", serde_json::to_string(&EventSeq(u64::MAX)).unwrap()),
        ("leaf index", serde_json::to_string(&LeafIndex(9)).unwrap()),
        ("deployment", serde_json::to_string(&DeploymentId(7)).unwrap()),
        ("table version", serde_json::to_string(&TableVersion(12)).unwrap()),
        ("package", serde_json::to_string(&PackageHash([0x0f; 32])).unwrap()),
        ("local", serde_json::to_string(&Local(-1)).unwrap()),
        ("day", serde_json::to_string(&Day(20_494)).unwrap()),
    ] {
        writeln!(lines, "{name}: {json}").unwrap();
    }
    expect_file!["./data/golden/ids.txt"].assert_eq(&lines);
    let hash = PackageHash([0x0f; 32]);
    let upper = hash.to_string().to_uppercase();
    assert_eq!(PackageHash::from_hex(&upper), Some(hash));
    for wrong in ["", "0f", &"0f".repeat(33), &"g".repeat(64), &"年".repeat(21)] {
        assert_eq!(PackageHash::from_hex(wrong), None, "{wrong}");
    }
}

#[test]
fn alert_ids_and_fingerprints() {
    let mut lines = String::new();
    for (deployment, rule, key, episode) in [
        (0, "", "", ""),
        (7, "T02", "520123-2026-000417", "2026-03-13"),
        (8, "T02", "520123-2026-000417", "2026-03-13"),
        (7, "T02", "520123-2026-000417", ""),
        (7, "T0", "2520123-2026-000417", "2026-03-13"),
        (u16::MAX, "超期", "贵州省", "一"),
    ] {
        let id = alert_id(DeploymentId(deployment), rule, key, episode);
        writeln!(lines, "alert {id} {deployment} `{rule}` `{key}` `{episode}`").unwrap();
    }
    for parts in [&[][..], &[""], &["", ""], &["a"], &["ab", "c"], &["a", "bc"], &["准绳"]] {
        let bytes: Vec<_> = parts.iter().map(|part| part.as_bytes()).collect();
        writeln!(lines, "fingerprint {:016x} {parts:?}", fingerprint(&bytes)).unwrap();
    }
    expect_file!["./data/golden/fingerprints.txt"].assert_eq(&lines);
}

#[test]
fn a_manifest_survives_the_round_trip() {
    let manifest = Manifest::from_toml(include_str!("data/manifest/whole.toml")).unwrap();
    let text = toml::to_string(&manifest).unwrap();
    assert_eq!(Manifest::from_toml(&text).unwrap(), manifest);
    expect_file!["./data/golden/manifest.toml"].assert_eq(&text);
}

#[test]
fn wrong_keys_are_named() {
    let mut lines = String::new();
    for parts in [
        &[][..],
        &[""],
        &["case_no"],
        &["data"],
        &["data."],
        &["data.[]"],
        &["data.a.b"],
        &["data.a[0]"],
        &["data.a[][]"],
        &["data.a/b"],
        &["Dept"],
        &["dept", "hour"],
        &["data.a[]", "data.b[]"],
    ] {
        let texts: Vec<String> = parts.iter().map(|part| (*part).into()).collect();
        let error = KeyTemplate::try_from(texts).unwrap_err();
        writeln!(lines, "{parts:?}: {error}").unwrap();
    }
    expect_file!["./data/golden/key_errors.txt"].assert_eq(&lines);
}

#[test]
fn words_of_the_contract() {
    let mut lines = String::new();
    // The whole text is too long to repeat here; the hash shows that it was touched.
    writeln!(lines, "contract {CONTRACT_VERSION}").unwrap();
    writeln!(lines, "wit {:016x}", fingerprint(&[WIT.as_bytes()])).unwrap();
    for level in Level::ALL {
        let json = serde_json::to_string(&level).unwrap();
        assert_eq!(json.trim_matches('"'), level.as_str());
        writeln!(lines, "level {json}").unwrap();
    }
    for outcome in [Outcome::Fires, Outcome::Quiet, Outcome::Unknown, Outcome::Exempt] {
        writeln!(lines, "outcome {}", outcome.as_str()).unwrap();
    }
    for fault in [
        Fault::Trap("unreachable".into()),
        Fault::FuelSpent { fuel: 1000 },
        Fault::MemoryFull { bytes_max: 65536 },
        Fault::Refused("table `officer`".into()),
        Fault::BadOutput("no verdict".into()),
    ] {
        writeln!(lines, "fault {}: {fault}", fault.code()).unwrap();
    }
    expect_file!["./data/golden/words.txt"].assert_eq(&lines);
}
