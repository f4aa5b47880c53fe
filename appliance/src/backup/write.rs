//! Takes a backup of an open home while everything else goes on.
//!
//! Store and ledger are caught at one moment: under the lock of the ledger, so that no leaf moves
//! between them, the writer of the store begins a picture. Both are read out after that, a stretch
//! at a time. The ledger is read up to its signed checkpoint; leaves behind it are in the outbox of
//! the picture.

use super::container::{Packed, write_file};
use super::frame::{FILE, FRAME_BYTES, FrameWriter, LEAVES, PAIRS, Trailer, push_part, wrong};
use super::read::read;
use super::{FORMAT, Header, KIND, LAST_META, LastBackup, Report};
use crate::act;
use crate::app::App;
use crate::error::{AppError, Kind};
use plumbline_contract::time::Millis;
use plumbline_ledger::{Checkpoint, Passphrase};
use plumbline_store::{Picture, SCHEMA_VERSION};
use serde_json::json;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Files and folders of a home that are no part of a backup: store, ledger and keys go their own
/// ways, compiled code is made again, rejects are lines that were never taken in, and the address is
/// that of a running service. Footage shows people: it is in a sealed backup, and in no other.
const LEFT_OUT: [&str; 7] = ["store", "ledger", "keys", "cache", "rejects", "serve.addr", FOOTAGE];
/// Folder of the footage.
const FOOTAGE: &str = "evidence";
/// How deep folders are followed: a home is flat, and a link may lead in a circle.
const DEPTH_MAX: usize = 8;
/// Leaves read under the lock of the ledger at once; each has up to 64 KiB.
const LEAVES_AT_ONCE: u64 = 256;

/// What to take.
#[derive(Clone, Copy, Debug)]
pub struct Backup<'a> {
    /// The file to make; it must not exist.
    pub file: &'a Path,
    /// Seals the file. The keys of the home are in a sealed backup, and in no other.
    pub passphrase: Option<&'a Passphrase>,
    /// Puts the keys into a backup that is not sealed.
    pub with_keys: bool,
    /// The present instant.
    pub now: Millis,
}

/// Takes a backup, reads it again, names it, and records the act in the ledger.
///
/// # Errors
/// If the file exists or lies in the home, something cannot be read or written, so much was
/// written meanwhile that it cannot be caught up with, or what was read back is not what was there.
pub fn backup(app: &App, request: &Backup<'_>) -> Result<Report, AppError> {
    outside(app, request.file)?;
    // The bases belong to what the store says of them.
    let history = app.keep_history();
    let fill = |file: File| {
        let packed = Packed::begin(file, request.passphrase)?;
        let (packed, trailer) = content(app, request, packed)?;
        Ok((packed.finish()?, trailer))
    };
    let judge = |path: &Path, written: &Trailer| {
        let report = read(path, request.passphrase, &mut |_, _| Ok(()))?;
        match report.digest == written.sha256 {
            true => Ok(report),
            false => Err(wrong("what was read back is not what was written")),
        }
    };
    let (_, report) = write_file(request.file, fill, judge)?;
    drop(history);
    record(app, request.now, &report)?;
    Ok(report)
}

/// A backup inside of what it is a backup of would be lost with it.
pub(super) fn outside(app: &App, file: &Path) -> Result<(), AppError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let real = |path: &Path| fs::canonicalize(path).map_err(|error| AppError::io(path, &error));
    match real(folder)?.starts_with(real(app.home().dir())?) {
        true => Err(AppError::new(Kind::Usage, "backup-inside", file.display())),
        false => Ok(()),
    }
}

fn record(app: &App, now: Millis, report: &Report) -> Result<(), AppError> {
    let Header { next_seq, ledger_size, keys, .. } = report.header;
    let digest = report.digest.clone();
    let leaf = json!({
        "digest": digest, "next_seq": next_seq, "ledger_size": ledger_size,
        "sealed": report.sealed, "keys": keys,
    });
    let last = LastBackup { taken: now, next_seq, ledger_size, digest, sealed: report.sealed };
    let last = serde_json::to_vec(&last).expect("a backup's record has only keys that are texts");
    app.store().put_meta(LAST_META, &last)?;
    app.record(&[act::leaf("backup", now, app.zone(), leaf)])
}

fn content(app: &App, request: &Backup<'_>, packed: Packed) -> Result<(Packed, Trailer), AppError> {
    let caught = app.with_ledger(|ledger| {
        let picture = app.store_on_disk().picture()?;
        Ok::<_, AppError>((picture, ledger.checkpoint().clone()))
    });
    let (mut picture, checkpoint) = caught?;
    let keys = request.passphrase.is_some() || request.with_keys;
    let header = header(app, request.now, &picture, &checkpoint, keys)?;
    let mut frames = FrameWriter::begin(packed, &header)?;
    // The picture first: the sooner it is read, the less has to be noted for it.
    pairs(&mut picture, &mut frames)?;
    drop(picture);
    leaves(app, checkpoint.size(), &mut frames)?;
    let home = app.home().dir();
    for name in names(home)? {
        if !LEFT_OUT.contains(&name.as_str()) {
            files(home, Path::new(&name), "files", DEPTH_MAX, &mut frames)?;
        }
    }
    if request.passphrase.is_some() && home.join(FOOTAGE).is_dir() {
        files(home, Path::new(FOOTAGE), "files", DEPTH_MAX, &mut frames)?;
    }
    if keys {
        files(home, Path::new("keys"), "keys", DEPTH_MAX, &mut frames)?;
    }
    frames.finish()
}

