//! A state has room whatever a source sends: the busiest officer, object, grid and sensor that can be
//! thought of, with the longest values that are kept.
#![allow(clippy::unwrap_used)]

use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::{TableSet, TableSpec};
use plumbline_contract::task::{EventView, Input, LookMode, STATE_BYTES_MAX, Task};
use plumbline_contract::time::{Millis, Zone};
use plumbline_grid::Grid;
use plumbline_guest::native::{Native, NativeHost};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const DEPT: &str = "11370203MB2857433X";
const MINUTE: i64 = 60_000;
/// 2026-01-05T09:00 in Shanghai.
const START: i64 = 1_767_574_800_000;

fn parameters() -> String {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    Value::Object(manifest.parameters(&Map::new()).unwrap()).to_string()
}

fn calendar() -> TableSet {
    let spec = TableSpec::find("calendar").unwrap();
    let mut lines = plumbline_contract::CALENDAR_CSV.lines();
    let heading: Vec<_> = lines.next().unwrap().split(',').collect();
    let rows = lines.map(|line| spec.row(heading.iter().copied().zip(line.split(','))).unwrap());
    let mut tables = TableSet::default();
    tables.put("calendar", 1, rows.collect::<Vec<_>>());
    tables
}

/// Bytes of the state after `count` events of one key.
fn state_bytes(
    stream: &str,
    count: u64,
    event: impl Fn(u64) -> (&'static str, i64, Value),
) -> usize {
    let zone = Zone::shanghai();
    let events: Vec<_> = (0..count)
        .map(|index| {
            let (kind, minutes, data) = event(index);
            let time = Millis(START + minutes * MINUTE);
            Event {
                id: format!("e{index}"),
                source: "/370203/grid-platform".to_owned(),
                kind: kind.to_owned(),
                subject: String::new(),
                time,
                recorded: time,
                corrected: None,
                logged: time,
                region: "370203".to_owned(),
                dept: DEPT.to_owned(),
                serial: None,
                actor: None,
                dataversion: 1,
                data: data.to_string(),
            }
        })
        .collect();
    let view = |(index, event)| Input::Event(EventView::of(EventSeq(index), event, &zone));
    let inputs = (10_000_000..).zip(&events).map(view).collect();
    let native = Native::<Grid>::new(&parameters()).unwrap();
    let host = NativeHost::new(Arc::new(calendar()), zone.clone());
    let task = Task { stream, key: "k", state: &[], inputs };
    native.supervise(&host, &[task], LookMode::Last)[0].state.len()
}

fn photos(index: u64, count: u64) -> Value {
    let photo = |nth: u64| {
        let hash = (index * 100 + nth + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) as i64;
        json!({ "sha": hash, "phash": !hash, "camera": hash, "taken": START, "no_exif": false, "screen": false })
    };
    (0..count).map(photo).collect()
}

#[test]
fn an_officer_with_more_records_and_photos_than_are_kept() {
    let bytes = state_bytes("officer", 1_300, |index| {
        let mark = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) as i64;
        let started = START + index as i64 * 240 * MINUTE;
        let data = json!({
            "officer": "370203-01234", "year": 2026, "insp_no": format!("370203-JC-2026-{index:08}"),
            "object": format!("91370203MA3C{index:06}"), "rev": index + 1, "seq": 10_000_000 + index,
            "started": started, "dept": DEPT, "device_h": "-", "uploaded": started + 60 * MINUTE,
            "offline": false, "site": true, "officers": 2, "items": 60, "all_pass": true,
            "acc_m": 20, "mock": false, "lat": 36_060_000, "lon": 120_380_000,
            "ended": started + 30 * MINUTE, "scan": true, "away_m": 1_000, "radius_m": 150,
            "min_dwell_s": 600, "simhash": mark, "minwise": !mark, "chars": 500,
            "photos": photos(index, 4),
        });
        ("fact.grid.record", index as i64 * 240, data)
    });
    assert!(bytes < STATE_BYTES_MAX, "{bytes}");
}

#[test]
fn an_object_that_is_inspected_twice_a_day_for_a_year() {
    let text = "检".repeat(3_000);
    let items: Vec<_> =
        (0..300).map(|i| json!({ "item": format!("{i}"), "result": "pass" })).collect();
    let bytes = state_bytes("object", 730, |index| {
        let photo = |nth: u64| json!({ "sha256": format!("{:064}", index * 16 + nth), "camera_h": "h:0123456789abcdef", "exif_at": "2026-01-05T09:00:00+08:00" });
        let data = json!({
            "insp_no": format!("370203-JC-2026-{index:08}"), "object": "91370203MA3C123456",
            "officers": ["370203-01234", "370203-01235"], "cert_nos": ["3702030001234", "3702030001235"],
            "plan_no": "370203-2026-0001", "task": "daily", "domain": "food", "scan_code": "Q",
            "checklist": items, "text": text, "photos": (0..20).map(photo).collect::<Vec<_>>(),
        });
        ("grid.inspection.done", index as i64 * 720, data)
    });
    assert!(bytes < STATE_BYTES_MAX, "{bytes}");
}

#[test]
fn an_object_whose_results_are_all_published() {
    let bytes = state_bytes("object", 3_000, |index| {
        let data = json!({ "insp_no": format!("370203-JC-2026-{index:08}"), "object": "91370203MA3C123456" });
        ("grid.inspection.published", index as i64 * 720, data)
    });
    assert!(bytes < STATE_BYTES_MAX / 4, "{bytes}");
}

#[test]
fn a_grid_with_thousands_of_duties() {
    let bytes = state_bytes("grid", 6_000, |index| {
        let object = format!("91370203MA3C{:06}", index % 3_000);
        let officer = format!("370203-{:05}", index % 40);
        let (kind, data) = match index % 3 {
            0 => (
                "grid.duty.assigned",
                json!({ "object": object, "officer": officer, "from": "2026-01-05", "to": "2026-12-31", "duty_ver": index }),
            ),
            1 => ("grid.duty.acknowledged", json!({ "officer": officer, "duty_ver": index })),
            _ => ("fact.grid.placed", json!({ "object": object, "rev": index, "since": 20_458 })),
        };
        (kind, index as i64, data)
    });
    assert!(bytes < STATE_BYTES_MAX, "{bytes}");
}

#[test]
fn sensors_that_never_stop() {
    let bytes = state_bytes("alarm", 20_000, |index| {
        let kind = if index % 4 == 3 { "grid.sensor.handled" } else { "grid.sensor.alarm" };
        let data = json!({ "sensor_no": format!("370203-S-{:06}", index % 50), "kind": "smoke", "level": 3 });
        (kind, index as i64 * 17, data)
    });
    assert!(bytes < STATE_BYTES_MAX, "{bytes}");
}

/// Positions are most of what comes: what is kept of a way is a few kilobytes.
#[test]
fn a_way_of_ten_thousand_positions_is_small() {
    let bytes = state_bytes("travel", 10_000, |index| {
        let data = json!({ "officer": "370203-01234", "lat": 36.06 + index as f64 * 1e-4, "lon": 120.38, "acc_m": 12.5 });
        ("grid.patrol.point", index as i64, data)
    });
    assert!(bytes < 2_048, "{bytes}");
}
