//! Rows of a table made from texts, with everything that is wrong with them.

use super::format::{Format, is_citizen_id};
use super::spec::{Column, ColumnKind, Shape, TableSpec};
use super::{ROW_BYTES_MAX, TableRow};
use crate::time::{Day, parse_stamp};
use serde_json::{Map, Number, Value};

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    #[error("column `{0}` is missing or empty")]
    Missing(String),
    #[error("column `{column}`: `{value}` is not of kind {kind:?}")]
    Kind { column: String, value: String, kind: ColumnKind },
    #[error("column `{column}`: `{value}` is not one of {allowed}")]
    NotAllowed { column: String, value: String, allowed: String },
    #[error("column `{column}`: {value} is not in {allowed}")]
    Bounds { column: String, value: String, allowed: String },
    #[error("column `{column}`: `{value}` does not follow {}", format.as_str())]
    Format { column: String, value: String, format: Format },
    #[error("column `{column}`: `{value}` has not the form {allowed}")]
    Shape { column: String, value: String, allowed: String },
    #[error("column `{column}`: the number of a person's identity card stands here in the clear")]
    Personal { column: String },
    #[error("column `{column}`: the value must be a keyed hash")]
    NotHashed { column: String },
    #[error("column `{low}` is greater than `{high}`")]
    Order { low: String, high: String },
    #[error("the period ends on {to} before it starts on {from}")]
    Period { from: Day, to: Day },
    #[error("the row has {0} bytes, more than {ROW_BYTES_MAX}")]
    TooLarge(usize),
}

impl RowError {
    /// A short name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing",
            Self::Kind { .. } => "kind",
            Self::NotAllowed { .. } => "not-allowed",
            Self::Bounds { .. } => "bounds",
            Self::Format { .. } => "format",
            Self::Shape { .. } => "shape",
            Self::Personal { .. } => "personal",
            Self::NotHashed { .. } => "not-hashed",
            Self::Order { .. } => "order",
            Self::Period { .. } => "period",
            Self::TooLarge(_) => "too-large",
        }
    }

    /// The column, the value that stands there, and what is allowed; empty where there is none.
    #[must_use]
    pub fn parts(&self) -> (String, String, String) {
        let text = |text: &str| text.to_owned();
        match self {
            Self::Missing(column) => (column.clone(), String::new(), String::new()),
            Self::Kind { column, value, kind } => {
                (column.clone(), value.clone(), text(kind.as_str()))
            }
            Self::NotAllowed { column, value, allowed }
            | Self::Bounds { column, value, allowed }
            | Self::Shape { column, value, allowed } => {
                (column.clone(), value.clone(), allowed.clone())
            }
            Self::Format { column, value, format } => {
                (column.clone(), value.clone(), text(format.as_str()))
            }
            Self::Personal { column } | Self::NotHashed { column } => {
                (column.clone(), String::new(), text("keyed hash"))
            }
            Self::Order { low, high } => (low.clone(), String::new(), format!("<= {high}")),
            Self::Period { from, to } => (String::new(), to.to_string(), format!(">= {from}")),
            Self::TooLarge(bytes) => (String::new(), bytes.to_string(), ROW_BYTES_MAX.to_string()),
        }
    }

    /// Whether the row may be loaded all the same.
    #[must_use]
    pub fn is_warning(&self, spec: &TableSpec) -> bool {
        let Self::Order { low, high } = self else { return false };
        spec.order.iter().any(|order| order.warn && order.low == *low && order.high == *high)
    }
}

/// Replaces what must not be kept by its keyed hash.
pub type Hasher<'a> = &'a dyn Fn(&str) -> String;

const FROM_COLUMNS: [&str; 3] = ["effective_from", "valid_from", "from"];
const TO_COLUMNS: [&str; 3] = ["effective_to", "valid_to", "to"];

impl TableSpec {
    /// Makes a row from (heading, text) pairs. Headings that the table does not know are kept as
    /// texts, so that a county's own columns are not lost.
    ///
    /// # Errors
    /// The first thing that is wrong, a warning included in nothing.
    pub fn row<'a>(
        &self,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<TableRow, RowError> {
        let fields =
            fields.into_iter().map(|(heading, text)| (heading, self.column(heading), text));
        let mut wrong = Vec::new();
        let row = self.read_row(fields, None, &mut wrong);
        wrong.retain(|error| !error.is_warning(self));
        match (row, wrong.into_iter().next()) {
            (_, Some(error)) => Err(error),
            (Some(row), None) => Ok(row),
            (None, None) => Err(RowError::Missing(self.key.join(" / "))),
        }
    }