fn header(
    app: &App,
    now: Millis,
    picture: &Picture<'_>,
    checkpoint: &Checkpoint,
    keys: bool,
) -> Result<Header, AppError> {
    let moment = picture.moment();
    Ok(Header {
        format: FORMAT,
        kind: KIND.to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        schema: SCHEMA_VERSION,
        origin: app.config().origin.clone(),
        region: app.config().region.clone(),
        taken_at: app.zone().rfc3339(now),
        next_seq: moment.next_seq.0,
        first_leaf: moment.first_leaf.0,
        next_leaf: moment.next_leaf.0,
        checkpoint: checkpoint.note().to_owned(),
        ledger_size: checkpoint.size(),
        ledger_root: checkpoint.root().to_string(),
        vkey: app.home().ledger_key()?.verifying_key().to_string(),
        keys,
    })
}

fn pairs(picture: &mut Picture<'_>, frames: &mut FrameWriter<Packed>) -> Result<(), AppError> {
    let (mut content, mut items, mut part) = (Vec::new(), 0, "");
    loop {
        let stretch = picture.stretch()?;
        let ended = stretch.is_empty();
        for pair in stretch {
            if (pair.part() != part || content.len() >= FRAME_BYTES) && items > 0 {
                frames.put(part, PAIRS, &content, items)?;
                content.clear();
                items = 0;
            }
            part = pair.part();
            push_part(&mut content, &pair.key);
            push_part(&mut content, &pair.value);
            items += 1;
        }
        if ended {
            return if items > 0 { frames.put(part, PAIRS, &content, items) } else { Ok(()) };
        }
    }
}

fn leaves(app: &App, size: u64, frames: &mut FrameWriter<Packed>) -> Result<(), AppError> {
    for from in (0..size).step_by(LEAVES_AT_ONCE as usize) {
        let to = size.min(from + LEAVES_AT_ONCE);
        let read =
            app.with_ledger(|ledger| ledger.leaves(from..to)?.collect::<Result<Vec<_>, _>>());
        let (mut content, mut items) = (Vec::new(), 0);
        for leaf in read? {
            push_part(&mut content, &leaf);
            items += 1;
            if content.len() >= FRAME_BYTES {
                frames.put("ledger", LEAVES, &content, items)?;
                content.clear();
                items = 0;
            }
        }
        if items > 0 {
            frames.put("ledger", LEAVES, &content, items)?;
        }
    }
    Ok(())
}

/// Puts a file, or the files of a folder, under their names below `home`.
fn files(
    home: &Path,
    name: &Path,
    section: &str,
    depth: usize,
    frames: &mut FrameWriter<Packed>,
) -> Result<(), AppError> {
    let path = home.join(name);
    let io = |error: std::io::Error| AppError::io(&path, &error);
    // Footage whose time is over goes while a backup is taken, and what is half written is none yet.
    let is_footage = name.starts_with(FOOTAGE);
    let gone = |error: &std::io::Error| is_footage && error.kind() == std::io::ErrorKind::NotFound;
    if is_footage && name.extension().is_some() {
        return Ok(());
    }
    let meta = match fs::metadata(&path) {
        Err(error) if gone(&error) => return Ok(()),
        meta => meta.map_err(io)?,
    };
    if meta.is_dir() {
        if depth == 0 {
            return Err(AppError::new(Kind::Failed, "backup-deep", path.display()));
        }
        for inner in names(&path)? {
            files(home, &name.join(inner), section, depth - 1, frames)?;
        }
        return Ok(());
    }
    // A socket or pipe is no content.
    if !meta.is_file() {
        return Ok(());
    }
    let bytes = match fs::read(&path) {
        Err(error) if gone(&error) => return Ok(()),
        bytes => bytes.map_err(io)?,
    };
    let shown = name
        .to_str()
        .ok_or_else(|| AppError::new(Kind::Failed, "backup-file-name", path.display()))?;
    // An empty file has one part as well.
    let chunks = bytes.chunks(FRAME_BYTES).chain(bytes.is_empty().then_some(&[][..]));
    for (number, chunk) in chunks.enumerate() {
        let mut content = Vec::with_capacity(chunk.len() + shown.len() + 8);
        push_part(&mut content, shown.as_bytes());
        push_part(&mut content, chunk);
        frames.put(section, FILE, &content, u64::from(number == 0))?;
    }
    Ok(())
}

fn names(dir: &Path) -> Result<Vec<String>, AppError> {
    let io = |error: std::io::Error| AppError::io(dir, &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(io)? {
        let name: PathBuf = entry.map_err(io)?.file_name().into();
        let name = name.into_os_string().into_string().map_err(|name| {
            AppError::new(Kind::Failed, "backup-file-name", dir.join(name).display())
        })?;
        names.push(name);
    }
    names.sort_unstable();
    Ok(names)
}
