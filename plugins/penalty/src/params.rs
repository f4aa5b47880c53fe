//! What an administrator may set per region.

use crate::case;
use plumbline_guest::Parameters;

/// The parameters; units, bounds and defaults stand in the manifest.
#[derive(Clone, Debug)]
pub struct Params {
    /// Rules that are switched off.
    pub off: Vec<String>,
    /// The rules of a case that are not: one bit for each, in their order.
    pub(crate) case_rules: u64,
    /// Whether any rule reads what the case tells other streams about its decision.
    pub(crate) rulings: bool,
    /// Figures and choices.
    pub limits: Limits,
}

/// Figures and choices, by the names of the manifest. What ends in `_wd` is working days, in
/// `_cal` calendar days; money is fen.
#[derive(Clone, Debug)]
pub struct Limits {
    pub limit_cal: i32,
    pub ext_cal: i32,
    pub warn_cal: i32,
    pub pause_kinds: Vec<String>,
    pub roll: bool,
    pub filing_wd: i32,
    pub service_wd: i32,
    pub announce_cal: i32,
    pub preserve_wd: i32,
    pub pub_wd: i32,
    pub push_wd: i32,
    pub withdraw_wd: i32,
    pub step_grace_min: i64,
    pub vmax_kmh: i64,
    pub min_gap_min: i64,
    pub presence_red: i64,
    pub presence_cal: i32,
    pub notice_wd: i32,
    pub hearing_wd: i32,
    pub hearing_notice_wd: i32,
    pub large_fine_person: i64,
    pub large_fine_org: i64,
    pub self_review: bool,
    pub simple_person: i64,
    pub simple_org: i64,
    pub cash_max: i64,
    pub record_grace_cal: i32,
    pub record_nodes: Vec<String>,
    pub tol_permille: i64,
    pub peer_min_n: i64,
    pub peer_months: i32,
    pub epsilon_permille: i64,
    pub z_notice_tenths: i64,
    pub z_yellow_tenths: i64,
    pub kind_share_pct: i64,
    pub outlier_red: i64,
    pub outlier_cal: i32,
    pub lenient_min_n: i64,
    pub lenient_times: i64,
    pub lenient_min_spared: i64,
    pub first_reasons: Vec<String>,
    pub lawful_reasons: Vec<String>,
    pub first_any_cause: bool,
    pub barred_years: i32,
    pub barred_grave_years: i32,
    pub surcharge_permille: i64,
    pub pay_cal: i32,
    pub remedy_months: i32,
    pub apply_months: i32,
    pub income_months: i32,
    pub income_min_months: i32,
    pub income_sigma: i64,
    pub share_points: i64,
    pub spike_times: i64,
    pub spike_min_n: i64,
    pub assess_min_n: i64,
    pub send_max_cal: i32,
    pub appeal_max_cal: i32,
    pub surcharge_min_cal: i32,
}

/// Rules that live on what the case tells about its decision.
const RULING_RULES: [&str; 5] = ["PEN-D02", "PEN-D03", "PEN-D04", "PEN-F04", "PEN-Q01"];

impl Params {
    /// # Errors
    /// Names the parameter that is missing or malformed.
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        let (off, limits) = (parameters.off(), Limits::read(parameters)?);
        let is_on = |id: &str| !off.iter().any(|name| name == id) && !limits.is_idle(id);
        let rules = case::rules();
        let on = rules.iter().enumerate().filter(|(_, (id, _))| is_on(id));
        let case_rules = on.fold(0, |bits, (nth, _)| bits | (1 << nth));
        let rulings = RULING_RULES.iter().any(|id| is_on(id));
        Ok(Self { off, case_rules, rulings, limits })
    }
}

impl Limits {
    /// Whether a rule is off because its limit is zero.
    fn is_idle(&self, id: &str) -> bool {
        match id {
            "PEN-L01" => self.send_max_cal == 0,
            "PEN-L02" => self.appeal_max_cal == 0,
            "PEN-L03" => self.surcharge_min_cal == 0,
            _ => false,
        }
    }

    fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self {
            limit_cal: parameters.int("limit_cal")?,
            ext_cal: parameters.int("ext_cal")?,
            warn_cal: parameters.int("warn_cal")?,
            pause_kinds: parameters.texts("pause_kinds")?,
            roll: parameters.flag("roll")?,
            filing_wd: parameters.int("filing_wd")?,
            service_wd: parameters.int("service_wd")?,
            announce_cal: parameters.int("announce_cal")?,
            preserve_wd: parameters.int("preserve_wd")?,
            pub_wd: parameters.int("pub_wd")?,
            push_wd: parameters.int("push_wd")?,
            withdraw_wd: parameters.int("withdraw_wd")?,
            step_grace_min: parameters.int("step_grace_min")?,
            vmax_kmh: parameters.int("vmax_kmh")?,
            min_gap_min: parameters.int("min_gap_min")?,
            presence_red: parameters.int("presence_red")?,
            presence_cal: parameters.int("presence_cal")?,
            notice_wd: parameters.int("notice_wd")?,
            hearing_wd: parameters.int("hearing_wd")?,
            hearing_notice_wd: parameters.int("hearing_notice_wd")?,
            large_fine_person: parameters.int("large_fine_person")?,
            large_fine_org: parameters.int("large_fine_org")?,
            self_review: parameters.flag("self_review")?,
            simple_person: parameters.int("simple_person")?,
            simple_org: parameters.int("simple_org")?,
            cash_max: parameters.int("cash_max")?,
            record_grace_cal: parameters.int("record_grace_cal")?,
            record_nodes: parameters.texts("record_nodes")?,
            tol_permille: parameters.int("tol_permille")?,
            peer_min_n: parameters.int("peer_min_n")?,
            peer_months: parameters.int("peer_months")?,
            epsilon_permille: parameters.int("epsilon_permille")?,
            z_notice_tenths: parameters.int("z_notice_tenths")?,
            z_yellow_tenths: parameters.int("z_yellow_tenths")?,
            kind_share_pct: parameters.int("kind_share_pct")?,
            outlier_red: parameters.int("outlier_red")?,
            outlier_cal: parameters.int("outlier_cal")?,
            lenient_min_n: parameters.int("lenient_min_n")?,
            lenient_times: parameters.int("lenient_times")?,
            lenient_min_spared: parameters.int("lenient_min_spared")?,
            first_reasons: parameters.texts("first_reasons")?,
            lawful_reasons: parameters.texts("lawful_reasons")?,
            first_any_cause: parameters.flag("first_any_cause")?,
            barred_years: parameters.int("barred_years")?,
            barred_grave_years: parameters.int("barred_grave_years")?,
            surcharge_permille: parameters.int("surcharge_permille")?,
            pay_cal: parameters.int("pay_cal")?,
            remedy_months: parameters.int("remedy_months")?,
            apply_months: parameters.int("apply_months")?,
            income_months: parameters.int("income_months")?,
            income_min_months: parameters.int("income_min_months")?,
            income_sigma: parameters.int("income_sigma")?,
            share_points: parameters.int("share_points")?,
            spike_times: parameters.int("spike_times")?,
            spike_min_n: parameters.int("spike_min_n")?,
            assess_min_n: parameters.int("assess_min_n")?,
            send_max_cal: parameters.int("send_max_cal")?,
            appeal_max_cal: parameters.int("appeal_max_cal")?,
            surcharge_min_cal: parameters.int("surcharge_min_cal")?,
        })
    }
}
