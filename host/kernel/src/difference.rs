//! How two states of a deployment differ, region by region and value by value: what a review shows
//! before a change takes effect, and the history after it.

use crate::{Deployment, Setting};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What an administrator says of a region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    Package,
    On,
    Parameter(String),
}

/// One value of one region's setting that is another one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SettingChange {
    /// Root of the subtree; empty for everywhere.
    pub region: String,
    pub subject: Subject,
    /// Nothing: the region said nothing of its own.
    pub from: Option<Value>,
    pub to: Option<Value>,
}

/// What changes from one state to another, in the order of regions.
#[must_use]
pub fn setting_changes(before: Option<&Deployment>, after: &Deployment) -> Vec<SettingChange> {
    let nothing = Setting::default();
    let old = before.map_or(&[][..], |before| &before.settings);
    let regions: BTreeSet<&str> =
        old.iter().chain(&after.settings).map(|setting| setting.region.as_str()).collect();
    let mut changes = Vec::new();
    for region in regions {
        let from = old.iter().find(|setting| setting.region == region).unwrap_or(&nothing);
        let to = after.setting(region).unwrap_or(&nothing);
        let mut note = |subject: Subject, from: Option<Value>, to: Option<Value>| {
            if from != to {
                changes.push(SettingChange { region: region.to_owned(), subject, from, to });
            }
        };
        let package = |setting: &Setting| setting.package.map(|package| json!(package));
        note(Subject::Package, package(from), package(to));
        note(Subject::On, from.on.map(Value::from), to.on.map(Value::from));
        let names: BTreeSet<&String> = from.parameters.keys().chain(to.parameters.keys()).collect();
        for name in names {
            let value = |setting: &Setting| setting.parameters.get(name).cloned();
            note(Subject::Parameter(name.clone()), value(from), value(to));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mode;
    use plumbline_contract::id::{DeploymentId, EventSeq, PackageHash};

    fn deployment(settings: Vec<Setting>) -> Deployment {
        Deployment {
            id: DeploymentId(1),
            plugin: "approval".to_owned(),
            mode: Mode::Live,
            scope: String::new(),
            from: EventSeq(0),
            since: None,
            settings,
            grants: Vec::new(),
        }
    }

    fn setting(region: &str, package: u8, on: Option<bool>, parameters: Value) -> Setting {
        let package = (package > 0).then_some(PackageHash([package; 32]));
        let parameters = parameters.as_object().cloned().unwrap_or_default();
        Setting { region: region.to_owned(), package, on, parameters }
    }

    #[test]
    fn every_value_that_differs_is_named_once_with_both_sides() {
        let before = deployment(vec![
            setting("", 1, None, json!({ "a": 1, "b": 2 })),
            setting("370203", 0, Some(false), json!({})),
        ]);
        let after = deployment(vec![
            setting("", 2, None, json!({ "a": 1, "c": 3 })),
            setting("370203004", 0, Some(true), json!({ "a": 5 })),
        ]);
        let told = |change: &SettingChange| {
            let side = |side: &Option<Value>| side.as_ref().map_or("-".into(), Value::to_string);
            let (from, to) = (side(&change.from), side(&change.to));
            let cut = |text: String| text.chars().take(5).collect::<String>();
            (change.region.clone(), change.subject.clone(), cut(from), cut(to))
        };
        let row = |region: &str, subject, from: &str, to: &str| {
            (region.to_owned(), subject, from.to_owned(), to.to_owned())
        };
        let parameter = |name: &str| Subject::Parameter(name.to_owned());
        let found: Vec<_> = setting_changes(Some(&before), &after).iter().map(told).collect();
        let wanted = [
            row("", Subject::Package, "\"0101", "\"0202"),
            row("", parameter("b"), "2", "-"),
            row("", parameter("c"), "-", "3"),
            row("370203", Subject::On, "false", "-"),
            row("370203004", Subject::On, "-", "true"),
            row("370203004", parameter("a"), "-", "5"),
        ];
        assert_eq!(found, wanted);
        assert_eq!(setting_changes(Some(&after), &after), []);
        assert_eq!(setting_changes(None, &before).len(), 4);
    }
}
