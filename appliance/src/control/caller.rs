//! The caller's side: sends the command line, and writes what comes back to its own streams.

use super::{Call, HEAD_BYTES, Sort, frame, head, malformed, reachable};
use crate::cli::Out;
use crate::error::{AppError, Kind};
use crate::home::Home;
use crate::text::Lang;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

/// A connection to the service that holds a home.
#[derive(Debug)]
pub struct Caller {
    stream: UnixStream,
}

impl Caller {
    /// Connects to the service that holds the home, if there is one.
    #[must_use]
    pub fn connect(home: &Home) -> Option<Self> {
        let (path, _folder) = reachable(home).ok()?;
        UnixStream::connect(path).ok().map(|stream| Self { stream })
    }

    /// Has the service run a command line; its output goes to `out`. Returns the exit code.
    ///
    /// # Errors
    /// If the service goes away before the command has ended, or speaks another version.
    pub fn ask(mut self, arguments: &[OsString], out: &mut Out<'_>) -> Result<u8, AppError> {
        self.converse(arguments, out).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => AppError::new(Kind::Busy, "control-lost", error),
            _ => AppError::new(Kind::Failed, "control", error),
        })
    }

    fn converse(&mut self, arguments: &[OsString], out: &mut Out<'_>) -> io::Result<u8> {
        let call = Call {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            arguments: arguments.to_vec(),
            folder: std::env::current_dir()?.into_os_string(),
            english: out.lang == Lang::En,
            colour: out.terminal.colour,
        };
        self.stream.write_all(&frame(Sort::Call, &serde_json::to_vec(&call)?)?)?;
        loop {
            let mut bytes = [0; HEAD_BYTES];
            self.stream.read_exact(&mut bytes)?;
            let (sort, length) = head(bytes)?;
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body)?;
            match (sort, body.as_slice()) {
                (Sort::Out, body) => {
                    out.raw(body);
                    out.flush();
                }
                (Sort::Err, body) => out.aside(body),
                (Sort::Exit, [code]) => return Ok(*code),
                _ => return Err(malformed("a frame that is no answer")),
            }
        }
    }
}
