//! The base (复算基点) of a deployment: what its keys were at a place of the log, so that replays and
//! rebuilds go on from there once payloads before it have been dropped.
//!
//! It is a file in the home whose SHA-256 stands in the ledger; a base that is missing or was changed
//! is an error, never a start from nothing.

use crate::app::App;
use crate::clock;
use crate::error::{AppError, Kind};
use crate::home::private;
use plumbline_contract::alert::AlertLeaf;
use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_kernel::StandingAlert;
use plumbline_ledger::sha256_hex;
use plumbline_store::{Commit, Cursor, KeyId, KeyState, Store};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Name of the record in the store, followed by the number of the deployment.
const META: &str = "base/";
/// Speed over size: it is written once in months and read by each replay.
const ZSTD_LEVEL: i32 = 1;
/// Most bytes of a base when it is unpacked: some ten million keys.
const BYTES_MAX: usize = 4 << 30;
/// States and alerts that are taken over at once.
const ROWS_AT_ONCE: usize = 4096;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The next event to read.
    pub at: EventSeq,
    /// The next leaf of the ledger to compare.
    pub leaf: u64,
    pub states: Vec<(KeyId, KeyState)>,
    /// The leaf after which each alert stands.
    pub alerts: Vec<AlertLeaf>,
}

/// A base as it lies in the file, in postcard: leaves as the bytes that are in the ledger.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    at: EventSeq,
    leaf: u64,
    states: Vec<(KeyId, KeyState)>,
    alerts: Vec<Vec<u8>>,
}

/// What the store says of a base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub at: u64,
    /// Of the file.
    pub sha256: String,
}

impl Base {
    /// Puts the base under a deployment that has not begun, as far as `wanted` says.
    ///
    /// # Errors
    /// If the store fails.
    pub fn lay(
        &self,
        states: &dyn Store,
        of: DeploymentId,
        wanted: impl Fn(&KeyId, &KeyState) -> bool,
    ) -> Result<(), AppError> {
        let to = Cursor { seq: self.at, tick_after: None };
        let commit = Commit { deployment: of, to: to.clone(), lazy: true, ..Commit::default() };
        states.commit(commit)?;
        let wanted = self.states.iter().filter(|(id, state)| wanted(id, state));
        let kept: Vec<_> = wanted.map(|(id, state)| (id.clone(), Some(state.clone()))).collect();
        let has = |id: &KeyId| kept.binary_search_by(|(known, _)| known.cmp(id)).is_ok();
        let stands = |leaf: &AlertLeaf| {
            let row = StandingAlert::after(leaf)?.row();
            Some((key_of(leaf), leaf.id.clone(), Some(row)))
        };
        let alerts = self.alerts.iter().filter(|leaf| has(&key_of(leaf)));
        let standing: Vec<_> = alerts.filter_map(stands).collect();
        for part in kept.chunks(ROWS_AT_ONCE) {
            let (from, to) = (to.clone(), to.clone());
            let states_of_part = part.to_vec();
            states.commit(Commit {
                deployment: of,
                from,
                to,
                states: states_of_part,
                lazy: true,
                ..Commit::default()
            })?;
        }
        for part in standing.chunks(ROWS_AT_ONCE) {
            let (from, to, standing) = (to.clone(), to.clone(), part.to_vec());
            states.commit(Commit {
                deployment: of,
                from,
                to,
                standing,
                lazy: true,
                ..Commit::default()
            })?;
        }
        Ok(())
    }
}

/// The key and the alert that a leaf is about.
pub fn placed(leaf: AlertLeaf) -> ((KeyId, String), AlertLeaf) {
    ((key_of(&leaf), leaf.id.clone()), leaf)
}

fn key_of(leaf: &AlertLeaf) -> KeyId {
    KeyId { stream: leaf.stream.clone(), key: leaf.stream_key.clone() }
}

/// The base of a deployment, if one was laid.
///
/// # Errors
/// `base-damaged` if it is missing, was changed, or cannot be read.
pub fn load(app: &App, of: DeploymentId) -> Result<Option<Base>, AppError> {
    record(app, of)?.map(|record| read(&file(app, &record.sha256), &record.sha256)).transpose()
}

fn read(path: &Path, sha256: &str) -> Result<Base, AppError> {
    let damaged =
        |why: &dyn Display| AppError::new(Kind::Integrity, "base-damaged", told(path, why));
    let packed = fs::read(path).map_err(|error| damaged(&error))?;
    if sha256_hex(&packed) != sha256 {
        return Err(damaged(&"SHA-256"));
    }
    let mut bytes = Vec::new();
    let mut unpacked =
        zstd::stream::read::Decoder::new(&packed[..]).map_err(|error| damaged(&error))?;
    std::io::copy(&mut std::io::Read::take(&mut unpacked, BYTES_MAX as u64), &mut bytes)
        .map_err(|error| damaged(&error))?;
    let kept: Kept = postcard::from_bytes(&bytes).map_err(|error| damaged(&error))?;
    let Kept { at, leaf, states, alerts } = kept;
    let alerts = alerts.iter().map(|leaf| serde_json::from_slice(leaf));
    let alerts = alerts.collect::<Result<_, _>>().map_err(|error| damaged(&error))?;
    Ok(Base { at, leaf, states, alerts })
}

