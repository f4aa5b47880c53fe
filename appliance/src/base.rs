//! The base (复算基点) of a deployment: what its keys were at a place of the log, so that replays and
//! rebuilds go on from there once payloads before it have been dropped.
//!
//! It is a file in the home whose SHA-256 stands in the ledger; a base that is missing or was changed
//! is an error, never a start from nothing.

use crate::app::App;
use crate::error::{AppError, Kind};
use crate::home::private;
use plumbline_contract::alert::AlertLeaf;
use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_kernel::StandingAlert;
use plumbline_ledger::sha256_hex;
use plumbline_store::{Commit, Cursor, KeyId, KeyState, MemoryStore, Store};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

/// Name of the record in the store, followed by the number of the deployment.
const META: &str = "base/";
/// Speed over size: it is written once in months and read by each replay.
const ZSTD_LEVEL: i32 = 1;
/// Most bytes of a base when it is unpacked: some ten million keys.
const BYTES_MAX: u64 = 4 << 30;
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
    /// Puts the base under a deployment in memory, as far as `wanted` says.
    pub fn lay(
        &self,
        states: &MemoryStore,
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
/// If it is missing, was changed, or cannot be read.
pub fn load(app: &App, of: DeploymentId) -> Result<Option<Base>, AppError> {
    let Some(record) = record(app, of)? else { return Ok(None) };
    let path = file(app, of, record.at);
    let packed = fs::read(&path).map_err(|error| AppError::io(&path, &error))?;
    if sha256_hex(&packed) != record.sha256 {
        return Err(AppError::new(Kind::Integrity, "base-damaged", path.display()));
    }
    let damaged = |_| AppError::new(Kind::Integrity, "base-damaged", path.display());
    let mut bytes = Vec::new();
    let mut unpacked = zstd::stream::read::Decoder::new(&packed[..]).map_err(damaged)?;
    std::io::copy(&mut std::io::Read::take(&mut unpacked, BYTES_MAX), &mut bytes)
        .map_err(damaged)?;
    let unread = |_| AppError::new(Kind::Integrity, "base-damaged", path.display());
    let Kept { at, leaf, states, alerts } = postcard::from_bytes(&bytes).map_err(unread)?;
    let alerts = alerts.iter().map(|leaf| serde_json::from_slice(leaf));
    let alerts = alerts.collect::<Result<_, _>>().map_err(|error| damaged(error.into()))?;
    Ok(Some(Base { at, leaf, states, alerts }))
}

/// Writes a base to the disk; it counts once [`take`] was called.
///
/// # Errors
/// If it cannot be written.
pub fn save(app: &App, of: DeploymentId, base: &Base) -> Result<Record, AppError> {
    let path = file(app, of, base.at.0);
    let io = |error: std::io::Error| AppError::io(&path, &error);
    let Base { at, leaf, ref states, ref alerts } = *base;
    let alerts = alerts.iter().map(serde_json::to_vec).collect::<Result<_, _>>();
    let alerts = alerts.map_err(|error| io(error.into()))?;
    let kept = Kept { at, leaf, states: states.clone(), alerts };
    let bytes = postcard::to_allocvec(&kept).expect("writing to memory does not fail");
    let packed = zstd::encode_all(&bytes[..], ZSTD_LEVEL).map_err(io)?;
    let dir = app.home().dir().join("bases");
    fs::create_dir_all(&dir).map_err(io)?;
    private(&dir, 0o700)?;
    let mut out = File::create(&path).map_err(io)?;
    out.write_all(&packed).and_then(|()| out.sync_all()).map_err(io)?;
    private(&path, 0o600)?;
    File::open(&dir).and_then(|dir| dir.sync_all()).map_err(io)?;
    Ok(Record { at: base.at.0, sha256: sha256_hex(&packed) })
}

/// From now on the deployment has this base; the one before is removed.
///
/// # Errors
/// If the store fails.
pub fn take(app: &App, of: DeploymentId, new: &Record) -> Result<(), AppError> {
    let before = record(app, of)?;
    let bytes = serde_json::to_vec(new).expect("a record has only keys that are texts");
    app.store().put_meta(&format!("{META}{of}"), &bytes)?;
    if let Some(before) = before.filter(|before| before.at != new.at) {
        // Nobody reads it any more; one that stays behind does no harm.
        let _ = fs::remove_file(file(app, of, before.at));
    }
    Ok(())
}

/// What the store says of a deployment's base.
///
/// # Errors
/// If the store fails.
pub fn record(app: &App, of: DeploymentId) -> Result<Option<Record>, AppError> {
    let Some(bytes) = app.store().meta(&format!("{META}{of}"))? else { return Ok(None) };
    let corrupt = |error| AppError::new(Kind::Integrity, "store-corrupt", error);
    serde_json::from_slice(&bytes).map(Some).map_err(corrupt)
}

fn file(app: &App, of: DeploymentId, at: u64) -> PathBuf {
    app.home().dir().join("bases").join(format!("{of}-{at}.base"))
}
