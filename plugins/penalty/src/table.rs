//! Fields of rows of reference tables, and whether a table was loaded at all.

use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Look};

/// Where to look for rows that are not in force on the day itself, in days before it. A table of
/// any size answers at the first.
const PROBE_DAYS: [i32; 6] = [0, 1, 30, 90, 365, 1_095];

/// Whether there is, or was in the three years before the day, any row whose key starts with `prefix`.
/// A table that a county has not loaded proves nothing against anybody.
pub(crate) fn is_known(look: &Look<'_>, table: &str, prefix: &str, day: Day) -> bool {
    PROBE_DAYS.iter().any(|days| !look.rows(table, prefix, day.plus(-days), 1).is_empty())
}

/// Whether a region lies in another: a code that ends in zeros stands for all below it.
pub(crate) fn lies_in(region: &str, of: &str) -> bool {
    let mut of = of;
    while let Some(shorter) = of.strip_suffix("00") {
        of = shorter;
    }
    region.starts_with(of)
}

/// A text that is present and not empty.
pub(crate) fn text(row: &Object<'_>, name: &str) -> Option<String> {
    let text = row.get(name)?.text()?;
    if text.is_empty() { None } else { Some(text.into_owned()) }
}

/// A list of texts; `None` if the column is empty.
pub(crate) fn texts(row: &Object<'_>, name: &str) -> Option<Vec<String>> {
    let list = row.get(name)?;
    Some(list.items().filter_map(Value::text).map(std::borrow::Cow::into_owned).collect())
}

/// A whole number; columns of a county's own are texts.
pub(crate) fn int(row: &Object<'_>, name: &str) -> Option<i64> {
    let value = row.get(name)?;
    value.int().or_else(|| value.text()?.parse().ok())
}

pub(crate) fn flag(row: &Object<'_>, name: &str) -> bool {
    row.get(name).and_then(Value::bool).unwrap_or(false)
}
