//! The diagnosis helps, and tells nothing of anybody: whatever was planted in a home is not in it.

use plumbline::backing::Backing;
use plumbline::backup::{Backup, backup};
use plumbline::doctor::{Ages, examine};
use plumbline::home::Config;
use plumbline::{App, Home, deploy, diagnosis};
use plumbline_contract::table::TableRow;
use plumbline_contract::time::{MS_PER_DAY, Millis};
use plumbline_store::{Commit, Cursor, GapRow, KeyId, KeyState};
use plumbline_tests::{TestHome, case, plugins};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

const NOW: Millis = Millis(1_773_000_000_000);

/// Everything that may not be in the diagnosis; each is planted below in another place.
const PLANTED: [&str; 14] = [
    "C00007",
    "PLANTED-payload-张三",
    "o-PLANTED-actor",
    "D-PLANTED-dept",
    "urn:PLANTED-source",
    "planted-event-id",
    "PLANTED-parameter",
    "PLANTED-table-row",
    "PLANTED-plugin-message",
    "PLANTED-answer",
    "PLANTED-organ",
    "PLANTED-state",
    "planted-user",
    "PLANTED-key",
];

fn planted_event() -> String {
    json!({
        "specversion": "1.0", "id": "planted-event-id", "source": "urn:PLANTED-source",
        "type": "approval.case.received", "time": "2026-03-02T09:00:00+08:00",
        "recordedtime": "2026-03-02T09:00:00+08:00", "region": "370203",
        "dept": "D-PLANTED-dept", "actor": "o-PLANTED-actor",
        "data": { "case_no": "C00007", "serial": 7, "item_code": "PLANTED-payload-张三",
            "applicant_ref": "PLANTED-payload-张三", "applicant_kind": "person",
            "channel": "window" },
    })
    .to_string()
}

fn gap(key: &str, code: &str, fault: &str) -> GapRow {
    let id = KeyId { stream: "case".to_owned(), key: key.to_owned() };
    let (code, fault) = (code.to_owned(), fault.to_owned());
    GapRow { from: Default::default(), to: Default::default(), id, code, fault }
}

/// Everything in a diagnosis, names of files included.
fn text(file: &Path) -> String {
    let bytes = zstd::decode_all(fs::File::open(file).unwrap()).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn nothing_that_was_planted_is_in_it() {
    let Some(packages) = plugins() else { return };
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        origin: "test.invalid/county".to_owned(),
        region: "370203".to_owned(),
        zone: "Asia/Shanghai".to_owned(),
        listen: "127.0.0.1:0".to_owned(),
        disk_reserve_mib: plumbline::disk::RESERVE_MIB,
        health: plumbline::watch::HealthConfig::default(),
    };
    let home = Home::new(dir.path().join("planted-user/home"));
    let app = App::create(home, &config).unwrap();
    let home = TestHome { dir, app };
    home.load_calendar("2026-01-01T09:00:00", &[]);
    home.enable(&packages, "approval.wasm", &Map::new());
    let row = TableRow {
        key: "PLANTED-table-row".to_owned(),
        from: None,
        to: None,
        json: r#"{"name":"PLANTED-table-row"}"#.to_owned(),
    };
    home.app.load_table("sanction_list", vec![row]).unwrap();
    let mut lines = vec![planted_event()];
    lines.extend(case(7, "2026-03-02T09:00:00", ""));
    lines.extend(case(8, "2026-03-02T09:00:00", "2026-05-02T09:00:00"));
    home.import("a.ndjson", &lines);
    plant(&home.app);
    let token = home.app.home().token().unwrap();
    let personal = home.app.home().personal_key().unwrap();
    let secret = home.app.home().ledger_key().unwrap().to_text();
    fs::write(home.app.home().dir().join("keys/PLANTED-key"), "PLANTED-key").unwrap();
    // One finding that names a path, and one that quotes a fault.
    let file = home.dir.path().join("d.tar.zst");
    let codes: Vec<_> =
        examine(&home.app, NOW).unwrap().iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&"gaps"), "{codes:?}");

    let count = diagnosis::write(&home.app, &file, NOW).unwrap();
    let text = text(&file);
    for planted in PLANTED.iter().copied().chain([&*token, &*personal, secret.trim()]) {
        assert!(!text.contains(planted), "{planted} is in the diagnosis");
    }
    assert_eq!(text.matches("plumbline-diagnosis/").count(), count);
    // What helps is in it.
    for wanted in [
        "\"finding\": \"gaps\"",
        "the plugin trapped: wasm `unreachable` instruction executed in rule < look\"",
        "\"code\": \"bad_output\"",
        "APPR-T03",
        "\"plugin\": \"approval\"",
        "\"problems\": 0",
        "\"states\": ",
        "test.invalid/county",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing:\n{text}");
    }
    // The tools of any Linux read it.
    if let Ok(listed) = Command::new("tar").arg("--zstd").arg("-tf").arg(&file).output()
        && listed.status.success()
    {
        assert_eq!(String::from_utf8_lossy(&listed.stdout).lines().count(), count);
    }
    let again = diagnosis::write(&home.app, &file, NOW).unwrap_err();
    assert_eq!(again.message, "backup-exists");
}

