//! Settings of the indicators: which of them look, their thresholds, and corrections of what
//! publishers write. The names are those of the published tool where it has the setting.

use crate::finding::Indicator;
use crate::process::{Bid, Process};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// Why a settings file is not taken; the text names the key.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct SettingsError(String);

/// A settings file. Every key may be left out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The currency in which prices are compared; the first one that is met if not given.
    pub currency: Option<String>,
    /// Details of methods for which the buyer sets prices: their prices are not compared.
    pub no_price_comparison_procurement_methods: BTreeSet<String>,
    /// The only ones whose prices are compared; then the list above has no effect.
    pub price_comparison_procurement_methods: BTreeSet<String>,
    /// Whether bids that nobody has judged yet count as submitted.
    pub pending_bids_are_submitted: bool,
    pub defaults: Defaults,
    pub codelists: Codelists,
    pub redactions: Redactions,
    pub exclusions: Exclusions,
    pub warnings: Warnings,
    #[serde(rename = "R003")]
    pub r003: R003,
    #[serde(rename = "R018")]
    pub r018: R018,
    #[serde(rename = "R024")]
    pub r024: Ratio,
    #[serde(rename = "R025")]
    pub r025: R025,
    #[serde(rename = "R028")]
    pub r028: Plain,
    #[serde(rename = "R030")]
    pub r030: Plain,
    #[serde(rename = "R035")]
    pub r035: R035,
    #[serde(rename = "R036")]
    pub r036: Plain,
    #[serde(rename = "R038")]
    pub r038: R038,
    #[serde(rename = "R048")]
    pub r048: R048,
    #[serde(rename = "R058")]
    pub r058: Ratio,
}

/// Values that stand in for missing ones.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Defaults {
    pub currency: Option<String>,
    pub bid_status: Option<String>,
    pub award_status: Option<String>,
}

/// A publisher's words for codes of OCDS.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Codelists {
    pub bid_status: BTreeMap<String, String>,
    pub award_status: BTreeMap<String, String>,
}

/// Values that mean that nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redactions {
    pub amount: Vec<f64>,
    pub organization_id: BTreeSet<String>,
}

/// Processes that no indicator looks at, besides cancelled ones.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exclusions {
    pub procurement_method_details: BTreeSet<String>,
}

/// When so many flags say more about the data than about anybody.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Warnings {
    /// More than this share of the units flagged.
    pub share: f64,
    /// Among at least so many.
    pub units: u64,
}

impl Default for Warnings {
    fn default() -> Self {
        Self { share: 0.1, units: 20 }
    }
}

/// An indicator without thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plain {
    pub enabled: bool,
}

