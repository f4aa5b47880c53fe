//! The eyes of the appliance: takes in a camera or a recorded file, decodes H.264 and reduces each
//! picture to numbers about zones and picture quality.
//!
//! No picture leaves this room unless a still or a clip is asked for, no face and no person is
//! recognised, and nothing here decides whether a rule is broken: that is the plugin's work. Reading a stream and decoding it are kept apart from
//! the numbers (`grid`, `zone`, `reference`, `observe`, `health`, `minute`), which are pure.

mod bits;
mod camera;
mod clip;
mod decode;
mod detector;
mod error;
mod fleet;
mod grid;
mod health;
mod live;
mod minute;
mod nal;
mod observe;
mod post;
mod probe;
mod reference;
mod ring;
mod source;
mod sps;
mod stage;
mod still;
#[cfg(test)]
mod testing;
mod unit;
mod watch;
mod zone;

pub use clip::Clip;
pub use decode::{Decoder, Mode, Picture, Plane};
pub use detector::{Counting, Detector, EVERY_US as DETECT_EVERY_US};
pub use error::{Kind, VideoError};
pub use fleet::{CAMERAS_MAX, CLIP_S_MAX, Fleet, LEARN_S_MAX, LastPicture};
pub use grid::{Grid, HEIGHT as GRID_HEIGHT, WIDTH as GRID_WIDTH};
pub use health::{Change, Health, Limits, State};
pub use live::Backoff;
pub use minute::{Minute, Minutes, ZoneMinute};
pub use nal::{NalType, slice_is_bidirectional, units as nal_units};
pub use observe::{Observer, Sample, ZoneSample};
pub use post::{Evidence, Message, Post, Status, Wanted};
pub use probe::{Finding, Probe, Report};
pub use reference::{Reference, ReferenceBuilder};
pub use ring::{RING_BYTES_MAX, RING_US, Ring};
pub use source::{Opened, Source};
pub use sps::Sps;
pub use stage::{STAGE_HEIGHT, STAGE_WIDTH, Scene, stage};
pub use still::Still;
pub use unit::{AccessUnit, Codec};
pub use watch::{Subject, Watch, Written};
pub use zone::{Place, Zone, Zones};
