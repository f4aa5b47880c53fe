//! A made-up hall, drawn and encoded here: for demonstrations and tests on a machine without a camera.
//! Nothing of it is ever taken for a real picture: whoever shows it says so.

use crate::error::VideoError;
use crate::unit::AccessUnit;
use openh264::OpenH264API;
use openh264::encoder::{Encoder, EncoderConfig, FrameRate, IntraFramePeriod, RateControlMode};
use openh264::formats::YUVBuffer;

/// Size of every picture, pixels.
pub const STAGE_WIDTH: usize = 320;
pub const STAGE_HEIGHT: usize = 180;
/// Pictures from one key frame to the next.
const KEYS_EVERY: u32 = 4;
/// Where somebody sits, in pixels from the left and from the top.
const SEAT: ([usize; 2], [usize; 2]) = ([80, 120], [80, 150]);

/// What is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// The hall, and nobody at the seat.
    Empty,
    /// Somebody sits there, and moves a little.
    Staffed,
    /// Something hangs before the lens.
    Covered,
}

impl Scene {
    /// The seat as the corners of a zone, in parts of the picture.
    #[must_use]
    pub fn seat() -> Vec<[f64; 2]> {
        let part = |at: usize, of: usize| f64::from(u16::try_from(at).unwrap_or(0)) / of as f64;
        let [left, right] = SEAT.0.map(|x| part(x, STAGE_WIDTH));
        let [top, bottom] = SEAT.1.map(|y| part(y, STAGE_HEIGHT));
        vec![[left, top], [right, top], [right, bottom], [left, bottom]]
    }
}

/// Plays scenes of so many pictures each; a picture lasts `step_us`.
///
/// # Errors
/// If the encoder fails.
pub fn stage(scenes: &[(Scene, u32)], step_us: i64) -> Result<Vec<AccessUnit>, VideoError> {
    let failed = |error: openh264::Error| VideoError::Decode(error.to_string());
    let config = EncoderConfig::new()
        .max_frame_rate(FrameRate::from_hz(10.0))
        .rate_control_mode(RateControlMode::Off)
        .scene_change_detect(false)
        .intra_frame_period(IntraFramePeriod::from_num_frames(KEYS_EVERY));
    let mut encoder =
        Encoder::with_api_config(OpenH264API::from_source(), config).map_err(failed)?;
    let (mut units, mut number) = (Vec::new(), 0_u32);
    for (scene, pictures) in scenes {
        for _ in 0..*pictures {
            let data = encoder.encode(&draw(*scene, number)).map_err(failed)?.to_vec();
            let key = number.is_multiple_of(KEYS_EVERY);
            units.push(AccessUnit { at_us: i64::from(number) * step_us, key, data });
            number += 1;
        }
    }
    Ok(units)
}

fn draw(scene: Scene, number: u32) -> YUVBuffer {
    let luma = STAGE_WIDTH * STAGE_HEIGHT;
    let mut yuv = vec![128_u8; luma * 3 / 2];
    for (place, value) in yuv[..luma].iter_mut().enumerate() {
        let noise = noise(place, number);
        *value = plain(scene, place % STAGE_WIDTH, place / STAGE_WIDTH, number) + noise;
    }
    YUVBuffer::from_vec(yuv, STAGE_WIDTH, STAGE_HEIGHT)
}

/// Brightness of a place without the noise of a sensor.
fn plain(scene: Scene, x: usize, y: usize, number: u32) -> u8 {
    let lean = usize::try_from(number / KEYS_EVERY % 3).unwrap_or(0) * 4;
    let ([left, right], [top, bottom]) = SEAT;
    let is_person = (left + lean..right - 8 + lean).contains(&x) && (top..bottom).contains(&y);
    let block = u8::try_from((x / 22 * 37 + y / 18 * 53) % 120).unwrap_or(0);
    match scene {
        Scene::Covered => 90,
        Scene::Staffed if is_person => 20,
        Scene::Empty | Scene::Staffed => 50 + block + if x % 22 < 2 { 0 } else { 30 },
    }
}

fn noise(place: usize, number: u32) -> u8 {
    let place = u32::try_from(place).unwrap_or(0);
    let mixed = (place ^ number.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b);
    u8::try_from((mixed >> 13) % 9).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Decoder, Grid, Mode, Observer, Place, Reference, ReferenceBuilder, Zone, Zones};

    fn grids(scene: Scene) -> Vec<Grid> {
        let mut decoder = Decoder::new(Mode::Keys).unwrap();
        let units = stage(&[(scene, 20)], 500_000).unwrap();
        assert!(units[0].key && !units[1].key && units[4].key && units[4].at_us == 2_000_000);
        let grid = |unit: &AccessUnit| {
            decoder.decode(unit).unwrap().map(|picture| Grid::of(&picture.luma()))
        };
        units.iter().filter_map(grid).collect()
    }

    #[test]
    fn somebody_at_the_seat_is_seen_and_nobody_is_not() {
        let mut builder = ReferenceBuilder::default();
        grids(Scene::Empty).iter().for_each(|grid| builder.add(grid));
        let reference: Reference = builder.finish().unwrap();
        let place =
            Place { zone: "s1".to_owned(), kind: "seat".to_owned(), seat: Some("W1".to_owned()) };
        let zone = Zone { place, polygon: Scene::seat() };
        for (scene, filled) in [(Scene::Empty, false), (Scene::Staffed, true)] {
            let zones = Zones::new(std::slice::from_ref(&zone)).unwrap();
            let mut observer = Observer::new(zones, Some(reference.clone()));
            for (number, grid) in grids(scene).into_iter().enumerate() {
                let at_us = i64::try_from(number).unwrap() * 2_000_000;
                let sample = observer.look(at_us, grid);
                assert_eq!(sample.zones[0].occ_ratio.unwrap() > 0.2, filled, "{scene:?}");
            }
        }
        let covered = &grids(Scene::Covered)[1];
        let (low, high) = (covered.cells().iter().min(), covered.cells().iter().max());
        assert!(high.unwrap() - low.unwrap() < 12);
    }
}
