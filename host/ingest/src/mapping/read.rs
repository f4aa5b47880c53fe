//! From TOML to a [`Mapping`]: every error names the key that it stands at.

use super::{
    Check, CsvLayout, Encoding, EventRule, Kind, Mapping, Origin, Piece, Place, Scope, Table, Value,
};
use crate::envelope;
use crate::error::IngestError;
use crate::json;
use crate::source::Format;
use crate::zone;
use plumbline_contract::time::Zone;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) type Answer<T> = Result<T, IngestError>;

pub(super) fn mapping(text: &str) -> Answer<Mapping> {
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| wrong(".", error.to_string().trim_end()))?;
    let root = Node { path: String::new(), value: &toml::Value::Table(table) };
    if root.get("format").is_some_and(|format| format.value.as_str() == Some("ocds")) {
        let (source, zone) = origin(&root)?;
        return super::ocds::mapping(&root, source, zone);
    }
    root.keys(&[
        "format",
        "source",
        "zone",
        "activity",
        "ignore",
        "absent",
        "csv",
        "region",
        "dept",
        "id",
        "time",
        "recorded",
        "actor",
        "tables",
        "event",
        "trace_event",
    ])?;
    let format = match root.need("format")?.text()? {
        "csv" => Format::Csv,
        "xes" => Format::Xes,
        other => return Err(wrong("format", &format!("`{other}` is not `csv`, `xes` or `ocds`"))),
    };
    let (source, zone) = origin(&root)?;
    let reader = Reader { format, tables: tables(&root)? };
    let csv = match root.get("csv") {
        Some(node) if format == Format::Csv => csv_layout(&node)?,
        Some(node) => return Err(node.wrong("only a mapping for `csv` has it")),
        None => CsvLayout::default(),
    };
    let region = reader.code(&root.need("region")?)?;
    if let Origin::Const { text, .. } = &region.origin {
        envelope::region("region", text).map_err(|reject| wrong("region", &reject.en()))?;
    }
    let mut mapping = Mapping {
        format,
        source,
        zone,
        activity: root.get("activity").map(|node| reader.place(&node)).transpose()?,
        ignore: texts(root.get("ignore"))?,
        absent: texts(root.get("absent"))?,
        csv,
        region,
        dept: reader.code(&root.need("dept")?)?,
        by_activity: BTreeMap::new(),
        events: Vec::new(),
        trace_events: Vec::new(),
        ocds: None,
    };
    reader.events(&root, &mut mapping)?;
    Ok(mapping)
}

/// Where events come from, and in which zone their dates are.
fn origin(root: &Node<'_>) -> Answer<(String, Zone)> {
    let source = root.need("source")?;
    let name = source.text()?.to_owned();
    envelope::text("source", &name).map_err(|reject| source.wrong(&reject.en()))?;
    let node = root.need("zone")?;
    let zone = zone::load(node.text()?).map_err(|error| node.wrong(&error.to_string()))?;
    Ok((name, zone))
}

/// What the rules refer to.
struct Reader {
    format: Format,
    tables: BTreeMap<String, Table>,
}

impl Reader {
    fn events(&self, root: &Node<'_>, mapping: &mut Mapping) -> Answer<()> {
        if let Some(list) = root.get("trace_event") {
            if self.format != Format::Xes {
                return Err(list.wrong("only a mapping for `xes` has it"));
            }
            for node in list.list()? {
                mapping.trace_events.push(self.rule(&node, root, Scope::Trace)?);
            }
        }
        for (index, node) in root.need("event")?.list()?.into_iter().enumerate() {
            mapping.events.push(self.rule(&node, root, Scope::Event)?);
            for activity in self.activities(&node)? {
                if mapping.ignore.contains(&activity)
                    || mapping.by_activity.insert(activity.clone(), index).is_some()
                {
                    let path = node.child("activities");
                    return Err(wrong(&path, &format!("`{activity}` is named twice")));
                }
            }
        }
        let single = mapping.by_activity.is_empty() && mapping.events.len() == 1;
        if mapping.activity.is_none() && !single {
            return Err(wrong("activity", "missing, but the events are told apart by it"));
        }
        if mapping.activity.is_some() && mapping.by_activity.is_empty() {
            return Err(wrong("event[0].activities", "missing"));
        }
        Ok(())
    }

    /// The activities that a rule is for: a list, or the keys of a table.
    fn activities(&self, node: &Node<'_>) -> Answer<Vec<String>> {
        let Some(of) = node.get("activities_of") else { return texts(node.get("activities")) };
        if node.get("activities").is_some() {
            return Err(of.wrong("`activities` is given too"));
        }
        Ok(self.table(&of)?.rows.keys().cloned().collect())
    }

