//! Which tables there are and what their columns hold: `data/tables.toml`, read once.

use super::{ROW_BYTES_MAX, TableRow};
use crate::time::{Day, parse_stamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::OnceLock;

/// One table as `data/tables.toml` describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    pub name: String,
    pub zh: String,
    pub en: String,
    /// Columns whose values, joined by `/`, are the key.
    pub key: Vec<String>,
    /// Columns of which at least one must be filled, where the row would say nothing without.
    #[serde(default)]
    pub one_of: Vec<String>,
    #[serde(rename = "column")]
    pub columns: Vec<Column>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
    /// Other headings that mean the same.
    #[serde(default)]
    pub alias: Vec<String>,
    /// Whether an empty value is refused.
    #[serde(default)]
    pub required: bool,
    /// The only values allowed, where there is a list of them.
    #[serde(default)]
    pub values: Vec<String>,
    pub note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    Text,
    Integer,
    /// Money in fen.
    Fen,
    Date,
    /// `HH:MM`.
    Time,
    /// `true`/`false`, `1`/`0`, `是`/`否`.
    Flag,
    /// Texts joined by `;`.
    List,
    /// A nested JSON value.
    Json,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    #[error("column `{0}` is missing or empty")]
    Missing(String),
    #[error("column `{column}`: `{value}` is not of kind {kind:?}")]
    Kind { column: String, value: String, kind: ColumnKind },
    #[error("column `{column}`: `{value}` is not one of {allowed}")]
    NotAllowed { column: String, value: String, allowed: String },
    #[error("the period ends on {to} before it starts on {from}")]
    Period { from: Day, to: Day },
    #[error("the row has {0} bytes, more than {ROW_BYTES_MAX}")]
    TooLarge(usize),
}

/// All tables, in the order of the file.
///
/// # Panics
/// If the shipped file is malformed; a test reads it.
#[must_use]
pub fn specs() -> &'static [TableSpec] {
    #[derive(Deserialize)]
    struct File {
        table: Vec<TableSpec>,
    }
    static SPECS: OnceLock<Vec<TableSpec>> = OnceLock::new();
    SPECS.get_or_init(|| {
        let text = include_str!("../../data/tables.toml");
        toml::from_str::<File>(text).expect("the shipped tables.toml is well-formed").table
    })
}

const FROM_COLUMNS: [&str; 3] = ["effective_from", "valid_from", "from"];
const TO_COLUMNS: [&str; 3] = ["effective_to", "valid_to", "to"];

impl TableSpec {
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        specs().iter().find(|spec| spec.name == name)
    }

    /// The column that a heading means, by name or by alias.
    #[must_use]
    pub fn column(&self, heading: &str) -> Option<&Column> {
        let named = |column: &&Column| {
            column.name == heading || column.alias.iter().any(|alias| alias == heading)
        };
        self.columns.iter().find(named)
    }

    /// Makes a row from (heading, text) pairs. Headings that the table does not know are kept as
    /// texts, so that a county's own columns are not lost.
    ///
    /// # Errors
    /// Names the column that is missing or malformed.
    pub fn row<'a>(
        &self,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<TableRow, RowError> {
        let mut row = Map::new();
        for (heading, text) in fields {
            let text = text.trim();
            let (name, value) = match self.column(heading) {
                Some(column) => (column.name.clone(), column.value(text)?),
                None => (heading.to_owned(), Value::String(text.to_owned())),
            };
            if !text.is_empty() {
                row.insert(name, value);
            }
        }
        self.row_of_json(&row)
    }

    /// Makes a row from JSON fields of the right kinds.
    ///
    /// # Errors
    /// Names the column that is missing.
    pub fn row_of_json(&self, row: &Map<String, Value>) -> Result<TableRow, RowError> {
        for column in self.columns.iter().filter(|column| column.required) {
            if row.get(&column.name).is_none_or(|value| value == "") {
                return Err(RowError::Missing(column.name.clone()));
            }
        }
        let filled = |name: &String| row.get(name).is_some_and(|value| value != "");
        if !self.one_of.is_empty() && !self.one_of.iter().any(filled) {
            return Err(RowError::Missing(self.one_of.join(" / ")));
        }
        let key: Vec<_> = self.key.iter().map(|name| show(row.get(name))).collect();
        let date = |names: &[&str]| {
            let value = names.iter().find_map(|name| row.get(*name));
            value.and_then(Value::as_str).and_then(Day::parse)
        };
        let (from, to) = (date(&FROM_COLUMNS), date(&TO_COLUMNS));
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            return Err(RowError::Period { from, to });
        }
        let json = Value::Object(row.clone()).to_string();
        if json.len() > ROW_BYTES_MAX {
            return Err(RowError::TooLarge(json.len()));
        }
        Ok(TableRow { key: key.join("/"), from, to, json })
    }
}

fn show(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

impl Column {
    fn value(&self, text: &str) -> Result<Value, RowError> {
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let wrong = || RowError::Kind {
            column: self.name.clone(),
            value: text.to_owned(),
            kind: self.kind,
        };
        if !self.values.is_empty() && !self.values.iter().any(|value| value == text) {
            return Err(RowError::NotAllowed {
                column: self.name.clone(),
                value: text.to_owned(),
                allowed: self.values.join(", "),
            });
        }
        Ok(match self.kind {
            ColumnKind::Text => text.into(),
            ColumnKind::Integer | ColumnKind::Fen => {
                text.parse::<i64>().map_err(|_| wrong())?.into()
            }
            ColumnKind::Date => Day::parse(text).ok_or_else(wrong)?.to_string().into(),
            ColumnKind::Time => {
                parse_stamp(&format!("2000-01-01T{text:0>5}")).ok_or_else(wrong)?;
                format!("{text:0>5}").into()
            }
            ColumnKind::Flag => match text {
                "true" | "1" | "是" | "yes" => true.into(),
                "false" | "0" | "否" | "no" => false.into(),
                _ => return Err(wrong()),
            },
            ColumnKind::List => list(text),
            // A plain list of names may stand where a list of objects may.
            ColumnKind::Json if !text.starts_with(['[', '{']) => list(text),
            ColumnKind::Json => serde_json::from_str(text).map_err(|_| wrong())?,
        })
    }
}

/// Texts joined by `;`.
fn list(text: &str) -> Value {
    let items = text.split(';').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| Value::from(item.to_owned())).collect::<Vec<_>>().into()
}
