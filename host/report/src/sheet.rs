//! The one shape of every result: a sheet with titles, columns, rows and notes, from which tables on
//! a terminal, JSON, CSV, XLSX and DOCX are made. Values are exact; how they are laid out is not
//! decided here.

use crate::exact::{Interval, Milli, Share};
use serde::Serialize;
use std::fmt;

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Text {
    pub zh: String,
    pub en: String,
}

impl Text {
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

/// One table of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// Stable name, for instance `departments`.
    pub id: String,
    pub title: Text,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    /// What a reader has to know: marks, limits, what is not scored.
    pub notes: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Stable name, by which the cases behind a cell are asked for.
    pub id: String,
    pub title: Text,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Stable name, for instance the code of a department; `total` of the last line.
    pub key: String,
    /// One for each column.
    pub cells: Vec<Cell>,
    /// Fewer cases than can carry a conclusion.
    pub small_sample: bool,
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    /// In the reader's language.
    Words(Text),
    Count(i64),
    /// A percentage, two decimals, cut off.
    Share(Share),
    /// Bounds of a percentage.
    Interval(Interval),
    /// Points, days or factors with up to three decimals.
    Number(Milli),
    /// Not known, not scored or not applicable.
    Empty,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    #[must_use]
    pub fn count(count: usize) -> Self {
        Self::Count(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// For people; `zh` picks the language of words.
    #[must_use]
    pub fn show(&self, zh: bool) -> String {
        match self {
            Self::Words(text) if zh => text.zh.clone(),
            Self::Words(text) => text.en.clone(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Words(text) => f.write_str(&text.zh),
            Self::Count(count) => count.fmt(f),
            Self::Share(share) => f.write_str(&share.percent()),
            Self::Interval(interval) => interval.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Empty => Ok(()),
        }
    }
}

impl Serialize for Cell {
    /// Counts as numbers, shares with both parts, everything else as people read it.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        match self {
            Self::Empty => serializer.serialize_none(),
            Self::Count(count) => serializer.serialize_i64(*count),
            Self::Number(number) => number.serialize(serializer),
            Self::Words(text) => text.serialize(serializer),
            Self::Share(share) => {
                let mut map = serializer.serialize_map(Some(3))?;
                map.serialize_entry("percent", &share.percent())?;
                map.serialize_entry("part", &share.part)?;
                map.serialize_entry("whole", &share.whole)?;
                map.end()
            }
            other => serializer.collect_str(other),
        }
    }
}

impl Sheet {
    pub fn new(id: &str, title: Text, columns: Vec<Column>) -> Self {
        Self { id: id.to_owned(), title, columns, rows: Vec::new(), notes: Vec::new() }
    }

    /// The cell of a row and a column by their stable names.
    #[must_use]
    pub fn cell(&self, row: &str, column: &str) -> Option<&Cell> {
        let place = self.columns.iter().position(|of| of.id == column)?;
        self.rows.iter().find(|of| of.key == row)?.cells.get(place)
    }
}

impl Column {
    #[must_use]
    pub fn new(id: &str, zh: &str, en: &str) -> Self {
        Self { id: id.to_owned(), title: Text::new(zh, en) }
    }
}
