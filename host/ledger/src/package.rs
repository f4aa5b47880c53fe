//! Signed plugin packages: one component whose last custom section is a signed note over all bytes
//! before it.
//!
//! Verification fails closed and there is no switch that skips it. It reads foreign bytes: every
//! length is checked before use, and nothing of the plugin is run or compiled here. Whether the
//! plugin may be activated (release not older, not revoked) is decided elsewhere.

mod section;

pub use section::SECTIONS_MAX;

use crate::digest::{sha256, sha256_hex};
use crate::error::PackageError;
use crate::key::{SigningKey, TrustedKeys};
use crate::note::{self, Note};
use plumbline_contract::id::PackageHash;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::package::{NOTE_SECTION, PACKAGE_BYTES_MAX, VerifiedPackage};
use section::{Parts, custom_section, parts};

/// Largest signed note of a package, in bytes: dozens of signatures fit.
pub const PACKAGE_NOTE_BYTES_MAX: usize = 16 * 1024;
const FIRST_LINE: &str = "plumbline-plugin/v1";

/// What a package says of itself; nothing about it is trusted.
#[derive(Clone, Debug)]
pub struct Inspected {
    pub manifest: Manifest,
    /// SHA-256 of the whole package as it stands.
    pub hash: PackageHash,
    /// Name and key hash of each signature line; empty if it is not signed.
    pub signers: Vec<(String, [u8; 4])>,
}

/// Signs `component`, which has its manifest section, or adds a signature to a signed package.
/// A signature that the same key made before is replaced.
///
/// # Errors
/// If the bytes are not a component with one good manifest, or the package would be too large.
pub fn seal_package(component: &[u8], key: &SigningKey) -> Result<Vec<u8>, PackageError> {
    let parts = parts(component)?;
    let text = signed_text(&parts)?;
    let mut note = match parts.note {
        None => Note { text, signatures: Vec::new() },
        Some(bytes) => Note::parse(bounded(bytes)?)?,
    };
    if parts.note.is_some() && note.text != signed_text(&parts)? {
        return Err(PackageError::OtherBytes);
    }
    note.add_signature(key);
    let note = note.to_text()?;
    let mut package = parts.body.to_vec();
    package.extend_from_slice(&custom_section(NOTE_SECTION, bounded(note.as_bytes())?));
    if package.len() > PACKAGE_BYTES_MAX {
        return Err(PackageError::TooLarge { bytes: package.len() });
    }
    Ok(package)
}

/// Verifies a package. What it returns is the only thing that the engine compiles.
///
/// # Errors
/// If any byte is not as at least one trusted key signed it, or the manifest is wrong.
pub fn verify_package(
    bytes: &[u8],
    trusted: &TrustedKeys,
) -> Result<VerifiedPackage, PackageError> {
    let parts = parts(bytes)?;
    let opened = note::open(bounded(parts.note.ok_or(PackageError::NoNote)?)?, trusted)?;
    if opened.text != signed_text(&parts)? {
        return Err(PackageError::OtherBytes);
    }
    let manifest = manifest(&parts)?;
    let hash = PackageHash(sha256(bytes));
    Ok(VerifiedPackage::attest(hash, manifest, bytes.to_vec(), opened.signers))
}

/// Reads what a package says of itself and who claims to have signed it, trusting nobody.
///
/// # Errors
/// If the bytes are not a component with one good manifest.
pub fn inspect_package(bytes: &[u8]) -> Result<Inspected, PackageError> {
    let parts = parts(bytes)?;
    let signers = match parts.note {
        None => Vec::new(),
        Some(note) => Note::parse(bounded(note)?)?.signatures,
    };
    Ok(Inspected {
        manifest: manifest(&parts)?,
        hash: PackageHash(sha256(bytes)),
        signers: signers.into_iter().map(|line| (line.name, line.key_hash)).collect(),
    })
}

fn manifest(parts: &Parts<'_>) -> Result<Manifest, PackageError> {
    let bytes = parts.manifest.ok_or(PackageError::NoManifest)?;
    let text = str::from_utf8(bytes).map_err(|_| PackageError::ManifestNotText)?;
    Ok(Manifest::from_toml(text)?)
}

/// The text that the note of this package must have.
fn signed_text(parts: &Parts<'_>) -> Result<String, PackageError> {
    let plugin = manifest(parts)?.plugin;
    for line in [&plugin.id, &plugin.version] {
        if line.is_empty() || line.contains(char::is_control) {
            return Err(PackageError::ManifestLine(line.clone()));
        }
    }
    let hash = sha256_hex(parts.body);
    let (id, version, release) = (plugin.id, plugin.version, plugin.release);
    Ok(format!("{FIRST_LINE}\n{id}\n{version}\n{release}\nsha256:{hash}\n"))
}

fn bounded(note: &[u8]) -> Result<&[u8], PackageError> {
    let (bytes, max) = (note.len(), PACKAGE_NOTE_BYTES_MAX);
    if bytes > max { Err(note::too_large(bytes, max).into()) } else { Ok(note) }
}
