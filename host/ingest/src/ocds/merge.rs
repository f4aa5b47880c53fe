//! Several releases of one process to one: the newer value of a field takes the place of the older,
//! `null` removes it, objects are merged, and so are lists whose members have ids. That is how OCDS
//! compiles releases, without the few fields that it merges otherwise (versioned and whole lists).

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Merges releases, each valid JSON, by their dates; equal dates in the order given.
pub(super) fn merge(releases: &[String]) -> String {
    let mut releases: Vec<Value> =
        releases.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    releases.sort_by_cached_key(|release| date(release).to_owned());
    let mut merged = Map::new();
    for release in releases {
        if let Value::Object(fields) = release {
            add(&mut merged, fields);
        }
    }
    Value::Object(merged).to_string()
}

/// RFC 3339 texts of one publisher are in the order of time.
fn date(release: &Value) -> &str {
    release["date"].as_str().unwrap_or_default()
}

fn add(into: &mut Map<String, Value>, fields: Map<String, Value>) {
    for (name, value) in fields {
        match (into.get_mut(&name), value) {
            (_, Value::Null) => {
                into.remove(&name);
            }
            (Some(Value::Object(known)), Value::Object(newer)) => add(known, newer),
            (Some(Value::Array(known)), Value::Array(newer)) if have_ids(known, &newer) => {
                add_list(known, newer);
            }
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

fn have_ids(known: &[Value], newer: &[Value]) -> bool {
    known.iter().chain(newer).all(|item| item.get("id").is_some_and(|id| !id.is_null()))
}

fn add_list(known: &mut Vec<Value>, newer: Vec<Value>) {
    let mut places: BTreeMap<String, usize> =
        known.iter().enumerate().map(|(index, item)| (item["id"].to_string(), index)).collect();
    for item in newer {
        let id = item["id"].to_string();
        match (places.get(&id).map(|index| &mut known[*index]), item) {
            (Some(Value::Object(known)), Value::Object(newer)) => add(known, newer),
            (_, item) => {
                places.insert(id, known.len());
                known.push(item);
            }
        }
    }
}
