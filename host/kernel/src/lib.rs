//! The decisions of the host: who gets which event, what an answer may say, and what becomes of it.
//!
//! Everything here is a pure function: no clock, no storage, no plugin is called. The driver in the
//! appliance feeds it and carries out the effects it returns.

mod deployment;
mod error;
pub mod health;
mod judge;
mod leaf;
mod plan;
mod settle;

pub use deployment::{Deployment, Grants, Mode};
pub use error::KernelError;
pub use leaf::{GAP_RULE, LeafContext};
pub use plan::{KeyTask, Plan};
pub use settle::{Effects, GapEffect, InputMark, KeyEffect, is_import, settle};
