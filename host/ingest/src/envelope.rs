//! Rules of the envelope that hold for every event, whichever format it came in.

use crate::reject::{Reject, RejectCode};
use crate::rights::Rights;
use plumbline_contract::event::{
    ATTRIBUTE_BYTES_MAX, DATA_BYTES_MAX, Event, FACT_TYPE_PREFIX, HOST_TYPE_PREFIX,
    PLATFORM_TYPE_PREFIX,
};
use plumbline_contract::time::{MS_PER_DAY, Millis, Stamp, Zone};

/// Fields of the payload that name what an event is about, the first one present counts.
pub(crate) const SUBJECT_FIELDS: [&str; 7] =
    ["case_no", "joint_no", "cert_no", "complaint_no", "ocid", "list_no", "clue_no"];

/// A row cannot have been created later than it was received; a year allows for wrong clocks,
/// which the rules about clocks then report.
pub(crate) const FUTURE_MS_MAX: i64 = 366 * MS_PER_DAY;

/// 1900-01-01T00:00:00Z: earlier stamps are the null dates of databases, not times of acts.
const EARLIEST: Millis = Millis(-2_208_988_800_000);

/// Checks an attribute: not empty, not too long, no control characters.
pub(crate) fn text(field: &str, text: &str) -> Result<(), Reject> {
    if text.is_empty() {
        return Err(Reject::new(RejectCode::EmptyField, field, ""));
    }
    optional_text(field, text)
}

/// The same for an attribute that may be empty.
pub(crate) fn optional_text(field: &str, text: &str) -> Result<(), Reject> {
    if text.len() > ATTRIBUTE_BYTES_MAX {
        return Err(Reject::new(RejectCode::TextTooLong, field, text));
    }
    if text.chars().any(char::is_control) {
        return Err(Reject::new(RejectCode::ControlCharacter, field, text));
    }
    Ok(())
}

/// A type that nobody outside may send is refused, whatever the rights.
pub(crate) fn kind(field: &str, kind: &str) -> Result<(), Reject> {
    text(field, kind)?;
    if kind.starts_with(HOST_TYPE_PREFIX) || kind.starts_with(FACT_TYPE_PREFIX) {
        return Err(Reject::new(RejectCode::ReservedType, field, kind));
    }
    Ok(())
}

/// As [`kind`], and what is said of the supervision itself needs a right.
pub(crate) fn kind_of(
    source: &str,
    field: &str,
    kind: &str,
    rights: &Rights,
) -> Result<(), Reject> {
    self::kind(field, kind)?;
    if kind.starts_with(PLATFORM_TYPE_PREFIX) && !rights.allow(source, kind) {
        return Err(Reject::new(RejectCode::PlatformType, field, kind));
    }
    Ok(())
}

/// Sources and subjects under which the host keeps its own events: an outsider must not write there.
pub(crate) fn not_reserved(field: &str, text: &str) -> Result<(), Reject> {
    let host = HOST_TYPE_PREFIX.trim_end_matches('.');
    let own = text.strip_prefix(host);
    if own.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':'])) {
        return Err(Reject::new(RejectCode::ReservedType, field, text));
    }
    Ok(())
}

pub(crate) fn region(field: &str, code: &str) -> Result<(), Reject> {
    text(field, code)?;
    if !matches!(code.len(), 6 | 9 | 12) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Reject::new(RejectCode::BadRegion, field, code));
    }
    Ok(())
}

/// The instant of a stamp, if it lies in the time of records.
pub(crate) fn instant(stamp: Stamp, zone: &Zone) -> Option<Millis> {
    Some(zone.instant_of(stamp)).filter(|at| *at >= EARLIEST)
}

pub(crate) fn not_in_future(field: &str, at: Millis, received: Millis) -> Result<(), Reject> {
    if at.0 > received.0.saturating_add(FUTURE_MS_MAX) {
        let shown = Zone::fixed("UTC", 0).rfc3339(at);
        return Err(Reject::new(RejectCode::RecordedInFuture, field, &shown));
    }
    Ok(())
}

pub(crate) fn data_size(data: &str) -> Result<(), Reject> {
    if data.len() > DATA_BYTES_MAX {
        let size = format!("{} bytes, {DATA_BYTES_MAX} allowed", data.len());
        return Err(Reject::new(RejectCode::DataTooLarge, "data", &size));
    }
    Ok(())
}

/// All of the rules on a finished event: for readers that build events from other formats.
pub(crate) fn check(event: &Event, received: Millis, rights: &Rights) -> Result<(), Reject> {
    text("id", &event.id)?;
    text("source", &event.source)?;
    not_reserved("source", &event.source)?;
    not_reserved("subject", &event.subject)?;
    kind_of(&event.source, "type", &event.kind, rights)?;
    optional_text("subject", &event.subject)?;
    region("region", &event.region)?;
    text("dept", &event.dept)?;
    optional_text("actor", event.actor.as_deref().unwrap_or_default())?;
    not_in_future("recorded", event.recorded, received)?;
    data_size(&event.data)
}
