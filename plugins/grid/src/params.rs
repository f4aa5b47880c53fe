//! What an administrator may set per region.

use plumbline_guest::Parameters;

/// Units and defaults stand in the manifest.
#[derive(Clone, Debug)]
pub struct Params {
    /// Rules that are switched off.
    pub off: Vec<String>,
    /// Missed inspections: how many days before the last day it is noticed, and the part of the
    /// period, per cent, after which it is red.
    pub warn_d: i32,
    pub grace_pct: i32,
    /// Hazards: days after the last day from which it is red; working days to check again.
    pub hazard_red_d: i32,
    pub review_wd: i32,
    /// Reports: working days to accept, calendar days to handle.
    pub report_accept_wd: i32,
    pub report_handle_d: i32,
    /// Alarms: lowest level that is supervised; minutes until yellow and red.
    pub alarm_level: i64,
    pub alarm_yellow_min: i64,
    pub alarm_red_min: i64,
    /// Accidents: minutes to report to the county, and from each level to the next.
    pub accident_min: i64,
    pub accident_onward_min: i64,
    /// Duties: working days that a gap is borne, days until it is red, objects of one officer.
    pub gap_wd: i32,
    pub gap_red_d: i32,
    pub load_max: usize,
    /// Acknowledging a duty: working days until notice and yellow.
    pub ack_wd: i32,
    pub ack_yellow_wd: i32,
    /// Working days to hand over.
    pub handover_wd: i32,
    /// Copied texts: bits of the fingerprints that may differ, alike shingles per cent, characters
    /// below which a text proves nothing, and how many copies are yellow and red.
    pub text_bits: u32,
    pub jaccard_pct: u32,
    pub text_min_chars: u32,
    pub copy_yellow: usize,
    pub copy_red: usize,
    /// Days within which repeated findings about one officer count together.
    pub repeat_d: i32,
    /// All-pass records in a row and their time on site together, seconds.
    pub pass_run: usize,
    pub pass_run_s: i64,
    /// Photos: bits of the perceptual hash, minutes of the camera's clock, kinds that may recur.
    pub photo_bits: u32,
    pub exif_min: i64,
    pub photo_kinds: Vec<String>,
    /// Travel: speed, least distance, least accuracy that counts, and how many are red.
    pub speed_kmh: i64,
    pub jump_min_m: i64,
    pub acc_max_m: i64,
    pub jump_red: usize,
    /// Off-site inspections: radius of an object that names none, metres; how many are red.
    pub radius_m: i64,
    pub offsite_red: usize,
    /// Time on site: seconds for each item and at least; seconds between two records that follow
    /// one another without a way, and how many of them.
    pub item_s: i64,
    pub dwell_min_s: i64,
    pub chain_s: i64,
    pub chain_n: usize,
    /// Uploads in a batch: share per cent and least records.
    pub batch_pct: usize,
    pub batch_min: usize,
    /// Contradicted results: days back, checks that make a rate, rate of peers per cent.
    pub contradict_d: i32,
    pub rate_min_n: i64,
    pub peers_pct: i64,
    /// Inspectors with a certificate; roles that may not inspect.
    pub certified_min: usize,
    pub unqualified_roles: Vec<String>,
    /// Days within which two departments' inspections should have been one.
    pub depts_d: i32,
    /// Working days to open accountability.
    pub account_wd: i32,
    /// Working days to publish a result, and the domains in which it must be.
    pub publish_wd: i32,
    pub publish_domains: Vec<String>,
}

impl Params {
    /// # Errors
    /// Names the parameter that is missing or malformed.
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self {
            off: parameters.off(),
            warn_d: parameters.int("warn_d")?,
            grace_pct: parameters.int("grace_pct")?,
            hazard_red_d: parameters.int("hazard_red_d")?,
            review_wd: parameters.int("review_wd")?,
            report_accept_wd: parameters.int("report_accept_wd")?,
            report_handle_d: parameters.int("report_handle_d")?,
            alarm_level: parameters.int("alarm_level")?,
            alarm_yellow_min: parameters.int("alarm_yellow_min")?,
            alarm_red_min: parameters.int("alarm_red_min")?,
            accident_min: parameters.int("accident_min")?,
            accident_onward_min: parameters.int("accident_onward_min")?,
            gap_wd: parameters.int("gap_wd")?,
            gap_red_d: parameters.int("gap_red_d")?,
            load_max: parameters.int("load_max")?,
            ack_wd: parameters.int("ack_wd")?,
            ack_yellow_wd: parameters.int("ack_yellow_wd")?,
            handover_wd: parameters.int("handover_wd")?,
            text_bits: parameters.int("text_bits")?,
            jaccard_pct: parameters.int("jaccard_pct")?,
            text_min_chars: parameters.int("text_min_chars")?,
            copy_yellow: parameters.int("copy_yellow")?,
            copy_red: parameters.int("copy_red")?,
            repeat_d: parameters.int("repeat_d")?,
            pass_run: parameters.int("pass_run")?,
            pass_run_s: parameters.int("pass_run_s")?,
            photo_bits: parameters.int("photo_bits")?,
            exif_min: parameters.int("exif_min")?,
            photo_kinds: parameters.texts("photo_kinds")?,
            speed_kmh: parameters.int("speed_kmh")?,
            jump_min_m: parameters.int("jump_min_m")?,
            acc_max_m: parameters.int("acc_max_m")?,
            jump_red: parameters.int("jump_red")?,
            radius_m: parameters.int("radius_m")?,
            offsite_red: parameters.int("offsite_red")?,
            item_s: parameters.int("item_s")?,
            dwell_min_s: parameters.int("dwell_min_s")?,
            chain_s: parameters.int("chain_s")?,
            chain_n: parameters.int("chain_n")?,
            batch_pct: parameters.int("batch_pct")?,
            batch_min: parameters.int("batch_min")?,
            contradict_d: parameters.int("contradict_d")?,
            rate_min_n: parameters.int("rate_min_n")?,
            peers_pct: parameters.int("peers_pct")?,
            certified_min: parameters.int("certified_min")?,
            unqualified_roles: parameters.texts("unqualified_roles")?,
            depts_d: parameters.int("depts_d")?,
            account_wd: parameters.int("account_wd")?,
            publish_wd: parameters.int("publish_wd")?,
            publish_domains: parameters.texts("publish_domains")?,
        })
    }
}
