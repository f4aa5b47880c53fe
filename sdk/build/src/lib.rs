//! From a plugin's source to a package that only lacks its signature: finds a WebAssembly
//! toolchain, compiles, makes the component and writes the manifest into it.
//!
//! It installs nothing but the target that `rustup` offers for the active toolchain, runs none of
//! the plugin's code and signs nothing: that is the business of `host/ledger`.

mod compile;
mod error;
mod section;
mod toolchain;

pub use compile::{BuildOptions, build};
pub use error::{BuildError, Kind};
pub use section::attach_manifest;
pub use toolchain::{DEBIAN_PACKAGES, TARGET, Toolchain};
