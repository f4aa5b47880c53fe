//! The shipped JSON Schemas, the sample events and the two reference pages say the same.
//!
//! It reads only the keywords that our schemas use; it is no validator for foreign schemas.
#![allow(clippy::unwrap_used)]

use plumbline_contract::event::{ATTRIBUTE_BYTES_MAX, DATA_BYTES_MAX};
use plumbline_contract::table::specs;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every `*.schema.json`, by the part of the file name before that.
fn schemas() -> BTreeMap<String, Value> {
    let mut schemas = BTreeMap::new();
    for entry in fs::read_dir(root().join("sdk/contract/schema")).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        if file == "index.json" {
            continue;
        }
        let name = file.strip_suffix(".schema.json").unwrap_or_else(|| panic!("stray file {file}"));
        let text = fs::read_to_string(&path).unwrap();
        let schema = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        schemas.insert(name.to_owned(), schema);
    }
    schemas
}

fn event_schemas() -> BTreeMap<String, Value> {
    let mut schemas = schemas();
    schemas.remove("envelope").expect("the envelope has a schema");
    schemas
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn schemas_are_named_after_their_files() {
    let schemas = schemas();
    assert!(schemas.len() > 20, "only {} schemas were found", schemas.len());
    for (name, schema) in &schemas {
        let id = match name.as_str() {
            "envelope" => "urn:plumbline:envelope:1".to_owned(),
            _ => format!("urn:plumbline:event:{name}:1"),
        };
        assert_eq!(text(schema, "$id"), id, "{name}");
        assert_eq!(text(schema, "$schema"), DIALECT, "{name}");
    }
}

#[test]
fn objects_are_open_and_described_in_two_languages() {
    for (name, schema) in &schemas() {
        check_object(name, schema);
    }
}

fn check_object(place: &str, object: &Value) {
    assert_eq!(object["type"], "object", "{place}");
    assert_eq!(object["additionalProperties"], true, "{place} is closed to local fields");
    let properties = object["properties"].as_object().unwrap();
    for name in names(&object["required"]) {
        assert!(properties.contains_key(name), "{place} requires `{name}`, which it does not have");
    }
    for (name, property) in properties {
        let place = format!("{place}.{name}");
        let title = text(property, "title");
        assert!(title.chars().any(|c| c > '\u{2e7f}'), "{place} has no Chinese title: `{title}`");
        let description = text(property, "description");
        assert!(description.is_ascii() && !description.is_empty(), "{place}: `{description}`");
        check_unit(&place, name, property);
        if property["type"] == "array" && property["items"]["type"] == "object" {
            check_object(&place, &property["items"]);
        }
    }
}

/// The unit is a part of the name's meaning: money, working days and seconds are not mixed up.
fn check_unit(place: &str, name: &str, property: &Value) {
    let unit = match name {
        "amount" => "fen",
        name if name.ends_with("_wd") => "working days",
        name if name.ends_with("_s") => "seconds",
        _ => "",
    };
    assert_eq!(text(property, "x-unit"), unit, "{place}");
    assert!(unit.is_empty() || property["type"] == "integer", "{place} is no integer");
}

/// `UPDATE_EXPECT=1` writes the index anew, in the order of the types.
#[test]
fn index_lists_every_schema() {
    let entry = |(name, schema): (String, Value)| {
        json!({
            "type": name, "file": format!("{name}.schema.json"),
            "zh": schema["title"], "en": schema["description"],
        })
    };
    let events: Vec<_> = event_schemas().into_iter().map(entry).collect();
    let envelope = json!({ "$id": "urn:plumbline:envelope:1", "file": "envelope.schema.json" });
    let index = json!({ "envelope": envelope, "events": events });
    let wanted = serde_json::to_string_pretty(&index).unwrap() + "\n";
    in_step("sdk/contract/schema/index.json", &wanted);
}

/// Compares a file that is made from the sources, or writes it with `UPDATE_EXPECT=1`.
fn in_step(path: &str, wanted: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(root().join(path), wanted).unwrap();
        return;
    }
    let stands = fs::read_to_string(root().join(path)).unwrap_or_default();
    assert!(stands == wanted, "{path} is not in step: run this test with UPDATE_EXPECT=1");
}

#[test]
fn envelope_states_the_limits_of_the_code() {
    let envelope = &schemas()["envelope"];
    for (name, attribute) in envelope["properties"].as_object().unwrap() {
        if let Some(max) = attribute["maxLength"].as_u64() {
            assert_eq!(max, ATTRIBUTE_BYTES_MAX as u64, "{name}");
        }
    }
    let data = text(&envelope["properties"]["data"], "description");
    assert!(data.contains(&DATA_BYTES_MAX.to_string()), "{data}");
}

