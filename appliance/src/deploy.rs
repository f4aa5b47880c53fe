//! What administrators do with deployments: enable a plugin for a region, change a parameter, switch
//! a region off, go back. Each is an act in the ledger and takes effect at one place of the log.

use crate::app::App;
use crate::backing::{Backing, UNBACKED};
use crate::driver::{Loader, Prepared};
use crate::error::{AppError, Kind};
use crate::package;
use crate::{act, clock, retention};
use plumbline_contract::event::{Rebuild, RebuildKeys};
use plumbline_contract::id::{DeploymentId, EventSeq, PackageHash};
use plumbline_contract::manifest::{Manifest, Right};
use plumbline_contract::package::VerifiedPackage;
use plumbline_kernel::{Deployment, Grants, Mode, Setting};
use plumbline_ledger::LEAF_BYTES_MAX;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Grants of former packages that a deployment keeps: it must fit into the data of an event.
const GRANTS_KEPT: usize = 4;
/// Sets of parameters that an act tells value by value, some KiB each: an act must fit into a leaf.
const PARAMETERS_TOLD: usize = 16;

/// What enabling a plugin needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Enabling<'a> {
    pub package: PackageHash,
    /// Root of the region subtree; empty for everywhere.
    pub region: &'a str,
    pub parameters: &'a Map<String, Value>,
    /// Look at what is in the log already.
    pub from_start: bool,
    /// The administrator agrees to rights that no former package of this plugin had.
    pub accept_rights: bool,
    /// The administrator agrees to a signer that did not sign the former package.
    pub accept_signer: bool,
    /// On what ground, and who signed.
    pub backing: &'a Backing,
}

impl<'a> Enabling<'a> {
    /// From the start of the log, agreeing to nothing new, signed by nobody.
    #[must_use]
    pub fn new(package: PackageHash, region: &'a str, parameters: &'a Map<String, Value>) -> Self {
        let (from_start, accept_rights, accept_signer) = (true, false, false);
        let backing = &UNBACKED;
        Self { package, region, parameters, from_start, accept_rights, accept_signer, backing }
    }
}

/// The live deployment of a plugin.
#[must_use]
pub fn live(app: &App, plugin: &str) -> Option<Deployment> {
    let is_it = |one: &Deployment| one.plugin == plugin && one.mode == Mode::Live;
    app.deployments().into_iter().find(is_it)
}

/// As [`live`], where there must be one.
///
/// # Errors
/// If the plugin is not enabled anywhere.
pub fn live_of(app: &App, plugin: &str) -> Result<Deployment, AppError> {
    live(app, plugin).ok_or_else(|| AppError::new(Kind::NotFound, "no-deployment", plugin))
}

/// Enables an installed package for a region subtree with its own parameters.
///
/// The plugin keeps its deployment: states and alerts go on.
///
/// # Errors
/// If the parameters do not fit, an older release than before would be activated, the package asks
/// for something that nobody agreed to, or a signature is not whole.
pub fn enable(app: &App, enabling: &Enabling<'_>) -> Result<Deployment, AppError> {
    enabling.backing.check()?;
    let package = package::installed(app, enabling.package)?;
    let manifest = package.manifest();
    refuse(app, &package, enabling.accept_rights, enabling.accept_signer)?;
    let before = live(app, &manifest.plugin.id);
    let base = before.clone().unwrap_or_else(|| Deployment {
        id: app.settings().next_id(),
        plugin: manifest.plugin.id.clone(),
        mode: Mode::Live,
        scope: String::new(),
        from: if enabling.from_start { EventSeq(0) } else { app.store().next_seq() },
        since: None,
        settings: Vec::new(),
        grants: Vec::new(),
    });
    let was_covered = base.effective(enabling.region).is_some();
    let off = base.effective(enabling.region).is_some_and(|effective| !effective.is_on());
    let changed = granting(&base, enabling.package, manifest).with(Setting {
        region: enabling.region.to_owned(),
        package: Some(enabling.package),
        on: off.then_some(true),
        parameters: enabling.parameters.clone(),
    });
    // A region that comes late to a plugin which is at work elsewhere is folded from the log.
    let is_late = before.is_some() && !was_covered;
    let history = (RebuildKeys::Region(enabling.region.to_owned()), "history");
    let told = enabling.backing.particulars(enabling.region);
    let anew = match enabling.from_start {
        true => Anew::AndMissed(is_late.then_some(history)),
        false => Anew::FromNow,
    };
    change(app, before.as_ref(), changed.clone(), ("enable", told), anew)?;
    package::note_release(app, &package)?;
    Ok(changed)
}

