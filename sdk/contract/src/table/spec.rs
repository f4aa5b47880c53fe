//! Which tables there are and what their columns hold: `data/tables.toml`, read once.

use super::format::Format;
use serde::Deserialize;
use std::sync::OnceLock;

/// One table as `data/tables.toml` describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    pub name: String,
    pub zh: String,
    pub en: String,
    /// Rules and domains that look it up, for people.
    pub used_by: String,
    /// Columns whose values, joined by `/`, are the key.
    pub key: Vec<String>,
    /// Columns of which at least one must be filled, where the row would say nothing without.
    #[serde(default)]
    pub one_of: Vec<String>,
    /// Names of the columns of the first and the last day in force, if rows have a period.
    #[serde(default)]
    pub period: Option<Period>,
    /// Whether each row names the document that it comes from and its signer.
    #[serde(default)]
    pub paper: bool,
    /// Whether rows speak of persons, who appear by keyed hashes only.
    #[serde(default)]
    pub personal: bool,
    /// Columns of which one may not exceed another.
    #[serde(default)]
    pub order: Vec<Order>,
    #[serde(rename = "column")]
    pub columns: Vec<Column>,
}

/// What the two columns of a row's period are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// `effective_from`, `effective_to`.
    Effective,
    /// `valid_from`, `valid_to`.
    Valid,
}

/// `low` may not exceed `high` where both are filled.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub low: String,
    pub high: String,
    /// Whether it is only worth a warning.
    #[serde(default)]
    pub warn: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
    /// Other headings that mean the same; `zh` does as well.
    #[serde(default)]
    pub alias: Vec<String>,
    /// Whether an empty value is refused.
    #[serde(default)]
    pub required: bool,
    /// The only values allowed, where there is a list of them.
    #[serde(default)]
    pub values: Vec<String>,
    /// The standard that the value follows; of a list, each of its items.
    #[serde(default)]
    pub format: Option<Format>,
    /// Smallest and largest number.
    #[serde(default)]
    pub min: Option<i64>,
    #[serde(default)]
    pub max: Option<i64>,
    /// Unit of the number, where the kind does not say it.
    #[serde(default)]
    pub unit: Option<String>,
    /// Fields that each object of a JSON list must have.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The form of a JSON value that is no list of objects.
    #[serde(default)]
    pub shape: Option<Shape>,
    /// Table whose key begins with this value; of a list, with each of its items.
    #[serde(default)]
    pub refers: Option<String>,
    /// Whether a value that the other table does not have is refused, not only warned of.
    #[serde(default)]
    pub strict: bool,
    /// Chinese heading.
    pub zh: String,
    /// What it means, in English.
    pub note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    Text,
    Integer,
    /// A number that may have a fraction.
    Decimal,
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

/// Forms of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// A closed ring of `[longitude, latitude]` in degrees.
    Polygon,
    /// A closed ring of `[x, y]` in parts of a picture, 0 to 1.
    Picture,
}

impl ColumnKind {
    /// As `data/tables.toml` and the documents call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Fen => "integer, fen",
            Self::Date => "YYYY-MM-DD",
            Self::Time => "HH:MM",
            Self::Flag => "true/false",
            Self::List => "list a;b;c",
            Self::Json => "JSON",
        }
    }
}

impl Format {
    /// The standard or form that it stands for.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Region => "GB/T 2260 (6/9/12)",
            Self::Dept => "GB 32100 / code",
            Self::Uscc => "GB 32100 (18)",
            Self::Code => "code, 1..40",
            Self::Hash => "keyed hash",
            Self::Subject => "GB 32100 / code / keyed hash",
            Self::Account => "code / keyed hash",
            Self::Grid => "12 digits + 2..4",
            Self::Sha256 => "SHA-256",
            Self::Instant => "RFC 3339",
        }
    }
}

impl Column {
    /// What a value may be, in a form that needs no language.
    #[must_use]
    pub fn allowed(&self) -> String {
        let mut parts = vec![self.kind.as_str().to_owned()];
        if !self.values.is_empty() {
            parts = vec![self.values.join(" | ")];
        }
        if let Some(format) = self.format {
            parts.push(format.as_str().to_owned());
        }
        if self.min.is_some() || self.max.is_some() {
            let end = |bound: Option<i64>| bound.map(|n| n.to_string()).unwrap_or_default();
            parts.push(format!("{}..{}", end(self.min), end(self.max)));
        }
        if !self.fields.is_empty() {
            parts.push(format!("[{{{}, …}}]", self.fields.join(", ")));
        }
        match self.shape {
            Some(Shape::Polygon) => parts.push("[[lon, lat], …]".to_owned()),
            Some(Shape::Picture) => parts.push("[[x, y], …], 0..1".to_owned()),
            None => {}
        }
        parts.extend(self.unit.clone());
        parts.join("; ")
    }

