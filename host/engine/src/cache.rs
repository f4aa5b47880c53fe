//! Compiled code on disk, keyed by package hash and engine.
//!
//! A file holds a magic, the length, a CRC-32 and what wasmtime serialized. Anything that does not
//! fit is treated as absent and compiled anew: the cache can make a start slow, never wrong.
//! It guards against damage, not against somebody who may write into the host's own folder.

use crate::error::EngineError;
use plumbline_contract::id::PackageHash;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use wasmtime::component::Component;

const MAGIC: &[u8; 8] = b"plumbcw1";
const HEADER_BYTES: usize = 8 + 8 + 4;

/// A folder that only this user can enter.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// Tells apart engines whose code is not interchangeable.
    engine: String,
}

impl Cache {
    /// Opens the folder, makes it if need be, and removes code of other engines.
    pub(crate) fn open(folder: PathBuf, engine: String) -> Result<Self, EngineError> {
        let cache = Self { folder, engine };
        cache.prepare().map_err(|reason| EngineError::CacheFolder {
            path: cache.folder.clone(),
            reason: reason.to_string(),
        })?;
        Ok(cache)
    }

    fn prepare(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        if fs::metadata(&self.folder)?.permissions().mode() & 0o022 != 0 {
            return Err(io::Error::other("other users may write into it"));
        }
        let ours = format!("-{}.cwasm", self.engine);
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            if name.is_some_and(|name| name.contains(".cwasm") && !name.ends_with(&ours)) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn path(&self, package: PackageHash) -> PathBuf {
        self.folder.join(format!("{package}-{}.cwasm", self.engine))
    }

    /// The compiled component, if an undamaged one is there.
    pub(crate) fn load(
        &self,
        engine: &wasmtime::Engine,
        package: PackageHash,
    ) -> Option<Component> {
        let bytes = fs::read(self.path(package)).ok()?;
        deserialize(engine, unwrap(&bytes)?)
    }

    /// Keeps compiled code for the next start.
    pub(crate) fn store(&self, package: PackageHash, component: &Component) -> Result<(), String> {
        let code = component.serialize().map_err(|error| error.to_string())?;
        write_atomically(&self.path(package), &code).map_err(|error| error.to_string())
    }
}

fn unwrap(bytes: &[u8]) -> Option<&[u8]> {
    let (header, code) = bytes.split_at_checked(HEADER_BYTES)?;
    (header == wrap(code)).then_some(code)
}

fn wrap(code: &[u8]) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(MAGIC);
    header[8..16].copy_from_slice(&(code.len() as u64).to_le_bytes());
    header[16..].copy_from_slice(&crc32fast::hash(code).to_le_bytes());
    header
}

fn write_atomically(path: &Path, code: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("cwasm.{}", std::process::id()));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    let written = file.write_all(&wrap(code)).and_then(|()| file.write_all(code));
    match written.and_then(|()| fs::rename(&draft, path)) {
        Ok(()) => Ok(()),
        Err(error) => {
            // What is left of the draft is removed at the next start in any case.
            let _ = fs::remove_file(&draft);
            Err(error)
        }
    }
}

#[allow(unsafe_code)]
fn deserialize(engine: &wasmtime::Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: `code` must be what `Component::serialize` returned. Only `Cache::store` writes files
    // of this name, into a folder that no other user may write to; the CRC finds damage, and
    // wasmtime itself checks that its version, its settings and the processor are the same.
    unsafe { Component::deserialize(engine, code) }.ok()
}