/// Whether a package of the changed deployment cannot go on with what the former ones kept: then all
/// keys are folded anew from the log.
fn states_unread(app: &App, before: &Deployment, changed: &Deployment) -> Result<bool, AppError> {
    // What stands still had no say, and left what it left.
    let Ok(former) = app.prepare(before) else { return Ok(true) };
    Ok(!app.prepare(changed)?.plan.reads_states_of(&former.plan))
}

/// The deployment with everything granted that a package asks for.
pub(crate) fn granting(base: &Deployment, package: PackageHash, manifest: &Manifest) -> Deployment {
    let mut changed = base.clone();
    changed.grants.retain(|grants| grants.package != package);
    changed.grants.push(Grants::all(package, manifest));
    // Those at work, and the newest of the others: what was granted before needs no new consent.
    let at_work = changed.packages();
    let surplus = changed.grants.len().saturating_sub(GRANTS_KEPT + at_work.len());
    let mut dropped = 0;
    changed.grants.retain(|grants| {
        let keep = dropped >= surplus || at_work.contains(&grants.package);
        dropped += usize::from(!keep);
        keep
    });
    changed
}

/// Rights that no package of the plugin was granted before.
#[must_use]
pub fn new_rights(before: Option<&Deployment>, manifest: &Manifest) -> BTreeSet<Right> {
    let Some(before) = before else { return BTreeSet::new() };
    let known: BTreeSet<_> = before.grants.iter().flat_map(|grants| &grants.rights).collect();
    let asked = manifest.capabilities.iter().map(|capability| &capability.right);
    asked.filter(|right| !known.contains(right)).cloned().collect()
}

/// A package may be put to work if it is not older than a former one, comes from a known signer, and
/// asks for nothing new, the last two unless the administrator agrees.
pub(crate) fn refuse(
    app: &App,
    package: &VerifiedPackage,
    accept_rights: bool,
    accept_signer: bool,
) -> Result<(), AppError> {
    let manifest = package.manifest();
    package::refuse_older(app, manifest)?;
    package::refuse_stranger(app, package, accept_signer)?;
    let grown = new_rights(live(app, &manifest.plugin.id).as_ref(), manifest);
    if grown.is_empty() || accept_rights {
        return Ok(());
    }
    let names: Vec<_> = grown.iter().map(|right| json!(right).to_string()).collect();
    Err(AppError::new(Kind::Refused, "rights-grew", names.join(", ")))
}

/// Changes what one region's setting says: parameters (`null` takes one back), and whether the
/// plugin is on there.
///
/// # Errors
/// If the plugin is not enabled there, or a parameter does not fit.
pub fn set(
    app: &App,
    plugin: &str,
    region: &str,
    parameters: &Map<String, Value>,
    on: Option<bool>,
) -> Result<Deployment, AppError> {
    set_backed(app, plugin, region, (parameters, on), &UNBACKED)
}

