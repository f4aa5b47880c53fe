//! Sets wasmtime up and turns verified packages into plugins.

use crate::cache::Cache;
use crate::error::EngineError;
use crate::host::{self, Guard};
use crate::instance::Plugin;
use crate::limits::STACK_BYTES;
use crate::{ALLOWED_IMPORTS, fault};
use plumbline_contract::package::{PACKAGE_BYTES_MAX, VerifiedPackage};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, OptLevel};

/// One set-up of wasmtime for all plugins of the host.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    linker: std::sync::Arc<Linker<Guard>>,
    cache: Option<Cache>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl Engine {
    /// Compiled code is kept in `cache_dir`, if one is given; only this user may write there.
    ///
    /// # Errors
    /// If wasmtime refuses this machine, or the folder is unusable.
    pub fn new(cache_dir: Option<PathBuf>) -> Result<Self, EngineError> {
        let setup = |error: wasmtime::Error| EngineError::Setup(fault::chain(&error));
        let inner = wasmtime::Engine::new(&config()).map_err(setup)?;
        let linker = std::sync::Arc::new(host::linker(&inner).map_err(setup)?);
        let cache = match cache_dir {
            Some(folder) => Some(Cache::open(folder, fingerprint(&inner))?),
            None => None,
        };
        Ok(Self { inner, linker, cache })
    }

    /// Compiles a package or takes the code from the cache, and checks what it imports and exports.
    /// None of its code runs.
    ///
    /// # Errors
    /// Names what the package has that no plugin may have.
    pub fn load(&self, package: &VerifiedPackage) -> Result<Plugin, EngineError> {
        let bytes = package.component();
        if bytes.len() > PACKAGE_BYTES_MAX {
            return Err(EngineError::TooLarge { bytes: bytes.len() });
        }
        let cached = self.cache.as_ref().and_then(|cache| cache.load(&self.inner, package.hash()));
        let from_cache = cached.is_some();
        let component = match cached {
            Some(component) => component,
            None => Component::from_binary(&self.inner, bytes)
                .map_err(|error| EngineError::Compile(fault::chain(&error)))?,
        };
        self.check_imports(&component)?;
        let pre = self
            .linker
            .instantiate_pre(&component)
            .map_err(|error| EngineError::Interface(fault::chain(&error)))?;
        let plugin = Plugin::new(pre, package.hash(), from_cache)?;
        match &self.cache {
            Some(cache) if !from_cache => {
                Ok(plugin.with_cache_error(cache.store(package.hash(), &component).err()))
            }
            _ => Ok(plugin),
        }
    }

    fn check_imports(&self, component: &Component) -> Result<(), EngineError> {
        let ty = component.component_type();
        for (name, _) in ty.imports(&self.inner) {
            if !ALLOWED_IMPORTS.contains(&name) {
                return Err(EngineError::Import { name: name.into() });
            }
        }
        Ok(())
    }
}

/// Everything that could make two runs differ is off or pinned: no threads, no clock, canonical
/// NaNs, fuel in place of time.
fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .consume_fuel(true)
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(true)
        .relaxed_simd_deterministic(true)
        .wasm_memory64(false)
        .max_wasm_stack(STACK_BYTES)
        .concurrency_support(false)
        .signals_based_traps(true)
        .memory_init_cow(true);
    config
}

/// Names the version and the settings of the engine, so that code of another one is not even tried.
fn fingerprint(engine: &wasmtime::Engine) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
