//! The manifest: what a plugin says of itself before any of its code runs.

mod check;
mod key;

pub use check::{ManifestError, ParameterError};
pub use key::{KeyPart, KeyTemplate};

use crate::alert::Level;
use serde::{Deserialize, Serialize};

/// Largest manifest, in bytes: hundreds of rules with their texts fit.
pub const MANIFEST_BYTES_MAX: usize = 512 * 1024;

/// The whole manifest, as TOML in the package's section `plumbline:manifest`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub plugin: Plugin,
    #[serde(rename = "stream", default)]
    pub streams: Vec<Stream>,
    #[serde(rename = "capability", default)]
    pub capabilities: Vec<Capability>,
    #[serde(rename = "rule", default)]
    pub rules: Vec<Rule>,
    #[serde(rename = "parameter", default)]
    pub parameters: Vec<Parameter>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// Lower-case letters, digits and hyphens.
    pub id: String,
    /// Shown to people; ordering is by `release`.
    pub version: String,
    /// Rises with every release; a lower one than the highest ever activated is refused.
    pub release: u64,
    /// Contract version it was built for.
    pub contract: String,
    pub domain: String,
    pub vendor: String,
    pub name_zh: String,
    pub name_en: String,
    /// Number of the form in which the plugin keeps its states, over all its streams; it rises when
    /// a release changes that of any stream.
    #[serde(default = "first_state")]
    pub state: u16,
    /// Lower numbers of other releases whose states this one reads as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads_state: Vec<u16>,
}

fn first_state() -> u16 {
    1
}

/// Which events reach the plugin, and by which key they are folded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    pub name: String,
    /// Event types, exact or ending in `.*`.
    pub events: Vec<String>,
    /// Parts of the key, joined by `/`; see [`KeyTemplate`].
    pub key: KeyTemplate,
}

/// Something the plugin may do, with the reason that the administrator reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capability {
    #[serde(flatten)]
    pub right: Right,
    pub reason_zh: String,
    pub reason_en: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Right {
    /// Read one reference table.
    Table { name: String },
    /// See events of a type, exact or ending in `.*`.
    Events { name: String },
    /// Raise alerts up to this level.
    Level { highest: Level },
    /// Publish facts `fact.<domain>.<name>`.
    Facts { name: String },
}

/// One named check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: String,
    /// The stream whose fold decides it.
    pub stream: String,
    pub name_zh: String,
    pub name_en: String,
    pub levels: Vec<Level>,
    /// Ids in the reference table `law_ref`; the text in force is looked up by date.
    #[serde(default)]
    pub law: Vec<String>,
    /// The alert's sentence; `{name}` is replaced from the finding's values.
    pub text_zh: String,
    pub text_en: String,
    /// Asks the host for footage (a clip and a still) of the camera that the evidence names, when
    /// an alert is raised. The host takes it only where the region allows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub footage: bool,
    /// Text parameter that records the legal ground of this rule: while it is empty, no footage is
    /// taken for it. For rules on the conduct of persons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
}

/// A parameter that an administrator may set per region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    pub name: String,
    pub name_zh: String,
    pub name_en: String,
    pub kind: ParameterKind,
    /// For instance `working days`, `minutes`, `fen`.
    #[serde(default)]
    pub unit: String,
    #[serde(default)]
    pub min: Option<i64>,
    #[serde(default)]
    pub max: Option<i64>,
    pub default: serde_json::Value,
    /// The direction in which a change of the number lets more pass, so that a loosening can be told
    /// from a tightening; `None` where neither is clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looser: Option<Looser>,
    /// Ids of the rules that it matters to, for explanations; all of them if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

/// Whether a larger or a smaller number lets more pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Looser {
    /// A larger one, as a limit in days.
    Up,
    /// A smaller one, as the least length of a reason.
    Down,
}

impl Looser {
    /// As manifests and events write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

impl Parameter {
    /// Whether a rule depends on it.
    #[must_use]
    pub fn is_of(&self, rule: &str) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|id| id == rule)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterKind {
    Integer,
    Boolean,
    Text,
    /// A list of texts.
    List,
}

/// Name of the parameter that every plugin has: a list of rule ids that are switched off.
pub const OFF_PARAMETER: &str = "off";

/// Whether `kind` matches a pattern that is exact or ends in `.*`.
#[must_use]
pub fn kind_matches(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => prefix.ends_with('.') && kind.starts_with(prefix),
        None => pattern == kind,
    }
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// Names the first thing that is wrong.
    pub fn from_toml(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLarge { bytes: text.len() });
        }
        let manifest: Self =
            toml::from_str(text).map_err(|error| ManifestError::Syntax(error.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Whether this release can go on with the states that `other` has written. If not, the host
    /// has to fold the keys anew from the log.
    #[must_use]
    pub fn reads_states_of(&self, other: &Self) -> bool {
        let (own, theirs) = (&self.plugin, &other.plugin);
        own.id == theirs.id
            && (own.state == theirs.state || own.reads_state.contains(&theirs.state))
    }

    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The highest level that the manifest asks to raise.
    #[must_use]
    pub fn highest_level(&self) -> Option<Level> {
        let level = |capability: &Capability| match capability.right {
            Right::Level { highest } => Some(highest),
            _ => None,
        };
        self.capabilities.iter().filter_map(level).max()
    }

    /// Whether the manifest asks to read `table`.
    #[must_use]
    pub fn may_read(&self, table: &str) -> bool {
        let wants = |right: &Right| matches!(right, Right::Table { name } if name == table);
        self.capabilities.iter().any(|capability| wants(&capability.right))
    }
}
