//! Sequence parameter sets of H.264: profile, size, and what decides whether the stream can be
//! decoded at all.

use crate::bits::Bits;
use crate::nal::{self, NalType};
use crate::unit::AccessUnit;

/// Scaling lists that a set may carry.
const SCALING_LISTS_420: usize = 8;
const SCALING_LISTS_444: usize = 12;
/// Entries of `offset_for_ref_frame`, by the standard.
const REF_FRAMES_IN_CYCLE_MAX: u32 = 255;
/// Macroblocks along a side; level 6.2 allows no more than 1055.
const SIDE_MACROBLOCKS_MAX: u32 = 1055;
/// `aspect_ratio_idc` of a ratio that is written out.
const EXTENDED_SAR: u32 = 255;

/// What a sequence parameter set says.
#[derive(Clone, Debug, PartialEq)]
pub struct Sps {
    /// `profile_idc`: 66 Baseline, 77 Main, 100 High, 110 High 10, 122 High 4:2:2, 244 High 4:4:4.
    pub profile: u8,
    /// `constraint_set0_flag` and following, highest bit first.
    pub constraints: u8,
    /// Level times ten.
    pub level: u8,
    /// 1 is 4:2:0, 0 grey, 2 4:2:2, 3 4:4:4.
    pub chroma_format: u8,
    /// Bits of a luma sample.
    pub bit_depth: u8,
    /// Whether pictures may be fields or hold fields.
    pub interlaced: bool,
    /// Pixels, after cropping.
    pub width: u32,
    pub height: u32,
    /// Pictures a second, if the set says so.
    pub frame_rate: Option<f64>,
    /// Whether brightness takes all levels from 0 to 255 and not those from 16 to 235.
    pub full_range: bool,
}

impl Sps {
    /// Reads a unit of type SPS, without its start code. `None` if it is damaged.
    #[must_use]
    pub fn parse(unit: &[u8]) -> Option<Self> {
        let clean = nal::payload(unit);
        let mut bits = Bits::new(&clean);
        let profile = u8::try_from(bits.fixed(8)?).ok()?;
        let constraints = u8::try_from(bits.fixed(8)?).ok()?;
        let level = u8::try_from(bits.fixed(8)?).ok()?;
        bits.unsigned()?; // seq_parameter_set_id
        let (chroma_format, bit_depth) = colour(&mut bits, profile)?;
        bits.unsigned()?; // log2_max_frame_num_minus4
        order(&mut bits)?;
        bits.unsigned()?; // max_num_ref_frames
        bits.flag()?; // gaps_in_frame_num_value_allowed_flag
        let across = bits.unsigned()?.checked_add(1)?;
        let map_units = bits.unsigned()?.checked_add(1)?;
        if across > SIDE_MACROBLOCKS_MAX || map_units > SIDE_MACROBLOCKS_MAX {
            return None;
        }
        let interlaced = !bits.flag()?;
        if interlaced {
            bits.flag()?; // mb_adaptive_frame_field_flag
        }
        bits.flag()?; // direct_8x8_inference_flag
        let fields = 1 + u32::from(interlaced);
        let (mut width, mut height) = (across * 16, map_units * 16 * fields);
        if bits.flag()? {
            let (step_x, step_y) = match chroma_format {
                0 | 3 => (1, fields),
                2 => (2, fields),
                _ => (2, 2 * fields),
            };
            let mut side = |step: u32| bits.unsigned()?.checked_mul(step);
            let (left, right) = (side(step_x)?, side(step_x)?);
            let (top, bottom) = (side(step_y)?, side(step_y)?);
            width = width.checked_sub(left.checked_add(right)?)?;
            height = height.checked_sub(top.checked_add(bottom)?)?;
        }
        if width == 0 || height == 0 {
            return None;
        }
        let Usability { frame_rate, full_range } = usability(&mut bits);
        Some(Self {
            profile,
            constraints,
            level,
            chroma_format,
            bit_depth,
            interlaced,
            width,
            height,
            frame_rate,
            full_range,
        })
    }

