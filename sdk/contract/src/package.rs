//! A plugin package whose signature has been verified.
//!
//! A package is one `.wasm` component with two custom sections of ours: `plumbline:manifest` (TOML)
//! and, last of all, `plumbline:note` (a C2SP signed note over everything before it).

use crate::id::PackageHash;
use crate::manifest::Manifest;

/// Name of the custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "plumbline:manifest";
/// Name of the last custom section, which holds the signed note.
pub const NOTE_SECTION: &str = "plumbline:note";
/// Largest package, in bytes: a JavaScript plugin with its engine has about 12 MB.
pub const PACKAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Proof that a package was verified against trusted keys. The engine compiles nothing else.
///
/// Only `host/ledger` calls [`VerifiedPackage::attest`]; the tidy test holds that.
#[derive(Clone, Debug)]
pub struct VerifiedPackage {
    hash: PackageHash,
    manifest: Manifest,
    component: Vec<u8>,
    signers: Vec<String>,
}

impl VerifiedPackage {
    /// States that `component` (the whole package) carries a valid note by `signers`.
    #[must_use]
    pub fn attest(
        hash: PackageHash,
        manifest: Manifest,
        component: Vec<u8>,
        signers: Vec<String>,
    ) -> Self {
        Self { hash, manifest, component, signers }
    }

    /// SHA-256 of the whole package.
    #[must_use]
    pub fn hash(&self) -> PackageHash {
        self.hash
    }

    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The whole package; custom sections are ignored by engines.
    #[must_use]
    pub fn component(&self) -> &[u8] {
        &self.component
    }

    /// Names of the trusted keys that signed it.
    #[must_use]
    pub fn signers(&self) -> &[String] {
        &self.signers
    }
}
