//! What an alert asks of the cameras, and putting on record what came of it: footage under its hash,
//! or why there was none. Getting pictures out of cameras is the business of `hall`.

use super::allow::{self, Allowed};
use super::leaf::{About, FootageAct, FootageLeaf, Form};
use super::vault;
use crate::app::App;
use crate::clock;
use crate::error::AppError;
use plumbline_contract::alert::{AlertAct, AlertLeaf};
use plumbline_contract::id::EventSeq;
use plumbline_contract::manifest::{Manifest, Rule};
use plumbline_contract::time::{Millis, parse_stamp};
use serde_json::Value;

/// Seconds of a clip before the moment and after it: enough to see what led to a card and what
/// follows, and half of what the ring of a camera holds.
pub const BEFORE_S: u32 = 10;
pub const AFTER_S: u32 = 5;
/// An alert that was raised longer ago than this is history, as an import brings it forth: what the
/// cameras see now says nothing about it. In milliseconds.
pub const HISTORY_MS: i64 = 10 * 60_000;

/// What an alert asks of the cameras.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub about: About,
    /// Around which moment.
    pub moment: Millis,
    pub allowed: Allowed,
    /// The legal ground on record, if the rule needs one.
    pub ground: Option<String>,
}

/// What a newly raised alert asks for; `None` if its rule asks for nothing, the region allows
/// nothing, the legal ground that the rule needs is not on record, or the alert is history by `now`
/// (log time).
///
/// # Errors
/// If the store fails.
pub fn wish(app: &App, leaf: &AlertLeaf, now: Millis) -> Result<Option<Wish>, AppError> {
    if leaf.act != AlertAct::Raised {
        return Ok(None);
    }
    let Some(manifest) = app.manifest_of(leaf.package) else { return Ok(None) };
    let Some(rule) = manifest.rule(&leaf.rule).filter(|rule| rule.footage) else {
        return Ok(None);
    };
    let issued = parse_stamp(&leaf.issued_at).map(|stamp| app.zone().instant_of(stamp));
    let Some(moment) = issued.filter(|issued| now.0.saturating_sub(issued.0) <= HISTORY_MS) else {
        return Ok(None);
    };
    let allowed = allow::allowed(app, &leaf.region)?;
    if !allowed.clips && !allowed.stills {
        return Ok(None);
    }
    let ground = match ground(app, leaf, &manifest, rule) {
        Ground::NotNeeded => None,
        Ground::OnRecord(ground) => Some(ground),
        Ground::Missing => return Ok(None),
    };
    let about = About {
        alert: leaf.id.clone(),
        rule: leaf.rule.clone(),
        region: leaf.region.clone(),
        cam: camera(app, &leaf.evidence)?.unwrap_or_default(),
        moment: app.zone().rfc3339(moment),
    };
    Ok(Some(Wish { about, moment, allowed, ground }))
}

enum Ground {
    NotNeeded,
    OnRecord(String),
    Missing,
}

/// The legal ground of a rule, as the settings of the alert's region record it.
fn ground(app: &App, leaf: &AlertLeaf, manifest: &Manifest, rule: &Rule) -> Ground {
    let Some(name) = &rule.ground else { return Ground::NotNeeded };
    let deployments = app.deployments();
    let deployment = deployments.iter().find(|one| one.id == leaf.deployment);
    let effective = deployment.and_then(|deployment| deployment.effective(&leaf.region));
    let said = effective.and_then(|effective| effective.set_parameters().remove(name));
    let default = || {
        let of_name = manifest.parameters.iter().find(|parameter| parameter.name == *name);
        of_name.map(|parameter| parameter.default.clone())
    };
    match said.or_else(default).as_ref().and_then(Value::as_str).map(str::trim) {
        Some(ground) if !ground.is_empty() => Ground::OnRecord(ground.to_owned()),
        _ => Ground::Missing,
    }
}

/// The camera of the newest event that names one.
fn camera(app: &App, evidence: &[u64]) -> Result<Option<String>, AppError> {
    let mut seqs = evidence.to_vec();
    seqs.sort_unstable_by(|a, b| b.cmp(a));
    for seq in seqs {
        let Some(event) = app.store().get(EventSeq(seq))? else { continue };
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        if let Some(cam) = data["cam"].as_str().filter(|cam| !cam.is_empty()) {
            return Ok(Some(cam.to_owned()));
        }
    }
    Ok(None)
}

/// Keeps a piece of footage and binds it to its alert in the ledger. What cannot be kept is on
/// record as lacking, with the code of the error, because one bad disk must not end the service.
///
/// # Errors
/// If the ledger fails; a file that no leaf vouches for is swept away later.
pub fn taken(app: &App, wish: &Wish, kind: Form, bytes: &[u8]) -> Result<(), AppError> {
    let now = clock::now();
    // Between file and leaf, nobody may delete what has the same hash.
    let _kept = app.keep_footage();
    let sha256 = match vault::put(app, bytes) {
        Ok(sha256) => sha256,
        Err(error) => {
            tracing::error!(%error, alert = wish.about.alert, "footage could not be kept");
            return lacking(app, wish, kind, error.message);
        }
    };
    // The later of the clocks: one that is behind must not shorten the time that the law asks for.
    let from = now.max(app.log_time());
    let until = app.zone().local(from).day().plus(wish.allowed.keep_days as i32);
    let mut leaf = FootageLeaf::new(app, FootageAct::Taken, kind, &wish.about, now);
    leaf.sha256 = Some(sha256);
    leaf.bytes = Some(bytes.len() as u64);
    leaf.keep_until = Some(until.to_string());
    leaf.ground.clone_from(&wish.ground);
    app.record(&[leaf.to_bytes()])
}

/// Puts on record that there was none.
///
/// # Errors
/// If the ledger fails.
pub fn lacking(app: &App, wish: &Wish, kind: Form, why: &str) -> Result<(), AppError> {
    let mut leaf = FootageLeaf::new(app, FootageAct::Lacking, kind, &wish.about, clock::now());
    leaf.reason = Some(why.to_owned());
    app.record(&[leaf.to_bytes()])
}
