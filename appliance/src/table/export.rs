//! Rows as a CSV file that loads again to the same rows, and an empty file that explains itself.

use crate::text::{self, Lang};
use plumbline_contract::table::{ColumnKind, TableRow, TableSpec};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Spreadsheets in China take a file without it for GB18030.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// All rows, with the table's own columns and behind them a county's own.
#[must_use]
pub fn export(spec: &TableSpec, rows: &[TableRow]) -> Vec<u8> {
    let rows: Vec<Map<String, Value>> =
        rows.iter().map(|row| serde_json::from_str(&row.json).unwrap_or_default()).collect();
    let known: Vec<_> = spec.columns.iter().map(|column| column.name.clone()).collect();
    let all: BTreeSet<_> = rows.iter().flat_map(Map::keys).collect();
    let foreign = all.into_iter().filter(|name| !known.contains(name)).cloned();
    let heading: Vec<_> = known.iter().cloned().chain(foreign).collect();
    let cell = |row: &Map<String, Value>, name: &String| {
        let kind =
            spec.columns.iter().find(|column| column.name == *name).map(|column| column.kind);
        row.get(name).map(|value| cell(value, kind)).unwrap_or_default()
    };
    let lines = rows.iter().map(|row| heading.iter().map(|name| cell(row, name)).collect());
    write(std::iter::once(heading.clone()).chain(lines))
}

fn cell(value: &Value, kind: Option<ColumnKind>) -> String {
    match (value, kind) {
        (Value::String(text), _) => text.clone(),
        (Value::Array(items), Some(ColumnKind::List)) if !items.is_empty() => {
            let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            items.join(";")
        }
        // An empty list is not the same as no list.
        (Value::Array(_), Some(ColumnKind::List)) => ";".to_owned(),
        (other, _) => other.to_string(),
    }
}

/// The headings of a table, and a line on each column that says what it means and allows.
#[must_use]
pub fn template(spec: &TableSpec) -> Vec<u8> {
    let heading = spec.columns.iter().map(|column| column.name.clone()).collect();
    let about = format!("# {} {} · {}", spec.name, spec.zh, spec.en);
    let key = format!("# key: {}", spec.key.join("/"));
    let columns = spec.columns.iter().map(|column| {
        let star = if column.required { "*" } else { "" };
        let refers = column.refers.as_ref().map(|table| format!("; → {table}")).unwrap_or_default();
        let (name, allowed) = (&column.name, column.allowed());
        format!("# {name}{star} {}: {allowed}{refers} · {}", column.zh, column.note)
    });
    let ends =
        [Lang::Zh, Lang::En].map(|lang| format!("# {}", text::say(lang, "table-file.end", &[])));
    let comments = [about, key].into_iter().chain(columns).chain(ends).map(|line| vec![line]);
    let bytes = write(std::iter::once(heading).chain(comments));
    [BYTE_ORDER_MARK.as_bytes(), &bytes].concat()
}

fn write(lines: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for line in lines {
        writer.write_record(&line).expect("memory takes what is written");
    }
    writer.into_inner().expect("memory takes what is written")
}
