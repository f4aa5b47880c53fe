//! The schema version of a directory: written at creation, read before anything else.
//!
//! A change of any bytes on the disk gets the next number and a step from the version before, in its
//! own file beside this one. Version 1 was never released and is refused; 2 is the first to be kept.

use crate::error::StoreError;
use crate::key;
use crate::kv::Kv;
use crate::stage::{self, Stage};

/// The version that this program writes.
pub const SCHEMA_VERSION: u32 = 2;

/// Brings the directory to [`SCHEMA_VERSION`] or refuses it.
pub(crate) fn run(kv: &Kv) -> Result<(), StoreError> {
    let key = key::kind(key::SCHEMA);
    let Some(version) = stage::read(kv, &key)? else {
        if kv.all().next().transpose()?.is_some() {
            return Err(StoreError::Corrupt("data without a schema version".into()));
        }
        let mut stage = Stage::new(kv);
        stage.put_new(key, &SCHEMA_VERSION.to_le_bytes());
        kv.apply(stage.into_changes())?;
        return kv.sync();
    };
    let version = version
        .try_into()
        .map(u32::from_le_bytes)
        .map_err(|_| StoreError::Corrupt("damaged schema version".into()))?;
    match version {
        SCHEMA_VERSION => Ok(()),
        found => Err(StoreError::UnknownSchema { found, known: SCHEMA_VERSION }),
    }
}
