//! The tests of that name that every plugin passes: `sdk/guest/testing/examples.rs`.

use plumbline_procurement::Procurement as Own;

#[path = "../../../sdk/guest/testing/examples.rs"]
mod examples;
