//! The deployments of an open home: which run, which stand still, and how one becomes another.

use super::{App, lock};
use crate::base::{self, Base};
use crate::driver::{Loader, Prepared, Runner};
use crate::error::{AppError, Kind};
use crate::package;
use crate::platform::{self, Takers};
use crate::setting::SettingHistory;
use plumbline_contract::event::{DATA_BYTES_MAX, Event, REBUILD_TYPE, Rebuild, SETTING_TYPE};
use plumbline_contract::id::{DeploymentId, EventSeq, PackageHash};
use plumbline_contract::manifest::Manifest;
use plumbline_contract::package::VerifiedPackage;
use plumbline_contract::time::Millis;
use plumbline_engine::{Limits, Plugin};
use plumbline_kernel::{Deployment, KernelError, Mode, Plan};
use plumbline_store::{Appended, Store};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A package larger than this carries a script engine and gets the memory for it.
const SCRIPT_PACKAGE_BYTES: usize = 4 * 1024 * 1024;

impl App {
    /// The history of deployments.
    #[must_use]
    pub fn settings(&self) -> Arc<SettingHistory> {
        lock(&self.settings).clone()
    }

    /// The deployments that have not ended, as they are now.
    #[must_use]
    pub fn deployments(&self) -> Vec<Deployment> {
        self.settings().running()
    }

    /// Starts the deployments where each of them stands.
    ///
    /// # Errors
    /// If the store fails. A deployment whose package is missing or no longer to be trusted stands
    /// still; [`App::suspended`] says so.
    pub fn reload(&self) -> Result<(), AppError> {
        let settings = self.settings();
        // Held from here on: a runner that goes on meanwhile would leave its successor behind.
        let mut slot = lock(&self.runners);
        let (mut runners, mut suspended) = (Vec::new(), Vec::new());
        for newest in settings.running() {
            let cursor = self.store.cursor(newest.id)?;
            let Some((at, present)) = settings.at(newest.id, cursor.seq) else { continue };
            match self.runner(present.clone()) {
                Ok(runner) => runners.push(runner.said_at(*at)),
                Err(error) if is_standstill(&error) => suspended.push((newest, error)),
                Err(error) => return Err(error),
            }
        }
        *slot = runners;
        drop(slot);
        self.note_takers();
        *lock(&self.suspended) = suspended;
        self.forget_ended()
    }

    /// Forgets what ended deployments kept, should a crash have come between.
    fn forget_ended(&self) -> Result<(), AppError> {
        for ended in self.settings().newest() {
            if ended.mode == Mode::Ended {
                base::forget(self, ended.id)?;
            }
        }
        Ok(())
    }

    /// The deployments that stand still, and why.
    #[must_use]
    pub fn suspended(&self) -> Vec<(Deployment, AppError)> {
        let mut all = lock(&self.suspended).clone();
        let running = lock(&self.runners);
        let still = running
            .iter()
            .filter_map(|runner| Some((runner.deployment().clone(), runner.suspended.clone()?)));
        all.extend(still);
        all
    }

    /// A runner for a deployment.
    ///
    /// # Errors
    /// If a package is missing, does not compile or lacks a grant.
    pub fn runner(&self, deployment: Deployment) -> Result<Runner, AppError> {
        self.runner_with(deployment, self.threads)
    }

    /// As [`App::runner`], using so many threads.
    ///
    /// # Errors
    /// As there.
    pub fn runner_with(&self, deployment: Deployment, threads: usize) -> Result<Runner, AppError> {
        let prepared = self.prepare(&deployment)?;
        Ok(Runner::new(deployment, prepared, self.calendars.clone(), threads))
    }

    /// Puts another state of a deployment into force from here on: an act in the ledger and an
    /// event in the log, behind which it holds.
    ///
    /// # Errors
    /// If the store fails.
    pub fn change_deployment(&self, changed: &Deployment, act: Vec<u8>) -> Result<(), AppError> {
        self.change_deployments(std::slice::from_ref(changed), &[act], &[])
    }

