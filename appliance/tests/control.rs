//! The command line while a service holds the home, and how the service stops: real processes of
//! the built binary, with a home in a temporary folder.
//!
//! What needs a package takes it from `PLUMBLINE_TEST_PLUGINS` and says so when it is not set.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "control/calling.rs"]
mod calling;
#[path = "control/desk.rs"]
mod desk;
#[path = "control/driving.rs"]
mod driving;
#[path = "control/full.rs"]
mod full;
#[path = "control/stopping.rs"]
mod stopping;
