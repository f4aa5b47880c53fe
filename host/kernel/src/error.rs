//! What the kernel refuses.

use plumbline_contract::manifest::ParameterError;

/// A demand that the kernel refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    #[error("plugin `{plugin}` asks for `{capability}`, which is not granted")]
    NotGranted { plugin: String, capability: String },
    #[error("the grants are for package {granted}, not for {found}")]
    OtherPackage { granted: String, found: String },
    #[error("package {package} was granted nothing")]
    NoGrants { package: String },
    #[error("package {package} is not loaded")]
    NoPackage { package: String },
    #[error("region `{region}`: {error}")]
    Parameter { region: String, error: ParameterError },
}
