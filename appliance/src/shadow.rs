//! Shadow runs: a package or parameters beside those in force, over history or live. They write
//! nothing to the ledger; what would be different is a report, and the promotion names its hash.

pub mod xlsx;

use crate::app::App;
use crate::backing::Backing;
use crate::base;
use crate::deploy::{self, Anew, granting};
use crate::driver::{Places, Runner, Step};
use crate::error::{AppError, Kind};
use crate::{act, clock, package, retention};
use plumbline_contract::event::RebuildKeys;
use plumbline_contract::id::{DeploymentId, EventSeq, PackageHash, region_contains};
use plumbline_kernel::{
    Change, Comparison, Deployment, Figures, GAP_RULE, Identity, Mode, Setting, StandingAlert,
    compare,
};
use plumbline_ledger::sha256_hex;
use plumbline_store::{MemoryStore, Store};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Standing alerts that are read at once.
const ROWS_AT_ONCE: usize = 4096;

/// What is to be tried.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub plugin: &'a str,
    /// Root of the region subtree in which it is tried.
    pub region: &'a str,
    /// Another package; the one in force if not given.
    pub package: Option<PackageHash>,
    /// Parameters that are changed; `null` takes one back.
    pub parameters: &'a Map<String, Value>,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tried {
    pub version: String,
    pub package: PackageHash,
    /// Complete parameters.
    pub parameters: Value,
    /// Cards that stand in the end.
    pub standing: u64,
    /// Keys of which the plugin failed.
    pub gaps: u64,
    /// Inputs that the plugin was handed, and the fuel it used for them.
    pub inputs: u64,
    pub fuel: u64,
}

impl Tried {
    /// What one input costs, in units of fuel.
    #[must_use]
    pub fn fuel_per_input(&self) -> f64 {
        if self.inputs == 0 { 0.0 } else { self.fuel as f64 / self.inputs as f64 }
    }
}

/// What a shadow run found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShadowReport {
    pub plugin: String,
    pub region: String,
    /// First position of the log that the candidate looked at, and the first that it did not.
    pub from: u64,
    pub until: u64,
    /// What is in force; nothing if the plugin is not enabled there.
    pub present: Option<Tried>,
    pub candidate: Tried,
    pub by_rule: BTreeMap<String, Figures>,
    pub by_dept: BTreeMap<String, Figures>,
    pub by_region: BTreeMap<String, Figures>,
    #[serde(flatten)]
    pub comparison: Comparison,
}

impl ShadowReport {
    fn new(
        (plugin, region): (&str, &str),
        (from, until): (EventSeq, EventSeq),
        present: Option<Tried>,
        candidate: Tried,
        comparison: Comparison,
    ) -> Self {
        Self {
            plugin: plugin.to_owned(),
            region: region.to_owned(),
            from: from.0,
            until: until.0,
            present,
            candidate,
            by_rule: comparison.by(|change: &Change| &change.rule),
            by_dept: comparison.by(|change| &change.dept),
            by_region: comparison.by(|change| &change.region),
            comparison,
        }
    }

    /// The bytes whose hash the promotion names.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a report has only keys that are texts")
    }
}

type Standings = BTreeMap<Identity, StandingAlert>;

/// Runs the candidate and what is in force over the whole log, side by side and in memory.
///
/// # Errors
/// If a package or parameter does not fit, or the log cannot be read.
pub fn run(app: &App, candidate: &Candidate<'_>) -> Result<ShadowReport, AppError> {
    let _history = app.keep_history();
    let until = app.store().next_seq();
    let present = deploy::live(app, candidate.plugin);
    let scoped = |deployment: Deployment| Deployment {
        scope: candidate.region.to_owned(),
        from: EventSeq(0),
        ..deployment
    };
    let tried = scoped(proposed(app, candidate)?);
    let covers = |one: &Deployment| one.effective(candidate.region).is_some();
    let present = present.filter(covers).map(scoped);
    let (after, before) = std::thread::scope(|scope| {
        let beside = scope.spawn(|| over_history(app, tried, candidate.region, until));
        let before =
            present.map(|present| over_history(app, present, candidate.region, until)).transpose();
        (beside.join().expect("a panic aborts"), before)
    });
    let (after, (before, present)) = (after?, split(before?));
    let comparison = compare(&before, &after.0);
    let named = (candidate.plugin, candidate.region);
    Ok(ShadowReport::new(named, (EventSeq(0), until), present, after.1, comparison))
}

fn split(side: Option<(Standings, Tried)>) -> (Standings, Option<Tried>) {
    side.map_or_else(Default::default, |(standings, tried)| (standings, Some(tried)))
}

