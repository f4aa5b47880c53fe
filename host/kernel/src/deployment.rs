//! A deployment: one plugin in one region subtree, with its parameters and what it was granted.

use crate::KernelError;
use plumbline_contract::alert::Level;
use plumbline_contract::id::{DeploymentId, EventSeq, PackageHash};
use plumbline_contract::manifest::{Manifest, Right};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Whether a deployment's alerts reach the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Live,
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

/// See the module. Stored as JSON in the host's settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    pub id: DeploymentId,
    pub plugin: String,
    pub version: String,
    pub package: PackageHash,
    /// Root of the region subtree; empty for everywhere.
    pub region: String,
    pub mode: Mode,
    /// The complete parameters as canonical JSON.
    pub parameters: String,
    /// SHA-256 of `parameters`, in hexadecimal.
    pub parameters_sha256: String,
    /// First event that it looks at.
    pub from: EventSeq,
    /// First event that it looks at with this package and these parameters.
    #[serde(default)]
    pub since: EventSeq,
    pub grants: Grants,
}
