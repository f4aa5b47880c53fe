//! An event with its payload opened.

use plumbline_contract::json::{Object, Value};
use plumbline_contract::task::EventView;
use plumbline_contract::time::{Day, Local, parse_stamp};
use std::ops::Deref;

use crate::Host;

/// One event as a stream takes it: the envelope by field, the payload by name.
///
/// A field that is absent means *unknown*; one that is present and empty means *lacking*. The
/// readers return `None` for absent and for a wrong type, and an empty text for present and empty.
#[derive(Debug)]
pub struct Event<'a> {
    view: &'a EventView<'a>,
    data: Object<'a>,
    host: &'a dyn Host,
}

impl<'a> Deref for Event<'a> {
    type Target = EventView<'a>;

    fn deref(&self) -> &EventView<'a> {
        self.view
    }
}

impl<'a> Event<'a> {
    #[must_use]
    pub fn new(view: &'a EventView<'a>, host: &'a dyn Host) -> Self {
        Self { view, data: Object::parse(view.data), host }
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        self.data.get(name)
    }

    /// A text; a number is given as written, null as empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::Null => Some(String::new()),
            list @ Value::Array(_) if list.is_empty() => Some(String::new()),
            Value::Number(raw) => Some(raw.to_owned()),
            value => value.text().map(std::borrow::Cow::into_owned),
        }
    }

    #[must_use]
    pub fn int(&self, name: &str) -> Option<i64> {
        self.get(name)?.int()
    }

    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.bool()
    }

    /// A list of texts; null is the empty list.
    #[must_use]
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        match self.get(name)? {
            Value::Null | Value::Text { raw: "", .. } => Some(Vec::new()),
            list @ Value::Array(_) => {
                let texts = list.items().filter_map(Value::text);
                Some(texts.map(std::borrow::Cow::into_owned).collect())
            }
            _ => None,
        }
    }

    /// A local calendar date.
    #[must_use]
    pub fn day(&self, name: &str) -> Option<Day> {
        self.stamp(name).map(Local::day)
    }

    /// A timestamp as the region's wall clock shows it.
    #[must_use]
    pub fn stamp(&self, name: &str) -> Option<Local> {
        let text = self.get(name)?.text()?;
        let stamp = parse_stamp(&text)?;
        Some(match stamp.offset_minutes {
            None => stamp.local,
            Some(minutes) => self.host.to_local(stamp.local.0 - i64::from(minutes) * 60_000),
        })
    }
}
