//! The event types with their fields, from the schemas that are compiled in, and which fields say
//! something about a person.

use super::column::{Column, Kind};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::fmt;
use std::sync::OnceLock;

/// Schemas by event type, as the build found them.
const SCHEMAS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/schemas.rs"));

/// Fields that name a person, may name one, or are free text, although their description does not
/// say so.
const PERSONS: [&str; 23] = [
    "acceptors",
    "approver",
    "approver_chain",
    "birth_month",
    "by",
    "contact",
    "expert_id",
    "holder",
    "members",
    "mitigation_approver",
    "opinion",
    "party",
    "payee",
    "payer",
    "person",
    "pid",
    "reason_text",
    "relation",
    "seller",
    "signer",
    "subject",
    "text",
    "third_party",
];
/// Words of a description by which a field names a person, or stands for one.
const PERSONAL_WORDS: [&str; 3] = ["keyed hash", "identity number", "id number"];
/// How descriptions of officers begin.
const OFFICER_WORDS: [&str; 2] = ["officer", "second officer"];
/// How names of keyed hashes end.
const HASH_SUFFIX: &str = "_h";

/// One type of events.
#[derive(Clone, Debug, PartialEq)]
pub struct EventType {
    /// For instance `approval.case.accepted`.
    pub name: &'static str,
    pub zh: String,
    pub en: String,
    /// Fields of the payload, in the order of the schema.
    pub fields: Vec<Column>,
    /// Names of the fields that every complete record has.
    pub required: Vec<String>,
}

impl EventType {
    /// The type of that name, if it is in the catalogue.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        let types = event_types();
        types.binary_search_by(|one| one.name.cmp(name)).ok().map(|index| &types[index])
    }
}

/// All types, in the order of their names.
#[must_use]
pub fn event_types() -> &'static [EventType] {
    static TYPES: OnceLock<Vec<EventType>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let read = |&(name, text): &(&'static str, &str)| {
            let schema: Schema = serde_json::from_str(text).expect("a test reads the schemas");
            let fields = schema.properties.0.iter().map(|(name, field)| column(name, field));
            let fields = fields.collect();
            let Schema { title, description, required, .. } = schema;
            EventType { name, zh: title, en: description, fields, required }
        };
        let mut types: Vec<_> = SCHEMAS.iter().map(read).collect();
        types.sort_unstable_by_key(|one| one.name);
        types
    })
}

fn column(name: &str, field: &Field) -> Column {
    let kind = match (field.kind.as_str(), field.format.as_str()) {
        ("integer", _) if field.unit == "fen" => Kind::Fen,
        ("integer", _) => Kind::Integer,
        ("number", _) => Kind::Number,
        ("boolean", _) => Kind::Flag,
        ("string", "date") => Kind::Date,
        ("string", "date-time") => Kind::Time,
        ("string", _) => Kind::Text,
        _ => Kind::Json,
    };
    Column {
        name: name.to_owned(),
        kind,
        zh: field.title.clone(),
        en: field.description.clone(),
        unit: field.unit.clone(),
        personal: field.is_personal(name),
    }
}

#[derive(Deserialize)]
struct Schema {
    title: String,
    description: String,
    properties: Fields,
    #[serde(default)]
    required: Vec<String>,
}

#[derive(Deserialize)]
struct Field {
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    format: String,
    #[serde(rename = "x-unit", default)]
    unit: String,
    #[serde(default)]
    items: Option<Items>,
}

/// What a list holds.
#[derive(Deserialize)]
struct Items {
    #[serde(default)]
    properties: Fields,
}

impl Field {
    fn is_personal(&self, name: &str) -> bool {
        let says = |word: &str| self.description.contains(word);
        let inside = || {
            let fields = self.items.iter().flat_map(|items| &items.properties.0);
            fields.into_iter().any(|(name, field)| field.is_personal(name))
        };
        name.ends_with(HASH_SUFFIX)
            || PERSONS.contains(&name)
            || PERSONAL_WORDS.iter().any(|word| says(word))
            || OFFICER_WORDS.iter().any(|word| self.description.starts_with(word))
            || inside()
    }
}

/// Properties in the order of the file, which JSON objects do not keep.
#[derive(Default)]
struct Fields(Vec<(String, Field)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("properties")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }
        from.deserialize_map(InOrder)
    }
}
