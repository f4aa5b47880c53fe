//! What a plugin's author does: new, build, test, keygen, sign. None of it needs a home.

use crate::cli::out::Out;
use crate::cli::{FOUND, OK};
use crate::error::{AppError, Kind};
use crate::{harness, scaffold};
use plumbline_build::{BuildError, BuildOptions, attach_manifest};
use plumbline_contract::manifest::Manifest;
use plumbline_ledger::{SigningKey, seal_package};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

impl From<BuildError> for AppError {
    fn from(error: BuildError) -> Self {
        let kind = match error.kind() {
            plumbline_build::Kind::Plugin => Kind::Usage,
            plumbline_build::Kind::Machine => Kind::Failed,
        };
        Self { kind, message: "build", detail: error.to_string() }
    }
}

fn failed(message: &'static str) -> impl Fn(plumbline_ledger::NoteError) -> AppError {
    move |error| AppError { kind: Kind::Failed, message, detail: error.to_string() }
}

pub(super) fn new(out: &mut Out<'_>, name: &str, dir: Option<PathBuf>) -> Result<u8, AppError> {
    let dir = dir.unwrap_or_else(|| PathBuf::from(name));
    let files = scaffold::write(name, &dir)?;
    let shown = dir.display().to_string();
    if out.json {
        out.object(&json!({ "plugin": name, "dir": shown, "files": files }));
    } else {
        out.say("plugin.new", &[("dir", &shown), ("plugin", name)]);
    }
    Ok(OK)
}

pub(super) fn build(
    out: &mut Out<'_>,
    dir: &Path,
    component: Option<&Path>,
    file: Option<PathBuf>,
) -> Result<u8, AppError> {
    let manifest = manifest(dir)?;
    let package = match component {
        Some(component) => {
            let bytes = read(component)?;
            let text = read_text(&dir.join("manifest.toml"))?;
            attach_manifest(&bytes, &text)?
        }
        None => {
            out.note("plugin.building", &[("dir", &dir.display().to_string())]);
            compile(dir)?
        }
    };
    let file = file.unwrap_or_else(|| dir.join(format!("{}.wasm", manifest.plugin.id)));
    fs::write(&file, &package).map_err(|error| AppError::io(&file, &error))?;
    let (shown, bytes) = (file.display().to_string(), package.len());
    if out.json {
        out.object(&json!({ "plugin": manifest.plugin.id, "file": shown, "bytes": bytes }));
    } else {
        let kilobytes = (bytes / 1024).to_string();
        out.say("plugin.built", &[("file", &shown), ("size", &kilobytes)]);
    }
    Ok(OK)
}

fn compile(dir: &Path) -> Result<Vec<u8>, AppError> {
    let cargo = dir.join("Cargo.toml");
    let table: toml::Table = toml::from_str(&read_text(&cargo)?)
        .map_err(|error| AppError::new(Kind::Usage, "build", error.message()))?;
    let name = table.get("package").and_then(|package| package.get("name"));
    let name = name.and_then(toml::Value::as_str);
    let no_name = || AppError::new(Kind::Usage, "build", format!("{}: [package]", cargo.display()));
    let package = name.ok_or_else(no_name)?.to_owned();
    let crate_dir = dir.canonicalize().map_err(|error| AppError::io(dir, &error))?;
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| crate_dir.join("target"), PathBuf::from);
    let options = BuildOptions {
        manifest_path: crate_dir.join("manifest.toml"),
        target_dir: target.join("plumbline-wasm"),
        crate_dir,
        package,
        release: true,
    };
    Ok(plumbline_build::build(&options)?)
}

pub(super) fn test(
    out: &mut Out<'_>,
    path: &Path,
    examples: Option<PathBuf>,
) -> Result<u8, AppError> {
    let (bytes, beside) = if path.is_dir() {
        (from_dir(out, path)?, path)
    } else {
        (read(path)?, path.parent().unwrap_or(Path::new(".")))
    };
    let examples = examples.unwrap_or_else(|| beside.join("examples"));
    let reports = harness::run_examples(&bytes, &examples)?;
    let mut code = OK;
    for report in &reports {
        if !report.failures.is_empty() {
            code = FOUND;
        }
        if out.json {
            out.object(report);
            continue;
        }
        let passed = report.examples - report.failures.len();
        let (passed, all) = (passed.to_string(), report.examples.to_string());
        let key = if report.failures.is_empty() { "test.passed" } else { "test.failed" };
        out.say(key, &[("file", &report.file), ("passed", &passed), ("all", &all)]);
        for failure in &report.failures {
            out.line(format!("    {failure}"));
        }
    }
    Ok(code)
}

/// The package of a folder: compiled now if it has a crate, else what lies there.
fn from_dir(out: &mut Out<'_>, dir: &Path) -> Result<Vec<u8>, AppError> {
    if dir.join("Cargo.toml").exists() {
        out.note("plugin.building", &[("dir", &dir.display().to_string())]);
        return compile(dir);
    }
    read(&dir.join(format!("{}.wasm", manifest(dir)?.plugin.id)))
}

pub(super) fn keygen(out: &mut Out<'_>, name: &str, file: &Path) -> Result<u8, AppError> {
    let key =
        SigningKey::generate(name).map_err(|error| AppError::new(Kind::Usage, "key", error))?;
    key.save(file).map_err(failed("key"))?;
    let vkey = key.verifying_key().to_string();
    let public = file.with_extension("vkey");
    fs::write(&public, format!("{vkey}\n")).map_err(|error| AppError::io(&public, &error))?;
    let (file, public) = (file.display().to_string(), public.display().to_string());
    if out.json {
        out.object(&json!({ "key": file, "vkey": vkey, "vkey_file": public }));
    } else {
        out.say("plugin.key", &[("file", &file), ("public", &public), ("vkey", &vkey)]);
    }
    Ok(OK)
}

pub(super) fn sign(
    out: &mut Out<'_>,
    file: &Path,
    key: &Path,
    to: Option<PathBuf>,
) -> Result<u8, AppError> {
    let key = SigningKey::load(key).map_err(failed("key"))?;
    let package = seal_package(&read(file)?, &key)?;
    let to = to.unwrap_or_else(|| file.to_path_buf());
    fs::write(&to, &package).map_err(|error| AppError::io(&to, &error))?;
    let (shown, hash) = (to.display().to_string(), plumbline_ledger::sha256_hex(&package));
    if out.json {
        out.object(&json!({ "file": shown, "signer": key.name(), "package": hash }));
    } else {
        out.say("plugin.signed", &[("file", &shown), ("signer", key.name()), ("package", &hash)]);
    }
    Ok(OK)
}

fn manifest(dir: &Path) -> Result<Manifest, AppError> {
    let path = dir.join("manifest.toml");
    Manifest::from_toml(&read_text(&path)?).map_err(|error| {
        AppError::new(Kind::Usage, "manifest", format!("{}: {error}", path.display()))
    })
}

fn read(path: &Path) -> Result<Vec<u8>, AppError> {
    fs::read(path).map_err(|error| AppError::io(path, &error))
}

fn read_text(path: &Path) -> Result<String, AppError> {
    fs::read_to_string(path).map_err(|error| AppError::io(path, &error))
}
