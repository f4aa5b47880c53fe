//! The words that host and plugin both speak: ids, events, tasks, verdicts, alerts, manifests,
//! reference tables and working time.
//!
//! It holds data and pure functions only: no clock, no I/O, no randomness, no cryptography.
//! Everything a plugin can see or say is defined here and in `wit/supervision.wit`; the bytes of
//! these types are a contract, and `tests/golden.rs` shows every change of them.

pub mod alert;
pub mod desk;
pub mod event;
pub mod id;
pub mod json;
pub mod manifest;
pub mod package;
pub mod route;
pub mod table;
pub mod task;
pub mod time;
pub mod worktime;

/// The WIT text of the contract, for code generators and for vendors in other languages.
pub const WIT: &str = include_str!("../wit/supervision.wit");

/// The nation's public holidays and make-up working days from 2019 to 2026, as shipped.
pub const CALENDAR_CSV: &str = include_str!("../data/calendar-cn.csv");

/// Version of the contract that this crate defines. A draft until all six domain plugins run on it.
pub const CONTRACT_VERSION: &str = "0.1";
