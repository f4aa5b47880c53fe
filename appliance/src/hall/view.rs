//! A camera as people see it: its live state in plain words.

use super::plan::Planned;
use crate::text::{self, Lang};
use plumbline_camera::Status;
use plumbline_contract::time::{Millis, Zone as Clock};
use serde::Serialize;

/// States besides those of a stream: nobody says where it is; it cannot be watched as it is set up; it
/// has not answered yet.
const NO_ADDRESS: &str = "no_address";
const REFUSED: &str = "refused";
const STARTING: &str = "starting";
/// Quality of a picture with which nothing is wrong.
const GOOD: &str = "good";

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CameraView {
    pub cam: String,
    pub hall: String,
    pub region: String,
    /// `up`, `down`, `auth_fail`, `starting`, `no_address` or `refused`.
    pub state: String,
    /// Of pictures that come: `good`, `frozen`, `covered`, `blurred`, `moved` or `dark`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<String>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it could not be taken as it is set up now. If it was watched before, it goes on as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Coded pictures a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    pub zones: usize,
    /// Whether something in its picture is never shown; then there are no clips of it.
    pub masked: bool,
    /// Whether there is a picture of the empty hall: without one nothing is said about presence.
    pub reference: bool,
    pub learning: bool,
}

impl CameraView {
    pub(super) fn of(
        planned: &Planned,
        status: Option<&Status>,
        fault: Option<&str>,
        zone: &Clock,
    ) -> Self {
        let known = status.and_then(|status| status.state);
        let state = match (known, fault, &planned.address) {
            (Some(state), ..) => state.stream(),
            (None, Some(_), _) => REFUSED,
            (None, None, None) => NO_ADDRESS,
            (None, None, Some(_)) => STARTING,
        };
        let since = status.and_then(|status| status.since_us);
        let reason = status.and_then(|status| status.reason.clone());
        let size = status.and_then(|status| status.size);
        Self {
            cam: planned.cam.clone(),
            hall: planned.hall.clone(),
            region: planned.region.clone(),
            state: state.to_owned(),
            quality: known.and_then(|state| state.quality()).map(str::to_owned),
            since: since.map(|us| zone.rfc3339(Millis(us.div_euclid(1000)))),
            reason,
            fault: fault.map(str::to_owned),
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            fps: status.and_then(|status| status.fps),
            zones: planned.zones.len(),
            masked: planned.is_masked(),
            reference: status.is_some_and(|status| status.has_reference),
            learning: status.is_some_and(|status| status.is_learning),
        }
    }

    /// Whether pictures come, nothing is wrong with them, and it is watched as it is set up.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.fault.is_none() && self.quality.as_deref() == Some(GOOD)
    }

    /// Its state in plain words.
    #[must_use]
    pub fn words(&self, lang: Lang) -> String {
        let word = self.quality.as_deref().unwrap_or(&self.state);
        let mut parts = vec![text::say(lang, &format!("hall.state-{word}"), &[])];
        if self.fault.is_some() && self.state != REFUSED {
            parts.push(text::say(lang, "hall.as-before", &[]));
        }
        parts.extend(self.fault.clone());
        parts.extend(self.reason.clone());
        if self.state == "up" && !self.reference {
            parts.push(text::say(lang, "hall.no-reference", &[]));
        }
        if self.learning {
            parts.push(text::say(lang, "hall.learning", &[]));
        }
        parts.join(lang.pick("；", "; "))
    }
}

/// Why there is no footage, in words: a word of the catalogue, or what the camera's stream said.
#[must_use]
pub fn why(lang: Lang, reason: &str) -> String {
    let key = format!("footage.why-{reason}");
    match text::find(&key) {
        Some(entry) => lang.pick(&entry.zh, &entry.en).to_owned(),
        None => reason.to_owned(),
    }
}
