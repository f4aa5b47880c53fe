//! In which state a camera is: one of a closed list, changed only when a condition has lasted, so that
//! somebody who walks close by the lens makes no alarm. Pure.
//!
//! Says what is seen, not why: a picture without light is `dark`, whether the lamps are off or a thick
//! cloth hangs over the lens. Whether lamps should be on is a question of opening hours, for the plugin.

use crate::error::{Kind, VideoError};
use crate::observe::Sample;

/// Microseconds by which time may go back without notice: what units say of it wavers by seconds.
const BACK_US: i64 = 60_000_000;

/// The reason of a camera that sends units and never one that could be decoded.
pub(crate) const NO_KEY_FRAME: &str = "no key frame";

/// The states. The event `video.stream.state` tells them as a state of the stream and, while it is up,
/// a quality of its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Pictures come and nothing is wrong with them.
    Up,
    /// No pictures, or none that can be decoded.
    Down,
    /// The camera refuses user name or password.
    AuthFailed,
    /// Every pixel has stood still for longer than a sensor's noise allows.
    Frozen,
    /// Light, and nothing in it.
    Covered,
    /// Much less sharp than the reference.
    Blurred,
    /// Walls and floor are not where the reference has them.
    Moved,
    /// No light.
    Dark,
}

impl State {
    /// The word of the stream's state: whether pictures come at all.
    #[must_use]
    pub fn stream(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::AuthFailed => "auth_fail",
            _ => "up",
        }
    }

    /// What is wrong with pictures that come, or that nothing is; `None` if none come.
    #[must_use]
    pub fn quality(self) -> Option<&'static str> {
        match self {
            Self::Down | Self::AuthFailed => None,
            Self::Up => Some("good"),
            Self::Frozen => Some("frozen"),
            Self::Covered => Some("covered"),
            Self::Blurred => Some("blurred"),
            Self::Moved => Some("moved"),
            Self::Dark => Some("dark"),
        }
    }
}

/// Where the lines are drawn. The defaults hold for halls; a camera may have its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// How long a condition must last before the state changes, microseconds: under 10 s, so that it
    /// is told within 10 s.
    pub hold_us: i64,
    /// Pictures that must show it, at least: two could be one passer-by.
    pub hold_pictures: u32,
    /// How long every pixel must stand still, microseconds: told within 60 s, by a key frame of 2 s.
    pub frozen_us: i64,
    /// How long the stream may bring no picture, microseconds.
    pub silent_us: i64,
    /// How long units may come without one that can be decoded, microseconds. Longer than any key
    /// frame interval that is fit for observation.
    pub undecoded_us: i64,
    /// Contrast below which nothing is in the picture, levels.
    pub covered_std: f64,
    /// Brightness below which there is no light, levels; 16 is black in video range.
    pub dark_mean: f64,
    /// Sharpness against the reference, both per contrast.
    pub blurred_part: f64,
    /// Sharpness without a reference: variance of the Laplacian.
    pub blurred_sharp: f64,
    /// Likeness to the reference.
    pub moved_sim: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hold_us: 6_000_000,
            hold_pictures: 3,
            frozen_us: 50_000_000,
            silent_us: 5_000_000,
            undecoded_us: 30_000_000,
            covered_std: 8.0,
            dark_mean: 22.0,
            blurred_part: 0.2,
            blurred_sharp: 12.0,
            moved_sim: 0.6,
        }
    }
}

/// A camera came into a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub state: State,
    /// When it began, microseconds of the source's clock; before the moment it was told.
    pub since_us: i64,
    /// When it was certain.
    pub told_us: i64,
    /// Why, where the state alone does not say: what the decoder or the network complained of.
    pub reason: Option<String>,
}

/// See the module.
#[derive(Debug)]
pub struct Health {
    limits: Limits,
    state: Option<State>,
    /// A condition that is not yet the state: since when, and in how many pictures.
    pending: Option<(State, i64, u32)>,
    /// When the run of equal pictures began.
    still_since: Option<i64>,
    /// The last unit and the last picture.
    unit_us: i64,
    picture_us: i64,
    /// What the decoder last complained of, since there was a picture.
    complaint: Option<String>,
}

