//! A home, its service as a process of its own, and commands as further processes.

use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use tempfile::TempDir;

pub(crate) struct Desk {
    pub(crate) dir: TempDir,
}

impl Desk {
    /// A home without plugins.
    pub(crate) fn bare() -> Self {
        let desk = Self { dir: tempfile::tempdir().unwrap() };
        desk.run(["init", "--no-plugins", "--region", "370203"]).ok();
        desk
    }

    /// A home with the shipped plugins, or `None` with a note.
    pub(crate) fn with_plugins() -> Option<Self> {
        let Some(plugins) = std::env::var_os("PLUMBLINE_TEST_PLUGINS") else {
            eprintln!("skipped: PLUMBLINE_TEST_PLUGINS is not set");
            return None;
        };
        let desk = Self { dir: tempfile::tempdir().unwrap() };
        let words = ["init", "--region", "370203", "--plugins"].map(OsStr::new);
        desk.run([&words[..], &[plugins.as_os_str()]].concat()).ok();
        Some(desk)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A command whose folder is that of the desk.
    pub(crate) fn command(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        command.current_dir(self.dir.path()).env("PLUMBLINE_HOME", self.home());
        command.env_remove("PLUMBLINE_LANG").args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Said {
        Said::of(self.command(words).output().unwrap())
    }

    /// Starts the service and waits until it listens.
    pub(crate) fn serve(&self) -> Serving {
        let words = ["--json", "serve", "--listen", "127.0.0.1:0"];
        Serving::start(self.command(words), &self.home())
    }
}

/// What a command said, and its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().expect("no signal ends it");
        Self { code, out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    pub(crate) fn json(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }

    /// The code of the error that was told as JSON.
    pub(crate) fn error(&self) -> String {
        let object: Value = serde_json::from_str(&self.err).unwrap_or_else(|_| panic!("{self:?}"));
        object["error"].as_str().unwrap().to_owned()
    }
}

/// A service that does not outlive the test, whatever becomes of that.
pub(crate) struct Serving {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    address: String,
    token: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Mostly it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    pub(crate) fn start(mut command: Command, home: &Path) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        let token = std::fs::read_to_string(home.join("keys/http.token")).unwrap();
        Self { child, log, address: ready["listening"].as_str().unwrap().to_owned(), token }
    }

    /// Reads the log up to a line that has this in it.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let found = self.log.by_ref().any(|line| line.unwrap().contains(text));
        assert!(found, "the log ends without `{text}`");
    }

    /// Delivers events as lines; returns the status and the answer.
    pub(crate) fn post(&self, lines: &str) -> (u16, Value) {
        let (token, length) = (&self.token, lines.len());
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "POST /v1/events HTTP/1.1\r\nhost: test\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncontent-type: application/x-ndjson\r\ncontent-length: {length}\r\n\r\n{lines}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
    }

    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Ends without any order.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Waits for the end; returns the exit code and the rest of the log.
    pub(crate) fn end(mut self) -> (i32, String) {
        let rest: Vec<_> = self.log.by_ref().map(Result::unwrap).collect();
        (self.child.wait().unwrap().code().expect("no signal ends it"), rest.join("\n"))
    }

    /// Stops in good order.
    pub(crate) fn stop(self) {
        self.terminate();
        let (code, log) = self.end();
        assert_eq!(code, 0, "{log}");
    }
}

/// Events of cases whose statutory limit is long over.
pub(crate) fn late_cases(numbers: Range<usize>) -> String {
    let event = |number: usize| {
        format!(
            r#"{{"specversion":"1.0","id":"e{number}","source":"/370203/hall","type":"approval.case.accepted","time":"2026-02-09T10:00:00+08:00","recordedtime":"2026-02-09T10:00:00+08:00","region":"370203","dept":"D-SCJG","data":{{"case_no":"C{number}","officer":"o-1","receipt_no":"SL-{number}"}}}}"#
        )
    };
    numbers.map(|number| event(number) + "\n").collect()
}
