//! The tests of that name that every plugin passes: `sdk/guest/testing/manifest.rs`.

use plumbline_video::Video as Own;

#[path = "../../../sdk/guest/testing/manifest.rs"]
mod manifest;