    /// Makes a row from (heading, its column, text) and notes everything that is wrong. With a
    /// hasher, values that must not be kept in the clear are replaced by their keyed hashes.
    /// `None` only if something is wrong.
    pub fn read_row<'a>(
        &self,
        fields: impl IntoIterator<Item = (&'a str, Option<&'a Column>, &'a str)>,
        hasher: Option<Hasher<'_>>,
        wrong: &mut Vec<RowError>,
    ) -> Option<TableRow> {
        let before = wrong.len();
        let mut row = Map::new();
        for (heading, column, text) in fields {
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            let Some(column) = column else {
                if is_citizen_id(text) {
                    wrong.push(RowError::Personal { column: heading.to_owned() });
                }
                row.insert(heading.to_owned(), Value::String(text.to_owned()));
                continue;
            };
            match column.value(text, hasher) {
                Ok(value) => {
                    row.insert(column.name.clone(), value);
                }
                Err(error) => {
                    // The place is filled, with a value that is wrong: not missing as well.
                    row.insert(column.name.clone(), Value::String(text.to_owned()));
                    wrong.push(error);
                }
            }
        }
        let values_are_good = wrong.len() == before;
        match self.row_of_json(&row) {
            Ok(made) => {
                if values_are_good {
                    self.check_order(&row, wrong);
                }
                Some(made)
            }
            Err(error) => {
                wrong.push(error);
                None
            }
        }
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

    fn check_order(&self, row: &Map<String, Value>, wrong: &mut Vec<RowError>) {
        for order in &self.order {
            let is_greater = match (row.get(&order.low), row.get(&order.high)) {
                (Some(Value::Number(low)), Some(Value::Number(high))) => {
                    low.as_f64() > high.as_f64()
                }
                (Some(Value::String(low)), Some(Value::String(high))) => {
                    match (parse_stamp(low), parse_stamp(high)) {
                        (Some(low), Some(high)) => low.local > high.local,
                        _ => false,
                    }
                }
                _ => false,
            };
            if is_greater {
                let (low, high) = (order.low.clone(), order.high.clone());
                wrong.push(RowError::Order { low, high });
            }
        }
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
    /// The value that a text stands for. It is not empty.
    fn value(&self, text: &str, hasher: Option<Hasher<'_>>) -> Result<Value, RowError> {
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
            ColumnKind::Text => self.standard(text, hasher)?.into(),
            ColumnKind::Integer | ColumnKind::Fen => {
                let number: i64 = text.parse().map_err(|_| wrong())?;
                self.in_bounds(text, number as f64)?;
                number.into()
            }
            ColumnKind::Decimal => {
                let number: f64 = text.parse().map_err(|_| wrong())?;
                let json = Number::from_f64(number).ok_or_else(wrong)?;
                self.in_bounds(text, number)?;
                Value::Number(json)
            }
            ColumnKind::Date => date(text).ok_or_else(wrong)?.to_string().into(),
            ColumnKind::Time => {
                parse_stamp(&format!("2000-01-01T{text:0>5}")).ok_or_else(wrong)?;
                format!("{text:0>5}").into()
            }
            ColumnKind::Flag => match text {
                "true" | "1" | "是" | "yes" | "TRUE" => true.into(),
                "false" | "0" | "否" | "no" | "FALSE" => false.into(),
                _ => return Err(wrong()),
            },
            ColumnKind::List => self.list(text, hasher)?,
            // A plain list of names may stand where a list of objects may.
            ColumnKind::Json if !text.starts_with(['[', '{']) => self.list(text, hasher)?,
            ColumnKind::Json => {
                let value = serde_json::from_str(text).map_err(|_| wrong())?;
                self.form(text, &value)?;
                value
            }
        })
    }

