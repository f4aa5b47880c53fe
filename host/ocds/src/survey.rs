//! All processes together: facts go in one by one, findings come out at the end.

use crate::fact::{Currency, Facts, Share};
use crate::figure;
use crate::finding::{Findings, Group, Indicator, Warning};
use crate::outlier;
use crate::price::Gap;
use crate::process::Process;
use crate::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};

/// See the module. A process goes in once: the caller knows which of its versions is the newest.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    settings: Settings,
    currency: Currency,
    findings: Findings,
    unreadable: u64,
    cut: (u64, u64),
    /// Units that the indicators about single processes looked at.
    examined: BTreeMap<Indicator, u64>,
    pub(crate) gaps: BTreeMap<String, Gap>,
    /// Valid bids and wins of tenderers, each process counted once.
    pub(crate) contests: BTreeMap<String, Share>,
    pub(crate) shares: BTreeMap<Group, BTreeMap<String, Share>>,
    /// Processes and classes of suppliers.
    pub(crate) classes: BTreeMap<String, (u64, BTreeSet<String>)>,
}

impl Survey {
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let currency = Currency { code: settings.currency.clone(), skipped: 0 };
        Self { settings, currency, ..Self::default() }
    }

    /// Takes in the payload of a process; one that cannot be read is counted.
    pub fn add_payload(&mut self, payload: &str) {
        match Process::read(payload) {
            Ok(process) if !process.ocid.is_empty() => self.add(process),
            _ => self.unreadable += 1,
        }
    }

    /// Takes in a process.
    pub fn add(&mut self, mut process: Process) {
        self.settings.correct(&mut process);
        self.findings.processes += 1;
        if self.settings.is_excluded(&process) {
            return;
        }
        if let Some(bids) = process.bids_left_out {
            self.cut = (self.cut.0 + 1, self.cut.1 + bids);
        }
        let facts = Facts::of(&process, &self.settings, &mut self.currency);
        self.keep(process, facts);
    }

    fn keep(&mut self, process: Process, facts: Facts) {
        let ocid = process.ocid.clone();
        let plain = [
            (Indicator::R003, facts.r003),
            (Indicator::R018, facts.r018),
            (Indicator::R036, facts.r036),
        ];
        for (indicator, fires) in plain {
            self.mark(indicator, &process, fires.map(|fires| fires.then_some(1.0)));
        }
        if let Some(same) = facts.r028.as_ref().filter(|same| !same.is_empty()) {
            let figures = figure::of_same(same);
            self.findings.explain(Group::Ocid, &ocid, Indicator::R028, figures);
        }
        for (indicator, tenderers) in [(Indicator::R028, facts.r028), (Indicator::R030, facts.r030)]
        {
            let fires = tenderers.as_ref().map(|found| (!found.is_empty()).then_some(1.0));
            self.mark(indicator, &process, fires);
            for tenderer in tenderers.into_iter().flatten() {
                self.findings.flag(Group::Tenderer, &tenderer, indicator, 1.0);
                self.findings.because_of(&tenderer, indicator, &ocid);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a number of tenderers")]
        let others = |found: &(String, usize)| found.1 as f64;
        let fires = facts.r035.as_ref().map(|found| found.as_ref().map(others));
        self.mark(Indicator::R035, &process, fires);
        if let Some(Some((winner, _))) = facts.r035 {
            self.findings.flag(Group::Tenderer, &winner, Indicator::R035, 0.0);
            self.findings.because_of(&winner, Indicator::R035, &ocid);
        }
        for (tenderer, won) in facts.contest {
            let share = self.contests.entry(tenderer).or_default();
            share.part += u64::from(won);
            share.whole += 1;
        }
        let Process { buyer, procuring_entity, .. } = process;
        if facts.bids.whole > 0 {
            self.add_share(Group::Buyer, buyer, facts.bids);
            self.add_share(Group::ProcuringEntity, procuring_entity, facts.bids);
        }
        for (tenderer, share) in facts.tenderers {
            self.add_share(Group::Tenderer, Some(tenderer), share);
        }
        for (supplier, classes) in facts.classes {
            let known = self.classes.entry(supplier).or_default();
            known.0 += 1;
            known.1.extend(classes);
        }
        if let Some(gap) = facts.gap {
            self.gaps.insert(ocid, gap);
        }
    }

    fn mark(&mut self, indicator: Indicator, process: &Process, fires: Option<Option<f64>>) {
        let Some(value) = fires else { return };
        *self.examined.entry(indicator).or_default() += 1;
        if let Some(value) = value {
            self.findings.flag(Group::Ocid, &process.ocid, indicator, value);
            let figures = figure::of_process(
                indicator,
                process,
                &self.settings,
                self.currency.code.as_deref(),
            );
            self.findings.explain(Group::Ocid, &process.ocid, indicator, figures);
        }
    }

    fn add_share(&mut self, group: Group, unit: Option<String>, share: Share) {
        let Some(unit) = unit.filter(|unit| !unit.is_empty()) else { return };
        let known = self.shares.entry(group).or_default().entry(unit).or_default();
        known.part += share.part;
        known.whole += share.whole;
        known.processes += share.processes;
    }

    /// The second pass.
    #[must_use]
    pub fn finish(mut self) -> Findings {
        let mut findings = std::mem::take(&mut self.findings);
        for (indicator, units) in &self.examined {
            let groups = findings.distributions.entry(*indicator).or_default();
            groups.entry(Group::Ocid).or_default().units = *units;
        }
        outlier::find(&self, &self.settings, &mut findings);
        findings.currency = self.currency.code;
        self.settings.warnings.count(&mut findings);
        let general = [
            (self.currency.skipped, Warning::OtherCurrency { bids: self.currency.skipped }),
            (self.cut.0, Warning::BidsLeftOut { processes: self.cut.0, bids: self.cut.1 }),
            (self.unreadable, Warning::Unreadable { processes: self.unreadable }),
        ];
        let said = general.into_iter().filter(|(count, _)| *count > 0);
        findings.warnings.extend(said.map(|(_, warning)| warning));
        findings
    }
}

impl crate::settings::Warnings {
    /// Counts the flagged units of each distribution and warns of too many.
    #[expect(clippy::cast_precision_loss, reason = "numbers of units")]
    fn count(self, findings: &mut Findings) {
        let flags = &findings.flags;
        let flagged = |indicator, group| {
            let units = flags.get(&group).into_iter().flatten();
            units.filter(|(_, values)| values.contains_key(&indicator)).count() as u64
        };
        for (indicator, groups) in &mut findings.distributions {
            for (group, distribution) in groups {
                let (indicator, group) = (*indicator, *group);
                distribution.flagged = flagged(indicator, group);
                let (flagged, units) = (distribution.flagged, distribution.units);
                if units >= self.units && flagged as f64 > self.share * units as f64 {
                    let warning = Warning::TooMany { indicator, group, flagged, units };
                    findings.warnings.push(warning);
                }
            }
        }
    }
}
