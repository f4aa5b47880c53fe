//! The county's reference tables as CSV, by the columns of the contract.

use plumbline_contract::table::TableSpec;
use std::collections::BTreeMap;

/// The rows of one table, with the heading first.
#[derive(Clone, Debug, Default)]
struct Csv {
    columns: Vec<&'static str>,
    text: String,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables(BTreeMap<&'static str, Csv>);

impl Tables {
    /// Adds a row. All rows of a table name the same columns in the same order. A table that the
    /// contract does not describe is left out.
    pub(crate) fn row(&mut self, table: &'static str, fields: &[(&'static str, &str)]) {
        if TableSpec::find(table).is_none() {
            return;
        }
        let csv = self.0.entry(table).or_default();
        if csv.columns.is_empty() {
            csv.columns = fields.iter().map(|(name, _)| *name).collect();
            csv.text = csv.columns.join(",") + "\n";
        }
        for (index, (name, value)) in fields.iter().enumerate() {
            assert!(csv.columns.get(index) == Some(name), "columns of `{table}` differ: {name}");
            if index > 0 {
                csv.text.push(',');
            }
            put_field(&mut csv.text, value);
        }
        csv.text.push('\n');
    }

    /// Each table with its rows.
    pub(crate) fn into_texts(self) -> Vec<(&'static str, String)> {
        self.0.into_iter().map(|(name, csv)| (name, csv.text)).collect()
    }
}

fn put_field(text: &mut String, value: &str) {
    if value.contains([',', '"', '\n']) {
        text.push('"');
        text.push_str(&value.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(value);
    }
}
