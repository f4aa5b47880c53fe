//! A lenient look into a release: a field that is not what OCDS says counts as absent, because
//! publishers differ. The text has been found to be JSON before.

use plumbline_contract::json::{Object, Value};
use std::borrow::Cow;

/// An object of a release; one that is absent has no fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Node<'a>(Object<'a>);

impl<'a> Node<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self(Object::parse(text))
    }

    pub(super) fn get(&self, name: &str) -> Option<Value<'a>> {
        self.0.get(name)
    }

    pub(super) fn child(&self, name: &str) -> Self {
        Self(self.get(name).map(Value::object).unwrap_or_default())
    }

    /// The objects of a list; a single object counts as a list of one.
    pub(super) fn list(&self, name: &str) -> Vec<Self> {
        match self.get(name) {
            Some(value @ Value::Object(_)) => vec![Self(value.object())],
            Some(value) => value.items().map(|item| Self(item.object())).collect(),
            None => Vec::new(),
        }
    }

    /// A text that says something.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name)?.text().filter(|text| !text.trim().is_empty())
    }

    /// An id: a text, or a number as written.
    pub(super) fn id(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::Number(raw) => Some(raw.to_owned()),
            value => value.text().filter(|text| !text.is_empty()).map(Cow::into_owned),
        }
    }

    /// A number as written.
    pub(super) fn number(&self, name: &str) -> Option<&'a str> {
        match self.get(name)? {
            Value::Number(raw) => Some(raw),
            _ => None,
        }
    }

    /// The id of an organization; with `identifiers`, its registration number where it has no id.
    pub(super) fn party(&self, identifiers: bool) -> Option<String> {
        let registered = || {
            let identifier = self.child("identifier");
            let id = identifier.id("id").filter(|_| identifiers)?;
            Some(identifier.text("scheme").map_or(id.clone(), |scheme| format!("{scheme}-{id}")))
        };
        self.id("id").or_else(registered)
    }
}
