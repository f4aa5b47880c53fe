//! Prepares files for loading: reads and checks them, compares them with what is in force and counts
//! whom the change concerns. It changes nothing.

use super::check::{Checked, check};
use super::diff::Diff;
use super::problem::{Problem, Problems, Severity};
use super::sheet::TABLE_FILE_BYTES_MAX;
use super::{Origin, Version, canonical, cross, find, newest, rows};
use crate::app::App;
use crate::error::AppError;
use plumbline_contract::id::TableVersion;
use plumbline_contract::table::{TableRow, TableSpec};
use plumbline_ledger::{keyed_hash, sha256_hex};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Kinds of files of a folder that are tables.
const EXTENSIONS: [&str; 2] = ["csv", "xlsx"];
/// States read at once while keys are counted.
const STATES_PAGE: usize = 4096;

/// A file, checked and compared.
#[derive(Debug)]
pub struct Prepared {
    pub spec: &'static TableSpec,
    pub path: PathBuf,
    pub checked: Checked,
    /// SHA-256 of the rows in canonical form, in hexadecimal: equal for equal rows, whatever the
    /// file looks like.
    pub sha256: String,
    pub file_sha256: String,
    /// The version in force, if the home was open and there is one.
    pub before: Option<Version>,
    pub diff: Diff,
}

impl Prepared {
    /// What the ledger and the log say of where the rows come from.
    #[must_use]
    pub fn origin(&self, by: Option<String>) -> Origin {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned());
        Origin { file: name, file_sha256: Some(self.file_sha256.clone()), by }
    }

    /// Whether the rows are those in force.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.before.as_ref().is_some_and(|version| version.loaded.sha256 == self.sha256)
    }
}

/// Tables by name with their files: one file, or those of a folder that are called after tables.
///
/// # Errors
/// If the folder cannot be read, or a file of it is called after no table.
pub fn named(
    name: &str,
    file: Option<PathBuf>,
) -> Result<Vec<(&'static TableSpec, PathBuf)>, AppError> {
    if let Some(file) = file {
        return Ok(vec![(find(name)?, file)]);
    }
    let dir = Path::new(name);
    let mut tables = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|error| AppError::io(dir, &error))? {
        let path = entry.map_err(|error| AppError::io(dir, &error))?.path();
        let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        if EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()) {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            tables.push((find(&stem)?, path));
        }
    }
    tables.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    Ok(tables)
}