    fn rule(&self, node: &Node<'_>, root: &Node<'_>, scope: Scope) -> Answer<EventRule> {
        let mut known = vec![
            "type",
            "id",
            "time",
            "recorded",
            "corrected",
            "serial",
            "dataversion",
            "actor",
            "data",
        ];
        known.push(if scope == Scope::Trace { "required" } else { "activities" });
        known.extend((scope == Scope::Event).then_some("activities_of"));
        node.keys(&known)?;
        // Defaults at the root are for events, since those of a trace have other places.
        let inherit = |key: &str| node.get(key).or_else(|| root.get(key));
        let find = |key: &str| if scope == Scope::Event { inherit(key) } else { node.get(key) };
        let need = |key: &str| find(key).ok_or_else(|| wrong(&node.child(key), "missing"));
        let place = |key: &str| self.place_in(&need(key)?, scope);
        let optional = |key: &str| node.get(key).map(|n| self.place_in(&n, scope)).transpose();
        let kind = node.need("type")?;
        envelope::kind("type", kind.text()?).map_err(|reject| kind.wrong(&reject.en()))?;
        let mut data = Vec::new();
        for (name, field) in node.need("data")?.entries()? {
            let value = self.value(&field, scope)?;
            data.push((name.to_owned(), value));
        }
        for (name, _) in data.iter().filter(|(_, value)| value.check.is_some()) {
            let made = format!("{name}_ok");
            if data.iter().any(|(other, _)| *other == made) {
                let path = node.child(&format!("data.{made}"));
                return Err(wrong(&path, &format!("the check of `{name}` makes this field")));
            }
        }
        let has = |name: &&str| data.iter().any(|(field, _)| field == name);
        let subjects = envelope::SUBJECT_FIELDS.into_iter().filter(has).collect();
        Ok(EventRule {
            kind: kind.text()?.to_owned(),
            id: self.template(&need("id")?, scope)?,
            time: place("time")?,
            recorded: place("recorded")?,
            corrected: optional("corrected")?,
            serial: optional("serial")?,
            dataversion: optional("dataversion")?,
            actor: find("actor").map(|n| self.value(&n, scope)).transpose()?,
            required: node.get("required").map_or(Ok(false), |n| n.flag())?,
            data,
            subjects,
        })
    }

    /// A field: a place as text, or a table that says more.
    fn value(&self, node: &Node<'_>, scope: Scope) -> Answer<Value> {
        let plain = |origin| Value {
            origin,
            kind: Kind::Text,
            table: None,
            default: None,
            required: false,
            separator: ";".to_owned(),
            check: None,
        };
        if node.value.is_str() {
            return Ok(plain(Origin::From(self.place_in(node, scope)?)));
        }
        node.keys(&[
            "from",
            "const",
            "kind",
            "table",
            "default",
            "required",
            "separator",
            "check",
        ])?;
        let origin = match (node.get("from"), node.get("const")) {
            (Some(from), None) => Origin::From(self.place_in(&from, scope)?),
            (None, Some(constant)) => constant.constant()?,
            _ => return Err(node.wrong("give either `from` or `const`")),
        };
        let kind = node.get("kind").map_or(Ok(Kind::Text), |node| kind(&node))?;
        let check = node.get("check").map(|node| check(&node)).transpose()?;
        if check.is_some() && !matches!(kind, Kind::Secret | Kind::Text) {
            return Err(wrong(&node.child("check"), "only a text or a secret has a check digit"));
        }
        if kind == Kind::Secret && node.get("table").is_some() {
            return Err(wrong(&node.child("table"), "a secret has no table"));
        }
        let separator = node.get("separator").map_or(Ok(";"), |node| node.full_text())?.to_owned();
        Ok(Value {
            kind,
            check,
            separator,
            table: node.get("table").map(|node| self.table(&node)).transpose()?,
            default: node.get("default").map(|n| n.text().map(str::to_owned)).transpose()?,
            required: node.get("required").map_or(Ok(false), |n| n.flag())?,
            ..plain(origin)
        })
    }

    /// A code for the envelope: always a text.
    fn code(&self, node: &Node<'_>) -> Answer<Value> {
        let scope = if self.format == Format::Xes { Scope::Trace } else { Scope::Event };
        let value = self.value(node, scope)?;
        if value.kind == Kind::Text { Ok(value) } else { Err(node.wrong("it must be a text")) }
    }