impl Health {
    /// A camera whose source begins now, at 0 of its clock.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: None,
            pending: None,
            still_since: None,
            unit_us: 0,
            picture_us: 0,
            complaint: None,
        }
    }

    /// A camera whose source begins at this moment of its clock.
    #[must_use]
    pub fn beginning(limits: Limits, at_us: i64) -> Self {
        Self { unit_us: at_us, picture_us: at_us, ..Self::new(limits) }
    }

    /// Draws the lines elsewhere from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// `None` until the first picture or the first failure.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.state
    }

    /// Whether a picture has light and something in it, so that a reference may be made of it.
    #[must_use]
    pub fn shows_something(&self, sample: &Sample) -> bool {
        sample.luma_mean >= self.limits.dark_mean && sample.luma_std >= self.limits.covered_std
    }

    /// A unit has come, whether or not it is decoded.
    pub fn unit(&mut self, at_us: i64) -> Option<Change> {
        let silence = self.clock(at_us);
        self.unit_us = at_us;
        silence
    }

    /// A picture was looked at.
    pub fn picture(&mut self, sample: &Sample) -> Option<Change> {
        let at_us = sample.at_us;
        (self.unit_us, self.picture_us) = (at_us, at_us);
        self.complaint = None;
        self.still_since = match self.still_since {
            Some(since) if sample.same => Some(since),
            _ => Some(at_us),
        };
        let condition = self.condition(sample);
        if self.state == Some(condition) {
            self.pending = None;
            return None;
        }
        if !matches!(self.state, Some(state) if state != State::Down && state != State::AuthFailed)
        {
            // Pictures are back; what is wrong with them shows in the next seconds.
            self.pending = (condition != State::Up).then_some((condition, at_us, 1));
            return self.become_state(State::Up, (at_us, at_us), None);
        }
        if condition == State::Frozen {
            return self.become_state(condition, (self.still_since.unwrap_or(at_us), at_us), None);
        }
        let (since, pictures) = match self.pending {
            Some((pending, since, pictures)) if pending == condition => (since, pictures + 1),
            _ => (at_us, 1),
        };
        self.pending = Some((condition, since, pictures));
        let lasted = at_us - since >= self.limits.hold_us && pictures >= self.limits.hold_pictures;
        if lasted { self.become_state(condition, (since, at_us), None) } else { None }
    }

    /// The decoder or the source failed.
    pub fn failed(&mut self, at_us: i64, error: &VideoError) -> Option<Change> {
        match error.kind() {
            Kind::AuthFailed => {
                self.become_state(State::AuthFailed, (at_us, at_us), Some(error.to_string()))
            }
            // One damaged picture is no failure of the camera; none but damaged ones are.
            Kind::Damaged => {
                self.complaint = Some(error.to_string());
                self.clock(at_us)
            }
            Kind::Io | Kind::Unsupported | Kind::Unreachable | Kind::Usage => {
                self.become_state(State::Down, (at_us, at_us), Some(error.to_string()))
            }
        }
    }

    /// Time has passed, with or without units.
    pub fn clock(&mut self, at_us: i64) -> Option<Change> {
        if at_us + BACK_US < self.unit_us {
            // The host's clock was ahead and has been set back: what was measured by it is void.
            (self.unit_us, self.picture_us) = (at_us, at_us);
            (self.still_since, self.pending) = (None, None);
        }
        if matches!(self.state, Some(State::Down | State::AuthFailed)) {
            return None;
        }
        if at_us - self.unit_us > self.limits.silent_us {
            let silent = VideoError::Silent((at_us - self.unit_us).unsigned_abs() / 1000);
            return self.become_state(State::Down, (self.unit_us, at_us), Some(silent.to_string()));
        }
        if at_us - self.picture_us > self.limits.undecoded_us {
            let reason = self.complaint.clone().unwrap_or_else(|| NO_KEY_FRAME.to_owned());
            return self.become_state(State::Down, (self.picture_us, at_us), Some(reason));
        }
        None
    }

    /// What one picture shows. What hides more stands first.
    fn condition(&self, sample: &Sample) -> State {
        let limits = &self.limits;
        let still = self.still_since.map_or(0, |since| sample.at_us - since);
        let blurred = match sample.ref_sharp {
            Some(part) => part < limits.blurred_part,
            None => sample.sharp < limits.blurred_sharp,
        };
        if sample.luma_mean < limits.dark_mean {
            State::Dark
        } else if sample.luma_std < limits.covered_std {
            State::Covered
        } else if still >= limits.frozen_us {
            State::Frozen
        } else if blurred {
            State::Blurred
        } else if sample.ref_sim.is_some_and(|likeness| likeness < limits.moved_sim) {
            State::Moved
        } else {
            State::Up
        }
    }

    fn become_state(
        &mut self,
        state: State,
        span: (i64, i64),
        why: Option<String>,
    ) -> Option<Change> {
        if self.state == Some(state) {
            return None;
        }
        self.state = Some(state);
        if matches!(state, State::Down | State::AuthFailed) {
            (self.pending, self.still_since) = (None, None);
        }
        let (since_us, told_us) = span;
        Some(Change { state, since_us, told_us, reason: why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn good(second: i64) -> Sample {
        Sample {
            at_us: second * SECOND,
            luma_mean: 110.0,
            luma_std: 45.0,
            sharp: 900.0,
            motion: Some(0.001),
            ref_sim: Some(0.92),
            ref_sharp: Some(1.0),
            same: false,
            black: false,
            zones: Vec::new(),
        }
    }

    /// The changes of a run of pictures, one every two seconds, as `state@since/told`.
    fn run(pictures: i64, picture: impl Fn(i64) -> Sample) -> String {
        let mut health = Health::new(Limits::default());
        let mut told = Vec::new();
        for second in (0..pictures * 2).step_by(2) {
            if let Some(change) = health.picture(&picture(second)) {
                let since = change.since_us / SECOND;
                let word = change.state.quality().unwrap_or(change.state.stream());
                told.push(format!("{word}@{since}/{second}"));
            }
        }
        told.join(" ")
    }

    /// Between 20 and 120 s something is wrong.
    fn wrong(second: i64, change: impl Fn(&mut Sample)) -> Sample {
        let mut sample = good(second);
        if (20..120).contains(&second) {
            change(&mut sample);
        }
        sample
    }

    #[test]
    fn each_condition_is_told_within_ten_seconds_and_its_end_too() {
        type Wrong = fn(&mut Sample);
        let cases: [(Wrong, &str); 6] = [
            (|sample| (sample.luma_std, sample.sharp) = (3.0, 0.5), "covered"),
            (|sample| sample.luma_mean = 10.0, "dark"),
            (|sample| (sample.luma_mean, sample.luma_std) = (8.0, 1.0), "dark"),
            (|sample| sample.ref_sharp = Some(0.05), "blurred"),
            (|sample| (sample.ref_sharp, sample.sharp) = (None, 4.0), "blurred"),
            (|sample| sample.ref_sim = Some(0.4), "moved"),
        ];
        for (change, word) in cases {
            let told = run(100, |second| wrong(second, change));
            assert_eq!(told, format!("good@0/0 {word}@20/26 good@120/126"));
        }
    }

    #[test]
    fn a_passer_by_is_no_alarm() {
        let told = run(100, |second| {
            let mut sample = good(second);
            if second % 20 < 6 {
                (sample.luma_std, sample.ref_sim, sample.ref_sharp) = (5.0, Some(0.1), Some(0.1));
            }
            sample
        });
        assert_eq!(told, "good@0/0");
    }

    #[test]
    fn a_frozen_picture_is_told_within_a_minute() {
        let told = run(100, |second| wrong(second, |sample| sample.same = true));
        assert_eq!(told, "good@0/0 frozen@18/68 good@120/126");
        // An empty hall at night moves by noise alone.
        let told = run(2000, |second| Sample { motion: Some(0.0001), ..good(second) });
        assert_eq!(told, "good@0/0");
    }

    #[test]
    fn silence_is_down_and_pictures_bring_it_up_at_once() {
        let mut health = Health::new(Limits::default());
        health.picture(&good(0));
        assert_eq!(health.clock(5 * SECOND), None);
        let change = health.clock(6 * SECOND).expect("silent");
        assert_eq!((change.state, change.since_us), (State::Down, 0));
        assert_eq!(health.clock(60 * SECOND), None);
        let change = health.picture(&good(61)).expect("back");
        assert_eq!((change.state, change.since_us), (State::Up, 61 * SECOND));
    }

    #[test]
    fn silence_is_told_soon_after_the_clock_was_set_back() {
        let mut health = Health::new(Limits::default());
        health.picture(&good(86_400));
        assert_eq!(health.clock(100 * SECOND), None);
        assert_eq!(health.clock(105 * SECOND), None);
        assert_eq!(health.clock(106 * SECOND).map(|change| change.state), Some(State::Down));
    }

    #[test]
    fn units_that_never_become_pictures_are_down_with_the_reason() {
        let mut health = Health::new(Limits::default());
        let told: Vec<_> = (0..100).filter_map(|second| health.unit(second * SECOND)).collect();
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].state, told[0].reason.as_deref()), (State::Down, Some("no key frame")));
        let mut health = Health::new(Limits::default());
        let change = health.failed(SECOND, &VideoError::Interlaced).expect("told at once");
        assert_eq!((change.state, change.reason.as_deref()), (State::Down, Some("interlaced")));
    }

    #[test]
    fn a_refused_password_is_a_state_of_its_own_and_told_once() {
        let mut health = Health::new(Limits::default());
        let told: Vec<_> =
            (0..9).filter_map(|at| health.failed(at * SECOND, &VideoError::AuthFailed)).collect();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].state, State::AuthFailed);
    }

    #[test]
    fn one_damaged_picture_changes_nothing() {
        let mut health = Health::new(Limits::default());
        health.picture(&good(0));
        assert_eq!(health.failed(SECOND, &VideoError::Decode("16".to_owned())), None);
        assert_eq!(health.picture(&good(2)), None);
    }
}
