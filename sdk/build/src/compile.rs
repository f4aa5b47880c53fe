//! Compiles a plugin crate to a core module and makes it a component with its manifest.

use crate::error::BuildError;
use crate::section::attach_manifest;
use crate::toolchain::Toolchain;
use plumbline_contract::manifest::Manifest;
use serde_json::Value;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use wit_component::ComponentEncoder;

/// Lines of the compiler's output kept in an error: the last ones say what was wrong.
const OUTPUT_LINES: usize = 60;
/// Instructions beyond the first version of WebAssembly that help a reader of JSON.
const TARGET_FEATURES: &str = "target-feature=+simd128,+bulk-memory";

/// What to build and where.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// Folder of the plugin's `Cargo.toml`.
    pub crate_dir: PathBuf,
    /// Name of the Cargo package.
    pub package: String,
    /// Where to compile; apart from other builds, since flags and compiler differ.
    pub target_dir: PathBuf,
    /// The plugin's manifest (TOML).
    pub manifest_path: PathBuf,
    /// With all optimisations, as plugins are shipped.
    pub release: bool,
}

/// Builds the package, complete but for its signature. The same source in the same folder gives the
/// same bytes.
///
/// # Errors
/// Says what is wrong with the manifest, the source or the machine.
pub fn build(options: &BuildOptions) -> Result<Vec<u8>, BuildError> {
    // First, because a slip in the manifest should not cost the time of a compilation.
    let manifest = read(&options.manifest_path)?;
    let manifest = String::from_utf8(manifest).map_err(|error| BuildError::Read {
        path: options.manifest_path.clone(),
        reason: error.to_string(),
    })?;
    Manifest::from_toml(&manifest)?;
    let toolchain = Toolchain::find(&options.crate_dir)?;
    let module = read(&compile(options, &toolchain)?)?;
    let component = component(&module)?;
    attach_manifest(&component, &manifest)
}

fn component(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    let mut encoder = ComponentEncoder::default();
    let encoded = encoder.validate(true).module(module).and_then(ComponentEncoder::encode);
    encoded.map_err(|error| BuildError::Component(format!("{error:#}")))
}

/// Runs cargo and returns the path of the core module.
fn compile(options: &BuildOptions, toolchain: &Toolchain) -> Result<PathBuf, BuildError> {
    let mut cargo = toolchain.cargo_build();
    cargo
        .current_dir(&options.crate_dir)
        .arg("--lib")
        .args(["--package", &options.package])
        .arg("--message-format=json-render-diagnostics")
        .arg("--target-dir")
        .arg(&options.target_dir)
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(options, toolchain).join("\x1f"));
    if options.release {
        cargo.arg("--release");
        for (name, value) in [
            ("OPT_LEVEL", "3"),
            ("LTO", "fat"),
            ("CODEGEN_UNITS", "1"),
            ("PANIC", "abort"),
            ("DEBUG", "0"),
            ("STRIP", "debuginfo"),
            ("INCREMENTAL", "false"),
        ] {
            cargo.env(format!("CARGO_PROFILE_RELEASE_{name}"), value);
        }
    } else {
        cargo.env("CARGO_PROFILE_DEV_PANIC", "abort");
    }
    let messages = run(cargo, &options.package)?;
    let no_module = || BuildError::NoModule { package: options.package.clone() };
    module_path(&messages).ok_or_else(no_module)
}

/// Runs a build; people at a terminal see its progress, others get its output with the error.
fn run(mut cargo: Command, package: &str) -> Result<String, BuildError> {
    let is_watched = io::stderr().is_terminal();
    let stderr = if is_watched { Stdio::inherit() } else { Stdio::piped() };
    let output = cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).output();
    let output = output.map_err(|error| BuildError::Start {
        program: cargo.get_program().to_string_lossy().into_owned(),
        reason: error.to_string(),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = text.lines().collect();
    let shown = lines[lines.len().saturating_sub(OUTPUT_LINES)..].join("\n");
    let shown = if is_watched { "see above".into() } else { shown };
    Err(BuildError::Compile { package: package.into(), output: shown })
}

/// The last `.wasm` file that cargo reports: dependencies come before the package.
fn module_path(messages: &str) -> Option<PathBuf> {
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let files = artifacts
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter_map(|message| message["filenames"].as_array().cloned())
        .flatten();
    let mut files = files.filter_map(|file| file.as_str().map(PathBuf::from));
    files.rfind(|file| file.extension().is_some_and(|extension| extension == "wasm"))
}

/// Flags for every crate: useful instructions, and no paths of this machine in the result.
fn rustflags(options: &BuildOptions, toolchain: &Toolchain) -> Vec<String> {
    let mut flags = vec!["-C".to_string(), TARGET_FEATURES.to_string()];
    let mut hide = |path: &Path, name: &str| {
        flags.push(format!("--remap-path-prefix={}={name}", path.display()));
    };
    // The last that fits wins, so the widest come first.
    if let Some(home) = cargo_home() {
        hide(&home, "/cargo");
    }
    if let Some(sysroot) = toolchain.sysroot(&options.crate_dir) {
        hide(&Path::new(&sysroot).join("lib/rustlib/src/rust"), "/rust");
    }
    if let Some(root) = workspace_root(&options.crate_dir) {
        hide(&root, "/workspace");
    }
    hide(&options.target_dir, "/target");
    flags
}

fn cargo_home() -> Option<PathBuf> {
    let home = || std::env::home_dir().map(|home| home.join(".cargo"));
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)
}

/// The outermost folder above the crate that has a `Cargo.toml`, so that path dependencies beside
/// the crate are covered.
fn workspace_root(crate_dir: &Path) -> Option<PathBuf> {
    let crate_dir = crate_dir.canonicalize().ok()?;
    let with_manifest = |dir: &&Path| dir.join("Cargo.toml").is_file();
    crate_dir.ancestors().filter(with_manifest).last().map(Path::to_path_buf)
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    fs::read(path)
        .map_err(|error| BuildError::Read { path: path.into(), reason: error.to_string() })
}
