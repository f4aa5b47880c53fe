//! The tests of that name that every plugin passes: `sdk/guest/testing/trace.rs`.

use plumbline_powers::Powers as Own;

#[path = "../../../sdk/guest/testing/trace.rs"]
mod trace;
