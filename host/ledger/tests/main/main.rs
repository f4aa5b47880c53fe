//! Tests of the evidence room from outside, as its callers and its judges see it.
#![allow(clippy::unwrap_used)]

mod damage;
mod judge;
mod ledger;
mod note;
mod package;
mod restore;
mod support;
mod tree;
