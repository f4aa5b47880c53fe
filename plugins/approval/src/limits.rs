//! Parameters of the streams that look beyond the clock of one case: entry, numbers, certificates,
//! fees, windows, refusals, complaints, joint approvals and workload.

use plumbline_guest::Parameters;

/// Units and defaults stand in the manifest.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Latest lawful entry after the act, minutes.
    pub backfill_min: i64,
    /// Working days from which a late entry is red.
    pub backfill_red_wd: i32,
    /// Steps of one case entered together that are a burst, and within how many minutes.
    pub burst_steps: usize,
    pub burst_min: i64,
    /// Wait for sources that report out of order, minutes.
    pub grace_min: i64,
    /// How long after a higher number a missing one is waited for, hours.
    pub gap_wait_h: i64,
    /// Share of missing numbers above which a gap is red, per mille, and of how many numbers at least.
    pub gap_permille: i64,
    pub gap_min_n: i64,
    /// Disorder of entry that several windows at once explain, minutes.
    pub order_min: i64,
    /// Whether each window has its own range of numbers.
    pub serial_by_window: bool,
    /// Whether a missing number that is a certificate's or a fee receipt's own number is told of.
    pub mention_receipts: bool,
    /// How far apart a ticket and its case may be, minutes, and from how many it is yellow.
    pub match_min: i64,
    pub unmatched_yellow: usize,
    /// How far back a certificate's process is looked for, days.
    pub lookback_d: i32,
    /// Shortest reason of a refusal, characters, and from which one of a month it is red.
    pub reason_min: usize,
    pub refusal_red: usize,
    /// Answers to complaints and to bad ratings, working days; highest score that is bad.
    pub complaint_wd: i32,
    pub rating_wd: i32,
    pub rating_bad: i64,
    /// Reply of a member of a joint approval, working days.
    pub member_wd: i32,
    pub joint_wd: i32,
    pub joint_ext_wd: i32,
    /// Whether sources report when the lead forwards a case to a member.
    pub joint_forwarding: bool,
    /// Limit where the item names none, and the longest extension, working days.
    pub default_wd: i32,
    pub ext_max_wd: i32,
    /// Ranks that may approve an extension.
    pub extension_ranks: Vec<String>,
    /// Decisions per hour below which nobody is an outlier; peers' hours that make a comparison.
    pub rate_min: i64,
    pub peer_min: i64,
    /// Open cases that make a share, and the share of overdue ones, per cent.
    pub open_min: usize,
    pub overdue_pct: usize,
}

impl Limits {
    /// # Errors
    /// Names the parameter that is missing or malformed.
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self {
            backfill_min: parameters.int("backfill_min")?,
            backfill_red_wd: parameters.int("backfill_red_wd")?,
            burst_steps: parameters.int("burst_steps")?,
            burst_min: parameters.int("burst_min")?,
            grace_min: parameters.int("step_grace_min")?,
            gap_wait_h: parameters.int("gap_wait_h")?,
            gap_permille: parameters.int("gap_permille")?,
            gap_min_n: parameters.int("gap_min_n")?,
            order_min: parameters.int("order_min")?,
            serial_by_window: parameters.flag("serial_by_window")?,
            mention_receipts: parameters.flag("mention_receipts")?,
            match_min: parameters.int("match_min")?,
            unmatched_yellow: parameters.int("unmatched_yellow")?,
            lookback_d: parameters.int("lookback_d")?,
            reason_min: parameters.int("reason_min")?,
            refusal_red: parameters.int("refusal_red")?,
            complaint_wd: parameters.int("complaint_wd")?,
            rating_wd: parameters.int("rating_wd")?,
            rating_bad: parameters.int("rating_bad")?,
            member_wd: parameters.int("member_wd")?,
            joint_wd: parameters.int("joint_wd")?,
            joint_forwarding: parameters.flag("joint_forwarding")?,
            joint_ext_wd: parameters.int("joint_ext_wd")?,
            default_wd: parameters.int("default_wd")?,
            ext_max_wd: parameters.int("ext_max_wd")?,
            extension_ranks: parameters.texts("extension_ranks")?,
            rate_min: parameters.int("rate_min")?,
            peer_min: parameters.int("peer_min")?,
            open_min: parameters.int("open_min")?,
            overdue_pct: parameters.int("overdue_pct")?,
        })
    }
}
