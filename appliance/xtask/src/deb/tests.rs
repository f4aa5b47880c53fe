//! The package as dpkg sees it, from a program that only says what it was asked.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use super::*;
use crate::root;
use std::collections::BTreeMap;
use tempfile::TempDir;

const EPOCH: &str = "1767225600";

/// A staged tree from a program and plugins that stand for the real ones.
fn staged(dir: &TempDir, name: &str) -> PathBuf {
    let root = root();
    let binary = dir.path().join("plumbline");
    write(&binary, b"#!/bin/sh\necho \"$@\"\n", 0o700).unwrap();
    let plugins = dir.path().join("plugins");
    for file in ["approval.wasm", "development.vkey", "law_ref.csv"] {
        write(&plugins.join(file), file.as_bytes(), 0o600).unwrap();
    }
    let parts = Parts {
        root: &root,
        binary: &binary,
        plugins: &plugins,
        version: "1.2.3",
        architecture: "amd64",
        libc: "2.36",
    };
    let tree = dir.path().join(name);
    stage(&parts, &tree).unwrap();
    tree
}

/// Whether a program is here; without it the test says that it skips.
fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: there is no {program}");
    }
    found
}

fn dpkg_deb(arguments: &[&str], file: &Path) -> String {
    said(Command::new("dpkg-deb").args(arguments).arg(file)).unwrap()
}

#[test]
fn everything_has_its_place_and_its_mode() {
    let dir = tempfile::tempdir().unwrap();
    let tree = staged(&dir, "tree");
    let modes: BTreeMap<String, u32> = all_files(&tree)
        .unwrap()
        .into_iter()
        .map(|path| {
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            (path.strip_prefix(&tree).unwrap().display().to_string(), mode)
        })
        .collect();
    for (place, mode) in [
        ("usr/bin/plumbline", 0o755),
        ("usr/lib/plumbline/plumbline", 0o755),
        ("usr/lib/plumbline/plugins/approval.wasm", 0o644),
        ("usr/lib/plumbline/plugins/development.vkey", 0o644),
        ("usr/lib/plumbline/plugins/law_ref.csv", 0o644),
        ("lib/systemd/system/plumbline.service", 0o644),
        ("etc/default/plumbline", 0o644),
        ("usr/share/doc/plumbline/copyright", 0o644),
        ("usr/share/doc/plumbline/install.md", 0o644),
        ("DEBIAN/control", 0o644),
        ("DEBIAN/postinst", 0o755),
    ] {
        assert_eq!(modes.get(place), Some(&mode), "{place}");
    }
    let executable = modes.iter().filter(|(_, mode)| **mode == 0o755).count();
    assert_eq!(executable, 2 + SCRIPTS.len());
    let script = fs::read_to_string(tree.join(COMPLETIONS[0].1)).unwrap();
    assert_eq!(script, "completions bash\n");
    let sums = fs::read_to_string(tree.join("DEBIAN/md5sums")).unwrap();
    assert_eq!(sums.lines().count(), modes.keys().filter(|k| !k.starts_with("DEBIAN")).count());
    // A shell reads the scripts, and the unit starts what is there.
    for script in
        SCRIPTS.map(|script| format!("DEBIAN/{script}")).iter().chain([&FILES[0].1.into()])
    {
        assert!(Command::new("sh").arg("-n").arg(tree.join(script)).status().unwrap().success());
    }
    let unit = fs::read_to_string(tree.join("lib/systemd/system/plumbline.service")).unwrap();
    assert!(unit.contains(&format!("ExecStart=/{LIBRARY}/plumbline serve\n")));
}

#[test]
fn dpkg_takes_the_package_and_it_is_the_same_each_time() {
    if !has("dpkg-deb") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| {
        let file = dir.path().join(format!("{name}.deb"));
        pack(&staged(&dir, name), EPOCH, &file).unwrap();
        file
    });
    assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
    let field = |name: &str| {
        dpkg_deb(&["--field"], &one)
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
    };
    for (name, value) in [
        ("Package", "plumbline"),
        ("Version", "1.2.3"),
        ("Architecture", "amd64"),
        ("Depends", "libc6 (>= 2.36), libgcc-s1, passwd, util-linux"),
    ] {
        assert_eq!(field(name).as_deref(), Some(value));
    }
    assert!(field("Installed-Size").unwrap().parse::<u64>().unwrap() > 10);
    let info = dpkg_deb(&["--info"], &one);
    for part in ["conffiles", "control", "md5sums", "postinst", "postrm", "prerm"] {
        assert!(
            info.lines().any(|line| line.split_whitespace().any(|word| word == part)),
            "{part}"
        );
    }
    let contents = dpkg_deb(&["--contents"], &one);
    for line in contents.lines() {
        assert!(line.contains(" root/root "), "{line}");
        assert!(line.starts_with("drwxr-xr-x") || line.starts_with("-rw"), "{line}");
    }
    assert!(contents.contains("./usr/lib/plumbline/plugins/approval.wasm"), "{contents}");
}

/// The command starts the program with the machine's home, unless the caller names another.
#[test]
fn the_command_knows_the_home() {
    let dir = tempfile::tempdir().unwrap();
    let tree = staged(&dir, "tree");
    let program = dir.path().join("say-home");
    write(&program, b"#!/bin/sh\necho \"$PLUMBLINE_HOME $PLUMBLINE_LANG $*\"\n", 0o755).unwrap();
    let settings = tree.join("etc/default/plumbline").display().to_string();
    // The same script with the places of this test.
    let text = fs::read_to_string(tree.join("usr/bin/plumbline")).unwrap();
    let text = text
        .replace("program=/usr/lib/plumbline/plumbline", &format!("program={}", program.display()))
        .replace("/etc/default/plumbline", &settings)
        .replace(
            "exec setpriv --reuid=\"$user\" --regid=\"$user\" --init-groups --",
            "exec env AS=1",
        );
    let script = dir.path().join("command");
    write(&script, text.as_bytes(), 0o755).unwrap();
    let run = |home: Option<&str>, words: &[&str]| {
        let mut command = Command::new(&script);
        command.env_remove("PLUMBLINE_HOME").env_remove("PLUMBLINE_LANG").args(words);
        if let Some(home) = home {
            command.env("PLUMBLINE_HOME", home).env("PLUMBLINE_LANG", "en");
        }
        said(&mut command).unwrap()
    };
    assert_eq!(run(None, &["alerts", "list"]), "/var/lib/plumbline zh alerts list");
    assert_eq!(run(Some("/srv/x"), &["doctor"]), "/srv/x en doctor");
    assert_eq!(run(None, &["--home", "y z"]), "/var/lib/plumbline zh --home y z");
}