#[test]
fn sample_events_fit_their_schemas() {
    let (envelope, schemas) = (&schemas()["envelope"], event_schemas());
    let (mut lines, mut identities) = (0, BTreeSet::new());
    for entry in fs::read_dir(root().join("examples/events")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "ndjson") {
            continue;
        }
        for (index, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let place = format!("{}:{}", path.display(), index + 1);
            let event: Value = serde_json::from_str(line).unwrap();
            assert_eq!(misfit(envelope, &event), None, "{place}");
            assert_eq!(event["specversion"], "1.0", "{place}");
            let kind = text(&event, "type");
            let schema = schemas.get(kind).unwrap_or_else(|| panic!("{place}: type `{kind}`"));
            assert_eq!(misfit(schema, &event["data"]), None, "{place}");
            let identity = [&event["source"], &event["id"], &event["dataversion"]];
            assert!(identities.insert(identity.map(Value::to_string)), "{place} is a repeat");
            lines += 1;
        }
    }
    assert!(lines >= 40, "only {lines} sample events were found");
}

#[test]
fn misfits_are_found() {
    let schema = &event_schemas()["approval.case.extended"];
    let good = json!({
        "case_no": "C1", "days_wd": 5, "approver": "o-1", "approver_rank": "head",
        "reason": "", "applicant_told": true, "local": [1],
    });
    assert_eq!(misfit(schema, &good), None);
    let rows = [
        ("days_wd", json!("5"), "days_wd is no integer"),
        ("days_wd", json!(5.5), "days_wd is no integer"),
        ("applicant_told", json!(null), "applicant_told is no boolean"),
        ("approver_rank", json!("boss"), "approver_rank is not one of the allowed"),
    ];
    for (name, value, wanted) in rows {
        let mut bad = good.clone();
        bad[name] = value;
        assert_eq!(misfit(schema, &bad).as_deref(), Some(wanted));
    }
    let steps = event_schemas()["approval.item.published"]["properties"]["steps"].clone();
    let item = json!({ "properties": { "steps": steps } });
    let bad = misfit(&item, &json!({ "steps": [{ "role": "r" }] }));
    assert_eq!(bad.as_deref(), Some("steps[0].step is missing"));
}

/// The first thing in which a record does not fit, if any.
fn misfit(schema: &Value, record: &Value) -> Option<String> {
    let missing = names(&schema["required"]).into_iter().find(|name| record.get(name).is_none());
    if let Some(name) = missing {
        return Some(format!("{name} is missing"));
    }
    let properties = schema["properties"].as_object()?;
    properties.iter().find_map(|(name, property)| value_misfit(name, property, record.get(name)?))
}

fn value_misfit(place: &str, property: &Value, value: &Value) -> Option<String> {
    let kind = property["type"].as_str();
    let fits = match kind {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some(other) => panic!("{place}: the schemas do not use type `{other}`"),
        None => true,
    };
    if !fits {
        return Some(format!("{place} is no {}", kind.unwrap_or_default()));
    }
    let allowed = property["enum"].as_array();
    if allowed.is_some_and(|allowed| !allowed.contains(value)) {
        return Some(format!("{place} is not one of the allowed"));
    }
    let items = value.as_array().into_iter().flatten().enumerate();
    items.into_iter().find_map(|(index, item)| {
        let place = format!("{place}[{index}]");
        if property["items"]["type"] == "object" {
            return misfit(&property["items"], item).map(|what| format!("{place}.{what}"));
        }
        value_misfit(&place, &property["items"], item)
    })
}

/// The names in the first column of the table below a heading.
fn rows_under(page: &str, heading: &str) -> BTreeSet<String> {
    let sections = page.split(&format!("\n{heading}\n")).collect::<Vec<_>>();
    assert_eq!(sections.len(), 2, "`{heading}` must stand once");
    let section = sections[1].split("\n#").next().unwrap_or_default();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `"));
    cells.filter_map(|line| Some(line.split_once('`')?.0.to_owned())).collect()
}

