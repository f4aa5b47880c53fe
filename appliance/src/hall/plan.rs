//! Which cameras are watched, and how: what the tables `camera` and `zone` say of today, and where
//! the file of addresses says they are.

use super::address::Address;
use plumbline_camera::{Place, Zone};
use plumbline_contract::table::{TableRow, Tables};
use plumbline_contract::time::Day;
use serde_json::Value;
use std::collections::BTreeMap;

/// Table of the cameras, and of their zones.
pub const CAMERA_TABLE: &str = "camera";
pub const ZONE_TABLE: &str = "zone";
/// What a camera that is watched has for a status, if it has any.
const ACTIVE: &str = "active";

/// A camera of the tables.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub cam: String,
    pub hall: String,
    pub region: String,
    pub zones: Vec<Zone>,
    /// Where it is; `None` if the file of addresses does not say.
    pub address: Option<Address>,
}

impl Planned {
    /// Whether something in its picture must not be shown. A clip is as the camera coded it, so there
    /// is none of such a camera.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.zones.iter().any(Zone::is_mask)
    }
}

/// The cameras of the tables on a day, in the order of their numbers, and the numbers of addresses
/// whose camera no table knows.
#[must_use]
pub fn plan(
    tables: &dyn Tables,
    addresses: &BTreeMap<String, Address>,
    home_region: &str,
    today: Day,
) -> (Vec<Planned>, Vec<String>) {
    let mut all = Vec::new();
    let cameras = tables.rows(CAMERA_TABLE).into_iter().filter(|row| row.is_in_force(today));
    for row in cameras.filter_map(|row| serde_json::from_str::<Value>(&row.json).ok()) {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        if ![ACTIVE, ""].contains(&text("status").as_str()) {
            continue;
        }
        let cam = text("cam");
        let address = addresses.get(&cam).cloned();
        let region = address.as_ref().and_then(|address| address.region.clone());
        let region = region.unwrap_or_else(|| home_region.to_owned());
        let zones = tables.rows(ZONE_TABLE).into_iter().filter(|row| row.is_in_force(today));
        let zones = zones_of(zones, &cam);
        all.push(Planned { hall: text("hall"), cam, region, zones, address });
    }
    let is_unknown = |cam: &&String| !all.iter().any(|planned| planned.cam == **cam);
    let unknown = addresses.keys().filter(is_unknown).cloned().collect();
    (all, unknown)
}

/// The zones of one camera among rows of the table.
pub fn zones_of<'a>(rows: impl IntoIterator<Item = &'a TableRow>, cam: &str) -> Vec<Zone> {
    let zone = |row: &TableRow| {
        let row: Value = serde_json::from_str(&row.json).ok()?;
        (row["cam"].as_str() == Some(cam)).then_some(())?;
        let corner = |corner: &Value| Some([corner[0].as_f64()?, corner[1].as_f64()?]);
        let place = Place {
            zone: row["zone"].as_str()?.to_owned(),
            kind: row["kind"].as_str()?.to_owned(),
            seat: row["seat"].as_str().filter(|seat| !seat.is_empty()).map(str::to_owned),
        };
        let polygon = row["polygon"].as_array()?.iter().filter_map(corner).collect();
        Some(Zone { place, polygon })
    };
    rows.into_iter().filter_map(zone).collect()
}