    fn table(&self, node: &Node<'_>) -> Answer<Table> {
        let name = node.text()?;
        let missing = || node.wrong(&format!("there is no table `tables.{name}`"));
        self.tables.get(name).cloned().ok_or_else(missing)
    }

    fn place(&self, node: &Node<'_>) -> Answer<Place> {
        self.place_in(node, Scope::Event)
    }

    fn place_in(&self, node: &Node<'_>, scope: Scope) -> Answer<Place> {
        self.written_place(node.text()?, scope).map_err(|reason| node.wrong(&reason))
    }

    fn written_place(&self, written: &str, scope: Scope) -> Result<Place, String> {
        let found = match (written.split_once('.'), self.format) {
            (Some(("trace", name)), Format::Xes) => Some((Scope::Trace, name)),
            (Some(("event", name)), Format::Xes) => Some((Scope::Event, name)),
            (Some(("column", name)), Format::Csv) => Some((Scope::Event, name)),
            _ => None,
        };
        let forms =
            if self.format == Format::Csv { "`column.NAME`" } else { "`trace.` or `event.NAME`" };
        match found {
            Some((Scope::Event, _)) if scope == Scope::Trace => {
                Err(format!("`{written}`: only attributes of the trace are known here"))
            }
            Some((scope, name)) if !name.is_empty() => {
                Ok(Place { scope, name: name.to_owned(), written: written.to_owned() })
            }
            _ => Err(format!("`{written}` is not of the form {forms}")),
        }
    }

    /// `{trace.concept:name}/{n}` to its pieces.
    fn template(&self, node: &Node<'_>, scope: Scope) -> Answer<Vec<Piece>> {
        let mut pieces = Vec::new();
        let mut rest = node.text()?;
        while let Some((literal, tail)) = rest.split_once('{') {
            let (name, tail) =
                tail.split_once('}').ok_or_else(|| node.wrong("a `{` is not closed"))?;
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            pieces.push(match name {
                "n" if self.format == Format::Xes && scope == Scope::Event => Piece::Number,
                _ => Piece::From(self.written_place(name, scope).map_err(|r| node.wrong(&r))?),
            });
            rest = tail;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        if !pieces.iter().any(|piece| matches!(piece, Piece::From(_))) {
            return Err(node.wrong("it must name a place such as {trace.concept:name}"));
        }
        Ok(pieces)
    }
}

fn kind(node: &Node<'_>) -> Answer<Kind> {
    Ok(match node.text()? {
        "text" => Kind::Text,
        "int" => Kind::Int,
        "number" => Kind::Number,
        "date" => Kind::Date,
        "timestamp" => Kind::Timestamp,
        "flag" => Kind::Flag,
        "money" => Kind::Money,
        "list" => Kind::List,
        "secret" => Kind::Secret,
        other => return Err(node.wrong(&format!("`{other}` is not a kind"))),
    })
}

fn check(node: &Node<'_>) -> Answer<Check> {
    match node.text()? {
        "citizen_id" => Ok(Check::CitizenId),
        "uscc" => Ok(Check::Uscc),
        other => Err(node.wrong(&format!("`{other}` is not `citizen_id` or `uscc`"))),
    }
}

fn tables(root: &Node<'_>) -> Answer<BTreeMap<String, Table>> {
    let mut tables = BTreeMap::new();
    let Some(node) = root.get("tables") else { return Ok(tables) };
    for (name, table) in node.entries()? {
        let rows = Arc::new(texts_table(&table)?);
        tables.insert(name.to_owned(), Table { name: name.to_owned(), rows });
    }
    Ok(tables)
}

/// A table of texts.
pub(super) fn texts_table(node: &Node<'_>) -> Answer<BTreeMap<String, String>> {
    let entry = |(key, row): (&str, Node<'_>)| Ok((key.to_owned(), row.full_text()?.to_owned()));
    node.entries()?.into_iter().map(entry).collect()
}

fn csv_layout(node: &Node<'_>) -> Answer<CsvLayout> {
    node.keys(&["delimiter", "quote", "encoding", "columns", "empty"])?;
    let plain = CsvLayout::default();
    let byte = |key: &str, default: u8| match node.get(key) {
        Some(node) => match node.full_text()?.as_bytes() {
            [byte] if byte.is_ascii_punctuation() || *byte == b'\t' => Ok(*byte),
            _ => Err(node.wrong("it must be one ASCII sign")),
        },
        None => Ok(default),
    };
    let encoding = match node.get("encoding").map(|n| n.text().map(str::to_owned)).transpose()? {
        None => Encoding::Utf8,
        Some(name) if name == "utf-8" => Encoding::Utf8,
        Some(name) if name == "gb18030" => Encoding::Gb18030,
        Some(name) => {
            let reason = format!("`{name}` is not `utf-8` or `gb18030`");
            return Err(wrong("csv.encoding", &reason));
        }
    };
    let (delimiter, quote) = (byte("delimiter", plain.delimiter)?, byte("quote", plain.quote)?);
    if delimiter == quote {
        return Err(wrong("csv.quote", "it is the delimiter too"));
    }
    // The second byte of a GB18030 character can be any byte from 0x40 on, so signs below are safe.
    if encoding == Encoding::Gb18030 && (delimiter >= 0x40 || quote >= 0x40) {
        return Err(wrong(
            "csv.delimiter",
            "with gb18030 it must be one of , ; tab : and the like",
        ));
    }
    let empty_is_absent =
        match node.get("empty").map(|n| n.text().map(str::to_owned)).transpose()? {
            None => true,
            Some(word) if word == "absent" => true,
            Some(word) if word == "kept" => false,
            Some(word) => {
                return Err(wrong("csv.empty", &format!("`{word}` is not `absent` or `kept`")));
            }
        };
    let columns = node.get("columns").map(|node| texts(Some(node))).transpose()?;
    Ok(CsvLayout { delimiter, quote, encoding, columns, empty_is_absent })
}

fn texts(node: Option<Node<'_>>) -> Answer<Vec<String>> {
    let Some(node) = node else { return Ok(Vec::new()) };
    node.list()?.iter().map(|item| item.full_text().map(str::to_owned)).collect()
}

pub(super) fn wrong(key: &str, reason: &str) -> IngestError {
    IngestError::Mapping { key: key.to_owned(), reason: reason.to_owned() }
}

/// A TOML value with its path.
pub(super) struct Node<'a> {
    path: String,
    value: &'a toml::Value,
}

impl<'a> Node<'a> {
    pub(super) fn wrong(&self, reason: &str) -> IngestError {
        wrong(&self.path, reason)
    }

