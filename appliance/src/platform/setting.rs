//! Settings that take effect: `platform.setting.changed`, one event for each rule concerned.
//!
//! A plugin that is put to work for the first time, or for one more region, changes no rule.

use super::{Place, event};
use crate::app::App;
use plumbline_contract::event::Event;
use plumbline_contract::id::{EventSeq, PackageHash};
use plumbline_contract::manifest::{Looser, Manifest, OFF_PARAMETER, Parameter};
use plumbline_contract::time::Millis;
use plumbline_kernel::{Deployment, Effective, Mode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) const KIND: &str = "platform.setting.changed";

/// One thing that became another for one rule.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    rule: String,
    what: &'static str,
    parameter: Option<Moved>,
}

/// A value that became another.
#[derive(Debug, PartialEq, Eq)]
struct Moved {
    name: String,
    before: String,
    after: String,
    /// In which direction more passes, if the manifest says so.
    looser: Option<Looser>,
}

/// What holds for a region.
#[derive(Debug)]
struct Side {
    effective: Effective,
    package: PackageHash,
    manifest: Arc<Manifest>,
}

/// The changes of one deployment, which takes effect at `next` and `at`. `act` is what was put on
/// record about it.
pub(crate) fn observe(
    app: &App,
    (before, after): (&Deployment, &Deployment),
    act: Option<&Value>,
    (next, at): (EventSeq, Millis),
) -> Vec<Event> {
    if before.mode != Mode::Live {
        return Vec::new();
    }
    let side = |one: &Deployment, region: &str| {
        let effective = one.effective(region).filter(|_| one.mode == Mode::Live)?;
        let package = effective.package.value;
        Some(Side { package, manifest: app.manifest_of(package)?, effective })
    };
    let settings = before.settings.iter().chain(&after.settings);
    let regions: BTreeSet<&str> = settings.map(|setting| setting.region.as_str()).collect();
    let is_over = after.mode != Mode::Live;
    let said = |region: &&str| is_over || before.setting(region) != after.setting(region);
    let mut events = Vec::new();
    for region in regions.into_iter().filter(said) {
        let Some(former) = side(before, region) else { continue };
        for change in changes(&former, side(after, region).as_ref()) {
            let mut data = json!({
                "rule": change.rule, "deployment": after.id, "change": change.what,
                "by": signed(act, "by"), "roles": signed(act, "role"),
            });
            let mut id = format!("setting/{}/{next}/{region}/{}", after.id, change.rule);
            if let Some(Moved { name, before, after, looser }) = change.parameter {
                id = format!("{id}/{name}");
                (data["parameter"], data["before"], data["after"]) =
                    (json!(name), json!(before), json!(after));
                if let Some(looser) = looser {
                    data["looser"] = json!(looser.as_str());
                }
            }
            if let Some(law) = act.and_then(|act| act["law"].as_str()) {
                data["law_ref"] = json!(law);
            }
            let place = Place { at, region, dept: "" };
            events.push(event(app, KIND, id, place, "", &data));
        }
    }
    events
}

/// What the signatures of an act say: names or roles, in the order of signing. An act without any
/// was signed by nobody: the host knows that, and says so by an empty list.
fn signed(act: Option<&Value>, what: &str) -> Vec<String> {
    let all = act.and_then(|act| act["signed"].as_array()).into_iter().flatten();
    let said = all.filter_map(|one| one[what].as_str()).filter(|text| !text.is_empty());
    said.map(str::to_owned).collect()
}

fn changes(before: &Side, after: Option<&Side>) -> Vec<Change> {
    let mut changes = Vec::new();
    for rule in &before.manifest.rules {
        let told = |what, parameter| Change { rule: rule.id.clone(), what, parameter };
        let is_now = after.is_some_and(|after| is_on(after, &rule.id));
        match (is_on(before, &rule.id), is_now) {
            (true, false) => changes.push(told("disabled", None)),
            (false, true) => changes.push(told("enabled", None)),
            (true, true) | (false, false) => {}
        }
        let Some(after) = after.filter(|_| is_now) else { continue };
        for parameter in after.manifest.parameters.iter().filter(|it| it.is_of(&rule.id)) {
            let Some(former) = find(&before.manifest, &parameter.name) else { continue };
            let (was, is) = (value(before, former), value(after, parameter));
            if was != is {
                let (name, looser) = (parameter.name.clone(), parameter.looser);
                let moved = Moved { name, before: was, after: is, looser };
                changes.push(told("parameter", Some(moved)));
            }
        }
        if before.package != after.package {
            let moved = Moved {
                name: "package".to_owned(),
                before: before.package.to_string(),
                after: after.package.to_string(),
                looser: None,
            };
            changes.push(told("package", Some(moved)));
        }
    }
    changes
}

fn is_on(side: &Side, rule: &str) -> bool {
    let off = side.effective.parameters.get(OFF_PARAMETER).and_then(|said| said.value.as_array());
    let is_off = off.is_some_and(|off| off.iter().any(|id| id == rule));
    side.effective.is_on() && !is_off && side.manifest.rule(rule).is_some()
}

fn find<'a>(manifest: &'a Manifest, name: &str) -> Option<&'a Parameter> {
    manifest.parameters.iter().find(|parameter| parameter.name == name)
}

/// A value as text, whoever set it.
fn value(side: &Side, parameter: &Parameter) -> String {
    let set = side.effective.parameters.get(&parameter.name).map(|said| &said.value);
    plain(set.unwrap_or(&parameter.default))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