/// As [`set`], with what the act says of its ground and who signed.
///
/// # Errors
/// As there, or if a signature is not whole.
pub fn set_backed(
    app: &App,
    plugin: &str,
    region: &str,
    (parameters, on): (&Map<String, Value>, Option<bool>),
    backing: &Backing,
) -> Result<Deployment, AppError> {
    backing.check()?;
    let before = live_of(app, plugin)?;
    let blank = || Setting { region: region.to_owned(), ..Setting::default() };
    let mut setting = before.setting(region).cloned().unwrap_or_else(blank);
    for (name, value) in parameters {
        match value {
            Value::Null => drop(setting.parameters.remove(name)),
            value => drop(setting.parameters.insert(name.clone(), value.clone())),
        }
    }
    setting.on = on.or(setting.on);
    let changed = before.with(setting);
    if changed.effective(region).is_none() {
        return Err(AppError::new(Kind::NotFound, "no-deployment", format!("{plugin} {region}")));
    }
    let told = backing.particulars(region);
    change(app, Some(&before), changed.clone(), ("setting", told), Anew::AndMissed(None))?;
    Ok(changed)
}

/// Takes back everything that one region's setting says; the wider one holds again.
///
/// # Errors
/// If there is no such setting.
pub fn unset(
    app: &App,
    plugin: &str,
    region: &str,
    backing: &Backing,
) -> Result<Deployment, AppError> {
    backing.check()?;
    let before = live_of(app, plugin)?;
    if before.setting(region).is_none() {
        let detail = format!("{plugin} {region}");
        return Err(AppError::new(Kind::NotFound, "no-setting", detail));
    }
    let changed = before.with(Setting { region: region.to_owned(), ..Setting::default() });
    let told = backing.particulars(region);
    change(app, Some(&before), changed.clone(), ("setting", told), Anew::AndMissed(None))?;
    Ok(changed)
}

/// Puts a deployment back to what it was before its last change, and folds its keys anew, so that
/// what the change brought is undone.
///
/// # Errors
/// If it was never changed, a former package can no longer be used, or a signature is not whole.
pub fn rollback(app: &App, plugin: &str, backing: &Backing) -> Result<Deployment, AppError> {
    backing.check()?;
    let present = live_of(app, plugin)?;
    let settings = app.settings();
    let mut path: Vec<&Deployment> = Vec::new();
    // A change back to what was before is no step forward: going back twice goes back two steps.
    for (_, one) in settings.of(present.id) {
        match path.iter().position(|known| known.settings == one.settings) {
            Some(known) => path.truncate(known + 1),
            None => path.push(one),
        }
    }
    let former = path.iter().rev().nth(1).map(|one| (*one).clone());
    let former = former.ok_or_else(|| AppError::new(Kind::NotFound, "no-former", plugin))?;
    let mut changed = Deployment { settings: former.settings, ..present.clone() };
    let missing = former.grants.into_iter().filter(|one| present.granted(one.package).is_none());
    changed.grants.extend(missing);
    let anew = Anew::AndMissed(Some((RebuildKeys::All, "rollback")));
    let told = backing.particulars_of(differing(&present, &changed));
    change(app, Some(&present), changed.clone(), ("rollback", told), anew)?;
    Ok(changed)
}

/// Regions whose settings differ.
fn differing<'a>(one: &'a Deployment, other: &'a Deployment) -> BTreeSet<&'a str> {
    let settings = one.settings.iter().chain(&other.settings);
    let regions = settings.map(|setting| setting.region.as_str());
    regions.filter(|region| one.setting(region) != other.setting(region)).collect()
}

