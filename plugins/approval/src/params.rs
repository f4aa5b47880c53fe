//! What an administrator may set per region.

use plumbline_guest::Parameters;

/// The parameters; units and defaults stand in the manifest.
#[derive(Clone, Debug)]
pub struct Params {
    /// Rules that are switched off.
    pub off: Vec<String>,
    /// Statutory limit where the item names none, working days.
    pub default_wd: i32,
}

impl Params {
    /// # Errors
    /// Names the parameter that is missing or malformed.
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self { off: parameters.off(), default_wd: parameters.int("default_wd")? })
    }
}
