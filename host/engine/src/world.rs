//! What one call may see of the host: reference tables, calendars and the region's clock.

use crate::calendar::Calendars;
use plumbline_contract::table::Tables;
use plumbline_contract::time::Zone;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything a call may look at. Cheap to clone; a driver makes one per position of the log and
/// deployment, and keeps `calendars` for all of them.
#[derive(Clone, Debug)]
pub struct World {
    /// The tables as they stand at the position of the batch.
    pub tables: Arc<dyn Tables>,
    /// Computed calendars, shared by all calls of the host.
    pub calendars: Arc<Calendars>,
    pub zone: Arc<Zone>,
    /// Tables that the administrator granted; any other is refused.
    pub granted_tables: Arc<BTreeSet<String>>,
}
