//! What a fleet is told about a camera, what it is asked for, and what it hands back.

use crate::clip::Clip;
use crate::detector::Counting;
use crate::error::VideoError;
use crate::health::{Limits, State};
use crate::observe::Sample;
use crate::probe::Finding;
use crate::reference::Reference;
use crate::still::Still;
use crate::watch::{Subject, Written};
use crate::zone::Zone;
use serde_json::Value;
use std::time::Duration;

/// A camera to be watched: one row of the table of cameras with its zones.
#[derive(Clone, PartialEq)]
pub struct Post {
    /// Who it is; `start` is not used, a live camera counts microseconds since 1970.
    pub subject: Subject,
    /// `rtsp://user:password@host/path`; no message ever shows it.
    pub address: String,
    /// Zones, masks among them.
    pub zones: Vec<Zone>,
    /// Without one nothing is known about presence.
    pub reference: Option<Reference>,
    pub limits: Limits,
    /// How long the camera may take to answer and to bring the next picture.
    pub patience: Duration,
    /// Whether the last seconds are kept for clips. Without it only stills can be had.
    pub keeps_clips: bool,
    /// Whether persons are counted. Without it nothing is known about how many there are.
    pub counting: Option<Counting>,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Post")
            .field("camera", &self.subject.camera)
            .field("zones", &self.zones.len())
            .field("has_reference", &self.reference.is_some())
            .field("keeps_clips", &self.keeps_clips)
            .field("counts", &self.counting.is_some())
            .finish_non_exhaustive()
    }
}

/// What a fleet hands on. Everything about one camera comes in order.
#[derive(Debug)]
pub enum Message {
    /// Something for the log, and the same as events ready for it.
    Written { camera: String, written: Vec<Written>, events: Vec<Value> },
    /// The reference that was asked for, which the camera does not yet use: that is for whoever asked
    /// to decide.
    Learned { camera: String, reference: Result<Reference, VideoError> },
    /// What was asked for by [`crate::Fleet::collect`].
    Evidence(Box<Evidence>),
    /// The watch of this camera has ended, and of no other.
    Fault { camera: String, error: VideoError },
}

/// A moment of which pictures are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The caller's own number, which the evidence bears.
    pub request: u64,
    /// The moment, microseconds since 1970: that of the still, and the middle of the clip.
    pub around_us: i64,
    /// Seconds of the clip before and after it; `None` if only the still is wanted.
    pub clip_s: Option<(u32, u32)>,
}

/// Pictures of a moment.
#[derive(Debug)]
pub struct Evidence {
    pub camera: String,
    pub request: u64,
    /// The moment that was asked for, microseconds since 1970.
    pub around_us: i64,
    /// Not masked. `None` if none was asked for.
    pub clip: Option<Result<Clip, VideoError>>,
    /// The key frame at or before the moment, masks painted over.
    pub still: Result<Still, VideoError>,
}

/// What is known about a camera now. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    pub camera: String,
    /// `None` before the first picture or failure.
    pub state: Option<State>,
    /// Since when it is in this state.
    pub since_us: Option<i64>,
    /// Why, where the state does not say.
    pub reason: Option<String>,
    /// The numbers of the last picture.
    pub sample: Option<Sample>,
    /// Coded pictures a second over the last seconds; `None` while none come.
    pub fps: Option<f64>,
    /// Width and height in pixels of the last key frame.
    pub size: Option<(u32, u32)>,
    /// How the camera is set so that it cannot be observed.
    pub finding: Option<Finding>,
    /// The camera's clock less ours, seconds, if it tells.
    pub clock_off_s: Option<i64>,
    pub has_reference: bool,
    /// Whether a reference is being taken.
    pub is_learning: bool,
}

impl Status {
    pub(crate) fn new(camera: &str) -> Self {
        Self {
            camera: camera.to_owned(),
            state: None,
            since_us: None,
            reason: None,
            sample: None,
            fps: None,
            size: None,
            finding: None,
            clock_off_s: None,
            has_reference: false,
            is_learning: false,
        }
    }
}
