//! The tests of that name that every plugin passes: `sdk/guest/testing/manifest.rs`.

use plumbline_procurement::Procurement as Own;

#[path = "../../../sdk/guest/testing/manifest.rs"]
mod manifest;
