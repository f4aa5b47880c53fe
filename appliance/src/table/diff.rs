//! What changes between two versions of a table: rows that come, rows that go, and fields that
//! change. A pure function of the rows.

use plumbline_contract::table::TableRow;
use plumbline_contract::time::Day;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// See the module. Rows are in the order of (key, first day).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diff {
    pub added: Vec<RowView>,
    pub removed: Vec<RowView>,
    pub changed: Vec<Change>,
    pub unchanged: usize,
}

/// One row as people and programs see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowView {
    pub key: String,
    pub from: Option<String>,
    pub to: Option<String>,
    pub row: Value,
}

/// A row that stays under its key and says something else.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    pub key: String,
    pub from: Option<String>,
    pub to: Option<String>,
    /// In the order of their names.
    pub fields: Vec<FieldChange>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldChange {
    pub field: String,
    /// Nothing where the field was empty.
    pub before: Value,
    pub after: Value,
}

impl RowView {
    #[must_use]
    pub fn of(row: &TableRow) -> Self {
        let text = |day: Option<Day>| day.map(|day| day.to_string());
        Self {
            key: row.key.clone(),
            from: text(row.from),
            to: text(row.to),
            row: fields(row).into(),
        }
    }
}

impl Diff {
    /// Compares two versions. Rows of one key belong together by their first day, what is left of
    /// them in their order.
    #[must_use]
    pub fn of(before: &[TableRow], after: &[TableRow]) -> Self {
        let (before, after) = (by_key(before), by_key(after));
        let mut diff = Self::default();
        let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        let none = Vec::new();
        for key in keys {
            diff.rows_of_key(before.get(*key).unwrap_or(&none), after.get(*key).unwrap_or(&none));
        }
        diff
    }

    fn rows_of_key(&mut self, before: &[&TableRow], after: &[&TableRow]) {
        let mut old = paired(before, after).into_iter();
        let mut new = paired(after, before).into_iter();
        loop {
            match (old.next(), new.next()) {
                (None, None) => break,
                (Some(old), None) => self.removed.push(RowView::of(old)),
                (None, Some(new)) => self.added.push(RowView::of(new)),
                (Some(old), Some(new)) if old == new => self.unchanged += 1,
                (Some(old), Some(new)) => self.changed.push(change(old, new)),
            }
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// The first and the last days of the rows concerned, each once, in order; `None` among them
    /// for a row without a first day.
    #[must_use]
    pub fn days(&self) -> Vec<Option<String>> {
        let views = self.added.iter().chain(&self.removed).map(|row| (&row.from, &row.to));
        let changes = self.changed.iter().map(|change| (&change.from, &change.to));
        let ends = views.chain(changes);
        let mut days: BTreeSet<Option<String>> = BTreeSet::new();
        for (from, to) in ends {
            days.insert(from.clone());
            days.extend(to.clone().map(Some));
        }
        for change in self.changed.iter().flat_map(|change| &change.fields) {
            let is_end = change.field.ends_with("_from") || change.field.ends_with("_to");
            let texts = [&change.before, &change.after].into_iter().filter(|_| is_end);
            let dates = texts.filter_map(|text| text.as_str().and_then(Day::parse));
            days.extend(dates.map(|day| Some(day.to_string())));
        }
        days.into_iter().collect()
    }
}

/// First the rows whose first day the others have too, then the rest.
fn paired<'a>(rows: &[&'a TableRow], others: &[&TableRow]) -> Vec<&'a TableRow> {
    let same_day = |row: &&TableRow| others.iter().any(|other| other.from == row.from);
    let (same, left): (Vec<_>, Vec<_>) = rows.iter().copied().partition(same_day);
    [same, left].concat()
}

fn by_key(rows: &[TableRow]) -> BTreeMap<&str, Vec<&TableRow>> {
    let mut keys: BTreeMap<&str, Vec<&TableRow>> = BTreeMap::new();
    for row in rows {
        keys.entry(&row.key).or_default().push(row);
    }
    keys
}

fn fields(row: &TableRow) -> Map<String, Value> {
    serde_json::from_str(&row.json).unwrap_or_default()
}

fn change(old: &TableRow, new: &TableRow) -> Change {
    let (before, after) = (fields(old), fields(new));
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let value =
        |fields: &Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
    let field = |name: &String| {
        let (before, after) = (value(&before, name), value(&after, name));
        (before != after).then(|| FieldChange { field: name.clone(), before, after })
    };
    let RowView { key, from, to, .. } = RowView::of(new);
    Change { key, from, to, fields: names.into_iter().filter_map(field).collect() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use plumbline_contract::table::TableSpec;

    /// Rows of the table `item`, each `code,days,from,to`.
    fn rows(lines: &[&str]) -> Vec<TableRow> {
        let spec = TableSpec::find("item").unwrap();
        let heading = ["item_code", "statutory_wd", "effective_from", "effective_to"];
        let row = |line: &&str| spec.row(heading.into_iter().zip(line.split(','))).unwrap();
        let mut rows: Vec<_> = lines.iter().map(row).collect();
        rows.sort_by(|a, b| (&a.key, a.from).cmp(&(&b.key, b.from)));
        rows
    }

    /// What changes, as `+key`, `-key`, `~key field before>after`, and the number that does not.
    fn said(diff: &Diff) -> String {
        let mut parts: Vec<_> = diff.added.iter().map(|row| format!("+{}", row.key)).collect();
        parts.extend(diff.removed.iter().map(|row| format!("-{}", row.key)));
        for change in &diff.changed {
            let fields =
                change.fields.iter().map(|f| format!("{} {}>{}", f.field, f.before, f.after));
            parts.push(format!("~{} {}", change.key, fields.collect::<Vec<_>>().join(" ")));
        }
        parts.push(diff.unchanged.to_string());
        parts.join("; ")
    }

    #[test]
    fn rows_that_come_go_and_change() {
        let cases: [(&[&str], &[&str], &str, &str); 6] = [
            (&[], &[], "0", ""),
            (&["A,20,,"], &["A,20,,"], "1", ""),
            (&["A,20,,"], &["B,20,2026-01-01,"], "+B; -A; 0", "- 2026-01-01"),
            (
                &["A,20,2026-01-01,", "B,5,,"],
                &["A,15,2026-01-01,", "B,5,,"],
                "~A statutory_wd 20>15; 1",
                "2026-01-01",
            ),
            // A new version of an item: the old row ends, a new one begins.
            (
                &["A,20,2026-01-01,"],
                &["A,20,2026-01-01,2026-06-30", "A,15,2026-07-01,"],
                "+A; ~A effective_to null>\"2026-06-30\"; 0",
                "2026-01-01 2026-06-30 2026-07-01",
            ),
            (
                &["A,20,2026-01-01,"],
                &["A,20,2026-02-01,"],
                "~A effective_from \"2026-01-01\">\"2026-02-01\"; 0",
                "2026-01-01 2026-02-01",
            ),
        ];
        for (before, after, wanted, days) in cases {
            let diff = Diff::of(&rows(before), &rows(after));
            assert_eq!(said(&diff), wanted, "{before:?} {after:?}");
            let found: Vec<_> =
                diff.days().into_iter().map(|day| day.unwrap_or("-".into())).collect();
            assert_eq!(found.join(" "), days);
            assert_eq!(diff.is_empty(), before == after);
        }
    }
}