fn told(path: &Path, why: &dyn Display) -> String {
    format!("{}: {why}", path.display())
}

/// Writes a base to the disk and reads it again; it counts once [`take`] was called, and is swept
/// away if that does not happen.
///
/// # Errors
/// If it cannot be written, has too many keys, or what was read is not what was written.
pub fn save(app: &App, base: &Base) -> Result<Record, AppError> {
    let packed = pack(base, BYTES_MAX)?;
    app.disk().admit(packed.len() as u64, clock::now())?;
    let sha256 = sha256_hex(&packed);
    let (dir, path) = (folder(app), file(app, &sha256));
    let unnamed = path.with_extension("part");
    let io = |error: std::io::Error| AppError::io(&path, &error);
    fs::create_dir_all(&dir).map_err(io)?;
    private(&dir, 0o700)?;
    let mut out = File::create(&unnamed).map_err(io)?;
    private(&unnamed, 0o600)?;
    out.write_all(&packed).and_then(|()| out.sync_all()).map_err(io)?;
    fs::rename(&unnamed, &path).map_err(io)?;
    File::open(&dir).and_then(|dir| dir.sync_all()).map_err(io)?;
    if read(&path, &sha256)? != *base {
        let detail = told(&path, &"not what was written");
        return Err(AppError::new(Kind::Integrity, "base-damaged", detail));
    }
    Ok(Record { at: base.at.0, sha256 })
}

fn pack(base: &Base, bytes_max: usize) -> Result<Vec<u8>, AppError> {
    let failed = |error: &dyn Display| AppError::new(Kind::Failed, "io", error);
    let Base { at, leaf, ref states, ref alerts } = *base;
    let alerts = alerts.iter().map(serde_json::to_vec).collect::<Result<_, _>>();
    let alerts = alerts.map_err(|error| failed(&error))?;
    let kept = Kept { at, leaf, states: states.clone(), alerts };
    let bytes = postcard::to_allocvec(&kept).expect("writing to memory does not fail");
    if bytes.len() > bytes_max {
        let detail = format!("{} > {bytes_max}", bytes.len());
        return Err(AppError::new(Kind::Refused, "base-too-large", detail));
    }
    zstd::encode_all(&bytes[..], ZSTD_LEVEL).map_err(|error| failed(&error))
}

/// From now on the deployment has this base.
///
/// # Errors
/// If the store fails.
pub fn take(app: &App, of: DeploymentId, new: &Record) -> Result<(), AppError> {
    let bytes = serde_json::to_vec(new).expect("a record has only keys that are texts");
    Ok(app.store().put_meta(&format!("{META}{of}"), &bytes)?)
}

/// A deployment that has ended, or did not come to be, keeps nothing.
///
/// # Errors
/// If the store fails.
pub fn forget(app: &App, of: DeploymentId) -> Result<(), AppError> {
    if app.store().meta(&format!("{META}{of}"))?.is_some() {
        app.store().drop_meta(&format!("{META}{of}"))?;
    }
    if app.store().cursor(of)? != Cursor::default() {
        app.store().drop_deployment(of)?;
    }
    Ok(())
}

/// Removes the files that are no deployment's base: what came before, and what did not come to count.
///
/// # Errors
/// If the store or the folder cannot be read.
pub fn sweep(app: &App) -> Result<(), AppError> {
    let mut named = BTreeSet::new();
    for (_, bytes) in app.store().meta_scan(META)? {
        named.insert(file(app, &recorded(&bytes)?.sha256));
    }
    let dir = folder(app);
    let files = match fs::read_dir(&dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        files => files.map_err(|error| AppError::io(&dir, &error))?,
    };
    for path in files.filter_map(|file| Some(file.ok()?.path())) {
        if !named.contains(&path) {
            // One that stays behind does no harm.
            let _ = fs::remove_file(path);
        }
    }
    Ok(())
}

/// What the store says of a deployment's base.
///
/// # Errors
/// If the store fails.
pub fn record(app: &App, of: DeploymentId) -> Result<Option<Record>, AppError> {
    app.store().meta(&format!("{META}{of}"))?.map(|bytes| recorded(&bytes)).transpose()
}

fn recorded(bytes: &[u8]) -> Result<Record, AppError> {
    serde_json::from_slice(bytes)
        .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))
}

fn folder(app: &App) -> PathBuf {
    app.home().dir().join("bases")
}

fn file(app: &App, sha256: &str) -> PathBuf {
    folder(app).join(format!("{sha256}.base"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_read_is_not_written() {
        let base = Base { at: EventSeq(7), leaf: 3, states: Vec::new(), alerts: Vec::new() };
        assert!(pack(&base, 100).is_ok());
        let refused = pack(&base, 3).expect_err("larger than three bytes");
        assert_eq!(refused.message, "base-too-large");
    }
}
