//! Compiles a verified package, links it to the contract's interfaces, bounds it and calls it:
//! tasks in, verdicts out.
//!
//! It writes nothing but its own cache of compiled code, reads no clock and decides nothing about
//! alerts. Whether a package may run at all is the business of `host/ledger`, which makes the
//! [`VerifiedPackage`](plumbline_contract::package::VerifiedPackage); what a verdict means is the
//! business of `host/kernel`.
//!
//! A plugin that misbehaves yields a [`Fault`](plumbline_contract::task::Fault), never an error of
//! the host and never a panic.

mod answer;
mod cache;
mod calendar;
mod engine;
mod error;
mod fault;
mod host;
mod instance;
pub mod limits;
mod read;
mod wire;
mod world;

pub use calendar::Calendars;
pub use engine::Engine;
pub use error::{EngineError, Kind, StartError};
pub use instance::{Batch, Instance, Plugin};
pub use limits::Limits;
pub use read::{READS_MAX, ReadRow, TableRead};
pub use world::World;

/// What a component may import: our own interfaces and nothing else.
pub const ALLOWED_IMPORTS: [&str; 4] = [
    "plumbline:supervision/types@0.1.0",
    "plumbline:supervision/reference@0.1.0",
    "plumbline:supervision/calendar@0.1.0",
    "plumbline:supervision/diagnostics@0.1.0",
];
