//! The scheme of a score: every number as data, read from TOML and checked. Which cards cost what
//! follows from it alone; nothing here computes a score.

use super::pattern::{Fit, fits, lay_over, prefix};
use crate::exact::{MILLI, Milli};
use plumbline_contract::alert::Level;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The scheme as shipped.
pub const SHIPPED: &str = include_str!("../../data/cn-county-v1.toml");
/// Ids of the shipped rules, one a line.
const RULE_IDS: &str = include_str!("../../data/rule-ids.txt");

/// See the module. Numbers with decimals are thousandths.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    pub id: String,
    pub version: u32,
    pub base: Milli,
    pub floor: Milli,
    pub ceiling: Milli,
    pub bonus_cap: Milli,
    pub scale: Milli,
    pub mean: Mean,
    pub exposure: Exposure,
    #[serde(rename = "dimension")]
    pub dimensions: BTreeMap<String, Dimension>,
    pub cards: Cards,
    pub appeal: Appeal,
    pub suspicion: Rules,
    /// Rules that are nobody's points.
    pub unscored: Rules,
    pub bonus: Bonus,
    /// Points by kind of sanction.
    pub sanction: BTreeMap<String, Milli>,
    pub data: Data,
    pub veto: Veto,
    pub grades: Grades,
    pub annual: Annual,
    pub credit: CreditScheme,
    pub escalation: Escalation,
}

