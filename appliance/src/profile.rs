//! Region profiles (区划方案): files that hold, for several plugins, what is said for a region
//! subtree, with its ground in law. They can be exported, reviewed and imported.
//!
//! A file says all of the regions that it names: what it leaves out there is taken back. Regions
//! that it does not name stay as they are. Which package runs is no business of a profile: rights
//! are granted to packages one by one.

use crate::app::App;
use crate::backing::Backing;
use crate::deploy;
use crate::error::{AppError, Kind};
use crate::{act, clock, history, package, parameter};
use plumbline_contract::id::region_contains;
use plumbline_contract::manifest::Manifest;
use plumbline_kernel::{Deployment, Mode, Setting, SettingChange, setting_changes};
use plumbline_ledger::sha256_hex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Settings of one profile: every plugin in every township of a province fits.
const ENTRIES_MAX: usize = 10_000;

/// A profile as it stands in its file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// For people.
    pub name: String,
    /// Ground in law of all that has none of its own.
    pub ground: String,
    #[serde(rename = "setting")]
    pub entries: Vec<Entry>,
    /// SHA-256 of the file, in hexadecimal.
    #[serde(skip)]
    pub sha256: String,
}

/// What is said for one plugin in one region subtree.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    pub plugin: String,
    /// Root of the subtree; empty for everywhere.
    pub region: String,
    pub ground: String,
    pub on: Option<bool>,
    pub parameters: Map<String, Value>,
}

/// What a profile would change of one plugin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reviewed {
    pub plugin: String,
    pub changes: Vec<SettingChange>,
    #[serde(skip)]
    changed: Deployment,
    /// By region.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ground: BTreeMap<String, String>,
}

/// Reads a profile.
///
/// # Errors
/// If it is no profile, or says two things of one plugin in one region.
pub fn read(bytes: &[u8]) -> Result<Profile, AppError> {
    let wrong = |detail: String| AppError::new(Kind::Usage, "profile", detail);
    let text = std::str::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
    let mut profile: Profile = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    if profile.entries.len() > ENTRIES_MAX {
        return Err(wrong(format!("{} > {ENTRIES_MAX}", profile.entries.len())));
    }
    let mut seen = BTreeSet::new();
    for entry in &profile.entries {
        let is_code = entry.region.bytes().all(|byte| byte.is_ascii_digit());
        if entry.plugin.is_empty() || !is_code || !seen.insert((&entry.plugin, &entry.region)) {
            return Err(wrong(format!("plugin = {:?}, region = {:?}", entry.plugin, entry.region)));
        }
    }
    profile.sha256 = sha256_hex(bytes);
    Ok(profile)
}

/// What a profile would change, plugin by plugin; nothing takes effect.
///
/// # Errors
/// If a plugin is not enabled in a region, or a parameter does not fit.
pub fn review(app: &App, profile: &Profile) -> Result<Vec<Reviewed>, AppError> {
    let plugins: BTreeSet<&str> =
        profile.entries.iter().map(|entry| entry.plugin.as_str()).collect();
    let mut reviewed = Vec::new();
    for plugin in plugins {
        let before = deploy::live_of(app, plugin)?;
        let (mut changed, mut ground) = (before.clone(), BTreeMap::new());
        for entry in profile.entries.iter().filter(|entry| entry.plugin == plugin) {
            changed = changed.with(Setting {
                region: entry.region.clone(),
                package: before.setting(&entry.region).and_then(|setting| setting.package),
                on: entry.on,
                parameters: entry.parameters.clone(),
            });
            let own = if entry.ground.is_empty() { &profile.ground } else { &entry.ground };
            ground.insert(entry.region.clone(), own.clone());
        }
        for entry in profile.entries.iter().filter(|entry| entry.plugin == plugin) {
            fits(app, &changed, entry)?;
        }
        let changes = setting_changes(Some(&before), &changed);
        ground.retain(|region, ground| {
            !ground.is_empty() && changes.iter().any(|change| change.region == *region)
        });
        if !changes.is_empty() {
            reviewed.push(Reviewed { plugin: plugin.to_owned(), changes, changed, ground });
        }
    }
    Ok(reviewed)
}

fn fits(app: &App, changed: &Deployment, entry: &Entry) -> Result<(), AppError> {
    let place = || format!("{} {}", entry.plugin, entry.region);
    let missing = || AppError::new(Kind::NotFound, "no-deployment", place());
    let effective = changed.effective(&entry.region).ok_or_else(missing)?;
    let package = package::installed(app, effective.package.value)?;
    parameter::check(package.manifest(), &entry.parameters)
        .map_err(|error| AppError { detail: format!("{}: {}", place(), error.detail), ..error })
}

