//! What an administrator may set per region.

use plumbline_guest::Parameters;

/// The parameters; units and defaults stand in the manifest.
#[derive(Clone, Debug)]
pub struct Params {
    /// Rules that are switched off.
    pub off: Vec<String>,
    /// Days in which general money and transfers from above must be issued.
    pub issue_general_d: i32,
    /// Days in which special transfers of a budget must be issued.
    pub issue_special_d: i32,
    /// Working days from a request to its payment.
    pub pay_wd: i32,
    /// The same for relief.
    pub relief_wd: i32,
    /// Days without outflow until a notice.
    pub idle_notice_d: i32,
    /// Days without outflow until a yellow card, where the fund names none.
    pub idle_d: i32,
    /// Days after which unspent money is surplus.
    pub surplus_d: i32,
    /// Share of the money below which it can be idle, per cent.
    pub min_ratio_pct: i64,
    /// Share that may stay as retention money, per cent.
    pub retained_pct: i64,
    /// Days to pay a small or medium enterprise.
    pub sme_d: i32,
    /// Longest term that a contract may set, days; beyond it a card is red.
    pub sme_max_d: i32,
    /// Largest advance where the contract names none, per cent.
    pub advance_pct: i64,
    /// Largest share paid before acceptance, per cent.
    pub pre_accept_pct: i64,
    /// Retention money, per cent.
    pub retention_pct: i64,
    /// Payments that make a split.
    pub split_n: usize,
    /// Days within which payments belong together.
    pub split_window_d: i32,
    /// Share of the limit from which a payment is close to it, per cent.
    pub near_pct: i64,
    /// Days within which payments close to the limit are counted.
    pub near_window_d: i32,
    /// Limits of procurement or approval, fen.
    pub split_limits: Vec<i64>,
    /// Days of publication before the first payment, where the fund names none.
    pub pub_d: i32,
    /// Amount of a plan from which a collective decision is due, fen.
    pub meeting_min: i64,
    /// Wait for sources that report out of order, minutes.
    pub grace_min: i64,
    /// Months of grace after the month of death.
    pub death_grace_months: i32,
    /// Flags of entries that do not disqualify.
    pub harmless_flags: Vec<String>,
    /// Households on one account until a notice.
    pub card_notice: usize,
    /// The same until a yellow card.
    pub card_yellow: usize,
    /// The same until a red card.
    pub card_red: usize,
    /// Persons of one household that may share an account.
    pub household_max: usize,
    /// Programmes that lawfully pay several households to one account.
    pub pooled_programmes: Vec<String>,
    /// Doubled months from which a card is red.
    pub double_red_months: usize,
    /// Months after the reason in which payments may go on.
    pub exit_months: i32,
    /// Tolerance of amounts, fen.
    pub amount_tolerance: i64,
    /// Recipients below which a village is not compared.
    pub kin_min: i64,
    /// Villages that make a comparison.
    pub kin_peers: usize,
    /// Days within which a repayment follows its failure.
    pub repay_d: i32,
    /// Days overdue from which a card is red.
    pub rectify_red_d: i32,
    /// Days for which a firm is new.
    pub shell_d: i32,
    /// Firms at one address that are suspicious.
    pub shell_firms: i64,
    /// Payments below this are not looked at, fen.
    pub shell_min: i64,
    /// Funds that support new firms by design.
    pub startup_funds: Vec<String>,
    /// Days in which a donation for a disaster is used.
    pub donation_d: i32,
    /// Months in which the use of donations is published.
    pub publish_months: i32,
    /// Days to decide a withdrawal.
    pub withdrawal_d: i32,
    /// Days to decide a loan.
    pub loan_d: i32,
    /// Households that draw on one house until a card.
    pub house_persons: usize,
    /// Months within which they are counted.
    pub house_months: i32,
    /// Months within which a purchase may be drawn on once.
    pub repeat_months: i32,
    /// Points below the target until a notice.
    pub target_pts: i64,
}

impl Params {
    /// # Errors
    /// Names the parameter that is missing or malformed.
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self {
            off: parameters.off(),
            issue_general_d: parameters.int("issue_general_d")?,
            issue_special_d: parameters.int("issue_special_d")?,
            pay_wd: parameters.int("pay_wd")?,
            relief_wd: parameters.int("relief_wd")?,
            idle_notice_d: parameters.int("idle_notice_d")?,
            idle_d: parameters.int("idle_d")?,
            surplus_d: parameters.int("surplus_d")?,
            min_ratio_pct: parameters.int("min_ratio_pct")?,
            retained_pct: parameters.int("retained_pct")?,
            sme_d: parameters.int("sme_d")?,
            sme_max_d: parameters.int("sme_max_d")?,
            advance_pct: parameters.int("advance_pct")?,
            pre_accept_pct: parameters.int("pre_accept_pct")?,
            retention_pct: parameters.int("retention_pct")?,
            split_n: parameters.int("split_n")?,
            split_window_d: parameters.int("split_window_d")?,
            near_pct: parameters.int("near_pct")?,
            near_window_d: parameters.int("near_window_d")?,
            split_limits: limits(parameters)?,
            pub_d: parameters.int("pub_d")?,
            meeting_min: parameters.int("meeting_min")?,
            grace_min: parameters.int("grace_min")?,
            death_grace_months: parameters.int("death_grace_months")?,
            harmless_flags: parameters.texts("harmless_flags")?,
            card_notice: parameters.int("card_notice")?,
            card_yellow: parameters.int("card_yellow")?,
            card_red: parameters.int("card_red")?,
            household_max: parameters.int("household_max")?,
            pooled_programmes: parameters.texts("pooled_programmes")?,
            double_red_months: parameters.int("double_red_months")?,
            exit_months: parameters.int("exit_months")?,
            amount_tolerance: parameters.int("amount_tolerance")?,
            kin_min: parameters.int("kin_min")?,
            kin_peers: parameters.int("kin_peers")?,
            repay_d: parameters.int("repay_d")?,
            rectify_red_d: parameters.int("rectify_red_d")?,
            shell_d: parameters.int("shell_d")?,
            shell_firms: parameters.int("shell_firms")?,
            shell_min: parameters.int("shell_min")?,
            startup_funds: parameters.texts("startup_funds")?,
            donation_d: parameters.int("donation_d")?,
            publish_months: parameters.int("publish_months")?,
            withdrawal_d: parameters.int("withdrawal_d")?,
            loan_d: parameters.int("loan_d")?,
            house_persons: parameters.int("house_persons")?,
            house_months: parameters.int("house_months")?,
            repeat_months: parameters.int("repeat_months")?,
            target_pts: parameters.int("target_pts")?,
        })
    }
}

/// Limits that payments are split under: positive numbers of fen, in texts.
fn limits(parameters: &Parameters<'_>) -> Result<Vec<i64>, String> {
    let read = |text: &String| {
        let fen = text.trim().parse().ok().filter(|fen: &i64| *fen > 0);
        fen.ok_or_else(|| format!("parameter `split_limits`: `{text}` is no amount in fen"))
    };
    parameters.texts("split_limits")?.iter().map(read).collect()
}
