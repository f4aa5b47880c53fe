//! `POST /v1/events`.

use crate::host::Host;
use crate::{accepted, event};
use plumbline::http::{BODY_BYTES_MAX, EVENTS_PER_REQUEST_MAX};
use serde_json::{Value, json};

const SINGLE: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";
const LINES: &str = "application/x-ndjson";

/// The counts of a receipt: accepted, repeated, superseding, older, conflicting, rejected.
fn counts(receipt: &Value) -> [u64; 6] {
    let count = |name: &str| receipt[name].as_u64().unwrap();
    let rejected = receipt["rejected"].as_array().unwrap().len() as u64;
    let [a, b, c, d, e] =
        ["accepted", "repeated", "superseding", "older", "conflicting"].map(count);
    [a, b, c, d, e, rejected]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_form_is_taken_and_a_repeat_changes_nothing() {
    let host = Host::start().await;
    let (one, two) = (accepted("1", "C1"), accepted("2", "C2"));
    let three = accepted("3", "C3");
    let forms = [
        (SINGLE, one.clone(), [1, 0, 0, 0, 0, 0]),
        (SINGLE, one.clone(), [0, 1, 0, 0, 0, 0]),
        (BATCH, format!("[{one},\n{two}]"), [1, 1, 0, 0, 0, 0]),
        (LINES, format!("{two}\n\n{three}\n"), [1, 1, 0, 0, 0, 0]),
        ("Application/X-NDJSON; charset=UTF-8", three.clone(), [0, 1, 0, 0, 0, 0]),
    ];
    for (kind, body, expected) in forms {
        let answer = host.post(kind, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(counts(&answer.json()), expected, "{kind}: {body}");
    }
    assert_eq!(host.app.store().next_seq().0, 3, "what was acknowledged is in the log, once");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_told_apart() {
    let host = Host::start().await;
    let version = |number: u32, case: &str| {
        let more = format!(r#","dataversion":{number}"#);
        event("1", "approval.case.accepted", "2026-02-09T10:00:00+08:00", case, &more)
    };
    for (body, expected) in [
        (version(2, "C1"), [1, 0, 0, 0, 0, 0]),
        (version(3, "C1"), [0, 0, 1, 0, 0, 0]),
        (version(1, "C1"), [0, 0, 0, 1, 0, 0]),
        (format!("{}\n{}", version(3, "C1"), version(3, "C9")), [0, 1, 0, 0, 1, 0]),
    ] {
        let receipt = host.post(LINES, body).await.json();
        assert_eq!(counts(&receipt), expected, "{receipt}");
    }
    let answer = host.post(SINGLE, version(3, "C9")).await;
    assert_eq!((answer.status, answer.code().as_str()), (422, "nothing-accepted"));
    let conflict = json!([{ "source": "/370203/hall", "id": "1", "dataversion": 3 }]);
    assert_eq!(answer.json()["conflicts"], conflict);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_does_not_spoil_the_next() {
    let host = Host::start().await;
    let good = |n: usize| accepted(&format!("good-{n}"), "C1");
    let spoilt = |from: &str, to: &str| accepted("bad", "C1").replace(from, to);
    let bad: Vec<(&str, Vec<u8>)> = vec![
        ("invalid_utf8", [accepted("bad", "C1").as_bytes(), b"\xff"].concat()),
        ("not_json", b"{\"specversion\":".to_vec()),
        ("not_an_object", b"17".to_vec()),
        ("missing_field", spoilt(r#""region":"370203","#, "").into()),
        ("wrong_type", spoilt(r#""dept":"D-SCJG""#, r#""dept":7"#).into()),
        ("wrong_type", spoilt(r#""data":{"#, r#""data":[],"x":{"#).into()),
        ("bad_timestamp", spoilt("2026-02-09T10", "0000-00-00T10").into()),
        ("bad_timestamp", spoilt("2026-02-09T10:00:00+08:00", "2026-02-30").into()),
        ("recorded_in_future", spoilt("2026-02-09", "9999-01-01").into()),
        ("empty_field", spoilt(r#""id":"bad""#, r#""id":"""#).into()),
        ("bad_region", spoilt(r#""region":"370203""#, r#""region":"37""#).into()),
        ("reserved_type", spoilt("approval.case.accepted", "plumbline.tick").into()),
        ("specversion", spoilt(r#""1.0""#, r#""0.3""#).into()),
        ("duplicate_key", spoilt(r#""dept""#, r#""id":"x","dept""#).into()),
    ];
    let mut body = Vec::new();
    for (n, (_, line)) in bad.iter().enumerate() {
        body.extend_from_slice(line);
        body.extend_from_slice(format!("\n{}\n", good(n)).as_bytes());
    }
    let answer = host.post(LINES, &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let receipt = answer.json();
    let n = bad.len() as u64;
    assert_eq!(counts(&receipt), [n, 0, 0, 0, 0, n]);
    assert_eq!((&receipt["first_seq"], &receipt["last_seq"]), (&json!(0), &json!(n - 1)));
    for (n, (code, _)) in bad.iter().enumerate() {
        let reject = &receipt["rejected"][n];
        assert_eq!(reject["code"], *code, "{reject}");
        assert_eq!(reject["line"], 2 * n as u64 + 1);
        assert!(reject["zh"].is_string() && reject["en"].is_string());
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_no_event_is_a_problem_with_the_reasons() {
    let host = Host::start().await;
    for (kind, body, rejects) in [
        (SINGLE, "", 1),
        (SINGLE, "{}", 1),
        (BATCH, "[]", 0),
        (BATCH, "[{},{}]", 2),
        (LINES, "\n\n", 0),
        (LINES, "x\ny\n", 2),
    ] {
        let answer = host.post(kind, body).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "nothing-accepted"), "{body}");
        assert_eq!(answer.json()["rejected"].as_array().unwrap().len(), rejects, "{body}");
    }
    assert_eq!(host.app.store().next_seq().0, 0);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_content_types_are_refused() {
    let host = Host::start().await;
    for kind in ["application/json", "text/csv", "application/x-ndjson; charset=gbk", ""] {
        let answer = host.post(kind, accepted("1", "C1")).await;
        assert_eq!((answer.status, answer.code().as_str()), (415, "content-type"), "{kind}");
    }
    // Binary mode: the envelope in headers.
    let headers = "content-type: application/json\r\nce-id: 1\r\nce-specversion: 1.0\r\n";
    let answer = host.send("POST", "/v1/events", headers, b"{}").await;
    assert_eq!(answer.status, 415);
    assert!(answer.json()["detail"].as_str().unwrap().contains(SINGLE));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_refused_before_it_is_read() {
    let host = Host::start().await;
    let token = &host.token;
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\nconnection: close\r\ncontent-type: {LINES}\r\n"
    );
    let announced = format!("{head}content-length: {}\r\n\r\n", BODY_BYTES_MAX + 1);
    let answer = host.raw(announced.as_bytes()).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "body-too-large"));
    // The same without saying so beforehand: one chunk more than is allowed.
    let chunk = "a".repeat(BODY_BYTES_MAX);
    let chunked = format!(
        "{head}transfer-encoding: chunked\r\n\r\n{BODY_BYTES_MAX:x}\r\n{chunk}\r\n1\r\na\r\n0\r\n\r\n"
    );
    let answer = host.raw(chunked.as_bytes()).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "body-too-large"));
    for (kind, piece) in [(LINES, "x\n"), (BATCH, "{},"), (BATCH, "1\n")] {
        let most = if kind == LINES { EVENTS_PER_REQUEST_MAX } else { BODY_BYTES_MAX / 3 - 1 };
        let answer = host.post(kind, piece.repeat(most + 1)).await;
        assert_eq!((answer.status, answer.code().as_str()), (413, "too-many-events"), "{piece:?}");
    }
    let batch = format!("[{}]", vec!["{}"; EVENTS_PER_REQUEST_MAX + 1].join(","));
    assert_eq!(host.post(BATCH, batch).await.code(), "too-many-events");
    assert_eq!(host.app.store().next_seq().0, 0);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_events_as_are_allowed_are_taken() {
    let host = Host::start().await;
    let lines: String = (0..EVENTS_PER_REQUEST_MAX)
        .map(|n| accepted(&n.to_string(), &format!("C{n}")) + "\n")
        .collect();
    let receipt = host.post(LINES, lines).await.json();
    assert_eq!(counts(&receipt), [EVENTS_PER_REQUEST_MAX as u64, 0, 0, 0, 0, 0]);
    host.stop().await;
}
