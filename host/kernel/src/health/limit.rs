//! The thresholds of the judgements, with the defaults that suit a county.

/// From where on a source is conspicuous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLimits {
    /// Usual hours without a report after which a source is silent; fewer if it reports in fewer
    /// hours a day, more if it has been still for longer before.
    pub silence_hours: u32,
    /// Complete working days after which the rhythm of a source counts as known.
    pub learning_days: u32,
    /// Complete working days without a report after which a source whose rhythm is not known yet is
    /// silent.
    pub learning_silent_days: u32,
    /// A day with less than so many percent of the median of days of its kind is a drop.
    pub volume_percent: u32,
    /// Earlier days of the same kind that the median needs.
    pub volume_days: u32,
    /// Median below which a drop means nothing, in events.
    pub volume_events: u64,
    /// Time that events may take to arrive after the count that covers them, in minutes.
    pub count_grace_minutes: u32,
    /// Events whose delay must be known before a clock is judged.
    pub skew_events: u32,
    /// Deviation of a source's clock that is noticed, in seconds.
    pub skew_notice_seconds: u32,
    /// Deviation of a source's clock that gives a yellow card, in seconds.
    pub skew_yellow_seconds: u32,
}

impl Default for SourceLimits {
    fn default() -> Self {
        Self {
            silence_hours: 3,
            learning_days: 10,
            learning_silent_days: 5,
            volume_percent: 30,
            volume_days: 5,
            volume_events: 20,
            count_grace_minutes: 60,
            skew_events: 20,
            skew_notice_seconds: 60,
            skew_yellow_seconds: 600,
        }
    }
}

/// From where on a rule is conspicuous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleLimits {
    /// Keys examined after which a rule that never fired is reported.
    pub never_keys: u64,
    /// Keys examined before a rule can fire too often.
    pub often_keys: u64,
    /// A rule that fires on more than so many percent of the keys fires too often.
    pub often_percent: u32,
}

impl Default for RuleLimits {
    fn default() -> Self {
        Self { never_keys: 1000, often_keys: 100, often_percent: 20 }
    }
}

/// From where on the host's clock is conspicuous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockLimits {
    /// Difference between the clock and steady time, or the log, that is reported, in seconds.
    pub jump_seconds: u32,
}

impl Default for ClockLimits {
    fn default() -> Self {
        Self { jump_seconds: 120 }
    }
}
