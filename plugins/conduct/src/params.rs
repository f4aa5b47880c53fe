//! What an administrator may set per region; units and defaults stand in the manifest.

use plumbline_guest::Parameters;

/// The parameters.
#[derive(Clone, Debug)]
pub struct Params {
    /// Rules that are switched off.
    pub off: Vec<String>,
    /// To accept or transfer, to conclude, longest extension, to review: calendar days.
    pub accept_d: i32,
    pub conclude_d: i32,
    pub conclude_ext_d: i32,
    pub review_d: i32,
    /// To reply to an order, and how far beyond until it is red: working days.
    pub order_wd: i32,
    pub order_red_wd: i32,
    /// Repetition: within so many calendar days, so often.
    pub repeat_days: i32,
    pub repeat_n: usize,
    /// Bits in which the similarity hashes of two titles of the same complaint may differ.
    pub title_bits: u32,
    /// A closed complaint that comes again within so many calendar days; highest score that is bad;
    /// from which one of a month a false closing is red.
    pub false_close_d: i32,
    pub rating_bad: i64,
    pub false_close_red: usize,
    /// To publish; to answer a request, its longest extension, and to ask for clarity: working days.
    pub publish_wd: i32,
    pub answer_wd: i32,
    pub answer_ext_wd: i32,
    pub clarify_wd: i32,
    /// Silence: times the usual interval, least time and time until yellow, minutes of working hours.
    pub silent_factor: i64,
    pub silent_min: i64,
    pub silent_yellow_min: i64,
    /// Share of faulty records, per mille, and records that make a share.
    pub fault_notice_permille: i64,
    pub fault_yellow_permille: i64,
    pub fault_min_n: i64,
    /// Deviation of a source's clock, seconds.
    pub drift_notice: i64,
    pub drift_yellow: i64,
    /// Fields of a record whose change is no edit.
    pub ignored_fields: Vec<String>,
    /// To answer a yellow and a red card, working days; rules whose alerts need no answer, by prefix.
    pub ack_yellow_wd: i32,
    pub ack_red_wd: i32,
    pub not_escalated: Vec<String>,
    /// How often one reason may not be used.
    pub reason_n: usize,
    /// Days after a rise of alerts, alerts that make a rise.
    pub rise_d: i32,
    pub rise_min: u32,
    /// Difference of counts between two levels, per mille.
    pub count_permille: i64,
}

impl Params {
    /// # Errors
    /// Names the parameter that is missing or malformed.
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self {
            off: parameters.off(),
            accept_d: parameters.int("accept_d")?,
            conclude_d: parameters.int("conclude_d")?,
            conclude_ext_d: parameters.int("conclude_ext_d")?,
            review_d: parameters.int("review_d")?,
            order_wd: parameters.int("order_wd")?,
            order_red_wd: parameters.int("order_red_wd")?,
            repeat_days: parameters.int("repeat_days")?,
            repeat_n: parameters.int("repeat_n")?,
            title_bits: parameters.int("title_bits")?,
            false_close_d: parameters.int("false_close_d")?,
            rating_bad: parameters.int("rating_bad")?,
            false_close_red: parameters.int("false_close_red")?,
            publish_wd: parameters.int("publish_wd")?,
            answer_wd: parameters.int("answer_wd")?,
            answer_ext_wd: parameters.int("answer_ext_wd")?,
            clarify_wd: parameters.int("clarify_wd")?,
            silent_factor: parameters.int("silent_factor")?,
            silent_min: parameters.int("silent_min")?,
            silent_yellow_min: parameters.int("silent_yellow_min")?,
            fault_notice_permille: parameters.int("fault_notice_permille")?,
            fault_yellow_permille: parameters.int("fault_yellow_permille")?,
            fault_min_n: parameters.int("fault_min_n")?,
            drift_notice: parameters.int("drift_notice")?,
            drift_yellow: parameters.int("drift_yellow")?,
            ignored_fields: parameters.texts("ignored_fields")?,
            ack_yellow_wd: parameters.int("ack_yellow_wd")?,
            ack_red_wd: parameters.int("ack_red_wd")?,
            not_escalated: parameters.texts("not_escalated")?,
            reason_n: parameters.int("reason_n")?,
            rise_d: parameters.int("rise_d")?,
            rise_min: parameters.int("rise_min")?,
            count_permille: parameters.int("count_permille")?,
        })
    }
}