/// What is folded anew with a change of a deployment at work, beside what has to be.
#[derive(Debug)]
pub(crate) enum Anew<'a> {
    /// This, and what came in while a region was off; each with its reason.
    AndMissed(Option<(RebuildKeys, &'a str)>),
    /// Only what came in while a region was off; where it was dropped meanwhile, it stays out of
    /// account.
    FromNow,
}

/// Puts another state of a deployment into force after checking that all of it can work; an act in
/// the ledger that names the hash of the complete parameters of each region, and the values of those
/// that were not in force before.
///
/// # Errors
/// If a package or parameter does not fit.
pub(crate) fn change(
    app: &App,
    before: Option<&Deployment>,
    changed: Deployment,
    (what, particulars): (&str, Value),
    anew: Anew<'_>,
) -> Result<(), AppError> {
    let _history = app.keep_history();
    change_kept(app, before, changed, (what, particulars), anew)
}

/// As [`change`], for who keeps the history.
pub(crate) fn change_kept(
    app: &App,
    before: Option<&Deployment>,
    changed: Deployment,
    (what, particulars): (&str, Value),
    anew: Anew<'_>,
) -> Result<(), AppError> {
    let act = checked(app, before, &changed, (what, particulars))?;
    let before = before.filter(|_| changed.mode == Mode::Live);
    let rebuilds = match before {
        Some(before) => rebuilds(app, before, &changed, anew)?,
        None => {
            retention::refuse_gone(app, &changed)?;
            Vec::new()
        }
    };
    app.change_deployments(&[changed], &[act], &rebuilds)
}

/// What has to be folded anew because of a change: everything, where a new package cannot read the
/// states or `wanted` says so; otherwise what is `wanted`, what came in while a region was off, and
/// the gaps, because whatever changed may have been what failed.
fn rebuilds(
    app: &App,
    before: &Deployment,
    changed: &Deployment,
    anew: Anew<'_>,
) -> Result<Vec<Rebuild>, AppError> {
    let rebuild = |(keys, reason): (RebuildKeys, &str)| Rebuild {
        deployment: changed.id,
        keys,
        reason: reason.to_owned(),
    };
    let mut missed = missed(before, changed);
    let mut all: Vec<_> = match anew {
        Anew::AndMissed(wanted) => wanted.into_iter().collect(),
        Anew::FromNow => {
            let is_gone = |error: &AppError| error.message == "history-dropped";
            missed.retain(|region| {
                !retention::refuse_gone_in(app, changed, region).is_err_and(|error| is_gone(&error))
            });
            Vec::new()
        }
    };
    let has_all = |all: &[(RebuildKeys, &str)]| matches!(all.first(), Some((RebuildKeys::All, _)));
    if states_unread(app, before, changed)? {
        all = vec![(RebuildKeys::All, "promote")];
    }
    retention::refuse_unread(app, changed)?;
    for region in &missed {
        retention::refuse_gone_in(app, changed, region)?;
    }
    if !has_all(&all) {
        let history = |region: String| (RebuildKeys::Region(region), "history");
        all.extend(missed.into_iter().map(history));
        if !app.store().gaps(changed.id)?.is_empty() {
            all.push((RebuildKeys::Gaps, "gap"));
        }
    }
    for (keys, _) in &all {
        match keys {
            RebuildKeys::Region(region) => retention::refuse_gone_in(app, changed, region)?,
            RebuildKeys::All | RebuildKeys::Gaps => retention::refuse_gone(app, changed)?,
        }
    }
    Ok(all.into_iter().map(rebuild).collect())
}

/// The regions that were off and are on now.
fn missed(before: &Deployment, changed: &Deployment) -> Vec<String> {
    let settings = before.settings.iter().chain(&changed.settings);
    let regions: BTreeSet<_> = settings.map(|setting| setting.region.as_str()).collect();
    let is_on =
        |one: &Deployment, region: &str| one.effective(region).map(|effective| effective.is_on());
    let was_off = |region: &&str| {
        is_on(before, region) == Some(false) && is_on(changed, region) == Some(true)
    };
    regions.into_iter().filter(was_off).map(str::to_owned).collect()
}

/// As [`change`], for several live deployments at one place of the log: all of them or none.
///
/// # Errors
/// As there.
pub(crate) fn change_all(
    app: &App,
    changed: &[Deployment],
    (what, particulars): (&str, &dyn Fn(&Deployment) -> Value),
    mut acts: Vec<Vec<u8>>,
) -> Result<(), AppError> {
    let _history = app.keep_history();
    let mut all = Vec::new();
    for one in changed {
        let before = live(app, &one.plugin);
        acts.push(checked(app, before.as_ref(), one, (what, particulars(one)))?);
        if let Some(before) = before {
            all.extend(rebuilds(app, &before, one, Anew::AndMissed(None))?);
        }
    }
    app.change_deployments(changed, &acts, &all)
}

/// The act of a change, once it is known that all of it can work.
fn checked(
    app: &App,
    before: Option<&Deployment>,
    changed: &Deployment,
    (what, particulars): (&str, Value),
) -> Result<Vec<u8>, AppError> {
    let prepared = app.prepare(changed)?;
    app.check_plugins(&prepared)?;
    // What stands still is told anew.
    let former = before.and_then(|before| app.prepare(before).ok());
    let mut told = json!({
        "plugin": changed.plugin, "deployment": changed,
        "variants": variants(changed, former.as_ref(), &prepared),
    });
    if let (Value::Object(told), Value::Object(more)) = (&mut told, particulars) {
        told.extend(more);
    }
    let leaf = act::leaf(what, clock::now(), app.zone(), told);
    if leaf.len() > LEAF_BYTES_MAX {
        let detail = format!("{} > {LEAF_BYTES_MAX}", leaf.len());
        return Err(AppError::new(Kind::Usage, "too-many-settings", detail));
    }
    Ok(leaf)
}

/// What holds for each region that has a setting, as the ledger tells it. Of parameters that were in
/// force before, and of very many that are new, it tells the hash alone: an earlier act has the
/// values, and all follow from the package and the settings, which the act tells too.
fn variants(deployment: &Deployment, former: Option<&Prepared>, prepared: &Prepared) -> Value {
    let variants = former.into_iter().flat_map(|former| former.plan.variants());
    let mut told: BTreeSet<_> =
        variants.map(|known| (known.package, known.parameters_sha256.as_str())).collect();
    let mut room = PARAMETERS_TOLD;
    let mut one = |setting: &Setting| {
        let variant = &prepared.plan.variants()[prepared.plan.judge_of(&setting.region)?];
        let mut one = json!({
            "region": setting.region, "package": variant.package,
            "version": variant.manifest.plugin.version, "params": variant.parameters_sha256,
        });
        if room > 0 && told.insert((variant.package, &variant.parameters_sha256)) {
            room -= 1;
            one["parameters"] = serde_json::from_str(&variant.parameters).unwrap_or_default();
        }
        Some(one)
    };
    deployment.settings.iter().filter_map(&mut one).collect()
}

/// Refuses what [`fold_region`] refuses, before anything is changed.
///
/// # Errors
/// As there.
pub fn refuse_region_gone(
    app: &App,
    deployment: &Deployment,
    region: &str,
) -> Result<(), AppError> {
    retention::refuse_gone_in(app, deployment, region)
}

/// Asks for the keys of a region to be folded anew, as if what holds now had always held.
///
/// # Errors
/// If old payloads of the region were dropped that this needs, or the store fails.
pub fn fold_region(app: &App, deployment: &Deployment, region: &str) -> Result<(), AppError> {
    let _history = app.keep_history();
    retention::refuse_gone_in(app, deployment, region)?;
    let (keys, reason) = (RebuildKeys::Region(region.to_owned()), "history".to_owned());
    app.ask_rebuild(&Rebuild { deployment: deployment.id, keys, reason })
}

/// Asks for the keys with gaps to be folded anew; returns how many there are.
///
/// # Errors
/// If the store fails.
pub fn replay_gaps(app: &App, deployment: DeploymentId) -> Result<usize, AppError> {
    let _history = app.keep_history();
    let gaps = app.store().gaps(deployment)?.into_iter();
    let keys: BTreeSet<_> = gaps.map(|gap| (gap.row.id.stream, gap.row.id.key)).collect();
    if !keys.is_empty() {
        if let Some(one) = app.deployments().into_iter().find(|one| one.id == deployment) {
            retention::refuse_gone(app, &one)?;
        }
        let (keys, reason) = (RebuildKeys::Gaps, "gap".to_owned());
        app.ask_rebuild(&Rebuild { deployment, keys, reason })?;
    }
    Ok(keys.len())
}
