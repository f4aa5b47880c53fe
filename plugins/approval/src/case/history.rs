//! Migrated history: cases of an approved batch are not judged by how they were typed in.

use super::view::Case;
use crate::Params;
use plumbline_guest::json::Object;
use plumbline_guest::{FromRow, Look};

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
pub(crate) fn exempt(_: &Case<'_>, _: &Params, look: &mut Look<'_>) {
    look.exempt(|| ("经批准的存量迁移".into(), "an approved migration of old records".into()));
}
