//! What the bids tell other streams: who took part, how each lot ended, who gave up.

use super::fact::{Project, Said};
use super::price::is_linked;
use super::view::{Opened, Party, Placed};
use crate::Params;
use crate::read;
use plumbline_guest::json::{Object, Writer};
use plumbline_guest::{Day, Facts, FromRow, Local, Look};
use std::collections::{BTreeMap, BTreeSet};

/// Most bidders that an outcome names; a larger field is open competition.
const BIDDERS_MAX: usize = 24;

/// Most lots and waivers of one process that are told: together they stay below the number of facts
/// that one verdict may publish.
const LOTS_MAX: usize = 150;
const WAIVERS_MAX: usize = 50;

/// A row of the list of sanctions.
#[derive(Debug)]
pub(crate) struct Listed {
    authority: String,
    scope: String,
}

impl FromRow for Listed {
    const TABLE: &'static str = "sanction_list";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let authority = read::cell(row, "authority");
        let authority = if authority.is_empty() { "?".to_owned() } else { authority };
        Some(Self { authority, scope: read::cell(row, "scope_region") })
    }
}

/// Who has the subject on its list on a day; empty if nobody.
pub(crate) fn listed(subject: &str, region: &str, on: Day, look: &Look<'_>) -> String {
    if subject.is_empty() {
        return String::new();
    }
    let row = look.row::<Listed>(subject, on).filter(|row| read::is_in(region, &row.scope));
    row.map(|row| row.authority.clone()).unwrap_or_default()
}

/// Tells that the agency took part; bidders are told of by the stream `taking`.
pub(super) fn agency(facts: &Facts<Said>, params: &Params, look: &mut Look<'_>) {
    let registered = facts.iter().find_map(|entry| match &entry.fact {
        Said::Registered(project) => Some((entry, &**project)),
        _ => None,
    });
    if let Some((entry, project)) = registered {
        let place = (project.ocid.as_str(), project.region.as_str());
        joined(&project.agency, "agency", place, (entry.time, entry.seq), params, look);
    }
}

/// The fact `joined`: a party took part in a process, and whether a list had it that day.
pub(crate) fn joined(
    party: &str,
    act: &str,
    (ocid, region): (&str, &str),
    (at, seq): (Local, u64),
    params: &Params,
    look: &mut Look<'_>,
) {
    if party.is_empty() || ocid.is_empty() {
        return;
    }
    let on_list = listed(party, region, at.day(), look);
    let alias = match on_list.as_str() {
        "" => alias(party, region, at.day(), params, look),
        _ => "",
    };
    let data = Writer::default()
        .text("party_ref", party)
        .text("ocid", ocid)
        .text("act", act)
        .text("region", region)
        .text("listed", &on_list)
        .text("alias", alias)
        .int("at", at.0)
        .int("evidence", seq as i64);
    look.fact("joined", party, data);
}

/// A legal representative or a large shareholder who is on the list.
fn alias(party: &str, region: &str, on: Day, params: &Params, look: &Look<'_>) -> &'static str {
    let Some(row) = look.row::<Party>(party, on) else { return "" };
    if !listed(&row.legal_rep_text, region, on, look).is_empty() {
        return "legal_rep";
    }
    // A ratio is written as a share of one or in per cent.
    let percent = |ratio: f64| if ratio <= 1.0 { ratio * 100.0 } else { ratio };
    let is_barred = row.holders.iter().any(|(id, ratio)| {
        percent(*ratio) >= params.holder_pct as f64 && !listed(id, region, on, look).is_empty()
    });
    if is_barred { "shareholder" } else { "" }
}

/// One fact `outcome` for each lot with an award, and `waiver` for each first candidate that gave up.
pub(super) fn results(opened: &Opened<'_>, params: &Params, look: &mut Look<'_>) {
    let (Some(project), Some(opening)) = (opened.project, opened.at) else { return };
    let mut awards: BTreeMap<&str, (u64, Local, &str, Option<i64>)> = BTreeMap::new();
    for entry in opened.facts {
        if let Said::Award { at, lot, supplier, amount } = &entry.fact {
            awards.insert(lot, (entry.seq, *at, supplier, *amount));
        }
    }
    for (lot, (seq, at, winner, amount)) in awards.iter().take(LOTS_MAX) {
        let Some(bids) = lot_of(opened, lot) else { continue };
        let bidders: BTreeSet<_> = bids.iter().map(|placed| placed.bid.bidder.as_str()).collect();
        let price = amount.or_else(|| {
            bids.iter()
                .find(|placed| placed.bid.bidder == *winner)
                .and_then(|placed| placed.bid.price)
        });
        outcome(project, opened, (lot, *seq, *at, winner, price), &bidders, look);
    }
    waivers(opened, project, opening, &awards, params, look);
}

/// The bids of the lot that an award names; of a process with one lot the name may be left out.
fn lot_of<'v, 'a>(opened: &'v Opened<'a>, lot: &str) -> Option<&'v Vec<Placed<'a>>> {
    let only = || opened.lots.values().next().filter(|_| opened.lots.len() == 1);
    opened.lots.get(lot).or_else(only)
}

fn outcome(
    project: &Project,
    opened: &Opened<'_>,
    (lot, seq, at, winner, price): (&str, u64, Local, &str, Option<i64>),
    bidders: &BTreeSet<&str>,
    look: &mut Look<'_>,
) {
    if project.buyer.is_empty() {
        return;
    }
    let lots = opened.lots.len().max(1);
    let rev = latest(opened, |said| said.is_bid() || matches!(said, Said::Registered(_)));
    let mut data = Writer::default()
        .text("buyer", &project.buyer)
        .text("category", &project.category)
        .text("record", &format!("{}/{lot}", project.ocid))
        .text("kind", &project.kind)
        .text("winner", winner)
        .int("at", at.0)
        .int("evidence", seq as i64)
        .int("rev", rev.max(seq) as i64)
        .int("bidder_count", bidders.len() as i64)
        .list("bidders", bidders.iter().copied().take(BIDDERS_MAX))
        .flag("reserve_secret", project.reserve_secret);
    // A price for the whole process says nothing about one lot of several.
    let known = [
        ("price", price),
        ("control_price", project.control_price.filter(|_| lots == 1)),
        ("reserve_price", project.reserve_price.filter(|_| lots == 1)),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            data = data.int(name, value);
        }
    }
    look.fact("outcome", &project.buyer, data);
}

