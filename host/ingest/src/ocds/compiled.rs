//! The payload of `proc.process.compiled`: a release cut down to what the indicators read.

use super::node::Node;
use super::{Case, missing};
use crate::envelope;
use crate::json::push_text;
use crate::reject::Reject;
use plumbline_contract::event::DATA_BYTES_MAX;
use std::collections::{BTreeMap, BTreeSet};

/// Kept free for the note about bids that did not fit, in bytes.
const NOTE_BYTES: usize = 40;
/// Classes kept of one award. Goods of so many kinds are heterogeneous anyhow.
const CLASSES_MAX: usize = 200;

pub(super) fn data(case: &Case<'_>) -> Result<String, Reject> {
    let mut data = Writer::default();
    let (release, tender) = (&case.release, &case.tender);
    data.text("ocid", &case.ocid);
    data.optional("release_id", release.id("id"));
    data.optional("released_at", release.text("date"));
    data.optional("language", release.text("language"));
    data.optional("buyer", case.buyer.as_ref());
    data.optional("procuring_entity", case.entity.as_ref());
    data.optional("method", tender.text("procurementMethod"));
    data.optional("method_details", tender.text("procurementMethodDetails"));
    data.optional("tender_status", tender.text("status"));
    let period = tender.child("tenderPeriod");
    data.optional("period_from", period.text("startDate"));
    data.optional("period_to", period.text("endDate"));
    if let Some(count) = tender.number("numberOfTenderers").filter(|raw| is_whole(raw)) {
        data.raw("tenderers_count", count);
    }
    data.list("tenderers", &case.parties(tender, "tenderers"));
    awards(case, &mut data);
    bids(case, &mut data);
    data.0.push('}');
    envelope::data_size(&data.0)?;
    if case.ocid.is_empty() { Err(missing("ocid")) } else { Ok(data.0) }
}

fn is_whole(raw: &str) -> bool {
    raw.parse::<u64>().is_ok()
}

/// Awards with the classes of their items. With the setting for it, an award all of whose contracts
/// were cancelled counts as cancelled.
fn awards(case: &Case<'_>, data: &mut Writer) {
    let list = case.release.list("awards");
    if list.is_empty() {
        return;
    }
    let cancelled = cancelled_awards(case);
    data.name("awards");
    data.0.push('[');
    for (index, award) in list.iter().enumerate() {
        data.0.push_str(if index > 0 { "," } else { "" });
        data.object(|data| {
            let id = award.id("id");
            let is_cancelled = id.as_ref().is_some_and(|id| cancelled.get(id) == Some(&true));
            data.optional("id", id);
            let status = if is_cancelled {
                Some("cancelled".to_owned())
            } else {
                case.context.map.award_status.code(award.text("status"))
            };
            data.optional("status", status);
            data.optional("at", award.text("date"));
            price(case, award, data);
            data.list_always("suppliers", &case.parties(award, "suppliers"));
            let items = award.list("items");
            let classes: Vec<_> = items.iter().map(|item| item.child("classification")).collect();
            let scheme = classes.iter().find_map(|class| class.text("scheme"));
            let ids: BTreeSet<_> = classes.iter().filter_map(|class| class.id("id")).collect();
            if !ids.is_empty() {
                let default = || case.context.map.scheme.clone().map(Into::into);
                data.optional("scheme", scheme.or_else(default));
                let ids: Vec<_> = ids.into_iter().take(CLASSES_MAX).collect();
                data.list("classes", &ids);
            }
        });
    }
    data.0.push(']');
}

/// Of each award that has contracts, whether all of them were cancelled.
fn cancelled_awards(case: &Case<'_>) -> BTreeMap<String, bool> {
    let mut awards = BTreeMap::new();
    if case.context.map.award_status_by_contract_status {
        for contract in case.release.list("contracts") {
            let Some(award) = contract.id("awardID") else { continue };
            let cancelled = contract.text("status").as_deref() == Some("cancelled");
            *awards.entry(award).or_insert(true) &= cancelled;
        }
    }
    awards
}

fn bids(case: &Case<'_>, data: &mut Writer) {
    let list = case.bids();
    if list.is_empty() {
        return;
    }
    data.name("bids");
    data.0.push('[');
    let mut kept = 0;
    for (index, bid) in list.iter().enumerate() {
        let before = data.0.len();
        data.0.push_str(if index > 0 { "," } else { "" });
        data.object(|data| {
            data.optional("id", bid.id("id"));
            data.optional("status", case.context.map.bid_status.code(bid.text("status")));
            data.optional("at", bid.text("date"));
            price(case, bid, data);
            data.list_always("tenderers", &case.parties(bid, "tenderers"));
        });
        if data.0.len() + NOTE_BYTES > DATA_BYTES_MAX {
            data.0.truncate(before);
            break;
        }
        kept += 1;
    }
    data.0.push(']');
    if kept < list.len() {
        data.raw("bids_left_out", &(list.len() - kept).to_string());
    }
}

/// The value as published: in units of its currency, with the currency.
fn price(case: &Case<'_>, of: &Node<'_>, data: &mut Writer) {
    let value = of.child("value");
    if let Some(amount) = value.number("amount") {
        data.raw("price", amount);
        let default = || case.context.map.currency.clone().map(Into::into);
        data.optional("currency", value.text("currency").or_else(default));
    }
}

impl<'a> Case<'a> {
    pub(super) fn bids(&self) -> Vec<Node<'a>> {
        self.release.child("bids").list("details")
    }
}

/// An object that is being written.
#[derive(Default)]
pub(super) struct Writer(pub(super) String);

impl Writer {
    fn name(&mut self, name: &str) {
        match self.0.as_bytes().last() {
            None => self.0.push('{'),
            Some(b'{') => {}
            Some(_) => self.0.push(','),
        }
        push_text(&mut self.0, name);
        self.0.push(':');
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        push_text(&mut self.0, text);
    }

    pub(super) fn optional(&mut self, name: &str, text: Option<impl AsRef<str>>) {
        if let Some(text) = text {
            self.text(name, text.as_ref());
        }
    }

    pub(super) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.push_str(json);
    }

    fn list(&mut self, name: &str, texts: &[String]) {
        if !texts.is_empty() {
            self.list_always(name, texts);
        }
    }

    fn list_always(&mut self, name: &str, texts: &[String]) {
        self.name(name);
        self.0.push('[');
        for (index, text) in texts.iter().enumerate() {
            self.0.push_str(if index > 0 { "," } else { "" });
            push_text(&mut self.0, text);
        }
        self.0.push(']');
    }

    fn object(&mut self, fields: impl FnOnce(&mut Self)) {
        self.0.push('{');
        fields(self);
        self.0.push('}');
    }
}
