//! The control socket: a command of the command line that finds its home held by the running
//! service is sent to it, and the service runs it on its own open home.
//!
//! This module holds the protocol. The caller sends one frame, a [`Call`]; the answer is any number
//! of frames with bytes for the caller's two streams and, last, one with the exit code. A frame is
//! one byte that tells its kind, the length of its body as 32-bit little-endian number, and the
//! body. Whoever may open the socket may do all that the command line can do: it lies in the home,
//! for its owner only.

mod caller;
mod host;

pub use caller::Caller;
pub(crate) use host::Control;

use crate::cli::Terminal;
use crate::home::Home;
use crate::text::Lang;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// Largest call, in bytes: a command line of the system's own limit (2 MiB), whose bytes JSON
/// writes as numbers.
const CALL_BYTES_MAX: usize = 12 * 1024 * 1024;
/// Largest body of an answer's frame, in bytes; longer output takes several.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Longest path of a Unix socket in bytes (`sun_path` without its last zero).
const SOCKET_PATH_BYTES_MAX: usize = 107;
/// Bytes before the body of a frame.
const HEAD_BYTES: usize = 5;

/// A command line and what the service must know of its caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Version of the caller's program; another one may understand its arguments otherwise.
    pub version: String,
    /// With the name of the program first.
    pub arguments: Vec<OsString>,
    /// The caller's folder, from which its paths are counted.
    pub folder: OsString,
    pub english: bool,
    pub colour: bool,
}

impl Call {
    pub(crate) fn lang(&self) -> Lang {
        if self.english { Lang::En } else { Lang::Zh }
    }

    pub(crate) fn terminal(&self) -> Terminal {
        // A bar of progress is drawn on the process's own stream, and that is not the caller's.
        Terminal { colour: self.colour, progress: false }
    }
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Call = 1,
    Out = 2,
    Err = 3,
    Exit = 4,
}

impl Sort {
    fn of(byte: u8) -> io::Result<Self> {
        let known = [Self::Call, Self::Out, Self::Err, Self::Exit];
        let found = known.into_iter().find(|sort| *sort as u8 == byte);
        found.ok_or_else(|| malformed(format!("a frame of sort {byte}")))
    }

    fn bytes_max(self) -> usize {
        match self {
            Self::Call => CALL_BYTES_MAX,
            Self::Out | Self::Err => ANSWER_BYTES_MAX,
            Self::Exit => 1,
        }
    }
}

fn malformed(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

/// A frame as it goes over the socket.
fn frame(sort: Sort, body: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= sort.bytes_max());
    let length = length.ok_or_else(|| malformed(format!("{} bytes in a frame", body.len())))?;
    let mut bytes = Vec::with_capacity(HEAD_BYTES + body.len());
    bytes.push(sort as u8);
    bytes.extend(length.to_le_bytes());
    bytes.extend(body);
    Ok(bytes)
}

/// What the head of a frame says: its sort and the length of its body.
fn head(bytes: [u8; HEAD_BYTES]) -> io::Result<(Sort, usize)> {
    let [sort, length @ ..] = bytes;
    let sort = Sort::of(sort)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > sort.bytes_max() {
        return Err(malformed(format!("{length} bytes in a frame")));
    }
    Ok((sort, length))
}

/// A path by which the system finds the socket, however deep the home lies: the longer ones go by
/// an open folder, which must live as long as the path is used.
fn reachable(home: &Home) -> io::Result<(PathBuf, Option<File>)> {
    let path = home.control_socket();
    if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return Ok((path, None));
    }
    let folder = File::open(home.dir())?;
    let name = path.file_name().unwrap_or_default();
    let short = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
    Ok((short, Some(folder)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn frames_come_back_as_they_went_and_wrong_ones_are_refused() {
        for (sort, body) in [(Sort::Call, b"{}".as_slice()), (Sort::Out, b""), (Sort::Exit, &[4])] {
            let bytes = frame(sort, body).unwrap();
            let (first, rest) = bytes.split_first_chunk().unwrap();
            assert_eq!(head(*first).unwrap(), (sort, body.len()));
            assert_eq!(rest, body);
        }
        for wrong in [[0, 0, 0, 0, 0], [9, 1, 0, 0, 0], [4, 2, 0, 0, 0], [2, 255, 255, 255, 255]] {
            assert!(head(wrong).is_err(), "{wrong:?}");
        }
        assert!(frame(Sort::Err, &vec![0; ANSWER_BYTES_MAX + 1]).is_err());
    }

    #[test]
    fn a_call_may_name_files_that_are_no_text() {
        use std::os::unix::ffi::OsStringExt;
        let call = Call {
            version: "1".to_owned(),
            arguments: vec![OsString::from("import"), OsString::from_vec(vec![0xff, 0xfe])],
            folder: OsString::from("/"),
            english: true,
            colour: false,
        };
        let text = serde_json::to_vec(&call).unwrap();
        assert_eq!(serde_json::from_slice::<Call>(&text).unwrap(), call);
    }
}
