//! Footage (证据影像): what a camera showed when an alert was raised, as a clip and a still. It is kept
//! by its hash, the hash is in the ledger, and whoever looks at it is on record.
//!
//! A rule asks for it in its manifest and a region allows it ([`allow`]); a plugin gets neither a
//! picture nor to know whether there is one. What cameras are and how pictures come from them is the
//! business of `hall`.

pub mod allow;
pub mod keep;
pub mod leaf;
pub mod see;
pub mod take;
pub mod vault;
pub mod viewer;

pub use leaf::{Footage, FootageAct, FootageLeaf, Form};
