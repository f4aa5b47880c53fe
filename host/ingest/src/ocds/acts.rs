//! The events that the rules about procurement read, as far as a release names their times.
//!
//! A release says less than a trading platform does: what it does not say is left out, which means
//! unknown. Money is taken over only in yuan, since the rules count fen.

use super::compiled::Writer;
use super::node::Node;
use super::{Case, ID_PART_BYTES_MAX, PROCESS_TYPE};
use crate::mapping::fen;
use crate::reject::Reject;
use plumbline_contract::event::{Event, fingerprint};
use plumbline_contract::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// The currency of the rules.
const YUAN: &str = "CNY";
/// Bids of one process that become events; the process event tells their number.
const BIDS_MAX: usize = 2_000;
/// Ends of a tender without result.
const ENDED: [&str; 3] = ["cancelled", "unsuccessful", "withdrawn"];

/// Adds the events of a process.
pub(super) fn add(case: &Case<'_>, events: &mut Vec<Event>) -> Result<(), Reject> {
    let mut acts = Acts { case, events, ids: BTreeMap::new() };
    acts.project()?;
    acts.notice()?;
    acts.bids()?;
    acts.awards()?;
    acts.contracts()?;
    acts.end()
}

struct Acts<'a, 'b> {
    case: &'a Case<'a>,
    events: &'b mut Vec<Event>,
    /// How often a part of an id was used.
    ids: BTreeMap<String, usize>,
}

impl Acts<'_, '_> {
    fn give(&mut self, kind: &str, part: &str, at: Millis, data: Writer) -> Result<(), Reject> {
        debug_assert!(kind != PROCESS_TYPE);
        let mut part = part.to_owned();
        if part.len() > ID_PART_BYTES_MAX {
            part = format!("{:016x}", fingerprint(&[part.as_bytes()]));
        }
        let used = self.ids.entry(part.clone()).or_default();
        *used += 1;
        if *used > 1 {
            part = format!("{part}#{used}");
        }
        let event = self.case.event(kind, &part, at, data.0 + "}")?;
        self.events.push(event);
        Ok(())
    }

    fn begin(&self) -> Writer {
        let mut data = Writer::default();
        data.text("ocid", &self.case.ocid);
        data
    }

    fn at(&self, node: &Node<'_>, name: &str) -> Option<Millis> {
        self.case.instant(&node.text(name)?)
    }

    fn stamp(&self, at: Millis) -> String {
        self.case.context.mapping.zone().rfc3339(at)
    }

    /// Fen of a value in yuan.
    fn money(&self, value: &Node<'_>) -> Option<i64> {
        let currency = value.text("currency");
        let default = self.case.context.map.currency.as_deref();
        let yuan = currency.as_deref().or(default)?.eq_ignore_ascii_case(YUAN);
        fen(value.number("amount").filter(|_| yuan)?)
    }

    fn push_money(&self, data: &mut Writer, name: &str, value: &Node<'_>) {
        if let Some(fen) = self.money(value) {
            data.raw(name, &fen.to_string());
        }
    }

    fn project(&mut self) -> Result<(), Reject> {
        let (case, tender) = (self.case, &self.case.tender);
        let period = tender.child("tenderPeriod");
        let published = self.at(tender, "datePublished").or_else(|| self.at(&period, "startDate"));
        let at = published.unwrap_or(case.released);
        let mut data = self.begin();
        let category = tender.text("mainProcurementCategory");
        let codes = &case.context.map;
        data.optional("kind", category.as_deref().and_then(|word| codes.kinds.get(word)));
        let (buyer, entity) = (case.buyer.clone(), case.entity.clone());
        let agency = entity.clone().filter(|entity| buyer.as_ref().is_some_and(|b| b != entity));
        data.optional("buyer", buyer.or(entity));
        data.optional("agency", agency);
        let words = [tender.text("procurementMethodDetails"), tender.text("procurementMethod")];
        let method = words.iter().flatten().find_map(|word| codes.methods.get(&**word));
        data.optional("method", method);
        self.push_money(&mut data, "estimate", &tender.child("value"));
        let budget = case.release.child("planning").child("budget").child("amount");
        self.push_money(&mut data, "budget", &budget);
        self.give("proc.project.registered", "project", at, data)
    }

