//! What a region allows of footage, and for how long it is kept. Clips are off until somebody allows
//! them; stills, whose masks are burned in, are on. The nearer region overrides the wider one, value
//! by value. Each change is an act in the ledger.

use crate::app::App;
use crate::error::{AppError, Kind};
use crate::{act, clock};
use plumbline_contract::id::{region_contains, region_prefix};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Name in the store, followed by the region.
const META: &str = "footage/allow/";
/// Fewest days that footage is kept once it was taken: what the law asks of recordings of public
/// places (公共安全视频图像信息系统管理条例 17).
pub const KEEP_DAYS_MIN: u32 = 30;
/// Most days: ten years, the longest time for which papers of a case are usually kept.
pub const KEEP_DAYS_MAX: u32 = 3_650;

/// What somebody said for one region subtree; what is not said comes from the wider one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// Root of the subtree; empty for everywhere.
    pub region: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clips: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stills: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
}

/// What holds for a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Allowed {
    pub clips: bool,
    pub stills: bool,
    pub keep_days: u32,
}

impl Default for Allowed {
    fn default() -> Self {
        Self { clips: false, stills: true, keep_days: KEEP_DAYS_MIN }
    }
}

/// Everything that was said, the widest region first.
///
/// # Errors
/// If the store fails.
pub fn said(app: &App) -> Result<Vec<Said>, AppError> {
    let mut all = Vec::new();
    for (_, value) in app.store().meta_scan(META)? {
        let said: Said = serde_json::from_slice(&value)
            .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))?;
        all.push(said);
    }
    all.sort_by_key(|said| (region_prefix(&said.region).len(), said.region.clone()));
    Ok(all)
}

/// What holds for a region.
///
/// # Errors
/// If the store fails.
pub fn allowed(app: &App, region: &str) -> Result<Allowed, AppError> {
    let mut allowed = Allowed::default();
    for said in said(app)?.iter().filter(|said| region_contains(&said.region, region)) {
        allowed.clips = said.clips.unwrap_or(allowed.clips);
        allowed.stills = said.stills.unwrap_or(allowed.stills);
        allowed.keep_days = said.keep_days.unwrap_or(allowed.keep_days);
    }
    Ok(allowed)
}

/// Says something for a region; what is not said now stays as it was said before.
///
/// # Errors
/// If the days are out of bounds, nothing is said, or the store fails.
pub fn say(app: &App, said: &Said, by: Option<&str>) -> Result<(), AppError> {
    if said.clips.is_none() && said.stills.is_none() && said.keep_days.is_none() {
        return Err(AppError::new(Kind::Usage, "footage-nothing", &said.region));
    }
    if said.keep_days.is_some_and(|days| !(KEEP_DAYS_MIN..=KEEP_DAYS_MAX).contains(&days)) {
        let detail = format!("{KEEP_DAYS_MIN}–{KEEP_DAYS_MAX}");
        return Err(AppError::new(Kind::Usage, "footage-days", detail));
    }
    let name = format!("{META}{}", said.region);
    let known = self::said(app)?.into_iter().find(|known| known.region == said.region);
    let known = known.unwrap_or_default();
    let now = Said {
        region: said.region.clone(),
        clips: said.clips.or(known.clips),
        stills: said.stills.or(known.stills),
        keep_days: said.keep_days.or(known.keep_days),
    };
    let mut told = json!(now);
    if let Some(by) = by {
        told["by"] = json!(by);
    }
    // The act first: one too many after a crash is harmless, one missing is not.
    app.record(&[act::leaf("footage-allowed", clock::now(), app.zone(), told)])?;
    let bytes =
        serde_json::to_vec(&now).map_err(|error| AppError::new(Kind::Failed, "store", error))?;
    Ok(app.store().put_meta(&name, &bytes)?)
}
