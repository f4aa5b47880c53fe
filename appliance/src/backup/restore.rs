//! Makes a home out of a backup, in a folder that holds nothing. Never over a home.
//!
//! The ledger goes on from the checkpoint of the backup. What the lost home signed after it is gone,
//! and whoever holds a later checkpoint will see that the two do not fit; so the first thing that the
//! restored home puts into its ledger is that it was restored, from which checkpoint, and when.

use super::read::{Item, checkpoint, key, read};
use super::{Header, Report};
use crate::act;
use crate::error::{AppError, Kind};
use crate::home::{Home, load_zone, private};
use plumbline_contract::time::Millis;
use plumbline_ledger::tree::{Frontier, Hash, leaf_hash};
use plumbline_ledger::{Checkpoint, LedgerRestorer, Passphrase, SigningKey, TrustedKeys, verify};
use plumbline_store::{Restorer, SledStore, Store};
use serde::Serialize;
use serde_json::json;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Component, Path, PathBuf};

/// Suffix of a folder that is not yet a home.
const STAGING: &str = "restoring";

/// What to make of which backup.
#[derive(Clone, Copy, Debug)]
pub struct Restore<'a> {
    pub file: &'a Path,
    pub passphrase: Option<&'a Passphrase>,
    /// The new home: a folder that is empty or does not exist.
    pub into: &'a Path,
    /// The folder of keys of the lost home, for a backup that holds none.
    pub keys: Option<&'a Path>,
    /// A checkpoint of this ledger that somebody else holds, as a signed note.
    pub seen: Option<&'a str>,
    /// Go on although `seen` is later than the backup: two histories will have been signed.
    pub accept_split: bool,
    /// The present instant.
    pub now: Millis,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    pub report: Report,
    /// Leaves that were signed after the backup, as far as the seen checkpoint tells.
    pub lost_leaves: u64,
}

/// Restores; see the module. The file is read twice: once to judge it, once to take it.
///
/// # Errors
/// If the folder is not empty, the backup is not sound or not to be opened, its keys are missing,
/// a later checkpoint was seen, or the disk fails. Then nothing is left.
pub fn restore(request: &Restore<'_>) -> Result<Restored, AppError> {
    let staging = staging(request.into)?;
    let mut seen = None;
    let mut tree = Frontier::default();
    let report = read(request.file, request.passphrase, &mut |header, item| {
        if seen.is_none() {
            seen = Some(Seen::open(header, request.seen)?);
        }
        if let (Some(seen), Item::Leaves(leaves)) = (&mut seen, item) {
            for leaf in leaves {
                tree.push(leaf_hash(&leaf), |_, _| {});
                seen.note(&tree);
            }
        }
        Ok(())
    })?;
    let lost_leaves = seen.map_or(Ok(0), |seen| seen.judge(&report.header, request))?;
    if !report.header.keys && request.keys.is_none() {
        return Err(AppError::new(Kind::Usage, "restore-keys", request.file.display()));
    }
    fs::create_dir(&staging).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            AppError::new(Kind::Usage, "restore-left", staging.display())
        }
        _ => AppError::io(&staging, &error),
    })?;
    let made = make(request, &staging, &report, lost_leaves).and_then(|()| {
        fs::rename(&staging, request.into).map_err(|error| AppError::io(request.into, &error))?;
        sync(&parent(request.into))
    });
    if let Err(error) = made {
        // The first error says more than that of tidying up.
        let _ = fs::remove_dir_all(&staging);
        return Err(error);
    }
    Ok(Restored { report, lost_leaves })
}

/// Where the home is made before it gets its name.
fn staging(into: &Path) -> Result<PathBuf, AppError> {
    let taken = || AppError::new(Kind::Usage, "restore-taken", into.display());
    match fs::read_dir(into) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(taken());
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(_) => return Err(taken()),
    }
    let mut name = into.file_name().ok_or_else(taken)?.to_owned();
    name.push(".");
    name.push(STAGING);
    Ok(into.with_file_name(name))
}

fn parent(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}

/// A checkpoint that somebody holds, beside the tree of the backup.
#[derive(Debug)]
struct Seen {
    checkpoint: Option<Checkpoint>,
    root: Option<Hash>,
}

impl Seen {
    fn open(header: &Header, note: Option<&str>) -> Result<Self, AppError> {
        let Some(note) = note else { return Ok(Self { checkpoint: None, root: None }) };
        let trusted = TrustedKeys::from(&key(header)?);
        let checkpoint = Checkpoint::open(note.as_bytes(), &trusted)
            .map_err(|error| AppError::new(Kind::Usage, "restore-seen", error))?;
        if checkpoint.origin() != header.origin {
            return Err(AppError::new(Kind::Usage, "restore-seen", checkpoint.origin()));
        }
        let mut seen = Self { checkpoint: Some(checkpoint), root: None };
        seen.note(&Frontier::default());
        Ok(seen)
    }

    fn note(&mut self, tree: &Frontier) {
        if self.checkpoint.as_ref().is_some_and(|seen| seen.size() == tree.size()) {
            self.root = Some(tree.root());
        }
    }

    /// How many leaves are lost; refuses two histories that nobody accepted.
    fn judge(self, header: &Header, request: &Restore<'_>) -> Result<u64, AppError> {
        let Some(seen) = self.checkpoint else { return Ok(0) };
        let lost = seen.size().saturating_sub(header.ledger_size);
        if lost > 0 && !request.accept_split {
            let detail = format!("{} > {}", seen.size(), header.ledger_size);
            return Err(AppError::new(Kind::Refused, "restore-behind", detail));
        }
        if lost == 0 && self.root != Some(seen.root()) {
            return Err(AppError::new(Kind::Integrity, "restore-fork", seen.size()));
        }
        Ok(lost)
    }
}

