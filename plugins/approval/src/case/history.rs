//! Migrated history: cases of an approved batch are not judged by how they were typed in.

use super::view::Case;
use crate::Params;
use plumbline_guest::json::Object;
use plumbline_guest::{FromRow, Look, Why};

/// An approved migration of old records.
#[derive(Debug)]
struct Batch;

impl FromRow for Batch {
    const TABLE: &'static str = "backfill_batch";

    fn from_row(_: &Object<'_>) -> Option<Self> {
        Some(Self)
    }
}

/// Whether the case came in a batch that was approved when its row was created. The row is the
/// proof; `channel=backfill` alone excuses nothing.
pub(crate) fn is_migrated(case: &Case<'_>, look: &Look<'_>) -> bool {
    let Some(received) = case.received else { return false };
    let batch = &received.said.batch;
    !batch.is_empty() && look.row::<Batch>(batch, received.entry.recorded.day()).is_some()
}

/// Stands in for every rule of such a case.
pub(crate) fn exempt(case: &Case<'_>, _: &Params, look: &mut Look<'_>) {
    let batch = case.received.map_or("", |received| &received.said.batch);
    look.exempt(|| {
        let en = format!("an approved migration of old records, batch {batch}");
        Why::new(format!("经批准的存量迁移批次 {batch}"), en).text("batch", batch)
    });
}
