//! Decodes with OpenH264: key frames only, because those are enough to see who sits where and cost a
//! tenth of everything, or all pictures for a short burst on request.
//!
//! What this decoder cannot do (interlaced, more than 8 bits, other colour formats) is refused by the
//! parameter set before a picture is tried, so that the reason can be told.

use crate::error::VideoError;
use crate::nal::{self, NalType};
use crate::sps::Sps;
use crate::unit::AccessUnit;
use openh264::OpenH264API;
use openh264::decoder::{DecodeOptions, DecodedYUV, Decoder as OpenH264, DecoderConfig, Flush};
use openh264::formats::YUVSource;

/// A burst lasts no longer, whatever is asked for; microseconds. All pictures of a 720p camera cost
/// a seventh of a core.
const BURST_MAX_US: i64 = 30_000_000;

/// Which pictures are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Key frames only.
    Keys,
    /// Every picture, until this moment of the source's clock in microseconds.
    Burst { until_us: i64 },
    /// Every picture, for files.
    All,
}

/// One colour plane of a decoded picture.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    pub width: usize,
    pub height: usize,
    /// Bytes from one row to the next, at least `width`.
    pub stride: usize,
    pub data: &'a [u8],
}

/// A decoded picture in 4:2:0. It lives until the next one is decoded.
#[derive(Debug)]
pub struct Picture<'a>(DecodedYUV<'a>);

impl<'a> Picture<'a> {
    /// `None` if the library names a size that its planes do not have.
    fn checked(yuv: DecodedYUV<'a>) -> Option<Self> {
        let picture = Self(yuv);
        let sound = [picture.luma(), picture.blue(), picture.red()].iter().all(|plane| {
            let filled = plane.width > 0 && plane.height > 0 && plane.width <= plane.stride;
            filled && plane.height * plane.stride <= plane.data.len()
        });
        sound.then_some(picture)
    }

    /// Brightness.
    #[must_use]
    pub fn luma(&self) -> Plane<'_> {
        let (width, height) = self.0.dimensions();
        Plane { width, height, stride: self.0.strides().0, data: self.0.y() }
    }

    /// Blue difference, half as wide and high.
    #[must_use]
    pub fn blue(&self) -> Plane<'_> {
        let (width, height) = self.0.dimensions_uv();
        Plane { width, height, stride: self.0.strides().1, data: self.0.u() }
    }

    /// Red difference, half as wide and high.
    #[must_use]
    pub fn red(&self) -> Plane<'_> {
        let (width, height) = self.0.dimensions_uv();
        Plane { width, height, stride: self.0.strides().2, data: self.0.v() }
    }
}

/// See the module.
pub struct Decoder {
    inner: OpenH264,
    mode: Mode,
    /// Whether every picture since the last key frame was decoded, so that the next one can be.
    unbroken: bool,
    /// Why the parameter sets of the stream cannot be decoded.
    refused: Option<Refused>,
    /// Size of the last parameter set, in pixels.
    size: Option<(u32, u32)>,
}

#[derive(Clone, Copy, Debug)]
enum Refused {
    Interlaced,
    BitDepth(u8),
    Chroma(u8),
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("mode", &self.mode).field("size", &self.size).finish()
    }
}

impl Decoder {
    /// # Errors
    /// The library could not be set up, which means that memory is short.
    pub fn new(mode: Mode) -> Result<Self, VideoError> {
        let inner = open()?;
        Ok(Self { inner, mode, unbroken: false, refused: None, size: None })
    }

    /// Decodes every picture from the next key frame on, for `length_us` microseconds after `from_us`.
    pub fn burst(&mut self, from_us: i64, length_us: i64) {
        if self.mode != Mode::All {
            let length_us = length_us.clamp(0, BURST_MAX_US);
            self.mode = Mode::Burst { until_us: from_us.saturating_add(length_us) };
            self.unbroken = false;
        }
    }

    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Decodes one unit. `None` if it is left out by the mode, waits for a key frame, or if its
    /// picture comes out later: streams with pictures that refer forward are two or three behind.
    ///
    /// # Errors
    /// The unit is damaged, or the stream is one that cannot be decoded. The decoder stays usable
    /// and goes on with the next key frame.
    pub fn decode(&mut self, unit: &AccessUnit) -> Result<Option<Picture<'_>>, VideoError> {
        if let Mode::Burst { until_us } = self.mode
            && unit.at_us > until_us
        {
            self.mode = Mode::Keys;
            // The library may hold pictures of the burst that would come out instead of the next.
            self.inner = open()?;
        }
        self.look_at_parameters(unit);
        if let Some(refused) = self.refused {
            return Err(refused.error());
        }
        if unit.data.is_empty() || !(unit.key || self.mode != Mode::Keys && self.unbroken) {
            return Ok(None);
        }
        self.unbroken = true;
        // Flushing brings a key frame out at once, and breaks streams that reorder pictures.
        let flush = if self.mode == Mode::Keys { Flush::Flush } else { Flush::NoFlush };
        let options = DecodeOptions::new().flush_after_decode(flush);
        match self.inner.decode_with_options(&unit.data, options) {
            Ok(yuv) => Ok(yuv.and_then(Picture::checked)),
            Err(error) => {
                self.unbroken = false;
                let text = error.to_string();
                Err(VideoError::Decode(text.lines().next().unwrap_or_default().to_owned()))
            }
        }
    }

    fn look_at_parameters(&mut self, unit: &AccessUnit) {
        if !unit.key {
            return;
        }
        for nal in nal::units(&unit.data) {
            match NalType::of(nal) {
                NalType::Sps => {
                    let Some(sps) = Sps::parse(nal) else { continue };
                    self.size = Some((sps.width, sps.height));
                    self.refused = Refused::of(&sps);
                }
                NalType::Key => return,
                _ => {}
            }
        }
    }
}

impl Refused {
    fn of(sps: &Sps) -> Option<Self> {
        if sps.bit_depth != 8 {
            Some(Self::BitDepth(sps.bit_depth))
        } else if sps.chroma_format != 1 {
            Some(Self::Chroma(sps.chroma_format))
        } else {
            sps.interlaced.then_some(Self::Interlaced)
        }
    }

    fn error(self) -> VideoError {
        match self {
            Self::Interlaced => VideoError::Interlaced,
            Self::BitDepth(bits) => VideoError::BitDepth(bits),
            Self::Chroma(format) => VideoError::Chroma(format),
        }
    }
}

/// Why a stream with these parameters cannot be decoded; `None` if it can.
pub(crate) fn refusal(sps: &Sps) -> Option<VideoError> {
    Refused::of(sps).map(Refused::error)
}

fn open() -> Result<OpenH264, VideoError> {
    let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
    OpenH264::with_api_config(OpenH264API::from_source(), config)
        .map_err(|error| VideoError::Decode(error.to_string()))
}
