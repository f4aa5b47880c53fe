//! Mapping files: rows and traces become events; a wrong mapping is told by its TOML key.

use crate::{all, brief, open, options, text};
use plumbline_contract::event::Event;
use plumbline_ingest::{IngestError, Mapping, Options, Source};
use std::io::Cursor;

fn show(event: &Event) -> String {
    let zone = plumbline_contract::time::Zone::shanghai();
    let (time, recorded) = (zone.rfc3339(event.time), zone.rfc3339(event.recorded));
    format!("{} {} {time} {recorded} {}", event.id, event.kind, event.data)
}

#[test]
fn rows_become_events() {
    let batch = all(open("rows.csv", text("rows.csv").as_bytes(), Some(&text("rows.toml")), 100));
    let shown: Vec<String> = batch.events.iter().map(show).collect();
    let hash = |value: &str| {
        format!("h:{:016x}", plumbline_contract::event::fingerprint(&[value.as_bytes()]))
    };
    let (first, tenth) = (hash("11010519491231002X"), hash("440524188001010015"));
    assert_eq!(
        shown,
        [
            format!(
                "A-1/受理 approval.case.fee_charged 2026-02-10T09:30:00+08:00 \
                 2026-02-10T09:31:00+08:00 {{\"amount\":123450,\"case_no\":\"A-1\",\
                 \"fixed\":[\"a\",\"b\"],\"holder\":\"91350100M000100Y43\",\"holder_ok\":true,\
                 \"materials\":[\"甲\",\"乙\",\"丙\"],\"note\":\"说\\\"好\\\", 第二\\n行\",\
                 \"pid\":\"{first}\",\"pid_ok\":true,\"qty\":3,\"step\":\"accept\"}}"
            ),
            "A-2/决定 approval.case.fee_charged 2026-02-11T00:00:00+08:00 \
             2026-02-11T10:00:00+08:00 {\"case_no\":\"A-2\",\"fixed\":[\"a\",\"b\"],\
             \"step\":\"decide\"}"
                .to_owned(),
            format!(
                "A-10/受理 approval.case.fee_charged 2026-02-12T00:00:00+08:00 \
                 2026-02-12T00:00:00+08:00 {{\"case_no\":\"A-10\",\"fixed\":[\"a\",\"b\"],\
                 \"pid\":\"{tenth}\",\"pid_ok\":false,\"qty\":0,\"step\":\"accept\"}}"
            ),
        ]
    );
    assert_eq!(batch.ignored, 1);
    assert_eq!(
        brief(&batch.rejects),
        [
            "7 unmapped_activity column.环节",
            "8 bad_timestamp column.发生时间",
            "9 bad_value column.金额",
            "10 column_count -",
            "11 broken_quotes -",
            "12 bad_value column.数量",
        ]
    );
    let everything = format!("{batch:?}");
    assert!(!everything.contains("11010519491231002"), "a raw identity number got through");
    assert_eq!(batch.events[0].subject, "A-1");
}

