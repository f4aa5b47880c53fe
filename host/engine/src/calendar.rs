//! Calendars and timetables made from reference tables, kept for all calls that see the same
//! versions of these tables.
//!
//! How days and hours are counted is the business of `contract::worktime`.

use crate::fault::Stop;
use plumbline_contract::table::Tables;
use plumbline_contract::task::Fault;
use plumbline_contract::worktime::{Calendar, CalendarRow, Hours, OfficeRow, Timetable};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Reference table of days off and swapped working days.
const CALENDAR_TABLE: &str = "calendar";
/// Reference table of opening hours.
const HOURS_TABLE: &str = "office_hours";
/// Most calendars and most timetables kept, for a province with all its organs; when there are
/// more, all are made anew. A calendar takes some KiB.
const KEPT_MAX: usize = 4096;

/// Computed calendars of one host. Table versions tell them apart, so all callers that share it
/// must number their tables alike.
#[derive(Debug, Default)]
pub struct Calendars {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// By version of the table and region.
    calendars: BTreeMap<(u32, String), Arc<Calendar>>,
    /// By version of the table and organ.
    timetables: BTreeMap<(u32, String), Arc<Timetable>>,
}

/// An open calendar handle.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) calendar: Arc<Calendar>,
    pub(crate) timetable: Arc<Timetable>,
}

impl Opened {
    pub(crate) fn hours(&self) -> Hours<'_> {
        Hours { calendar: &self.calendar, timetable: &self.timetable }
    }
}

impl Calendars {
    /// The calendar of `region` with the timetable of `organ`. An organ without rows has the
    /// standard timetable.
    pub(crate) fn open(
        &self,
        tables: &dyn Tables,
        region: &str,
        organ: &str,
    ) -> Result<Opened, Stop> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let version = |table: &str| tables.versions().get(table).copied().unwrap_or(0);
        let key = (version(CALENDAR_TABLE), region.to_string());
        let calendar = cached(&mut kept.calendars, key, || calendar(tables, region))?;
        let key = (version(HOURS_TABLE), organ.to_string());
        let timetable = cached(&mut kept.timetables, key, || timetable(tables, organ))?;
        Ok(Opened { calendar, timetable })
    }
}

fn cached<K: Ord, T>(
    kept: &mut BTreeMap<K, Arc<T>>,
    key: K,
    make: impl FnOnce() -> Result<T, String>,
) -> Result<Arc<T>, Stop> {
    if let Some(found) = kept.get(&key) {
        return Ok(found.clone());
    }
    // Import refuses such tables; should one be there, a gap is better than a wrong deadline.
    let made =
        make().map_err(|reason| Stop(Fault::Trap(format!("no usable calendar: {reason}"))))?;
    let made = Arc::new(made);
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(key, made.clone());
    Ok(made)
}

fn calendar(tables: &dyn Tables, region: &str) -> Result<Calendar, String> {
    let rows = tables.rows(CALENDAR_TABLE).into_iter();
    let rows = rows.map(|row| CalendarRow::from_json(&row.json));
    let rows: Vec<_> = rows.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    Calendar::from_rows(rows, region).map_err(|error| error.to_string())
}

fn timetable(tables: &dyn Tables, organ: &str) -> Result<Timetable, String> {
    let rows = tables.rows(HOURS_TABLE).into_iter().map(|row| OfficeRow::from_json(&row.json));
    let rows: Vec<_> = rows.filter(|row| !organ.is_empty() && row.organ == organ).collect();
    if rows.is_empty() {
        return Ok(Timetable::standard());
    }
    Timetable::from_rows(rows).map_err(|error| error.to_string())
}
