//! Rows of tables by region, and whether a table was loaded at all.

use super::item::text;
use plumbline_guest::json::Object;
use plumbline_guest::{Day, Look};
use std::rc::Rc;

/// Most rows read for one key: regions and roles of one item, not a whole table.
const ROWS_MAX: u32 = 64;
/// Where to look for rows that are not in force on the day itself, in days before it. A table of
/// any size answers at the first.
const PROBE_DAYS: [i32; 6] = [0, 1, 30, 90, 365, 1_095];

/// Rows in force whose key starts with `prefix`.
pub(crate) fn rows(look: &Look<'_>, table: &str, prefix: &str, day: Day) -> Rc<[(String, String)]> {
    look.rows(table, prefix, day, ROWS_MAX)
}

/// What `read` makes of such rows, once in a batch.
pub(crate) fn rows_as<T: Send + Sync + 'static>(
    look: &Look<'_>,
    (table, prefix): (&str, &str),
    day: Day,
    read: fn(&[(String, String)]) -> T,
) -> Rc<T> {
    look.rows_as((table, prefix), day, ROWS_MAX, read)
}

/// Whether there is, or was in the three years before the day, any row whose key starts with `prefix`.
/// A table that a county has not loaded proves nothing against anybody.
pub(crate) fn is_known(look: &Look<'_>, table: &str, prefix: &str, day: Day) -> bool {
    PROBE_DAYS.iter().any(|days| !look.rows(table, prefix, day.plus(-days), 1).is_empty())
}

/// How closely a row's region fits that of an event: `None` not at all, 0 for all regions.
/// A district row beats that of its city and of its province.
pub(crate) fn fit(row: &Object<'_>, region: &str) -> Option<usize> {
    fit_of(&text(row, "region").unwrap_or_default(), region)
}

/// The same of the region that a row names.
pub(crate) fn fit_of(of_row: &str, region: &str) -> Option<usize> {
    let mut of_row = of_row;
    while let Some(wider) = of_row.strip_suffix("00") {
        of_row = wider;
    }
    region.starts_with(of_row).then_some(of_row.len())
}