    fn child(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        let value = self.value.get(key)?;
        Some(Node { path: self.child(key), value })
    }

    pub(super) fn need(&self, key: &str) -> Answer<Node<'a>> {
        self.get(key).ok_or_else(|| wrong(&self.child(key), "missing"))
    }

    fn entries(&self) -> Answer<Vec<(&'a str, Node<'a>)>> {
        let table = self.value.as_table().ok_or_else(|| self.wrong("it must be a table"))?;
        let entry = |(key, value): (&'a String, &'a toml::Value)| {
            (key.as_str(), Node { path: self.child(key), value })
        };
        Ok(table.iter().map(entry).collect())
    }

    /// Refuses keys that are not `known`: a misspelt key must not be ignored.
    pub(super) fn keys(&self, known: &[&str]) -> Answer<()> {
        match self.entries()?.into_iter().find(|(key, _)| !known.contains(key)) {
            Some((_, node)) => Err(node.wrong("there is no such key")),
            None => Ok(()),
        }
    }

    fn list(&self) -> Answer<Vec<Node<'a>>> {
        let list = self.value.as_array().ok_or_else(|| self.wrong("it must be a list"))?;
        let item = |(index, value)| Node { path: format!("{}[{index}]", self.path), value };
        Ok(list.iter().enumerate().map(item).collect())
    }

    fn full_text(&self) -> Answer<&'a str> {
        self.value.as_str().ok_or_else(|| self.wrong("it must be a text"))
    }

    /// A text that is not empty.
    pub(super) fn text(&self) -> Answer<&'a str> {
        let text = self.full_text()?;
        if text.is_empty() { Err(self.wrong("it is empty")) } else { Ok(text) }
    }

    pub(super) fn flag(&self) -> Answer<bool> {
        self.value.as_bool().ok_or_else(|| self.wrong("it must be true or false"))
    }

    fn constant(&self) -> Answer<Origin> {
        let mut json = String::new();
        let text = match self.value {
            toml::Value::String(text) => {
                json::push_text(&mut json, text);
                text.clone()
            }
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            toml::Value::Array(_) => {
                let list = texts(Some(Node { path: self.path.clone(), value: self.value }))?;
                json.push('[');
                for (index, text) in list.iter().enumerate() {
                    json.push_str(if index > 0 { "," } else { "" });
                    json::push_text(&mut json, text);
                }
                json.push(']');
                list.join(";")
            }
            _ => return Err(self.wrong("it must be a text, a whole number, a flag or a list")),
        };
        let json = if json.is_empty() { text.clone() } else { json };
        Ok(Origin::Const { text, json })
    }
}
