//! The tests of that name that every plugin passes: `sdk/guest/testing/manifest.rs`.

use plumbline_grid::Grid as Own;

#[path = "../../../sdk/guest/testing/manifest.rs"]
mod manifest;
