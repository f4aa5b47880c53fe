//! Programs that are not ours and say whether we are right: ffmpeg, and GStreamer's RTSP server.
//! Where one is missing the test says so and checks nothing, unless `PLUMBLINE_REQUIRE_JUDGES` is set.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Runs ffmpeg; `None` where it is missing, else what it complained of.
pub(crate) fn ffmpeg(arguments: &[&str]) -> Option<String> {
    let program = std::env::var_os("FFMPEG").unwrap_or_else(|| "ffmpeg".into());
    let run = Command::new(program)
        .args(["-nostdin", "-hide_banner", "-v", "error", "-y"])
        .args(arguments)
        .output();
    match run {
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => missing(&format!("ffmpeg: {error}")),
    }
}

/// All pictures of a file as bytes of red, green and blue.
pub(crate) fn pixels(file: &Path) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("pixels");
    let (from, to) = (file.to_str().unwrap(), raw.to_str().unwrap());
    // Each picture once, whatever rate ffmpeg takes the times for.
    let each = ["-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo"];
    let said = ffmpeg(&[&["-i", from][..], &each, &[to]].concat())?;
    assert_eq!(said, "", "{}", file.display());
    Some(std::fs::read(raw).unwrap())
}

fn missing<T>(what: &str) -> Option<T> {
    assert!(std::env::var_os("PLUMBLINE_REQUIRE_JUDGES").is_none(), "missing: {what}");
    eprintln!("skipped, missing: {what}");
    None
}

/// GStreamer's RTSP server with digest authentication, ended with the value.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// The server ends when this is closed.
    _held: ChildStdin,
    pub(crate) port: u16,
}

pub(crate) const USER: &str = "cam";
pub(crate) const PASSWORD: &str = "s3cret";

impl Server {
    /// Serves files under names, those of `h265` in that codec; `None` where GStreamer is missing.
    pub(crate) fn start(port: u16, mounts: &[(&str, &Path)], h265: &[&str]) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rtsp-server.py");
        let mut command = Command::new("/usr/bin/python3");
        command.arg(script).args(["--port", &port.to_string()]);
        command.args(["--user", USER, "--password", PASSWORD]);
        for mount in h265 {
            command.args(["--h265", mount]);
        }
        for (mount, file) in mounts {
            command.arg(format!("{mount}={}", file.display()));
        }
        let started =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => return missing(&format!("python3: {error}")),
        };
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Ok(port) = line.trim().parse() else {
            child.wait().unwrap();
            return missing("GStreamer's RTSP server for Python");
        };
        let held = child.stdin.take().unwrap();
        Some(Self { child, _held: held, port })
    }

    pub(crate) fn address(&self, mount: &str) -> String {
        format!("rtsp://{USER}:{PASSWORD}@127.0.0.1:{}/{mount}", self.port)
    }

    /// Stops the server in its tracks, or lets it go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
