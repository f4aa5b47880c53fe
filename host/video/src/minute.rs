//! One minute of a camera as numbers: the payload of `video.obs.minute`. One-second values stay in
//! memory; this is what enters the log.

use crate::observe::{Sample, ZoneSample};
use crate::zone::Place;
use serde::Serialize;

pub(crate) const MINUTE_MS: i64 = 60_000;
/// A file whose clock jumps further ahead than this gives no empty minutes for the time between, but
/// one end and one beginning: a day.
const EMPTY_MINUTES_MAX: i64 = 1_440;
/// Minutes by which time may go back without notice: what units say of it wavers by seconds.
const BACK_MINUTES_MAX: i64 = 1;

/// What is measured in one minute. Fields that could not be measured are absent, which rules read as
/// unknown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Minute {
    /// Start of the minute, milliseconds since 1970.
    #[serde(skip)]
    pub at_ms: i64,
    /// Pictures that were decoded and measured.
    pub frames: u32,
    /// Coded pictures a second, decoded or not.
    pub fps: f64,
    pub zones: Vec<ZoneMinute>,
    /// The camera's clock less ours in whole seconds, as it last told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_off_s: Option<i64>,
    #[serde(flatten)]
    pub seen: Option<Seen>,
}

/// What the decoded pictures of a minute showed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seen {
    pub luma_mean: f64,
    pub luma_std: f64,
    pub sharp: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motion: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ref_sim: Option<f64>,
    /// Pictures of the longest run of equal ones within the minute, 1 if each differs.
    pub frame_hash_runs: u32,
    /// Longest time in whole seconds that every pixel had stood still, earlier minutes included.
    pub frozen_s: i64,
    /// Whether every picture was black.
    pub black: bool,
}

/// One zone in one minute.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ZoneMinute {
    pub zone: String,
    /// What the zone is for, as the table has it.
    pub kind: String,
    /// Seat of the roster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    /// Mean part of the zone that is filled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occ_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motion: Option<f64>,
    /// Most persons at once; absent unless a detector looked in this minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_max: Option<u32>,
}

/// Gathers samples into minutes.
#[derive(Debug)]
pub struct Minutes {
    /// What the source's clock shows as 0, milliseconds since 1970.
    start_ms: i64,
    open: Option<Open>,
    /// When the run of equal pictures began that goes on.
    still_since_us: Option<i64>,
}

#[derive(Debug, Default)]
struct Open {
    minute: i64,
    frames: u32,
    samples: u32,
    luma_mean: Mean,
    luma_std: Mean,
    sharp: Mean,
    motion: Mean,
    ref_sim: Mean,
    zones: Vec<ZoneMeans>,
    /// Pictures of the run that goes on, and of the longest, within the minute.
    run: u32,
    run_longest: u32,
    still_us: i64,
    black: u32,
    clock_off_s: Option<i64>,
    /// Microseconds of the minute that passed before the watch began.
    missed_us: i64,
}

#[derive(Debug)]
struct ZoneMeans {
    place: Place,
    filled: Mean,
    motion: Mean,
    person_max: Option<u32>,
}

#[derive(Debug, Default)]
struct Mean {
    sum: f64,
    number: u32,
}

impl Minutes {
    #[must_use]
    pub fn new(start_ms: i64) -> Self {
        Self { start_ms, open: None, still_since_us: None }
    }

    /// The watch begins: the minute counts from here, even if nothing comes.
    pub fn begin(&mut self, at_us: i64) {
        let into = (self.start_ms + at_us.div_euclid(1000)).rem_euclid(MINUTE_MS) * 1000;
        self.open(at_us).missed_us = into;
    }

    /// What the camera's clock showed less what ours shows, microseconds.
    pub fn clock_off(&mut self, at_us: i64, off_us: i64) {
        // To the nearest second.
        self.open(at_us).clock_off_s = Some((off_us + 500_000).div_euclid(1_000_000));
    }

    /// A coded picture has come. Returns the minutes that are over by then.
    pub fn unit(&mut self, at_us: i64) -> Vec<Minute> {
        let over = self.clock(at_us);
        let open = self.open(at_us);
        open.frames += 1;
        over
    }

