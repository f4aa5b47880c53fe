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

/// First and last time that a party took part, with the event that shows it.
#[derive(Debug)]
struct Joined {
    act: &'static str,
    at: Local,
    seq: u64,
}

/// One fact `joined` for each act of each bidder, and for the agency.
pub(super) fn participants(facts: &Facts<Said>, params: &Params, look: &mut Look<'_>) {
    let project = facts.iter().find_map(|entry| match &entry.fact {
        Said::Registered(project) => Some((entry, &**project)),
        _ => None,
    });
    let mut acts: BTreeMap<&str, Vec<Joined>> = BTreeMap::new();
    for entry in facts {
        let (party, act, at) = match &entry.fact {
            Said::Registered(project) if !project.agency.is_empty() => {
                (&project.agency, "agency", entry.time)
            }
            Said::Doc { at, bidder, .. } => (bidder, "doc", *at),
            Said::Bid(at, bid) => (&bid.bidder, "bid", *at),
            _ => continue,
        };
        if party.is_empty() {
            continue;
        }
        let known = acts.entry(party).or_default();
        match known.iter_mut().find(|joined| joined.act == act) {
            // The last of each sort: a ban may begin in between.
            Some(joined) if joined.at < at => (joined.at, joined.seq) = (at, entry.seq),
            Some(_) => {}
            None => known.push(Joined { act, at, seq: entry.seq }),
        }
    }
    let (ocid, region) =
        project.map_or(("", ""), |(_, project)| (project.ocid.as_str(), project.region.as_str()));
    if ocid.is_empty() {
        return;
    }
    for (party, joined) in acts {
        for Joined { act, at, seq } in joined {
            let on_list = listed(party, region, at.day(), look);
            let alias = if on_list.is_empty() {
                alias(party, region, at.day(), params, look)
            } else {
                String::new()
            };
            let data = Writer::default()
                .text("party_ref", party)
                .text("ocid", ocid)
                .text("act", act)
                .text("region", region)
                .text("listed", &on_list)
                .text("alias", &alias)
                .int("at", at.0)
                .int("evidence", seq as i64);
            look.fact("joined", party, data);
        }
    }
}

/// A legal representative or a large shareholder who is on the list.
fn alias(party: &str, region: &str, on: Day, params: &Params, look: &Look<'_>) -> String {
    let Some(row) = look.row::<Party>(party, on) else { return String::new() };
    if !listed(&row.legal_rep_text, region, on, look).is_empty() {
        return "legal_rep".to_owned();
    }
    // A ratio is written as a share of one or in per cent.
    let percent = |ratio: f64| if ratio <= 1.0 { ratio * 100.0 } else { ratio };
    let is_barred = row.holders.iter().any(|(id, ratio)| {
        percent(*ratio) >= params.holder_pct as f64 && !listed(id, region, on, look).is_empty()
    });
    if is_barred { "shareholder".to_owned() } else { String::new() }
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
    for (lot, (seq, at, winner, amount)) in &awards {
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
    let mut data = Writer::default()
        .text("buyer", &project.buyer)
        .text("category", &project.category)
        .text("record", &format!("{}/{lot}", project.ocid))
        .text("kind", &project.kind)
        .text("winner", winner)
        .int("at", at.0)
        .int("evidence", seq as i64)
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

type Awards<'a> = BTreeMap<&'a str, (u64, Local, &'a str, Option<i64>)>;

fn waivers(
    opened: &Opened<'_>,
    project: &Project,
    opening: Local,
    awards: &Awards<'_>,
    params: &Params,
    look: &mut Look<'_>,
) {
    for entry in opened.facts {
        let Said::Out { at, bidder, lot, withdrawn: true, excused } = &entry.fact else { continue };
        if *at <= opening {
            continue;
        }
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
            .int("gap_permille", gap)
            .flag("first", first)
            .flag("lowest", was_lowest)
            .flag("linked", linked)
            .flag("excused", *excused);
        look.fact("waiver", bidder, data);
    }
}
