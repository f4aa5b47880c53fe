//! The files of footage in the home: `evidence/aa/aabb…`, each called by the SHA-256 of its bytes.
//! What the ledger says of them is not known here.

use crate::app::App;
use crate::clock;
use crate::error::{AppError, Kind};
use crate::home::{Home, private};
use plumbline_ledger::sha256_hex;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Largest piece of footage, in bytes: half a minute of a 4K stream at 16 Mbit/s. Sub-streams, as
/// are watched, need a fiftieth.
pub const FOOTAGE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Digits of a SHA-256.
const HASH_DIGITS: usize = 64;
/// Digits of the hash that name the folder.
const FOLDER_DIGITS: usize = 2;
/// End of the name of a file that is being written.
const PARTIAL: &str = "partial";

/// Where a piece of footage lies.
#[must_use]
pub fn path(home: &Home, sha256: &str) -> PathBuf {
    let folder = sha256.get(..FOLDER_DIGITS).unwrap_or_default();
    home.evidence_dir().join(folder).join(sha256)
}

/// Whether a text can be the name of a piece of footage; anything else never becomes a path.
#[must_use]
pub fn is_hash(text: &str) -> bool {
    text.len() == HASH_DIGITS && is_hex(text)
}

/// Whether a text can be the name of a folder of footage.
pub(super) fn is_folder(name: &str) -> bool {
    name.len() == FOLDER_DIGITS && is_hex(name)
}

/// Whether a text can be the name of a file of footage, written whole or in part.
pub(super) fn is_file(name: &str) -> bool {
    is_hash(name) || name.strip_suffix(PARTIAL).is_some_and(|stem| stem.ends_with('.'))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Keeps a piece of footage; when this returns, it is on the disk. The same bytes are kept once.
///
/// # Errors
/// If the disk has no room or fails.
pub fn put(app: &App, bytes: &[u8]) -> Result<String, AppError> {
    if bytes.len() as u64 > FOOTAGE_BYTES_MAX {
        let detail = format!("{} > {FOOTAGE_BYTES_MAX}", bytes.len());
        return Err(AppError::new(Kind::Usage, "footage-large", detail));
    }
    let sha256 = sha256_hex(bytes);
    let path = path(app.home(), &sha256);
    if read(app.home(), &sha256).is_ok() {
        return Ok(sha256);
    }
    app.disk().admit(bytes.len() as u64, clock::now())?;
    let root = app.home().evidence_dir();
    let folder = path.parent().unwrap_or(&root);
    for dir in [root.as_path(), folder] {
        fs::create_dir_all(dir).map_err(|error| AppError::io(dir, &error))?;
        private(dir, 0o700)?;
    }
    let partial = path.with_extension(PARTIAL);
    if let Err(error) = write(&partial, &path, bytes) {
        // What is there of it takes room that is short, perhaps; a sweep would remove it as well.
        let _ = fs::remove_file(&partial);
        return Err(AppError::io(&path, &error));
    }
    for dir in [folder, &root, app.home().dir()] {
        sync(dir).map_err(|error| AppError::io(dir, &error))?;
    }
    Ok(sha256)
}

fn write(partial: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(partial, path)
}

fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// The bytes of a piece of footage, compared with the hash.
///
/// # Errors
/// If the file is not there, cannot be read, or is not what it was when the hash was taken.
pub fn read(home: &Home, sha256: &str) -> Result<Vec<u8>, AppError> {
    if !is_hash(sha256) {
        return Err(AppError::new(Kind::NotFound, "no-footage", sha256));
    }
    let path = path(home, sha256);
    let mut bytes = Vec::new();
    let opened =
        File::open(&path).and_then(|file| file.take(FOOTAGE_BYTES_MAX + 1).read_to_end(&mut bytes));
    match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(AppError::new(Kind::Integrity, "footage-missing", sha256))
        }
        Err(error) => Err(AppError::io(&path, &error)),
        Ok(_) if sha256_hex(&bytes) != sha256 => {
            Err(AppError::new(Kind::Integrity, "footage-altered", sha256))
        }
        Ok(_) => Ok(bytes),
    }
}

/// Removes a piece of footage for good.
///
/// # Errors
/// If the disk fails. One that is not there is no error: a crash may have come between.
pub fn remove(home: &Home, sha256: &str) -> Result<(), AppError> {
    let path = path(home, sha256);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(AppError::io(&path, &error)),
        Err(_) => Ok(()),
        Ok(()) => {
            let folder = path.parent().unwrap_or(home.dir());
            sync(folder).map_err(|error| AppError::io(folder, &error))
        }
    }
}
