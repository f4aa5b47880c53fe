//! One contracting process as the indicators see it: the payload of `proc.process.compiled`.
//!
//! It is a compiled release cut down to what the eleven indicators read. Codes are those of OCDS
//! where the import could map them, else as the publisher wrote them; dates stay as written.

use crate::finding::Group;
use plumbline_contract::time::{Millis, parse_stamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The event type that carries a process.
pub const PROCESS_TYPE: &str = "proc.process.compiled";

/// See the module. What is absent is unknown. Ids of organizations are never absent in a list: one
/// without id is an empty text, so that the number of members stays true.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Process {
    pub ocid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procuring_entity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method_details: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tender_status: Option<String>,
    /// Begin and end of the time for bids, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_to: Option<String>,
    /// `numberOfTenderers` as published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenderers_count: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tenderers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bids: Vec<Bid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub awards: Vec<Award>,
    /// Bids that did not fit into the payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bids_left_out: Option<u64>,
}

/// A bid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bid {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// When it was received, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// In units of the currency, as published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    pub tenderers: Vec<String>,
}

impl Bid {
    /// Its only tenderer; `None` for joint bids and where the id is not known.
    pub(crate) fn only_tenderer(&self) -> Option<&str> {
        match &self.tenderers[..] {
            [one] if !one.is_empty() => Some(one),
            _ => None,
        }
    }

    /// Tenderers that have an id.
    pub(crate) fn known_tenderers(&self) -> impl Iterator<Item = &str> {
        self.tenderers.iter().map(String::as_str).filter(|id| !id.is_empty())
    }

    pub(crate) fn has(&self, status: &str) -> bool {
        self.status.as_deref() == Some(status)
    }
}

/// An award.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Award {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    pub suppliers: Vec<String>,
    /// Classification ids of the items, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
}

impl Award {
    pub(crate) fn only_supplier(&self) -> Option<&str> {
        match &self.suppliers[..] {
            [one] if !one.is_empty() => Some(one),
            _ => None,
        }
    }

    /// Suppliers that have an id.
    pub(crate) fn known_suppliers(&self) -> impl Iterator<Item = &str> {
        self.suppliers.iter().map(String::as_str).filter(|id| !id.is_empty())
    }

    pub(crate) fn is_active(&self) -> bool {
        self.status.as_deref() == Some("active")
    }
}

impl Process {
    /// Reads a payload.
    ///
    /// # Errors
    /// If a field has another type than its schema says.
    pub fn read(payload: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(payload)
    }

    /// Who takes part: buyer, procuring entity, tenderers and suppliers, as flags name them.
    #[must_use]
    pub fn parties(&self) -> BTreeSet<(Group, &str)> {
        let tenderers = self.bids.iter().flat_map(Bid::known_tenderers);
        let suppliers = self.awards.iter().flat_map(Award::known_suppliers);
        let mut parties: BTreeSet<_> =
            tenderers.chain(suppliers).map(|id| (Group::Tenderer, id)).collect();
        parties.extend(self.buyer.as_deref().map(|id| (Group::Buyer, id)));
        let entity = self.procuring_entity.as_deref();
        parties.extend(entity.map(|id| (Group::ProcuringEntity, id)));
        parties
    }

    /// The active awards, unless one is pending or has a status that is no OCDS code. An award
    /// without status is neither.
    pub(crate) fn final_awards(&self) -> Option<Vec<&Award>> {
        let mut active = Vec::new();
        for award in &self.awards {
            match award.status.as_deref() {
                Some("active") => active.push(award),
                Some("cancelled" | "unsuccessful") | None => {}
                Some(_) => return None,
            }
        }
        Some(active)
    }

    /// The supplier of the only active award, if it has one only and all awards are final.
    pub(crate) fn only_winner(&self) -> Option<&str> {
        match &self.final_awards()?[..] {
            [award] => award.only_supplier(),
            _ => None,
        }
    }
}

/// The instant of an RFC 3339 timestamp with seconds and offset: nothing less names an instant.
pub(crate) fn instant(text: &str) -> Option<Millis> {
    const SHORTEST: usize = "2026-01-01T00:00:00Z".len();
    let stamp = parse_stamp(text).filter(|_| text.len() >= SHORTEST)?;
    let offset = i64::from(stamp.offset_minutes?) * plumbline_contract::time::MS_PER_MINUTE;
    Some(Millis(stamp.local.0 - offset))
}
