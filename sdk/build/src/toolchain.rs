//! Finds a Rust toolchain that builds for WebAssembly.
//!
//! The active toolchain is taken if it has the target or `rustup` can add it. Where neither holds,
//! Debian's own Rust, which lives in `/usr/bin` beside the one of `rustup`, builds the standard
//! library along with the plugin.

use crate::error::BuildError;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The bare target on purpose: what it builds imports nothing but our own interfaces. There is no
/// WASI, hence no clock, no randomness, no files and no network.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// What Debian needs where rustup cannot help: a compiler, its cargo, the source of the standard
/// library and a linker.
pub const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];

/// Folder of Debian's compiler.
const DEBIAN_BIN: &str = "/usr/bin";
/// Its linkers for WebAssembly, best first.
const DEBIAN_LINKERS: [&str; 3] = ["wasm-ld-22", "wasm-ld-21", "wasm-ld"];
/// Settings of the caller that would change what is built.
const CLEARED: [&str; 12] = [
    "RUSTUP_TOOLCHAIN",
    "RUSTC",
    "RUSTDOC",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_INCREMENTAL",
];

/// A way to build for [`TARGET`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The toolchain that is active in the plugin's folder has the target.
    Active,
    /// Debian's compiler, which builds the standard library too.
    Debian { linker: PathBuf },
}

impl Toolchain {
    /// The first that works for a crate in `crate_dir`.
    ///
    /// # Errors
    /// Says what to install if there is none.
    pub fn find(crate_dir: &Path) -> Result<Self, BuildError> {
        if active_has_target(crate_dir) {
            return Ok(Self::Active);
        }
        let added = clean(Command::new("rustup"))
            .args(["target", "add", TARGET])
            .current_dir(crate_dir)
            .stdin(Stdio::null())
            .output();
        if added.is_ok_and(|output| output.status.success()) && active_has_target(crate_dir) {
            return Ok(Self::Active);
        }
        Self::debian(Path::new(DEBIAN_BIN))
    }

    /// Debian's compiler in `bin`, if all its parts are there.
    fn debian(bin: &Path) -> Result<Self, BuildError> {
        let missing = |what: &str| BuildError::NoToolchain { tried: format!("no {what}") };
        for program in ["cargo", "rustc"] {
            if !bin.join(program).is_file() {
                return Err(missing(&bin.join(program).display().to_string()));
            }
        }
        let mut linkers = DEBIAN_LINKERS.iter().map(|name| bin.join(name));
        let linker = linkers.find(|path| path.is_file());
        let linker = linker.ok_or_else(|| missing(DEBIAN_LINKERS[0]))?;
        let mut rustc = clean(Command::new(bin.join("rustc")));
        let sysroot = text(rustc.args(["--print", "sysroot"]).output());
        let sysroot = sysroot.ok_or_else(|| missing("working rustc"))?;
        let library = PathBuf::from(sysroot).join("lib/rustlib/src/rust/library/std/Cargo.toml");
        if !library.is_file() {
            return Err(missing(&library.display().to_string()));
        }
        Ok(Self::Debian { linker })
    }

    /// `cargo build` for [`TARGET`], without the caller's own settings.
    pub(crate) fn cargo_build(&self) -> Command {
        match self {
            Self::Active => {
                let mut cargo = clean(Command::new("cargo"));
                cargo.args(["build", "--target", TARGET]);
                cargo
            }
            Self::Debian { linker } => {
                let bin = Path::new(DEBIAN_BIN);
                let mut cargo = clean(Command::new(bin.join("cargo")));
                let path = std::env::var_os("PATH").unwrap_or_default();
                let paths = [bin.to_path_buf()].into_iter().chain(std::env::split_paths(&path));
                if let Ok(path) = std::env::join_paths(paths) {
                    cargo.env("PATH", path);
                }
                cargo
                    .env("RUSTC", bin.join("rustc"))
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                    .args(["build", "--target", TARGET, "-Z", "build-std=std,panic_abort"]);
                cargo
            }
        }
    }

    /// Root of the compiler, whose paths are kept out of what it builds.
    pub(crate) fn sysroot(&self, crate_dir: &Path) -> Option<String> {
        let rustc = match self {
            Self::Active => PathBuf::from("rustc"),
            Self::Debian { .. } => Path::new(DEBIAN_BIN).join("rustc"),
        };
        let mut rustc = clean(Command::new(rustc));
        text(rustc.args(["--print", "sysroot"]).current_dir(crate_dir).output())
    }
}

fn active_has_target(crate_dir: &Path) -> bool {
    let mut rustc = clean(Command::new("rustc"));
    let folder =
        rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(crate_dir);
    text(folder.output()).is_some_and(|folder| {
        std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
    })
}

fn clean(mut command: Command) -> Command {
    for name in CLEARED {
        command.env_remove(name);
    }
    command
}

/// What a program printed, if it ran well.
fn text(output: std::io::Result<Output>) -> Option<String> {
    let output = output.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn missing_parts_of_the_debian_toolchain_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path();
        let error = Toolchain::debian(bin).unwrap_err().to_string();
        assert!(error.contains("rustc-web cargo-web rust-web-src lld-22"), "{error}");
        for (part, next) in [("cargo", "rustc"), ("rustc", "no wasm-ld-22")] {
            std::fs::write(bin.join(part), "").unwrap();
            let error = Toolchain::debian(bin).unwrap_err().to_string();
            assert!(error.contains(next), "{error}");
        }
        std::fs::write(bin.join("wasm-ld"), "").unwrap();
        let error = Toolchain::debian(bin).unwrap_err().to_string();
        assert!(error.contains("no working rustc"), "{error}");
    }
}
