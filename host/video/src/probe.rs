//! Whether a camera or a file suits observation: codec, profile, size, key frames and rate, and what
//! to set otherwise. Looks at units; the caller decides how many.

use crate::decode::{Decoder, Mode, refusal};
use crate::error::VideoError;
use crate::grid::Grid;
use crate::nal::{self, NalType};
use crate::sps::Sps;
use crate::unit::{AccessUnit, Codec};

/// Seconds between key frames up to which seats and motion are seen often enough.
const KEY_INTERVAL_MAX_S: f64 = 4.0;
/// Seconds without a key frame after which nothing useful can be said: a minute would have three
/// pictures, and a camera that joins in the middle is dark for as long.
const KEY_INTERVAL_USELESS_S: f64 = 15.0;
/// Pixels that cost more to decode than the zones need: a key frame in 1080p costs six times one in
/// 360p and shows no more on the grid.
const PIXELS_MAX: u64 = 1280 * 720;

/// Something that a person should know about the stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Not H.264.
    Codec(Codec),
    Interlaced,
    BitDepth(u8),
    Chroma(u8),
    /// No sequence parameter set came, or none that can be read.
    NoParameters,
    /// No key frame came: the camera refreshes the picture bit by bit, or very seldom.
    NoKeyFrames,
    /// Key frames came and none could be decoded.
    NothingDecoded(String),
    /// No unit came at all.
    Empty,
    /// The stream broke off.
    Broken(String),
    /// Longest distance of key frames, seconds.
    KeysFarApart(f64),
    /// Only one key frame was seen in so many seconds, so their distance is unknown.
    OneKeyFrame(f64),
    Large(u32, u32),
    /// Pictures refer forward (B frames): a burst comes two or three pictures late.
    Reorders,
    /// Key frames that could not be decoded.
    SomeDamaged(u32),
}

impl Finding {
    /// What an error says about how the camera is set; `None` if it is none of that.
    #[must_use]
    pub fn of(error: &VideoError) -> Option<Self> {
        match error {
            VideoError::Codec(codec) => Some(Self::Codec(codec.clone())),
            VideoError::Interlaced => Some(Self::Interlaced),
            VideoError::BitDepth(bits) => Some(Self::BitDepth(*bits)),
            VideoError::Chroma(format) => Some(Self::Chroma(*format)),
            VideoError::NoVideoTrack => Some(Self::Empty),
            _ => None,
        }
    }

    /// Whether the stream cannot be observed because of it.
    #[must_use]
    pub fn forbids(&self) -> bool {
        match self {
            Self::KeysFarApart(seconds) | Self::OneKeyFrame(seconds) => {
                *seconds > KEY_INTERVAL_USELESS_S
            }
            Self::Broken(_) | Self::Large(..) | Self::Reorders | Self::SomeDamaged(_) => false,
            _ => true,
        }
    }
}

/// What was found out.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub codec: Codec,
    pub sps: Option<Sps>,
    pub frames: u32,
    pub keys: u32,
    pub decoded: u32,
    /// Seconds from the first unit to the last.
    pub length_s: f64,
    /// Coded pictures a second, as they came.
    pub fps: Option<f64>,
    /// Mean and longest distance of key frames in seconds.
    pub key_interval_s: Option<(f64, f64)>,
    /// Kilobits a second.
    pub bitrate_kbps: Option<f64>,
    /// How often the size changed.
    pub size_changes: u32,
    pub findings: Vec<Finding>,
}

