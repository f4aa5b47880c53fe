//! What a machine needs besides Rust, installed through its ordinary package clients. Each step
//! says what it does and does nothing where it is not needed.

use crate::run;
use anyhow::{Result, bail};
use std::process::{Command, Stdio};

/// What the Go judge of the ledger is built with.
const JUDGE_PACKAGES: [&str; 2] = ["golang-go", "golang-golang-x-mod-dev"];

/// Cameras on loopback that are not ours, and an independent decoder of clips.
const CAMERA_PACKAGES: [&str; 6] = [
    "ffmpeg",
    "gir1.2-gst-rtsp-server-1.0",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-plugins-good",
    "python3",
    "python3-gi",
];

/// A C++ compiler, which the decoder of pictures is built with.
pub(crate) fn compiler() -> Result<()> {
    if succeeds(Command::new("c++").arg("--version")) {
        return Ok(());
    }
    println!("安装 C++ 编译器 · installing a C++ compiler");
    apt(&["gcc", "g++", "libc6-dev"])
}

/// GStreamer's RTSP server and ffmpeg, for the tests of cameras.
pub(crate) fn cameras() -> Result<()> {
    let server = "import gi; gi.require_version('GstRtspServer', '1.0'); \
                  from gi.repository import Gst, GstRtspServer; Gst.init(None); \
                  assert all(map(Gst.ElementFactory.find, ('qtdemux', 'h264parse')))";
    let streams = succeeds(Command::new("/usr/bin/python3").args(["-c", server]));
    if streams && succeeds(Command::new("ffmpeg").arg("-version")) {
        return Ok(());
    }
    println!("安装测试用摄像机 · installing cameras for the tests: GStreamer, ffmpeg");
    apt(&CAMERA_PACKAGES)
}

/// A compiler for plugins: rustup's target, else Debian's packages.
pub(crate) fn wasm() -> Result<()> {
    let here = std::env::current_dir()?;
    if plumbline_build::Toolchain::find(&here).is_ok() {
        return Ok(());
    }
    println!(
        "插件编译器：rustup 没有 {0}，改用 Debian 软件包 · compiler for plugins: rustup has no {0}, \
         using Debian's packages",
        plumbline_build::TARGET
    );
    apt(&plumbline_build::DEBIAN_PACKAGES)?;
    plumbline_build::Toolchain::find(&here)?;
    Ok(())
}

/// The test runner.
pub(crate) fn nextest() -> Result<()> {
    if succeeds(Command::new("cargo-nextest").args(["nextest", "--version"])) {
        return Ok(());
    }
    println!("安装测试运行器 · installing the test runner: cargo-nextest");
    run(Command::new("cargo").args(["install", "cargo-nextest", "--locked"]))
}

/// Independent verifiers of the ledger.
pub(crate) fn judges() -> Result<()> {
    let x_mod = std::path::Path::new("/usr/share/gocode/src/golang.org/x/mod");
    if succeeds(Command::new("go").arg("version")) && x_mod.exists() {
        return Ok(());
    }
    println!("安装独立验证器 · installing independent verifiers: Go and x/mod");
    apt(&JUDGE_PACKAGES)
}

/// Debian's own tools for packages.
pub(crate) fn dpkg() -> Result<()> {
    let all = ["dpkg", "dpkg-deb", "dpkg-query"];
    if all.iter().all(|tool| succeeds(Command::new(tool).arg("--version"))) {
        return Ok(());
    }
    println!("安装软件包工具 · installing the tools for packages: dpkg");
    apt(&["dpkg"])
}

/// Node.js and npm, for the JavaScript example.
pub(crate) fn node() -> Result<()> {
    if succeeds(Command::new("npm").arg("--version")) {
        return Ok(());
    }
    println!("安装 Node.js · installing Node.js");
    apt(&["nodejs", "npm"])
}

fn succeeds(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn apt(packages: &[&str]) -> Result<()> {
    if !succeeds(Command::new("apt-get").arg("--version")) {
        bail!("please install by hand, as this is no Debian: {}", packages.join(" "));
    }
    let root = Command::new("id").arg("-u").output()?.stdout.starts_with(b"0\n");
    let client = |arguments: &[&str]| {
        let mut command = if root {
            Command::new("apt-get")
        } else {
            let mut command = Command::new("sudo");
            command.arg("apt-get");
            command
        };
        command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
        command
    };
    run(&mut client(&["update", "--quiet"]))?;
    let mut install = client(&["install", "--yes", "--quiet", "--no-install-recommends"]);
    run(install.args(packages))
}
