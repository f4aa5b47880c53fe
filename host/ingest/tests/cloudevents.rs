//! CloudEvents: every kind of malformed event has its code, and good ones keep their meaning.

use crate::{brief, received, text};
use plumbline_contract::time::Zone;
use plumbline_ingest::{Mode, Reading, RejectCode, Rights, read_batch, read_event, read_lines};

fn live(zone: &Zone) -> Reading<'_> {
    Reading { zone, received: received(), mode: Mode::Live, rights: Rights::NONE }
}

#[test]
fn every_flaw_has_its_code() {
    let zone = Zone::shanghai();
    let filler = "y".repeat(65_536);
    let mut seen = 0;
    for row in text("cloudevents.txt").lines().filter(|row| !row.starts_with('#')) {
        let (want, event) = row.split_once(' ').unwrap();
        let event = event.replace("@64KiB@", &filler);
        let got = match read_event(event.as_bytes(), &live(&zone)) {
            Ok(_) => "ok".to_owned(),
            Err(reject) => {
                assert!(!reject.zh().is_empty() && reject.value.len() <= 90, "{reject:?}");
                match reject.field {
                    Some(field) => format!("{}:{field}", reject.code.as_str()),
                    None => reject.code.as_str().to_owned(),
                }
            }
        };
        assert_eq!(got, want, "{row}");
        seen += 1;
    }
    assert!(seen > 90, "the rows were read: {seen}");
}

#[test]
fn text_that_is_not_utf8_is_found() {
    let zone = Zone::shanghai();
    let reject = read_event(b"{\"id\":\"\xff\"}", &live(&zone)).unwrap_err();
    assert_eq!((reject.code, reject.value.as_str()), (RejectCode::InvalidUtf8, "byte 7"));
}

#[test]
fn an_event_keeps_its_meaning() {
    let zone = Zone::shanghai();
    let text = r#"{ "specversion" : "1.0", "id":"e\u0031", "source":"hall","type":"approval.case.accepted",
        "time":"2026-02-10T09:30:00.250", "recordedtime":"2026-02-10T02:31:00Z", "region":"330106",
        "dept":"D1", "serial":"9007199254740993", "actor":"u1", "dataversion":2,
        "correctedtime":"2026-02-11T00:00:00+08:00", "strange": [1, {"deep": null}],
        "data" : { "note" : "two  blanks,\ta \" and \\", "list": [ 1 , 2 ], "joint_no": "J-7", "case_no": 5 } }"#;
    let event = read_event(text.as_bytes(), &live(&zone)).unwrap();
    assert_eq!(event.id, "e1");
    assert_eq!(zone.rfc3339(event.time), "2026-02-10T09:30:00.250+08:00");
    assert_eq!(zone.rfc3339(event.recorded), "2026-02-10T10:31:00+08:00");
    assert_eq!(event.corrected.map(|at| zone.rfc3339(at)).unwrap(), "2026-02-11T00:00:00+08:00");
    assert_eq!((event.serial, event.dataversion), (Some(9_007_199_254_740_993), 2));
    assert_eq!(event.actor.as_deref(), Some("u1"));
    assert_eq!(event.subject, "J-7", "case_no is no text, so the next field counts");
    assert_eq!(
        event.data,
        r#"{"note":"two  blanks,\ta \" and \\","list":[1,2],"joint_no":"J-7","case_no":5}"#
    );
    assert_eq!(event.logged, received());
}

#[test]
fn log_time_depends_on_the_mode() {
    let zone = Zone::shanghai();
    let text = text("good.ndjson");
    let first = text.lines().next().unwrap().as_bytes();
    let import = Reading { mode: Mode::Import, ..live(&zone) };
    assert_eq!(read_event(first, &live(&zone)).unwrap().logged, received());
    let event = read_event(first, &import).unwrap();
    assert_eq!(event.logged, event.recorded);
}

