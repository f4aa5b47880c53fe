//! What a bid and what surrounds it say. Long hashes are kept as fingerprints, which is enough to
//! tell whether two are equal; of unit prices a sample is kept that is the same for all bidders.

use crate::read::{at, filled, mark, mark_of, names, text};
use plumbline_guest::json::Value;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local};

/// Most unit prices that are kept of one bid: those of the items with the smallest fingerprints, so
/// that all bidders' samples name the same items.
const ITEMS_MAX: usize = 100;
/// Most addresses or typos that are kept of one bid.
const SET_MAX: usize = 16;

/// What a mark is a mark of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Trait {
    Machine,
    Disk,
    Cpu,
    Author,
    UploadAccount,
    Software,
    Mac,
    Ip,
    LegalRep,
    ProjectManager,
    Agent,
    Contact,
    Email,
    InsurancePayer,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Bid {
    pub(crate) lot: String,
    pub(crate) bidder: String,
    pub(crate) price: Option<i64>,
    pub(crate) marks: Vec<(Trait, u64)>,
    /// Addresses of network cards with their vendor prefixes.
    pub(crate) macs: Vec<(u64, String)>,
    /// Kept as written, because they are looked up in the list of marks that prove nothing.
    pub(crate) ip: String,
    pub(crate) software: String,
    /// Made or uploaded on a terminal of the trading hall.
    pub(crate) in_hall: bool,
    pub(crate) modified: Option<Local>,
    pub(crate) simhash: Option<u64>,
    pub(crate) typos: Vec<u64>,
    pub(crate) names_found: Vec<String>,
    pub(crate) name: Option<u64>,
    /// Fingerprint of the item and unit price, in the order of the fingerprints.
    pub(crate) items: Vec<(u32, i64)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Bond {
    pub(crate) bidder: String,
    pub(crate) lot: String,
    /// None if it is a sub-account of the platform.
    pub(crate) account: Option<u64>,
    pub(crate) payer: Option<u64>,
    pub(crate) guarantor: Option<u64>,
    pub(crate) number: Option<i64>,
    pub(crate) contact: Option<u64>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Project {
    pub(crate) ocid: String,
    pub(crate) kind: String,
    pub(crate) buyer: String,
    pub(crate) category: String,
    pub(crate) agency: String,
    pub(crate) control_price: Option<i64>,
    pub(crate) reserve_price: Option<i64>,
    pub(crate) reserve_secret: bool,
    pub(crate) price_formula: bool,
    pub(crate) agency_contact: Option<u64>,
    pub(crate) region: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Registered(Box<Project>),
    /// Of the tender document itself.
    Notice {
        simhash: Option<u64>,
        typos: Vec<u64>,
    },
    Doc {
        at: Local,
        bidder: String,
        ip: Option<u64>,
        account: Option<u64>,
        contact: Option<u64>,
    },
    Bond(Box<Bond>),
    Bid(Local, Box<Bid>),
    Out {
        at: Local,
        bidder: String,
        lot: String,
        withdrawn: bool,
        excused: bool,
    },
    Opened(Local),
    Candidates {
        lot: String,
        ranked: Vec<String>,
    },
    Award {
        at: Local,
        lot: String,
        supplier: String,
        amount: Option<i64>,
    },
}

impl Said {
    pub(crate) fn is_bid(&self) -> bool {
        matches!(self, Self::Bid(..))
    }

    pub(crate) fn is_other_bulk(&self) -> bool {
        matches!(self, Self::Doc { .. } | Self::Bond(_))
    }

    /// Reads an event; `None` if it says nothing to these rules.
    pub(crate) fn read(event: &Event<'_>) -> Option<Self> {
        let (lot, bidder) = (text(event, "lot"), text(event, "bidder"));
        let at = at(event, "at");
        Some(match event.kind {
            "proc.project.registered" => Self::Registered(Box::new(project(event))),
            "proc.notice.published" => Self::Notice {
                simhash: simhash(event, "doc_simhash"),
                typos: marks(event, "doc_typos_h"),
            },
            "proc.doc.obtained" => {
                let in_hall = event.text("site").is_some_and(|site| site == "hall");
                let machine = |name| if in_hall { None } else { mark_of(event, name) };
                Self::Doc {
                    at,
                    bidder,
                    ip: machine("ip_h"),
                    account: mark_of(event, "account_h"),
                    contact: mark_of(event, "contact_h"),
                }
            }
            "proc.bond.paid" => Self::Bond(Box::new(bond(event, bidder, lot))),
            "proc.bid.submitted" => Self::Bid(at, Box::new(bid(event, bidder, lot))),
            "proc.bid.withdrawn" | "proc.bid.rejected" => Self::Out {
                at,
                bidder,
                lot,
                withdrawn: event.kind == "proc.bid.withdrawn",
                excused: event.flag("excused").unwrap_or(false),
            },
            "proc.opening.held" => Self::Opened(at),
            "proc.candidates.published" => {
                Self::Candidates { lot, ranked: names(event, "candidates", "supplier") }
            }
            "proc.award.decided" => Self::Award {
                at,
                lot,
                supplier: text(event, "supplier"),
                amount: event.int("amount"),
            },
            _ => return None,
        })
    }
}

fn project(event: &Event<'_>) -> Project {
    let kind = text(event, "kind");
    let category = event.text("category").filter(|category| !category.is_empty());
    Project {
        ocid: text(event, "ocid"),
        buyer: text(event, "buyer"),
        category: category.unwrap_or_else(|| kind.clone()),
        kind,
        agency: text(event, "agency"),
        control_price: event.int("control_price"),
        reserve_price: event.int("reserve_price"),
        reserve_secret: event.flag("reserve_secret").unwrap_or(false),
        price_formula: event.flag("price_formula").unwrap_or(false),
        agency_contact: mark_of(event, "agency_contact_h"),
        region: event.region.to_owned(),
    }
}

/// A fingerprint of 16 hexadecimal digits, or a number.
fn simhash(event: &Event<'_>, name: &str) -> Option<u64> {
    match event.get(name)? {
        Value::Number(raw) => raw.parse().ok(),
        value => u64::from_str_radix(value.text()?.trim_start_matches("0x"), 16).ok(),
    }
}

fn marks(event: &Event<'_>, name: &str) -> Vec<u64> {
    let texts = event.texts(name).unwrap_or_default();
    let mut marks: Vec<_> = texts.iter().map(|text| mark(text)).collect();
    marks.sort_unstable();
    marks.dedup();
    marks.truncate(SET_MAX);
    marks
}

fn bid(event: &Event<'_>, bidder: String, lot: String) -> Bid {
    const MARKS: [(Trait, &str); 12] = [
        (Trait::Machine, "tool_machine_h"),
        (Trait::Disk, "disk_serial_h"),
        (Trait::Cpu, "cpu_h"),
        (Trait::Author, "author_h"),
        (Trait::UploadAccount, "upload_account_h"),
        (Trait::Software, "software_no"),
        (Trait::LegalRep, "legal_rep_h"),
        (Trait::ProjectManager, "pm_h"),
        (Trait::Agent, "agent_h"),
        (Trait::Contact, "contact_h"),
        (Trait::Email, "email_h"),
        (Trait::InsurancePayer, "insurance_payer_h"),
    ];
    let marks = MARKS.iter().filter_map(|(kind, name)| Some((*kind, mark_of(event, name)?)));
    let prefixes = event.texts("mac_oui").unwrap_or_default();
    let macs = event.texts("mac_h").unwrap_or_default();
    let macs = macs.iter().take(SET_MAX).enumerate().map(|(nth, mac)| {
        (mark(mac), prefixes.get(nth).map(|prefix| prefix.to_uppercase()).unwrap_or_default())
    });
    Bid {
        lot,
        bidder,
        price: event.int("price").filter(|price| *price > 0),
        marks: marks.collect(),
        macs: macs.collect(),
        ip: text(event, "ip_h"),
        software: text(event, "software_no"),
        in_hall: event.text("site").is_some_and(|site| site == "hall"),
        modified: event.stamp("last_modified"),
        simhash: simhash(event, "text_simhash"),
        typos: marks_of_typos(event),
        names_found: event.texts("names_found").unwrap_or_default(),
        name: mark_of(event, "name_h"),
        items: items(event),
    }
}

fn marks_of_typos(event: &Event<'_>) -> Vec<u64> {
    marks(event, "typo_set_h")
}

/// The sample of unit prices; guide prices and provisional sums are equal by nature.
fn items(event: &Event<'_>) -> Vec<(u32, i64)> {
    let Some(list) = event.get("item_prices") else { return Vec::new() };
    let item = |value: Value<'_>| {
        let fields = value.object();
        if fields.get("guide").and_then(Value::bool).unwrap_or(false) {
            return None;
        }
        let code = mark(&fields.get("code")?.text()?);
        let price = fields.get("unit_price")?.int().filter(|price| *price > 0)?;
        Some(((code >> 32) as u32 ^ code as u32, price))
    };
    let mut items: Vec<_> = list.items().filter_map(item).collect();
    items.sort_unstable();
    items.dedup_by_key(|(code, _)| *code);
    items.truncate(ITEMS_MAX);
    items
}

fn bond(event: &Event<'_>, bidder: String, lot: String) -> Bond {
    let is_virtual = event.flag("virtual").unwrap_or(false);
    let account = if is_virtual { None } else { mark_of(event, "acct_h") };
    // The digits at the end of the number of a letter of guarantee.
    let number = event.text("guarantee_no").and_then(|text| {
        let digits = text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        text[text.len() - digits.min(18)..].parse().ok()
    });
    let payer = if filled(event, "payer_name_h") { mark_of(event, "payer_name_h") } else { None };
    Bond {
        bidder,
        lot,
        account,
        payer,
        guarantor: mark_of(event, "guarantor_h"),
        number,
        contact: mark_of(event, "applicant_contact_h"),
    }
}
