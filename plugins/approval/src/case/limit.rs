//! The parameters of the rules about a case; units and defaults stand in the manifest.

use plumbline_guest::Parameters;

/// Parameters of the rules about a case. What ends in `_wd` is working days.
#[derive(Clone, Debug)]
pub struct CaseParams {
    /// How long before the last day the notice comes, and for items with a long promise.
    pub warn_wd: i32,
    pub warn_long_wd: i32,
    /// From which promised limit on a promise is long.
    pub long_promise_wd: i32,
    /// How far beyond the promised limit the card turns red.
    pub promise_red_wd: i32,
    /// Statutory limit where the item names none, and for joint approval.
    pub default_wd: i32,
    pub joint_wd: i32,
    pub ext_max_wd: i32,
    pub joint_ext_wd: i32,
    /// Ranks that may extend a limit.
    pub extension_ranks: Vec<String>,
    /// For the office to accept, to refuse or to ask for what is missing.
    pub accept_wd: i32,
    /// Correction notices that one application may get.
    pub max_notices: i32,
    pub last_day_wd: i32,
    pub resume_slack_wd: i32,
    pub delivery_wd: i32,
    pub hearing_request_wd: i32,
    pub hearing_hold_wd: i32,
    pub hearing_notice_wd: i32,
    /// How long rules about missing steps wait for late lines.
    pub step_grace_min: i64,
}

impl CaseParams {
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self {
            warn_wd: parameters.int("warn_wd")?,
            warn_long_wd: parameters.int("warn_long_wd")?,
            long_promise_wd: parameters.int("long_promise_wd")?,
            promise_red_wd: parameters.int("promise_red_wd")?,
            default_wd: parameters.int("default_wd")?,
            joint_wd: parameters.int("joint_wd")?,
            ext_max_wd: parameters.int("ext_max_wd")?,
            joint_ext_wd: parameters.int("joint_ext_wd")?,
            extension_ranks: parameters.texts("extension_ranks")?,
            accept_wd: parameters.int("accept_wd")?,
            max_notices: parameters.int("max_notices")?,
            last_day_wd: parameters.int("last_day_wd")?,
            resume_slack_wd: parameters.int("resume_slack_wd")?,
            delivery_wd: parameters.int("delivery_wd")?,
            hearing_request_wd: parameters.int("hearing_request_wd")?,
            hearing_hold_wd: parameters.int("hearing_hold_wd")?,
            hearing_notice_wd: parameters.int("hearing_notice_wd")?,
            step_grace_min: parameters.int("step_grace_min")?,
        })
    }
}
