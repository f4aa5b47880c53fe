//! What an administrator may set per region.

use crate::case::CaseParams;
use crate::limits::Limits;
use plumbline_guest::Parameters;

/// The parameters; units and defaults stand in the manifest.
#[derive(Clone, Debug)]
pub struct Params {
    /// Rules that are switched off.
    pub off: Vec<String>,
    /// Of the rules about a case.
    pub case: CaseParams,
    /// Of the rules in the other streams.
    pub limits: Limits,
}

impl Params {
    /// # Errors
    /// Names the parameter that is missing or malformed.
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        let (case, limits) = (CaseParams::read(parameters)?, Limits::read(parameters)?);
        Ok(Self { off: parameters.off(), case, limits })
    }
}
