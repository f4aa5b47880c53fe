//! Region codes as commands take and show them.

use super::out::Out;
use crate::app::App;
use crate::error::{AppError, Kind};

/// Length of a region code in digits: county, street, community.
const REGION_DIGITS: [usize; 3] = [6, 9, 12];
/// How everywhere is written where an empty word would be overlooked.
const EVERYWHERE: &str = "all";

/// A region as it was given: a code, `all`, or the region of the home if nothing was.
///
/// # Errors
/// If it is no region code.
pub(super) fn given(app: &App, region: Option<String>) -> Result<String, AppError> {
    match region {
        None => Ok(app.config().region.clone()),
        Some(region) => code(&region),
    }
}

/// A code as it was written; everywhere is empty.
///
/// # Errors
/// If it is no region code.
pub(super) fn code(region: &str) -> Result<String, AppError> {
    if region.is_empty() || region == EVERYWHERE {
        return Ok(String::new());
    }
    let is_code =
        REGION_DIGITS.contains(&region.len()) && region.bytes().all(|byte| byte.is_ascii_digit());
    match is_code {
        true => Ok(region.to_owned()),
        false => Err(AppError::new(Kind::Usage, "region", region)),
    }
}

/// How a region reads.
pub(super) fn shown(out: &Out<'_>, region: &str) -> String {
    if region.is_empty() { out.text("region.all") } else { region.to_owned() }
}