fn make(
    request: &Restore<'_>,
    staging: &Path,
    report: &Report,
    lost_leaves: u64,
) -> Result<(), AppError> {
    let home = Home::new(staging);
    home.make_folders()?;
    take(request, &home, report)?;
    if let Some(keys) = request.keys.filter(|_| !report.header.keys) {
        copy_keys(keys, &home)?;
    }
    judge(&home, &report.header)?;
    note(request, &home, report, lost_leaves)?;
    sync_all(staging)
}

/// Writes what the backup holds.
fn take(request: &Restore<'_>, home: &Home, report: &Report) -> Result<(), AppError> {
    let header = &report.header;
    let store = Restorer::create(&home.store_dir())?;
    let mut ledger = LedgerRestorer::create(&home.ledger_dir(), &key(header)?, &header.checkpoint)?;
    let again = read(request.file, request.passphrase, &mut |_, item| match item {
        Item::Pairs(pairs) => Ok(store.put(pairs)?),
        Item::Leaves(leaves) => Ok(ledger.append(&leaves)?),
        Item::File { path, begins, bytes } => put_file(home.dir(), path, begins, bytes),
    })?;
    if again.digest != report.digest {
        let detail = request.file.display();
        return Err(AppError::new(Kind::Integrity, "backup-changed", detail));
    }
    store.finish()?;
    ledger.finish()?;
    Ok(())
}

fn put_file(home: &Path, name: &str, begins: bool, bytes: &[u8]) -> Result<(), AppError> {
    let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let own = ["store", "ledger"].iter().any(|own| Path::new(name).starts_with(own));
    if !inside || own || name.is_empty() {
        return Err(AppError::new(Kind::Integrity, "backup-damaged", name));
    }
    let path = home.join(name);
    let io = |error: std::io::Error| AppError::io(&path, &error);
    if begins {
        let folder = parent(&path);
        fs::create_dir_all(&folder).map_err(|error| AppError::io(&folder, &error))?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create_new(begins);
    options.open(&path).and_then(|mut file| file.write_all(bytes)).map_err(io)?;
    // Nobody else needs to read a home.
    private(&path, 0o600)
}

fn copy_keys(from: &Path, home: &Home) -> Result<(), AppError> {
    for (name, to) in home.key_files() {
        let from = from.join(name);
        let bytes = fs::read(&from).map_err(|error| AppError::io(&from, &error))?;
        fs::write(&to, bytes).map_err(|error| AppError::io(&to, &error))?;
        private(&to, 0o600)?;
    }
    // Not every home has cameras.
    let cameras = home.cameras_file();
    let from = from.join(cameras.file_name().unwrap_or_default());
    if from.is_file() {
        fs::copy(&from, &cameras).map_err(|error| AppError::io(&from, &error))?;
        private(&cameras, 0o600)?;
    }
    Ok(())
}

/// Judges the new home as `check` would.
fn judge(home: &Home, header: &Header) -> Result<(), AppError> {
    let config = home.config()?;
    let signing: SigningKey = home.ledger_key()?;
    let public = key(header)?;
    if *signing.verifying_key() != public || config.origin != header.origin {
        return Err(AppError::new(Kind::Refused, "restore-other-key", &header.origin));
    }
    home.personal_key()?;
    home.token()?;
    let store = SledStore::open(&home.store_dir())?;
    if let Some(problem) = store.check()?.first() {
        return Err(AppError::new(Kind::Integrity, "store-corrupt", problem));
    }
    if (store.next_seq().0, store.next_leaf().0) != (header.next_seq, header.next_leaf) {
        return Err(AppError::new(Kind::Integrity, "store-corrupt", "it ends at another place"));
    }
    let ledger = verify(&home.ledger_dir(), &TrustedKeys::from(&public))
        .map_err(|damage| AppError::new(Kind::Integrity, "ledger-damaged", damage))?;
    match ledger.checkpoint == checkpoint(header)? && ledger.unsealed_leaves == 0 {
        true => Ok(()),
        false => Err(AppError::new(Kind::Integrity, "ledger-damaged", &header.origin)),
    }
}

/// The act, into the outbox: the home seals it when it is opened, before anything new.
fn note(
    request: &Restore<'_>,
    home: &Home,
    report: &Report,
    lost_leaves: u64,
) -> Result<(), AppError> {
    let zone = load_zone(&home.config()?.zone)?;
    let header = &report.header;
    let leaf = json!({
        "backup": report.digest, "taken_at": header.taken_at, "next_seq": header.next_seq,
        "ledger_size": header.ledger_size, "ledger_root": header.ledger_root,
        "lost_leaves": lost_leaves, "seen": request.seen,
    });
    let store = SledStore::open(&home.store_dir())?;
    store.push_leaves(&[act::leaf("restored", request.now, &zone, leaf)])?;
    Ok(())
}

/// Makes everything below a folder durable.
fn sync_all(dir: &Path) -> Result<(), AppError> {
    for entry in fs::read_dir(dir).map_err(|error| AppError::io(dir, &error))? {
        let path = entry.map_err(|error| AppError::io(dir, &error))?.path();
        if path.is_dir() { sync_all(&path)? } else { sync(&path)? }
    }
    sync(dir)
}

fn sync(path: &Path) -> Result<(), AppError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| AppError::io(path, &error))
}