#[test]
fn gb18030_and_other_signs() {
    let plain = "编号;日期;名称\n一;2026-01-05;'a;b'\n二;2026-01-06;㐀𠀀\n";
    let (encoded, _, _) = encoding_rs::GB18030.encode(plain);
    let mapping = r#"
        format = "csv"
        source = "gb"
        zone = "Asia/Shanghai"
        id = "{column.编号}"
        time = "column.日期"
        recorded = "column.日期"
        region = { const = "330106" }
        dept = { const = "D1" }
        csv = { delimiter = ";", quote = "'", encoding = "gb18030", empty = "kept" }
        [[event]]
        type = "a.b"
        data = { name = "column.名称" }
    "#;
    let batch = all(open("gb.csv", &encoded, Some(mapping), 100));
    let got: Vec<_> = batch.events.iter().map(|event| (&*event.id, &*event.data)).collect();
    assert_eq!(got, [("一", r#"{"name":"a;b"}"#), ("二", r#"{"name":"㐀𠀀"}"#)]);
    // The same bytes are no UTF-8: the header's columns are not found, and that is said.
    let utf8 = mapping.replace("gb18030", "utf-8");
    let batch = all(open("gb.csv", &encoded, Some(&utf8), 100));
    assert!(batch.events.is_empty());
    let codes: Vec<_> = batch.rejects.iter().map(|reject| reject.code.as_str()).collect();
    assert_eq!(codes, ["missing_column"; 3]);
}

#[test]
fn a_file_without_header_and_all_of_the_envelope() {
    let mapping = r#"
        format = "csv"
        source = "tab"
        zone = "Asia/Shanghai"
        id = "x-{column.id}"
        time = "column.day"
        recorded = "column.entered"
        actor = { from = "column.who", default = "nobody" }
        absent = ["NULL"]
        csv = { delimiter = "\t", columns = ["id", "day", "entered", "changed", "no", "ver", "who", "place", "org", "open"] }
        region = { from = "column.place", table = "places" }
        dept = "column.org"
        [tables.places]
        "Town" = "330106001"
        "Wrong" = "33"
        [[event]]
        type = "a.b"
        corrected = "column.changed"
        serial = "column.no"
        dataversion = "column.ver"
        data.clue_no = "column.id"
        data.open = { from = "column.open", kind = "flag", required = true }
        data.at = { from = "column.day", kind = "timestamp" }
        data.on = { from = "column.entered", kind = "date" }
        data.x = { from = "column.no", kind = "number" }
    "#;
    let row = |id: &str, day: &str, ver: &str, no: &str, place: &str, open: &str| {
        format!(
            "{id}\t{day}\t2026-02-10T20:00:00Z\t2026-02-12\t{no}\t{ver}\tNULL\t{place}\tD1\t{open}\n"
        )
    };
    let good = row("1", "2026-02-10 9:00", "2", "7", "Town", "是");
    let rows = [
        good,
        row("2", "2026-02-10", "0", "7", "Town", "是"),
        row("3", "2026-02-10", "2", "-7", "Town", "是"),
        row("4", "2026-02-10", "2", "7", "Village", "是"),
        row("5", "2026-02-10", "2", "7", "Wrong", "是"),
        row("6", "2026-02-10", "2", "7", "", "是"),
        row("7", "2026-02-10", "2", "7", "Town", "maybe"),
        row("8", "2026-02-10", "2", "7", "Town", ""),
        row(&"9".repeat(255), "2026-02-10", "2", "7", "Town", "是"),
        row("", "2026-02-10", "2", "7", "Town", "是"),
    ];
    let batch = all(open("a.csv", rows.concat().as_bytes(), Some(mapping), 100));
    assert_eq!(
        brief(&batch.rejects),
        [
            "2 bad_dataversion dataversion",
            "3 bad_serial column.no",
            "4 unknown_code column.place (tables.places)",
            "5 bad_region region",
            "6 missing_field region",
            "7 bad_value column.open",
            "8 missing_field column.open",
            "9 text_too_long id",
            "10 missing_field column.id",
        ]
    );
    let event = &batch.events[0];
    assert_eq!((event.id.as_str(), event.subject.as_str()), ("x-1", "1"));
    assert_eq!((event.serial, event.dataversion), (Some(7), 2));
    assert_eq!((event.region.as_str(), event.dept.as_str()), ("330106001", "D1"));
    assert_eq!(event.actor.as_deref(), Some("nobody"));
    assert!(event.corrected.is_some() && event.corrected > Some(event.recorded));
    assert_eq!(
        event.data,
        "{\"at\":\"2026-02-10T09:00:00+08:00\",\"clue_no\":\"1\",\"on\":\"2026-02-11\",\
         \"open\":true,\"x\":7}"
    );
}

#[test]
fn traces_become_events() {
    let batch = all(open("log.xes", text("log.xes").as_bytes(), Some(&text("log.toml")), 100));
    let shown: Vec<String> = batch.events.iter().map(show).collect();
    assert_eq!(
        shown,
        [
            "K&1 准绳/2 approval.case.step_done 2026-02-09T09:00:00+08:00 \
             2026-02-09T09:00:00+08:00 {\"case_no\":\"K&1 准绳\",\"step\":\"check\"}",
            "K&1 准绳/received approval.case.received 2026-02-10T09:00:00+08:00 \
             2026-02-10T09:00:00+08:00 {\"case_no\":\"K&1 准绳\",\
             \"note\":\"an attribute after the events\"}",
            "K&1 准绳/1 approval.case.step_done 2026-02-10T09:00:00.500+08:00 \
             2026-02-10T09:00:00.500+08:00 {\"case_no\":\"K&1 准绳\",\"step\":\"register\"}",
            "K2/1 approval.case.step_done 2026-02-12T09:00:00+08:00 \
             2026-02-12T09:00:00+08:00 {\"case_no\":\"K2\",\"step\":\"check\"}",
        ]
    );
    assert_eq!(batch.events[2].actor.as_deref(), Some("he said \"yes\""));
    assert_eq!(batch.ignored, 1);
    assert_eq!(
        brief(&batch.rejects),
        [
            "1 unmapped_activity event.concept:name",
            "1 bad_timestamp event.time:timestamp",
            "1 missing_field event.time:timestamp",
            "1 missing_field event.concept:name",
            "- event_outside_trace -",
        ]
    );
}

#[test]
fn a_wrong_mapping_names_its_key() {
    let log = text("log.toml");
    let rows = text("rows.toml");
    let cases = [
        (log.replace("format = \"xes\"", "format = \"xml\""), "format"),
        (log.replace("Asia/Shanghai", "Asia/Peking"), "zone"),
        (log.replace("source = \"log\"", "source = 5"), "source"),
        (log.replace("source = \"log\"", ""), "source"),
        (log.replace("330106", "33010"), "region"),
        (log.replace("dept = {", "dept = { kind = \"int\","), "dept"),
        (log.replace("ignore = [\"left out\"]", "ignore = [1]"), "ignore[0]"),
        (log.replace("ignore =", "ingore ="), "ingore"),
        (log.replace("ignore = [\"left out\"]", "ignore = [\"check\"]"), "event[0].activities"),
        (log.replace("activity = \"event.concept:name\"", ""), "activity"),
        (log.replace("/{n}", "/{m}"), "id"),
        (log.replace("{trace.concept:name}/{n}", "{n}"), "id"),
        (log.replace("/{n}", "/{n"), "id"),
        (log.replace("time = \"trace.start\"", "time = \"event.start\""), "trace_event[0].time"),
        (log.replace("time = \"trace.start\"\nrecorded", "recorded"), "trace_event[0].time"),
        (log.replace("\"trace.after\"", "\"after\""), "trace_event[0].data.note"),
        (log.replace("approval.case.step_done", "plumbline.tick"), "event[0].type"),
        (log.replace("actor =", "officer ="), "event[0].officer"),
        (
            log.replace("\ndata = { case_no = \"trace.concept:name\", step", "\nstuff = { step"),
            "event[0].stuff",
        ),
        (rows.replace("kind = \"money\"", "kind = \"yuan\""), "event[0].data.amount.kind"),
        (rows.replace("check = \"uscc\"", "check = \"isbn\""), "event[0].data.holder.check"),
        (rows.replace("table = \"steps\"", "table = \"step\""), "event[0].data.step.table"),
        (rows.replace("\"accept\"", "1"), "tables.steps.受理"),
        (rows.replace("const = [\"a\"", "const = [1.5"), "event[0].data.fixed.const[0]"),
        (rows.replace("{ const = [\"a\", \"b\"] }", "{ }"), "event[0].data.fixed"),
        (rows.replace("note =", "pid_ok ="), "event[0].data.pid_ok"),
        (
            rows.replace("[tables.steps]", "[csv]\nencoding = \"gbk\"\n[tables.steps]"),
            "csv.encoding",
        ),
        (
            rows.replace("[tables.steps]", "[csv]\ndelimiter = \"，\"\n[tables.steps]"),
            "csv.delimiter",
        ),
        (log.replace("[[event]]", "[[event"), "."),
    ];
    for (toml, want) in cases {
        match Mapping::parse(&toml) {
            Err(IngestError::Mapping { key, reason }) => assert_eq!(key, want, "{reason}"),
            other => panic!("{want}: {other:?}"),
        }
    }
}

#[test]
fn what_is_needed_to_open_is_asked_for() {
    let bytes = text("rows.csv").into_bytes();
    let try_open = |name: &str, options: Options| {
        Source::from_reader(name, Cursor::new(bytes.clone()), None, options).map(drop)
    };
    let rows = text("rows.toml");
    let cases = [
        (try_open("rows.csv", options(None, 1)), "rows.csv is csv and needs a mapping file"),
        (
            try_open("rows.xes", options(Some(&rows), 1)),
            "rows.xes is xes, but the mapping is for csv",
        ),
        (
            try_open("rows.csv", Options { secret: None, ..options(Some(&rows), 1) }),
            "the mapping has the secret field `pid`, but no key to hash it with was given",
        ),
    ];
    for (result, want) in cases {
        assert_eq!(result.unwrap_err().to_string(), want);
    }
}
