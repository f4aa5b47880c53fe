//! The time of footage: what is over is deleted, with a leaf that says so; the hash stays in the
//! ledger. Also finds files that are missing or altered, and those that nobody vouches for.

use super::leaf::{FootageAct, FootageLeaf, as_footage};
use super::vault;
use crate::app::App;
use crate::clock;
use crate::error::{AppError, Kind};
use plumbline_contract::time::Day;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

/// Reason of a deletion by time.
const OVER: &str = "keep_until";

/// A piece of footage that the home should have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    pub sha256: String,
    /// The leaves by which it was taken; several alerts may share one.
    pub leaves: Vec<u64>,
    pub bytes: u64,
    pub keep_until: Day,
    #[serde(skip)]
    newest: Option<FootageLeaf>,
}

/// All pieces that the home should have, in the order of their hashes.
///
/// # Errors
/// If the ledger cannot be read.
pub fn list(app: &App) -> Result<Vec<Kept>, AppError> {
    app.with_footage(|footage, ledger| {
        let mut all = Vec::new();
        for (sha256, leaves) in footage.kept() {
            let (mut keep_until, mut bytes, mut newest) = (Day::MIN, 0, None);
            for index in leaves {
                let Some(leaf) = as_footage(*index, &ledger.leaf(*index)?)? else { continue };
                let until = leaf.keep_until.as_deref().and_then(Day::parse).unwrap_or(Day::MIN);
                keep_until = keep_until.max(until);
                bytes = leaf.bytes.unwrap_or(bytes);
                newest = Some(leaf);
            }
            let (sha256, leaves) = (sha256.to_owned(), leaves.to_vec());
            all.push(Kept { sha256, leaves, bytes, keep_until, newest });
        }
        Ok(all)
    })
}

/// Deletes what was to be kept until before `today`, the day of a sure time; returns what that was.
/// With `dry_run` nothing is deleted.
///
/// # Errors
/// If the ledger or the store fails, or a file cannot be removed: the others are removed all the
/// same, and it is swept away at the next start.
pub fn expire(app: &App, today: Day, dry_run: bool) -> Result<Vec<Kept>, AppError> {
    // What is taken meanwhile would give the same hash a longer time.
    let _changed = app.change_footage();
    let mut over = list(app)?;
    over.retain(|kept| kept.keep_until < today);
    if dry_run || over.is_empty() {
        return Ok(over);
    }
    let leaf = |kept: &Kept| {
        let newest = kept.newest.as_ref()?;
        let (kind, about) = (newest.kind, newest.about());
        let mut gone = FootageLeaf::new(app, FootageAct::Deleted, kind, &about, clock::now());
        gone.sha256 = Some(kept.sha256.clone());
        gone.bytes = Some(kept.bytes);
        gone.reason = Some(OVER.to_owned());
        Some(gone.to_bytes())
    };
    let leaves: Vec<_> = over.iter().filter_map(leaf).collect();
    // The leaves first: a file that is left over after a crash is swept away at the next start.
    app.record(&leaves)?;
    let removed: Vec<_> = over.iter().map(|kept| vault::remove(app.home(), &kept.sha256)).collect();
    removed.into_iter().collect::<Result<(), _>>()?;
    Ok(over)
}

/// Removes files that no leaf vouches for: a crash came between file and leaf. What does not look
/// like footage is left alone, and what cannot be removed is logged and left to the next sweep.
///
/// # Errors
/// If the ledger cannot be read, or not the folder of all footage.
pub fn sweep(app: &App) -> Result<usize, AppError> {
    let _changed = app.change_footage();
    let kept: BTreeSet<String> = list(app)?.into_iter().map(|kept| kept.sha256).collect();
    let root = app.home().evidence_dir();
    if !root.exists() {
        return Ok(0);
    }
    let mut swept = 0;
    for folder in names(&root)?.into_iter().filter(|name| vault::is_folder(name)) {
        let folder = root.join(folder);
        let files = names(&folder).unwrap_or_else(|error| {
            tracing::warn!(%error, "a folder of footage could not be swept");
            Vec::new()
        });
        for file in files.into_iter().filter(|name| vault::is_file(name) && !kept.contains(name)) {
            let path = folder.join(file);
            match fs::remove_file(&path) {
                Ok(()) => swept += 1,
                Err(error) => {
                    let error = AppError::io(&path, &error);
                    tracing::warn!(%error, "a file of footage could not be swept away");
                }
            }
        }
    }
    Ok(swept)
}

/// Names in a folder; those that are no text belong to somebody else.
fn names(dir: &Path) -> Result<Vec<String>, AppError> {
    let read = || -> io::Result<Vec<String>> {
        let entries = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
        Ok(entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect())
    };
    read().map_err(|error| AppError::io(dir, &error))
}

/// Reads every piece and compares it with its hash; returns the hashes of those that are missing and
/// of those that are altered.
///
/// # Errors
/// If the ledger or the disk fails.
pub fn verify(app: &App) -> Result<(Vec<String>, Vec<String>), AppError> {
    let (mut missing, mut altered) = (Vec::new(), Vec::new());
    for kept in list(app)? {
        match vault::read(app.home(), &kept.sha256) {
            Ok(_) => {}
            Err(error) if error.message == "footage-missing" => missing.push(kept.sha256),
            Err(error) if error.kind == Kind::Integrity => altered.push(kept.sha256),
            Err(error) => return Err(error),
        }
    }
    Ok((missing, altered))
}