impl Report {
    #[must_use]
    pub fn suits(&self) -> bool {
        !self.findings.iter().any(Finding::forbids)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Probe {
    codec: Codec,
    decoder: Decoder,
    sps: Option<Sps>,
    size_changes: u32,
    frames: u32,
    bytes: u64,
    decoded: u32,
    failed: u32,
    last_failure: Option<String>,
    reorders: bool,
    span_us: Option<(i64, i64)>,
    keys_us: Vec<i64>,
}

/// Key frames whose distance is noted: an hour at one a second.
const KEYS_NOTED_MAX: usize = 3_600;

impl Probe {
    /// # Errors
    /// The decoder could not be set up.
    pub fn new(codec: Codec) -> Result<Self, VideoError> {
        Ok(Self {
            codec,
            decoder: Decoder::new(Mode::Keys)?,
            sps: None,
            size_changes: 0,
            frames: 0,
            bytes: 0,
            decoded: 0,
            failed: 0,
            last_failure: None,
            reorders: false,
            span_us: None,
            keys_us: Vec::new(),
        })
    }

    /// Looks at one unit.
    pub fn unit(&mut self, unit: &AccessUnit) {
        self.frames += 1;
        self.bytes += unit.data.len() as u64;
        let first = self.span_us.map_or(unit.at_us, |(first, _)| first);
        self.span_us = Some((first, unit.at_us));
        for nal in nal::units(&unit.data) {
            match NalType::of(nal) {
                NalType::Sps => self.parameters(nal),
                NalType::Slice => self.reorders |= nal::slice_is_bidirectional(nal),
                _ => {}
            }
        }
        if !unit.key {
            return;
        }
        if self.keys_us.len() < KEYS_NOTED_MAX {
            self.keys_us.push(unit.at_us);
        }
        match self.decoder.decode(unit) {
            // The grid is made as in observation, so that a picture that cannot be measured shows.
            Ok(Some(picture)) => {
                let grid = Grid::of(&picture.luma());
                self.decoded += u32::from(!grid.cells().is_empty());
            }
            Ok(None) => {}
            Err(error) => {
                self.failed += 1;
                self.last_failure = Some(error.to_string());
            }
        }
    }

    fn parameters(&mut self, nal: &[u8]) {
        let Some(sps) = Sps::parse(nal) else { return };
        if let Some(old) = &self.sps {
            let changed = (old.width, old.height) != (sps.width, sps.height);
            self.size_changes += u32::from(changed);
        }
        self.sps = Some(sps);
    }

    /// The verdict. `broken` says why the stream ended before it was meant to.
    #[must_use]
    pub fn finish(self, broken: Option<&VideoError>) -> Report {
        let seconds = |from: i64, to: i64| micros_to_seconds(to - from);
        let length_s = self.span_us.map_or(0.0, |(first, last)| seconds(first, last));
        let steps = f64::from(self.frames.saturating_sub(1));
        let fps = (length_s > 0.0).then(|| steps / length_s);
        let gaps = self.keys_us.windows(2).map(|pair| seconds(pair[0], pair[1]));
        let (mut sum, mut longest, mut number) = (0.0, 0.0_f64, 0.0);
        for gap in gaps {
            (sum, longest, number) = (sum + gap, longest.max(gap), number + 1.0);
        }
        let key_interval_s = (number > 0.0).then(|| (sum / number, longest));
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let bitrate_kbps = fps.map(|_| self.bytes as f64 * 8.0 / 1000.0 / length_s);
        let mut findings = self.forbidding();
        if let Some(error) = broken {
            findings.push(Finding::Broken(error.to_string()));
        }
        if findings.iter().all(|finding| !finding.forbids()) {
            findings.extend(self.notable(length_s, key_interval_s));
        }
        Report {
            codec: self.codec,
            frames: self.frames,
            keys: u32::try_from(self.keys_us.len()).unwrap_or(u32::MAX),
            decoded: self.decoded,
            length_s,
            fps,
            key_interval_s,
            bitrate_kbps,
            size_changes: self.size_changes,
            sps: self.sps,
            findings,
        }
    }

    fn forbidding(&self) -> Vec<Finding> {
        if self.codec != Codec::H264 {
            return vec![Finding::Codec(self.codec.clone())];
        }
        if self.frames == 0 {
            return vec![Finding::Empty];
        }
        let Some(sps) = &self.sps else { return vec![Finding::NoParameters] };
        match refusal(sps) {
            Some(VideoError::Interlaced) => return vec![Finding::Interlaced],
            Some(VideoError::BitDepth(bits)) => return vec![Finding::BitDepth(bits)],
            Some(VideoError::Chroma(format)) => return vec![Finding::Chroma(format)],
            _ => {}
        }
        if self.keys_us.is_empty() {
            return vec![Finding::NoKeyFrames];
        }
        if self.decoded == 0 {
            let why = self.last_failure.clone().unwrap_or_default();
            return vec![Finding::NothingDecoded(why)];
        }
        Vec::new()
    }

    fn notable(&self, length_s: f64, key_interval_s: Option<(f64, f64)>) -> Vec<Finding> {
        let mut findings = Vec::new();
        match key_interval_s {
            Some((_, longest)) if longest > KEY_INTERVAL_MAX_S => {
                findings.push(Finding::KeysFarApart(longest));
            }
            None if length_s > KEY_INTERVAL_MAX_S => findings.push(Finding::OneKeyFrame(length_s)),
            _ => {}
        }
        if let Some(sps) = &self.sps
            && u64::from(sps.width) * u64::from(sps.height) > PIXELS_MAX
        {
            findings.push(Finding::Large(sps.width, sps.height));
        }
        if self.reorders {
            findings.push(Finding::Reorders);
        }
        if self.failed > 0 {
            findings.push(Finding::SomeDamaged(self.failed));
        }
        findings
    }
}

#[expect(clippy::cast_precision_loss, reason = "times of streams have under 2^53 microseconds")]
pub(crate) fn micros_to_seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
