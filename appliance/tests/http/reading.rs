//! The addresses that are read.

use crate::accepted;
use crate::host::{AlertStream, Host};
use crate::plugin;
use plumbline::App;
use plumbline_contract::alert::AlertLeaf;
use plumbline_ledger::tree::{Hash, verify_consistency};
use plumbline_ledger::{Checkpoint, InclusionProof, TrustedKeys};
use serde_json::{Value, json};
use std::sync::Arc;

const LINES: &str = "application/x-ndjson";

fn ledger_keys(host: &Host) -> TrustedKeys {
    let mut keys = TrustedKeys::default();
    keys.add(host.app.home().ledger_key().unwrap().verifying_key().clone());
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_shown_as_it_lies_in_the_log() {
    let host = Host::start().await;
    let case = "青市监〔2026〕1号/甲";
    host.post(LINES, accepted("1", case)).await;
    let encoded: String = case.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answer = host.get(&format!("/v1/cases/{encoded}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let timeline = answer.json();
    assert_eq!(timeline["subject"], case);
    let line = &timeline["events"][0];
    assert_eq!(line["seq"], 0);
    assert_eq!(line["type"], "approval.case.accepted");
    assert_eq!(line["time"], "2026-02-09T10:00:00+08:00");
    assert_eq!(line["data"]["case_no"], case);
    assert_eq!(timeline["events"].as_array().unwrap().len(), 1);
    for target in ["/v1/cases/C-404", "/v1/cases/C-404/explain"] {
        let answer = host.get(target).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "no-subject"));
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_proves_itself_to_a_foreign_verifier() {
    let host = Host::start().await;
    let keys = ledger_keys(&host);
    let old = Checkpoint::open(host.get("/v1/ledger/checkpoint").await.body.as_bytes(), &keys);
    let old = old.unwrap();
    assert_eq!(old.size(), 1, "the act of creation");
    host.app.record(&[b"{\"leaf\":\"test\"}".to_vec(), b"{\"leaf\":\"more\"}".to_vec()]).unwrap();
    let new = host.get("/v1/ledger/checkpoint").await;
    let new = Checkpoint::open(new.body.as_bytes(), &keys).unwrap();
    assert_eq!(new.size(), 3);
    for index in 0..3 {
        let leaf = host.get(&format!("/v1/ledger/leaf/{index}")).await;
        let proof = host.get(&format!("/v1/ledger/proof/{index}")).await;
        let proof = InclusionProof::open(&proof.body, &keys).unwrap();
        proof.verify(leaf.body.as_bytes()).unwrap();
    }
    let answer = host.get("/v1/ledger/consistency?old=1").await.json();
    assert_eq!((&answer["old"], &answer["new"]), (&json!(1), &json!(3)));
    assert_eq!(answer["checkpoint"], new.note());
    let hashes: Vec<_> = answer["hashes"].as_array().unwrap().iter().collect();
    let hashes: Vec<_> =
        hashes.iter().map(|hash| Hash::from_base64(hash.as_str().unwrap()).unwrap()).collect();
    assert!(verify_consistency(1, &old.root(), 3, &new.root(), &hashes));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_questions_are_problems() {
    let host = Host::start().await;
    for (target, status, code) in [
        ("/v1/ledger/proof/1", 404, "no-leaf"),
        ("/v1/ledger/leaf/1", 404, "no-leaf"),
        ("/v1/ledger/leaf/18446744073709551615", 404, "no-leaf"),
        ("/v1/ledger/leaf/x", 400, "bad-parameter"),
        ("/v1/ledger/proof/-1", 400, "bad-parameter"),
        ("/v1/ledger/proof/18446744073709551616", 400, "bad-parameter"),
        ("/v1/ledger/consistency?old=2", 404, "no-leaf"),
        ("/v1/ledger/consistency?old=", 400, "bad-parameter"),
        ("/v1/ledger/consistency", 400, "bad-parameter"),
        ("/v1/alerts?level=orange", 400, "bad-parameter"),
        ("/v1/alerts?state=shut", 400, "bad-parameter"),
        ("/v1/alerts?limit=0", 400, "bad-parameter"),
        ("/v1/alerts?limit=1001", 400, "bad-parameter"),
        ("/v1/alerts?after=first", 400, "bad-parameter"),
        ("/v1/alerts?lvel=red", 400, "bad-parameter"),
        ("/v1/alerts/0123456789abcdef", 404, "no-alert"),
        ("/v1/alerts/stream?from=9", 400, "bad-parameter"),
        ("/v1/alerts/stream?from=x", 400, "bad-parameter"),
        ("/v1/cases/%FF", 400, "bad-parameter"),
        ("/v1/nothing", 404, "no-route"),
        ("/", 404, "no-route"),
    ] {
        let answer = host.get(target).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{target}");
    }
    for last in ["9", "x", ""] {
        let header = format!("last-event-id: {last}\r\n");
        let answer = host.send("GET", "/v1/alerts/stream", &header, b"").await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad-parameter"), "{last}");
    }
    for (method, target) in [("GET", "/v1/events"), ("DELETE", "/v1/alerts"), ("POST", "/healthz")]
    {
        let answer = host.send(method, target, "", b"").await;
        assert_eq!((answer.status, answer.code().as_str()), (405, "no-method"), "{target}");
        assert!(answer.head.contains("allow: "), "{answer:?}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_home_answers_everything() {
    let host = Host::start().await;
    let page = host.get("/v1/alerts?state=&level=").await.json();
    assert_eq!(page, json!({ "alerts": [], "next": null, "leaves": 1 }));
    assert_eq!(host.get("/v1/rules").await.json(), json!([]));
    assert_eq!(host.get("/v1/deployments").await.json(), json!([]));
    let health = host.get("/healthz").await.json();
    assert_eq!((&health["ok"], &health["leaves"]), (&json!(true), &json!(1)));
    assert_eq!((&health["events"], &health["calendar_last_day"]), (&json!(0), &Value::Null));
    let sources = host.get("/v1/sources").await.json();
    assert_eq!((&sources["sources"], &sources["clock"]), (&json!([]), &Value::Null));
    assert_eq!(host.get("/v1/rules/health").await.json()["rules"], json!([]));
    let metrics = host.get("/metrics").await;
    assert!(metrics.head.contains("content-type: text/plain; version=0.0.4"), "{metrics:?}");
    assert!(metrics.body.contains("\nplumbline_leaves_total 1\n"), "{}", metrics.body);
    host.stop().await;
}

async fn next(stream: &mut AlertStream) -> (u64, AlertLeaf) {
    let (index, data) = stream.next().await.expect("an alert");
    assert_eq!(data["index"], index);
    (index, serde_json::from_value(data["leaf"].clone()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overdue_case_reaches_the_stream_the_list_and_the_explanation() {
    let Some(folder) = plugin::folder("an overdue case") else { return };
    let host = Host::start_with(|app| plugin::enable(app, &folder), |_| ()).await;
    let before = host.get("/v1/alerts").await.json()["leaves"].as_u64().unwrap();
    let mut live = host.stream("/v1/alerts/stream", None).await;
    let receipt = host.post(LINES, accepted("1", "C1")).await;
    assert_eq!(receipt.status, 200, "{receipt:?}");
    let (index, leaf) = next(&mut live).await;
    assert!(index >= before, "the stream begins where the page ended");
    assert_eq!((leaf.key.as_str(), leaf.evidence.as_slice()), ("C1", [2].as_slice()));

    let page = host.get("/v1/alerts?state=open&region=370000&dept=D-SCJG").await.json();
    let rules: Vec<_> = page["alerts"].as_array().unwrap().iter().map(|a| &a["rule"]).collect();
    assert!(rules.contains(&&json!("APPR-T03")), "{page}");
    let one = host.get(&format!("/v1/alerts/{}", leaf.id)).await.json();
    assert_eq!((&one["id"], &one["key"]), (&json!(leaf.id), &json!("C1")));
    for none in ["state=withdrawn", "rule=APPR-X", "dept=D-X", "region=510000"] {
        let page = host.get(&format!("/v1/alerts?{none}")).await.json();
        assert_eq!(page["alerts"], json!([]), "{none}");
    }
    let explained = host.get("/v1/cases/C1/explain").await.json();
    let fires = explained["checks"].as_array().unwrap().iter().filter(|c| c["outcome"] == "fires");
    assert!(fires.clone().any(|check| check["rule"] == "APPR-T03"), "{explained}");
    let same = host.get("/v1/explain?subject=C1").await.json();
    assert_eq!(same["checks"], explained["checks"]);
    let event = host.get("/v1/explain?event=2").await.json();
    let reading = &event["deployments"][0];
    assert_eq!((&reading["took"], &reading["reason"]), (&json!(true), &json!(null)), "{event}");
    let streams = reading["streams"].as_array().unwrap();
    let case = streams.iter().find(|stream| stream["stream"] == "case").unwrap();
    assert_eq!((&case["keys"], &case["reason"]), (&json!(["C1"]), &json!(null)));
    let fee = streams.iter().find(|stream| stream["stream"] == "fee").unwrap();
    assert_eq!((&fee["keys"], &fee["reason"]), (&json!([]), &json!("type")));
    let tick = host.get("/v1/explain?event=0").await.json();
    assert_eq!(tick["deployments"][0]["reason"], "host-event", "{tick}");
    let card = host.get(&format!("/v1/explain?alert={}", leaf.id)).await.json();
    assert_eq!(
        (&card["alert"]["id"], &card["history"][0]["act"]),
        (&json!(leaf.id), &json!("raised"))
    );
    assert_eq!(card["history"][0]["leaf"], index);
    assert_eq!(
        (&card["parameters"]["known"], &card["evidence"][0]["seq"]),
        (&json!(true), &json!(2))
    );
    for (query, status) in [
        ("", 400),
        ("?subject=C1&event=1", 400),
        ("?case=C1", 400),
        ("?event=99", 404),
        ("?event=source/none", 404),
        ("?alert=0123456789abcdef", 404),
        ("?subject=nobody", 404),
    ] {
        assert_eq!(host.get(&format!("/v1/explain{query}")).await.status, status, "{query}");
    }
    let rules = host.get("/v1/rules").await.json();
    assert_eq!(rules[0]["plugin"], "approval");
    let deployments = host.get("/v1/deployments").await.json();
    assert_eq!(deployments[0]["lag"], 0);
    assert_eq!(deployments[0]["settings"][0]["region"], "370203");
    let health = host.get("/healthz").await.json();
    assert_eq!(health["calendar_last_day"], "2026-12-31");
    let metrics = host.get("/metrics").await.body;
    let labels = r#"{deployment="1",plugin="approval",mode="live",scope=""}"#;
    for sample in [format!("plumbline_lag_events{labels} 0"), format!("plumbline_gaps{labels} 0")] {
        assert!(metrics.contains(&sample), "{sample} in {metrics}");
    }
    assert!(!metrics.contains(&format!("plumbline_fuel_total{labels} 0\n")), "{metrics}");
    assert!(!metrics.contains("act=\"raised\"} 0\n".repeat(3).as_str()), "{metrics}");
    drop(live);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_resumes_without_loss_and_without_repeats() {
    let Some(folder) = plugin::folder("a stream resumes") else { return };
    let host = Host::start_with(|app| plugin::enable(app, &folder), |_| ()).await;
    const CASES: usize = 40;
    let mut whole = host.stream("/v1/alerts/stream?from=0", None).await;
    let mut seen: Vec<u64> = Vec::new();
    let mut cases = std::collections::BTreeSet::new();
    let mut resumed = host.stream("/v1/alerts/stream?from=0", None).await;
    for n in 0..CASES {
        host.post(LINES, accepted(&n.to_string(), &format!("C{n}"))).await;
        // Each time it comes back with its last event and gets at least one more.
        let (index, leaf) = next(&mut resumed).await;
        seen.push(index);
        cases.insert(leaf.key);
        let last = index.to_string();
        resumed = host.stream("/v1/alerts/stream?from=0", Some(&last)).await;
    }
    while cases.len() < CASES {
        let (index, leaf) = next(&mut resumed).await;
        seen.push(index);
        cases.insert(leaf.key);
    }
    let mut all = Vec::new();
    while all.len() < seen.len() {
        all.push(next(&mut whole).await.0);
    }
    assert_eq!(seen, all, "the same alerts, none lost, none twice");
    let host = host.restart().await;
    let mut again = host.stream("/v1/alerts/stream?from=0", None).await;
    let first = next(&mut again).await.0;
    assert_eq!(first, all[0], "a restart changes nothing");
    host.stop().await;
    while whole.next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_everything_once() {
    let Some(folder) = plugin::folder("pages") else { return };
    let host = Host::start_with(|app| plugin::enable(app, &folder), |_| ()).await;
    const CASES: usize = 25;
    let lines: String =
        (0..CASES).map(|n| accepted(&n.to_string(), &format!("C{n}")) + "\n").collect();
    let mut stream = host.stream("/v1/alerts/stream", None).await;
    host.post(LINES, lines).await;
    let mut keys = std::collections::BTreeSet::new();
    while keys.len() < CASES {
        keys.insert(next(&mut stream).await.1.key);
    }
    let whole = host.get("/v1/alerts?limit=1000").await.json();
    assert_eq!(whole["next"], Value::Null);
    let mut pieces = Vec::new();
    let mut after = String::new();
    loop {
        let page = host.get(&format!("/v1/alerts?limit=7&after={after}")).await.json();
        pieces.extend(page["alerts"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_u64() else { break };
        after = next.to_string();
    }
    assert_eq!(json!(pieces), whole["alerts"]);
    assert!(pieces.len() >= CASES);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_listed_and_counted_once_the_watch_has_looked() {
    let host = Host::start().await;
    assert_eq!(host.post(LINES, accepted("1", "C1")).await.status, 200);
    // The service looks when it starts, and then once a minute.
    let host = host.restart().await;
    let listed = host.get("/v1/sources").await.json();
    let source = &listed["sources"][0];
    assert_eq!((&source["source"], &source["state"]), (&json!("/370203/hall"), &json!("learning")));
    assert_eq!((&source["live"], &source["events"]), (&json!(true), &json!(1)));
    assert_eq!(source["last"]["recorded"], "2026-02-09T10:00:00+08:00");
    let mut metrics = String::new();
    while !metrics.contains("plumbline_sources{") {
        metrics = host.get("/metrics").await.body;
    }
    for sample in [
        "plumbline_sources{state=\"learning\"} 1\n",
        "plumbline_sources{state=\"silent\"} 0\n",
        "plumbline_host_alerts_open{rule=\"HOST-S01\"} 0\n",
        "\nplumbline_watch_looked_seconds 1",
    ] {
        assert!(metrics.contains(sample), "{sample} in {metrics}");
    }
    assert!(!metrics.contains("hall"), "the figures name no source: {metrics}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_that_was_missed_is_made_up_for_after_the_start() {
    let prepare = |app: &App| {
        // The watch began before the latest night, whatever the hour is now.
        app.store().put_meta("watch/host", br#"{"since":0,"looked":0}"#).unwrap();
        let config = app.home().dir().join("config.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, text.replace("\"off\"", "\"02:30\"")).unwrap();
    };
    // The home is opened anew, so that it reads the configuration.
    let host = Host::start_with(prepare, |_| ()).await.restart().await;
    let mut answer = host.get("/v1/ledger/leaf/1").await;
    // The thread has ended when only the test and the service hold the home.
    while answer.status == 404 || Arc::strong_count(&host.app) > 2 {
        answer = host.get("/v1/ledger/leaf/1").await;
    }
    assert!(answer.body.contains("reconciled"), "{answer:?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_shown_with_their_versions() {
    let host = Host::start().await;
    let text = "item_code,name,effective_from,effective_to\nA,old,2025-01-01,2025-12-31\nA,new,2026-01-01,\nB,other,,\n";
    let rows = plumbline::table::parse_csv("item", text.as_bytes()).unwrap();
    host.app.load_table("item", rows).unwrap();
    let listed = host.get("/v1/tables").await.json();
    let of = |name: &str| {
        let tables = listed.as_array().unwrap();
        tables.iter().find(|table| table["table"] == name).unwrap().clone()
    };
    assert_eq!(
        (&of("item")["in_force"]["rows"], &of("grid")["in_force"]),
        (&json!(3), &json!(null))
    );
    for (query, keys, next) in [
        ("", vec!["A", "A", "B"], json!(null)),
        ("?at=2026-03-02", vec!["A", "B"], json!(null)),
        ("?key=A&at=2025-06-01", vec!["A"], json!(null)),
        ("?limit=2", vec!["A", "A"], json!(2)),
        ("?limit=2&after=2", vec!["B"], json!(null)),
    ] {
        let page = host.get(&format!("/v1/tables/item{query}")).await.json();
        let rows = page["rows"].as_array().unwrap();
        let found: Vec<_> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
        assert_eq!((found, &page["next"], &page["version"]), (keys, &next, &json!(1)), "{query}");
    }
    let history = host.get("/v1/tables/item/history").await.json();
    assert_eq!(history["versions"][0]["version"], 1);
    assert_eq!(history["versions"][0]["leaf"], 1, "behind the act of creation");
    for (target, status, code) in [
        ("/v1/tables/itme", 404, "no-such-table"),
        ("/v1/tables/grid", 404, "no-table-version"),
        ("/v1/tables/item?version=9", 404, "no-table-version"),
        ("/v1/tables/item?at=2026", 400, "bad-parameter"),
        ("/v1/tables/item?limit=0", 400, "bad-parameter"),
        ("/v1/tables/item?what=1", 400, "bad-parameter"),
        ("/v1/alerts/none/rows", 404, "no-alert"),
    ] {
        let answer = host.get(target).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{target}");
    }
    host.stop().await;
}
