//! Records that a source has sent again with other content: `platform.record.changed`.

use super::{Place, event};
use crate::app::App;
use crate::error::AppError;
use plumbline_contract::event::Event;
use plumbline_contract::json::{Object, Value as Part};
use plumbline_contract::time::Millis;
use plumbline_kernel::health::COUNT_TYPE;
use plumbline_ledger::sha256_hex;
use plumbline_store::Appended;
use serde_json::{Map, Value, json};

pub(crate) const KIND: &str = "platform.record.changed";
/// Most names of fields that are told: enough to see what it is about.
const FIELDS_MAX: usize = 32;

/// What was observed while these events were appended.
///
/// # Errors
/// If the store cannot be read.
pub(crate) fn observe(
    app: &App,
    events: &[Event],
    appended: &[Appended],
) -> Result<Vec<Event>, AppError> {
    let mut observed = Vec::new();
    for (new, appended) in events.iter().zip(appended) {
        let Appended::Conflict(at) = appended else { continue };
        // What was said of the supervision as a host, and a source's count of its records, are no
        // records.
        if new.is_platform() || new.kind == COUNT_TYPE {
            continue;
        }
        if let Some(known) = app.store().get(*at)? {
            observed.push(changed(app, &known, new));
        }
    }
    Ok(observed)
}

fn changed(app: &App, known: &Event, new: &Event) -> Event {
    let (before, after) = (digest(known), digest(new));
    let mut data = json!({
        "source": new.source, "record": new.id, "type": new.kind,
        "fields": fields(known, new), "hash_before": before, "hash_after": after,
        // A correction has a version of its own.
        "corrected": false,
    });
    if let Some(case_no) = Object::parse(&new.data).get("case_no").and_then(Part::text) {
        data["case_no"] = json!(case_no);
    }
    let id = format!("record/{}/{:016x}", after, new.identity());
    let place = Place { at: new.logged, region: &known.region, dept: &known.dept };
    event(app, KIND, id, place, &known.subject, &data)
}

/// Digest of all that a source says in an event: a time that was changed is a change as well.
fn digest(event: &Event) -> String {
    let stamped = Event { logged: Millis(0), ..event.clone() };
    sha256_hex(json!(stamped).to_string().as_bytes())
}

/// Names of the fields that differ, those of the payload as they are, those of the envelope behind
/// them as senders know them.
fn fields(known: &Event, new: &Event) -> Vec<String> {
    let object = |event: &Event| -> Map<String, Value> {
        serde_json::from_str(&event.data).unwrap_or_default()
    };
    let (before, after) = (object(known), object(new));
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let differing = names.filter(|name| before.get(*name) != after.get(*name)).cloned();
    let mut fields: Vec<String> = differing.collect();
    let envelope = [
        ("type", known.kind != new.kind),
        ("subject", known.subject != new.subject),
        ("time", known.time != new.time),
        ("recordedtime", known.recorded != new.recorded),
        ("correctedtime", known.corrected != new.corrected),
        ("region", known.region != new.region),
        ("dept", known.dept != new.dept),
        ("serial", known.serial != new.serial),
        ("actor", known.actor != new.actor),
    ];
    fields.extend(
        envelope.iter().filter(|(_, differs)| *differs).map(|(name, _)| (*name).to_owned()),
    );
    fields.truncate(FIELDS_MAX);
    fields
}
