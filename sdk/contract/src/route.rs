//! Routing: which streams an event goes to, and under which keys. Pure; the host's kernel and the
//! SDK's test harness share it, so that a test routes exactly as production does.

use crate::event::EventRef;
use crate::json::{self, Value};
use crate::manifest::{KeyPart, KeyTemplate, Stream, kind_matches};
use crate::time::{Local, Zone};

/// Longest key of a stream, in bytes: keys are sled keys, and an identifier is short.
pub const KEY_BYTES_MAX: usize = 256;
/// Most keys that one event may fan out to: the largest joint approval has some dozens.
pub const FAN_OUT_MAX: usize = 256;

/// Whether a stream takes events of this type.
#[must_use]
pub fn takes(stream: &Stream, kind: &str) -> bool {
    stream.events.iter().any(|pattern| kind_matches(pattern, kind))
}

/// The keys of an event under a template: none where a part is missing, several where a part is a
/// list. A key that would be longer than [`KEY_BYTES_MAX`] is left out.
#[must_use]
pub fn keys<'a>(
    template: &KeyTemplate,
    event: impl Into<EventRef<'a>>,
    zone: &Zone,
) -> Vec<String> {
    let event = event.into();
    if let [KeyPart::Data { name, each: false }] = template.0.as_slice() {
        // The usual case, without any intermediate list.
        let key = json::find(event.data, name).and_then(scalar);
        return key.filter(|key| key.len() <= KEY_BYTES_MAX).into_iter().collect();
    }
    let mut keys = vec![String::new()];
    let local = zone.local(event.time);
    for (index, part) in template.0.iter().enumerate() {
        let values = values(part, &event, local);
        let mut longer = Vec::with_capacity(keys.len() * values.len());
        for key in &keys {
            for value in values.iter().take(FAN_OUT_MAX) {
                let separator = if index == 0 { "" } else { "/" };
                longer.push(format!("{key}{separator}{value}"));
            }
        }
        keys = longer;
    }
    keys.retain(|key| key.len() <= KEY_BYTES_MAX);
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn values(part: &KeyPart, event: &EventRef<'_>, local: Local) -> Vec<String> {
    let one = |text: &str| {
        if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }
    };
    let (year, month, _) = local.day().ymd();
    match part {
        KeyPart::Dept => one(event.dept),
        KeyPart::Region => one(event.region),
        KeyPart::Actor => one(event.actor.unwrap_or("")),
        KeyPart::Source => one(event.source),
        KeyPart::Subject => one(event.subject),
        KeyPart::Year => vec![format!("{year:04}")],
        KeyPart::Month => vec![format!("{year:04}-{month:02}")],
        KeyPart::Day => vec![local.day().to_string()],
        KeyPart::Data { name, each } => {
            let found = json::find(event.data, name);
            match (found, each) {
                (Some(list), true) => list.items().filter_map(scalar).collect(),
                (Some(value), false) => scalar(value).into_iter().collect(),
                (None, _) => Vec::new(),
            }
        }
    }
}

fn scalar(value: Value<'_>) -> Option<String> {
    let text = match value {
        Value::Number(raw) => raw.to_owned(),
        other => other.text()?.into_owned(),
    };
    (!text.is_empty()).then_some(text)
}
