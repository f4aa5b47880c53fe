//! End-to-end tests: the appliance as a whole, with real packages, on temporary homes.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod cases;
