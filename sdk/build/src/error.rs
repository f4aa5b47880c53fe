//! Why a plugin cannot be built.

use crate::toolchain::{DEBIAN_PACKAGES, TARGET};
use plumbline_contract::manifest::ManifestError;
use std::path::PathBuf;

/// Who has to do something about a [`BuildError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The author of the plugin.
    Plugin,
    /// Whoever set up this machine.
    Machine,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    #[error("`{path}` cannot be read: {reason}")]
    Read { path: PathBuf, reason: String },
    #[error("the manifest is wrong: {0}")]
    Manifest(#[from] ManifestError),
    #[error(
        "no Rust toolchain here builds for {TARGET}: run `rustup target add {TARGET}`, or on Debian \
         `apt-get install -y --no-install-recommends {}` ({tried})",
        DEBIAN_PACKAGES.join(" ")
    )]
    NoToolchain { tried: String },
    #[error("`{program}` cannot be started: {reason}")]
    Start { program: String, reason: String },
    #[error("package `{package}` does not compile: {output}")]
    Compile { package: String, output: String },
    #[error(
        "package `{package}` made no WebAssembly module: its library needs `crate-type = [\"cdylib\"]`"
    )]
    NoModule { package: String },
    #[error("the module cannot be made a component: {0}")]
    Component(String),
    #[error("not a WebAssembly component: {0}")]
    Malformed(&'static str),
}

impl BuildError {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoToolchain { .. } | Self::Start { .. } => Kind::Machine,
            _ => Kind::Plugin,
        }
    }
}
