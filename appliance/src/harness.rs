//! Runs a plugin's examples inside the real engine, as `cargo test` runs them natively.
//!
//! It knows no home: the package is signed in memory with a key that nobody keeps.

use crate::app::limits;
use crate::error::{AppError, Kind};
use plumbline_contract::manifest::Right;
use plumbline_contract::package::VerifiedPackage;
use plumbline_contract::table::Tables;
use plumbline_contract::task::{LookMode, Task, Verdict};
use plumbline_contract::time::Zone;
use plumbline_engine::{Calendars, Engine, Instance, Limits, Plugin, World};
use plumbline_guest::example::{Executor, run_file};
use plumbline_ledger::{SigningKey, TrustedKeys, seal_package, verify_package};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name under which packages are signed for the time of a test.
const THROW_AWAY_KEY: &str = "plumbline-test";

/// What became of one file of examples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExampleReport {
    pub file: String,
    pub examples: usize,
    pub failures: Vec<String>,
}

/// Runs every `*.toml` of a folder against a package, signed or not.
///
/// # Errors
/// If the package does not load, or there are no examples that can be read.
pub fn run_examples(bytes: &[u8], dir: &Path) -> Result<Vec<ExampleReport>, AppError> {
    let package = own(bytes)?;
    let mut executor = EngineExecutor::new(&package)?;
    let mut reports = Vec::new();
    for path in files(dir)? {
        let text = fs::read_to_string(&path).map_err(|error| AppError::io(&path, &error))?;
        let (examples, failures) =
            run_file(&text, package.manifest(), &mut executor).map_err(|error| {
                let detail = format!("{}: {error}", path.display());
                AppError::new(Kind::Usage, "examples", detail)
            })?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let failures = failures.iter().map(ToString::to_string).collect();
        reports.push(ExampleReport { file, examples, failures });
    }
    Ok(reports)
}

/// The package under a key made for it, whoever signed it before.
fn own(bytes: &[u8]) -> Result<VerifiedPackage, AppError> {
    let key = SigningKey::generate(THROW_AWAY_KEY)
        .map_err(|error| AppError::new(Kind::Failed, "key", error))?;
    let sealed = seal_package(bytes, &key)?;
    Ok(verify_package(&sealed, &TrustedKeys::from(key.verifying_key()))?)
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, AppError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| AppError::io(dir, &error))? {
        paths.push(entry.map_err(|error| AppError::io(dir, &error))?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    if paths.is_empty() {
        return Err(AppError::new(Kind::NotFound, "no-examples", dir.display()));
    }
    Ok(paths)
}

/// A package in the engine, as something that runs examples.
#[derive(Debug)]
pub struct EngineExecutor {
    plugin: Plugin,
    limits: Limits,
    granted: Arc<BTreeSet<String>>,
    /// The instance at hand and the parameters it took.
    running: Option<(String, Instance)>,
}

impl EngineExecutor {
    /// # Errors
    /// If the package does not load.
    pub fn new(package: &VerifiedPackage) -> Result<Self, AppError> {
        let refused = |error| AppError::new(Kind::Refused, "package", error);
        let engine =
            Engine::new(None).map_err(|error| AppError::new(Kind::Failed, "engine", error))?;
        let plugin = engine.load(package).map_err(refused)?;
        let table = |right: &Right| match right {
            Right::Table { name } => Some(name.clone()),
            _ => None,
        };
        let capabilities = &package.manifest().capabilities;
        let granted = capabilities.iter().filter_map(|asked| table(&asked.right)).collect();
        Ok(Self { plugin, limits: limits(package), granted: Arc::new(granted), running: None })
    }

    fn instance(&mut self, parameters: &str) -> Result<Instance, String> {
        match self.running.take() {
            Some((known, instance)) if known == parameters => Ok(instance),
            _ => {
                let started = self.plugin.instantiate(self.limits, parameters);
                started.map_err(|error| error.to_string())
            }
        }
    }
}

impl Executor for EngineExecutor {
    fn supervise(
        &mut self,
        parameters: &str,
        tables: Arc<dyn Tables>,
        zone: &Zone,
        tasks: &[Task<'_>],
    ) -> Result<Vec<Verdict>, String> {
        let mut instance = self.instance(parameters)?;
        // Every example numbers its tables from 1, so that no two may share computed calendars.
        let world = World {
            tables,
            calendars: Arc::new(Calendars::default()),
            zone: Arc::new(zone.clone()),
            granted_tables: self.granted.clone(),
        };
        let batch = instance
            .supervise(&world, tasks, LookMode::Every)
            .map_err(|fault| fault.to_string())?;
        self.running = Some((parameters.to_owned(), instance));
        Ok(batch.verdicts)
    }
}