#[test]
fn lines_after_a_bad_one_count() {
    let zone = Zone::shanghai();
    let (events, rejects) = read_lines(text("good.ndjson").as_bytes(), &live(&zone));
    let ids: Vec<_> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids, ["e1", "e2", "e3"]);
    assert_eq!(events[2].data, r#"{"case_no":"C 1","ok":true}"#);
    assert_eq!(brief(&rejects), ["3 not_json -", "5 empty_field id"]);
    assert_eq!(rejects[0].zh(), "第 3 条：不是合法的 JSON，值“byte 0: not an event”");
    assert_eq!(rejects[0].en(), "record 3: not valid JSON, value `byte 0: not an event`");
}

#[test]
fn elements_after_a_bad_one_count() {
    let zone = Zone::shanghai();
    let (events, rejects) = read_batch(text("batch.json").as_bytes(), &live(&zone));
    let ids: Vec<_> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids, ["e1", "e3"]);
    let codes: Vec<_> = rejects.iter().map(|reject| reject.code.as_str()).collect();
    assert_eq!(rejects[0].line, Some(2));
    assert_eq!(codes[..2], ["not_json", "not_json"], "{codes:?}");
    assert!(codes.len() <= 5, "one broken element does not flood: {codes:?}");
}

#[test]
fn an_array_that_is_cut_off_is_found() {
    let zone = Zone::shanghai();
    let event = text("good.ndjson").lines().next().unwrap().to_owned();
    for (body, n_events, codes) in [
        (format!("[{event},{event}]"), 2, vec![]),
        (format!("[{event},{event}"), 2, vec!["not_json"]),
        (format!("[{event},{}", &event[..50]), 1, vec!["not_json", "not_json"]),
        ("[]".to_owned(), 0, vec![]),
        (String::new(), 0, vec![]),
        (format!("{event}\n{event}"), 2, vec![]),
    ] {
        let (events, rejects) = read_batch(body.as_bytes(), &live(&zone));
        let got: Vec<_> = rejects.iter().map(|reject| reject.code.as_str()).collect();
        assert_eq!((events.len(), got), (n_events, codes), "{body}");
    }
}

#[test]
fn codes_are_told_apart() {
    let mut codes: Vec<_> = RejectCode::ALL.iter().map(|code| code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), RejectCode::ALL.len());
    for code in RejectCode::ALL {
        assert!(!code.zh().is_ascii() && code.en().is_ascii(), "{code:?}");
    }
}

#[test]
fn what_is_said_of_the_supervision_needs_a_right() {
    let zone = Zone::shanghai();
    let read = |source: &str, kind: &str, rights: &Rights| {
        let text = format!(
            r#"{{"specversion":"1.0","id":"e1","source":"{source}","type":"{kind}",
            "time":"2026-02-10T09:30:00+08:00","recordedtime":"2026-02-10T09:31:00+08:00",
            "region":"330106","dept":"D1","data":{{}}}}"#
        );
        let reading = Reading { rights, ..live(&zone) };
        read_event(text.as_bytes(), &reading).map(|event| event.kind).map_err(|it| it.code)
    };
    let lower = Rights { lower: ["town/host".to_owned()].into(), ..Rights::default() };
    let host = Rights { as_host: true, ..Rights::default() };
    let (count, closed) = ("platform.ledger.count", "platform.alert.closed");
    let refused = Err(RejectCode::PlatformType);
    let cases = [
        ("hall", closed, Rights::NONE, false),
        ("town/host", count, Rights::NONE, false),
        ("town/host", count, &lower, true),
        ("town/host", closed, &lower, false),
        ("hall", count, &lower, false),
        ("hall", closed, &host, true),
        ("hall", "platform", Rights::NONE, true),
    ];
    for (source, kind, rights, is_read) in cases {
        let want = if is_read { Ok(kind.to_owned()) } else { refused.clone() };
        assert_eq!(read(source, kind, rights), want, "{source} {kind} {rights:?}");
    }
    // No right opens the host's own types and names.
    assert_eq!(read("hall", "plumbline.tick", &host), Err(RejectCode::ReservedType));
    assert_eq!(read("plumbline:host", closed, &host), Err(RejectCode::ReservedType));
}
