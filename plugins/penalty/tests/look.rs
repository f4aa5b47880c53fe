//! The tests of that name that every plugin passes: `sdk/guest/testing/look.rs`.

use plumbline_penalty::Penalty as Own;

#[path = "../../../sdk/guest/testing/look.rs"]
mod look;
