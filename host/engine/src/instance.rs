//! A loaded plugin and its running instances.

use crate::answer;
use crate::error::{EngineError, StartError};
use crate::fault::{Stop, chain, explain};
use crate::host::Guard;
use crate::limits::Limits;
use crate::read::TableRead;
use crate::wire::{WireLookMode, WireTask, WireVerdict};
use crate::world::World;
use plumbline_contract::id::PackageHash;
use plumbline_contract::task::{Fault, LookMode, Task, Verdict};
use std::fmt;
use wasmtime::Store;
use wasmtime::component::{ComponentExportIndex, InstancePre, TypedFunc};

type Configure = TypedFunc<(&'static str,), (Result<(), String>,)>;
type Supervise = TypedFunc<(&'static [WireTask<'static>], WireLookMode), (Vec<WireVerdict>,)>;

/// Compiled code of one package, ready to be instantiated on any thread.
#[derive(Clone)]
pub struct Plugin {
    pre: InstancePre<Guard>,
    configure: ComponentExportIndex,
    supervise: ComponentExportIndex,
    package: PackageHash,
    from_cache: bool,
    cache_error: Option<String>,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("package", &self.package).finish_non_exhaustive()
    }
}

/// What one call of a plugin gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// One for each task, in the same order.
    pub verdicts: Vec<Verdict>,
    /// Fuel that the call used.
    pub fuel: u64,
    /// Messages for the vendor; no part of any result.
    pub messages: Vec<String>,
    /// What a traced call looked up, each row once; empty without trace.
    pub reads: Vec<TableRead>,
}

/// One running instance. It belongs to one thread at a time; several instances of a plugin run
/// side by side.
pub struct Instance {
    store: Store<Guard>,
    configure: Configure,
    supervise: Supervise,
    limits: Limits,
    /// Set by the first call with tasks: the plugin may have kept what that looked up.
    used: bool,
    /// Set by the first fault: what it left in memory is not to be trusted.
    broken: bool,
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("limits", &self.limits)
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

impl Plugin {
    pub(crate) fn new(
        pre: InstancePre<Guard>,
        package: PackageHash,
        from_cache: bool,
    ) -> Result<Self, EngineError> {
        let export = |name: &'static str| {
            let found = pre.component().get_export_index(None, name);
            found.ok_or(EngineError::NoExport { name })
        };
        let (configure, supervise) = (export("configure")?, export("supervise")?);
        Ok(Self { pre, configure, supervise, package, from_cache, cache_error: None })
    }

    pub(crate) fn with_cache_error(self, cache_error: Option<String>) -> Self {
        Self { cache_error, ..self }
    }

    #[must_use]
    pub fn package(&self) -> PackageHash {
        self.package
    }

    /// Whether the compiled code came from the cache.
    #[must_use]
    pub fn from_cache(&self) -> bool {
        self.from_cache
    }

    /// Why the compiled code could not be kept for the next start, if so. The plugin runs anyway.
    #[must_use]
    pub fn cache_error(&self) -> Option<&str> {
        self.cache_error.as_deref()
    }

    /// A fresh instance that has taken its parameters.
    ///
    /// # Errors
    /// If the plugin refuses the parameters, or fails while starting.
    pub fn instantiate(&self, limits: Limits, params_json: &str) -> Result<Instance, StartError> {
        let mut instance = self.start(limits)?;
        match instance.configure(params_json)? {
            Ok(()) => Ok(instance),
            Err(reason) => Err(StartError::Parameters(reason)),
        }
    }

    fn start(&self, limits: Limits) -> Result<Instance, Fault> {
        let mut store = Store::new(self.pre.engine(), Guard::new(limits));
        store.limiter(|guard| guard);
        store.set_hostcall_fuel(limits.output_bytes);
        let fuel = limits.fuel_per_task;
        let started = store.set_fuel(fuel).and_then(|()| {
            let instance = self.pre.instantiate(&mut store)?;
            let other_type = |name: &'static str| {
                move |error: wasmtime::Error| {
                    let why = format!("export `{name}` is of another type: {}", chain(&error));
                    wasmtime::Error::new(Stop(Fault::BadOutput(why)))
                }
            };
            let configure = instance.get_typed_func(&mut store, self.configure);
            let supervise = instance.get_typed_func(&mut store, self.supervise);
            Ok((
                configure.map_err(other_type("configure"))?,
                supervise.map_err(other_type("supervise"))?,
            ))
        });
        match started {
            Ok((configure, supervise)) => {
                Ok(Instance { store, configure, supervise, limits, used: false, broken: false })
            }
            Err(error) => Err(explain(&error, store.data(), fuel)),
        }
    }
}

impl Instance {
    /// Hands over the parameters as one JSON object. The inner error is the plugin's own refusal,
    /// after which the instance may be configured again.
    ///
    /// # Errors
    /// If the plugin misbehaves; the instance is of no use then.
    pub fn configure(&mut self, params_json: &str) -> Result<Result<(), String>, Fault> {
        let function: TypedFunc<(&str,), _> = self.configure;
        let ((answer,), _) = self.call(self.limits.fuel_per_task, (None, false), |store| {
            function.call(store, (params_json,))
        })?;
        self.store.data_mut().take_messages();
        Ok(answer)
    }

    /// Folds the tasks, looking as `mode` says. With [`LookMode::Trace`] the verdicts carry an
    /// explanation, and nothing else differs from [`LookMode::Every`].
    ///
    /// # Errors
    /// If the plugin misbehaves. No verdict of the batch counts then, and the instance is of no
    /// use: call task by task to find the one that fails, each on a new instance, since what a call
    /// costs depends on what the instance has looked up before. One that was called before has only
    /// the fuel of a batch, whatever the number of tasks.
    pub fn supervise(
        &mut self,
        world: &World,
        tasks: &[Task<'_>],
        mode: LookMode,
    ) -> Result<Batch, Fault> {
        let wire: Vec<WireTask<'_>> = tasks.iter().map(WireTask::from).collect();
        let function: TypedFunc<(&[WireTask<'_>], WireLookMode), _> = self.supervise;
        let used = std::mem::replace(&mut self.used, true);
        let fuel = if used { self.limits.fuel_per_batch } else { self.limits.fuel(tasks.len()) };
        let ((verdicts,), fuel) =
            self.call(fuel, (Some(world), mode == LookMode::Trace), |store| {
                function.call(store, (&wire, mode.into()))
            })?;
        let verdicts: Vec<Verdict> = verdicts.into_iter().map(Verdict::from).collect();
        self.broken = true;
        answer::check(tasks, &verdicts, mode == LookMode::Trace)?;
        self.broken = false;
        let guard = self.store.data_mut();
        let (messages, reads) = (guard.take_messages(), guard.take_reads());
        Ok(Batch { verdicts, fuel, messages, reads })
    }

    /// Calls into the plugin and returns its answer and the fuel that it used.
    fn call<T>(
        &mut self,
        fuel: u64,
        (world, record): (Option<&World>, bool),
        function: impl FnOnce(&mut Store<Guard>) -> wasmtime::Result<T>,
    ) -> Result<(T, u64), Fault> {
        if self.broken {
            return Err(Fault::Trap("the instance failed before and was called again".into()));
        }
        self.store.data_mut().begin(world.cloned(), record);
        let called = self.store.set_fuel(fuel).and_then(|()| function(&mut self.store));
        let left = self.store.get_fuel().unwrap_or(0);
        self.store.data_mut().end();
        called.map(|answer| (answer, fuel - left)).map_err(|error| {
            self.broken = true;
            explain(&error, self.store.data(), fuel)
        })
    }
}
