//! The first pass: what one process says, small enough to keep for all of them.

use crate::finding::Indicator;
use crate::price::{Gap, gap, identical, lowest_is_out};
use crate::process::{Award, Bid, Process, instant};
use crate::settings::Settings;
use plumbline_contract::time::MS_PER_DAY;
use std::collections::{BTreeMap, BTreeSet};

/// The currency in which prices are compared, once it is known.
#[derive(Clone, Debug, Default)]
pub struct Currency {
    pub code: Option<String>,
    /// Bids in another one.
    pub skipped: u64,
}

impl Currency {
    /// The price of a bid in this currency. The first bid that is asked for decides it where the
    /// settings do not.
    pub(crate) fn comparable(&mut self, bid: &Bid) -> Option<f64> {
        let (price, currency) = (bid.price?, bid.currency.as_ref()?);
        if self.code.get_or_insert_with(|| currency.clone()) == currency {
            return Some(price);
        }
        self.skipped += 1;
        None
    }
}

/// Disqualified bids among submitted ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub part: u64,
    pub whole: u64,
    pub processes: u64,
}

/// What one process says. `None` where an indicator had nothing to look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub r003: Option<bool>,
    pub r018: Option<bool>,
    /// Tenderers with the same price.
    pub r028: Option<BTreeSet<String>>,
    /// Winners whose bid was late.
    pub r030: Option<BTreeSet<String>>,
    /// The winner, and how many others were disqualified, if that is why he won.
    pub r035: Option<Option<(String, usize)>>,
    pub r036: Option<bool>,
    /// For R024 and R058.
    pub gap: Option<Gap>,
    /// For R025: tenderers with a valid bid, and whether they won.
    pub contest: BTreeMap<String, bool>,
    /// For R038: the process as a whole, and each tenderer.
    pub bids: Share,
    pub tenderers: BTreeMap<String, Share>,
    /// For R048: the first-level classes that each supplier was awarded.
    pub classes: BTreeMap<String, BTreeSet<String>>,
}

impl Facts {
    /// Looks at a process that has been corrected and is not excluded.
    pub(crate) fn of(process: &Process, settings: &Settings, currency: &mut Currency) -> Self {
        let on = |indicator| settings.enabled(indicator);
        let prices = settings.compares_prices(process);
        let mut facts = Self::default();
        if on(Indicator::R003) {
            facts.r003 = is_short(process, settings);
        }
        if on(Indicator::R018) {
            facts.r018 = is_single(process, settings);
        }
        if prices && (on(Indicator::R024) || on(Indicator::R058)) {
            facts.gap = gap(process, currency);
        }
        if on(Indicator::R025) {
            facts.contest = contest(process);
        }
        if prices && on(Indicator::R028) {
            facts.r028 = identical(process, settings);
        }
        if on(Indicator::R030) {
            facts.r030 = late_winners(process);
        }
        if on(Indicator::R035) {
            facts.r035 = last_one_left(process, settings.r035.threshold.max(1));
        }
        if prices && on(Indicator::R036) {
            facts.r036 = lowest_is_out(process, settings, currency);
        }
        if on(Indicator::R038) {
            facts.count(process, settings);
        }
        if on(Indicator::R048) {
            facts.classify(process, settings.r048.digits);
        }
        facts
    }

    fn count(&mut self, process: &Process, settings: &Settings) {
        for bid in process.bids.iter().filter(|bid| settings.is_submitted(bid)) {
            let part = u64::from(bid.has("disqualified"));
            self.bids.part += part;
            self.bids.whole += 1;
            self.bids.processes = 1;
            for tenderer in bid.known_tenderers() {
                let share = self.tenderers.entry(tenderer.to_owned()).or_default();
                share.part += part;
                share.whole += 1;
                share.processes = 1;
            }
        }
    }

    /// Items of an award with several suppliers may come from any of them.
    fn classify(&mut self, process: &Process, digits: usize) {
        for award in process.awards.iter().filter(|award| award.is_active()) {
            let Some(supplier) = award.only_supplier().filter(|_| !award.classes.is_empty()) else {
                continue;
            };
            let classes = self.classes.entry(supplier.to_owned()).or_default();
            classes.extend(award.classes.iter().map(|id| id.chars().take(digits).collect()));
        }
    }
}

