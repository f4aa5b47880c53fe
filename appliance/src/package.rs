//! Packages of a home: trust, installation and deployment.

use crate::app::App;
use crate::error::{AppError, Kind};
use crate::{act, clock};
use plumbline_contract::id::{DeploymentId, EventSeq, PackageHash};
use plumbline_contract::manifest::Manifest;
use plumbline_contract::package::VerifiedPackage;
use plumbline_kernel::{Deployment, Grants, Mode};
use plumbline_ledger::{PackageError, VerifyingKey, sha256_hex, verify_package};
use serde_json::{Map, Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;

/// Prefix of settings that hold deployments.
pub(crate) const DEPLOYMENT_META: &str = "deployment/";
/// Prefix of settings that hold what a deployment was before it was changed.
const FORMER_META: &str = "former-deployment/";
/// Prefix of settings that hold the highest release ever activated of a plugin.
const RELEASE_META: &str = "release/";

impl From<PackageError> for AppError {
    fn from(error: PackageError) -> Self {
        Self::new(Kind::Refused, "package", error)
    }
}

/// What enabling a plugin needs to know.
#[derive(Clone, Debug)]
pub struct Enabling<'a> {
    pub package: PackageHash,
    /// Root of the region subtree; empty for everywhere.
    pub region: &'a str,
    pub parameters: &'a Map<String, Value>,
    /// Look at what is in the log already.
    pub from_start: bool,
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

/// Keeps a verified package in the home; an act in the ledger.
///
/// # Errors
/// If it does not compile or asks for what no plugin may have, or cannot be written.
pub fn install(app: &App, package: &VerifiedPackage) -> Result<(), AppError> {
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
/// If it is not installed or no longer to be trusted.
pub fn installed(app: &App, hash: PackageHash) -> Result<VerifiedPackage, AppError> {
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

/// Enables an installed package for a region subtree; an act in the ledger.
///
/// The same plugin in the same region keeps its deployment: its states and alerts go on.
///
/// # Errors
/// If the parameters do not fit, or an older release than before would be activated.
pub fn enable(app: &App, enabling: &Enabling<'_>) -> Result<Deployment, AppError> {
    let package = installed(app, enabling.package)?;
    let manifest = package.manifest();
    check_release(app, manifest)?;
    let parameters = manifest
        .parameters(enabling.parameters)
        .map_err(|error| AppError::new(Kind::Usage, "parameter", error))?;
    let parameters = Value::Object(parameters).to_string();
    // Up to here the log was seen by the package and the parameters that were in force.
    app.settle()?;
    let known = app.deployments()?;
    let before = known
        .iter()
        .find(|known| known.plugin == manifest.plugin.id && known.region == enabling.region);
    let fresh = known.iter().map(|known| known.id.0 + 1).max().unwrap_or(1);
    let from = if enabling.from_start { EventSeq(0) } else { app.store().next_seq() };
    let deployment = Deployment {
        id: before.map_or(DeploymentId(fresh), |before| before.id),
        plugin: manifest.plugin.id.clone(),
        version: manifest.plugin.version.clone(),
        package: package.hash(),
        region: enabling.region.to_owned(),
        mode: Mode::Live,
        parameters_sha256: sha256_hex(parameters.as_bytes()),
        parameters,
        from: before.map_or(from, |before| before.from),
        since: before.map_or(from, |_| app.store().next_seq()),
        grants: Grants::all(package.hash(), manifest),
    };
    app.check_plugin(&deployment, &package)?;
    if let Some(before) = before {
        keep_former(app, before)?;
    }
    let particulars = serde_json::to_value(&deployment).unwrap_or_default();
    let leaf = act::leaf("enable", clock::now(), app.zone(), json!({ "deployment": particulars }));
    let name = format!("{DEPLOYMENT_META}{:05}", deployment.id.0);
    app.store().put_meta(&name, &stored(&deployment)?)?;
    let release = format!("{RELEASE_META}{}", manifest.plugin.id);
    app.store().put_meta(&release, manifest.plugin.release.to_string().as_bytes())?;
    app.record(&[leaf])?;
    app.reload()?;
    Ok(deployment)
}

fn stored(deployment: &Deployment) -> Result<Vec<u8>, AppError> {
    serde_json::to_vec(deployment).map_err(|error| AppError::new(Kind::Failed, "store", error))
}

fn keep_former(app: &App, before: &Deployment) -> Result<(), AppError> {
    let name = format!("{FORMER_META}{:05}/{:020}", before.id.0, before.since.0);
    Ok(app.store().put_meta(&name, &stored(before)?)?)
}

/// A deployment as it was before each of its changes, oldest first, and as it is.
///
/// # Errors
/// If what is stored cannot be read.
pub(crate) fn history(app: &App, present: Deployment) -> Result<Vec<Deployment>, AppError> {
    let former = app.store().meta_scan(&format!("{FORMER_META}{:05}/", present.id.0))?;
    let read = |(_, bytes): (String, Vec<u8>)| {
        serde_json::from_slice(&bytes)
            .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))
    };
    former.into_iter().map(read).chain(std::iter::once(Ok(present))).collect()
}

fn check_release(app: &App, manifest: &Manifest) -> Result<(), AppError> {
    let known = app.store().meta(&format!("{RELEASE_META}{}", manifest.plugin.id))?;
    let known = known.and_then(|bytes| String::from_utf8(bytes).ok()?.parse::<u64>().ok());
    match known {
        Some(known) if manifest.plugin.release < known => {
            let detail = format!("{} < {known}", manifest.plugin.release);
            Err(AppError::new(Kind::Refused, "older-release", detail))
        }
        _ => Ok(()),
    }
}
