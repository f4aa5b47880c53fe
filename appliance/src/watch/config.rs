//! The section `[health]` of `config.toml`: thresholds of the supervision of the supervision.

use crate::error::{AppError, Kind};
use plumbline_contract::time::{Millis, Zone};
use plumbline_ingest::Rights;
use plumbline_kernel::health::{ClockLimits, RuleLimits, SourceLimits};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Word that turns the nightly reconciliation off.
const OFF: &str = "off";

/// See the module; `docs/health.md` explains each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthConfig {
    pub silence_hours: u32,
    pub learning_days: u32,
    pub learning_silent_days: u32,
    pub volume_percent: u32,
    pub volume_days: u32,
    pub volume_events: u64,
    pub count_grace_minutes: u32,
    pub skew_events: u32,
    pub skew_notice_seconds: u32,
    pub skew_yellow_seconds: u32,
    pub rule_never_keys: u64,
    pub rule_often_keys: u64,
    pub rule_often_percent: u32,
    pub clock_jump_seconds: u32,
    /// Local time `HH:MM` of the nightly reconciliation, or `off`.
    pub reconcile_at: String,
    /// A log with more events is not reconciled at night: the states of all keys must fit into
    /// memory a second time.
    pub reconcile_events: u64,
    /// What is different for one source, by its name.
    pub source: BTreeMap<String, SourceConfig>,
}

/// What is different for one source. Naming a source here says that somebody counts on its reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceConfig {
    /// Nothing is said of a source that is not watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<bool>,
    /// It is a platform of a lower level: it may deliver the counts of its ledger
    /// (`platform.ledger.count`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower_platform: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence_hours: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_silent_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_percent: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_events: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew_notice_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew_yellow_seconds: Option<u32>,
}

impl Default for HealthConfig {
    fn default() -> Self {
        let (source, rule) = (SourceLimits::default(), RuleLimits::default());
        Self {
            silence_hours: source.silence_hours,
            learning_days: source.learning_days,
            learning_silent_days: source.learning_silent_days,
            volume_percent: source.volume_percent,
            volume_days: source.volume_days,
            volume_events: source.volume_events,
            count_grace_minutes: source.count_grace_minutes,
            skew_events: source.skew_events,
            skew_notice_seconds: source.skew_notice_seconds,
            skew_yellow_seconds: source.skew_yellow_seconds,
            rule_never_keys: rule.never_keys,
            rule_often_keys: rule.often_keys,
            rule_often_percent: rule.often_percent,
            clock_jump_seconds: ClockLimits::default().jump_seconds,
            reconcile_at: "02:30".to_owned(),
            reconcile_events: 5_000_000,
            source: BTreeMap::new(),
        }
    }
}

impl HealthConfig {
    /// Whether nothing was said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// # Errors
    /// Names the setting that makes no sense.
    pub fn check(&self) -> Result<(), AppError> {
        let wrong = |what: String| Err(AppError::new(Kind::Usage, "config", what));
        if self.reconcile_at != OFF && minute_of_day(&self.reconcile_at).is_none() {
            return wrong(format!("health.reconcile_at: {}", self.reconcile_at));
        }
        let volumes = self.source.values().filter_map(|source| source.volume_percent);
        let percents = volumes.chain([self.volume_percent, self.rule_often_percent]);
        if let Some(percent) = percents.into_iter().find(|percent| *percent > 100) {
            return wrong(format!("health: {percent} %"));
        }
        Ok(())
    }

    /// What sources may say of the supervision itself.
    #[must_use]
    pub fn rights(&self) -> Rights {
        let is_lower = |(_, source): &(&String, &SourceConfig)| source.lower_platform == Some(true);
        let lower = self.source.iter().filter(is_lower).map(|(name, _)| name.clone()).collect();
        Rights { lower, ..Rights::default() }
    }

    /// The thresholds of one source.
    #[must_use]
    pub fn source_limits(&self, source: &str) -> SourceLimits {
        let all = SourceConfig::default();
        let own = self.source.get(source).unwrap_or(&all);
        SourceLimits {
            silence_hours: own.silence_hours.unwrap_or(self.silence_hours),
            learning_days: self.learning_days,
            learning_silent_days: own.learning_silent_days.unwrap_or(self.learning_silent_days),
            volume_percent: own.volume_percent.unwrap_or(self.volume_percent),
            volume_days: self.volume_days,
            volume_events: own.volume_events.unwrap_or(self.volume_events),
            count_grace_minutes: self.count_grace_minutes,
            skew_events: self.skew_events,
            skew_notice_seconds: own.skew_notice_seconds.unwrap_or(self.skew_notice_seconds),
            skew_yellow_seconds: own.skew_yellow_seconds.unwrap_or(self.skew_yellow_seconds),
        }
    }