    fn in_bounds(&self, text: &str, number: f64) -> Result<(), RowError> {
        let low = self.min.is_none_or(|min| min as f64 <= number);
        let high = self.max.is_none_or(|max| number <= max as f64);
        if low && high {
            return Ok(());
        }
        let (column, value) = (self.name.clone(), text.to_owned());
        Err(RowError::Bounds { column, value, allowed: self.allowed() })
    }

    /// The text, or its keyed hash where it must not be kept in the clear.
    fn standard(&self, text: &str, hasher: Option<Hasher<'_>>) -> Result<String, RowError> {
        if self.format.is_some_and(|format| format.hashes(text)) {
            // One person must have one hash, whether the last sign was typed `x` or `X`.
            let upper = is_citizen_id(text).then(|| text.to_ascii_uppercase());
            return match hasher {
                Some(hash) => Ok(hash(upper.as_deref().unwrap_or(text))),
                None => Err(RowError::NotHashed { column: self.name.clone() }),
            };
        }
        if is_citizen_id(text) && self.format != Some(Format::Uscc) {
            return Err(RowError::Personal { column: self.name.clone() });
        }
        match self.format {
            Some(format) if !format.takes(text) => {
                Err(RowError::Format { column: self.name.clone(), value: text.to_owned(), format })
            }
            _ => Ok(text.to_owned()),
        }
    }

    /// Texts joined by `;`, as Chinese keyboards write it or not.
    fn list(&self, text: &str, hasher: Option<Hasher<'_>>) -> Result<Value, RowError> {
        let items = text.split([';', '；']).map(str::trim).filter(|item| !item.is_empty());
        let items = items.map(|item| self.standard(item, hasher).map(Value::from));
        Ok(Value::Array(items.collect::<Result<_, _>>()?))
    }

    fn form(&self, text: &str, value: &Value) -> Result<(), RowError> {
        if holds_citizen_id(value) {
            return Err(RowError::Personal { column: self.name.clone() });
        }
        let has_fields = |item: &Value| match item {
            Value::Object(object) => self.fields.iter().all(|name| object.contains_key(name)),
            other => other.is_string(),
        };
        let items = value.as_array();
        let fits =
            self.fields.is_empty() || items.is_some_and(|items| items.iter().all(has_fields));
        let fits = fits && self.shape.is_none_or(|shape| is_ring(shape, value));
        if fits {
            return Ok(());
        }
        let (column, value) = (self.name.clone(), text.to_owned());
        Err(RowError::Shape { column, value, allowed: self.allowed() })
    }
}

/// A date as spreadsheets write it: `2026-03-01`, `2026/3/1`, `2026.3.1` or `2026年3月1日`.
fn date(text: &str) -> Option<Day> {
    if let Some(day) = Day::parse(text) {
        return Some(day);
    }
    let text = text.strip_suffix('日').unwrap_or(text);
    // A time of day may follow after a blank, as for a date alone it is midnight.
    let text = text.split_whitespace().next()?;
    let mut parts = text.split(['/', '.', '年', '月']);
    let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok());
    let (year, month, day) = (number()?, number()?, number()?);
    let is_whole = parts.next().is_none() && (1000..=9999).contains(&year);
    if is_whole { Day::from_ymd(year as i32, month, day) } else { None }
}

fn holds_citizen_id(value: &Value) -> bool {
    match value {
        Value::String(text) => is_citizen_id(text.trim()),
        Value::Array(items) => items.iter().any(holds_citizen_id),
        Value::Object(fields) => fields.values().any(holds_citizen_id),
        _ => false,
    }
}

