//! Checks of a manifest, and of parameters against it.

use super::{Manifest, OFF_PARAMETER, Parameter, ParameterKind, Right, kind_matches};
use crate::CONTRACT_VERSION;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Longest name in a manifest, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// Most articles of law that one rule cites.
const LAWS_MAX: usize = 32;
/// Rules that start so are the host's own.
const HOST_RULE_PREFIX: &str = "HOST-";

/// What is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("the manifest has {bytes} bytes, more than {max}", max = super::MANIFEST_BYTES_MAX)]
    TooLarge { bytes: usize },
    #[error("the manifest cannot be read: {0}")]
    Syntax(String),
    #[error("`{field}` is empty or malformed: `{value}`")]
    Field { field: &'static str, value: String },
    #[error("built for contract {found}, this host speaks {CONTRACT_VERSION}")]
    Contract { found: String },
    #[error("{what} `{name}` occurs twice")]
    Twice { what: &'static str, name: String },
    #[error("stream `{stream}` takes `{kind}`, which no capability covers")]
    EventsNotAsked { stream: String, kind: String },
    #[error("rule `{rule}` names stream `{stream}`, which does not exist")]
    NoStream { rule: String, stream: String },
    #[error("rule `{rule}` has a level above what the manifest asks for")]
    Level { rule: String },
    #[error("rule `{rule}` names `{ground}` as its ground, which is no text parameter")]
    Ground { rule: String, ground: String },
    #[error("the default of parameter `{name}` is invalid: {reason}")]
    Default { name: String, reason: String },
}

/// A parameter that does not fit the manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parameter `{name}`: {reason}")]
pub struct ParameterError {
    pub name: String,
    pub reason: String,
}

impl Manifest {
    pub(super) fn check(&self) -> Result<(), ManifestError> {
        let plugin = &self.plugin;
        name("plugin.id", &plugin.id)?;
        name("plugin.domain", &plugin.domain)?;
        let version = &plugin.version;
        if version.is_empty()
            || version.len() > NAME_BYTES_MAX
            || version.contains(char::is_whitespace)
        {
            return Err(ManifestError::Field { field: "plugin.version", value: version.clone() });
        }
        if plugin.contract != CONTRACT_VERSION {
            return Err(ManifestError::Contract { found: plugin.contract.clone() });
        }
        if plugin.state == 0 {
            return Err(ManifestError::Field { field: "plugin.state", value: "0".into() });
        }
        let is_not_earlier = |state: &&u16| **state == 0 || **state >= plugin.state;
        if let Some(state) = plugin.reads_state.iter().find(is_not_earlier) {
            let value = state.to_string();
            return Err(ManifestError::Field { field: "plugin.reads_state", value });
        }
        unique("stream", self.streams.iter().map(|stream| &stream.name))?;
        unique("rule", self.rules.iter().map(|rule| &rule.id))?;
        unique("parameter", self.parameters.iter().map(|parameter| &parameter.name))?;
        self.check_streams()?;
        self.check_rules()?;
        self.check_defaults()
    }

    fn check_streams(&self) -> Result<(), ManifestError> {
        for stream in &self.streams {
            name("stream.name", &stream.name)?;
            for kind in &stream.events {
                if !self.may_see(kind) {
                    let (stream, kind) = (stream.name.clone(), kind.clone());
                    return Err(ManifestError::EventsNotAsked { stream, kind });
                }
            }
        }
        Ok(())
    }

    /// Whether a capability covers an event type or a pattern of them.
    #[must_use]
    pub fn may_see(&self, kind: &str) -> bool {
        self.capabilities.iter().any(|capability| match &capability.right {
            Right::Events { name } => name == kind || kind_matches(name, kind),
            _ => false,
        })
    }

    fn check_rules(&self) -> Result<(), ManifestError> {
        let highest = self.highest_level();
        for rule in &self.rules {
            let wrong = rule.id.len() > NAME_BYTES_MAX || rule.id.starts_with(HOST_RULE_PREFIX);
            if wrong || rule.law.len() > LAWS_MAX {
                return Err(ManifestError::Field { field: "rule.id", value: rule.id.clone() });
            }
            if let Some(law) = rule.law.iter().find(|law| law.len() > NAME_BYTES_MAX) {
                return Err(ManifestError::Field { field: "rule.law", value: law.clone() });
            }
            if !self.streams.iter().any(|stream| stream.name == rule.stream) {
                let (rule, stream) = (rule.id.clone(), rule.stream.clone());
                return Err(ManifestError::NoStream { rule, stream });
            }
            if rule.levels.iter().any(|level| Some(*level) > highest) {
                return Err(ManifestError::Level { rule: rule.id.clone() });
            }
            if let Some(ground) = &rule.ground
                && !self.parameters.iter().any(|parameter| {
                    parameter.name == *ground && parameter.kind == ParameterKind::Text
                })
            {
                let (rule, ground) = (rule.id.clone(), ground.clone());
                return Err(ManifestError::Ground { rule, ground });
            }
        }
        Ok(())
    }

    fn check_defaults(&self) -> Result<(), ManifestError> {
        for parameter in &self.parameters {
            if parameter.name == OFF_PARAMETER {
                let value = parameter.name.clone();
                return Err(ManifestError::Field { field: "parameter.name", value });
            }
            if let Some(id) = parameter.rules.iter().find(|id| self.rule(id).is_none()) {
                return Err(ManifestError::Field { field: "parameter.rules", value: id.clone() });
            }
            if parameter.looser.is_some() && parameter.kind != ParameterKind::Integer {
                let value = parameter.name.clone();
                return Err(ManifestError::Field { field: "parameter.looser", value });
            }
            parameter.check(&parameter.default).map_err(|reason| ManifestError::Default {
                name: parameter.name.clone(),
                reason,
            })?;
        }
        Ok(())
    }

    /// Completes `given` with the defaults and checks every value, the rule ids in `off` too.
    ///
    /// # Errors
    /// Names the field that does not fit, and why.
    pub fn parameters(
        &self,
        given: &Map<String, Value>,
    ) -> Result<Map<String, Value>, ParameterError> {
        let error = |name: &str, reason: String| ParameterError { name: name.into(), reason };
        let mut full = Map::new();
        for parameter in &self.parameters {
            let value = given.get(&parameter.name).unwrap_or(&parameter.default);
            parameter.check(value).map_err(|reason| error(&parameter.name, reason))?;
            full.insert(parameter.name.clone(), value.clone());
        }
        for (name, value) in given {
            if name == OFF_PARAMETER {
                self.check_off(value).map_err(|reason| error(name, reason))?;
                full.insert(name.clone(), value.clone());
            } else if !full.contains_key(name) {
                return Err(error(name, "the plugin has no such parameter".into()));
            }
        }
        Ok(full)
    }

    fn check_off(&self, value: &Value) -> Result<(), String> {
        let rules = value.as_array().ok_or("must be a list of rule ids")?;
        for rule in rules {
            let id = rule.as_str().ok_or("must be a list of rule ids")?;
            self.rule(id).ok_or_else(|| format!("the plugin has no rule `{id}`"))?;
        }
        Ok(())
    }
}

impl Parameter {
    fn check(&self, value: &Value) -> Result<(), String> {
        let fits = match self.kind {
            ParameterKind::Integer => value.is_i64(),
            ParameterKind::Boolean => value.is_boolean(),
            ParameterKind::Text => value.is_string(),
            ParameterKind::List => {
                value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
            }
        };
        if !fits {
            let kind = format!("{:?}", self.kind).to_lowercase();
            return Err(format!("`{value}` is not of kind {kind}"));
        }
        let number = value.as_i64();
        if let (Some(number), Some(min)) = (number, self.min)
            && number < min
        {
            return Err(format!("{number} is below the minimum of {min} {}", self.unit));
        }
        if let (Some(number), Some(max)) = (number, self.max)
            && number > max
        {
            return Err(format!("{number} is above the maximum of {max} {}", self.unit));
        }
        Ok(())
    }
}

/// Lower-case letters, digits, hyphens and underscores: such names become parts of event types, of
/// keys and of leaves.
fn name(field: &'static str, value: &str) -> Result<(), ManifestError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if value.is_empty() || value.len() > NAME_BYTES_MAX || !value.chars().all(plain) {
        return Err(ManifestError::Field { field, value: value.to_owned() });
    }
    Ok(())
}

fn unique<'a>(
    what: &'static str,
    names: impl Iterator<Item = &'a String>,
) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.is_empty() || !seen.insert(name) {
            return Err(ManifestError::Twice { what, name: name.clone() });
        }
    }
    Ok(())
}
