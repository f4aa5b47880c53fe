//! `plugin new`: a folder that builds, with one stream, one rule, its examples, and the SDK's
//! sources as this program was built with them.
//!
//! The crates of others that the SDK needs come from the vendor's own registry or mirror; the lock
//! file names the versions that this program was built with.

use crate::error::{AppError, Kind};
use std::fs;
use std::path::Path;

/// Files of the SDK, by path below `sdk/`.
const SDK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk.rs"));
/// Files of the new plugin. `@name@` stands for its id, `@RULE@` for the id of its rule.
const FILES: [(&str, &str); 7] = [
    ("Cargo.toml", include_str!("scaffold/Cargo.toml.txt")),
    ("manifest.toml", include_str!("scaffold/manifest.toml.txt")),
    ("src/lib.rs", include_str!("scaffold/lib.rs.txt")),
    ("tests/examples.rs", include_str!("scaffold/examples.rs.txt")),
    ("examples/@RULE@.toml", include_str!("scaffold/example.toml.txt")),
    ("README.md", include_str!("scaffold/README.md.txt")),
    (".gitignore", "target\n*.wasm\n*.key\n"),
];
const LOCK: &str = include_str!("../../Cargo.lock");
/// Longest id, as the contract has it.
const NAME_BYTES_MAX: usize = 64;

/// Writes a new plugin into a folder that must not exist or be empty; returns the files' names.
///
/// # Errors
/// If the name is no plugin id, the folder holds something, or a file cannot be written.
pub fn write(name: &str, dir: &Path) -> Result<Vec<String>, AppError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let starts_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if !starts_well || name.len() > NAME_BYTES_MAX || !name.bytes().all(plain) {
        return Err(AppError::new(Kind::Usage, "plugin-name", name));
    }
    if dir.exists() && fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(AppError::new(Kind::Usage, "dir-not-empty", dir.display()));
    }
    let rule = format!("{}-01", name.to_uppercase());
    let crate_name = name.replace('-', "_");
    let own = |text: &str| {
        let text = text.replace("@name@", name).replace("@RULE@", &rule);
        text.replace("@crate@", &crate_name)
    };
    let mut written = Vec::new();
    for (path, text) in FILES {
        written.push(own(path));
        put(dir, &own(path), &own(text))?;
    }
    for (path, text) in SDK {
        put(dir, &format!("sdk/{path}"), text)?;
    }
    put(dir, "Cargo.lock", LOCK)?;
    written.push("sdk/".to_owned());
    Ok(written)
}

fn put(dir: &Path, name: &str, text: &str) -> Result<(), AppError> {
    let path = dir.join(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| AppError::io(folder, &error))?;
    }
    fs::write(&path, text).map_err(|error| AppError::io(&path, &error))
}
