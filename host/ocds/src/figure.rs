//! The figures behind a flag: what was compared with what, so that an overseer can open the file and
//! check. They are worked out for flagged units only; nothing here decides whether a flag fires.

use crate::finding::Indicator;
use crate::price::Gap;
use crate::process::{Award, Bid, Process, instant};
use crate::settings::Settings;
use plumbline_contract::time::MS_PER_DAY;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most names that a list of figures holds: enough to begin with, and a bound for those that fire
/// everywhere.
pub const LISTED_MAX: usize = 50;

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Figure {
    Count(u64),
    Number(f64),
    Text(String),
    /// At most [`LISTED_MAX`] of them.
    List(Vec<String>),
}

/// The figures of one flag by their names, which are those of the message texts.
pub type Figures = BTreeMap<&'static str, Figure>;

fn list<'a>(names: impl Iterator<Item = &'a str>) -> Figure {
    let names: BTreeSet<&str> = names.collect();
    Figure::List(names.into_iter().take(LISTED_MAX).map(str::to_owned).collect())
}

fn text(text: Option<&str>) -> Figure {
    Figure::Text(text.unwrap_or_default().to_owned())
}

#[expect(clippy::cast_possible_truncation, reason = "a number of days between two dates")]
#[expect(clippy::cast_precision_loss, reason = "a number of days between two dates")]
fn days(process: &Process, settings: &Settings) -> Figures {
    let own = process.method_details.as_ref();
    let own = own.and_then(|details| settings.r003.procurement_method_details.get(details));
    let threshold = own.copied().unwrap_or(settings.r003.threshold);
    let (from, to) = (process.period_from.as_deref(), process.period_to.as_deref());
    let at = |text: Option<&str>| text.and_then(instant);
    let mut figures = Figures::from([
        ("from", text(from)),
        ("to", text(to)),
        ("threshold", Figure::Number(threshold as f64)),
    ]);
    if let (Some(from), Some(to)) = (at(from), at(to)) {
        let days = ((to.0 - from.0) / MS_PER_DAY) as i32;
        figures.insert("days", Figure::Number(days.into()));
    }
    figures
}

/// Of an indicator that looks at one process, which fired.
pub(crate) fn of_process(
    indicator: Indicator,
    process: &Process,
    settings: &Settings,
    currency: Option<&str>,
) -> Figures {
    let active = || process.awards.iter().filter(|award| award.is_active());
    let with = |status: &'static str| process.bids.iter().filter(move |bid| bid.has(status));
    match indicator {
        Indicator::R003 => days(process, settings),
        Indicator::R018 => Figures::from([
            ("method", text(process.method.as_deref())),
            ("tenderers", list(process.tenderers.iter().map(String::as_str))),
        ]),
        Indicator::R030 => {
            let late = with("valid").filter_map(|bid| {
                let names = bid.known_tenderers().collect::<Vec<_>>().join("+");
                Some(format!("{names} {}", bid.at.as_deref()?))
            });
            let bids = late.take(LISTED_MAX).collect();
            Figures::from([
                ("deadline", text(process.period_to.as_deref())),
                ("valid_bids", Figure::List(bids)),
            ])
        }
        Indicator::R035 => Figures::from([
            ("winners", list(active().flat_map(Award::known_suppliers))),
            ("disqualified", list(with("disqualified").flat_map(Bid::known_tenderers))),
        ]),
        Indicator::R036 => {
            let lowest = |status: &'static str| {
                let compared = with(status).filter(|bid| bid.currency.as_deref() == currency);
                compared.filter_map(|bid| bid.price).min_by(f64::total_cmp)
            };
            let mut figures = Figures::new();
            for (name, price) in
                [("lowest_disqualified", lowest("disqualified")), ("lowest_valid", lowest("valid"))]
            {
                figures.extend(price.map(|price| (name, Figure::Number(price))));
            }
            figures
        }
        _ => Figures::new(),
    }
}

/// R028.
pub(crate) fn of_same(tenderers: &BTreeSet<String>) -> Figures {
    Figures::from([("tenderers", list(tenderers.iter().map(String::as_str)))])
}

/// R024 and R058.
pub(crate) fn of_gap(gap: &Gap, limit: f64) -> Figures {
    Figures::from([
        ("winner", Figure::Text(gap.winner.clone())),
        ("second", Figure::Text(gap.second.clone())),
        ("winning_price", Figure::Number(gap.winning)),
        ("second_price", Figure::Number(gap.other)),
        ("limit", Figure::Number(limit)),
    ])
}
