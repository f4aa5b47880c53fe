//! Values of parameters as people write them: `NAME=VALUE` by the kind that the manifest names, and
//! whole files of them.

use crate::error::{AppError, Kind};
use plumbline_contract::manifest::{Manifest, OFF_PARAMETER, Parameter, ParameterKind};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;

/// What stands between the elements of a list.
const SEPARATORS: [char; 3] = [',', '，', '、'];

/// Reads `NAME=VALUE` words against a manifest; `NAME=` takes a value back and gives `null`.
///
/// # Errors
/// Names the parameter, what is wrong, and what would be right.
pub fn read_words(manifest: &Manifest, words: &[String]) -> Result<Map<String, Value>, AppError> {
    let mut read = Map::new();
    for word in words {
        let (name, text) =
            word.split_once('=').ok_or_else(|| wrong(format!("{word}: NAME=VALUE")))?;
        let (name, text) = (name.trim(), text.trim());
        let kind = kind(manifest, name)?;
        let value = if text.is_empty() { Value::Null } else { value(manifest, name, kind, text)? };
        read.insert(name.to_owned(), value);
    }
    check(manifest, &read)?;
    Ok(read)
}

/// Whether a manifest takes these values; `null` always fits.
///
/// # Errors
/// As [`read_words`].
pub fn check(manifest: &Manifest, values: &Map<String, Value>) -> Result<(), AppError> {
    for (name, value) in values.iter().filter(|(_, value)| !value.is_null()) {
        kind(manifest, name)?;
        let one = Map::from_iter([(name.clone(), value.clone())]);
        manifest.parameters(&one).map_err(|error| match bounds(manifest, name) {
            Some(bounds) => wrong(format!("{error} ({bounds})")),
            None => wrong(error.to_string()),
        })?;
    }
    Ok(())
}

/// Reads a file of parameters, TOML or JSON by its name.
///
/// # Errors
/// If it cannot be read, or is no table of values.
pub fn read_file(path: &Path) -> Result<Map<String, Value>, AppError> {
    let text = fs::read_to_string(path).map_err(|error| AppError::io(path, &error))?;
    let wrong = |what: String| wrong(format!("{}: {what}", path.display()));
    if path.extension().is_some_and(|extension| extension == "toml") {
        let table: toml::Table =
            toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
        return match serde_json::to_value(table) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(other) => Err(wrong(other.to_string())),
            Err(error) => Err(wrong(error.to_string())),
        };
    }
    serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
}

/// What a parameter may be, for instance `1..365 working days`; `None` if nothing bounds it.
#[must_use]
pub fn bounds(manifest: &Manifest, name: &str) -> Option<String> {
    let parameter = find(manifest, name)?;
    let side = |bound: Option<i64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
    if parameter.min.is_none() && parameter.max.is_none() {
        return None;
    }
    let text = format!("{}..{} {}", side(parameter.min), side(parameter.max), parameter.unit);
    Some(text.trim_end().to_owned())
}

fn find<'a>(manifest: &'a Manifest, name: &str) -> Option<&'a Parameter> {
    manifest.parameters.iter().find(|parameter| parameter.name == name)
}

fn kind(manifest: &Manifest, name: &str) -> Result<ParameterKind, AppError> {
    if name == OFF_PARAMETER {
        return Ok(ParameterKind::List);
    }
    find(manifest, name).map(|parameter| parameter.kind).ok_or_else(|| {
        let known = manifest.parameters.iter().map(|parameter| parameter.name.as_str());
        let known: Vec<_> = known.chain([OFF_PARAMETER]).collect();
        wrong(format!("{name}? {}: {}", manifest.plugin.id, known.join(" ")))
    })
}

fn value(
    manifest: &Manifest,
    name: &str,
    kind: ParameterKind,
    text: &str,
) -> Result<Value, AppError> {
    let expected = |what: &str| {
        let bounds = bounds(manifest, name).map(|bounds| format!(" ({bounds})"));
        wrong(format!("{name}: `{text}`, {what}{}", bounds.unwrap_or_default()))
    };
    match kind {
        ParameterKind::Integer => {
            text.parse::<i64>().map(Value::from).map_err(|_| expected("整数 / a whole number"))
        }
        ParameterKind::Boolean => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "是" => Ok(json!(true)),
            "false" | "no" | "off" | "否" => Ok(json!(false)),
            _ => Err(expected("true | false")),
        },
        ParameterKind::Text => Ok(json!(text)),
        ParameterKind::List if text == "[]" => Ok(json!([])),
        ParameterKind::List => {
            let parts = text.split(SEPARATORS).map(str::trim).filter(|part| !part.is_empty());
            Ok(parts.collect())
        }
    }
}

fn wrong(detail: impl std::fmt::Display) -> AppError {
    AppError::new(Kind::Usage, "parameter", detail)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn manifest() -> Manifest {
        let parameter = |name: &str, kind: ParameterKind, default: Value| Parameter {
            rules: Vec::new(),
            name: name.to_owned(),
            name_zh: "参数".to_owned(),
            name_en: "parameter".to_owned(),
            kind,
            unit: "days".to_owned(),
            min: (kind == ParameterKind::Integer).then_some(1),
            max: (kind == ParameterKind::Integer).then_some(9),
            default,
            looser: None,
        };
        let plugin = "id = \"p\"\nversion = \"1\"\nrelease = 1\ncontract = \"0.1\"\ndomain = \"p\"\n\
            vendor = \"v\"\nname_zh = \"某\"\nname_en = \"p\"\n";
        let mut manifest: Manifest = toml::from_str(&format!("[plugin]\n{plugin}")).unwrap();
        manifest.parameters = vec![
            parameter("days", ParameterKind::Integer, json!(3)),
            parameter("strict", ParameterKind::Boolean, json!(false)),
            parameter("name", ParameterKind::Text, json!("")),
            parameter("ranks", ParameterKind::List, json!([])),
        ];
        manifest
    }

    #[test]
    fn words_are_read_by_the_kind_of_their_parameter() {
        let cases = [
            ("days=5", json!({ "days": 5 })),
            ("days=", json!({ "days": null })),
            ("strict=是", json!({ "strict": true })),
            ("strict=off", json!({ "strict": false })),
            ("name= a=b ", json!({ "name": "a=b" })),
            ("ranks=head、deputy,clerk", json!({ "ranks": ["head", "deputy", "clerk"] })),
            ("ranks=[]", json!({ "ranks": [] })),
        ];
        for (word, expected) in cases {
            let read = read_words(&manifest(), &[word.to_owned()]).unwrap();
            assert_eq!(Value::Object(read), expected, "{word}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let cases = [
            ("days=ten", "1..9 days"),
            ("days=10", "1..9 days"),
            ("days=0", "below the minimum"),
            ("strict=maybe", "true | false"),
            ("day=1", "days strict name ranks off"),
            ("days", "NAME=VALUE"),
            ("off=X-1", "no rule `X-1`"),
        ];
        for (word, expected) in cases {
            let error = read_words(&manifest(), &[word.to_owned()]).unwrap_err();
            assert_eq!((error.kind, error.message), (Kind::Usage, "parameter"), "{word}");
            assert!(error.detail.contains(expected), "{word}: {}", error.detail);
        }
    }
}
