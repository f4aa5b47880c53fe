//! A camera-day stays small: a full day of observations of a good camera, with the rules on staff off
//! and on, and of the worst that can be thought of.
#![allow(clippy::unwrap_used)]

use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::{TableSet, TableSpec};
use plumbline_contract::task::{EventView, Input, LookMode, STATE_BYTES_MAX, Task};
use plumbline_contract::time::{Millis, Zone};
use plumbline_guest::native::{Native, NativeHost};
use plumbline_video::Video;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// 2026-03-02T00:00 in Shanghai.
const START: i64 = 1_772_380_800_000;
const MINUTE: i64 = 60_000;

fn tables() -> TableSet {
    let mut tables = TableSet::default();
    let spec = TableSpec::find("calendar").unwrap();
    let mut lines = plumbline_contract::CALENDAR_CSV.lines();
    let heading: Vec<_> = lines.next().unwrap().split(',').collect();
    let rows = lines.map(|line| spec.row(heading.iter().copied().zip(line.split(','))).unwrap());
    tables.put("calendar", 1, rows.collect::<Vec<_>>());
    tables
}

/// Bytes of the state of a camera-day, so many minutes folded by one task.
fn state_bytes(
    ground: &str,
    per_task: usize,
    minutes: std::ops::Range<i64>,
    data: impl Fn(i64) -> Value,
) -> usize {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let mut given = Map::new();
    given.insert("discipline_ground".to_owned(), ground.into());
    let parameters = Value::Object(manifest.parameters(&given).unwrap()).to_string();
    let zone = Zone::shanghai();
    let native = Native::<Video>::new(&parameters).unwrap();
    let host = NativeHost::new(Arc::new(tables()), zone.clone());
    let mut state = Vec::new();
    let event = |minute: i64| {
        let time = Millis(START + minute * MINUTE);
        Event {
            id: format!("m{minute}"),
            source: "/370203/hall".to_owned(),
            kind: "video.obs.minute".to_owned(),
            subject: String::new(),
            time,
            recorded: time,
            corrected: None,
            logged: time,
            region: "370203".to_owned(),
            dept: "11370203MB2857433X".to_owned(),
            serial: None,
            actor: None,
            dataversion: 1,
            data: data(minute).to_string(),
        }
    };
    let events: Vec<_> = minutes.map(event).collect();
    for (index, part) in events.chunks(per_task).enumerate() {
        let view = |(nth, event)| {
            let seq = 10_000_000 + (index * per_task + nth) as u64;
            Input::Event(EventView::of(EventSeq(seq), event, &zone))
        };
        let inputs = part.iter().enumerate().map(view).collect();
        let task = Task { stream: "camera", key: "k", state: &state, inputs };
        state = native.supervise(&host, &[task], LookMode::Last).remove(0).state;
    }
    state.len()
}

fn usual(minute: i64) -> Value {
    let seat = |nth: i64| {
        let empty = (minute + nth * 7) % 45 < 3;
        json!({ "zone": format!("Z{nth}"), "kind": "seat", "seat": format!("W{nth}"),
            "occ_ratio": if empty { 0.01 } else { 0.62 }, "person_max": 1, "motion": 0.013 })
    };
    let mut zones: Vec<_> = (1..=4).map(seat).collect();
    zones.push(json!({ "zone": "Q1", "kind": "queue", "occ_ratio": 0.31, "person_max": 9, "motion": 0.02 }));
    zones.push(json!({ "zone": "F1", "kind": "forbidden", "occ_ratio": 0.0, "person_max": 0, "motion": 0.0 }));
    json!({ "cam": "370203-CAM-0001", "at": "2026-03-02T09:00:00+08:00", "frames": 30, "fps": 25.0,
        "luma_mean": 112.4, "luma_std": 41.9, "sharp": 873.2, "motion": 0.0124, "zones": zones,
        "ref_sim": 0.93, "frame_hash_runs": 1, "black": false, "clock_off_s": 1 })
}

#[test]
fn a_day_of_a_good_camera_is_a_few_hundred_bytes() {
    let bytes = state_bytes("", 1, 480..1_080, usual);
    assert!(bytes < 400, "{bytes}");
}

#[test]
fn seats_add_what_their_comings_and_goings_take() {
    let bytes = state_bytes("大厅工作纪律监察办法", 1, 480..1_080, usual);
    assert!(bytes < 8 * 1_024, "{bytes}");
}

#[test]
fn a_camera_that_flickers_all_day_has_room() {
    let bytes = state_bytes("g", 60, 0..1_440, |minute| {
        let odd = minute % 2 == 1;
        let kinds = ["seat", "queue", "forbidden", "room"];
        let zone = |nth: usize| {
            json!({ "zone": format!("Z{nth:030}"), "kind": kinds[nth % 4], "seat": format!("W{nth:030}"),
                "occ_ratio": if odd { 0.0 } else { 0.5 }, "motion": 0.0, "person_max": if odd { 50 } else { 0 } })
        };
        json!({ "cam": "c", "frames": 30, "luma_mean": if odd { 3 } else { 100 },
            "luma_std": if odd { 2 } else { 40 }, "sharp": 900, "motion": 0.0, "ref_sim": 0.1,
            "frame_hash_runs": 1, "clock_off_s": minute * 100, "zones": (0..40).map(zone).collect::<Vec<_>>() })
    });
    assert!(bytes < STATE_BYTES_MAX, "{bytes}");
}
