//! The data-resource centre (数据资源中心): what there is in a home, and taking it out as files with
//! typed columns, which other programs query.
//!
//! It answers no queries itself and changes nothing: an export is a file and an act in the ledger.

mod catalogue;
mod column;
mod csv;
mod event_type;
mod export;
mod filter;
mod measures;
mod parquet;
mod rows;
mod set;
mod sheet;

pub use catalogue::{Catalogue, Counted, RuleEntry, TableEntry, TypeEntry, catalogue};
pub use column::{Cell, Column, Kind};
pub use event_type::{EventType, event_types};
pub use export::{Encoding, Exported, Format, Request, export};
pub use filter::Filter;
pub use set::Set;
