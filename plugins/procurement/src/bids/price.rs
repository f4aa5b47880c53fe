//! PROC-C02 报价规律: prices at regular distances, and unit prices that follow each other.

use super::view::{Opened, Placed};
use super::{machine, text};
use crate::Params;
use crate::clue::{Clue, Clues};
use crate::stat::spread;
use plumbline_guest::{Level, Look, Why};

/// Cosine of two vectors of unit prices above which they point the same way.
const COSINE_MIN: f64 = 0.9999;

/// PROC-C02: one card a lot for the series, one a pair for the unit prices.
pub(super) fn regular(opened: &Opened<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    if !opened.is_comparable(&mut clues, look) {
        return clues.tell(look, Why::default);
    }
    for (lot, bids) in &opened.lots {
        let effective: Vec<_> = bids.iter().filter(|placed| placed.effective).copied().collect();
        if effective.iter().any(|placed| placed.bid.price.is_none()) {
            clues.missing("price", look);
        } else {
            series(opened, lot, &effective, params, (&mut clues, look));
        }
        for (nth, one) in effective.iter().enumerate() {
            for other in &effective[nth + 1..] {
                unit_prices(opened, (one, other), params, &mut clues);
            }
        }
    }
    clues.tell(look, || {
        opened
            .compared("报价与清单单价未见规律", "neither prices nor unit prices are regular")
            .count("prices_min", params.prices_min)
    });
}

/// Differences, or steps in per cent, that are all about the same.
fn series(
    opened: &Opened<'_>,
    lot: &str,
    bids: &[Placed<'_>],
    params: &Params,
    (clues, look): (&mut Clues, &mut Look<'_>),
) {
    if opened.project.is_some_and(|project| project.price_formula) {
        let (zh, en) = ("按公布的公式定价", "prices follow a published formula");
        return clues.exempt(look, || Why::new(zh, en).flag("price_formula", true));
    }
    let mut prices: Vec<_> = bids.iter().filter_map(|placed| placed.bid.price).collect();
    prices.sort_unstable();
    let (Some(low), Some(high)) = (prices.first(), prices.last()) else { return };
    let is_wide = i128::from(high - low) * 10_000 > i128::from(*low) * i128::from(params.spread_bp);
    if prices.len() < params.prices_min || !is_wide {
        return;
    }
    let steps: Vec<_> = prices.windows(2).map(|two| (two[1] - two[0]) as f64).collect();
    // A ratio near one varies little whatever the steps are, so the step itself is compared.
    let shares: Vec<_> =
        prices.windows(2).map(|two| (two[1] - two[0]) as f64 / two[0] as f64).collect();
    let limit = params.cv_permille as f64 / 1000.0;
    let cv = |values: &[f64]| {
        spread(values).filter(|(mean, _)| *mean > 0.0).map_or(f64::INFINITY, |(mean, sd)| sd / mean)
    };
    let (arithmetic, geometric) = (cv(&steps), cv(&shares));
    let (zh, en, cv) = if arithmetic < limit {
        ("等差", "equal steps", arithmetic)
    } else if geometric < limit {
        ("等比", "equal ratios", geometric)
    } else {
        return;
    };
    let is_linked = bids.iter().enumerate().any(|(nth, one)| {
        bids[nth + 1..].iter().any(|other| is_linked(opened, (one, other), params, look))
    });
    let level = if is_linked { Level::Red } else { Level::Yellow };
    let permille = (cv * 1000.0).round() as i64;
    let words = (
        format!("{} 家报价呈{zh}规律，离散系数 {permille}‰", prices.len()),
        format!("{} prices at {en}, variation {permille} per mille", prices.len()),
    );
    let separator = if lot.is_empty() { "" } else { "/" };
    let clue = Clue::new(level, opened.at.unwrap_or_default(), words)
        .episode(format!("{lot}{separator}series"))
        .evidence(bids.iter().map(|placed| placed.seq))
        .figure("prices", prices.len() as i64)
        .figure("cv_permille", permille);
    clues.put(clue);
}

/// Whether two bids are linked by their machines or their texts.
pub(super) fn is_linked(
    opened: &Opened<'_>,
    (one, other): (&Placed<'_>, &Placed<'_>),
    params: &Params,
    look: &Look<'_>,
) -> bool {
    machine::is_linked(opened, (one, other), params, look)
        || text::link(opened, one.bid, other.bid, params).is_some()
}

/// One ratio between the unit prices of two bids, or many equal ones.
fn unit_prices(
    opened: &Opened<'_>,
    (one, other): (&Placed<'_>, &Placed<'_>),
    params: &Params,
    clues: &mut Clues,
) {
    let common = common(&one.bid.items, &other.bid.items);
    if common.len() < params.items_min {
        return;
    }
    let count = common.len();
    let equal = common.iter().filter(|(p, q)| p == q).count();
    let mut ratios: Vec<_> = common.iter().map(|(p, q)| *p as f64 / *q as f64).collect();
    ratios.sort_by(f64::total_cmp);
    let middle = ratios[count / 2];
    let near = |ratio: &&f64| ((*ratio / middle) - 1.0).abs() * 1e6 < params.ratio_ppm as f64;
    let same_ratio = ratios.iter().filter(near).count();
    let is_one_ratio =
        same_ratio * 1000 >= count * params.ratio_permille && cosine(&common) > COSINE_MIN;
    let (level, zh, en) = if is_one_ratio {
        let ratio = format!("{middle:.4}");
        (
            Level::Red,
            format!("{count} 项清单单价中 {same_ratio} 项成固定比例 {ratio}"),
            format!("{same_ratio} of {count} unit prices have one ratio {ratio}"),
        )
    } else if equal * 1000 >= count * params.ident_permille {
        (
            Level::Yellow,
            format!("{count} 项清单单价中 {equal} 项完全相同"),
            format!("{equal} of {count} unit prices are equal"),
        )
    } else {
        return;
    };
    let clue = opened
        .clue(level, (one, other), (format!("的{zh}"), format!(": {en}")))
        .figure("items", count as i64)
        .figure("equal", equal as i64)
        .figure("same_ratio", same_ratio as i64);
    clues.put(clue);
}

/// Unit prices of the items that both have.
fn common(one: &[(u32, i64)], other: &[(u32, i64)]) -> Vec<(i64, i64)> {
    let mut rest = other.iter().peekable();
    let mut common = Vec::new();
    for (code, price) in one {
        while rest.next_if(|(known, _)| known < code).is_some() {}
        if let Some((_, other)) = rest.next_if(|(known, _)| known == code) {
            common.push((*price, *other));
        }
    }
    common
}

fn cosine(pairs: &[(i64, i64)]) -> f64 {
    let sum = |part: fn(f64, f64) -> f64| -> f64 {
        pairs.iter().map(|(p, q)| part(*p as f64, *q as f64)).sum()
    };
    sum(|p, q| p * q) / (sum(|p, _| p * p) * sum(|_, q| q * q)).sqrt()
}
