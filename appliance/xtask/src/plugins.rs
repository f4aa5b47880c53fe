//! Builds and signs our own plugins and the example vendors' plugins with a key of this checkout.

use crate::{prerequisites, run};
use anyhow::{Context, Result, ensure};
use plumbline_build::{BuildOptions, attach_manifest, build};
use plumbline_ledger::{SigningKey, seal_package};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Name of the key that a checkout signs with. It is made where it is missing and never leaves the
/// build folder; a release is signed with the vendor's own key.
const DEVELOPMENT_KEY: &str = "plumbline-development";

/// Builds and signs our plugins into `out`, with the verifier key beside them.
pub(crate) fn build_all(root: &Path, out: &Path) -> Result<PathBuf> {
    let key = key(root, out)?;
    let domains = own_domains(root)?;
    for domain in &domains {
        let package = format!("plumbline-{domain}");
        println!("编译插件 · building plugin {package}");
        let component = build(&options(root, &root.join("plugins").join(domain), &package))?;
        write(out, &format!("{domain}.wasm"), &component, &key)?;
    }
    write_laws(root, &domains, out)?;
    Ok(out.to_path_buf())
}

/// Builds and signs the example vendors' plugins, and the tests' hostile one, into `out`.
pub(crate) fn build_vendors(root: &Path, out: &Path) -> Result<PathBuf> {
    let key = key(root, out)?;
    let folder = root.join("examples/vendor-rust");
    println!("编译供应商示例插件 · building the vendors' example plugins");
    let component = build(&options(root, &folder, "official-car"))?;
    write(out, "official-car.wasm", &component, &key)?;
    // Misbehaves on purpose: the end-to-end tests see that the host contains it.
    let component = build(&options(root, &root.join("tests/hostile"), "hostile"))?;
    write(out, "hostile.wasm", &component, &key)?;
    let folder = root.join("examples/vendor-js");
    let component = javascript(&folder)?;
    let manifest = fs::read_to_string(folder.join("manifest.toml"))?;
    let component = attach_manifest(&component, &manifest)?;
    write(out, "official-car-fuel.wasm", &component, &key)?;
    Ok(out.to_path_buf())
}

fn javascript(folder: &Path) -> Result<Vec<u8>> {
    prerequisites::node()?;
    // npm writes this file when it has finished, so that an interrupted install is done again.
    if !folder.join("node_modules/.package-lock.json").exists() {
        // Not `npm ci`: it insists on the lock file naming the optional parts of every platform.
        let arguments = ["install", "--no-save", "--no-audit", "--no-fund"];
        run(Command::new("npm").args(arguments).current_dir(folder))?;
    }
    run(Command::new("npm").args(["run", "build"]).current_dir(folder))?;
    Ok(fs::read(folder.join("dist/fuel.component.wasm"))?)
}

fn options(root: &Path, folder: &Path, package: &str) -> BuildOptions {
    BuildOptions {
        crate_dir: folder.to_path_buf(),
        package: package.to_owned(),
        target_dir: root.join("target/wasm"),
        manifest_path: folder.join("manifest.toml"),
        release: true,
    }
}

fn key(root: &Path, out: &Path) -> Result<SigningKey> {
    fs::create_dir_all(out)?;
    let path = root.join("target/development.key");
    let key = if path.exists() {
        SigningKey::load(&path)?
    } else {
        fs::create_dir_all(root.join("target"))?;
        let key = SigningKey::generate(DEVELOPMENT_KEY)?;
        key.save(&path)?;
        key
    };
    fs::write(out.join("development.vkey"), key.verifying_key().to_string())?;
    Ok(key)
}

fn write(out: &Path, file: &str, component: &[u8], key: &SigningKey) -> Result<()> {
    let package = seal_package(component, key)?;
    let path = out.join(file);
    fs::write(&path, &package).with_context(|| path.display().to_string())?;
    println!("  {} ({} KiB)", path.display(), package.len() / 1024);
    Ok(())
}

/// Our own plugins, one folder for each domain; the Cargo package is `plumbline-<domain>`.
fn own_domains(root: &Path) -> Result<Vec<String>> {
    let mut domains = Vec::new();
    for entry in fs::read_dir(root.join("plugins"))? {
        let entry = entry?;
        if entry.path().join("manifest.toml").exists() {
            domains.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    domains.sort();
    Ok(domains)
}

/// The articles of law that our plugins cite, as one table: each plugin brings its own, and two
/// that cite the same article must say the same of it.
fn write_laws(root: &Path, domains: &[String], out: &Path) -> Result<()> {
    let mut heading = String::new();
    let mut rows: BTreeMap<String, String> = BTreeMap::new();
    for domain in domains {
        let path = root.join("plugins").join(domain).join("tables/law_ref.csv");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        ensure!(heading.is_empty() || heading == first, "{}: other columns", path.display());
        first.clone_into(&mut heading);
        for line in lines {
            let id = line.split(',').next().unwrap_or_default();
            let known = rows.entry(id.to_owned()).or_insert_with(|| line.to_owned());
            ensure!(known == line, "{}: `{id}` differs from another plugin's", path.display());
        }
    }
    let table: String = rows.values().map(|row| format!("{row}\n")).collect();
    fs::write(out.join("law_ref.csv"), format!("{heading}\n{table}"))?;
    Ok(())
}