impl Default for Plain {
    fn default() -> Self {
        Self { enabled: true }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct R003 {
    pub enabled: bool,
    /// Fewer whole days are short.
    pub threshold: i64,
    /// Only these methods; all if empty.
    pub procurement_methods: BTreeSet<String>,
    /// Own thresholds by details of the method.
    pub procurement_method_details: BTreeMap<String, i64>,
}

impl Default for R003 {
    fn default() -> Self {
        Self {
            enabled: true,
            threshold: 15,
            procurement_methods: BTreeSet::new(),
            procurement_method_details: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct R018 {
    pub enabled: bool,
    /// Methods with competition.
    pub procurement_methods: BTreeSet<String>,
    /// Where the number of tenderers is not published, count those that are named.
    pub count_tenderers: bool,
}

impl Default for R018 {
    fn default() -> Self {
        let procurement_methods = ["open", "selective"].map(str::to_owned).into();
        Self { enabled: true, procurement_methods, count_tenderers: false }
    }
}

/// R024 and R058.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ratio {
    pub enabled: bool,
    /// Instead of the fence.
    pub threshold: Option<f64>,
}

impl Default for Ratio {
    fn default() -> Self {
        Self { enabled: true, threshold: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct R025 {
    pub enabled: bool,
    /// Tenderers with at least as many bids as this percentile are looked at.
    pub percentile: u8,
    pub threshold: Option<f64>,
}

impl Default for R025 {
    fn default() -> Self {
        Self { enabled: true, percentile: 75, threshold: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct R035 {
    pub enabled: bool,
    /// Disqualified tenderers, at least one.
    pub threshold: usize,
}

impl Default for R035 {
    fn default() -> Self {
        Self { enabled: true, threshold: 1 }
    }
}

/// What the minimum of a buyer or procuring entity counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counted {
    /// Submitted bids: what the published program does.
    Bids,
    /// Contracting processes: what the published definition says. One process is no habit.
    #[default]
    Processes,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct R038 {
    pub enabled: bool,
    pub threshold: Option<f64>,
    /// Of a tenderer.
    pub minimum_submitted_bids: u64,
    /// Of a buyer or procuring entity; see [`Counted`].
    pub minimum_contracting_processes: u64,
    pub minimum_counts: Counted,
}

impl Default for R038 {
    fn default() -> Self {
        Self {
            enabled: true,
            threshold: None,
            minimum_submitted_bids: 2,
            minimum_contracting_processes: 2,
            minimum_counts: Counted::default(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct R048 {
    pub enabled: bool,
    pub threshold: Option<u64>,
    /// Signs at the start of a classification that name its first level.
    pub digits: usize,
    pub minimum_contracting_processes: u64,
}

impl Default for R048 {
    fn default() -> Self {
        Self { enabled: true, threshold: None, digits: 2, minimum_contracting_processes: 20 }
    }
}

impl Settings {
    /// Reads a settings file.
    ///
    /// # Errors
    /// If it is no TOML, names a key that does not exist, or a value is out of its bounds.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let settings: Self =
            toml::from_str(text).map_err(|e| SettingsError(e.to_string().trim_end().to_owned()))?;
        let wrong = |key: &str| Err(SettingsError(format!("{key} is out of bounds")));
        if settings.r025.percentile > 100 {
            return wrong("R025.percentile");
        }
        if !(0.0..=1.0).contains(&settings.warnings.share) {
            return wrong("warnings.share");
        }
        if settings.r048.digits == 0 {
            return wrong("R048.digits");
        }
        Ok(settings)
    }

    #[must_use]
    pub fn enabled(&self, indicator: Indicator) -> bool {
        match indicator {
            Indicator::R003 => self.r003.enabled,
            Indicator::R018 => self.r018.enabled,
            Indicator::R024 => self.r024.enabled,
            Indicator::R025 => self.r025.enabled,
            Indicator::R028 => self.r028.enabled,
            Indicator::R030 => self.r030.enabled,
            Indicator::R035 => self.r035.enabled,
            Indicator::R036 => self.r036.enabled,
            Indicator::R038 => self.r038.enabled,
            Indicator::R048 => self.r048.enabled,
            Indicator::R058 => self.r058.enabled,
        }
    }

    /// Applies defaults, codes and redactions.
    pub(crate) fn correct(&self, process: &mut Process) {
        for bid in &mut process.bids {
            status(&mut bid.status, self.defaults.bid_status.as_ref(), &self.codelists.bid_status);
            if bid.currency.is_none() {
                bid.currency.clone_from(&self.defaults.currency);
            }
            // An exact comparison: the value that a publisher writes for "not told".
            if bid.price.is_some_and(|price| self.redactions.amount.contains(&price)) {
                bid.price = None;
            }
            self.redact(&mut bid.tenderers);
        }
        for award in &mut process.awards {
            let codes = &self.codelists.award_status;
            status(&mut award.status, self.defaults.award_status.as_ref(), codes);
            self.redact(&mut award.suppliers);
        }
        for organization in [&mut process.buyer, &mut process.procuring_entity] {
            organization.take_if(|id| self.redactions.organization_id.contains(id));
        }
    }

    fn redact(&self, ids: &mut [String]) {
        for id in ids.iter_mut().filter(|id| self.redactions.organization_id.contains(*id)) {
            id.clear();
        }
    }

    pub(crate) fn is_excluded(&self, process: &Process) -> bool {
        let details = process.method_details.as_ref();
        process.tender_status.as_deref() == Some("cancelled")
            || details.is_some_and(|d| self.exclusions.procurement_method_details.contains(d))
    }

    pub(crate) fn compares_prices(&self, process: &Process) -> bool {
        let (only, never) = (
            &self.price_comparison_procurement_methods,
            &self.no_price_comparison_procurement_methods,
        );
        match &process.method_details {
            Some(details) if only.is_empty() => !never.contains(details),
            Some(details) => only.contains(details),
            None => only.is_empty(),
        }
    }

    pub(crate) fn is_submitted(&self, bid: &Bid) -> bool {
        match bid.status.as_deref() {
            Some("valid" | "disqualified") => true,
            None | Some("invited" | "withdrawn") => false,
            Some(_) => self.pending_bids_are_submitted,
        }
    }
}

fn status(status: &mut Option<String>, default: Option<&String>, codes: &BTreeMap<String, String>) {
    if status.is_none() {
        *status = default.cloned();
    }
    if let Some(code) = status.as_ref().and_then(|status| codes.get(status)) {
        *status = Some(code.clone());
    }
}
