//! What an administrator may set per region.

use crate::case::CaseParams;
use plumbline_guest::Parameters;

/// The parameters; units and defaults stand in the manifest.
#[derive(Clone, Debug)]
pub struct Params {
    /// Rules that are switched off.
    pub off: Vec<String>,
    /// Of the rules about a case.
    pub case: CaseParams,
}

impl Params {
    /// # Errors
    /// Names the parameter that is missing or malformed.
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self { off: parameters.off(), case: CaseParams::read(parameters)? })
    }
}