    fn notice(&mut self) -> Result<(), Reject> {
        let tender = &self.case.tender;
        let period = tender.child("tenderPeriod");
        let published = self.at(tender, "datePublished").or_else(|| self.at(&period, "startDate"));
        let Some(at) = published else { return Ok(()) };
        let mut data = self.begin();
        data.optional("notice_no", tender.id("id"));
        data.text("published_at", &self.stamp(at));
        if let Some(deadline) = self.at(&period, "endDate") {
            data.text("deadline", &self.stamp(deadline));
        }
        let opening = self.at(&tender.child("bidOpening"), "date");
        if let Some(opening) = opening {
            data.text("opening", &self.stamp(opening));
        }
        self.give("proc.notice.published", "notice", at, data)?;
        // An opening is held once its release is newer than it.
        match opening.filter(|opening| *opening <= self.case.released) {
            Some(opening) => self.opening(opening),
            None => Ok(()),
        }
    }

    fn opening(&mut self, at: Millis) -> Result<(), Reject> {
        let map = self.case.context.map;
        let bids = self.case.bids();
        let of_opening = bids.iter().filter(|bid| {
            let status = map.bid_status.code(bid.text("status"));
            !matches!(status.as_deref(), Some("invited" | "withdrawn"))
        });
        let bidders: BTreeSet<_> =
            of_opening.map(|bid| self.case.parties(bid, "tenderers")).collect();
        let mut data = self.begin();
        data.text("at", &self.stamp(at));
        if !bids.is_empty() {
            data.raw("bidder_count", &bidders.len().to_string());
        }
        self.give("proc.opening.held", "opening", at, data)
    }

    fn bids(&mut self) -> Result<(), Reject> {
        let map = self.case.context.map;
        for bid in self.case.bids().iter().take(BIDS_MAX) {
            let status = map.bid_status.code(bid.text("status"));
            let Some(at) = self.at(bid, "date").filter(|_| status.as_deref() != Some("invited"))
            else {
                continue;
            };
            let mut bidders = self.case.parties(bid, "tenderers");
            bidders.retain(|id| !id.is_empty());
            bidders.sort_unstable();
            let mut data = self.begin();
            push_lot(&mut data, bid);
            // Joint bidders are one bidder, another one than each of them.
            data.optional("bidder", (!bidders.is_empty()).then(|| bidders.join("+")));
            data.text("at", &self.stamp(at));
            self.push_money(&mut data, "price", &bid.child("value"));
            let id = bid.id("id").unwrap_or_default();
            self.give("proc.bid.submitted", &format!("bid/{id}"), at, data)?;
        }
        Ok(())
    }

    fn awards(&mut self) -> Result<(), Reject> {
        let map = self.case.context.map;
        for award in self.case.release.list("awards") {
            let active = map.award_status.code(award.text("status")).as_deref() == Some("active");
            let Some(at) = self.at(&award, "date").filter(|_| active) else { continue };
            let id = award.id("id").unwrap_or_default();
            let suppliers = self.case.parties(&award, "suppliers");
            for supplier in suppliers.iter().filter(|id| !id.is_empty()) {
                let mut data = self.begin();
                push_lot(&mut data, &award);
                data.text("supplier", supplier);
                // What each of several suppliers gets is not told.
                if suppliers.len() == 1 {
                    self.push_money(&mut data, "amount", &award.child("value"));
                }
                data.text("at", &self.stamp(at));
                self.give("proc.award.decided", &format!("award/{id}/{supplier}"), at, data)?;
            }
        }
        Ok(())
    }

    fn contracts(&mut self) -> Result<(), Reject> {
        let awards = self.case.release.list("awards");
        for contract in self.case.release.list("contracts") {
            let Some(at) = self.at(&contract, "dateSigned") else { continue };
            let award = contract.id("awardID");
            let award = awards.iter().find(|known| award.is_some() && known.id("id") == award);
            let suppliers =
                award.map(|award| self.case.parties(award, "suppliers")).unwrap_or_default();
            let mut data = self.begin();
            if let [supplier] = &suppliers[..] {
                data.text("supplier", supplier);
            }
            self.push_money(&mut data, "amount", &contract.child("value"));
            data.text("at", &self.stamp(at));
            let id = contract.id("id").or_else(|| contract.id("awardID")).unwrap_or_default();
            self.give("proc.contract.signed", &format!("contract/{id}"), at, data)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Reject> {
        let Some(status) = self.case.tender.text("status") else { return Ok(()) };
        if !ENDED.contains(&&*status) {
            return Ok(());
        }
        let at = self.case.released;
        let mut data = self.begin();
        data.text("reason", &status);
        data.text("at", &self.stamp(at));
        self.give("proc.project.terminated", "end", at, data)
    }
}

fn push_lot(data: &mut Writer, of: &Node<'_>) {
    let lots = of.get("relatedLots").map(|lots| lots.items().collect::<Vec<_>>());
    let lot = match lots.as_deref() {
        Some([lot]) => lot.text().map(std::borrow::Cow::into_owned),
        _ => of.id("relatedLot"),
    };
    data.optional("lot", lot);
}
