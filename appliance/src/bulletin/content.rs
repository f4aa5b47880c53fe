//! What a paper says: values for the placeholders of its template, and sheets, lists and paragraphs
//! for its sections. All of it is computed elsewhere.

use super::template::Kind;
use crate::app::App;
use crate::error::AppError;
use plumbline_contract::json::{Object, Value};
use plumbline_contract::table::{TableSet, Tables};
use plumbline_contract::time::Day;
use plumbline_office::{Language, number};
use plumbline_report::sheet::{Sheet, Text};
use std::collections::BTreeMap;

/// Values by the names of placeholders, in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<&'static str, Text>);

impl Values {
    pub fn put(&mut self, name: &'static str, value: impl ToString) {
        let value = value.to_string();
        self.0.insert(name, Text::new(value.clone(), value));
    }

    pub fn put_words(&mut self, name: &'static str, zh: impl Into<String>, en: impl Into<String>) {
        self.0.insert(name, Text::new(zh, en));
    }

    /// A date in the words of each language.
    pub fn put_day(&mut self, name: &'static str, day: Day) {
        let words = |language| number::date(day, language);
        self.put_words(name, words(Language::Chinese), words(Language::English));
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Text> {
        self.0.get(name)
    }

    /// The names for which there is a value.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}

/// What stands in one section besides the words of the template.
#[derive(Clone, Debug, Default)]
pub struct Part {
    pub sheets: Vec<Sheet>,
    /// Paragraphs with running numbers.
    pub list: Vec<Text>,
    /// In place of the template's paragraphs.
    pub text: Option<Vec<String>>,
    /// There is nothing to say; the template has words for that.
    pub is_empty: bool,
}

impl Part {
    /// One sheet; nothing to say if it has no row.
    #[must_use]
    pub fn sheet(sheet: Sheet) -> Self {
        Self { is_empty: sheet.rows.is_empty(), sheets: vec![sheet], ..Self::default() }
    }

    /// Nothing but the words of the template.
    #[must_use]
    pub fn words(is_empty: bool) -> Self {
        Self { is_empty, ..Self::default() }
    }
}

/// What a paper says.
#[derive(Clone, Debug)]
pub struct Content {
    pub kind: Kind,
    /// What it is about, for instance a month or a card; editions are counted by it.
    pub subject: String,
    pub region: String,
    /// The day on which it is issued.
    pub day: Day,
    pub values: Values,
    /// By the ids of sections.
    pub parts: BTreeMap<&'static str, Part>,
    /// Whole sheets, for workbooks.
    pub sheets: Vec<Sheet>,
}

/// Whether a paper is final, and which edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    Draft,
    Final {
        /// From 1.
        edition: u32,
        /// SHA-256 of the edition that it corrects, and why.
        corrects: Option<(String, String)>,
    },
}

/// The tables and the names that papers rest on.
#[derive(Debug)]
pub struct Basis {
    pub tables: TableSet,
    on: Day,
}

impl Basis {
    /// # Errors
    /// If the tables cannot be read.
    pub fn of(app: &App, on: Day) -> Result<Self, AppError> {
        let tables = app.tables().view(app.store(), app.store().next_seq())?;
        Ok(Self { tables, on })
    }

    /// The version of a table that is in force; 0 if none was loaded.
    #[must_use]
    pub fn version(&self, table: &str) -> u32 {
        self.tables.versions().get(table).copied().unwrap_or_default()
    }

    /// A field of the row with a key.
    #[must_use]
    pub fn field(&self, table: &str, key: &str, field: &str) -> Option<String> {
        let row = self.tables.lookup(table, key, self.on)?;
        let row = Object::parse(row);
        row.get(field).and_then(Value::text).map(std::borrow::Cow::into_owned)
    }

    /// The name of a department or region; its code where it has none.
    #[must_use]
    pub fn name(&self, table: &str, code: &str) -> String {
        self.field(table, code, "name").unwrap_or_else(|| code.to_owned())
    }

    /// A field of every row in force.
    #[must_use]
    pub fn all(&self, table: &str, field: &str) -> Vec<(String, Option<String>)> {
        let rows = self.tables.rows(table).into_iter().filter(|row| row.is_in_force(self.on));
        rows.map(|row| {
            let text = Object::parse(&row.json);
            let text = text.get(field).and_then(Value::text);
            (row.key.clone(), text.map(std::borrow::Cow::into_owned))
        })
        .collect()
    }
}
