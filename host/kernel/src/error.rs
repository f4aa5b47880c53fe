//! What the kernel refuses.

/// A demand that the kernel refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    #[error("plugin `{plugin}` asks for `{capability}`, which is not granted")]
    NotGranted { plugin: String, capability: String },
    #[error("the grants are for package {granted}, not for {found}")]
    OtherPackage { granted: String, found: String },
}
