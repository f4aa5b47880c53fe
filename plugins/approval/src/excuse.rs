//! What excuses a late or unusual entry: registered outages and approved migrations, and whether
//! an item is decided on the spot. Reference tables only; no facts of a case.

use plumbline_guest::contract::time::parse_stamp;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Event, FromRow, Local, Look, Span};

/// Most outages of one source that are looked at: a year of one every second working day.
const OUTAGES_MAX: u32 = 128;
/// The tables hold readings of the nation's one zone; others are brought to it.
const ZONE_MINUTES: i64 = 8 * 60;

/// Registered outages of a source, those of all sources included, sorted by begin.
pub(crate) fn outages(look: &Look<'_>, source: &str, on: Day) -> Vec<Span> {
    let of_all = look.rows("outage", "/", on, OUTAGES_MAX);
    let own = match source {
        "" => Default::default(),
        _ => look.rows("outage", &format!("{source}/"), on, OUTAGES_MAX),
    };
    let rows = of_all.iter().chain(own.iter());
    let mut spans: Vec<_> = rows.filter_map(|(_, row)| span(row, source)).collect();
    spans.sort_by_key(|span| (span.begin, span.end));
    spans.dedup_by_key(|span| (span.begin, span.end));
    spans
}

/// The outage of a row that is about this source or all of them. The key alone does not tell: a
/// source may begin with a slash or continue after one.
fn span(row: &str, source: &str) -> Option<Span> {
    let row = Object::parse(row);
    let of = row.get("source").and_then(Value::text).unwrap_or_default();
    if !of.is_empty() && of != source {
        return None;
    }
    let ticket = row.get("ticket").and_then(Value::text)?;
    let at = |name| row.get(name).and_then(Value::text).and_then(|text| local(&text));
    let span = Span { begin: at("from_time")?, end: at("to_time")? };
    (!ticket.is_empty() && span.begin < span.end).then_some(span)
}

fn local(text: &str) -> Option<Local> {
    let stamp = parse_stamp(text)?;
    let shift = stamp.offset_minutes.map_or(0, |offset| ZONE_MINUTES - i64::from(offset));
    Some(stamp.local.plus_minutes(shift))
}

/// Whether an act fell into an outage.
pub(crate) fn is_within(outages: &[Span], at: Local) -> bool {
    outages.iter().any(|outage| outage.begin <= at && at <= outage.end)
}

/// Whole minutes from `from` to `to` outside the outages, which are sorted by begin.
pub(crate) fn minutes_outside(outages: &[Span], from: Local, to: Local) -> i64 {
    let mut reached = from;
    let mut outside = 0;
    for outage in outages {
        let begin = outage.begin.clamp(reached, to.max(reached));
        outside += begin.0 - reached.0;
        reached = reached.max(outage.end.min(to));
    }
    (outside + to.0 - reached.0) / plumbline_guest::MS_PER_MINUTE
}

/// The migration that a line names; empty if none. Only the table can approve it.
pub(crate) fn batch(event: &Event<'_>) -> String {
    let named = ["batch", "backfill_batch"].into_iter().filter_map(|name| event.text(name));
    named.map(|batch| batch.trim().to_owned()).find(|batch| !batch.is_empty()).unwrap_or_default()
}

/// An approved migration of old records.
struct Batch {
    item: String,
}

impl FromRow for Batch {
    const TABLE: &'static str = "backfill_batch";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let item = row.get("item_code").and_then(Value::text).unwrap_or_default();
        Some(Self { item: item.into_owned() })
    }
}

/// Whether `batch` is an approved migration on the day of entry, of this item if it names one.
pub(crate) fn is_approved_batch(look: &Look<'_>, batch: &str, item: &str, on: Day) -> bool {
    let row = if batch.is_empty() { None } else { look.row::<Batch>(batch, on) };
    row.is_some_and(|row| row.item.is_empty() || item.is_empty() || row.item == item)
}

/// Working-day limit of an item and whether it is decided on the spot.
pub(crate) struct ItemTerms {
    pub(crate) on_spot: bool,
    pub(crate) limit_wd: Option<i32>,
}

impl FromRow for ItemTerms {
    const TABLE: &'static str = "item";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let days = |name| {
            let days = row.get(name).and_then(Value::int)?;
            i32::try_from(days).ok().filter(|days| *days > 0)
        };
        Some(Self {
            on_spot: row.get("on_spot").and_then(Value::bool).unwrap_or(false),
            limit_wd: days("promised_wd").or_else(|| days("statutory_wd")),
        })
    }
}

/// Whether the item is decided on the spot on that day.
pub(crate) fn is_on_spot(look: &Look<'_>, item: &str, on: Day) -> bool {
    !item.is_empty() && look.row::<ItemTerms>(item, on).is_some_and(|item| item.on_spot)
}
