//! Rows of reference tables about objects, checklists, caps and officers.

use crate::place::{Place, Site, corners};
use plumbline_guest::FromRow;
use plumbline_guest::json::{Object, Value};

/// A row of `object`.
#[derive(Debug)]
pub(crate) struct ObjectRow {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) risk: String,
    pub(crate) active: bool,
    pub(crate) site: Site,
}

impl FromRow for ObjectRow {
    const TABLE: &'static str = "object";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let number = |name| row.get(name).and_then(Value::float);
        let centre = number("lat").zip(number("lon")).and_then(|(lat, lon)| Place::new(lat, lon));
        let corners = row.get("polygon").map(corners).unwrap_or_default();
        Some(Self {
            name: text(row, "name"),
            kind: text(row, "kind"),
            risk: text(row, "risk"),
            active: matches!(&*text(row, "status"), "" | "active"),
            site: Site { centre, radius_m: row.get("radius").and_then(Value::int), corners },
        })
    }
}

/// A row of `checklist`.
#[derive(Debug)]
pub(crate) struct Checklist {
    pub(crate) templates: Vec<String>,
    pub(crate) min_dwell_s: Option<i64>,
}

impl FromRow for Checklist {
    const TABLE: &'static str = "checklist";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let templates = texts(row, "template_sentences");
        Some(Self { templates, min_dwell_s: row.get("min_dwell").and_then(Value::int) })
    }
}

/// A row of `annual_cap`.
#[derive(Debug)]
pub(crate) struct Cap {
    pub(crate) cap: i64,
}

impl FromRow for Cap {
    const TABLE: &'static str = "annual_cap";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        Some(Self { cap: row.get("cap")?.int()? })
    }
}

/// A row of `officer`.
#[derive(Debug)]
pub(crate) struct Officer {
    pub(crate) roles: Vec<String>,
}

impl FromRow for Officer {
    const TABLE: &'static str = "officer";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        Some(Self { roles: texts(row, "roles") })
    }
}

/// A row of `officer_cert`.
#[derive(Debug)]
pub(crate) struct Cert {
    pub(crate) officer: String,
    pub(crate) domains: Vec<String>,
    pub(crate) regions: Vec<String>,
    pub(crate) valid: bool,
}

impl FromRow for Cert {
    const TABLE: &'static str = "officer_cert";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        Some(Self {
            officer: text(row, "officer_id"),
            domains: texts(row, "domains"),
            regions: texts(row, "regions"),
            valid: matches!(&*text(row, "status"), "" | "valid"),
        })
    }
}

pub(crate) fn text(row: &Object<'_>, name: &str) -> String {
    row.get(name).and_then(Value::text).map(std::borrow::Cow::into_owned).unwrap_or_default()
}

fn texts(row: &Object<'_>, name: &str) -> Vec<String> {
    let items = row.get(name).into_iter().flat_map(Value::items);
    items.filter_map(Value::text).map(std::borrow::Cow::into_owned).collect()
}