    /// As [`App::change_deployment`] for several deployments, at one place of the log, with the
    /// rebuilds that belong to it right behind.
    ///
    /// # Errors
    /// As there.
    pub fn change_deployments(
        &self,
        changed: &[Deployment],
        acts: &[Vec<u8>],
        rebuilds: &[Rebuild],
    ) -> Result<(), AppError> {
        let still: Vec<_> = self.suspended().into_iter().map(|(one, _)| one.id).collect();
        let place = |one: &Deployment| {
            // What stands still goes on from where it stands, as it is from now on.
            let cursor = still.contains(&one.id).then(|| self.store.cursor(one.id)).transpose()?;
            let since = cursor.map(|cursor| cursor.seq.max(one.from));
            Ok(Deployment { since, ..one.clone() })
        };
        let changed = &changed.iter().map(place).collect::<Result<Vec<_>, AppError>>()?[..];
        let next = self.store.next_seq();
        let logged = self.import_time()?.unwrap_or_else(|| self.log_time());
        let event = |one: &Deployment| {
            let id = format!("setting/{}/{next}", one.id);
            let data = json!(one).to_string();
            self.host_event(SETTING_TYPE, id, SETTING_TYPE.to_owned(), logged, data)
        };
        let mut events: Vec<_> = changed.iter().map(event).collect();
        events.extend(self.rebuild_events(rebuilds)?);
        if let Some(large) = events.iter().find(|event| event.data.len() > DATA_BYTES_MAX) {
            let detail = format!("{} > {DATA_BYTES_MAX}", large.data.len());
            return Err(AppError::new(Kind::Usage, "too-many-settings", detail));
        }
        events.extend(self.observed_settings(changed, acts, (next, logged)));
        // The acts first: one too many after a crash is harmless, one missing is not.
        self.store.push_leaves(acts)?;
        let appended = self.store.append(&events)?;
        let places: Vec<_> = appended.into_iter().map(Appended::seq).collect();
        // One place for each deployment; those of the rebuilds behind them are not needed.
        for (one, seq) in changed.iter().zip(&places) {
            if let Some(seq) = *seq {
                Arc::make_mut(&mut lock(&self.settings)).note(seq, one.clone());
            }
        }
        let mut runners = lock(&self.runners);
        for (one, seq) in changed.iter().zip(places) {
            let is_known = |runner: &Runner| runner.deployment().id == one.id;
            let is_over = one.mode == Mode::Ended;
            runners.retain(|runner| !is_known(runner) || (runner.suspended.is_none() && !is_over));
            if is_over {
                lock(&self.suspended).retain(|(known, _)| known.id != one.id);
            }
            if one.mode != Mode::Ended && !runners.iter().any(is_known) {
                let runner = self.runner(one.clone())?;
                lock(&self.suspended).retain(|(known, _)| known.id != one.id);
                runners.push(runner.said_at(seq.unwrap_or(next)));
            }
        }
        drop(runners);
        self.note_takers();
        self.seal().map(drop)
    }

    /// What is observed of changed deployments, for the place of the log where they change.
    fn observed_settings(
        &self,
        changed: &[Deployment],
        acts: &[Vec<u8>],
        place: (EventSeq, Millis),
    ) -> Vec<Event> {
        if !self.takers().takes(platform::setting::KIND) {
            return Vec::new();
        }
        let acts: Vec<Value> =
            acts.iter().filter_map(|act| serde_json::from_slice(act).ok()).collect();
        let former = self.deployments();
        let pairs = changed.iter().filter_map(|one| {
            let before = former.iter().find(|known| known.id == one.id)?;
            let act = acts.iter().find(|act| act["deployment"]["id"] == json!(one.id));
            Some(platform::setting::observe(self, (before, one), act, place))
        });
        pairs.flatten().collect()
    }

    /// The manifest of a package; `None` if it cannot be loaded.
    pub(crate) fn manifest_of(&self, package: PackageHash) -> Option<Arc<Manifest>> {
        self.load(package).ok().map(|loaded| loaded.manifest)
    }

    /// Finds out what the running plugins take of the host's observations. A package that cannot be
    /// loaded takes nothing.
    fn note_takers(&self) {
        let mut takers = Takers::default();
        for deployment in self.deployments() {
            let packages = deployment.packages().into_iter();
            for loaded in packages.filter_map(|package| self.load(package).ok()) {
                takers.add(deployment.id, &loaded.manifest);
            }
        }
        *lock(&self.takers) = Arc::new(takers);
    }

    /// Reads every package anew from the disk and starts the deployments again: what may be run has
    /// changed.
    ///
    /// # Errors
    /// As [`App::reload`].
    pub fn forget_packages(&self) -> Result<(), AppError> {
        lock(&self.loaded).clear();
        self.reload()
    }

    /// Asks for keys of a deployment to be folded anew from the log.
    ///
    /// # Errors
    /// If the store fails.
    pub fn ask_rebuild(&self, rebuild: &Rebuild) -> Result<(), AppError> {
        self.store.append(&self.rebuild_events(std::slice::from_ref(rebuild))?)?;
        Ok(())
    }

