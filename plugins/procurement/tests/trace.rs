//! The tests of that name that every plugin passes: `sdk/guest/testing/trace.rs`.

use plumbline_procurement::Procurement as Own;

#[path = "../../../sdk/guest/testing/trace.rs"]
mod trace;
