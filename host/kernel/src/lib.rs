//! The decisions of the host: who gets which event, what an answer may say, and what becomes of it.
//!
//! Everything here is a pure function: no clock, no storage, no plugin is called. The driver in the
//! appliance feeds it and carries out the effects it returns.

mod deployment;
mod difference;
mod error;
pub mod health;
mod judge;
mod leaf;
mod plan;
mod rebuild;
mod settle;
mod standing;

pub use deployment::{Deployment, Effective, Grants, Mode, Said, Setting};
pub use difference::{SettingChange, Subject, setting_changes};
pub use error::KernelError;
pub use leaf::{GAP_RULE, LeafContext, leaf_bytes};
pub use plan::{KeyTask, Plan, Routed, Variant};
pub use rebuild::{Rebuilt, reconcile, retired};
pub use settle::{Effects, GapEffect, InputMark, KeyEffect, StandingEffect, is_import, settle};
pub use standing::{Change, Colours, Comparison, Figures, Identity, Side, StandingAlert, compare};
