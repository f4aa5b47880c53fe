//! Reports as files. They name officers and parties, so that only the owner may read them, and
//! nothing that is there is overwritten unless that was asked for.

use crate::error::{AppError, Kind};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that may be there already only if it is to be replaced.
///
/// # Errors
/// If it is there and `replace` is not asked for.
pub fn check(path: &Path, replace: bool) -> Result<(), AppError> {
    match path.symlink_metadata() {
        Ok(_) if !replace => Err(AppError::new(Kind::Usage, "report-exists", path.display())),
        _ => Ok(()),
    }
}

/// Writes a file for its owner alone. One that is replaced is there, whole, until the new one is; a
/// link is replaced, never followed.
///
/// # Errors
/// As [`check`], or if it cannot be written.
pub fn write(path: &Path, bytes: &[u8], replace: bool) -> Result<(), AppError> {
    check(path, replace)?;
    let at = if replace { draft(path)? } else { path.to_owned() };
    let io = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => AppError::new(Kind::Usage, "report-exists", at.display()),
        _ => AppError::io(&at, &error),
    };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&at).map_err(io)?;
    let written = fill(file, bytes)
        .and_then(|()| if replace { fs::rename(&at, path) } else { Ok(()) })
        .map_err(io);
    if written.is_err() {
        // The first error says more than that of tidying up.
        let _ = fs::remove_file(&at);
    }
    written
}

fn fill(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// Beside the file, so that it can take its name; of this process, so that no other writes it.
fn draft(path: &Path) -> Result<PathBuf, AppError> {
    let name = path
        .file_name()
        .ok_or_else(|| AppError::io(path, &io::Error::from(io::ErrorKind::IsADirectory)))?;
    let mut draft = OsString::from(".");
    draft.push(name);
    draft.push(format!(".{}.draft", std::process::id()));
    Ok(path.with_file_name(draft))
}
