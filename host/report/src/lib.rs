//! Measures, statistics, scores and decision support: pure functions over plain data.
//!
//! In reading order: `catalogue` says which events make which cases, `cases` folds them into
//! records, `cards` does the same with the leaves of the ledger; `statistics`, `score` and `decide`
//! compute from these records alone; every result is a [`sheet::Sheet`].
//!
//! It does no I/O, reads no clock and computes no figure in floating point: the same log, tables and
//! scheme give the same bytes.

pub mod cards;
pub mod cases;
pub mod catalogue;
pub mod decide;
pub mod exact;
pub mod period;
pub mod score;
pub mod sheet;
pub mod statistics;
