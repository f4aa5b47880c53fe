//! The store: event log, keyed state, timers, outbox of ledger leaves, reference tables, settings,
//! gaps, and the checks and upgrades of all of them.
//!
//! Everything durable of the host except the ledger flows through the trait [`Store`]. It decides
//! nothing: what an event means, who may see it and when a card is due are other rooms' business.
//! It reads no clock and knows no plugin.

mod api;
mod error;

pub use api::{
    Appended, Commit, Committed, Cursor, Due, Gap, GapId, GapRow, KEY_BYTES_MAX, KeyId, KeyState,
    LEAF_BYTES_MAX, META_BYTES_MAX, Row, Store, TABLE_ROW_BYTES_MAX, TableRow,
};
pub use error::{StoreError, StoreErrorKind};