    /// That of a unit which brings one along.
    #[must_use]
    pub fn of(unit: &AccessUnit) -> Option<Self> {
        let set = nal::units(&unit.data).find(|nal| NalType::of(nal) == NalType::Sps);
        set.and_then(Self::parse)
    }

    /// The name that cameras show in their settings.
    #[must_use]
    pub fn profile_name(&self) -> &'static str {
        match self.profile {
            66 if self.constraints & 0x40 != 0 => "Constrained Baseline",
            66 => "Baseline",
            77 => "Main",
            88 => "Extended",
            100 => "High",
            110 => "High 10",
            122 => "High 4:2:2",
            244 => "High 4:4:4",
            _ => "?",
        }
    }
}

/// `chroma_format_idc` and the depth of luma samples, which only the higher profiles write.
fn colour(bits: &mut Bits<'_>, profile: u8) -> Option<(u8, u8)> {
    if !matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135)
    {
        return Some((1, 8));
    }
    let chroma = bits.unsigned()?;
    if chroma > 3 {
        return None;
    }
    if chroma == 3 {
        bits.flag()?; // separate_colour_plane_flag
    }
    let depth = bits.unsigned()?;
    if depth > 6 {
        return None;
    }
    bits.unsigned()?; // bit_depth_chroma_minus8
    bits.flag()?; // qpprime_y_zero_transform_bypass_flag
    if bits.flag()? {
        let lists = if chroma == 3 { SCALING_LISTS_444 } else { SCALING_LISTS_420 };
        for list in 0..lists {
            if bits.flag()? {
                skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some((u8::try_from(chroma).ok()?, u8::try_from(depth).ok()? + 8))
}

fn skip_scaling_list(bits: &mut Bits<'_>, size: usize) -> Option<()> {
    let (mut last, mut next) = (8_i64, 8_i64);
    for _ in 0..size {
        if next != 0 {
            next = (last + bits.signed()?).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}

/// Skips what is said about the order of pictures.
fn order(bits: &mut Bits<'_>) -> Option<()> {
    match bits.unsigned()? {
        0 => {
            bits.unsigned()?;
        }
        1 => {
            bits.flag()?;
            bits.signed()?;
            bits.signed()?;
            let count = bits.unsigned()?;
            if count > REF_FRAMES_IN_CYCLE_MAX {
                return None;
            }
            for _ in 0..count {
                bits.signed()?;
            }
        }
        2 => {}
        _ => return None,
    }
    Some(())
}

/// What the usability information tells, which many cameras leave out.
#[derive(Default)]
struct Usability {
    frame_rate: Option<f64>,
    full_range: bool,
}

fn usability(bits: &mut Bits<'_>) -> Usability {
    let mut found = Usability::default();
    // What cannot be read to its end tells as much as came before.
    found.frame_rate = frame_rate(bits, &mut found.full_range);
    found
}

fn frame_rate(bits: &mut Bits<'_>, full_range: &mut bool) -> Option<f64> {
    if !bits.flag()? {
        return None;
    }
    if bits.flag()? && bits.fixed(8)? == EXTENDED_SAR {
        bits.fixed(32)?;
    }
    if bits.flag()? {
        bits.flag()?; // overscan_appropriate_flag
    }
    if bits.flag()? {
        bits.fixed(3)?; // video_format
        *full_range = bits.flag()?;
        if bits.flag()? {
            bits.fixed(24)?;
        }
    }
    if bits.flag()? {
        bits.unsigned()?;
        bits.unsigned()?;
    }
    if !bits.flag()? {
        return None;
    }
    let (tick, scale) = (bits.fixed(32)?, bits.fixed(32)?);
    if tick == 0 || scale == 0 {
        return None;
    }
    // A tick is a field: two make a picture.
    let rate = f64::from(scale) / (2.0 * f64::from(tick));
    (0.1..=240.0).contains(&rate).then_some(rate)
}
