//! What goes wrong with a stream: a value with a kind. Nothing here is worth a panic, because one
//! bad camera must not touch the others.

use crate::unit::Codec;
use std::path::PathBuf;

/// What a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The file cannot be read.
    Io,
    /// What came is not what it claims to be; the rest of the stream may still be good.
    Damaged,
    /// Sound, but not for this decoder: the camera has to be set otherwise.
    Unsupported,
    /// User name or password.
    AuthFailed,
    /// The camera does not answer, or has stopped to send.
    Unreachable,
    /// The caller asked for something that makes no sense.
    Usage,
}

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: std::io::Error },
    #[error("neither an MP4 file nor an H.264 byte stream")]
    UnknownContainer,
    #[error("MP4: {0}")]
    Mp4(&'static str),
    #[error("no video track")]
    NoVideoTrack,
    #[error("coded as {}, not as H.264", .0.name())]
    Codec(Codec),
    #[error("interlaced")]
    Interlaced,
    #[error("{0} bits per sample")]
    BitDepth(u8),
    #[error("colour format {0}, not 4:2:0")]
    Chroma(u8),
    #[error("one picture has more than {0} bytes")]
    UnitTooLarge(usize),
    #[error("the decoder refused a picture: {0}")]
    Decode(String),
    #[error("zone {0}: fewer than three corners, or corners outside the picture")]
    Zone(String),
    #[error("the reference needs at least {needed} pictures, there are {found}")]
    ReferenceTooShort { needed: u32, found: u32 },
    #[error("the bytes are no reference: {0}")]
    Reference(&'static str),
    #[error("no such camera is watched: {0}")]
    UnknownCamera(String),
    #[error("{0}")]
    Limit(&'static str),
    #[error("nothing of that time is held")]
    NothingRecorded,
    #[error("no clip: {0}")]
    Clip(&'static str),
    #[error("no clip: {0}")]
    Mux(String),
    #[error("no still: {0}")]
    Still(&'static str),
    #[error("the watch of the camera has ended")]
    Stopped,
    #[error("the system starts no thread: {0}")]
    Thread(std::io::Error),
    #[error("this program was built without the detector of persons (feature detector)")]
    NoDetector,
    #[error("{path}: not the model that was named, its SHA-256 is {found}")]
    ModelHash { path: PathBuf, found: String },
    #[error("no model of persons that is known here: {0}")]
    Model(String),
    #[error("not an RTSP address: {0}")]
    Address(String),
    #[error("the camera refuses the user name or the password")]
    AuthFailed,
    #[error("the camera does not answer: {0}")]
    Unreachable(String),
    #[error("no picture for {0} ms")]
    Silent(u64),
    #[error("the camera has ended the stream")]
    Ended,
}

impl VideoError {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Io { .. } | Self::Thread(_) => Kind::Io,
            Self::UnknownContainer
            | Self::Mp4(_)
            | Self::UnitTooLarge(_)
            | Self::Decode(_)
            | Self::Reference(_)
            | Self::Clip(_)
            | Self::Mux(_)
            | Self::Still(_) => Kind::Damaged,
            Self::NoVideoTrack
            | Self::Codec(_)
            | Self::Interlaced
            | Self::BitDepth(_)
            | Self::Chroma(_) => Kind::Unsupported,
            Self::Zone(_)
            | Self::ReferenceTooShort { .. }
            | Self::Address(_)
            | Self::UnknownCamera(_)
            | Self::Limit(_)
            | Self::NothingRecorded
            | Self::Stopped => Kind::Usage,
            Self::NoDetector | Self::ModelHash { .. } | Self::Model(_) => Kind::Usage,
            Self::AuthFailed => Kind::AuthFailed,
            Self::Unreachable(_) | Self::Silent(_) | Self::Ended => Kind::Unreachable,
        }
    }
}