/// How months make a longer period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mean {
    Exposure,
    Plain,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exposure {
    pub normalise: Normalise,
    pub per: u32,
    pub min: u32,
    pub officer_min: u32,
    pub tiers: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    PerCases,
    Raw,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    pub order: u32,
    pub zh: String,
    pub en: String,
    pub weight: Milli,
    /// Patterns of rules: `*` stands for anything.
    pub rules: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cards {
    pub notice: Milli,
    pub yellow: Milli,
    pub red: Milli,
    pub repeat_factor: Milli,
    pub repeat_days: u32,
    pub unanswered_extra: Milli,
    pub ack_wd: u32,
}

impl Cards {
    #[must_use]
    pub fn points(&self, level: Level) -> Milli {
        match level {
            Level::Notice => self.notice,
            Level::Yellow => self.yellow,
            Level::Red => self.red,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    pub window_wd: u32,
    pub decide_wd: u32,
    pub silence: Silence,
}

/// What becomes of a card against which nobody appealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Silence {
    Final,
    Open,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub rules: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bonus {
    pub early_share_step: Milli,
    pub early_points: Milli,
    pub early_cap: Milli,
    pub early_within: Milli,
    pub promise_cut: Milli,
    pub promise_points: Milli,
    pub satisfaction: Milli,
    pub satisfaction_points: Milli,
    pub clean_months: u32,
    pub clean_points: Milli,
    pub min_cases: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    pub per_pct_missing: Milli,
    pub cap: Milli,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Veto {
    pub rules: Vec<String>,
    pub cap_grade: Grade,
}

/// Grade (等次).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    Fail,
    Pass,
    Good,
    Excellent,
}

impl Grade {
    /// Chinese and English name.
    #[must_use]
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Fail => ("不合格", "fail"),
            Self::Pass => ("合格", "pass"),
            Self::Good => ("良好", "good"),
            Self::Excellent => ("优秀", "excellent"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grades {
    pub excellent: Milli,
    pub good: Milli,
    pub pass: Milli,
}

impl Grades {
    #[must_use]
    pub fn of(&self, points: Milli) -> Grade {
        if points >= self.excellent {
            Grade::Excellent
        } else if points >= self.good {
            Grade::Good
        } else if points >= self.pass {
            Grade::Pass
        } else {
            Grade::Fail
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annual {
    pub months: Milli,
    pub sample: Milli,
    pub satisfaction: Milli,
    pub contribution: Milli,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditScheme {
    pub base: Milli,
    pub yellow: Milli,
    pub red: Milli,
    pub months: u32,
    pub half_life_months: u32,
    pub propose_below: Milli,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    pub order_yellow: u32,
    pub order_red: u32,
    pub talk_red: u32,
    pub advice_red: u32,
}

/// Rules that start so are the host's own.
const HOST_RULE_PREFIX: &str = "HOST-";

/// Why a scheme is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemeError {
    /// Not TOML, an unknown or missing entry, or a number that is negative or too fine.
    Syntax(String),
    /// The weights add up to this and not to the base.
    Weights { sum: Milli, base: Milli },
    /// The parts of the annual score add up to this and not to 1.
    Annual(Milli),
    /// No rule has this id, or fits this pattern.
    Rule { place: String, rule: String },
    /// An entry has a value that makes no sense, with the reason.
    Value { place: &'static str, why: &'static str },
}

impl fmt::Display for SchemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(detail) => write!(f, "malformed scheme: {detail}"),
            Self::Weights { sum, base } => {
                write!(f, "the weights of the dimensions add up to {sum}, not to {base}")
            }
            Self::Annual(sum) => write!(f, "the parts of [annual] add up to {sum}, not to 1"),
            Self::Rule { place, rule } => write!(f, "{place}: there is no rule `{rule}`"),
            Self::Value { place, why } => write!(f, "{place} {why}"),
        }
    }
}

impl std::error::Error for SchemeError {}

impl Scheme {
    /// The shipped scheme with a region's changes laid over it, checked. `rules` are ids of rules
    /// beside the shipped ones, for instance of vendors' plugins.
    ///
    /// # Errors
    /// Names the entry that is wrong.
    pub fn load<'a>(
        changes: &str,
        rules: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, SchemeError> {
        let table = |text: &str| -> Result<toml::Table, SchemeError> {
            toml::from_str(text).map_err(|error| SchemeError::Syntax(error.to_string()))
        };
        let mut whole = table(SHIPPED)?;
        lay_over(&mut whole, table(changes)?);
        let scheme: Self = whole
            .try_into()
            .map_err(|error: toml::de::Error| SchemeError::Syntax(error.to_string()))?;
        let shipped = RULE_IDS.lines().filter(|line| !line.starts_with('#'));
        scheme.check(&shipped.chain(rules).collect())?;
        Ok(scheme)
    }

    /// The scheme as shipped.
    ///
    /// # Panics
    /// Never: a test loads it.
    #[must_use]
    pub fn shipped() -> Self {
        Self::load("", []).expect("the shipped scheme is loaded by a test")
    }

    fn check(&self, known: &BTreeSet<&str>) -> Result<(), SchemeError> {
        let sum = Milli(self.dimensions.values().map(|dimension| dimension.weight.0).sum());
        if sum != self.base {
            return Err(SchemeError::Weights { sum, base: self.base });
        }
        let annual = &self.annual;
        let sum = Milli(annual.months.0 + annual.sample.0 + annual.satisfaction.0);
        if sum.0 != MILLI {
            return Err(SchemeError::Annual(sum));
        }
        let dimensions = self.dimensions.iter();
        let mut named: Vec<(String, &Vec<String>)> = dimensions
            .map(|(id, dimension)| (format!("dimension.{id}.rules"), &dimension.rules))
            .collect();
        named.push(("suspicion.rules".to_owned(), &self.suspicion.rules));
        named.push(("unscored.rules".to_owned(), &self.unscored.rules));
        named.push(("veto.rules".to_owned(), &self.veto.rules));
        for (place, patterns) in named {
            let unknown = |pattern: &&String| !known.iter().any(|rule| fits(pattern, rule));
            if let Some(rule) = patterns.iter().find(unknown) {
                return Err(SchemeError::Rule { place, rule: rule.clone() });
            }
        }
        self.check_values()
    }

    fn check_values(&self) -> Result<(), SchemeError> {
        let (grades, exposure) = (&self.grades, &self.exposure);
        let wrong = [
            (self.base.0 != 100 * MILLI, "base", "is not 100"),
            (self.scale.0 == 0, "scale", "is zero"),
            (self.ceiling < self.floor, "ceiling", "lies below the floor"),
            (exposure.per == 0, "exposure.per", "is zero"),
            (exposure.min == 0, "exposure.min", "is zero"),
            (!exposure.tiers.is_sorted(), "exposure.tiers", "do not ascend"),
            (self.bonus.early_share_step.0 == 0, "bonus.early_share_step", "is zero"),
            (self.cards.repeat_factor.0 < MILLI, "cards.repeat_factor", "is less than 1"),
            (self.credit.half_life_months == 0, "credit.half_life_months", "is zero"),
            (grades.good > grades.excellent, "grades.good", "lies above excellent"),
            (grades.pass > grades.good, "grades.pass", "lies above good"),
        ];
        match wrong.into_iter().find(|(is_wrong, ..)| *is_wrong) {
            Some((_, place, why)) => Err(SchemeError::Value { place, why }),
            None => Ok(()),
        }
    }

    /// The dimensions in their order.
    #[must_use]
    pub fn in_order(&self) -> Vec<(&str, &Dimension)> {
        let mut all: Vec<_> =
            self.dimensions.iter().map(|(id, dimension)| (id.as_str(), dimension)).collect();
        all.sort_by_key(|(id, dimension)| (dimension.order, *id));
        all
    }

    /// The one dimension in which a rule counts: the pattern with the longest beginning without a
    /// star wins, then the longer one. `None` if none
    /// fits or the rule is unscored.
    #[must_use]
    pub fn dimension(&self, rule: &str) -> Option<&str> {
        if self.is_unscored(rule) {
            return None;
        }
        let mut best: Option<(Fit, &str)> = None;
        for (id, dimension) in self.in_order() {
            for pattern in dimension.rules.iter().filter(|pattern| fits(pattern, rule)) {
                let fit = (prefix(pattern), pattern.len());
                if best.is_none_or(|(of, _)| fit > of) {
                    best = Some((fit, id));
                }
            }
        }
        best.map(|(_, id)| id)
    }

    /// The host's own alerts never are scored, whatever pattern fits them: they say of a source what a
    /// rule of a plugin says as well (NET-S01, NET-D02), and one fact costs once.
    #[must_use]
    pub fn is_unscored(&self, rule: &str) -> bool {
        rule.starts_with(HOST_RULE_PREFIX)
            || self.unscored.rules.iter().any(|pattern| fits(pattern, rule))
    }

    #[must_use]
    pub fn is_suspicion(&self, rule: &str) -> bool {
        self.suspicion.rules.iter().any(|pattern| fits(pattern, rule))
    }

    #[must_use]
    pub fn is_veto(&self, rule: &str) -> bool {
        self.veto.rules.iter().any(|pattern| fits(pattern, rule))
    }
}