    /// Whether somebody counts on the reports of a source.
    #[must_use]
    pub fn expects(&self, source: &str) -> bool {
        self.source.contains_key(source) && self.watches(source)
    }

    /// Whether anything is to be said of a source.
    #[must_use]
    pub fn watches(&self, source: &str) -> bool {
        self.source.get(source).is_none_or(|source| source.watch != Some(false))
    }

    #[must_use]
    pub fn rule_limits(&self) -> RuleLimits {
        RuleLimits {
            never_keys: self.rule_never_keys,
            often_keys: self.rule_often_keys,
            often_percent: self.rule_often_percent,
        }
    }

    #[must_use]
    pub fn clock_limits(&self) -> ClockLimits {
        ClockLimits { jump_seconds: self.clock_jump_seconds }
    }

    /// The first night after a moment.
    #[must_use]
    pub fn next_night(&self, zone: &Zone, after: Millis) -> Option<Millis> {
        let minute = minute_of_day(&self.reconcile_at)?;
        let today = zone.local(after).day();
        let nights =
            [today, today.plus(1)].map(|day| zone.instant(day.start().plus_minutes(minute)));
        nights.into_iter().find(|night| *night > after)
    }

    /// When the latest nightly reconciliation should have begun; `None` if it is off.
    #[must_use]
    pub fn last_night(&self, zone: &Zone, now: Millis) -> Option<Millis> {
        let minute = minute_of_day(&self.reconcile_at)?;
        let today = zone.local(now).day();
        let nights =
            [today, today.plus(-1)].map(|day| zone.instant(day.start().plus_minutes(minute)));
        nights.into_iter().find(|night| *night <= now)
    }
}

fn minute_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten();
    let (hour, minute) = (two(hour)?, two(minute)?);
    (hour < 24 && minute < 60).then_some(i64::from(hour) * 60 + i64::from(minute))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use plumbline_contract::time::MS_PER_DAY;

    #[test]
    fn the_night_begins_once_a_day_in_local_time() {
        let zone = Zone::shanghai();
        let at = |text: &str| zone.instant_of(plumbline_contract::time::parse_stamp(text).unwrap());
        let cases = [
            ("02:30", "2026-03-02T02:29", Some("2026-03-01T02:30")),
            ("02:30", "2026-03-02T02:30", Some("2026-03-02T02:30")),
            ("23:00", "2026-03-02T08:00", Some("2026-03-01T23:00")),
            ("off", "2026-03-02T08:00", None),
        ];
        for (setting, now, expected) in cases {
            let config =
                HealthConfig { reconcile_at: setting.to_owned(), ..HealthConfig::default() };
            assert_eq!(config.last_night(&zone, at(now)), expected.map(at), "{setting} at {now}");
            let next = config.next_night(&zone, at(now));
            let in_a_day = expected.map(|night| Millis(at(night).0 + MS_PER_DAY));
            assert_eq!(next, in_a_day, "{setting} after {now}");
        }
    }

    #[test]
    fn settings_are_checked_and_a_source_may_differ() {
        let good = "silence_hours = 4\n[source.\"hall/1\"]\nvolume_percent = 10\n\
            [source.old]\nwatch = false\n[source.town]\nlower_platform = true";
        let config: HealthConfig = toml::from_str(good).unwrap();
        assert_eq!(config.check(), Ok(()));
        let (count, closed) = ("platform.ledger.count", "platform.alert.closed");
        let allowed = |source: &str, kind: &str| config.rights().allow(source, kind);
        assert!(allowed("town", count) && !allowed("town", closed) && !allowed("hall/1", count));
        assert_eq!(config.source_limits("hall/1").volume_percent, 10);
        assert_eq!(config.source_limits("hall/1").silence_hours, 4);
        assert_eq!(config.source_limits("other").volume_percent, 30);
        let known = |name: &str| (config.expects(name), config.watches(name));
        assert_eq!(
            (known("hall/1"), known("old"), known("x")),
            ((true, true), (false, false), (false, true))
        );
        for bad in [
            "reconcile_at = \"2:30\"",
            "reconcile_at = \"24:00\"",
            "reconcile_at = \"\"",
            "volume_percent = 101",
        ] {
            let config: HealthConfig = toml::from_str(bad).unwrap();
            assert_eq!(config.check().unwrap_err().message, "config", "{bad}");
        }
        assert!(toml::from_str::<HealthConfig>("silence = 3").is_err());
    }
}