/// R003: whether the whole days between the begin and the end of the time for bids are too few.
fn is_short(process: &Process, settings: &Settings) -> Option<bool> {
    let methods = &settings.r003.procurement_methods;
    let named = process.method.as_ref().is_some_and(|method| methods.contains(method));
    if !(methods.is_empty() || named) {
        return None;
    }
    let from = instant(process.period_from.as_deref()?)?;
    let to = instant(process.period_to.as_deref()?)?;
    let days = (to.0 - from.0) / MS_PER_DAY;
    let own = process.method_details.as_ref();
    let own = own.and_then(|details| settings.r003.procurement_method_details.get(details));
    Some(days < own.copied().unwrap_or(settings.r003.threshold))
}

/// R018: whether there was one tenderer only, where there should have been competition.
fn is_single(process: &Process, settings: &Settings) -> Option<bool> {
    let methods = &settings.r018.procurement_methods;
    let named = process.method.as_ref().is_some_and(|method| methods.contains(method));
    if !(methods.is_empty() || named) {
        return None;
    }
    let counted = || {
        let named: BTreeSet<_> = process.tenderers.iter().filter(|id| !id.is_empty()).collect();
        let wanted = settings.r018.count_tenderers && !named.is_empty();
        wanted.then_some(named.len() as u64)
    };
    Some(process.tenderers_count.or_else(counted)? == 1)
}

/// R025: each tenderer counts once, however many bids he made.
fn contest(process: &Process) -> BTreeMap<String, bool> {
    let Some(winner) = process.only_winner() else { return BTreeMap::new() };
    let valid = process.bids.iter().filter(|bid| bid.has("valid"));
    valid.filter_map(Bid::only_tenderer).map(|id| (id.to_owned(), id == winner)).collect()
}

/// R030: suppliers of an active award among the tenderers of a valid bid that came too late.
fn late_winners(process: &Process) -> Option<BTreeSet<String>> {
    let end = process.period_to.as_deref()?;
    let active = process.awards.iter().filter(|award| award.is_active());
    let suppliers: BTreeSet<&str> = active.flat_map(Award::known_suppliers).collect();
    let dated = |bid: &&Bid| bid.has("valid") && bid.at.is_some();
    if suppliers.is_empty() || !process.bids.iter().any(|bid| dated(&bid)) {
        return None;
    }
    let late = process.bids.iter().filter(dated).filter(|bid| is_after(bid.at.as_deref(), end));
    let won = late.flat_map(Bid::known_tenderers).filter(|id| suppliers.contains(id));
    Some(won.map(str::to_owned).collect())
}

/// Instants where both are instants; else as texts, which is what the published tool always does.
fn is_after(date: Option<&str>, end: &str) -> bool {
    let Some(date) = date else { return false };
    match (instant(date), instant(end)) {
        (Some(date), Some(end)) => date > end,
        _ => date > end,
    }
}

/// R035: the only tenderer with valid bids supplies all active awards, and others were disqualified.
fn last_one_left(process: &Process, threshold: usize) -> Option<Option<(String, usize)>> {
    let awards = process.final_awards()?;
    let suppliers: BTreeSet<&str> = awards.into_iter().flat_map(Award::known_suppliers).collect();
    let of = |status: &'static str| -> BTreeSet<&str> {
        let bids = process.bids.iter().filter(move |bid| bid.has(status));
        bids.flat_map(Bid::known_tenderers).collect()
    };
    let (valid, disqualified) = (of("valid"), of("disqualified"));
    if suppliers.is_empty() || valid.is_empty() && disqualified.is_empty() {
        return None;
    }
    let others = disqualified.difference(&valid).count();
    let winner = valid.first().filter(|_| valid.len() == 1 && valid == suppliers);
    Some(winner.filter(|_| others >= threshold).map(|id| ((*id).to_owned(), others)))
}