    fn named(name: &str, kind: ColumnKind, alias: &[&str], zh: &str, note: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            alias: alias.iter().map(|name| (*name).to_owned()).collect(),
            required: false,
            values: Vec::new(),
            format: None,
            min: None,
            max: None,
            unit: None,
            fields: Vec::new(),
            shape: None,
            refers: None,
            strict: false,
            zh: zh.to_owned(),
            note: note.to_owned(),
        }
    }
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
        let file: File = toml::from_str(text).expect("the shipped tables.toml is well-formed");
        let mut specs = file.table;
        specs.iter_mut().for_each(TableSpec::complete);
        specs
    })
}

impl TableSpec {
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        specs().iter().find(|spec| spec.name == name)
    }

    /// The column that a heading means, by name, by alias or in Chinese.
    #[must_use]
    pub fn column(&self, heading: &str) -> Option<&Column> {
        let named = |column: &&Column| {
            column.name == heading || column.alias.iter().any(|alias| alias == heading)
        };
        let in_chinese = || self.columns.iter().find(|column| column.zh == heading);
        self.columns.iter().find(named).or_else(in_chinese)
    }

    /// Adds the columns that `period` and `paper` stand for.
    fn complete(&mut self) {
        let (first, last) = ("first day in force, inclusive", "last day in force, inclusive");
        let date =
            |name, alias: &[&str], zh, note| Column::named(name, ColumnKind::Date, alias, zh, note);
        match self.period {
            Some(Period::Effective) => self.columns.extend([
                date("effective_from", &["valid_from", "from"], "生效日", first),
                date("effective_to", &["valid_to", "to"], "失效日", last),
            ]),
            Some(Period::Valid) => self.columns.extend([
                date("valid_from", &["effective_from", "from"], "生效日", first),
                date("valid_to", &["effective_to", "to"], "失效日", last),
            ]),
            None => {}
        }
        if self.paper {
            let text = |name, zh, note: &str| Column::named(name, ColumnKind::Text, &[], zh, note);
            self.columns.push(text("source_doc", "依据文件", "document that the row comes from"));
            self.columns.push(text("signer", "签发人", "who signed it"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn tables_are_described_without_contradiction() {
        for spec in specs() {
            let table = &spec.name;
            let mut headings = BTreeSet::new();
            for column in &spec.columns {
                let own = [&column.name, &column.zh].into_iter().chain(&column.alias);
                for heading in own {
                    assert!(headings.insert(heading), "{table}: `{heading}` means two columns");
                }
                assert!(!column.note.is_empty() && column.zh.chars().any(|c| c > '\u{2e7f}'));
                let other = column.refers.as_deref().map(|other| TableSpec::find(other).is_some());
                assert_ne!(other, Some(false), "{table}.{} refers to nothing", column.name);
                assert!(!column.strict || column.refers.is_some(), "{table}.{}", column.name);
                let is_json = column.kind == ColumnKind::Json;
                let has_form = !column.fields.is_empty() || column.shape.is_some();
                assert!(is_json || !has_form, "{table}.{} is no JSON", column.name);
            }
            let ordered = spec.order.iter().flat_map(|order| [&order.low, &order.high]);
            for name in spec.key.iter().chain(&spec.one_of).chain(ordered) {
                let found = spec.columns.iter().any(|column| column.name == *name);
                assert!(found, "{table} has no column `{name}`");
            }
        }
    }

    #[test]
    fn every_domain_has_its_tables() {
        let names: BTreeSet<_> = specs().iter().map(|spec| spec.name.as_str()).collect();
        let wanted = [
            "region dept officer officer_cert authority_grant calendar office_hours law_ref",
            "item item_special_link tariff collection_account process_def outage backfill_batch",
            "cause discretion_band hearing_threshold simple_procedure campaign",
            "procurement_threshold link18 party sanction_list expert network_noise",
            "fund programme person_register guardian collective_account waiver",
            "grid object checklist inspection_plan annual_cap",
            "camera zone duty_roster leave alert_policy score_scheme",
        ];
        let wanted: BTreeSet<_> = wanted.iter().flat_map(|line| line.split(' ')).collect();
        assert_eq!(names, wanted);
    }
}
