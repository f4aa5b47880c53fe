//! The catalogue of messages: every sentence that the command line says, in Chinese and English.
//!
//! Texts of plugins come with their manifests and are no part of it.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The language of what people read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// 中文
    #[default]
    Zh,
    /// English
    En,
}

impl Lang {
    /// One of two texts.
    #[must_use]
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub zh: String,
    pub en: String,
}

type Catalogue = BTreeMap<String, BTreeMap<String, Entry>>;

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        toml::from_str(include_str!("../messages.toml")).expect("a test reads the catalogue")
    })
}

/// The message of a key such as `init.created`.
#[must_use]
pub fn find(key: &str) -> Option<&'static Entry> {
    let (group, name) = key.split_once('.')?;
    catalogue().get(group)?.get(name)
}

/// The sentence of a key with its placeholders filled. A key that does not exist shows itself.
#[must_use]
pub fn say(lang: Lang, key: &str, values: &[(&str, &str)]) -> String {
    let Some(entry) = find(key) else { return key.to_owned() };
    fill(lang.pick(&entry.zh, &entry.en), |name| {
        let value = values.iter().find(|(known, _)| *known == name);
        value.map(|(_, value)| (*value).to_owned())
    })
}

/// Replaces each `{name}` for which there is a value.
#[must_use]
pub fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else { break };
        filled.push_str(&rest[..start]);
        match value(&rest[start + 1..start + length]) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&rest[start..=start + length]),
        }
        rest = &rest[start + length + 1..];
    }
    filled.push_str(rest);
    filled
}

/// The names of a text's placeholders, each once and in order.
#[must_use]
pub fn placeholders(text: &str) -> Vec<String> {
    let parts = text.split('{').skip(1).filter_map(|part| part.split_once('}'));
    let mut names: Vec<_> = parts.map(|(name, _)| name.to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs;
    use std::path::{Path, PathBuf};

    fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    /// Each literal that follows one of `calls`, white space apart.
    fn literals<'a>(text: &'a str, call: &str) -> Vec<&'a str> {
        let ends = text.match_indices(call).map(|(at, _)| at + call.len());
        let after = ends.filter_map(|end| text[end..].trim_start().strip_prefix('"'));
        after.filter_map(|rest| rest.split_once('"').map(|(literal, _)| literal)).collect()
    }

    #[test]
    fn every_message_has_both_languages_and_the_same_placeholders() {
        for (group, entries) in catalogue() {
            for (name, entry) in entries {
                assert!(!entry.zh.is_empty() && !entry.en.is_empty(), "{group}.{name}");
                let (zh, en) = (placeholders(&entry.zh), placeholders(&entry.en));
                assert_eq!(zh, en, "{group}.{name}");
                assert!(!entry.zh.is_ascii(), "{group}.{name} is not Chinese");
                assert!(entry.en.is_ascii(), "{group}.{name} is not English");
            }
        }
    }

    #[test]
    fn every_key_in_the_sources_has_its_message() {
        let mut paths = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut paths);
        let mut keys = Vec::new();
        for path in &paths {
            let text = fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for call in ["say(", "note(", "line_of(", "lang,", "cell("] {
                keys.extend(literals(code, call).into_iter().map(str::to_owned));
            }
            for kind in ["Usage", "Refused", "Integrity", "NotFound", "Busy", "Full", "Failed"] {
                let errors = literals(code, &format!("Kind::{kind},"));
                keys.extend(errors.into_iter().map(|name| format!("error.{name}")));
                let errors = literals(code, &format!("K::{kind},"));
                keys.extend(errors.into_iter().map(|name| format!("error.{name}")));
            }
        }
        assert!(keys.len() > 60, "the scan finds keys: {}", keys.len());
        let missing: Vec<_> = keys.iter().filter(|key| find(key).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn placeholders_are_filled_and_unknown_ones_stay() {
        let value = |name: &str| (name == "a").then(|| "1".to_owned());
        let cases = [
            ("{a}", "1"),
            ("x {a} y {b} z", "x 1 y {b} z"),
            ("open {a", "open {a"),
            ("} {a}{a}", "} 11"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(fill(text, value), expected);
        }
    }
}
