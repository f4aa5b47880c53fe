//! Which rows of a set are wanted. A filter that a set cannot follow is refused: a file with more in
//! it than was asked for is a leak.

use super::set::Set;
use crate::error::{AppError, Kind};
use plumbline_contract::alert::Level;
use plumbline_contract::event::Event;
use plumbline_contract::time::{Day, Zone};
use serde::Serialize;

/// See the module. What is `None` is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// A region and everything in it: the first digits of the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dept: Option<String>,
    /// First day of occurrence by the local calendar.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "text")]
    pub from: Option<Day>,
    /// Last day of occurrence.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "text")]
    pub to: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The entity: subject of an event, key of an alert, a gap or a row of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

fn text<S: serde::Serializer>(day: &Option<Day>, to: S) -> Result<S::Ok, S::Error> {
    match day {
        Some(day) => to.collect_str(day),
        None => to.serialize_none(),
    }
}

impl Filter {
    /// # Errors
    /// If the set has nothing that a part of the filter could be held against, a region is no
    /// number, or the days end before they begin.
    pub(super) fn check(&self, set: &Set) -> Result<(), AppError> {
        let (place, rule, key) = match set {
            Set::AllEvents | Set::Events(_) | Set::Typed(_) | Set::Facts => (true, false, true),
            Set::Measures => (true, false, false),
            Set::Alerts | Set::History => (true, true, true),
            Set::Gaps | Set::Table(_) => (false, false, true),
            Set::Sources => (false, false, false),
            Set::Rules => (false, true, false),
        };
        let levels = matches!(set, Set::Alerts | Set::History);
        let parts = [
            ("--region", self.region.is_some(), place),
            ("--dept", self.dept.is_some(), place),
            ("--from", self.from.is_some(), place),
            ("--to", self.to.is_some(), place),
            ("--rule", self.rule.is_some(), rule),
            ("--level", self.level.is_some(), levels),
            ("--key", self.key.is_some(), key),
        ];
        if let Some((name, ..)) = parts.iter().find(|(_, asked, can)| *asked && !*can) {
            let detail = format!("{name} ({})", set.name());
            return Err(AppError::new(Kind::Usage, "data-filter", detail));
        }
        if let Some(region) = &self.region
            && (region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(AppError::new(Kind::Usage, "region", region));
        }
        match (self.from, self.to) {
            (Some(from), Some(to)) if to < from => {
                Err(AppError::new(Kind::Usage, "data-days", format!("{from} – {to}")))
            }
            _ => Ok(()),
        }
    }

    /// Whether an event of the right type is wanted.
    #[must_use]
    pub(super) fn takes_event(&self, event: &Event, zone: &Zone) -> bool {
        let place = self.takes_place(&event.region, &event.dept);
        let dated = self.from.is_some() || self.to.is_some();
        place
            && self.takes_key(&event.subject)
            && (!dated || self.takes_day(zone.local(event.time).day()))
    }

    /// Whether an alert or a leaf of one is wanted; `at` is RFC 3339 with the region's offset.
    #[must_use]
    pub(super) fn takes_alert(&self, alert: &AlertParts<'_>) -> bool {
        let dated = self.from.is_some() || self.to.is_some();
        self.takes_place(alert.region, alert.dept)
            && self.takes_key(alert.key)
            && self.takes_rule(alert.rule)
            && self.level.is_none_or(|level| level == alert.level)
            && (!dated || Day::parse(alert.at).is_some_and(|day| self.takes_day(day)))
    }

    /// Whether an entity is wanted.
    #[must_use]
    pub(super) fn takes_key(&self, key: &str) -> bool {
        self.key.as_ref().is_none_or(|wanted| wanted == key)
    }

    /// Whether a rule is wanted.
    #[must_use]
    pub(super) fn takes_rule(&self, rule: &str) -> bool {
        self.rule.as_ref().is_none_or(|wanted| wanted == rule)
    }

    fn takes_place(&self, region: &str, dept: &str) -> bool {
        self.region.as_ref().is_none_or(|wanted| region.starts_with(wanted.as_str()))
            && self.dept.as_ref().is_none_or(|wanted| wanted == dept)
    }

    fn takes_day(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// What of an alert a filter looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct AlertParts<'a> {
    pub rule: &'a str,
    pub key: &'a str,
    pub level: Level,
    pub at: &'a str,
    pub region: &'a str,
    pub dept: &'a str,
}
