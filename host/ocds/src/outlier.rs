//! The second pass: R024, R025, R038, R048 and R058, which compare a unit with all others.
//!
//! A limit that lies at zero says that most values are zero, so that it would flag most units: then
//! nothing is flagged. That is the published rule.

use crate::fact::Share;
use crate::figure::{self, Figure, Figures, LISTED_MAX};
use crate::finding::{Distribution, Findings, Group, Indicator, Spread, Warning};
use crate::quantile::{Quartiles, Sorted};
use crate::settings::{Counted, Settings};
use crate::survey::Survey;
use std::collections::BTreeMap;

/// Which side of the quartiles an outlier lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Low,
    High,
}

/// The limit that values are held against.
#[derive(Clone, Copy, Debug)]
struct Limit {
    value: f64,
    /// Of the data; `None` where a threshold is given.
    quartiles: Option<Quartiles>,
    side: Side,
}

impl Limit {
    fn is_crossed_by(self, value: f64) -> bool {
        match self.side {
            // Both, since a low first quartile can be zero while a threshold is not.
            Side::Low => self.is_of_use() && value <= self.value,
            Side::High => self.is_of_use() && value >= self.value,
        }
    }

    fn is_of_use(self) -> bool {
        let low = self.quartiles.filter(|_| self.side == Side::Low);
        self.value > 0.0 && low.is_none_or(|quartiles| quartiles.q1 > 0.0)
    }
}

pub(crate) fn find(survey: &Survey, settings: &Settings, findings: &mut Findings) {
    close_prices(survey, settings, findings);
    losers(survey, settings, findings);
    for group in [Group::Buyer, Group::ProcuringEntity, Group::Tenderer] {
        disqualified(survey, group, settings, findings);
    }
    many_trades(survey, settings, findings);
    discounts(survey, settings, findings);
}

/// The limit for values, with its quartiles and the distribution noted; `None` without values.
fn limit(
    findings: &mut Findings,
    (indicator, group): (Indicator, Group),
    values: &Sorted,
    threshold: Option<f64>,
    side: Side,
) -> Option<Limit> {
    let quartiles = Quartiles::of(values)?;
    let fence = match side {
        Side::Low => quartiles.lower_fence(),
        Side::High => quartiles.upper_fence(),
    };
    let value = threshold.unwrap_or(fence);
    let prefix = match indicator {
        Indicator::R038 => format!("{group}_"),
        _ => String::new(),
    };
    if threshold.is_none() {
        findings.note(indicator, format!("{prefix}q1"), quartiles.q1);
        findings.note(indicator, format!("{prefix}q3"), quartiles.q3);
    }
    let name = if side == Side::Low { "lower_fence" } else { "upper_fence" };
    findings.note(indicator, format!("{prefix}{name}"), value);
    let spread = Spread::of(values, quartiles, value, threshold.is_some());
    let units = values.len() as u64;
    let distribution = Distribution { units, flagged: 0, spread: Some(spread) };
    findings.distributions.entry(indicator).or_default().insert(group, distribution);
    let limit = Limit { value, quartiles: threshold.is_none().then_some(quartiles), side };
    if threshold.is_none() && quartiles.is_degenerate() && limit.is_of_use() {
        let quartile = quartiles.q1;
        findings.warnings.push(Warning::Degenerate { indicator, group, quartile, units });
    }
    Some(limit)
}

fn ratios(survey: &Survey) -> Sorted {
    Sorted::new(survey.gaps.values().map(|gap| gap.ratio))
}

/// R024.
fn close_prices(survey: &Survey, settings: &Settings, findings: &mut Findings) {
    let unit = (Indicator::R024, Group::Ocid);
    if !settings.r024.enabled {
        return;
    }
    let threshold = settings.r024.threshold;
    let Some(limit) = limit(findings, unit, &ratios(survey), threshold, Side::Low) else { return };
    for (ocid, gap) in survey.gaps.iter().filter(|(_, gap)| limit.is_crossed_by(gap.ratio)) {
        findings.flag(Group::Ocid, ocid, Indicator::R024, gap.ratio);
        let figures = figure::of_gap(gap, limit.value);
        findings.explain(Group::Ocid, ocid, Indicator::R024, figures);
        for tenderer in [&gap.winner, &gap.second] {
            findings.flag(Group::Tenderer, tenderer, Indicator::R024, 0.0);
            findings.because_of(tenderer, Indicator::R024, ocid);
        }
    }
}