#[test]
fn page_of_events_names_every_attribute() {
    let envelope = &schemas()["envelope"];
    let attributes = envelope["properties"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(rows_under(&read("docs/events.md"), "## 信封 · Envelope"), attributes);
}

/// One page of `docs/events/` for each first word of the types; `UPDATE_EXPECT=1` writes them.
#[test]
fn pages_of_types_name_every_field() {
    let mut pages: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    for (name, schema) in event_schemas() {
        let domain = name.split('.').next().unwrap_or_default().to_owned();
        pages.entry(domain).or_default().push((name, schema));
    }
    let general = read("docs/events.md");
    for (domain, types) in pages {
        let path = format!("docs/events/{domain}.md");
        in_step(&path, &page_of(&domain, &types));
        let link = format!("(events/{domain}.md)");
        assert!(general.contains(&link), "docs/events.md does not link to {path}");
    }
}

fn page_of(domain: &str, types: &[(String, Value)]) -> String {
    let mut page = format!(
        "# 事件：{domain} · Events: {domain}\n\n\
         约定与信封见 [事件目录](../events.md)；由 `sdk/contract/schema/` 生成。\
         Conventions and envelope: [event types](../events.md). Made from `sdk/contract/schema/`.\n\n\
         | 类型 type | 中文 | 说明 meaning |\n|---|---|---|\n"
    );
    for (name, schema) in types {
        let anchor = name.replace('.', "");
        let (zh, en) = (text(schema, "title"), text(schema, "description"));
        page += &format!("| [`{name}`](#{anchor}) | {zh} | {en} |\n");
    }
    for (name, schema) in types {
        let (zh, en) = (text(schema, "title"), text(schema, "description"));
        page += &format!("\n## {name}\n\n{zh}。{en}\n\n");
        page += "| 字段 field | 中文 | 类型 type | 说明 meaning |\n|---|---|---|---|\n";
        describe_fields(&mut page, "", schema);
    }
    page
}

fn describe_fields(page: &mut String, prefix: &str, object: &Value) {
    let required = names(&object["required"]);
    for (name, property) in object["properties"].as_object().into_iter().flatten() {
        let star = if required.contains(&name.as_str()) { "\\*" } else { "" };
        let (zh, en) = (text(property, "title"), text(property, "description"));
        let kind = kind_of(property);
        let one_of: Vec<_> =
            names(&property["enum"]).into_iter().map(|value| format!("`{value}`")).collect();
        let one_of = match one_of.is_empty() {
            true => String::new(),
            false => format!(". One of {}", one_of.join(", ")),
        };
        *page += &format!("| `{prefix}{name}`{star} | {zh} | {kind} | {en}{one_of} |\n");
        describe_fields(page, &format!("{prefix}{name}[]."), &property["items"]);
    }
}

fn kind_of(property: &Value) -> String {
    let format = text(property, "format");
    let base = match (text(property, "type"), format) {
        ("string", "date") => "date",
        ("string", "date-time") => "timestamp",
        ("string", _) => "text",
        ("boolean", _) => "true/false",
        ("array", _) if property["items"]["type"] == "object" => "list of objects",
        ("array", _) => "list",
        ("", _) => "any",
        (other, _) => other,
    };
    match text(property, "x-unit") {
        "" => base.to_owned(),
        unit => format!("{base}, {unit}"),
    }
}

/// The part of the page that describes the tables one by one.
fn described_tables() -> String {
    let mut page = String::new();
    for spec in specs() {
        let key: Vec<_> = spec.key.iter().map(|name| format!("`{name}`")).collect();
        let personal = if spec.personal {
            " 涉及个人，只存散列 · about persons, keyed hashes only."
        } else {
            ""
        };
        page += &format!("### {} {}\n\n{}. ", spec.name, spec.zh, spec.en);
        page += &format!(
            "主键 key: {}. 查用 used by: {}.{personal}\n\n",
            key.join(" / "),
            spec.used_by
        );
        page += "| 列 column | 中文 | 允许 allowed | 说明 meaning | 别名 aliases |\n|---|---|---|---|---|\n";
        for column in &spec.columns {
            let star = if column.required { "\\*" } else { "" };
            let alias: Vec<_> = column.alias.iter().map(|name| format!("`{name}`")).collect();
            let refers = column.refers.as_ref().map(|table| {
                let must = if column.strict { "必须 must" } else { "提醒 warning" };
                format!("; → `{table}` ({must})")
            });
            page += &format!(
                "| `{}`{star} | {} | {}{} | {} | {} |\n",
                column.name,
                column.zh,
                column.allowed().replace('|', "\\|"),
                refers.unwrap_or_default(),
                column.note,
                alias.join(", ")
            );
        }
        page += "\n";
    }
    page
}

/// `UPDATE_EXPECT=1` writes the tables' part of the page anew.
#[test]
fn page_of_tables_names_every_column() {
    let page = read("docs/tables.md");
    let (head, rest) = page.split_once("\n### ").expect("the page describes tables");
    let (_, tail) = rest.split_once("\n## ").expect("something follows the tables");
    let wanted = format!("{head}\n{}## {tail}", described_tables());
    in_step("docs/tables.md", &wanted);
}
