//! Reading payloads and rows: fingerprints in place of long hashes, decimals as whole numbers.

use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Event, Local};

/// When the payload says that it happened, else when the event says so.
pub(crate) fn at(event: &Event<'_>, name: &str) -> Local {
    event.stamp(name).unwrap_or(event.time)
}

/// A text, empty if absent.
pub(crate) fn text(event: &Event<'_>, name: &str) -> String {
    event.text(name).unwrap_or_default()
}

pub(crate) fn filled(event: &Event<'_>, name: &str) -> bool {
    event.get(name).is_some_and(|value| !value.is_empty())
}

/// A fingerprint of a text that is only compared for equality (FNV-1a).
pub(crate) fn mark(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |mark, byte| {
        (mark ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A fingerprint of a field; none if it is absent or empty.
pub(crate) fn mark_of(event: &Event<'_>, name: &str) -> Option<u64> {
    event.text(name).filter(|text| !text.is_empty()).map(|text| mark(&text))
}

/// A number with decimals in hundredths, rounded.
pub(crate) fn hundredths(value: Value<'_>) -> Option<i64> {
    let number = value.float().or_else(|| value.text()?.trim().parse().ok())?;
    number.is_finite().then(|| (number * 100.0).round() as i64)
}

/// A list of names, or of objects that hold the name under `field`.
pub(crate) fn names(event: &Event<'_>, list: &str, field: &str) -> Vec<String> {
    let Some(list) = event.get(list) else { return Vec::new() };
    let name = |value: Value<'_>| match value {
        Value::Object(_) => value.object().get(field)?.text().map(|text| text.into_owned()),
        value => value.text().map(|text| text.into_owned()),
    };
    list.items().filter_map(name).collect()
}

/// A text of a table row, empty if absent.
pub(crate) fn cell(row: &Object<'_>, name: &str) -> String {
    row.get(name).and_then(Value::text).map(|text| text.into_owned()).unwrap_or_default()
}

/// A list of a table row, which is written as a list or joined by semicolons.
pub(crate) fn cells(row: &Object<'_>, name: &str) -> Vec<String> {
    match row.get(name) {
        Some(list @ Value::Array(_)) => {
            list.items().filter_map(Value::text).map(|text| text.into_owned()).collect()
        }
        Some(value) => value
            .text()
            .map(|text| text.split(';').map(|part| part.trim().to_owned()).collect())
            .unwrap_or_default(),
        None => Vec::new(),
    }
}

/// Whether a region lies in another: `370200` holds `370203`, an empty scope holds everything.
pub(crate) fn is_in(region: &str, scope: &str) -> bool {
    let mut scope = scope;
    while scope.len() > 2 && scope.ends_with("00") {
        scope = &scope[..scope.len() - 2];
    }
    region.starts_with(scope)
}