/// R058.
fn discounts(survey: &Survey, settings: &Settings, findings: &mut Findings) {
    let unit = (Indicator::R058, Group::Ocid);
    if !settings.r058.enabled {
        return;
    }
    let threshold = settings.r058.threshold;
    let Some(limit) = limit(findings, unit, &ratios(survey), threshold, Side::High) else { return };
    for (ocid, gap) in survey.gaps.iter().filter(|(_, gap)| limit.is_crossed_by(gap.ratio)) {
        findings.flag(Group::Ocid, ocid, Indicator::R058, gap.ratio);
        let figures = figure::of_gap(gap, limit.value);
        findings.explain(Group::Ocid, ocid, Indicator::R058, figures);
        findings.flag(Group::Tenderer, &gap.winner, Indicator::R058, 0.0);
        findings.because_of(&gap.winner, Indicator::R058, ocid);
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of bids and processes")]
fn float(count: u64) -> f64 {
    count as f64
}

fn ratio(share: &Share) -> f64 {
    float(share.part) / float(share.whole)
}

/// R025: among the tenderers with the most bids, those who win least.
fn losers(survey: &Survey, settings: &Settings, findings: &mut Findings) {
    let unit = (Indicator::R025, Group::Tenderer);
    let tenderers = &survey.contests;
    let counts = Sorted::new(tenderers.values().map(|share| float(share.whole)));
    let Some(busy) = counts.quantile(f64::from(settings.r025.percentile) / 100.0) else { return };
    let won = Sorted::new(tenderers.values().map(ratio));
    let threshold = settings.r025.threshold;
    let Some(limit) = limit(findings, unit, &won, threshold, Side::Low) else { return };
    findings.note(Indicator::R025, "upper_fence", busy);
    for (tenderer, share) in tenderers {
        let ratio = ratio(share);
        if float(share.whole) >= busy && limit.is_crossed_by(ratio) {
            findings.flag(Group::Tenderer, tenderer, Indicator::R025, ratio);
            let figures = Figures::from([
                ("won", Figure::Count(share.part)),
                ("valid_bids_made", Figure::Count(share.whole)),
                ("bids_from", Figure::Number(busy)),
                ("limit", Figure::Number(limit.value)),
            ]);
            findings.explain(Group::Tenderer, tenderer, Indicator::R025, figures);
        }
    }
}

/// R038 in one group.
fn disqualified(survey: &Survey, group: Group, settings: &Settings, findings: &mut Findings) {
    let setting = &settings.r038;
    let enough = |share: &Share| match (group, setting.minimum_counts) {
        (Group::Tenderer, _) => share.whole >= setting.minimum_submitted_bids,
        (_, Counted::Bids) => share.whole >= setting.minimum_contracting_processes,
        (_, Counted::Processes) => share.processes >= setting.minimum_contracting_processes,
    };
    let units = survey.shares.get(&group).into_iter().flatten();
    let units: BTreeMap<&String, &Share> = units.filter(|(_, share)| enough(share)).collect();
    let values = Sorted::new(units.values().map(|share| ratio(share)));
    let place = (Indicator::R038, group);
    let Some(limit) = limit(findings, place, &values, setting.threshold, Side::High) else {
        return;
    };
    for (unit, share) in units.into_iter().filter(|(_, share)| limit.is_crossed_by(ratio(share))) {
        findings.flag(group, unit, Indicator::R038, ratio(share));
        let figures = Figures::from([
            ("disqualified_bids", Figure::Count(share.part)),
            ("submitted_bids", Figure::Count(share.whole)),
            ("processes_in_all", Figure::Count(share.processes)),
            ("limit", Figure::Number(limit.value)),
        ]);
        findings.explain(group, unit, Indicator::R038, figures);
    }
}

/// R048.
fn many_trades(survey: &Survey, settings: &Settings, findings: &mut Findings) {
    let setting = &settings.r048;
    let enough = |known: &&(u64, _)| known.0 >= setting.minimum_contracting_processes;
    let suppliers = survey.classes.iter().filter(|(_, known)| enough(known));
    let suppliers: BTreeMap<&String, f64> =
        suppliers.map(|(id, (_, classes))| (id, float(classes.len() as u64))).collect();
    let values = Sorted::new(suppliers.values().copied());
    let threshold = setting.threshold.map(float);
    let unit = (Indicator::R048, Group::Tenderer);
    let Some(limit) = limit(findings, unit, &values, threshold, Side::High) else { return };
    for (supplier, n) in suppliers.into_iter().filter(|(_, n)| *n >= limit.value) {
        findings.flag(Group::Tenderer, supplier, Indicator::R048, n);
        let Some((processes, classes)) = survey.classes.get(supplier) else { continue };
        let figures = Figures::from([
            ("classes", Figure::List(classes.iter().take(LISTED_MAX).cloned().collect())),
            ("processes_in_all", Figure::Count(*processes)),
            ("limit", Figure::Number(limit.value)),
        ]);
        findings.explain(Group::Tenderer, supplier, Indicator::R048, figures);
    }
}
