//! Coercion (行政强制): what was sealed, seized or frozen, list by list (CMP-T01, CMP-P03), and the
//! procedure of a case (CMP-P01, CMP-P02).

mod approval;
mod case;
mod demand;
mod duration;
mod item;
mod measure;
mod scope;

pub(crate) use case::Cases;
pub(crate) use item::Items;
pub(crate) use measure::Measures;