/// Puts what was reviewed into force at one place of the log, all of it or nothing: an act that
/// names the file's SHA-256 and its ground, and one for each plugin. Returns the leaf of the first.
///
/// # Errors
/// If a plugin says no to a parameter, or the store fails.
pub fn apply(
    app: &App,
    profile: &Profile,
    reviewed: &[Reviewed],
    backing: &Backing,
) -> Result<u64, AppError> {
    backing.check()?;
    let from = app.with_ledger(|ledger| ledger.size());
    let mut told = json!({
        "profile": profile.sha256, "name": profile.name, "ground": profile.ground,
        "settings": reviewed,
    });
    backing.add_to(&mut told);
    let acts = vec![act::leaf("profile", clock::now(), app.zone(), told)];
    let changed: Vec<_> = reviewed.iter().map(|one| one.changed.clone()).collect();
    let mut ground: BTreeMap<&str, &BTreeMap<String, String>> = BTreeMap::new();
    for one in reviewed {
        ground.insert(&one.plugin, &one.ground);
    }
    let particulars = |one: &Deployment| {
        let ground = ground.get(one.plugin.as_str());
        let mut told = json!({ "profile": profile.sha256, "ground": ground });
        backing.add_to(&mut told);
        told
    };
    deploy::change_all(app, &changed, ("setting", &particulars), acts)?;
    let missing = || AppError::new(Kind::Failed, "ledger", "profile");
    history::first_act(app, from, "profile")?.ok_or_else(missing)
}

/// What is said in a region subtree, as the text of a profile.
///
/// # Errors
/// If a package or the ledger cannot be read.
pub fn export(app: &App, region: &str) -> Result<String, AppError> {
    let mut text = String::from(
        "# 区划方案：改好后用 plumbline setting import 审阅、导入。写到的区划以本文件为准，没写到的不变。\n\
         # A region profile: edit it, then review and import it with `plumbline setting import`.\n\
         # It says all of the regions that it names, and nothing of the others.\n",
    );
    for live in app.deployments().iter().filter(|one| one.mode == Mode::Live) {
        let acts = history::history(app, &live.plugin)?;
        for setting in live.settings.iter().filter(|one| region_contains(region, &one.region)) {
            let effective = live.effective(&setting.region);
            let package = effective.map(|effective| package::kept(app, effective.package.value));
            let package = package.transpose()?;
            let manifest = package.as_ref().map(|package| package.manifest());
            let ground = history::ground(&acts, &setting.region).unwrap_or_default();
            write_entry(&mut text, &live.plugin, setting, &ground, manifest);
        }
    }
    Ok(text)
}

fn write_entry(
    text: &mut String,
    plugin: &str,
    setting: &Setting,
    ground: &str,
    manifest: Option<&Manifest>,
) {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    // Writing to a text cannot fail.
    let _ = writeln!(text, "\n[[setting]]\nplugin = {}", quoted(plugin));
    let _ = writeln!(text, "region = {}", quoted(&setting.region));
    if !ground.is_empty() {
        let _ = writeln!(text, "ground = {}", quoted(ground));
    }
    if let Some(on) = setting.on {
        let _ = writeln!(text, "on = {on}");
    }
    if setting.parameters.is_empty() {
        return;
    }
    text.push_str("[setting.parameters]\n");
    for (name, value) in &setting.parameters {
        let known = manifest.and_then(|manifest| {
            manifest.parameters.iter().find(|parameter| parameter.name == *name)
        });
        if let Some(known) = known {
            let unit = if known.unit.is_empty() { "" } else { ", " };
            let _ = writeln!(text, "# {} · {}{unit}{}", known.name_zh, known.name_en, known.unit);
        }
        let value =
            toml::Value::try_from(value).map_or_else(|_| value.to_string(), |v| v.to_string());
        let _ = writeln!(text, "{name} = {value}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_no_profile_is_refused_and_what_was_written_is_read_again() {
        let wrong = [
            "[[setting]]\nregion = \"370203\"\n",
            "[[setting]]\nplugin = \"p\"\nregion = \"city\"\n",
            "[[setting]]\nplugin = \"p\"\n[[setting]]\nplugin = \"p\"\n",
            "[[setting]]\nplugin = \"p\"\nparameter = 1\n",
            "setting = 5",
        ];
        for text in wrong {
            let error = read(text.as_bytes()).unwrap_err();
            assert_eq!((error.kind, error.message), (Kind::Usage, "profile"), "{text}");
        }
        let parameters =
            json!({ "days": 3, "ranks": ["a\"b", "c"], "strict": true, "name": "某\n" });
        let parameters = parameters.as_object().unwrap().clone();
        let setting = Setting {
            region: "370203".to_owned(),
            package: None,
            on: Some(false),
            parameters: parameters.clone(),
        };
        let mut text = String::new();
        write_entry(&mut text, "p", &setting, "《某规定》第\"3\"条", None);
        let profile = read(text.as_bytes()).unwrap();
        let entry = Entry {
            plugin: "p".to_owned(),
            region: "370203".to_owned(),
            ground: "《某规定》第\"3\"条".to_owned(),
            on: Some(false),
            parameters,
        };
        assert_eq!(profile.entries, [entry]);
    }
}
