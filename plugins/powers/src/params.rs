//! What an administrator may set per region; units and defaults stand in the manifest.

use plumbline_guest::Parameters;

/// All parameters.
#[derive(Clone, Debug)]
pub struct Params {
    /// Rules that are switched off.
    pub off: Vec<String>,
    /// How long rules about missing acts wait for late lines, minutes.
    pub grace_min: i64,
    /// Ranks that may extend a statutory term.
    pub extension_ranks: Vec<String>,
    pub coercion: CoercionParams,
    pub levy: LevyParams,
    pub review: ReviewParams,
    pub edu: EduParams,
    pub project: ProjectParams,
}

/// Of CMP-*.
#[derive(Clone, Debug)]
pub struct CoercionParams {
    /// Calendar days that a measure may last, what an extension may add, and how long before the
    /// last day the notice comes.
    pub seizure_days: i32,
    pub extend_days: i32,
    pub notice_days: i32,
    /// Hours within which an urgent measure is approved afterwards.
    pub urgent_h: i64,
    /// Officers on the spot.
    pub officers_min: usize,
    /// Working days between the demand and the application to the court.
    pub demand_wd: i32,
    /// Ways of enforcement that need no demand.
    pub no_demand_kinds: Vec<String>,
    /// The night: from this hour to that.
    pub night_from_h: i64,
    pub night_to_h: i64,
    /// Value of a list against the expected penalty, times.
    pub value_times: i64,
}

/// Of LEV-*.
#[derive(Clone, Debug)]
pub struct LevyParams {
    /// Longest deferral, months.
    pub delay_months: i64,
    /// Working days to the treasury, and beyond which a card is red.
    pub transfer_wd: i32,
    pub transfer_red_wd: i32,
    /// Minute of the day from which a payment counts for the next day.
    pub cutoff_min: i64,
}

/// Of REC-*. What ends in `_wd` is working days, in `_days` calendar days.
#[derive(Clone, Debug)]
pub struct ReviewParams {
    pub examine_wd: i32,
    pub copy_wd: i32,
    pub copy_simple_wd: i32,
    pub answer_wd: i32,
    pub answer_simple_wd: i32,
    pub decide_days: i32,
    pub extend_days: i32,
    pub simple_days: i32,
    /// Results that reverse the act; share of them above which a department is told, per cent, and
    /// of how many decisions at least.
    pub reversals: Vec<String>,
    pub reversal_pct: usize,
    pub reversal_min: usize,
    /// Reversals for one cause that make a yellow card.
    pub same_cause: usize,
}

/// Of EDU-*.
#[derive(Clone, Debug)]
pub struct EduParams {
    /// Fees that compulsory education may not charge.
    pub banned_fees: Vec<String>,
    /// Share of an agency fee that may be left at the end of the term, per cent.
    pub balance_pct: i64,
}

/// Of PRJ-*.
#[derive(Clone, Debug)]
pub struct ProjectParams {
    /// Above the approved total, per cent, when the card is red.
    pub over_red_pct: i64,
    /// Points behind the plan.
    pub lag_yellow_pts: i64,
    pub lag_red_pts: i64,
    /// Months from acceptance to the final account.
    pub settle_months: i32,
    /// Sum of changes, per cent of the contract.
    pub creep_pct: i64,
    /// Changes just below the limit of approval that make a card.
    pub near_count: usize,
    /// How near is near, per cent of the limit.
    pub near_pct: i64,
    /// The limit where a change names none, per cent of the contract.
    pub change_limit_pct: i64,
}

impl Params {
    /// # Errors
    /// Names the parameter that is missing or malformed.
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self {
            off: parameters.off(),
            grace_min: parameters.int("step_grace_min")?,
            extension_ranks: parameters.texts("extension_ranks")?,
            coercion: CoercionParams::read(parameters)?,
            levy: LevyParams::read(parameters)?,
            review: ReviewParams::read(parameters)?,
            edu: EduParams {
                banned_fees: parameters.texts("banned_fees")?,
                balance_pct: parameters.int("balance_pct")?,
            },
            project: ProjectParams::read(parameters)?,
        })
    }
}

impl CoercionParams {
    fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self {
            seizure_days: parameters.int("seizure_days")?,
            extend_days: parameters.int("seizure_extend_days")?,
            notice_days: parameters.int("seizure_notice_days")?,
            urgent_h: parameters.int("urgent_h")?,
            officers_min: parameters.int("officers_min")?,
            demand_wd: parameters.int("demand_wd")?,
            no_demand_kinds: parameters.texts("no_demand_kinds")?,
            night_from_h: parameters.int("night_from_h")?,
            night_to_h: parameters.int("night_to_h")?,
            value_times: parameters.int("value_times")?,
        })
    }
}

impl LevyParams {
    fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self {
            delay_months: parameters.int("delay_months")?,
            transfer_wd: parameters.int("transfer_wd")?,
            transfer_red_wd: parameters.int("transfer_red_wd")?,
            cutoff_min: parameters.int("cutoff_min")?,
        })
    }
}

impl ReviewParams {
    fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self {
            examine_wd: parameters.int("review_examine_wd")?,
            copy_wd: parameters.int("review_copy_wd")?,
            copy_simple_wd: parameters.int("review_copy_simple_wd")?,
            answer_wd: parameters.int("review_answer_wd")?,
            answer_simple_wd: parameters.int("review_answer_simple_wd")?,
            decide_days: parameters.int("review_decide_days")?,
            extend_days: parameters.int("review_extend_days")?,
            simple_days: parameters.int("review_simple_days")?,
            reversals: parameters.texts("reversals")?,
            reversal_pct: parameters.int("reversal_pct")?,
            reversal_min: parameters.int("reversal_min")?,
            same_cause: parameters.int("same_cause")?,
        })
    }
}

impl ProjectParams {
    fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self {
            over_red_pct: parameters.int("over_red_pct")?,
            lag_yellow_pts: parameters.int("lag_yellow_pts")?,
            lag_red_pts: parameters.int("lag_red_pts")?,
            settle_months: parameters.int("settle_months")?,
            creep_pct: parameters.int("creep_pct")?,
            near_count: parameters.int("near_count")?,
            near_pct: parameters.int("near_pct")?,
            change_limit_pct: parameters.int("change_limit_pct")?,
        })
    }
}
