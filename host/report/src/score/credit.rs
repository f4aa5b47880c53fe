//! Credit of bidders, agencies and experts: what upheld cards take from it, less with time. Below a
//! threshold a restriction is proposed; deciding it is for people.

use super::deduct::{Standing, standing};
use super::{Facts, Scheme};
use crate::exact::Milli;
use plumbline_contract::alert::Level;
use plumbline_contract::time::Day;
use serde::Serialize;
use std::collections::BTreeMap;

/// Credit of one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Credit {
    pub party: String,
    pub points: Milli,
    /// A restriction is proposed.
    pub proposed: bool,
    pub lines: Vec<CreditLine>,
}

/// What one card takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreditLine {
    pub card: String,
    pub rule: String,
    pub level: Level,
    /// Whole months since it became final.
    pub months: u32,
    pub cost: Milli,
}

/// The credit of every party that a final card names, by party.
#[must_use]
pub fn credits(scheme: &Scheme, facts: &Facts<'_>) -> Vec<Credit> {
    let mut parties: BTreeMap<&str, Vec<CreditLine>> = BTreeMap::new();
    for card in facts.cards.iter().filter(|card| card.counts() && !card.parties.is_empty()) {
        let Some((Standing::Final, day)) = standing(scheme, facts, card) else { continue };
        let months = months_between(day, facts.as_of);
        if months >= scheme.credit.months {
            continue;
        }
        let full = match card.level {
            Level::Red => scheme.credit.red,
            Level::Yellow | Level::Notice => scheme.credit.yellow,
        };
        let halvings = (months / scheme.credit.half_life_months).min(62);
        let line = CreditLine {
            card: card.id.clone(),
            rule: card.rule.clone(),
            level: card.level,
            months,
            cost: Milli(full.0 / (1_i64 << halvings)),
        };
        for party in &card.parties {
            parties.entry(party).or_default().push(line.clone());
        }
    }
    let credit = |(party, mut lines): (&str, Vec<CreditLine>)| {
        lines.sort_by(|one, other| (one.months, &one.card).cmp(&(other.months, &other.card)));
        let cost: i64 = lines.iter().map(|line| line.cost.0).sum();
        let points = Milli((scheme.credit.base.0 - cost).max(0));
        let proposed = points < scheme.credit.propose_below;
        Credit { party: party.to_owned(), points, proposed, lines }
    };
    parties.into_iter().map(credit).collect()
}

/// Whole months from a day to a later one.
fn months_between(from: Day, to: Day) -> u32 {
    let ((from_year, from_month, from_day), (to_year, to_month, to_day)) = (from.ymd(), to.ymd());
    let months = (to_year - from_year) * 12 + to_month as i32 - from_month as i32;
    let months = if to_day < from_day { months - 1 } else { months };
    u32::try_from(months).unwrap_or(0)
}
