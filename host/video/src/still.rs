//! One picture as a JPEG in colour, its masks painted over: the only picture that leaves this room
//! for a person to look at.

use crate::decode::{Decoder, Mode, Picture, Plane};
use crate::error::VideoError;
use crate::sps::Sps;
use crate::unit::AccessUnit;
use crate::zone::Zone;
use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType, SamplingFactor};

/// Quality of the JPEG, 1 to 100: a 640x360 picture has about 50 kB.
const QUALITY: u8 = 80;
/// Side of the blocks that JPEG codes apart, in pixels. Masks cover whole ones, so that nothing of
/// what they hide can reach across, and no trace of an edge is left inside.
const BLOCK: usize = 8;
/// Brightness of a painted pixel; grey without colour.
const PAINT: u8 = 64;
const NO_COLOUR: u8 = 128;

/// See the module.
#[derive(Clone, PartialEq, Eq)]
pub struct Still {
    pub jpeg: Vec<u8>,
    /// When the picture was taken, microseconds of the unit's clock.
    pub at_us: i64,
    /// Pixels.
    pub width: usize,
    pub height: usize,
}

impl std::fmt::Debug for Still {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { jpeg, at_us, width, height } = self;
        write!(f, "Still({at_us}, {width}x{height}, {} bytes)", jpeg.len())
    }
}

impl Still {
    /// Decodes a key frame and paints over the zones of kind mask among `zones`.
    ///
    /// # Errors
    /// The unit cannot be decoded, or the picture is too large for a JPEG.
    pub fn of(unit: &AccessUnit, zones: &[Zone]) -> Result<Self, VideoError> {
        let mut decoder = Decoder::new(Mode::Keys)?;
        let full_range = Sps::of(unit).is_some_and(|sps| sps.full_range);
        let picture = decoder.decode(unit)?.ok_or(VideoError::NothingRecorded)?;
        Self::encode(&picture, unit.at_us, full_range, zones)
    }

    fn encode(
        picture: &Picture<'_>,
        at_us: i64,
        full_range: bool,
        zones: &[Zone],
    ) -> Result<Self, VideoError> {
        let Plane { width, height, .. } = picture.luma();
        let size = u16::try_from(width).ok().zip(u16::try_from(height).ok());
        let (columns, rows) =
            size.ok_or(VideoError::Still("a side has more than 65,535 pixels"))?;
        let masked = Masked::new(zones, width, height);
        let (luma, blue, red) = (picture.luma(), picture.blue(), picture.red());
        let levels = Levels::new(full_range);
        let canvas = Canvas { columns, rows, planes: [luma, blue, red], masked, levels };
        let mut jpeg = Vec::new();
        let mut encoder = Encoder::new(&mut jpeg, QUALITY);
        encoder.set_sampling_factor(SamplingFactor::F_1_1);
        let failed = |_| VideoError::Still("the picture cannot be written as JPEG");
        encoder.encode_image(canvas).map_err(failed)?;
        Ok(Self { jpeg, at_us, width, height })
    }
}

/// Which blocks of a picture are painted over: all that a mask touches.
struct Masked {
    across: usize,
    blocks: Vec<bool>,
}

impl Masked {
    fn new(zones: &[Zone], width: usize, height: usize) -> Self {
        let (across, down) = (width.div_ceil(BLOCK), height.div_ceil(BLOCK));
        let mut masked = Self { across, blocks: vec![false; across * down] };
        for zone in zones.iter().filter(|zone| zone.is_mask()) {
            masked.fill(zone, width, height);
            masked.edges(zone, width, height);
        }
        masked
    }

    #[expect(clippy::cast_precision_loss, reason = "pixels of a picture")]
    fn fill(&mut self, zone: &Zone, width: usize, height: usize) {
        for y in 0..height {
            let crossings = zone.crossings((y as f64 + 0.5) / height as f64);
            for pair in crossings.chunks_exact(2) {
                let inside = |x: &usize| {
                    let x = (*x as f64 + 0.5) / width as f64;
                    pair[0] <= x && x < pair[1]
                };
                for x in (0..width).filter(inside) {
                    self.paint(x, y);
                }
            }
        }
    }

    /// Whatever a side of the polygon runs through, so that a thin mask is not lost between pixels.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "corners lie in 0 to 1, so places lie in the picture"
    )]
    fn edges(&mut self, zone: &Zone, width: usize, height: usize) {
        let steps = 2 * width.max(height);
        let ends = zone.polygon.iter().zip(zone.polygon.iter().cycle().skip(1));
        for (&[x0, y0], &[x1, y1]) in ends {
            for step in 0..=steps {
                let part = step as f64 / steps as f64;
                let x = (x0 + (x1 - x0) * part) * width as f64;
                let y = (y0 + (y1 - y0) * part) * height as f64;
                self.paint((x as usize).min(width - 1), (y as usize).min(height - 1));
            }
        }
    }

    fn paint(&mut self, x: usize, y: usize) {
        self.blocks[y / BLOCK * self.across + x / BLOCK] = true;
    }

    fn hides(&self, x: usize, y: usize) -> bool {
        self.blocks[y / BLOCK * self.across + x / BLOCK]
    }
}

/// From the levels of video, 16 to 235, to those of JPEG, 0 to 255.
struct Levels {
    luma: [u8; 256],
    colour: [u8; 256],
}

impl Levels {
    fn new(full_range: bool) -> Self {
        let table = |from: i32, zero: i32, span: i32| {
            std::array::from_fn(|level| {
                let level = i32::try_from(level).unwrap_or(0);
                let wide = (level - from) * 255 / span + zero;
                u8::try_from(if full_range { level } else { wide.clamp(0, 255) }).unwrap_or(0)
            })
        };
        Self { luma: table(16, 0, 219), colour: table(128, 128, 224) }
    }
}

struct Canvas<'a> {
    columns: u16,
    rows: u16,
    /// Brightness, blue and red.
    planes: [Plane<'a>; 3],
    masked: Masked,
    levels: Levels,
}

impl ImageBuffer for Canvas<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.columns
    }

    fn height(&self) -> u16 {
        self.rows
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let y = usize::from(y);
        let [luma, blue, red] = &self.planes;
        let pixel = |plane: &Plane<'_>, x: usize, y: usize| {
            plane.data[y.min(plane.height - 1) * plane.stride + x.min(plane.width - 1)]
        };
        for x in 0..usize::from(self.columns) {
            let values = if self.masked.hides(x, y) {
                [PAINT, NO_COLOUR, NO_COLOUR]
            } else {
                let colour = |plane| usize::from(pixel(plane, x / 2, y / 2));
                [
                    self.levels.luma[usize::from(pixel(luma, x, y))],
                    self.levels.colour[colour(blue)],
                    self.levels.colour[colour(red)],
                ]
            };
            for (buffer, value) in buffers.iter_mut().zip(values) {
                buffer.push(value);
            }
        }
    }
}
