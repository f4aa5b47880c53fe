//! One camera from coded pictures to what enters the log: decodes, measures, judges the state and
//! gathers minutes. Holds no thread and no socket, so that a file and a live camera give the same.

use crate::decode::{Decoder, Mode, Picture};
use crate::detector::{Counting, Detector, Pace};
use crate::error::VideoError;
use crate::grid::Grid;
use crate::health::{Change, Health, Limits, State};
use crate::minute::{MINUTE_MS, Minute, Minutes};
use crate::observe::{Observer, Sample};
use crate::reference::{Reference, ReferenceBuilder};
use crate::unit::AccessUnit;
use crate::zone::Zones;
use plumbline_contract::time::{Millis, Zone as Clock};
use serde_json::{Value, json};
use std::sync::Arc;

/// Who is watched, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Number of the camera, as in the table `camera`.
    pub camera: String,
    /// The `source` of its events.
    pub source: String,
    /// Region of the hall, if events should carry one.
    pub region: Option<String>,
    /// What the source's clock shows as 0.
    pub start: Millis,
    /// In which zone times are written.
    pub clock: Clock,
}

/// What enters the log.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    Minute(Minute),
    State(Change),
}

/// See the module.
#[derive(Debug)]
pub struct Watch {
    subject: Subject,
    decoder: Decoder,
    observer: Observer,
    health: Health,
    minutes: Minutes,
    latest: Option<Sample>,
    /// Collects pictures until this moment.
    learning: Option<(ReferenceBuilder, i64)>,
    detection: Option<Detection>,
}

/// A detector, and when it looks.
#[derive(Debug)]
struct Detection {
    counting: Counting,
    pace: Pace,
}

impl Watch {
    /// # Errors
    /// The decoder could not be set up.
    pub fn new(subject: Subject, observer: Observer, limits: Limits) -> Result<Self, VideoError> {
        Ok(Self {
            decoder: Decoder::new(Mode::Keys)?,
            observer,
            health: Health::new(limits),
            minutes: Minutes::new(subject.start.0),
            latest: None,
            learning: None,
            detection: None,
            subject,
        })
    }

    /// A camera that is watched from now on, microseconds since 1970, which is what its times count.
    ///
    /// # Errors
    /// The decoder could not be set up.
    pub fn live(
        subject: Subject,
        observer: Observer,
        limits: Limits,
        now_us: i64,
    ) -> Result<Self, VideoError> {
        let subject = Subject { start: Millis(0), ..subject };
        let mut watch = Self::new(subject, observer, limits.clone())?;
        watch.health = Health::beginning(limits, now_us);
        watch.minutes.begin(now_us);
        Ok(watch)
    }

    /// Looks through another table of zones, another reference or other limits from now on.
    pub fn adjust(&mut self, subject: Subject, observer: Observer, limits: Limits) {
        self.subject = Subject { start: self.subject.start, ..subject };
        self.observer = observer;
        self.health.set_limits(limits);
    }

    /// Takes a reference from the pictures up to a moment; see [`Watch::learned`].
    pub fn learn(&mut self, until_us: i64) {
        self.learning = Some((ReferenceBuilder::default(), until_us));
    }

    /// The reference that was asked for, once its time is over.
    pub fn learned(&mut self, now_us: i64) -> Option<Result<Reference, VideoError>> {
        let (builder, _) = self.learning.take_if(|(_, until_us)| *until_us <= now_us)?;
        Some(builder.finish())
    }

    /// What the camera's clock shows at a moment of ours, both in microseconds since 1970.
    pub fn camera_clock(&mut self, now_us: i64, shown_us: i64) -> Vec<Written> {
        let written = self.minutes(|minutes| minutes.clock(now_us));
        self.minutes.clock_off(now_us, shown_us - now_us);
        written
    }

    /// Lets a detector count persons, once in so many microseconds of the source's clock at most.
    #[must_use]
    pub fn with_detector(mut self, detector: Arc<Detector>, every_us: i64) -> Self {
        let counting = Counting { detector, every_us };
        self.detection = Some(Detection { counting, pace: Pace::new(every_us) });
        self
    }

    /// Has persons counted or not from now on, with a first look that comes so much later. What is as
    /// it was goes on as it does.
    pub(crate) fn count(&mut self, counting: Option<&Counting>, now_us: i64, delay_us: i64) {
        let before = self.detection.take();
        self.detection = counting.map(|counting| match before {
            Some(before) if before.counting == *counting => before,
            _ => Detection {
                counting: counting.clone(),
                pace: Pace::beginning(counting.every_us, now_us, delay_us),
            },
        });
    }

