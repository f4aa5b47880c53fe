//! The tests of that name that every plugin passes: `sdk/guest/testing/manifest.rs`.

use plumbline_powers::Powers as Own;

#[path = "../../../sdk/guest/testing/manifest.rs"]
mod manifest;
