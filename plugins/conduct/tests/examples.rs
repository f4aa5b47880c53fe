//! The tests of that name that every plugin passes: `sdk/guest/testing/examples.rs`.

use plumbline_conduct::Conduct as Own;

#[path = "../../../sdk/guest/testing/examples.rs"]
mod examples;
