//! Calendars made from reference tables, kept for all calls that see the same versions of these
//! tables.
//!
//! How days and hours are counted is the business of the contract.

use crate::fault::Stop;
use plumbline_contract::desk::{CALENDAR_TABLE, Desk, OFFICE_HOURS_TABLE};
use plumbline_contract::table::Tables;
use plumbline_contract::task::Fault;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Most calendars kept, each some KiB: the organs of a city. When there are more, all are made anew.
const KEPT_MAX: usize = 4096;

/// Computed calendars of one host. Table versions tell them apart, so all callers that share it
/// must number their tables alike.
#[derive(Debug, Default)]
pub struct Calendars {
    kept: Mutex<BTreeMap<Key, Arc<Desk>>>,
}

/// Versions of both tables, region, organ.
type Key = (u32, u32, String, String);

impl Calendars {
    /// The calendar of `region` with the timetable of `organ`.
    pub(crate) fn open(
        &self,
        tables: &dyn Tables,
        region: &str,
        organ: &str,
    ) -> Result<Arc<Desk>, Stop> {
        let version = |table: &str| tables.versions().get(table).copied().unwrap_or(0);
        let (calendar, hours) = (version(CALENDAR_TABLE), version(OFFICE_HOURS_TABLE));
        let key = (calendar, hours, region.to_string(), organ.to_string());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = kept.get(&key) {
            return Ok(desk.clone());
        }
        // Import refuses such tables; should one be there, a gap is better than a wrong deadline.
        let unusable = |reason| Stop(Fault::Trap(format!("no usable calendar: {reason}")));
        let desk = Arc::new(Desk::open(tables, region, organ).map_err(unusable)?);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, desk.clone());
        Ok(desk)
    }
}
