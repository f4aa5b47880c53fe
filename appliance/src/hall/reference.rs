//! Pictures of empty halls in the home, `references/<camera>`: brightness of 160 by 90 cells, from
//! which nobody can be recognised.

use crate::app::App;
use crate::error::{AppError, Kind};
use crate::home::{Home, private};
use crate::{act, clock};
use plumbline_camera::Reference;
use plumbline_ledger::sha256_hex;
use serde_json::json;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

/// The file of a camera. The number may hold anything that a table takes, so its digest names it.
fn file(home: &Home, cam: &str) -> PathBuf {
    home.references_dir().join(sha256_hex(cam.as_bytes()))
}

/// The reference of a camera; `None` if none was ever taken.
///
/// # Errors
/// If it cannot be read or is damaged: learning again mends it.
pub(super) fn load(home: &Home, cam: &str) -> Result<Option<Reference>, AppError> {
    let path = file(home, cam);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(|error| AppError::io(&path, &error))?,
    };
    let damaged = || AppError::new(Kind::Integrity, "reference-damaged", cam);
    Reference::from_bytes(&bytes).map(Some).map_err(|_| damaged())
}

/// Keeps the reference of a camera in place of the one before; an act in the ledger.
///
/// # Errors
/// If it cannot be written.
pub(super) fn keep(app: &App, cam: &str, reference: &Reference) -> Result<(), AppError> {
    let dir = app.home().references_dir();
    fs::create_dir_all(&dir).map_err(|error| AppError::io(&dir, &error))?;
    private(&dir, 0o700)?;
    let bytes = reference.to_bytes();
    let path = file(app.home(), cam);
    let partial = path.with_extension("partial");
    let write = || -> io::Result<()> {
        let mut file = File::create(&partial)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&partial, &path)?;
        File::open(&dir)?.sync_all()
    };
    write().map_err(|error| AppError::io(&path, &error))?;
    let told = json!({ "cam": cam, "sha256": sha256_hex(&bytes) });
    app.record(&[act::leaf("reference", clock::now(), app.zone(), told)])
}