    /// A picture was measured; its unit came before.
    pub fn picture(&mut self, sample: &Sample) {
        let since = match self.still_since_us {
            Some(since) if sample.same => since,
            _ => sample.at_us,
        };
        self.still_since_us = Some(since);
        let open = self.open(sample.at_us);
        open.samples += 1;
        open.luma_mean.add(Some(sample.luma_mean));
        open.luma_std.add(Some(sample.luma_std));
        open.sharp.add(Some(sample.sharp));
        open.motion.add(sample.motion);
        open.ref_sim.add(sample.ref_sim);
        open.black += u32::from(sample.black);
        open.run = if sample.same { open.run + 1 } else { 1 };
        open.run_longest = open.run_longest.max(open.run);
        open.still_us = open.still_us.max(sample.at_us - since);
        if open.zones.is_empty() {
            open.zones = sample.zones.iter().map(ZoneMeans::of).collect();
        }
        for (means, zone) in open.zones.iter_mut().zip(&sample.zones) {
            means.filled.add(zone.occ_ratio);
            means.motion.add(zone.motion);
            means.person_max = means.person_max.max(zone.persons);
        }
    }

    /// Time has passed. Returns the minutes that are over, empty ones too.
    pub fn clock(&mut self, at_us: i64) -> Vec<Minute> {
        let now = self.minute_of(at_us);
        if self.open.as_ref().is_some_and(|open| open.minute > now + BACK_MINUTES_MAX) {
            // The host's clock was ahead and has been set back: what was gathered has no true time.
            (self.open, self.still_since_us) = (None, None);
            self.begin(at_us);
        }
        let Some(first) = self.open.take_if(|open| open.minute < now) else { return Vec::new() };
        let last = first.minute;
        let mut over = vec![first.close()];
        if now - last <= EMPTY_MINUTES_MAX {
            let empty = (last + 1..now).map(|minute| Open { minute, ..Open::default() }.close());
            over.extend(empty);
        }
        self.open = Some(Open { minute: now, ..Open::default() });
        over
    }

    /// The minute that was begun, at the end of a file. One that a file merely touches is left out.
    pub fn finish(self) -> Option<Minute> {
        self.open.filter(|open| open.frames > 0).map(Open::close)
    }

    fn minute_of(&self, at_us: i64) -> i64 {
        (self.start_ms + at_us.div_euclid(1000)).div_euclid(MINUTE_MS)
    }

    fn open(&mut self, at_us: i64) -> &mut Open {
        let minute = self.minute_of(at_us);
        self.open.get_or_insert_with(|| Open { minute, ..Open::default() })
    }
}

impl Open {
    fn close(self) -> Minute {
        let seen = (self.samples > 0).then(|| Seen {
            luma_mean: self.luma_mean.rounded(100.0).unwrap_or_default(),
            luma_std: self.luma_std.rounded(100.0).unwrap_or_default(),
            sharp: self.sharp.rounded(100.0).unwrap_or_default(),
            motion: self.motion.rounded(1e6),
            ref_sim: self.ref_sim.rounded(1e4),
            frame_hash_runs: self.run_longest,
            frozen_s: self.still_us / 1_000_000,
            black: self.black == self.samples,
        });
        Minute {
            at_ms: self.minute * MINUTE_MS,
            frames: self.samples,
            fps: self.fps(),
            zones: self.zones.into_iter().map(ZoneMinute::of).collect(),
            clock_off_s: self.clock_off_s,
            seen,
        }
    }
}

impl Open {
    /// By the part of the minute that was watched, at least a second.
    fn fps(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "microseconds of a minute")]
        let seconds = (60.0 - self.missed_us as f64 / 1e6).max(1.0);
        (f64::from(self.frames) / seconds * 100.0).round() / 100.0
    }
}

impl ZoneMeans {
    fn of(zone: &ZoneSample) -> Self {
        let (filled, motion) = (Mean::default(), Mean::default());
        Self { place: zone.place.clone(), filled, motion, person_max: None }
    }
}

impl ZoneMinute {
    fn of(means: ZoneMeans) -> Self {
        let ZoneMeans { place: Place { zone, kind, seat }, filled, motion, person_max } = means;
        let (occ_ratio, motion) = (filled.rounded(1e4), motion.rounded(1e6));
        Self { zone, kind, seat, occ_ratio, motion, person_max }
    }
}

