//! Whether there was competition: PROC-P03 投标人不足三家仍开标, PROC-P04 方式不当变更.

use super::fact::Fact;
use super::view::{Process, Regime, not_a_tender, voluntary};
use crate::Params;
use crate::clue::{Clue, Clues};
use plumbline_guest::{Level, Local, Look, Why};
use std::collections::{BTreeMap, BTreeSet};

/// PROC-P03: opened, or awarded, with fewer than three bidders.
pub(super) fn too_few(process: &Process<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let Some((_, project)) = process.registered else {
        clues.missing("proc.project.registered", look);
        return clues.tell(look, Why::default);
    };
    if !process.is_tender() || process.regime() == Some(Regime::Asset) {
        clues.exempt(look, || not_a_tender(process));
        return clues.tell(look, Why::default);
    }
    if project.retender_approved || process.has_approval(&["retender", "method"], None) {
        let (zh, en) =
            ("二次招标或变更方式已获批准", "a second tender or another method was approved");
        clues.exempt(look, || Why::new(zh, en).flag("approved", true));
        return clues.tell(look, Why::default);
    }
    openings(process, params, &mut clues, look);
    awards(process, params, &mut clues);
    clues.tell(look, || {
        let count = bidders(process).values().map(BTreeSet::len).min().unwrap_or(0);
        Why::new(
            format!("各标段有效投标人最少 {count} 家，限不少于 {} 家", params.bidders_min),
            format!(
                "{count} effective bidders in the smallest lot, {} at least",
                params.bidders_min
            ),
        )
        .count("bidders", count)
        .int("bidders_min", params.bidders_min)
    });
}

fn openings(process: &Process<'_>, params: &Params, clues: &mut Clues, look: &mut Look<'_>) {
    for act in &process.acts {
        let Fact::Opened { lot, count } = act.fact() else { continue };
        let Some(count) = count else {
            clues.missing("bidder_count", look);
            continue;
        };
        // Who notices at the opening and calls for bids anew has not gone on.
        let anew = process.rounds.iter().any(|round| round.published > act.at());
        let ended = process.terminated.is_some_and(|end| end.at() >= act.at());
        let is_few = *count < params.bidders_min;
        if !is_few || anew || ended || !look.reached(act.at().plus_minutes(params.grace_min)) {
            continue;
        }
        let words = (
            format!("投标人仅 {count} 家仍开标（限不少于 {} 家）", params.bidders_min),
            format!("opened with {count} bidders, fewer than {}", params.bidders_min),
        );
        let clue = Clue::new(Level::Red, act.at(), words)
            .episode(lot.as_str())
            .evidence([act.seq()])
            .figure("bidders", *count);
        clues.put(clue);
    }
}

/// Effective bidders by lot: those that were neither rejected nor withdrawn.
fn bidders<'a>(process: &Process<'a>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let since = process.last_round().map_or(Local(i64::MIN), |round| round.published);
    let mut lots: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for act in &process.acts {
        match act.fact() {
            Fact::Bid { bidder, lot, .. } if act.at() >= since || process.rounds.len() < 2 => {
                lots.entry(lot).or_default().insert(bidder);
            }
            Fact::BidOut { bidder, lot } => {
                for (name, bidders) in &mut lots {
                    if lot.is_empty() || *name == lot {
                        bidders.remove(bidder.as_str());
                    }
                }
            }
            // Who gives up after the award was decided has competed.
            Fact::Award { .. } => break,
            _ => {}
        }
    }
    lots
}

fn awards(process: &Process<'_>, params: &Params, clues: &mut Clues) {
    let lots = bidders(process);
    for (act, lot, ..) in process.awards() {
        let of_lot = lots.iter().filter(|(name, _)| lot.is_empty() || **name == lot);
        let Some(count) = of_lot.map(|(_, bidders)| bidders.len() as i64).min() else { continue };
        if count >= params.bidders_min {
            continue;
        }
        let words = (
            format!("有效投标人仅 {count} 家仍定标（限不少于 {} 家）", params.bidders_min),
            format!("awarded among {count} effective bidders, fewer than {}", params.bidders_min),
        );
        let clue = Clue::new(Level::Red, act.at(), words)
            .episode(lot)
            .evidence([act.seq()])
            .figure("effective", count);
        clues.put(clue);
    }
}

/// PROC-P04: no open tender although the law demands one, and no approval before the start; or an
/// additional purchase that is too large.
pub(super) fn improper_method(process: &Process<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let (Some((registered, project)), Some(regime)) = (process.registered, process.regime()) else {
        clues.missing("proc.project.registered", look);
        return clues.tell(look, Why::default);
    };
    if regime == Regime::Asset {
        clues.exempt(look, || not_a_tender(process));
        return clues.tell(look, Why::default);
    }
    if project.emergency || process.has_approval(&["emergency"], None) {
        let (zh, en) = ("应急采购", "emergency procurement");
        clues.exempt(look, || Why::new(zh, en).flag("emergency", true));
        return clues.tell(look, Why::default);
    }
    let method = process.method();
    let start = start(process);
    if let Some(base) = project.addon_base.filter(|base| *base > 0) {
        addon(process, base, params, &mut clues, look);
    } else if !matches!(method, "open" | "framework" | "") {
        match (process.mandatory(params, look), start) {
            (None, _) => clues.missing("mandatory", look),
            (Some(false), _) => clues.exempt(look, || voluntary(process)),
            (Some(true), None) => {}
            (Some(true), Some((at, seq))) => {
                // An approval of no stated kind in a process with this method is one of the method.
                if !process.has_approval(&["method", ""], Some(at)) {
                    let words = (
                        format!("依法应公开招标的项目采用 {method} 方式，开始（{at}）前未见批准"),
                        format!(
                            "method {method} where an open tender is mandatory, not approved before the start at {at}"
                        ),
                    );
                    let clue = Clue::new(Level::Red, at, words)
                        .evidence([registered.seq(), seq])
                        .figure("approved", 0);
                    clues.put(clue);
                }
            }
        }
    }
    clues.tell(look, || {
        Why::new(
            format!("采购方式 {method}，公开招标、已获批准或尚未开始"),
            format!("method {method}: open, approved, or not started yet"),
        )
        .text("method", method)
        .flag("started", start.is_some())
    });
}

/// The first step after which an approval comes too late.
fn start(process: &Process<'_>) -> Option<(Local, u64)> {
    process.acts.iter().find_map(|act| match act.fact() {
        Fact::Notice(_)
        | Fact::Doc
        | Fact::Opened { .. }
        | Fact::Award { .. }
        | Fact::Contract(_) => Some((act.at(), act.seq())),
        _ => None,
    })
}

fn addon(
    process: &Process<'_>,
    base: i64,
    params: &Params,
    clues: &mut Clues,
    look: &mut Look<'_>,
) {
    let contracts = process.contracts();
    let Some((act, contract)) = contracts.first() else { return };
    let Some(amount) = contract.amount else { return clues.missing("amount", look) };
    // In tenths of a per cent, so that exactly ten per cent is lawful.
    if i128::from(amount) * 1000 <= i128::from(base) * i128::from(params.addon_permille)
        || process.has_approval(&["method", "amendment"], Some(act.at()))
    {
        return;
    }
    let words = (
        format!("添购 {amount} 分超过原合同 {base} 分的 {}‰", params.addon_permille),
        format!(
            "an additional purchase of {amount} fen, more than {} per mille of {base}",
            params.addon_permille
        ),
    );
    let clue = Clue::new(Level::Red, act.at(), words)
        .episode("addon")
        .evidence([act.seq()])
        .figure("base", base);
    clues.put(clue);
}
