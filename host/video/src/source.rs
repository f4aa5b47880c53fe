//! Where coded pictures come from: a closed list. Each gives access units with the time of its own
//! clock, and ends with a reason if it breaks.

mod annexb;
mod mp4;
mod rtsp;

use crate::error::VideoError;
use crate::unit::{AccessUnit, Codec};
use annexb::AnnexB;
use mp4::Mp4;
use rtsp::Rtsp;
pub(crate) use rtsp::{Item, Session, runtime};
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::time::Duration;

/// Bytes of one coded picture, at most: a key frame of a 4K camera has two or three million.
pub(crate) const UNIT_BYTES_MAX: usize = 16 << 20;
/// Bytes at the beginning of a file that tell what it is.
const HEAD_BYTES: u64 = 4096;

/// See the module.
#[derive(Debug)]
pub enum Source {
    /// A bare H.264 byte stream; its clock counts pictures.
    AnnexB(AnnexB),
    Mp4(Mp4),
    /// A live camera.
    Rtsp(Rtsp),
}

/// A source and what was found out in opening it.
#[derive(Debug)]
pub struct Opened {
    pub source: Source,
    /// Short name of the container.
    pub container: &'static str,
    pub codec: Codec,
}

impl Source {
    /// Opens a file, whatever its name says.
    ///
    /// A file that holds another codec opens too, so that it can be reported; it gives no units.
    ///
    /// # Errors
    /// It cannot be read, is neither MP4 nor an H.264 byte stream, or its tables are damaged.
    pub fn open(path: &Path) -> Result<Opened, VideoError> {
        let io = |error| VideoError::Io { path: path.to_owned(), error };
        let mut file = File::open(path).map_err(io)?;
        let mut head = Vec::new();
        (&mut file).take(HEAD_BYTES).read_to_end(&mut head).map_err(io)?;
        file.rewind().map_err(io)?;
        if mp4::looks_like(&head) {
            let (mp4, codec) = Mp4::open(file, path)?;
            return Ok(Opened { source: Self::Mp4(mp4), container: "MP4", codec });
        }
        let codec = annexb::codec(&head).ok_or(VideoError::UnknownContainer)?;
        let source = Self::AnnexB(AnnexB::new(file, path));
        Ok(Opened { source, container: "Annex B", codec })
    }

    /// Opens a session with a camera, `rtsp://user:password@host/path`. Blocks for `patience` at most;
    /// that is also how long each picture may take to come.
    ///
    /// # Errors
    /// The camera does not answer, refuses the password, or has no video.
    pub fn connect(address: &str, patience: Duration) -> Result<Opened, VideoError> {
        let (rtsp, codec) = Rtsp::connect(address, patience)?;
        Ok(Opened { source: Self::Rtsp(rtsp), container: "RTSP", codec })
    }

    /// The next unit; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read on, or the session has ended. What came before is good; there is nothing after.
    #[expect(clippy::should_implement_trait, reason = "an iterator would go on after an error")]
    pub fn next(&mut self) -> Result<Option<AccessUnit>, VideoError> {
        match self {
            Self::AnnexB(source) => source.next(),
            Self::Mp4(source) => source.next(),
            Self::Rtsp(source) => source.next(),
        }
    }
}
