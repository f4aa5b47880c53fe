//! Rows of tables by region, and whether a table was loaded at all. It judges nothing.

use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Look};

/// Most rows read for one key: regions or versions of one code, not a whole table.
const ROWS_MAX: u32 = 64;
/// Where to look for rows that are not in force on the day itself, in days before it. A table of
/// any size answers at the first.
const PROBE_DAYS: [i32; 6] = [0, 1, 30, 90, 365, 1_095];

/// Rows in force on a day whose key starts with `prefix`, as JSON texts.
pub(crate) fn rows(look: &Look<'_>, table: &str, prefix: &str, day: Day) -> Vec<String> {
    look.rows(table, prefix, day, ROWS_MAX).iter().map(|(_, row)| row.clone()).collect()
}

/// The row that fits a region most closely.
pub(crate) fn nearest(
    look: &Look<'_>,
    table: &str,
    prefix: &str,
    (day, region): (Day, &str),
) -> Option<String> {
    let rows = rows(look, table, prefix, day);
    let fitting =
        rows.into_iter().filter_map(|row| Some((fit(&Object::parse(&row), region)?, row)));
    fitting.max_by_key(|(fit, _)| *fit).map(|(_, row)| row)
}

/// Whether there is, or was in the three years before the day, any row whose key starts with
/// `prefix`. A table that a county has not loaded proves nothing against anybody.
pub(crate) fn is_known(look: &Look<'_>, table: &str, prefix: &str, day: Day) -> bool {
    PROBE_DAYS.iter().any(|days| !look.rows(table, prefix, day.plus(-days), 1).is_empty())
}

/// How closely a row's region fits that of an event: `None` not at all, 0 for all regions.
fn fit(row: &Object<'_>, region: &str) -> Option<usize> {
    let of_row = row.get("region").and_then(Value::text).unwrap_or_default();
    let mut of_row: &str = &of_row;
    while let Some(wider) = of_row.strip_suffix("00") {
        of_row = wider;
    }
    region.starts_with(of_row).then_some(of_row.len())
}
