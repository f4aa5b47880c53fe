//! Rows of the reference tables that several streams read.

use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, FromRow, Look};

/// Where to look for rows of a table that are not in force on the day itself, in days before it.
const PROBE_DAYS: [i32; 4] = [0, 30, 365, 1_095];

/// A fund: what it may be spent on, and its own periods.
#[derive(Debug)]
pub(crate) struct FundRow {
    pub(crate) purposes: Vec<String>,
    pub(crate) process: String,
    pub(crate) publicity_d: Option<i32>,
    pub(crate) idle_d: Option<i32>,
}

impl FromRow for FundRow {
    const TABLE: &'static str = "fund";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        Some(Self {
            purposes: texts(row, "purpose_codes"),
            process: text(row, "process"),
            publicity_d: small(row, "publicity_days"),
            idle_d: small(row, "idle_days"),
        })
    }
}

/// A benefit programme for one category of recipients.
#[derive(Debug)]
pub(crate) struct Programme {
    pub(crate) amount: Option<i64>,
    pub(crate) exclusive_with: Vec<String>,
    pub(crate) disqualifiers: Vec<String>,
    pub(crate) age: (Option<i32>, Option<i32>),
}

impl FromRow for Programme {
    const TABLE: &'static str = "programme";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        Some(Self {
            amount: row.get("amount").and_then(Value::int),
            exclusive_with: texts(row, "exclusive_with"),
            disqualifiers: texts(row, "disqualifiers"),
            age: (small(row, "age_from"), small(row, "age_to")),
        })
    }
}

/// A firm or other body.
#[derive(Debug)]
pub(crate) struct Party {
    pub(crate) established: Option<Day>,
    pub(crate) staff: Option<i64>,
    pub(crate) status: String,
    pub(crate) address_firms: i64,
    pub(crate) officer_contact: bool,
    pub(crate) scale: Option<i64>,
}

impl FromRow for Party {
    const TABLE: &'static str = "party";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        Some(Self {
            established: Day::parse(&text(row, "est_date")),
            staff: row.get("staff").and_then(Value::int),
            status: text(row, "status"),
            address_firms: row.get("address_firms").and_then(Value::int).unwrap_or(0),
            officer_contact: row.get("officer_contact").and_then(Value::bool).unwrap_or(false),
            scale: row.get("scale").and_then(Value::int),
        })
    }
}

/// A text field of a row; empty if it has none.
pub(crate) fn text(row: &Object<'_>, name: &str) -> String {
    row.get(name).and_then(Value::text).unwrap_or_default().into_owned()
}

/// A list of texts of a row.
pub(crate) fn texts(row: &Object<'_>, name: &str) -> Vec<String> {
    let items = row.get(name).into_iter().flat_map(Value::items).filter_map(Value::text);
    items.map(std::borrow::Cow::into_owned).collect()
}

fn small(row: &Object<'_>, name: &str) -> Option<i32> {
    row.get(name).and_then(Value::int).and_then(|value| i32::try_from(value).ok())
}

/// Whether the table has, or had in the three years before the day, any row at all: a table that a
/// county has not loaded proves nothing against anybody.
pub(crate) fn is_loaded(look: &Look<'_>, table: &str, on: Day) -> bool {
    PROBE_DAYS.iter().any(|days| !look.rows(table, "", on.plus(-days), 1).is_empty())
}