    fn rebuild_events(&self, rebuilds: &[Rebuild]) -> Result<Vec<Event>, AppError> {
        let next = self.store.next_seq();
        let logged = self.import_time()?.unwrap_or_else(|| self.log_time());
        let event = |(number, rebuild): (usize, &Rebuild)| {
            let id = format!("rebuild/{}/{next}/{number}", rebuild.deployment);
            let data = json!(rebuild).to_string();
            self.host_event(REBUILD_TYPE, id, REBUILD_TYPE.to_owned(), logged, data)
        };
        Ok(rebuilds.iter().enumerate().map(event).collect())
    }

    /// Whether the plugins take the parameters of a deployment.
    ///
    /// # Errors
    /// What a plugin says against them, or why a package cannot be used.
    pub fn check_plugins(&self, prepared: &Prepared) -> Result<(), AppError> {
        for (variant, (plugin, limits)) in prepared.plan.variants().iter().zip(&prepared.plugins) {
            let started = plugin.instantiate(*limits, &variant.parameters);
            started.map_err(|error| AppError::new(Kind::Refused, "parameter", error))?;
        }
        Ok(())
    }
}

impl Loader for App {
    fn prepare(&self, deployment: &Deployment) -> Result<Prepared, AppError> {
        self.prepare_with(deployment, |hash| {
            package::refuse_revoked(self, hash)?;
            self.load(hash)
        })
    }

    fn base(&self, deployment: DeploymentId) -> Result<Option<Base>, AppError> {
        base::load(self, deployment)
    }
}

/// Prepares deployments as they were: what a package did before it was revoked can still be derived.
#[derive(Debug)]
pub struct Past<'a>(pub &'a App);

impl Loader for Past<'_> {
    fn prepare(&self, deployment: &Deployment) -> Result<Prepared, AppError> {
        self.0.prepare_with(deployment, |hash| self.0.load(hash))
    }

    fn base(&self, deployment: DeploymentId) -> Result<Option<Base>, AppError> {
        base::load(self.0, deployment)
    }
}

impl Past<'_> {
    /// A runner for a deployment as it was.
    ///
    /// # Errors
    /// If a package is missing, does not compile or lacks a grant.
    pub fn runner(&self, deployment: Deployment) -> Result<Runner, AppError> {
        let prepared = self.prepare(&deployment)?;
        Ok(Runner::new(deployment, prepared, self.0.calendars.clone(), self.0.threads))
    }
}

/// A package that was verified and compiled.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    manifest: Arc<Manifest>,
    plugin: Plugin,
    limits: Limits,
}

impl App {
    fn prepare_with(
        &self,
        deployment: &Deployment,
        load: impl Fn(PackageHash) -> Result<Loaded, AppError>,
    ) -> Result<Prepared, AppError> {
        let mut manifests = BTreeMap::new();
        for hash in deployment.packages() {
            manifests.insert(hash, load(hash)?.manifest);
        }
        let digest = plumbline_ledger::sha256_hex;
        let plan =
            Plan::new(deployment, &manifests, self.zone.clone(), digest).map_err(|error| {
                match error {
                    KernelError::Parameter { .. } => AppError::new(Kind::Usage, "parameter", error),
                    _ => AppError::new(Kind::Refused, "grant", error),
                }
            })?;
        let mut plugins = Vec::new();
        for variant in plan.variants() {
            let loaded = load(variant.package)?;
            plugins.push((loaded.plugin, loaded.limits));
        }
        Ok(Prepared { plan, plugins })
    }

    /// A package, verified and compiled once in the life of the process, revoked or not.
    fn load(&self, hash: PackageHash) -> Result<Loaded, AppError> {
        if let Some(known) = lock(&self.loaded).get(&hash) {
            return Ok(known.clone());
        }
        let package = package::kept(self, hash)?;
        let plugin = self
            .engine
            .load(&package)
            .map_err(|error| AppError::new(Kind::Refused, "package", error))?;
        let manifest = Arc::new(package.manifest().clone());
        let loaded = Loaded { manifest, plugin, limits: limits(&package) };
        lock(&self.loaded).insert(hash, loaded.clone());
        Ok(loaded)
    }
}

/// Whether an error keeps one deployment from going on, and nothing else.
pub(super) fn is_standstill(error: &AppError) -> bool {
    matches!(error.kind, Kind::Refused | Kind::NotFound)
        || (error.kind == Kind::Integrity && matches!(error.message, "package" | "base-damaged"))
}

/// How much a package may use.
#[must_use]
pub fn limits(package: &VerifiedPackage) -> Limits {
    if package.component().len() > SCRIPT_PACKAGE_BYTES {
        Limits::script()
    } else {
        Limits::default()
    }
}
