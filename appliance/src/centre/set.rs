//! The sets that can be taken out, with their columns.

use super::column::{Column, Kind};
use super::event_type::EventType;
use crate::error::{AppError, Kind as ErrorKind};
use crate::table;
use plumbline_contract::table::{Column as TableColumn, ColumnKind, Format, TableSpec};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Before the name of a reference table.
const TABLE_PREFIX: &str = "table/";
/// Before a field of a payload whose name the envelope has too.
const CLASH_PREFIX: &str = "data_";

/// One set.
#[derive(Clone, Debug)]
pub enum Set {
    /// All events, each payload as one JSON text.
    AllEvents,
    /// Events of a type whose schema is not known, each payload as one JSON text.
    Events(String),
    /// Events of a type of the catalogue, its fields in columns of their own.
    Typed(&'static EventType),
    /// The version of a reference table that is in force.
    Table(&'static TableSpec),
    Alerts,
    History,
    Gaps,
    Sources,
    Rules,
    /// Figures of the named statistics, by month.
    Measures,
    /// What plugins told each other.
    Facts,
}

impl Set {
    /// Names of all sets that need nothing beside their name.
    pub const NAMES: [&'static str; 8] =
        ["events", "alerts", "history", "gaps", "sources", "rules", "measures", "facts"];

    /// The set of a name, for instance `alerts` or `table/item`, and of a type of events.
    ///
    /// # Errors
    /// If there is none, or a type is named for anything but events.
    pub fn find(name: &str, kind: Option<&str>) -> Result<Self, AppError> {
        let set = match name {
            "events" => {
                return Ok(match kind {
                    None => Self::AllEvents,
                    Some(kind) => EventType::find(kind)
                        .map_or_else(|| Self::Events(kind.to_owned()), Self::Typed),
                });
            }
            "alerts" => Self::Alerts,
            "history" => Self::History,
            "gaps" => Self::Gaps,
            "sources" => Self::Sources,
            "rules" => Self::Rules,
            "measures" => Self::Measures,
            "facts" => Self::Facts,
            _ => match name.strip_prefix(TABLE_PREFIX) {
                Some(table) => Self::Table(table::find(table)?),
                None => {
                    let names = Self::NAMES.join(", ");
                    let detail = format!("{name} ({names}, {TABLE_PREFIX}NAME)");
                    return Err(AppError::new(ErrorKind::NotFound, "data-set", detail));
                }
            },
        };
        match kind {
            Some(_) => Err(AppError::new(ErrorKind::Usage, "data-filter", "--type")),
            None => Ok(set),
        }
    }

    /// Its name, as [`Set::find`] takes it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::AllEvents | Self::Events(_) | Self::Typed(_) => "events".to_owned(),
            Self::Table(spec) => format!("{TABLE_PREFIX}{}", spec.name),
            Self::Alerts => "alerts".to_owned(),
            Self::History => "history".to_owned(),
            Self::Gaps => "gaps".to_owned(),
            Self::Sources => "sources".to_owned(),
            Self::Rules => "rules".to_owned(),
            Self::Measures => "measures".to_owned(),
            Self::Facts => "facts".to_owned(),
        }
    }

    /// The type of its events, if it is of one.
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        match self {
            Self::Events(kind) => Some(kind),
            Self::Typed(kind) => Some(kind.name),
            _ => None,
        }
    }

    /// Its columns, in the order of the file.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        match self {
            Self::AllEvents | Self::Events(_) => {
                let mut columns = fixed("events").columns.clone();
                columns.push(json("data", "业务数据", "the whole payload"));
                columns
            }
            Self::Typed(kind) => typed(kind),
            Self::Table(spec) => of_table(spec),
            _ => fixed(&self.name()).columns.clone(),
        }
    }
}

/// A set whose form the host knows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fixed {
    pub zh: String,
    pub en: String,
    #[serde(rename = "column")]
    pub columns: Vec<Column>,
}

/// What is known of one of [`Set::NAMES`].
#[must_use]
pub(super) fn fixed(name: &str) -> &'static Fixed {
    static SETS: OnceLock<BTreeMap<String, Fixed>> = OnceLock::new();
    let sets = SETS.get_or_init(|| {
        toml::from_str(include_str!("columns.toml")).expect("the columns of the sets are TOML")
    });
    sets.get(name).expect("a test finds every name among the sets")
}

/// A column of JSON that may hold anything a source has sent, of persons too.
fn json(name: &str, zh: &str, en: &str) -> Column {
    Column {
        name: name.to_owned(),
        kind: Kind::Json,
        zh: zh.to_owned(),
        en: en.to_owned(),
        unit: String::new(),
        personal: true,
    }
}

fn typed(kind: &EventType) -> Vec<Column> {
    let mut columns = fixed("events").columns.clone();
    let envelope = columns.len();
    for field in &kind.fields {
        let mut field = field.clone();
        if columns[..envelope].iter().any(|column| column.name == field.name) {
            field.name = format!("{CLASH_PREFIX}{}", field.name);
        }
        columns.push(field);
    }
    let note = "fields that have no column, lack their value (null), or are not of their kind";
    columns.push(json("data_other", "其他业务数据", note));
    columns
}

fn of_table(spec: &TableSpec) -> Vec<Column> {
    let plain = |name: &str, kind, zh: &str, en: &str| Column {
        personal: spec.personal,
        kind,
        ..json(name, zh, en)
    };
    let mut columns = vec![
        plain("table_key", Kind::Text, "主键", "key of the row, its parts joined by /"),
        Column {
            personal: false,
            ..plain("table_version", Kind::Integer, "版本", "version of the table")
        },
    ];
    columns.extend(spec.columns.iter().map(|column| Column {
        unit: column.unit.clone().unwrap_or_else(|| money(column)),
        personal: spec.personal || is_personal(column),
        ..plain(&column.name, kind(column.kind), &column.zh, &column.note)
    }));
    columns.push(plain("table_other", Kind::Json, "其他列", "a county's own columns"));
    columns
}

fn kind(kind: ColumnKind) -> Kind {
    match kind {
        ColumnKind::Text | ColumnKind::Time => Kind::Text,
        ColumnKind::Integer => Kind::Integer,
        ColumnKind::Decimal => Kind::Number,
        ColumnKind::Fen => Kind::Fen,
        ColumnKind::Date => Kind::Date,
        ColumnKind::Flag => Kind::Flag,
        ColumnKind::List | ColumnKind::Json => Kind::Json,
    }
}

fn money(column: &TableColumn) -> String {
    if column.kind == ColumnKind::Fen { "fen".to_owned() } else { String::new() }
}

/// Hashes stand for persons and accounts; some columns hold either them or a body's code.
fn is_personal(column: &TableColumn) -> bool {
    let of_persons = [Format::Hash, Format::Subject, Format::Account];
    column.format.is_some_and(|format| of_persons.contains(&format))
        || column.refers.as_deref() == Some("officer")
}
