//! What tables say of one another: a value that refers to another table stands there, and a row that
//! others refer to does not vanish unseen.

use super::check::Checked;
use super::problem::{Problem, Severity};
use plumbline_contract::desk::CALENDAR_TABLE;
use plumbline_contract::table::{Column, TableRow, TableSpec, specs};
use plumbline_contract::time::Day;
use serde_json::Value;
use std::collections::BTreeSet;

/// Where the rows of other tables come from: those to be loaded together, else those in force.
pub type Others<'a> = &'a dyn Fn(&str) -> Option<&'a [TableRow]>;

/// Names that are shown of many that are affected.
const SHOWN_MAX: usize = 10;

/// Everything that other tables have to say of a checked one. `before` are its own rows so far.
#[must_use]
pub fn cross(
    spec: &TableSpec,
    checked: &Checked,
    before: &[TableRow],
    others: Others<'_>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for column in &spec.columns {
        if let Some(target) = column.refers.as_deref().and_then(TableSpec::find) {
            let known = match target.name == spec.name {
                true => Some(first_keys(target, &checked.rows)),
                false => others(&target.name).map(|rows| first_keys(target, rows)),
            };
            problems.extend(unknown(spec, checked, column, known.as_ref()));
        }
    }
    problems.extend(orphans(spec, checked, before, others));
    if spec.name == CALENDAR_TABLE {
        problems.extend(lost_years(spec, &checked.rows, before));
    }
    problems
}

/// The values of the first column of the key: what other tables refer to.
fn first_keys(spec: &TableSpec, rows: &[TableRow]) -> BTreeSet<String> {
    match spec.key.as_slice() {
        [_] => rows.iter().map(|row| row.key.clone()).collect(),
        [first, ..] => rows.iter().flat_map(|row| values(row, first)).collect(),
        [] => BTreeSet::new(),
    }
}

fn values(row: &TableRow, column: &str) -> Vec<String> {
    let fields: Value = serde_json::from_str(&row.json).unwrap_or_default();
    match &fields[column] {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => {
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        }
        Value::Null => Vec::new(),
        other => vec![other.to_string()],
    }
}

/// Values that the other table does not have; one remark if it was never loaded.
fn unknown(
    spec: &TableSpec,
    checked: &Checked,
    column: &Column,
    known: Option<&BTreeSet<String>>,
) -> Vec<Problem> {
    let target = column.refers.as_deref().unwrap_or_default();
    let place = |problem: Problem| Problem { sheet: checked.sheet.clone(), ..problem };
    let mut found = Vec::new();
    for (row, line) in checked.rows.iter().zip(&checked.lines) {
        // Most rows of most tables leave the column empty.
        if !row.json.contains(&column.name) {
            continue;
        }
        for value in values(row, &column.name) {
            let Some(known) = known else {
                let problem = Problem::new(Severity::Warning, "unchecked", &spec.name);
                return vec![place(problem.at(0, &column.name).value("", target))];
            };
            if !known.contains(&value) {
                let severity = if column.strict { Severity::Error } else { Severity::Warning };
                let problem = Problem::new(severity, "unknown", &spec.name);
                found.push(place(problem.at(*line, &column.name).value(&value, target)));
            }
        }
    }
    found
}

/// Rows that others refer to and that are no longer there.
fn orphans(
    spec: &TableSpec,
    checked: &Checked,
    before: &[TableRow],
    others: Others<'_>,
) -> Vec<Problem> {
    let now = first_keys(spec, &checked.rows);
    let gone: BTreeSet<_> = first_keys(spec, before).difference(&now).cloned().collect();
    let mut problems = Vec::new();
    if gone.is_empty() {
        return problems;
    }
    let columns = specs().iter().flat_map(|other| other.columns.iter().map(move |c| (other, c)));
    let refers = |column: &Column| column.refers.as_deref() == Some(spec.name.as_str());
    for (other, column) in columns.filter(|(other, c)| refers(c) && other.name != spec.name) {
        let Some(rows) = others(&other.name) else { continue };
        let used = rows.iter().flat_map(|row| values(row, &column.name));
        let left: BTreeSet<_> = used.filter(|value| gone.contains(value)).collect();
        if !left.is_empty() {
            let place = format!("{}.{}", other.name, column.name);
            let shown: Vec<_> = left.iter().take(SHOWN_MAX).map(String::as_str).collect();
            let shown = format!("{} ({})", shown.join(", "), left.len());
            let problem = Problem::new(Severity::Warning, "orphan", &spec.name);
            problems.push(problem.at(0, &spec.key[0]).value(&shown, &place));
        }
    }
    problems
}

/// National years that were announced and would be forgotten.
fn lost_years(spec: &TableSpec, rows: &[TableRow], before: &[TableRow]) -> Option<Problem> {
    let years = |rows: &[TableRow]| -> BTreeSet<i32> {
        let national = rows.iter().filter(|row| values(row, "region").is_empty());
        let days = national.filter_map(|row| Day::parse(values(row, "date").first()?));
        days.map(|day| day.ymd().0).collect()
    };
    let lost: Vec<_> = years(before).difference(&years(rows)).map(ToString::to_string).collect();
    let problem = Problem::new(Severity::Warning, "years-lost", &spec.name);
    (!lost.is_empty()).then(|| problem.at(0, "date").value(&lost.join(", "), ""))
}
