//! Columns of exported sets and the values that stand in them. Every column may be empty.

use crate::error::{AppError, Kind as ErrorKind};
use plumbline_contract::time::{Day, Millis, Zone, parse_stamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Letters of a bare date, which is no timestamp.
const DATE_CHARS: usize = 10;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Text,
    Integer,
    /// Money as a whole number of fen.
    Fen,
    Number,
    Flag,
    /// A local calendar date.
    Date,
    /// An instant.
    Time,
    /// A list or an object as JSON text.
    Json,
}

impl Kind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Fen => "fen",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Date => "date",
            Self::Time => "time",
            Self::Json => "json",
        }
    }
}

/// One column of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    pub zh: String,
    pub en: String,
    /// For instance `fen` or `working days`; empty if there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Whether it may say something about a person.
    #[serde(default)]
    pub personal: bool,
}

/// A value in a column of its kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    None,
    Text(String),
    Integer(i64),
    Number(f64),
    Flag(bool),
    Date(Day),
    Time(Millis),
}

impl Cell {
    /// A JSON value as a cell of a kind; `None` if it is not of this kind. JSON `null` never is,
    /// because it says "lacking", which is more than nothing.
    #[must_use]
    pub fn of(kind: Kind, value: &Value, zone: &Zone) -> Option<Self> {
        match (kind, value) {
            (Kind::Text, Value::String(text)) => Some(Self::Text(text.clone())),
            (Kind::Integer | Kind::Fen, Value::Number(number)) => {
                number.as_i64().map(Self::Integer)
            }
            (Kind::Number, Value::Number(number)) => number.as_f64().map(Self::Number),
            (Kind::Flag, Value::Bool(flag)) => Some(Self::Flag(*flag)),
            (Kind::Date, Value::String(text)) => {
                Day::parse(text).filter(|_| text.len() == DATE_CHARS).map(Self::Date)
            }
            (Kind::Time, Value::String(text)) => {
                let stamp = parse_stamp(text).filter(|_| text.len() > DATE_CHARS)?;
                Some(Self::Time(zone.instant_of(stamp)))
            }
            (Kind::Json, Value::Array(_) | Value::Object(_)) => Some(Self::Text(value.to_string())),
            _ => None,
        }
    }

    /// As text files have it; an instant with the region's offset. `None` if there is nothing.
    #[must_use]
    pub fn text(&self, zone: &Zone) -> Option<String> {
        match self {
            Self::None => None,
            Self::Text(text) => Some(text.clone()),
            Self::Integer(number) => Some(number.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Date(day) => Some(day.to_string()),
            Self::Time(at) => Some(zone.rfc3339(*at)),
        }
    }

    /// Bytes that it takes in memory beside its own size.
    #[must_use]
    pub fn bytes(&self) -> usize {
        if let Self::Text(text) = self { text.len() } else { 0 }
    }
}

/// Positions of the wanted columns, in the order wanted; all if none is named.
///
/// # Errors
/// If there is no such column or one is named twice; the columns that there are, are said.
pub(super) fn choose(columns: &[Column], wanted: &[String]) -> Result<Vec<usize>, AppError> {
    if wanted.is_empty() {
        return Ok((0..columns.len()).collect());
    }
    let mut chosen = Vec::with_capacity(wanted.len());
    for name in wanted {
        let found = columns.iter().position(|column| column.name == *name);
        match found.filter(|index| !chosen.contains(index)) {
            Some(index) => chosen.push(index),
            None => {
                let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
                let detail = format!("{name} ({})", names.join(", "));
                return Err(AppError::new(ErrorKind::Usage, "data-column", detail));
            }
        }
    }
    Ok(chosen)
}
