//! The bids of a process after the opening, as its rules see them: the last bid of each bidder in
//! each lot, and the pairs of one lot.

use super::fact::{Bid, Bond, Project, Said};
use crate::clue::{Clue, Clues};
use crate::read;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Facts, FromRow, Level, Local, Look, Why};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A bidder's bid in one lot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'a> {
    pub(crate) seq: u64,
    pub(crate) bid: &'a Bid,
    /// Neither rejected nor withdrawn before the opening.
    pub(crate) effective: bool,
}

/// The view.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    /// None before the opening.
    pub(crate) at: Option<Local>,
    pub(crate) opening_seq: u64,
    pub(crate) project: Option<&'a Project>,
    pub(crate) facts: &'a Facts<Said>,
    pub(crate) lots: BTreeMap<&'a str, Vec<Placed<'a>>>,
    pub(crate) bonds: Vec<(u64, &'a Bond)>,
    parties: BTreeMap<&'a str, Rc<Party>>,
}

/// What the register says of a bidder.
#[derive(Debug)]
pub(crate) struct Party {
    pub(crate) name: Option<u64>,
    pub(crate) legal_rep: Option<u64>,
    pub(crate) legal_rep_text: String,
    pub(crate) phone: Option<u64>,
    pub(crate) insurance_payer: Option<u64>,
    pub(crate) holders: Vec<(String, f64)>,
}

impl FromRow for Party {
    const TABLE: &'static str = "party";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let mark = |name| Some(read::cell(row, name)).filter(|text| !text.is_empty());
        let fingerprint = |name| mark(name).map(|text| read::mark(&text));
        let holder = |value: Value<'_>| {
            let fields = value.object();
            let ratio = fields.get("ratio").and_then(Value::float).unwrap_or(0.0);
            Some((fields.get("id")?.text()?.into_owned(), ratio))
        };
        let holders = row.get("shareholders").into_iter().flat_map(Value::items);
        Some(Self {
            name: fingerprint("name_h"),
            legal_rep: fingerprint("legal_rep_h"),
            legal_rep_text: mark("legal_rep_h").unwrap_or_default(),
            phone: fingerprint("phone_h"),
            insurance_payer: fingerprint("social_security_payer_h"),
            holders: holders.filter_map(holder).collect(),
        })
    }
}

impl<'a> Opened<'a> {
    pub(crate) fn new(facts: &'a Facts<Said>, look: &Look<'_>) -> Self {
        let mut view = Self {
            at: None,
            opening_seq: 0,
            project: None,
            facts,
            lots: BTreeMap::new(),
            bonds: Vec::new(),
            parties: BTreeMap::new(),
        };
        for entry in facts {
            match &entry.fact {
                Said::Registered(project) => view.project = Some(project),
                Said::Opened(at) if view.at.is_none_or(|known| *at < known) => {
                    (view.at, view.opening_seq) = (Some(*at), entry.seq);
                }
                _ => {}
            }
        }
        if let Some(at) = view.at {
            view.open(at, look);
        }
        view
    }

    fn open(&mut self, at: Local, look: &Look<'_>) {
        for entry in self.facts {
            match &entry.fact {
                Said::Bid(_, bid) => {
                    let placed = Placed { seq: entry.seq, bid, effective: true };
                    let lot = self.lots.entry(&bid.lot).or_default();
                    // A later bid replaces the earlier one.
                    lot.retain(|known| known.bid.bidder != bid.bidder);
                    lot.push(placed);
                }
                Said::Bond(bond) => self.bonds.push((entry.seq, bond)),
                Said::Out { at: out, bidder, lot, withdrawn, .. } => {
                    let is_gone = !withdrawn || *out <= at;
                    for (name, bids) in &mut self.lots {
                        for bid in bids.iter_mut().filter(|bid| bid.bid.bidder == *bidder) {
                            bid.effective &= !(is_gone && (lot.is_empty() || lot == name));
                        }
                    }
                }
                _ => {}
            }
        }
        for bids in self.lots.values_mut() {
            bids.sort_by(|one, other| one.bid.bidder.cmp(&other.bid.bidder));
            for placed in bids {
                if let Some(party) = look.row::<Party>(&placed.bid.bidder, at.day()) {
                    self.parties.insert(&placed.bid.bidder, party);
                }
            }
        }
    }

    pub(crate) fn party(&self, bidder: &str) -> Option<&Party> {
        self.parties.get(bidder).map(|party| &**party)
    }

    pub(crate) fn day(&self) -> Day {
        self.at.unwrap_or_default().day()
    }

    /// Pairs of bidders of one lot, in the order of their names.
    pub(crate) fn pairs(&self) -> Vec<(Placed<'a>, Placed<'a>)> {
        let mut pairs = Vec::new();
        for bids in self.lots.values() {
            for (nth, one) in bids.iter().enumerate() {
                pairs.extend(bids[nth + 1..].iter().map(|other| (*one, *other)));
            }
        }
        pairs
    }

    /// Whether rules have something to compare; says why not.
    pub(crate) fn is_comparable(&self, clues: &mut Clues, look: &mut Look<'_>) -> bool {
        if self.at.is_none() {
            let bids = self.facts.iter().filter(|entry| entry.fact.is_bid()).count();
            let (zh, en) = ("尚未开标，不作比对", "not opened yet, nothing is compared");
            clues.exempt(look, || Why::new(zh, en).count("bids", bids));
        }
        self.at.is_some()
    }

    /// How much was compared.
    pub(crate) fn compared(&self, zh: &str, en: &str) -> Why {
        let bids: usize = self.lots.values().map(Vec::len).sum();
        Why::new(
            format!("{} 个标段 {bids} 份投标两两比对，{zh}", self.lots.len()),
            format!("{bids} bids in {} lots compared pair by pair, {en}", self.lots.len()),
        )
        .count("bids", bids)
        .count("lots", self.lots.len())
    }

    /// A card about a pair at the opening.
    pub(crate) fn clue(
        &self,
        level: Level,
        (one, other): (&Placed<'_>, &Placed<'_>),
        (zh, en): (String, String),
    ) -> Clue {
        let (a, b) = (&one.bid.bidder, &other.bid.bidder);
        let words = (format!("{a} 与 {b} {zh}"), format!("{a} and {b} {en}"));
        Clue::new(level, self.at.unwrap_or_default(), words)
            .episode(pair_name(&one.bid.lot, a, b))
            .evidence([one.seq, other.seq, self.opening_seq])
            .figure("bidders", 2)
    }
}

/// The episode of a pair: the lot and both names in order.
pub(crate) fn pair_name(lot: &str, one: &str, other: &str) -> String {
    let (a, b) = if one <= other { (one, other) } else { (other, one) };
    let separator = if lot.is_empty() { "" } else { "/" };
    format!("{lot}{separator}{a}+{b}")
}
