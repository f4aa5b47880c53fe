//! Some seconds of a camera as an MP4 file that browsers play: the units as they came, not coded
//! anew. Nothing is painted over in it; who keeps it seals it.

use crate::error::VideoError;
use crate::nal::{self, NalType};
use crate::sps::Sps;
use crate::unit::AccessUnit;
use muxide::api::{MuxerBuilder, VideoCodec};
use std::sync::Arc;

/// Units of one clip, at most: a minute at 60 a second.
const UNITS_MAX: usize = 3_600;
/// Smallest distance of two pictures, microseconds: MP4 counts in 90,000th parts of a second, and two
/// in one of them would be refused.
const STEP_US: i64 = 100;

/// See the module.
#[derive(Clone, PartialEq, Eq)]
pub struct Clip {
    /// An MP4 file with its index in front.
    pub bytes: Vec<u8>,
    /// First and last picture, microseconds of the units' clock.
    pub from_us: i64,
    pub to_us: i64,
    /// Pixels.
    pub width: u32,
    pub height: u32,
    /// Pictures.
    pub frames: usize,
}

impl std::fmt::Debug for Clip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { bytes, from_us, to_us, width, height, frames } = self;
        let bytes = bytes.len();
        write!(f, "Clip({from_us}..{to_us}, {width}x{height}, {frames} frames, {bytes} bytes)")
    }
}

impl Clip {
    /// Makes a clip of units in the order of decoding. Where the camera was set otherwise in between,
    /// the clip is the part that holds `around_us`: one file has one size.
    ///
    /// # Errors
    /// There is no unit, the first is no key frame with parameter sets, or pictures were reordered
    /// and their times do not say how.
    pub fn of(units: &[Arc<AccessUnit>], around_us: i64) -> Result<Self, VideoError> {
        let units = uniform(units, around_us);
        let first = units.first().ok_or(VideoError::NothingRecorded)?;
        let sps = parameters(first).and_then(Sps::parse);
        let sps = sps.ok_or(VideoError::Clip("the clip begins without parameter sets"))?;
        if units.len() > UNITS_MAX {
            return Err(VideoError::Clip("too many pictures"));
        }
        let times = times(units)?;
        let muxer = MuxerBuilder::new(Vec::new())
            .video(VideoCodec::H264, sps.width, sps.height, sps.frame_rate.unwrap_or(25.0))
            .with_fast_start(true);
        let refused = |error: muxide::api::MuxerError| VideoError::Mux(error.to_string());
        let mut muxer = muxer.build().map_err(refused)?;
        for (unit, (shown_us, decoded_us)) in units.iter().zip(times) {
            let (shown, decoded) = (seconds(shown_us), seconds(decoded_us));
            muxer.write_video_with_dts(shown, decoded, &unit.data, unit.key).map_err(refused)?;
        }
        muxer.finish_in_place().map_err(refused)?;
        let moments = || units.iter().map(|unit| unit.at_us);
        Ok(Self {
            bytes: muxer.into_writer(),
            from_us: moments().min().unwrap_or_default(),
            to_us: moments().max().unwrap_or_default(),
            width: sps.width,
            height: sps.height,
            frames: units.len(),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a clip has some seconds")]
fn seconds(us: i64) -> f64 {
    us as f64 / 1e6
}

/// The run of units with the same parameter set that holds a moment, or else the last one.
fn uniform(units: &[Arc<AccessUnit>], around_us: i64) -> &[Arc<AccessUnit>] {
    let (mut begin, mut current) = (0, None);
    for (place, unit) in units.iter().enumerate().filter(|(_, unit)| unit.key) {
        let Some(parameters) = parameters(unit) else { continue };
        if current.is_some_and(|current| current != parameters) {
            if unit.at_us > around_us {
                return &units[begin..place];
            }
            begin = place;
        }
        current = Some(parameters);
    }
    &units[begin..]
}

fn parameters(unit: &AccessUnit) -> Option<&[u8]> {
    nal::units(&unit.data).find(|nal| NalType::of(nal) == NalType::Sps)
}

/// When each unit is shown and decoded, microseconds from the beginning of the clip.
///
/// A camera says when a picture is shown. It must be decoded before, in the order of the units: the
/// same moments in rising order, all of them earlier by what the most delayed picture needs.
fn times(units: &[Arc<AccessUnit>]) -> Result<Vec<(i64, i64)>, VideoError> {
    let mut decoded: Vec<_> = units.iter().map(|unit| unit.at_us).collect();
    let rising = decoded.is_sorted();
    if rising && units.iter().any(|unit| refers_forward(unit)) {
        return Err(VideoError::Clip("pictures are reordered and their times do not say how"));
    }
    decoded.sort_unstable();
    let mut last = i64::MIN;
    for moment in &mut decoded {
        *moment = (*moment).max(last.saturating_add(STEP_US));
        last = *moment;
    }
    let pairs = || units.iter().map(|unit| unit.at_us).zip(&decoded);
    let delay = pairs().map(|(shown, decoded)| decoded - shown).max().unwrap_or(0).max(0);
    let begin = decoded.first().copied().unwrap_or(0);
    Ok(pairs().map(|(shown, decoded)| (shown + delay - begin, decoded - begin)).collect())
}

fn refers_forward(unit: &AccessUnit) -> bool {
    let slices = nal::units(&unit.data).filter(|nal| NalType::of(nal) == NalType::Slice);
    slices.into_iter().any(nal::slice_is_bidirectional)
}