/// Gaps and a state whose texts a plugin wrote.
fn plant(app: &App) {
    let deployment = app.deployments()[0].id;
    let from: Cursor = app.store().cursor(deployment).unwrap();
    let message = "the plugin trapped: wasm `unreachable` instruction executed in rule < look; \
                   its last message: \
                   PLANTED-plugin-message C00007";
    let answer = "the plugin's answer breaks the contract: PLANTED-answer";
    let quote = "the plugin trapped: no usable calendar: organ `PLANTED-organ`";
    let gaps = [("trap", message), ("bad_output", answer), ("trap", quote)];
    let gaps = gaps.map(|(code, fault)| gap("C00007", code, fault)).to_vec();
    let id = KeyId { stream: "PLANTED-state".to_owned(), key: "C00007".to_owned() };
    let state = KeyState { state: b"PLANTED-state".to_vec(), wake: None, region: String::new() };
    let states = vec![(id, Some(state))];
    let commit = Commit { deployment, to: from.clone(), from, states, gaps, ..Commit::default() };
    app.store().commit(commit).unwrap();
    let warn = Map::from_iter([("warn_wd".to_owned(), json!(2))]);
    let ground = Backing { ground: Some("PLANTED-parameter".to_owned()), ..Backing::default() };
    deploy::set_backed(app, "approval", "", (&warn, None), &ground).unwrap();
}

#[test]
fn the_doctor_knows_how_old_the_last_backup_is() {
    let home = TestHome::bare();
    let codes = |days: i64| -> Vec<&str> {
        let now = Millis(NOW.0 + days * MS_PER_DAY);
        let found = examine(&home.app, now).unwrap();
        let found = found.iter().map(|finding| finding.code);
        found.filter(|code| code.starts_with("backup") || code.starts_with("reconciled")).collect()
    };
    assert_eq!(codes(0), [""; 0], "without events there is nothing to lose");
    home.import("a.ndjson", &case(1, "2026-03-02T09:00:00", ""));
    assert_eq!(codes(0), ["backup-none"]);
    let file = home.dir.path().join("b");
    let request = Backup { file: &file, passphrase: None, with_keys: false, now: NOW };
    backup(&home.app, &request).unwrap();
    let ages = Ages::of(&home.app, Millis(NOW.0 + 5)).unwrap();
    assert_eq!((ages.backup_ms, ages.reconciled_ms), (Some(5), None));
    assert_eq!((codes(0), codes(6), codes(7)), (vec![], vec![], vec!["backup-old"]));
    let reconciled: Value = json!({ "at": NOW, "took_ms": 1 });
    let bytes = serde_json::to_vec(&reconciled).unwrap();
    home.app.store().put_meta("watch/reconciled", &bytes).unwrap();
    assert_eq!((codes(1), codes(2)), (vec![], vec!["reconciled-old"]));
}
