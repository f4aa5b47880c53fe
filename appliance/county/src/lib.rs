//! One county's whole year, invented: the year 2025 of a county that does not exist, with its
//! departments, officers, cases, penalties, tenders, funds, grids and powers, in the order in which
//! its systems record them, and with labelled violations and decoys.
//!
//! The same seed gives the same bytes. It writes lines and tables; it stores nothing, reads no clock
//! and asks no rule. What a run of the rules raised is compared with the labels in [`report`].

mod approval;
mod book;
mod clock;
mod conduct;
mod fund;
mod grid;
mod label;
mod line;
mod penalty;
mod people;
mod powers;
mod procurement;
pub mod report;
mod rng;
mod story;
mod table;
mod town;
mod year;

pub use label::{Kind, Label};
pub use year::{Made, Options, year};