/// Checks files, also against each other and against the tables in force of an open home. Without
/// one, that is left out, and what has to be hashed is hashed without its key.
///
/// # Errors
/// If a file or the store cannot be read. What is wrong with a file is a problem of its own.
pub fn prepare(
    app: Option<&App>,
    files: Vec<(&'static TableSpec, PathBuf)>,
) -> Result<Vec<Prepared>, AppError> {
    let read = |(spec, path): (&'static TableSpec, PathBuf)| {
        let bytes = contents(&path)?;
        Ok((spec, path, bytes))
    };
    prepare_read(app, files.into_iter().map(read).collect::<Result<_, AppError>>()?)
}

/// As [`prepare`], of files that were read already, or made from something else; a path only names
/// where the bytes come from.
///
/// # Errors
/// If the store cannot be read.
pub fn prepare_read(
    app: Option<&App>,
    files: Vec<(&'static TableSpec, PathBuf, Vec<u8>)>,
) -> Result<Vec<Prepared>, AppError> {
    let key = app.map(|app| app.home().personal_key()).transpose()?;
    let hasher = |text: &str| match &key {
        Some(key) => keyed_hash(key.as_bytes(), text),
        None => sha256_hex(text.as_bytes()),
    };
    let mut prepared = Vec::new();
    let mut before = Vec::new();
    for (spec, path, bytes) in files {
        let checked = check(spec, &bytes, Some(&hasher));
        let version = app.map(|app| newest(app.store(), &spec.name)).transpose()?.flatten();
        let old = match (app, &version) {
            (Some(app), Some(version)) => {
                rows(app.store(), &spec.name, TableVersion(version.loaded.version))?
            }
            _ => Vec::new(),
        };
        let mut item = Prepared {
            spec,
            path,
            sha256: sha256_hex(&canonical(&checked.rows)),
            file_sha256: sha256_hex(&bytes),
            before: version,
            diff: Diff::default(),
            checked,
        };
        if item.checked.problems.errors == 0 {
            item.diff = Diff::of(&old, &item.checked.rows);
        }
        prepared.push(item);
        before.push(old);
    }
    across(app, &mut prepared, &before)?;
    Ok(prepared)
}

/// A file's bytes, one more than allowed at most.
fn contents(path: &Path) -> Result<Vec<u8>, AppError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(TABLE_FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| AppError::io(path, &error))?;
    Ok(bytes)
}

/// What other tables have to say, those to be loaded together before those in force.
fn across(
    app: Option<&App>,
    prepared: &mut [Prepared],
    before: &[Vec<TableRow>],
) -> Result<(), AppError> {
    let mut tables: BTreeMap<String, Vec<TableRow>> = BTreeMap::new();
    let mut load = |name: &str| -> Result<(), AppError> {
        if let Some(app) = app
            && let Some(version) = newest(app.store(), name)?
            && !tables.contains_key(name)
        {
            let version = TableVersion(version.loaded.version);
            tables.insert(name.to_owned(), rows(app.store(), name, version)?);
        }
        Ok(())
    };
    let together: Vec<_> = prepared.iter().map(|item| item.spec.name.clone()).collect();
    for spec in plumbline_contract::table::specs() {
        let refers = |column: &plumbline_contract::table::Column, names: &[String]| {
            column.refers.as_ref().is_some_and(|table| names.contains(table))
        };
        let is_target = prepared
            .iter()
            .flat_map(|item| &item.spec.columns)
            .any(|column| column.refers.as_deref() == Some(spec.name.as_str()));
        if !together.contains(&spec.name)
            && (is_target || spec.columns.iter().any(|column| refers(column, &together)))
        {
            load(&spec.name)?;
        }
    }
    let found: Vec<Vec<Problem>> = prepared
        .iter()
        .zip(before)
        .map(|(item, before)| {
            let others = |name: &str| {
                let fresh = prepared.iter().find(|other| other.spec.name == name);
                match fresh {
                    Some(other) => Some(other.checked.rows.as_slice()),
                    None => tables.get(name).map(Vec::as_slice),
                }
            };
            match item.checked.problems.errors {
                0 => cross::cross(item.spec, &item.checked, before, &others),
                _ => Vec::new(),
            }
        })
        .collect();
    for (item, found) in prepared.iter_mut().zip(found) {
        item.checked.problems.extend(found);
    }
    Ok(())
}

/// Warns of what a home would have said, had it been open.
pub fn left_out(prepared: &mut [Prepared]) {
    for item in prepared {
        let problem = Problem::new(Severity::Warning, "no-home", &item.spec.name);
        item.checked.problems.push(problem);
    }
}

/// All problems of all files.
#[must_use]
pub fn problems(prepared: &[Prepared]) -> Problems {
    let mut all = Problems::default();
    for item in prepared {
        let own = &item.checked.problems;
        all.extend(own.list.iter().cloned());
        let listed = own.list.iter().filter(|problem| problem.severity == Severity::Error).count();
        all.errors += own.errors - listed;
        all.warnings += own.left_out() - (own.errors - listed);
    }
    all
}

/// Keys that wait for their time and look again at once when a table changes, by plugin.
///
/// # Errors
/// If the store fails.
pub fn waiting(app: &App) -> Result<BTreeMap<String, u64>, AppError> {
    let mut counts = BTreeMap::new();
    for deployment in app.deployments() {
        let count: &mut u64 = counts.entry(deployment.plugin.clone()).or_default();
        let mut after = None;
        loop {
            let page = app.store().states(deployment.id, after.as_ref(), STATES_PAGE)?;
            let Some((last, _)) = page.last() else { break };
            *count += page.iter().filter(|(_, state)| state.wake.is_some()).count() as u64;
            after = Some(last.clone());
        }
    }
    Ok(counts)
}