    /// The camera's state; `None` before the first picture or failure.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.health.state()
    }

    /// The numbers of the last picture, for a page that shows what is seen now.
    #[must_use]
    pub fn latest(&self) -> Option<&Sample> {
        self.latest.as_ref()
    }

    /// Decodes all pictures from the next key frame on for a while; see [`Decoder::burst`].
    pub fn burst(&mut self, from_us: i64, length_us: i64) {
        self.decoder.burst(from_us, length_us);
    }

    /// A unit has come.
    pub fn unit(&mut self, unit: &AccessUnit) -> Vec<Written> {
        let mut written = self.minutes(|minutes| minutes.unit(unit.at_us));
        written.extend(self.health.unit(unit.at_us).map(Written::State));
        let change = match self.decoder.decode(unit) {
            Ok(None) => None,
            Ok(Some(picture)) => {
                let grid = Grid::of(&picture.luma());
                let learned = self.learning.as_mut().map(|(builder, _)| (builder, grid.clone()));
                let mut sample = self.observer.look(unit.at_us, grid);
                if let Some((builder, grid)) = learned
                    && self.health.shows_something(&sample)
                {
                    builder.add(&grid);
                }
                if let Some(detection) = &mut self.detection {
                    detection.look(&picture, self.observer.zones(), &mut sample);
                }
                self.minutes.picture(&sample);
                let change = self.health.picture(&sample);
                self.latest = Some(sample);
                change
            }
            Err(error) => self.health.failed(unit.at_us, &error),
        };
        written.extend(change.map(Written::State));
        written
    }

    /// The source failed, or has gone on after a failure.
    pub fn failed(&mut self, at_us: i64, error: &VideoError) -> Vec<Written> {
        self.observer.interrupted();
        let mut written = self.minutes(|minutes| minutes.clock(at_us));
        written.extend(self.health.failed(at_us, error).map(Written::State));
        written
    }

    /// Time has passed without units.
    pub fn clock(&mut self, at_us: i64) -> Vec<Written> {
        let mut written = self.minutes(|minutes| minutes.clock(at_us));
        written.extend(self.health.clock(at_us).map(Written::State));
        written
    }

    /// The minute that was begun, at the end of a recording.
    #[must_use]
    pub fn finish(self) -> (Subject, Option<Written>) {
        (self.subject, self.minutes.finish().map(Written::Minute))
    }

    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    fn minutes(&mut self, step: impl FnOnce(&mut Minutes) -> Vec<Minute>) -> Vec<Written> {
        step(&mut self.minutes).into_iter().map(Written::Minute).collect()
    }
}

impl Detection {
    /// A failure leaves the counts absent, which rules read as unknown.
    fn look(&mut self, picture: &Picture<'_>, zones: &Zones, sample: &mut Sample) {
        if !self.pace.is_due(sample.at_us) {
            return;
        }
        // While the detector looks at another camera, this one goes on; its next picture may be it.
        let Some(counts) = self.counting.detector.try_persons(picture, zones) else { return };
        self.pace.looked(sample.at_us);
        for (zone, count) in sample.zones.iter_mut().zip(counts.unwrap_or_default()) {
            zone.persons = Some(count);
        }
    }
}

impl Subject {
    /// The event of something written: a CloudEvent as the import reads it.
    ///
    /// Numbers repeat when the same recording is observed again, so a second import adds nothing.
    #[must_use]
    pub fn event(&self, written: &Written) -> Value {
        let Self { camera, source, .. } = self;
        let (kind, name, at, told, data) = match written {
            Written::Minute(minute) => {
                let at = self.clock.rfc3339(Millis(minute.at_ms));
                // The minute is known when it is over; rules must not know it earlier.
                let told = Millis(minute.at_ms + MINUTE_MS);
                let mut data = json!({ "cam": camera, "at": at });
                merge(&mut data, json!(minute));
                ("video.obs.minute", "minute", at, told, data)
            }
            Written::State(change) => {
                let moment = |us: i64| Millis(self.start.0 + us.div_euclid(1000));
                let at = self.clock.rfc3339(moment(change.since_us));
                let told = moment(change.told_us);
                let mut data =
                    json!({ "cam": camera, "state": change.state.stream(), "since": at });
                if let Some(quality) = change.state.quality() {
                    data["quality"] = json!(quality);
                }
                if let Some(reason) = &change.reason {
                    data["reason"] = json!(reason);
                }
                let name = change.state.quality().unwrap_or(change.state.stream());
                ("video.stream.state", name, at, told, data)
            }
        };
        let mut event = json!({
            "specversion": "1.0",
            "id": format!("{camera}/{name}/{at}"),
            "source": source,
            "type": kind,
            "subject": camera,
            "time": at,
            "recordedtime": self.clock.rfc3339(told),
            "data": data,
        });
        if let Some(region) = &self.region {
            event["region"] = json!(region);
        }
        event
    }
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}
