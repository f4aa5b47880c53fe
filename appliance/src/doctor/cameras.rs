//! The doctor on cameras: the file of their addresses, what they told and could not be kept, and
//! footage that is not where it should be. Whether footage was altered is found out by `check`.

use super::Finding;
use crate::app::App;
use crate::error::AppError;
use crate::footage::{keep, vault};
use crate::hall;
use std::fs;

pub(super) fn examine(app: &App, findings: &mut Vec<Finding>) -> Result<(), AppError> {
    if let Err(error) = hall::would_watch(app)
        && matches!(error.message, "cameras-wide" | "cameras-file")
    {
        findings.push(Finding::new("cameras-file", &[("detail", &error.detail)]));
    }
    let lost = app.hall().map_or(0, |hall| hall.summary().counts.lost);
    if lost > 0 {
        findings.push(Finding::new("cameras-lost", &[("count", &lost.to_string())]));
    }
    let is_whole = |kept: &keep::Kept| {
        let about = fs::metadata(vault::path(app.home(), &kept.sha256));
        about.is_ok_and(|about| about.len() == kept.bytes)
    };
    let missing = keep::list(app)?.iter().filter(|kept| !is_whole(kept)).count();
    if missing > 0 {
        findings.push(Finding::new("footage-missing", &[("count", &missing.to_string())]));
    }
    Ok(())
}