/// At least a triangle whose last point is its first.
fn is_ring(shape: Shape, value: &Value) -> bool {
    let (x_max, y_max, min) = match shape {
        Shape::Polygon => (180.0, 90.0, -1.0),
        Shape::Picture => (1.0, 1.0, 0.0),
    };
    let is_point = |point: &Value| match point.as_array().map(Vec::as_slice) {
        Some([x, y]) => {
            let within = |number: &Value, max: f64| {
                number.as_f64().is_some_and(|number| (max * min..=max).contains(&number))
            };
            within(x, x_max) && within(y, y_max)
        }
        _ => false,
    };
    let Some(points) = value.as_array() else { return false };
    points.len() >= 4 && points.iter().all(is_point) && points.first() == points.last()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn dates_of_spreadsheets_are_read() {
        for text in ["2026-03-01", "2026/3/1", "2026/03/01", "2026.3.1", "2026年3月1日"] {
            assert_eq!(date(text), Day::from_ymd(2026, 3, 1), "{text}");
        }
        for text in ["2026/13/1", "2026/2/30", "26/3/1", "3/1/2026", "2026/3", "2026/3/1/1", ""] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    /// (table, fields, code of the first error or nothing)
    #[test]
    fn values_are_judged_by_their_columns() {
        type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], Option<&'a str>);
        let ring = "[[120,36],[121,36],[121,37],[120,36]]";
        let grid = ("grid_id", "370203001005");
        let rows: [Row<'_>; 22] = [
            ("item", &[("item_code", "A"), ("statutory_wd", "20")], None),
            ("item", &[("事项编码", "A"), ("法定时限", "20")], None),
            ("item", &[("item_code", "A"), ("statutory_wd", "-1")], Some("bounds")),
            ("item", &[("item_code", "A"), ("statutory_wd", "20.5")], Some("kind")),
            ("item", &[("item_code", "A B")], Some("format")),
            ("item", &[("name", "x")], Some("missing")),
            ("item", &[("item_code", "A"), ("steps", "[{\"role\":\"r\"}]")], Some("shape")),
            ("item", &[("item_code", "A"), ("steps", "[{\"step\":\"s\"}]")], None),
            ("item", &[("item_code", "A"), ("steps", "[{\"step\"")], Some("kind")),
            ("item", &[("item_code", "A"), ("note", "11010519491231002X")], Some("personal")),
            (
                "item",
                &[("item_code", "A"), ("effective_from", "2026/2/1"), ("to", "2026-01-31")],
                Some("period"),
            ),
            ("region", &[("code", "990000")], Some("format")),
            ("party", &[("uscc", "91350100M000100Y44")], Some("format")),
            ("party", &[("uscc", "91350100M000100Y43"), ("phone_h", "139")], Some("not-hashed")),
            ("sanction_list", &[("subject", "11010519491231002X")], Some("not-hashed")),
            ("grid", &[grid, ("polygon", ring)], None),
            ("grid", &[grid, ("polygon", "[[120,36],[121,36]]")], Some("shape")),
            ("grid", &[grid, ("polygon", "[[200,36],[1,3],[2,2],[200,36]]")], Some("shape")),
            ("object", &[("object", "O1"), ("kind", "shop"), ("lat", "91")], Some("bounds")),
            ("object", &[("object", "O1"), ("kind", "shop"), ("lat", "36.07")], None),
            ("object", &[("object", "O1"), ("kind", "shop"), ("lat", "NaN")], Some("kind")),
            (
                "discretion_band",
                &[("cause_code", "C"), ("band", "b"), ("kind", "fine"), ("min", "2"), ("max", "1")],
                Some("order"),
            ),
        ];
        for (table, fields, wanted) in rows {
            let spec = TableSpec::find(table).unwrap();
            let made = spec.row(fields.iter().copied());
            assert_eq!(made.err().map(|error| error.code()), wanted, "{table} {fields:?}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let spec = TableSpec::find("tariff").unwrap();
        let fields = [("price", "1.5"), ("cap", "-2"), ("region", "37")];
        let fields = fields.map(|(heading, text)| (heading, spec.column(heading), text));
        let mut wrong = Vec::new();
        assert!(spec.read_row(fields, None, &mut wrong).is_none());
        let codes: Vec<_> = wrong.iter().map(RowError::code).collect();
        assert_eq!(codes, ["kind", "bounds", "format", "missing"]);
    }

    #[test]
    fn one_person_has_one_hash() {
        let spec = TableSpec::find("sanction_list").unwrap();
        let hash = |text: &str| format!("h:{}", text.len() + text.matches('X').count());
        let key = |number: &str| {
            let fields = [("subject", spec.column("subject"), number)];
            let row = spec.read_row(fields, Some(&hash), &mut Vec::new()).unwrap();
            assert!(!row.json.contains(number));
            row.key
        };
        assert_eq!(key("11010519491231002X"), key("11010519491231002x"));
    }
}