/// The deployment as the candidate would have it.
fn proposed(app: &App, candidate: &Candidate<'_>) -> Result<Deployment, AppError> {
    let base = deploy::live(app, candidate.plugin).unwrap_or_else(|| Deployment {
        id: app.settings().next_id(),
        plugin: candidate.plugin.to_owned(),
        mode: Mode::Live,
        scope: String::new(),
        from: EventSeq(0),
        since: None,
        settings: Vec::new(),
        grants: Vec::new(),
    });
    let blank = || Setting { region: candidate.region.to_owned(), ..Setting::default() };
    let mut setting = base.setting(candidate.region).cloned().unwrap_or_else(blank);
    for (name, value) in candidate.parameters {
        match value {
            Value::Null => drop(setting.parameters.remove(name)),
            value => drop(setting.parameters.insert(name.clone(), value.clone())),
        }
    }
    let base = match candidate.package {
        None => base,
        Some(hash) => {
            setting.package = Some(hash);
            let package = package::installed(app, hash)?;
            granting(&base, hash, package.manifest())
        }
    };
    let tried = base.with(setting);
    match tried.effective(candidate.region) {
        Some(effective) if effective.is_on() => Ok(tried),
        _ => {
            let detail = format!("{} {}", candidate.plugin, candidate.region);
            Err(AppError::new(Kind::NotFound, "no-deployment", detail))
        }
    }
}

fn over_history(
    app: &App,
    deployment: Deployment,
    region: &str,
    end: EventSeq,
) -> Result<(Standings, Tried), AppError> {
    let id = deployment.id;
    retention::refuse_unread(app, &deployment)?;
    retention::refuse_gone_in(app, &deployment, region)?;
    let base = base::load(app, id)?;
    let mut runner = app.runner_with(deployment, 1)?;
    runner.only_the_end_counts();
    let (states, tables) = (MemoryStore::new(), app.tables());
    let places =
        Places { log: app.store(), states: &states, tables: &tables, loader: app, end, lazy: true };
    if let Some(base) = base {
        base.lay(&states, id, |_, state| region_contains(region, &state.region))?;
        runner.begin_at_base(&places)?;
    }
    while runner.step(&places)? != Step::Idle {
        states.forget_leaves();
    }
    let standings = standings(&states, id, region)?;
    let tried = tried(&runner, region, &standings, states.gaps(id)?.len())?;
    Ok((standings, tried))
}

/// The cards of a region subtree that stand, without the host's own.
fn standings(store: &dyn Store, id: DeploymentId, region: &str) -> Result<Standings, AppError> {
    let mut all = Standings::new();
    let mut last: Option<(plumbline_store::KeyId, String)> = None;
    loop {
        let after = last.as_ref().map(|(id, alert)| (id, alert.as_str()));
        let page = store.standing(id, after, ROWS_AT_ONCE)?;
        let Some(end) = page.last() else { return Ok(all) };
        last = Some((end.id.clone(), end.alert.clone()));
        for one in page {
            let corrupt = || AppError::new(Kind::Integrity, "store-corrupt", &one.alert);
            let alert = StandingAlert::read(&one.row).ok_or_else(corrupt)?;
            if alert.rule != GAP_RULE && region_contains(region, &alert.region) {
                let (rule, episode) = (alert.rule.clone(), alert.episode.clone());
                let (stream, key) = (one.id.stream.clone(), one.id.key.clone());
                all.insert(Identity { stream, key, rule, episode }, alert);
            }
        }
    }
}

fn tried(
    runner: &Runner,
    region: &str,
    standings: &Standings,
    gaps: usize,
) -> Result<Tried, AppError> {
    let nothing = || AppError::new(Kind::NotFound, "no-deployment", region);
    let judge = runner.plan().judge_of(region).ok_or_else(nothing)?;
    let variant = &runner.plan().variants()[judge];
    let stats = runner.stats();
    Ok(Tried {
        version: variant.manifest.plugin.version.clone(),
        package: variant.package,
        parameters: serde_json::from_str(&variant.parameters).unwrap_or_default(),
        standing: standings.len() as u64,
        gaps: gaps as u64,
        inputs: stats.streams.values().map(|stream| stream.inputs).sum(),
        fuel: stats.fuel(),
    })
}

/// Starts a shadow deployment that goes on with the log; an act in the ledger.
///
/// # Errors
/// If a package or parameter does not fit, or the store fails.
pub fn start(
    app: &App,
    candidate: &Candidate<'_>,
    from_start: bool,
) -> Result<Deployment, AppError> {
    let _history = app.keep_history();
    let proposed = proposed(app, candidate)?;
    let live = proposed.id;
    let shadow = Deployment {
        id: app.settings().next_id(),
        mode: Mode::Shadow,
        scope: candidate.region.to_owned(),
        from: if from_start { EventSeq(0) } else { app.store().next_seq() },
        ..proposed.clone()
    };
    // What one began with that never came to be, because of a crash.
    base::forget(app, shadow.id)?;
    if from_start && let Some(record) = base::record(app, live)? {
        retention::refuse_unread(app, &proposed)?;
        retention::refuse_gone_in(app, &proposed, candidate.region)?;
        begin_at(app, &shadow, live, &record)?;
    }
    let region = json!({ "region": candidate.region });
    let begun = deploy::change_kept(app, None, shadow.clone(), ("shadow", region), Anew::FromNow);
    if begun.is_err() {
        base::forget(app, shadow.id)?;
    }
    begun.map(|()| shadow)
}

