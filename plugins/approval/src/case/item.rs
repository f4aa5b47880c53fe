//! Rows about a service item, in the version that governs the case.

use super::procedure::Process;
use plumbline_guest::FromRow;
use plumbline_guest::json::{Object, Value};
use std::sync::Arc;

/// A row of `item`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Item {
    pub(crate) dept: Option<String>,
    pub(crate) statutory_wd: Option<i32>,
    pub(crate) promised_wd: Option<i32>,
    /// A sectoral law allows longer extensions; a county's own column.
    pub(crate) ext_max_wd: Option<i32>,
    pub(crate) on_spot: bool,
    pub(crate) joint: bool,
    pub(crate) cancelled: bool,
    pub(crate) hearing_required: bool,
    pub(crate) licence_max_months: Option<i32>,
    /// The process that its steps make, if it lists any.
    pub(crate) process: Option<Arc<Process>>,
    /// Codes of the materials without which there is no grant.
    pub(crate) mandatory: Vec<String>,
    pub(crate) fee_codes: Option<Vec<String>>,
    pub(crate) links: Vec<(String, Link)>,
}

/// A procedure that lawfully stops the clock; also a row of `item_special_link`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) max_wd: Option<i32>,
    pub(crate) needs_notice: bool,
}

/// A step of a process.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) role: String,
    pub(crate) mandatory: bool,
    pub(crate) separate: bool,
}

impl FromRow for Item {
    const TABLE: &'static str = "item";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let links = list(row, "special_links").filter_map(|link| {
            let link = link.object();
            Some((text(&link, "kind")?, Link::from_row(&link)?))
        });
        let mandatory = list(row, "materials").filter_map(mandatory_code);
        let fee_codes = row.get("fee_codes").map(|codes| {
            codes.items().filter_map(Value::text).map(std::borrow::Cow::into_owned).collect()
        });
        Some(Self {
            dept: text(row, "dept"),
            statutory_wd: int(row, "statutory_wd"),
            promised_wd: int(row, "promised_wd"),
            ext_max_wd: int(row, "ext_max_wd"),
            on_spot: flag(row, "on_spot"),
            joint: flag(row, "joint"),
            cancelled: text(row, "status").is_some_and(|status| status == "cancelled"),
            hearing_required: flag(row, "hearing_required"),
            licence_max_months: int(row, "licence_max_months"),
            process: Process::of_steps(list(row, "steps").filter_map(Node::read).collect()),
            mandatory: mandatory.collect(),
            fee_codes,
            links: links.collect(),
        })
    }
}

impl FromRow for Link {
    const TABLE: &'static str = "item_special_link";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let needs_notice = row.get("needs_notice").and_then(Value::bool).unwrap_or(true);
        Some(Self { max_wd: int(row, "max_wd"), needs_notice })
    }
}

impl Node {
    /// A step of an item or a node of a process definition. What does not say that it is optional
    /// is mandatory.
    pub(crate) fn read(value: Value<'_>) -> Option<Self> {
        if let Some(id) = value.text() {
            let (id, role) = (id.into_owned(), String::new());
            return Some(Self { id, role, mandatory: true, separate: false });
        }
        let row = value.object();
        Some(Self {
            id: text(&row, "id").or_else(|| text(&row, "step"))?,
            role: text(&row, "role").unwrap_or_default(),
            mandatory: row.get("mandatory").and_then(Value::bool).unwrap_or(true),
            separate: flag(&row, "separate"),
        })
    }
}

/// The code of a material, unless it is optional: as with steps, what does not say so is mandatory.
fn mandatory_code(material: Value<'_>) -> Option<String> {
    if let Some(code) = material.text() {
        return (!code.is_empty()).then(|| code.into_owned());
    }
    let material = material.object();
    let is_mandatory = material.get("mandatory").and_then(Value::bool).unwrap_or(true);
    if is_mandatory { text(&material, "code") } else { None }
}

fn list<'a>(row: &Object<'a>, name: &str) -> impl Iterator<Item = Value<'a>> + use<'a> {
    row.get(name).into_iter().flat_map(Value::items)
}

pub(crate) fn text(row: &Object<'_>, name: &str) -> Option<String> {
    let text = row.get(name)?.text()?;
    if text.is_empty() { None } else { Some(text.into_owned()) }
}

/// A whole number; columns of a county's own are texts.
fn int(row: &Object<'_>, name: &str) -> Option<i32> {
    let value = row.get(name)?;
    let number = value.int().or_else(|| value.text()?.parse().ok())?;
    i32::try_from(number).ok()
}

fn flag(row: &Object<'_>, name: &str) -> bool {
    row.get(name).and_then(Value::bool).unwrap_or(false)
}