/// The latest position of what a fact rests on. It tells a fact that came true again apart from the
/// first time.
fn latest(opened: &Opened<'_>, matters: fn(&Said) -> bool) -> u64 {
    let facts = opened.facts.iter().filter(|entry| matters(&entry.fact));
    facts.map(|entry| entry.seq).max().unwrap_or(0)
}

type Awards<'a> = BTreeMap<&'a str, (u64, Local, &'a str, Option<i64>)>;

fn waivers(
    opened: &Opened<'_>,
    project: &Project,
    opening: Local,
    awards: &Awards<'_>,
    params: &Params,
    look: &mut Look<'_>,
) {
    let outs = opened.facts.iter().filter(|entry| match &entry.fact {
        Said::Out { at, withdrawn, .. } => *withdrawn && *at > opening,
        _ => false,
    });
    for entry in outs.take(WAIVERS_MAX) {
        let Said::Out { at, bidder, lot, excused, .. } = &entry.fact else { continue };
        let Some(bids) = lot_of(opened, lot) else { continue };
        let first = opened.facts.iter().any(|entry| match &entry.fact {
            Said::Candidates { lot: of, ranked } => {
                (of == lot || of.is_empty() || lot.is_empty()) && ranked.first() == Some(bidder)
            }
            _ => false,
        });
        let given = bids.iter().find(|placed| placed.bid.bidder == *bidder);
        let winner = awards.get(lot.as_str()).or_else(|| awards.values().next());
        let next = winner
            .filter(|(_, _, name, _)| *name != bidder)
            .and_then(|(_, _, name, _)| bids.iter().find(|placed| placed.bid.bidder == *name));
        let low = |placed: &Placed<'_>| {
            placed.bid.price.is_some()
                && bids
                    .iter()
                    .all(|other| other.bid.price.is_none_or(|p| Some(p) >= placed.bid.price))
        };
        let was_lowest = given.is_some_and(low);
        if !first && !was_lowest {
            continue;
        }
        let gap = match (given.and_then(|one| one.bid.price), next.and_then(|one| one.bid.price)) {
            (Some(low), Some(high)) => {
                (i128::from(high - low) * 1000 / i128::from(low.max(1))) as i64
            }
            _ => 0,
        };
        let linked = given
            .zip(next)
            .is_some_and(|(one, other)| is_linked(opened, (one, other), params, look));
        let data = Writer::default()
            .text("party_ref", bidder)
            .text("ocid", &project.ocid)
            .text("lot", lot)
            .text("successor", next.map_or("", |placed| &placed.bid.bidder))
            .int("at", at.0)
            .int("evidence", entry.seq as i64)
            .int("rev", latest(opened, |_| true) as i64)
            .int("gap_permille", gap)
            .flag("first", first)
            .flag("lowest", was_lowest)
            .flag("linked", linked)
            .flag("excused", *excused);
        look.fact("waiver", bidder, data);
    }
}
