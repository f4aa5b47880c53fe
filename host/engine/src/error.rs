//! Why a package cannot be loaded or started. Faults of running plugins are not errors; they are
//! [`Fault`](plumbline_contract::task::Fault).

use plumbline_contract::package::PACKAGE_BYTES_MAX;
use plumbline_contract::task::Fault;
use std::path::PathBuf;

/// What to do about an [`EngineError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The package is unusable: its vendor must change it.
    Package,
    /// The host's own set-up is at fault.
    Host,
}

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("the WebAssembly engine cannot be set up: {0}")]
    Setup(String),
    #[error("the cache folder `{path}` cannot be used: {reason}")]
    CacheFolder { path: PathBuf, reason: String },
    #[error("the package has {bytes} bytes, more than {PACKAGE_BYTES_MAX}")]
    TooLarge { bytes: usize },
    #[error("the package cannot be compiled: {0}")]
    Compile(String),
    #[error("the component imports `{name}`, which no plugin may use")]
    Import { name: String },
    #[error("the component uses an interface in another form than the contract: {0}")]
    Interface(String),
    #[error("the component does not export `{name}`")]
    NoExport { name: &'static str },
}

impl EngineError {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Setup(_) | Self::CacheFolder { .. } => Kind::Host,
            _ => Kind::Package,
        }
    }
}

/// Why an instance did not come up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The plugin itself refused its parameters and said why.
    #[error("the plugin refuses its parameters: {0}")]
    Parameters(String),
    #[error("{0}")]
    Fault(Fault),
}

impl From<Fault> for StartError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
