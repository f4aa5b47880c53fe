//! Packages of a home: trust and installation. What is put to work where is the business of `deploy`.

use crate::app::App;
use crate::error::{AppError, Kind};
use crate::{act, clock};
use plumbline_contract::id::PackageHash;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::package::VerifiedPackage;
use plumbline_ledger::{PackageError, VerifyingKey, sha256_hex, verify_package};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::Path;

impl From<PackageError> for AppError {
    fn from(error: PackageError) -> Self {
        Self::new(Kind::Refused, "package", error)
    }
}

/// Reads a package and verifies it against the trusted keys of the home.
///
/// # Errors
/// If it cannot be read or is not to be trusted.
pub fn verify_file(app: &App, path: &Path) -> Result<VerifiedPackage, AppError> {
    let bytes = fs::read(path).map_err(|error| AppError::io(path, &error))?;
    Ok(verify_package(&bytes, &app.home().trusted_keys()?)?)
}

/// Trusts a vendor's key from now on; an act in the ledger.
///
/// # Errors
/// If the text is no verifier key or it cannot be written.
pub fn trust(app: &App, vkey: &str) -> Result<VerifyingKey, AppError> {
    let key = VerifyingKey::from_text(vkey.trim())
        .map_err(|error| AppError::new(Kind::Usage, "key", error))?;
    let name = sha256_hex(vkey.trim().as_bytes());
    let path = app.home().trusted_dir().join(format!("{}.vkey", &name[..16]));
    fs::write(&path, vkey.trim()).map_err(|error| AppError::io(&path, &error))?;
    let particulars = json!({ "key": vkey.trim() });
    app.record(&[act::leaf("trust", clock::now(), app.zone(), particulars)])?;
    Ok(key)
}

/// Takes back the trust in a vendor's key, given as its text or its name; an act in the ledger. What
/// only this key signed stands still from now on.
///
/// # Errors
/// If no such key is trusted, or something cannot be read or written.
pub fn distrust(app: &App, key: &str) -> Result<VerifyingKey, AppError> {
    let dir = app.home().trusted_dir();
    for entry in fs::read_dir(&dir).map_err(|error| AppError::io(&dir, &error))? {
        let path = entry.map_err(|error| AppError::io(&dir, &error))?.path();
        let text = fs::read_to_string(&path).map_err(|error| AppError::io(&path, &error))?;
        let Ok(known) = VerifyingKey::from_text(text.trim()) else { continue };
        if text.trim() != key.trim() && known.name() != key.trim() {
            continue;
        }
        let particulars = json!({ "key": text.trim() });
        app.record(&[act::leaf("distrust", clock::now(), app.zone(), particulars)])?;
        fs::remove_file(&path).map_err(|error| AppError::io(&path, &error))?;
        app.forget_packages()?;
        return Ok(known);
    }
    Err(AppError::new(Kind::NotFound, "no-key", key.trim()))
}

/// Prefix of settings that hold which packages were revoked.
const REVOKED_META: &str = "revoked/";

/// Why and when a package was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    pub reason: String,
    /// RFC 3339, by the wall clock.
    pub done_at: String,
}

/// Revokes a package for good, installed or not: nothing runs it any more; an act in the ledger.
/// Deployments that name it stand still at once. There is no way back for these bytes: the vendor
/// delivers others.
///
/// # Errors
/// If there is no reason, it was revoked before, or the store fails.
pub fn revoke(app: &App, hash: PackageHash, reason: &str) -> Result<Revocation, AppError> {
    if reason.trim().is_empty() {
        return Err(AppError::new(Kind::Usage, "no-reason", hash));
    }
    refuse_revoked(app, hash)?;
    let now = clock::now();
    let (reason, done_at) = (reason.trim().to_owned(), app.zone().rfc3339(now));
    let revocation = Revocation { reason, done_at };
    let particulars = json!({ "package": hash, "reason": revocation.reason });
    // The act first: one too many after a crash is harmless, one missing is not.
    app.record(&[act::leaf("revoke", now, app.zone(), particulars)])?;
    let bytes = json!(revocation).to_string().into_bytes();
    app.store().put_meta(&format!("{REVOKED_META}{hash}"), &bytes)?;
    app.forget_packages()?;
    Ok(revocation)
}

/// Whether a package was revoked.
///
/// # Errors
/// If the store fails.
pub fn revocation(app: &App, hash: PackageHash) -> Result<Option<Revocation>, AppError> {
    let known = app.store().meta(&format!("{REVOKED_META}{hash}"))?;
    let read = |bytes: Vec<u8>| {
        serde_json::from_slice(&bytes)
            .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))
    };
    known.map(read).transpose()
}

/// # Errors
/// If the package was revoked, with the reason.
pub(crate) fn refuse_revoked(app: &App, hash: PackageHash) -> Result<(), AppError> {
    match revocation(app, hash)? {
        Some(known) => {
            let detail = format!("{hash} ({}, {})", known.reason, known.done_at);
            Err(AppError::new(Kind::Refused, "revoked", detail))
        }
        None => Ok(()),
    }
}

