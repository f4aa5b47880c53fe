//! Acts of the host and its administrators as leaves of the ledger.

use plumbline_contract::time::{Millis, Zone};
use serde_json::{Value, json};

/// An act: what was done, when by the wall clock, and its particulars.
#[must_use]
pub fn leaf(what: &str, now: Millis, zone: &Zone, particulars: Value) -> Vec<u8> {
    let mut act = json!({ "leaf": what, "done_at": zone.rfc3339(now) });
    if let (Value::Object(act), Value::Object(more)) = (&mut act, particulars) {
        act.extend(more);
    }
    act.to_string().into_bytes()
}
