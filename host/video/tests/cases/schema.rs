//! Every event that a camera makes is one that the schemas describe.
#![allow(clippy::unwrap_used)]

use crate::clip::{self, Scene};
use crate::watcher::post;
use plumbline_camera::{Limits, Observer, VideoError, Watch, Written, Zones};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// The first thing in which a record does not fit, if any: required, type, one of the allowed, and
/// no field that nobody has described.
fn misfit(schema: &Value, record: &Value) -> Option<String> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(name) = required.into_iter().find(|name| record.get(name).is_none()) {
        return Some(format!("{name} is missing"));
    }
    record.as_object().unwrap().iter().find_map(|(name, value)| {
        let Some(property) = schema["properties"].get(name) else {
            return Some(format!("{name} is not described"));
        };
        let fits = match property["type"].as_str().unwrap() {
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            other => panic!("{other}"),
        };
        let allowed = property["enum"].as_array().is_none_or(|allowed| allowed.contains(value));
        let mut items = value.as_array().into_iter().flatten();
        let item = items.find_map(|item| misfit(&property["items"], item));
        (!fits || !allowed).then(|| format!("{name}: {value}")).or(item)
    })
}

#[test]
fn events_fit_their_schemas() {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/contract/schema");
    let scenes = [
        (Scene::Occupied, 12),
        (Scene::Covered, 14),
        (Scene::Empty, 12),
        (Scene::Black, 14),
        (Scene::Empty, 12),
        (Scene::Blurred, 14),
        (Scene::Empty, 10),
    ];
    let coded = clip::encode(320, 180, &scenes);
    let post = post("C-1", "rtsp://127.0.0.1/");
    let observer = Observer::new(Zones::new(&post.zones).unwrap(), None);
    let subject = post.subject.clone();
    let begin_us = 1_772_413_230_000_000;
    let mut watch = Watch::live(subject.clone(), observer, Limits::default(), begin_us).unwrap();
    let mut written = watch.camera_clock(begin_us, begin_us - 90_000_000);
    let units = clip::units(&coded, begin_us);
    units.iter().for_each(|unit| written.extend(watch.unit(unit)));
    let last_us = units.last().unwrap().at_us;
    written.extend(watch.clock(last_us + 70_000_000));
    written.extend(watch.failed(last_us + 71_000_000, &VideoError::AuthFailed));
    let mut kinds = BTreeSet::new();
    for written in &written {
        let event = subject.event(written);
        let kind = event["type"].as_str().unwrap();
        let schema = std::fs::read_to_string(schemas.join(format!("{kind}.schema.json"))).unwrap();
        let schema: Value = serde_json::from_str(&schema).unwrap();
        assert_eq!(misfit(&schema, &event["data"]), None, "{event}");
        let word = event["data"]["quality"].as_str().or(event["data"]["state"].as_str());
        kinds.insert(word.unwrap_or("minute").to_owned());
    }
    let kinds: Vec<_> = kinds.iter().map(String::as_str).collect();
    assert_eq!(kinds, ["auth_fail", "blurred", "covered", "dark", "down", "good", "minute"]);
    let minutes = written.iter().filter(|written| matches!(written, Written::Minute(_)));
    let first = subject.event(minutes.into_iter().next().unwrap());
    assert_eq!(first["data"]["clock_off_s"], -90);
}
