//! What came out: flags by unit, the distributions behind them, and warnings.
//!
//! As JSON it is what the published tool writes (`OCID`, `Buyer`, `ProcuringEntity`, `Tenderer` and
//! `Meta`, whose figures have four decimals), and beside that `Distributions`, `Warnings` and
//! `Figures`.

use crate::figure::{Figure, Figures, LISTED_MAX};
use crate::quantile::{Quartiles, Sorted};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// An indicator by its published code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Indicator {
    R003,
    R018,
    R024,
    R025,
    R028,
    R030,
    R035,
    R036,
    R038,
    R048,
    R058,
}

impl Indicator {
    pub const ALL: [Self; 11] = [
        Self::R003,
        Self::R018,
        Self::R024,
        Self::R025,
        Self::R028,
        Self::R030,
        Self::R035,
        Self::R036,
        Self::R038,
        Self::R048,
        Self::R058,
    ];
}

impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What a flag is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Group {
    #[serde(rename = "OCID")]
    Ocid,
    Buyer,
    ProcuringEntity,
    Tenderer,
}

impl Group {
    /// As the published tool writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ocid => "OCID",
            Self::Buyer => "Buyer",
            Self::ProcuringEntity => "ProcuringEntity",
            Self::Tenderer => "Tenderer",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The values of the indicators by unit.
pub type Flags = BTreeMap<String, BTreeMap<Indicator, f64>>;

/// How the values of an indicator lie among the units that it looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Distribution {
    /// Units that it could look at.
    pub units: u64,
    pub flagged: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
}

/// Of a statistical indicator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub min: f64,
    pub q1: f64,
    pub median: f64,
    pub q3: f64,
    pub max: f64,
    /// The limit in force: the fence, or the threshold of the settings.
    pub limit: f64,
    /// Whether the limit is a threshold of the settings.
    pub fixed: bool,
}

impl Spread {
    pub(crate) fn of(values: &Sorted, quartiles: Quartiles, limit: f64, fixed: bool) -> Self {
        let Quartiles { q1, median, q3 } = quartiles;
        let (min, max) = (values.min().unwrap_or(q1), values.max().unwrap_or(q3));
        Self { min, q1, median, q3, max, limit, fixed }
    }
}

/// Why flags should be read with care.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Warning {
    /// So many units are flagged that the flag says more about the data than about anybody.
    TooMany { indicator: Indicator, group: Group, flagged: u64, units: u64 },
    /// Both quartiles are the same value, so that the fence lies on it.
    Degenerate { indicator: Indicator, group: Group, quartile: f64, units: u64 },
    /// Bids in another currency than the compared one.
    OtherCurrency { bids: u64 },
    /// Processes whose bids did not all fit into their event.
    BidsLeftOut { processes: u64, bids: u64 },
    /// Payloads that could not be read.
    Unreadable { processes: u64 },
}

/// Everything that came out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    pub processes: u64,
    pub currency: Option<String>,
    pub flags: BTreeMap<Group, Flags>,
    /// The figures behind each flag.
    pub figures: BTreeMap<Group, BTreeMap<String, BTreeMap<Indicator, Figures>>>,
    pub meta: BTreeMap<Indicator, BTreeMap<String, f64>>,
    pub distributions: BTreeMap<Indicator, BTreeMap<Group, Distribution>>,
    pub warnings: Vec<Warning>,
}

impl Findings {
    /// The value of an indicator for a unit, if it is flagged.
    #[must_use]
    pub fn value(&self, group: Group, unit: &str, indicator: Indicator) -> Option<f64> {
        self.flags.get(&group)?.get(unit)?.get(&indicator).copied()
    }

    /// Every flag: group, unit, indicator and value.
    pub fn rows(&self) -> impl Iterator<Item = (Group, &str, Indicator, f64)> {
        self.flags.iter().flat_map(|(group, flags)| {
            flags.iter().flat_map(|(unit, values)| {
                values.iter().map(|(code, value)| (*group, unit.as_str(), *code, *value))
            })
        })
    }

    pub(crate) fn flag(&mut self, group: Group, unit: &str, indicator: Indicator, value: f64) {
        let flags = self.flags.entry(group).or_default();
        flags.entry(unit.to_owned()).or_default().insert(indicator, value);
    }

    /// The figures behind a flag, if there are any.
    #[must_use]
    pub fn figures(&self, group: Group, unit: &str, indicator: Indicator) -> Option<&Figures> {
        self.figures.get(&group)?.get(unit)?.get(&indicator)
    }

    pub(crate) fn explain(
        &mut self,
        group: Group,
        unit: &str,
        indicator: Indicator,
        figures: Figures,
    ) {
        let units = self.figures.entry(group).or_default();
        units.entry(unit.to_owned()).or_default().entry(indicator).or_default().extend(figures);
    }

    /// Notes a process that a flag of somebody in it rests on.
    pub(crate) fn because_of(&mut self, unit: &str, indicator: Indicator, ocid: &str) {
        let units = self.figures.entry(Group::Tenderer).or_default();
        let figures = units.entry(unit.to_owned()).or_default().entry(indicator).or_default();
        let known = figures.entry("processes").or_insert_with(|| Figure::List(Vec::new()));
        if let Figure::List(known) = known
            && known.len() < LISTED_MAX
            && known.last().is_none_or(|last| last != ocid)
        {
            known.push(ocid.to_owned());
        }
    }

    pub(crate) fn note(&mut self, indicator: Indicator, name: impl Into<String>, value: f64) {
        self.meta.entry(indicator).or_default().insert(name.into(), value);
    }
}

impl Serialize for Findings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (group, flags) in self.flags.iter().filter(|(_, flags)| !flags.is_empty()) {
            map.serialize_entry(group, flags)?;
        }
        let round = |value: f64| (value * 10_000.0).round() / 10_000.0;
        let rounded = |figures: &BTreeMap<String, f64>| -> BTreeMap<String, f64> {
            figures.iter().map(|(name, value)| (name.clone(), round(*value))).collect()
        };
        let meta: BTreeMap<_, _> =
            self.meta.iter().map(|(code, figures)| (code, rounded(figures))).collect();
        map.serialize_entry("Meta", &meta)?;
        map.serialize_entry("Distributions", &self.distributions)?;
        map.serialize_entry("Warnings", &self.warnings)?;
        map.serialize_entry("Figures", &self.figures)?;
        map.end()
    }
}