/// Keeps a verified package in the home; an act in the ledger.
///
/// # Errors
/// If it was revoked, does not compile or asks for what no plugin may have, or cannot be written.
pub fn install(app: &App, package: &VerifiedPackage) -> Result<(), AppError> {
    refuse_revoked(app, package.hash())?;
    app.engine().load(package).map_err(|error| AppError::new(Kind::Refused, "package", error))?;
    let path = app.home().packages_dir().join(format!("{}.wasm", package.hash()));
    if verify_file(app, &path).is_ok_and(|known| known.hash() == package.hash()) {
        return Ok(());
    }
    keep(&path, package.component()).map_err(|error| AppError::io(&path, &error))?;
    let plugin = &package.manifest().plugin;
    let particulars = json!({
        "plugin": plugin.id, "version": plugin.version, "release": plugin.release,
        "package": package.hash(), "signers": package.signers(),
    });
    app.record(&[act::leaf("install", clock::now(), app.zone(), particulars)])
}

/// Writes a file so that after a power cut it is there whole or not at all: a deployment relies on it.
fn keep(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let partial = path.with_extension("partial");
    let mut file = fs::File::create(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

/// Reads an installed package; it is verified anew each time.
///
/// # Errors
/// If it is not installed, revoked, or no longer to be trusted.
pub fn installed(app: &App, hash: PackageHash) -> Result<VerifiedPackage, AppError> {
    refuse_revoked(app, hash)?;
    kept(app, hash)
}

/// As [`installed`], revoked or not: what it did in the past can still be derived.
///
/// # Errors
/// If it is not installed or no longer to be trusted.
pub fn kept(app: &App, hash: PackageHash) -> Result<VerifiedPackage, AppError> {
    let path = app.home().packages_dir().join(format!("{hash}.wasm"));
    if !path.exists() {
        return Err(AppError::new(Kind::NotFound, "no-package", hash));
    }
    let package = verify_file(app, &path)?;
    if package.hash() != hash {
        return Err(AppError::new(Kind::Integrity, "package", path.display()));
    }
    Ok(package)
}

/// All installed packages whose signature holds, and the files of those whose does not.
///
/// # Errors
/// If the folder cannot be read.
pub fn list(app: &App) -> Result<Vec<Result<VerifiedPackage, AppError>>, AppError> {
    let dir = app.home().packages_dir();
    let mut paths = Vec::new();
    for entry in fs::read_dir(&dir).map_err(|error| AppError::io(&dir, &error))? {
        paths.push(entry.map_err(|error| AppError::io(&dir, &error))?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    paths.sort();
    Ok(paths.iter().map(|path| verify_file(app, path)).collect())
}

/// Prefix of settings that hold what is known of the newest release that was ever activated.
const RELEASE_META: &str = "release/";

/// The newest release of a plugin that was ever activated, and who signed it.
#[derive(Debug, Serialize, Deserialize)]
struct Release {
    release: u64,
    signers: Vec<String>,
}

fn newest_release(app: &App, plugin: &str) -> Result<Option<Release>, AppError> {
    let known = app.store().meta(&format!("{RELEASE_META}{plugin}"))?;
    let read = |bytes: Vec<u8>| {
        serde_json::from_slice(&bytes)
            .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))
    };
    known.map(read).transpose()
}

/// Remembers that a package was activated.
///
/// # Errors
/// If the store fails.
pub(crate) fn note_release(app: &App, package: &VerifiedPackage) -> Result<(), AppError> {
    let plugin = &package.manifest().plugin;
    let release = Release { release: plugin.release, signers: package.signers().to_vec() };
    let bytes = serde_json::to_vec(&release).unwrap_or_default();
    Ok(app.store().put_meta(&format!("{RELEASE_META}{}", plugin.id), &bytes)?)
}

/// A package with a lower release than the newest one ever activated is refused: whoever wants to
/// go back says so by a rollback.
///
/// # Errors
/// Names both releases.
pub(crate) fn refuse_older(app: &App, manifest: &Manifest) -> Result<(), AppError> {
    match newest_release(app, &manifest.plugin.id)? {
        Some(known) if manifest.plugin.release < known.release => {
            let detail = format!("{} < {}", manifest.plugin.release, known.release);
            Err(AppError::new(Kind::Refused, "older-release", detail))
        }
        _ => Ok(()),
    }
}

/// A plugin stays with its vendor: a package that none of the former signers signed is refused
/// unless the administrator accepts the new one.
///
/// # Errors
/// Names the signers.
pub(crate) fn refuse_stranger(
    app: &App,
    package: &VerifiedPackage,
    accepted: bool,
) -> Result<(), AppError> {
    let Some(known) = newest_release(app, &package.manifest().plugin.id)? else { return Ok(()) };
    let is_known = package.signers().iter().any(|signer| known.signers.contains(signer));
    if is_known || accepted {
        return Ok(());
    }
    let detail = format!("{} / {}", package.signers().join(" "), known.signers.join(" "));
    Err(AppError::new(Kind::Refused, "other-signer", detail))
}
