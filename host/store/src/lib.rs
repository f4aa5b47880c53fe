//! The store: event log, keyed state, timers, outbox of ledger leaves, reference tables, settings,
//! gaps, and the checks and upgrades of all of them.
//!
//! Everything durable of the host except the ledger flows through the trait [`Store`]. It decides
//! nothing: what an event means, who may see it and when a card is due are other rooms' business.
//! It reads no clock and knows no plugin.
//!
//! Reading order: `api` is the trait; `sled_store` and `memory` implement it; behind `sled_store`,
//! `writer` is the one thread that writes, `event_writer` and `log` the two sides of the event log,
//! `index` what is kept in memory, `stretch` events as they are read and `recent` those read last,
//! `stage` a group of changes, `picture` what a backup reads, `key`, `row` and `block` the bytes on
//! the disk, and `kv` the only file that speaks to sled. `mark` tells whether it has lost something.

mod api;
mod block;
mod check;
mod error;
mod event_writer;
mod index;
mod job;
mod key;
mod kv;
mod limit;
mod log;
mod mark;
mod memory;
mod picture;
mod recent;
mod row;
mod sled_store;
mod stage;
mod stretch;
mod upgrade;
mod writer;

pub use api::{
    Appended, Commit, Committed, Cursor, Due, Gap, GapId, GapRow, KEY_BYTES_MAX, KeyId, KeyState,
    LEAF_BYTES_MAX, META_BYTES_MAX, Row, STANDING_BYTES_MAX, Standing, Store, TABLE_ROW_BYTES_MAX,
    TableRow, Wanted,
};
pub use check::Problem;
pub use error::{StoreError, StoreErrorKind};
pub use kv::is_engine_panic;
pub use limit::{EVENT_BYTES_MAX, TABLE_BYTES_MAX, TABLE_ROWS_MAX};
pub use memory::MemoryStore;
pub use picture::{Moment, Pair, Picture, Restorer};
pub use sled_store::{APPEND_EVENTS_MAX, SledStore};
pub use stretch::Rows;
pub use upgrade::SCHEMA_VERSION;
