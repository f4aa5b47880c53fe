//! Whether a rule does any work: one that looks at many keys and never fires may be switched off by
//! its own parameters, one that fires on every other key is no longer read by anybody.

use super::RuleLimits;

/// What is known of one rule of one deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleCounters {
    pub rule: String,
    pub stream: String,
    /// Keys that the rule has looked at. A lower bound: keys whose state was given up are not known
    /// any more.
    pub keys: u64,
    /// Alerts that it raised.
    pub raised: u64,
    /// Those of them that were withdrawn, because the facts were corrected.
    pub withdrawn: u64,
    /// Gaps of its stream that are open: keys that it could not look at.
    pub faults: u64,
    /// Fuel that its stream has used since the start of the process; fuel is not known by rule.
    pub fuel: u64,
    /// Whether the parameters switch it off.
    pub off: bool,
}

/// Why somebody should look at a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleSuspicion {
    /// Many keys and not one alert.
    NeverFires,
    /// Alerts on more keys than a rule should find fault with.
    FiresOften,
}

impl RuleSuspicion {
    /// Stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NeverFires => "never-fires",
            Self::FiresOften => "fires-often",
        }
    }
}

impl RuleCounters {
    /// Alerts raised per hundred keys, rounded down, at most 100; 0 if no key was looked at.
    #[must_use]
    pub fn percent(&self) -> u64 {
        let share = self.raised.saturating_mul(100).checked_div(self.keys);
        share.unwrap_or_default().min(100)
    }
}

/// Judges one rule. A rule that is off is not judged: somebody decided that.
#[must_use]
pub fn judge_rule(counters: &RuleCounters, limits: &RuleLimits) -> Option<RuleSuspicion> {
    let RuleCounters { keys, raised, off, .. } = *counters;
    if off {
        return None;
    }
    if raised == 0 {
        return (keys >= limits.never_keys).then_some(RuleSuspicion::NeverFires);
    }
    let often = raised.saturating_mul(100) > keys.saturating_mul(u64::from(limits.often_percent));
    (keys >= limits.often_keys && often).then_some(RuleSuspicion::FiresOften)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_judged_by_its_keys_and_its_alerts() {
        use RuleSuspicion::{FiresOften, NeverFires};
        let cases = [
            // keys, raised, off, what is said
            (0, 0, false, None),
            (999, 0, false, None),
            (1000, 0, false, Some(NeverFires)),
            (1_000_000, 0, true, None),
            (1_000_000, 1, false, None),
            (99, 99, false, None),
            (100, 20, false, None),
            (100, 21, false, Some(FiresOften)),
            (100, 21, true, None),
            (u64::MAX, 1, false, None),
        ];
        for (keys, raised, off, expected) in cases {
            let counters = RuleCounters { keys, raised, off, ..RuleCounters::default() };
            let judged = judge_rule(&counters, &RuleLimits::default());
            assert_eq!(judged, expected, "{keys} keys, {raised} alerts, off: {off}");
        }
    }

    #[test]
    fn the_share_is_a_percentage() {
        for (keys, raised, expected) in [(0, 5, 0), (200, 1, 0), (200, 3, 1), (10, 30, 100)] {
            let counters = RuleCounters { keys, raised, ..RuleCounters::default() };
            assert_eq!(counters.percent(), expected, "{raised} of {keys}");
        }
    }
}