/// Begins a shadow deployment at the base of the one that is in force.
fn begin_at(
    app: &App,
    shadow: &Deployment,
    live: DeploymentId,
    record: &base::Record,
) -> Result<(), AppError> {
    let Some(base) = base::load(app, live)? else { return Ok(()) };
    base::take(app, shadow.id, record)?;
    base.lay(app.store(), shadow.id, |_, state| region_contains(&shadow.scope, &state.region))?;
    let (mut runner, tables) = (app.runner_with(shadow.clone(), 1)?, app.tables());
    let (log, states, end) = (app.store(), app.store(), base.at);
    let places = Places { log, states, tables: &tables, loader: app, end, lazy: true };
    runner.begin_at_base(&places)
}

/// A running shadow deployment.
///
/// # Errors
/// If there is none of this number.
pub fn find(app: &App, id: DeploymentId) -> Result<Deployment, AppError> {
    let is_it = |one: &Deployment| one.id == id && one.mode == Mode::Shadow;
    let found = app.deployments().into_iter().find(is_it);
    found.ok_or_else(|| AppError::new(Kind::NotFound, "no-shadow", id))
}

/// What a shadow deployment has found so far against what stands in force.
///
/// # Errors
/// If there is none of this number, or the store fails.
pub fn report(app: &App, id: DeploymentId) -> Result<ShadowReport, AppError> {
    let shadow = find(app, id)?;
    app.settle()?;
    let region = shadow.scope.as_str();
    let live = deploy::live(app, &shadow.plugin).filter(|live| live.effective(region).is_some());
    let side = |deployment: &Deployment| -> Result<_, AppError> {
        let standings = standings(app.store(), deployment.id, region)?;
        let gaps = app.store().gaps(deployment.id)?.len();
        app.with_runners(|runners| {
            let is_it = |runner: &&mut Runner| runner.deployment().id == deployment.id;
            let still = || AppError::new(Kind::Refused, "stands-still", deployment.id);
            let runner = runners.iter_mut().find(is_it).ok_or_else(still)?;
            let tried = tried(runner, region, &standings, gaps)?;
            Ok((standings, tried))
        })
    };
    let (after, candidate) = side(&shadow)?;
    let (before, present) = split(live.as_ref().map(side).transpose()?);
    let until = app.store().cursor(id)?.seq;
    let named = (shadow.plugin.as_str(), region);
    let comparison = compare(&before, &after);
    Ok(ShadowReport::new(named, (shadow.from, until), present, candidate, comparison))
}

/// Puts what was tried into force: an act in the ledger that names the hash of the report, which is
/// kept in the home. The keys of the region are folded anew, so that what was shown is what comes.
///
/// # Errors
/// If there is no such shadow run, its package may not be put to work, or a signature is not whole.
pub fn promote(
    app: &App,
    id: DeploymentId,
    agreed: (bool, bool),
    backing: &Backing,
) -> Result<(Deployment, ShadowReport, String), AppError> {
    backing.check()?;
    let shadow = find(app, id)?;
    let region = shadow.scope.clone();
    let report = report(app, id)?;
    let sha256 = sha256_hex(&report.bytes());
    let missing = || AppError::new(Kind::NotFound, "no-deployment", &region);
    let effective = shadow.effective(&region).ok_or_else(missing)?;
    let package = package::installed(app, effective.package.value)?;
    let (accept_rights, accept_signer) = agreed;
    deploy::refuse(app, &package, accept_rights, accept_signer)?;
    app.home().keep_report(&sha256, &report.bytes())?;
    let before = deploy::live(app, &shadow.plugin);
    let base = before.clone().unwrap_or_else(|| Deployment {
        id: app.settings().next_id(),
        mode: Mode::Live,
        scope: String::new(),
        settings: Vec::new(),
        grants: Vec::new(),
        ..shadow.clone()
    });
    let setting = shadow.setting(&region).cloned().unwrap_or_else(|| Setting {
        region: region.clone(),
        package: Some(effective.package.value),
        ..Setting::default()
    });
    let changed = granting(&base, package.hash(), package.manifest()).with(setting);
    let mut told = backing.particulars(&region);
    (told["shadow"], told["report"]) = (json!(id), json!(sha256));
    told["gained"] = json!(report.comparison.gained.len());
    told["lost"] = json!(report.comparison.lost.len());
    told["changed"] = json!(report.comparison.changed.len());
    let anew = before.is_some().then_some((RebuildKeys::Region(region), "promote"));
    let anew = Anew::AndMissed(anew);
    deploy::change(app, before.as_ref(), changed.clone(), ("promote", told), anew)?;
    package::note_release(app, &package)?;
    end(app, id)?;
    Ok((changed, report, sha256))
}

/// Ends a shadow deployment and forgets what it kept; an act in the ledger.
///
/// # Errors
/// If there is none of this number, or the store fails.
pub fn end(app: &App, id: DeploymentId) -> Result<(), AppError> {
    let ended = Deployment { mode: Mode::Ended, ..find(app, id)? };
    let told = json!({ "shadow": id, "plugin": ended.plugin, "region": ended.scope });
    app.change_deployment(&ended, act::leaf("shadow-end", clock::now(), app.zone(), told))?;
    app.settle()?;
    base::forget(app, id)
}