impl Mean {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.number += 1;
        }
    }

    /// To the nearest of so many parts of one; more digits would only be noise in the log.
    fn rounded(&self, parts: f64) -> Option<f64> {
        (self.number > 0).then(|| (self.sum / f64::from(self.number) * parts).round() / parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_us: i64, occ_ratio: f64, same: bool) -> Sample {
        let seat = Some("W3".to_owned());
        let place = Place { zone: "s1".to_owned(), kind: "seat".to_owned(), seat };
        let zone = ZoneSample { place, occ_ratio: Some(occ_ratio), motion: None, persons: None };
        Sample {
            at_us,
            luma_mean: 100.0,
            luma_std: 40.0,
            sharp: 500.0,
            motion: Some(0.5),
            ref_sim: None,
            ref_sharp: None,
            same,
            black: false,
            zones: vec![zone],
        }
    }

    /// Units 25 times a second, a sample every two seconds, from a start 30 s after the minute.
    fn minutes(seconds: i64, sample: impl Fn(i64) -> Sample) -> Vec<Minute> {
        let mut minutes = Minutes::new(30_000);
        let mut over = Vec::new();
        for frame in 0..seconds * 25 {
            let at_us = frame * 40_000;
            over.extend(minutes.unit(at_us));
            if frame % 50 == 0 {
                minutes.picture(&sample(at_us));
            }
        }
        over.extend(minutes.finish());
        over
    }

    #[test]
    fn minutes_are_those_of_the_clock_and_hold_means() {
        let over =
            minutes(90, |at_us| sample(at_us, if at_us < 60_000_000 { 0.5 } else { 0.0 }, false));
        let frames: Vec<_> = over.iter().map(|minute| (minute.at_ms, minute.frames)).collect();
        assert_eq!(frames, [(0, 15), (60_000, 30)]);
        let json = serde_json::to_string(&over[1]).unwrap_or_default();
        let expected = concat!(
            r#"{"frames":30,"fps":25.0,"zones":[{"zone":"s1","kind":"seat","seat":"W3","#,
            r#""occ_ratio":0.25}],"luma_mean":100.0,"luma_std":40.0,"sharp":500.0,"#,
            r#""motion":0.5,"frame_hash_runs":1,"frozen_s":0,"black":false}"#
        );
        assert_eq!(json, expected);
    }

    #[test]
    fn of_the_persons_of_a_minute_the_most_count_and_none_seen_is_not_none_there() {
        let counts = [Some(2), Some(5), None, Some(0), None];
        let over = minutes(150, |at_us| {
            let mut sample = sample(at_us, 0.0, false);
            // In the last minute nobody looked.
            if at_us < 90_000_000 {
                sample.zones[0].persons =
                    counts[usize::try_from(at_us / 2_000_000).unwrap_or(0) % 5];
            }
            sample
        });
        let most: Vec<_> = over.iter().map(|minute| minute.zones[0].person_max).collect();
        assert_eq!(most, [Some(5), Some(5), None]);
    }

    #[test]
    fn a_run_of_equal_pictures_goes_on_over_minutes() {
        let over = minutes(90, |at_us| sample(at_us, 0.0, at_us > 10_000_000));
        let runs = over.iter().filter_map(|minute| minute.seen.as_ref());
        let runs: Vec<_> = runs.map(|seen| (seen.frame_hash_runs, seen.frozen_s)).collect();
        assert_eq!(runs, [(10, 18), (30, 78)]);
    }

    #[test]
    fn a_watch_that_begins_within_a_minute_counts_from_there() {
        let mut minutes = Minutes::new(0);
        minutes.begin(45_000_000);
        (0..150).for_each(|frame| drop(minutes.unit(45_000_000 + frame * 100_000)));
        minutes.clock_off(50_000_000, -90_400_000);
        let over = minutes.clock(120_000_000);
        let told: Vec<_> = over.iter().map(|minute| (minute.fps, minute.clock_off_s)).collect();
        assert_eq!(told, [(10.0, Some(-90)), (0.0, None)]);
    }

    #[test]
    fn minutes_without_pictures_are_told_as_such() {
        let mut minutes = Minutes::new(0);
        assert!(minutes.unit(0).is_empty());
        let over = minutes.clock(200_000_000);
        let frames: Vec<_> = over.iter().map(|minute| (minute.at_ms, minute.frames)).collect();
        assert_eq!(frames, [(0, 0), (60_000, 0), (120_000, 0)]);
        assert_eq!(
            serde_json::to_string(&over[1]).unwrap_or_default(),
            r#"{"frames":0,"fps":0.0,"zones":[]}"#
        );
        // A clock that jumps by years does not fill the log, and once it is set back minutes go on.
        assert_eq!(minutes.clock(i64::MAX / 4).len(), 1);
        assert!(minutes.unit(300_000_000).is_empty());
        let over = minutes.clock(360_000_000);
        let frames: Vec<_> = over.iter().map(|minute| (minute.at_ms, minute.fps)).collect();
        assert_eq!(frames, [(300_000, 0.02)]);
    }
}
