//! What a source hands on: the coded picture of one moment.

/// How a stream is coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codec {
    H264,
    H265,
    /// As the container or the camera names it.
    Other(String),
}

impl Codec {
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::H264 => "H.264",
            Self::H265 => "H.265",
            Self::Other(name) => name,
        }
    }
}

/// The units of one picture, as an Annex-B byte stream. A key unit brings its parameter sets along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessUnit {
    /// Microseconds since the source began, by the source's own clock.
    pub at_us: i64,
    /// Whether decoding may begin here (IDR).
    pub key: bool,
    pub data: Vec<u8>,
}
