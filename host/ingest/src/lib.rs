//! Foreign formats to normalized events: CloudEvents as JSON, CSV and XES through a mapping, and
//! OCDS.
//!
//! A parser that never fails: malformed input becomes a [`reject::Reject`] with its reason, and
//! the next good line still counts. Only reading itself can fail ([`error::IngestError`]).
//! It stores nothing, keeps no identities apart from the secrets' keyed hashes that its caller
//! computes, and drops no repeats: identity is the business of the store.

pub mod checks;
pub mod cloudevents;
pub mod error;
pub mod mapping;
pub mod reject;
pub mod rights;
pub mod source;
pub mod xes;
pub mod zone;

mod csv;
mod envelope;
mod json;
mod lines;
mod ocds;
mod window;

pub use cloudevents::{Mode, Reading, read_batch, read_event, read_lines};
pub use error::IngestError;
pub use mapping::Mapping;
pub use reject::{Reject, RejectCode, Tally};
pub use rights::Rights;
pub use source::{Batch, Format, Options, Position, Secret, Source, is_ocds};
