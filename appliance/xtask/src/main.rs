//! `cargo xtask`: installs what is missing, builds, and starts. What is checked is checked by tests.
#![allow(clippy::print_stdout, reason = "a build tool talks to its user")]

mod deb;
mod plugins;
mod prerequisites;

use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const USAGE: &str = "\
cargo xtask demo     安装所缺、编译、运行演示 · installs what is missing, builds, runs the live demo
cargo xtask test     安装所缺、运行全部测试 · installs what is missing, runs all tests
cargo xtask plugins  编译并签名全部插件，连同例子 · builds and signs all plugins, the examples included
cargo xtask build    编译发行版 · builds the release binary and the plugins beside it
cargo xtask deb      制作 Debian 软件包 · makes the Debian package
cargo xtask bench    运行全部测量 · runs all benchmarks";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = root();
    match arguments.first().map(String::as_str) {
        Some("demo") => demo(&root, &arguments[1..]),
        Some("test") => test(&root, &arguments[1..]),
        Some("plugins") => {
            prerequisites::wasm()?;
            plugins::build_all(&root, &root.join("target/plugins"))?;
            plugins::build_vendors(&root, &root.join("target/vendors")).map(drop)
        }
        Some("build") => build(&root, "release").map(drop),
        Some("deb") => deb::package(&root, &build(&root, "dist")?).map(drop),
        Some("bench") => bench(&root),
        _ => {
            println!("{USAGE}");
            bail!("no such task");
        }
    }
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

fn run(command: &mut Command) -> Result<()> {
    println!("→ {command:?}");
    let status = command.status()?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.current_dir(root);
    command
}

/// Builds the binary by one of Cargo's profiles, with its plugins beside it; returns the binary.
fn build(root: &Path, profile: &str) -> Result<PathBuf> {
    prerequisites::compiler()?;
    prerequisites::wasm()?;
    run(cargo(root).args(["build", "--profile", profile, "--locked", "--package", "plumbline"]))?;
    let folder = root.join("target").join(profile);
    plugins::build_all(root, &folder.join("plugins"))?;
    Ok(folder.join("plumbline"))
}

fn demo(root: &Path, arguments: &[String]) -> Result<()> {
    let binary = build(root, "release")?;
    run(Command::new(binary).arg("demo").args(arguments).current_dir(root))
}

fn test(root: &Path, arguments: &[String]) -> Result<()> {
    prerequisites::compiler()?;
    prerequisites::wasm()?;
    prerequisites::nextest()?;
    prerequisites::judges()?;
    prerequisites::cameras()?;
    run(cargo(root).args(["fmt", "--all", "--check"]))?;
    run(cargo(root).args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))?;
    let packages = root.join("target/plugins");
    plugins::build_all(root, &packages)?;
    let vendors = plugins::build_vendors(root, &root.join("target/vendors"))?;
    run(cargo(root).args(["build", "--locked", "--package", "plumbline"]))?;
    run(cargo(root)
        .args(["nextest", "run", "--workspace", "--locked", "--no-fail-fast"])
        .args(arguments)
        .env("PLUMBLINE_TEST_PLUGINS", &packages)
        .env("PLUMBLINE_TEST_VENDORS", vendors)
        .env("PLUMBLINE_TEST_BINARY", root.join("target/debug/plumbline"))
        .env("PLUMBLINE_REQUIRE_JUDGES", "1")
        // The same cases every time; run `cargo nextest run` by hand to look for new ones.
        .env("PROPTEST_RNG_SEED", "20261122"))?;
    let vendor = root.join("examples/vendor-rust");
    run(cargo(&vendor).args(["test", "--quiet"]).env("CARGO_TARGET_DIR", root.join("target")))?;
    run(cargo(root)
        .args(["doc", "--workspace", "--no-deps", "--locked"])
        .env("RUSTDOCFLAGS", "-D warnings"))
}

fn bench(root: &Path) -> Result<()> {
    prerequisites::compiler()?;
    prerequisites::wasm()?;
    let packages = root.join("target/plugins");
    plugins::build_all(root, &packages)?;
    run(cargo(root)
        .args(["bench", "--workspace", "--locked", "--benches"])
        .env("PLUMBLINE_TEST_PLUGINS", &packages))
}
