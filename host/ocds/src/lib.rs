//! Eleven published red-flag indicators over contracting processes (OCDS 1.1), with the results of
//! the Open Contracting Partnership's tool Cardinal on the same data.
//!
//! Two passes. The first looks at one process at a time and keeps small facts ([`fact`]); the second
//! looks at the facts of all of them ([`survey`]): what is an outlier is known only at the end.
//! It reads the payloads of `proc.process.compiled`; it reads no files, no log and no clock, and it
//! decides nothing: a flag is a clue.

pub mod fact;
pub mod figure;
pub mod finding;
pub mod process;
pub mod quantile;
pub mod settings;
pub mod survey;

mod outlier;
mod price;

pub use figure::{Figure, Figures};
pub use finding::{Distribution, Findings, Group, Indicator, Warning};
pub use process::{Award, Bid, PROCESS_TYPE, Process};
pub use settings::{Settings, SettingsError};
pub use survey::Survey;
