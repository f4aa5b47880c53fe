//! The part of a mapping that is for OCDS: codes of a publisher, defaults, regions and departments.
//!
//! ```toml
//! format = "ocds"
//! source = "ggzy-370203"
//! zone = "Asia/Shanghai"
//! [ocds]
//! region = "370203"
//! [ocds.bid_status]
//! qualified = "valid"
//! ```

use super::read::{Answer, Node, texts_table, wrong};
use super::{CsvLayout, Kind, Mapping, Origin, Value};
use crate::envelope;
use crate::error::IngestError;
use crate::source::Format;
use plumbline_contract::time::Zone;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Source and department where nothing else is known.
const SOURCE: &str = "ocds";
const DEPT: &str = "unknown";

/// Words that publishers use for the codes of the bids extension.
const BID_STATUS: [(&str, &str); 8] = [
    ("active", "valid"),
    ("qualified", "valid"),
    ("accepted", "valid"),
    ("unsuccessful", "disqualified"),
    ("invalid", "disqualified"),
    ("invalid.pre-qualification", "disqualified"),
    ("rejected", "disqualified"),
    ("deleted", "withdrawn"),
];
/// The same for awards.
const AWARD_STATUS: [(&str, &str); 3] =
    [("Active", "active"), ("Cancelled", "cancelled"), ("Unsuccessful", "unsuccessful")];
/// Methods of OCDS as ways of procurement. `limited` says no more than that it was not open.
const METHODS: [(&str, &str); 4] =
    [("open", "open"), ("selective", "invited"), ("limited", "other"), ("direct", "direct")];
const KINDS: [(&str, &str); 3] = [("works", "works"), ("goods", "goods"), ("services", "services")];

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct OcdsMap {
    /// Where no table says the region.
    pub(crate) region: String,
    pub(crate) dept: String,
    pub(crate) currency: Option<String>,
    /// Scheme of classifications that name none.
    pub(crate) scheme: Option<String>,
    pub(crate) bid_status: Codes,
    pub(crate) award_status: Codes,
    pub(crate) award_status_by_contract_status: bool,
    /// Whether events count as recorded when the release was made, rather than when they happened.
    pub(crate) recorded_with_release: bool,
    /// Whether registration numbers stand in for ids that are missing.
    pub(crate) identifiers: bool,
    /// Whether to make events for the rules about procurement.
    pub(crate) acts: bool,
    /// By id of the buyer, else of the procuring entity.
    pub(crate) regions: BTreeMap<String, String>,
    pub(crate) depts: BTreeMap<String, String>,
    /// By details of the method, else by the method.
    pub(crate) methods: BTreeMap<String, String>,
    pub(crate) kinds: BTreeMap<String, String>,
}

/// A code list with what stands in for a missing code.
#[derive(Clone, Debug, Default)]
pub(crate) struct Codes {
    words: BTreeMap<String, String>,
    default: Option<String>,
}

impl Codes {
    /// The code for a word; a word that is not in the list stays.
    pub(crate) fn code(&self, word: Option<Cow<'_, str>>) -> Option<String> {
        let Some(word) = word else { return self.default.clone() };
        Some(self.words.get(&*word).cloned().unwrap_or_else(|| word.into_owned()))
    }
}

fn table(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
    rows.iter().map(|(word, code)| ((*word).to_owned(), (*code).to_owned())).collect()
}

impl OcdsMap {
    fn new(region: &str) -> Self {
        let codes = |rows: &[_]| Codes { words: table(rows), default: None };
        Self {
            region: region.to_owned(),
            dept: DEPT.to_owned(),
            currency: None,
            scheme: None,
            bid_status: codes(&BID_STATUS),
            award_status: codes(&AWARD_STATUS),
            award_status_by_contract_status: false,
            recorded_with_release: false,
            identifiers: false,
            acts: true,
            regions: BTreeMap::new(),
            depts: BTreeMap::new(),
            methods: table(&METHODS),
            kinds: table(&KINDS),
        }
    }
}

impl Mapping {
    /// The mapping for OCDS where no file is given: everything as published, in one region.
    ///
    /// # Errors
    /// If the region is no code.
    pub fn ocds(region: &str, zone: &Zone) -> Result<Self, IngestError> {
        envelope::region("region", region).map_err(|reject| wrong("region", &reject.en()))?;
        Ok(around(OcdsMap::new(region), SOURCE.to_owned(), zone.clone()))
    }

    /// Whether it is a mapping for OCDS.
    #[must_use]
    pub fn is_ocds(&self) -> bool {
        self.format == Format::Ocds
    }
}

fn around(map: OcdsMap, source: String, zone: Zone) -> Mapping {
    let constant = |text: &str| Value {
        origin: Origin::Const { text: text.to_owned(), json: String::new() },
        kind: Kind::Text,
        table: None,
        default: None,
        required: false,
        separator: String::new(),
        check: None,
    };
    Mapping {
        format: Format::Ocds,
        source,
        zone,
        activity: None,
        ignore: Vec::new(),
        absent: Vec::new(),
        csv: CsvLayout::default(),
        region: constant(&map.region),
        dept: constant(&map.dept),
        by_activity: BTreeMap::new(),
        events: Vec::new(),
        trace_events: Vec::new(),
        ocds: Some(Box::new(map)),
    }
}

/// Reads a mapping whose `format` is `ocds`.
pub(super) fn mapping(root: &Node<'_>, source: String, zone: Zone) -> Answer<Mapping> {
    root.keys(&["format", "source", "zone", "ocds"])?;
    let node = root.need("ocds")?;
    node.keys(&[
        "region",
        "dept",
        "currency",
        "classification_scheme",
        "bid_status_default",
        "award_status_default",
        "award_status_by_contract_status",
        "recorded",
        "identifiers",
        "events",
        "bid_status",
        "award_status",
        "regions",
        "depts",
        "methods",
        "kinds",
    ])?;
    let region = node.need("region")?;
    let code = |node: &Node<'_>, text: &str| {
        envelope::region("region", text).map_err(|reject| node.wrong(&reject.en()))
    };
    code(&region, region.text()?)?;
    let mut map = OcdsMap::new(region.text()?);
    let text = |key: &str| node.get(key).map(|n| n.text().map(str::to_owned)).transpose();
    let flag = |key: &str, default| node.get(key).map_or(Ok(default), |n| n.flag());
    map.dept = text("dept")?.unwrap_or(map.dept);
    (map.currency, map.scheme) = (text("currency")?, text("classification_scheme")?);
    map.bid_status.default = text("bid_status_default")?;
    map.award_status.default = text("award_status_default")?;
    map.award_status_by_contract_status = flag("award_status_by_contract_status", false)?;
    map.identifiers = flag("identifiers", false)?;
    map.acts = flag("events", true)?;
    map.recorded_with_release = match text("recorded")?.as_deref() {
        None | Some("act") => false,
        Some("release") => true,
        Some(other) => {
            return Err(wrong("ocds.recorded", &format!("`{other}` is not `act` or `release`")));
        }
    };
    for (key, words) in [
        ("bid_status", &mut map.bid_status.words),
        ("award_status", &mut map.award_status.words),
        ("regions", &mut map.regions),
        ("depts", &mut map.depts),
        ("methods", &mut map.methods),
        ("kinds", &mut map.kinds),
    ] {
        if let Some(table) = node.get(key) {
            words.extend(texts_table(&table)?);
        }
    }
    for (id, region) in &map.regions {
        code(&node.need("regions")?, region)
            .map_err(|_| wrong(&format!("ocds.regions.{id}"), "a region code is needed"))?;
    }
    Ok(around(map, source, zone))
}
