//! Gathers the SDK's sources, so that the binary can write them out for a vendor who has nothing
//! else. The manifests are freed of the workspace: each `x.workspace = true` gets its own version.
//! Beside them it lists the schemas of the event types, for the catalogue of data.

use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Folders of the SDK that a plugin needs, with what is in them.
const SOURCES: [&str; 4] = ["contract/src", "contract/data", "contract/wit", "guest/src"];
/// Crates of the SDK.
const CRATES: [&str; 2] = ["contract", "guest"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..").canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut list = String::from("&[\n");
    for source in SOURCES {
        let folder = root.join("sdk").join(source);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut paths = Vec::new();
        files(&folder, &mut paths)?;
        paths.sort();
        for path in paths {
            let name = path.strip_prefix(root.join("sdk"))?.to_string_lossy().into_owned();
            writeln!(list, "    ({name:?}, include_str!({:?})),", path.display().to_string())?;
        }
    }
    let workspace = table(&root.join("Cargo.toml"))?;
    for name in CRATES {
        let path = root.join("sdk").join(name).join("Cargo.toml");
        let manifest = free(table(&path)?, &workspace)?;
        let freed = out.join(format!("{name}.toml"));
        fs::write(&freed, toml::to_string(&manifest)?)?;
        let file = format!("{name}/Cargo.toml");
        writeln!(list, "    ({file:?}, include_str!({:?})),", freed.display().to_string())?;
    }
    list.push_str("]\n");
    fs::write(out.join("sdk.rs"), list)?;
    let folder = root.join("sdk/contract/schema");
    fs::write(out.join("schemas.rs"), schemas(&folder)?)?;
    fs::write(out.join("demands.rs"), demands(&folder)?)?;
    Ok(())
}

/// Every event type with the text of its schema, in the order of the types.
fn schemas(folder: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut paths = Vec::new();
    files(folder, &mut paths)?;
    paths.sort();
    let mut list = String::from("&[\n");
    for path in paths {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(name) = file.strip_suffix(".schema.json") else { continue };
        if name != "envelope" {
            writeln!(list, "    ({name:?}, include_str!({:?})),", path.display().to_string())?;
        }
    }
    list.push_str("]\n");
    Ok(list)
}

/// What the event schemas ask for, as a constant: required fields and those with codes.
fn demands(folder: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut paths = Vec::new();
    files(folder, &mut paths)?;
    let mut rows = BTreeMap::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(kind) = name.strip_suffix(".schema.json").filter(|kind| kind.contains('.')) else {
            continue;
        };
        let schema: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
        let texts = |list: &Value| -> Vec<String> {
            let list = list.as_array().into_iter().flatten();
            list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let mut codes = String::new();
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let allowed = texts(&property["enum"]);
            if !allowed.is_empty() {
                write!(codes, "({field:?}, &{allowed:?}), ")?;
            }
        }
        let required = texts(&schema["required"]);
        let row = format!(
            "    Schema {{ kind: {kind:?}, required: &{required:?}, codes: &[{codes}] }},\n"
        );
        rows.insert(kind.to_owned(), row);
    }
    Ok(format!("&[\n{}]\n", rows.into_values().collect::<String>()))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

fn table(path: &Path) -> Result<toml::Table, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", path.display());
    Ok(toml::from_str(&fs::read_to_string(path)?)?)
}

/// A member's manifest as it would stand alone beside its neighbours.
fn free(member: toml::Table, workspace: &toml::Table) -> Result<toml::Table, Box<dyn Error>> {
    let workspace = workspace["workspace"].as_table().ok_or("no workspace")?;
    let mut alone = toml::Table::new();
    for (name, value) in member {
        match name.as_str() {
            // Tests and lints are ours; a vendor has their own.
            "lints" | "dev-dependencies" => {}
            "package" => {
                let package = inherited(value, &workspace["package"])?;
                alone.insert(name, package);
            }
            "dependencies" => {
                let own = inherited(value, &workspace["dependencies"])?;
                alone.insert(name, own);
            }
            "target" => {
                let mut targets = toml::Table::new();
                for (target, value) in value.as_table().cloned().unwrap_or_default() {
                    let mut freed = toml::Table::new();
                    for (kind, value) in value.as_table().cloned().unwrap_or_default() {
                        freed.insert(kind, inherited(value, &workspace["dependencies"])?);
                    }
                    targets.insert(target, freed.into());
                }
                alone.insert(name, targets.into());
            }
            _ => {
                alone.insert(name, value);
            }
        }
    }
    Ok(alone)
}

/// Each `x.workspace = true` replaced by what the workspace says of `x`.
fn inherited(values: toml::Value, workspace: &toml::Value) -> Result<toml::Value, Box<dyn Error>> {
    let mut own = toml::Table::new();
    for (name, value) in values.as_table().cloned().unwrap_or_default() {
        let asks = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        let mut value = match asks {
            true => workspace.get(&name).cloned().ok_or_else(|| format!("no `{name}`"))?,
            false => value,
        };
        // Rooms of the SDK lie side by side.
        if let Some(path) = value.get_mut("path") {
            let beside = path.as_str().unwrap_or_default().replace("sdk/", "../");
            *path = beside.into();
        }
        own.insert(name, value);
    }
    Ok(own.into())
}
