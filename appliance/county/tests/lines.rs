//! The lines themselves: the same seed gives the same bytes, they come in the order of recording,
//! each is a whole envelope with a payload that fits its schema, the volumes are a county's.
#![allow(clippy::unwrap_used)]

mod support;

use plumbline_contract::table::TableSpec;
use plumbline_county::{Kind, Options};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use support::{event, fields, make, rows};

const SMALL: Options = Options { seed: 11, scale: 0.005, tellings: 1 };
/// Plugins and how many rules of theirs the year must tell of.
const RULES: [(&str, usize); 10] = [
    ("APPR", 23),
    ("PEN", 22),
    ("PROC", 22),
    ("FUND", 21),
    ("GRID", 18),
    ("CMP", 4),
    ("LEV", 4),
    ("PRJ", 5),
    ("CPL", 5),
    ("NET", 8),
];

fn schemas() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/contract/schema");
    let mut schemas = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        if let Some(name) = file.strip_suffix(".schema.json") {
            let text = std::fs::read_to_string(&path).unwrap();
            schemas.insert(name.to_owned(), serde_json::from_str(&text).unwrap());
        }
    }
    schemas
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The first thing in which a record does not fit its schema.
fn misfit(schema: &Value, record: &Value) -> Option<String> {
    if let Some(name) = names(&schema["required"]).find(|name| record.get(name).is_none()) {
        return Some(format!("{name} is missing"));
    }
    let properties = schema["properties"].as_object()?;
    properties.iter().find_map(|(name, property)| value_misfit(name, property, record.get(name)?))
}

fn value_misfit(place: &str, property: &Value, value: &Value) -> Option<String> {
    let fits = match property["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    };
    if !fits {
        return Some(format!("{place} is no {}", property["type"]));
    }
    if property["enum"].as_array().is_some_and(|allowed| !allowed.contains(value)) {
        return Some(format!("{place} is not one of the allowed: {value}"));
    }
    value.as_array().into_iter().flatten().find_map(|item| {
        if property["items"]["type"] == "object" {
            return misfit(&property["items"], item).map(|what| format!("{place}.{what}"));
        }
        value_misfit(place, &property["items"], item)
    })
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (one, two) = (make(&SMALL), make(&SMALL));
    assert_eq!(one.lines, two.lines);
    assert_eq!(one.made.labels, two.made.labels);
    assert_eq!(one.made.tables, two.made.tables);
    let other = make(&Options { seed: 12, ..SMALL });
    assert_ne!(one.lines, other.lines);
}

#[test]
fn lines_come_in_the_order_of_recording() {
    let year = make(&SMALL);
    let mut last = i64::MIN;
    let mut identities = BTreeSet::new();
    for line in &year.lines {
        let event = event(line);
        assert!(event.logged.0 >= last, "{line}");
        last = event.logged.0;
        assert!(event.time <= event.recorded, "{line}");
        assert!(identities.insert((event.source, event.id, event.dataversion)), "{line}");
    }
}

/// A type is described if any type of its domain is: a domain without its plugin has no schemas yet.
#[test]
fn every_line_fits_its_schema() {
    let year = make(&SMALL);
    let schemas = schemas();
    let domain = |kind: &str| kind.split('.').next().unwrap_or_default().to_owned();
    let described: BTreeSet<_> = schemas.keys().map(|kind| domain(kind)).collect();
    let mut checked = 0;
    for line in &year.lines {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(misfit(&schemas["envelope"], &value), None, "{line}");
        let kind = value["type"].as_str().unwrap();
        if !described.contains(&domain(kind)) {
            continue;
        }
        let schema = schemas.get(kind).unwrap_or_else(|| panic!("no schema of {kind}"));
        assert_eq!(misfit(schema, &value["data"]), None, "{line}");
        checked += 1;
    }
    assert!(checked > 2000, "only {checked} lines were checked");
}

#[test]
fn tables_are_read_without_a_complaint() {
    let year = make(&SMALL);
    for (name, csv) in &year.made.tables {
        assert!(!rows(name, csv).is_empty(), "{name}");
        let heads = fields(csv.lines().next().unwrap());
        let spec = TableSpec::find(name).unwrap();
        let unknown: Vec<_> = heads.iter().filter(|head| spec.column(head).is_none()).collect();
        // A county may have columns of its own; these are the ones that plugins read.
        let period = ["effective_from", "effective_to", "valid_from", "valid_to"];
        let own = ["domain", "cert_nos"];
        assert!(
            unknown
                .iter()
                .all(|head| period.contains(&head.as_str()) || own.contains(&head.as_str())),
            "{name}: {unknown:?}"
        );
    }
}

#[test]
fn volumes_are_a_countys() {
    let made = make(&Options { scale: 0.02, tellings: 1, ..SMALL }).made;
    let of = |prefixes: &[&str]| -> u64 {
        let of = |kind: &&str| prefixes.iter().any(|prefix| kind.starts_with(prefix));
        made.volumes.iter().filter(|(kind, _)| of(kind)).map(|(_, count)| *count).sum()
    };
    for (prefixes, low, high) in [
        (&["approval.", "queue."][..], 8_000, 16_000),
        (&["penalty."], 3_000, 9_000),
        (&["proc."], 700, 6_000),
        (&["fund.", "person."], 3_000, 9_000),
        (&["grid."], 4_000, 10_000),
        (&["coercion.", "levy.", "review.", "edu.", "project."], 600, 3_000),
        (&["complaint.", "openness.", "platform.", "promise.", "supervision."], 600, 9_000),
    ] {
        let count = of(prefixes);
        assert!((low..=high).contains(&count), "{prefixes:?}: {count}");
    }
}

#[test]
fn stories_tell_of_every_domains_rules() {
    let made = make(&SMALL).made;
    let told = |kind: Kind| -> BTreeSet<&str> {
        let labels = made.labels.iter().filter(|label| label.kind == kind);
        labels.map(|label| label.rule.as_str()).collect()
    };
    let violations = told(Kind::Violation);
    for (prefix, count) in RULES {
        let of = violations.iter().filter(|rule| rule.starts_with(prefix)).count();
        assert!(of >= count, "{prefix}: {of} of {count}: {violations:?}");
    }
    assert!(told(Kind::Decoy).len() >= 120, "decoys: {}", told(Kind::Decoy).len());
}
