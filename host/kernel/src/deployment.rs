//! A deployment (部署): one plugin put to work in this home, and what administrators said of it,
//! region by region. What a setting leaves open comes from the next wider one.

use crate::KernelError;
use plumbline_contract::alert::Level;
use plumbline_contract::id::{DeploymentId, EventSeq, PackageHash, region_contains, region_prefix};
use plumbline_contract::manifest::{Manifest, Right};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a deployment's alerts reach the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Live,
    /// Runs beside the live one and writes nothing to the ledger.
    Shadow,
    /// Looks at nothing any more.
    Ended,
}

impl Mode {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Shadow => "shadow",
            Self::Ended => "ended",
        }
    }
}

/// What an administrator granted to one package; bound to its hash, so that other bytes inherit
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    pub package: PackageHash,
    pub rights: BTreeSet<Right>,
}

impl Grants {
    /// Grants everything that a manifest asks for.
    #[must_use]
    pub fn all(package: PackageHash, manifest: &Manifest) -> Self {
        let rights = manifest.capabilities.iter().map(|capability| capability.right.clone());
        Self { package, rights: rights.collect() }
    }

    /// Whether the grants cover all that a manifest asks for, and are for this very package.
    ///
    /// # Errors
    /// Names the capability that is missing.
    pub fn cover(&self, package: PackageHash, manifest: &Manifest) -> Result<(), KernelError> {
        if self.package != package {
            let (granted, found) = (self.package.to_string(), package.to_string());
            return Err(KernelError::OtherPackage { granted, found });
        }
        for capability in &manifest.capabilities {
            if !self.rights.contains(&capability.right) {
                return Err(KernelError::NotGranted {
                    plugin: manifest.plugin.id.clone(),
                    capability: format!("{:?}", capability.right),
                });
            }
        }
        Ok(())
    }

    /// Tables that may be read.
    #[must_use]
    pub fn tables(&self) -> BTreeSet<String> {
        let name = |right: &Right| match right {
            Right::Table { name } => Some(name.clone()),
            _ => None,
        };
        self.rights.iter().filter_map(name).collect()
    }

    /// The highest level that may be raised.
    #[must_use]
    pub fn highest_level(&self) -> Option<Level> {
        let level = |right: &Right| match right {
            Right::Level { highest } => Some(*highest),
            _ => None,
        };
        self.rights.iter().filter_map(level).max()
    }

    /// Whether facts of this name may be published.
    #[must_use]
    pub fn may_publish(&self, fact: &str) -> bool {
        let covers =
            |right: &Right| matches!(right, Right::Facts { name } if name == fact || name == "*");
        self.rights.iter().any(covers)
    }
}

/// What an administrator said for one region subtree (设定). Only what is said here is said here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Root of the subtree; empty for everywhere.
    pub region: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<PackageHash>,
    /// Whether the plugin looks at this region at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
}

impl Setting {
    /// Whether it says nothing: then the wider ones hold as if it were not there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.package.is_none() && self.on.is_none() && self.parameters.is_empty()
    }
}

/// See the module. It stands as JSON in the data of the log's `plumbline.setting` events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    pub id: DeploymentId,
    pub plugin: String,
    pub mode: Mode,
    /// Only events of this subtree are looked at; empty for everywhere.
    #[serde(default)]
    pub scope: String,
    /// First event that it looks at.
    pub from: EventSeq,
    /// It stood still when it was changed, and goes on from this place as it is now; otherwise it is
    /// so behind the event that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<EventSeq>,
    /// At most one for each region.
    pub settings: Vec<Setting>,
    pub grants: Vec<Grants>,
}

/// A value and the region whose setting says it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Said<T> {
    pub value: T,
    /// Root of the subtree that the setting is for.
    pub region: String,
}

/// What holds for one region, and where each value comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effective {
    pub package: Said<PackageHash>,
    /// No region: nobody said so, it is on.
    pub on: Option<Said<bool>>,
    /// Without those that nobody set: their values are the manifest's.
    pub parameters: BTreeMap<String, Said<Value>>,
}

impl Effective {
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on.as_ref().is_none_or(|on| on.value)
    }

    /// The parameters that somebody set.
    #[must_use]
    pub fn set_parameters(&self) -> Map<String, Value> {
        let value = |(name, said): (&String, &Said<Value>)| (name.clone(), said.value.clone());
        self.parameters.iter().map(value).collect()
    }
}

impl Deployment {
    /// What holds for a region; `None` if no package was put to work there.
    #[must_use]
    pub fn effective(&self, region: &str) -> Option<Effective> {
        let holds = |setting: &&Setting| region_contains(&setting.region, region);
        let mut chain: Vec<_> = self.settings.iter().filter(holds).collect();
        chain.sort_by_key(|setting| region_prefix(&setting.region).len());
        let mut package = None;
        let (mut on, mut parameters) = (None, BTreeMap::new());
        for setting in chain {
            let region = || setting.region.clone();
            if let Some(value) = setting.package {
                package = Some(Said { value, region: region() });
            }
            if let Some(value) = setting.on {
                on = Some(Said { value, region: region() });
            }
            for (name, value) in &setting.parameters {
                let said = Said { value: value.clone(), region: region() };
                parameters.insert(name.clone(), said);
            }
        }
        Some(Effective { package: package?, on, parameters })
    }

    #[must_use]
    pub fn setting(&self, region: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.region == region)
    }

    /// The same deployment with another setting for one region.
    #[must_use]
    pub fn with(&self, setting: Setting) -> Self {
        let mut changed = self.clone();
        changed.settings.retain(|known| known.region != setting.region);
        if !setting.is_empty() {
            changed.settings.push(setting);
        }
        changed.settings.sort_by(|a, b| a.region.cmp(&b.region));
        changed
    }

    /// The packages that some setting names.
    #[must_use]
    pub fn packages(&self) -> BTreeSet<PackageHash> {
        self.settings.iter().filter_map(|setting| setting.package).collect()
    }

    /// What was granted to a package.
    #[must_use]
    pub fn granted(&self, package: PackageHash) -> Option<&Grants> {
        self.grants.iter().find(|grants| grants.package == package)
    }
}
