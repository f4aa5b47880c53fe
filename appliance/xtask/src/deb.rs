//! `cargo xtask deb`: the Debian package, by Debian's own dpkg-deb.
//!
//! What is in it is decided in [`stage`], from a binary and a folder of packages that are there
//! already; its sources are in `appliance/debian`. The same commit with the same tools gives the
//! same bytes.

use crate::{prerequisites, run};
use anyhow::{Context, Result, bail};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the program and its plugins lie; the program looks for them beside itself.
const LIBRARY: &str = "usr/lib/plumbline";
const DOC: &str = "usr/share/doc/plumbline";
/// Files from `appliance/debian`: (name, place, mode).
const FILES: [(&str, &str, u32); 4] = [
    ("plumbline.sh", "usr/bin/plumbline", 0o755),
    ("plumbline.service", "lib/systemd/system/plumbline.service", 0o644),
    ("plumbline.default", "etc/default/plumbline", 0o644),
    ("copyright", "usr/share/doc/plumbline/copyright", 0o644),
];
/// Scripts that dpkg runs, from the same folder.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];
/// Files that an administrator may change; an upgrade asks before it replaces them.
const CONFFILES: &str = "/etc/default/plumbline\n";
/// Documents at the root of the checkout; those in `docs` come along too.
const DOCUMENTS: [&str; 3] = ["README.md", "README.zh-CN.md", "CHANGELOG.md"];
/// Shells for which completions are shipped: (name, place).
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/plumbline"),
    ("zsh", "usr/share/zsh/vendor-completions/_plumbline"),
    ("fish", "usr/share/fish/vendor_completions.d/plumbline.fish"),
];

/// What a package is made from.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    /// The checkout.
    pub(crate) root: &'a Path,
    pub(crate) binary: &'a Path,
    /// Signed packages with the key beside them.
    pub(crate) plugins: &'a Path,
    pub(crate) version: &'a str,
    /// Debian's name of the machine that the binary runs on.
    pub(crate) architecture: &'a str,
    /// Oldest version of libc6 that the binary runs with.
    pub(crate) libc: &'a str,
}

/// Makes the package from a binary and its plugins.
pub(crate) fn package(root: &Path, binary: &Path) -> Result<PathBuf> {
    prerequisites::dpkg()?;
    let architecture = said(Command::new("dpkg").arg("--print-architecture"))?;
    // Built against this one, so it runs with this one and those after it.
    let libc = said(Command::new("dpkg-query").args(["-W", "-f=${Version}", "libc6"]))?;
    let libc = libc.split('-').next().unwrap_or(&libc);
    let epoch = said(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(root))?;
    let version = env!("CARGO_PKG_VERSION");
    let plugins = binary.with_file_name("plugins");
    let parts =
        Parts { root, binary, plugins: &plugins, version, architecture: &architecture, libc };
    let tree = root.join("target/deb");
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    stage(&parts, &tree)?;
    let file = root.join(format!("target/plumbline_{version}_{architecture}.deb"));
    pack(&tree, &epoch, &file)?;
    run(Command::new("dpkg-deb").arg("--info").arg(&file))?;
    println!("软件包 · package: {}", file.display());
    Ok(file)
}

/// What a program says on one line.
fn said(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Lays out everything as it will be installed, with what dpkg needs in `DEBIAN`.
pub(crate) fn stage(parts: &Parts<'_>, tree: &Path) -> Result<()> {
    let debian = parts.root.join("appliance/debian");
    let put = |place: &str, bytes: &[u8], mode| write(&tree.join(place), bytes, mode);
    put(&format!("{LIBRARY}/plumbline"), &read(parts.binary)?, 0o755)?;
    for path in files(parts.plugins)? {
        put(&format!("{LIBRARY}/plugins/{}", name(&path)), &read(&path)?, 0o644)?;
    }
    for (name, place, mode) in FILES {
        put(place, &read(&debian.join(name))?, mode)?;
    }
    for document in DOCUMENTS.map(|name| parts.root.join(name)).into_iter() {
        put(&format!("{DOC}/{}", name(&document)), &read(&document)?, 0o644)?;
    }
    for document in files(&parts.root.join("docs"))? {
        put(&format!("{DOC}/{}", name(&document)), &read(&document)?, 0o644)?;
    }
    for (shell, place) in COMPLETIONS {
        let script = said(Command::new(parts.binary).args(["completions", shell]))?;
        put(place, format!("{script}\n").as_bytes(), 0o644)?;
    }
    let sums = sums(tree)?;
    let kib = installed_kib(tree)?.to_string();
    let control = String::from_utf8(read(&debian.join("control"))?)?
        .replace("@version@", parts.version)
        .replace("@architecture@", parts.architecture)
        .replace("@libc@", parts.libc)
        .replace("@kib@", &kib);
    put("DEBIAN/control", control.as_bytes(), 0o644)?;
    put("DEBIAN/conffiles", CONFFILES.as_bytes(), 0o644)?;
    put("DEBIAN/md5sums", sums.as_bytes(), 0o644)?;
    for script in SCRIPTS {
        put(&format!("DEBIAN/{script}"), &read(&debian.join(script))?, 0o755)?;
    }
    folders_readable(tree)
}

/// Packs a tree; nothing in the result is younger than `epoch`, in seconds since 1970.
pub(crate) fn pack(tree: &Path, epoch: &str, file: &Path) -> Result<()> {
    let mut command = Command::new("dpkg-deb");
    // One thread, because where the work is cut depends on how many there are.
    command.args(["--root-owner-group", "-Zxz", "--threads-max=1", "--build"]);
    run(command.arg(tree).arg(file).env("SOURCE_DATE_EPOCH", epoch))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Writes a file with its mode, whatever the mask of this process is.
fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    fs::write(path, bytes).with_context(|| path.display().to_string())?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

fn folders_readable(folder: &Path) -> Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            folders_readable(&path)?;
        }
    }
    Ok(())
}

/// The files that lie in a folder itself, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        found.push(entry?.path());
    }
    found.retain(|path| path.is_file());
    found.sort();
    Ok(found)
}

/// All files of a tree, in the order of their names.
fn all_files(tree: &Path) -> Result<Vec<PathBuf>> {
    let mut found = files(tree)?;
    for entry in fs::read_dir(tree)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(all_files(&path)?);
        }
    }
    found.sort();
    Ok(found)
}

/// The sums that `dpkg --verify` compares with.
fn sums(tree: &Path) -> Result<String> {
    let mut command = Command::new("md5sum");
    for path in all_files(tree)? {
        command.arg(path.strip_prefix(tree)?);
    }
    Ok(said(command.current_dir(tree))? + "\n")
}

fn installed_kib(tree: &Path) -> Result<u64> {
    let mut kib = 0;
    for path in all_files(tree)? {
        kib += fs::metadata(path)?.len().div_ceil(1024);
    }
    Ok(kib)
}

#[cfg(test)]
mod tests;
