//! Reconsideration (行政复议): the terms of a case (REC-T01), compliance with its decision (REC-R02),
//! and how often a department's acts are reversed (REC-R01).

mod case;
mod compliance;
mod respondent;
mod terms;

pub(crate) use case::Reviews;
pub(crate) use respondent::Respondents;
