//! A camera for months: one session after another, with pauses that grow while it is away.

use crate::error::{Kind, VideoError};
use crate::source::{Item, Session};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// First pause after a failure, seconds; each further one is twice as long.
const PAUSE_FIRST_S: u64 = 1;
/// Longest pause: a camera that comes back is seen within half a minute.
const PAUSE_MAX_S: u64 = 30;
/// Pause after a refused password: cameras lock an account after some wrong tries.
const PAUSE_REFUSED_S: u64 = 300;

/// How long to wait after each failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after one more failure.
    pub fn pause(&mut self, kind: Kind) -> Duration {
        let doubled = PAUSE_FIRST_S << self.failures.min(16);
        self.failures = self.failures.saturating_add(1);
        let refused = kind == Kind::AuthFailed;
        Duration::from_secs(if refused { PAUSE_REFUSED_S } else { doubled.min(PAUSE_MAX_S) })
    }

    /// A picture has come.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Microseconds by which the times of the units may be behind or ahead of the caller's clock before
/// they are set anew: the camera's own count has jumped.
const APART_MAX_US: i64 = 10_000_000;
/// Microseconds by which each unit is brought nearer to the caller's clock at most: enough for a
/// camera whose count runs wrong by a hundredth, too little to be seen in a clip.
const STEER_US: i64 = 500;

/// See the module. Times are those of the caller's clock, so that sessions follow one another on one
/// line and a camera that counts too fast or too slow does not run away.
#[derive(Debug)]
pub(crate) struct Live {
    address: String,
    patience: Duration,
    session: Option<Session>,
    backoff: Backoff,
    /// The pause after a failure.
    resting: Option<Pin<Box<Sleep>>>,
    /// Difference of the caller's clock and the session's.
    shift_us: Option<i64>,
}

impl Live {
    /// `patience` is how long the camera may take to answer and to bring the next picture.
    pub(crate) fn new(address: String, patience: Duration) -> Self {
        let backoff = Backoff::default();
        Self { address, patience, session: None, backoff, resting: None, shift_us: None }
    }

    /// The next item, from a new session if there is none. Whoever stops to wait may come back.
    ///
    /// # Errors
    /// Why there is none. The next wait takes the pause and opens a session.
    pub(crate) async fn next(&mut self, now_us: impl Fn() -> i64) -> Result<Item, VideoError> {
        if let Some(resting) = &mut self.resting {
            resting.as_mut().await;
            self.resting = None;
        }
        match self.item().await {
            Ok(Item::Unit(mut unit)) => {
                self.backoff.reset();
                unit.at_us = self.steered(unit.at_us, now_us());
                Ok(Item::Unit(unit))
            }
            Ok(clock) => Ok(clock),
            Err(error) => {
                (self.session, self.shift_us) = (None, None);
                let pause = self.backoff.pause(error.kind());
                self.resting = Some(Box::pin(sleep(pause)));
                Err(error)
            }
        }
    }

    async fn item(&mut self) -> Result<Item, VideoError> {
        let session = match &mut self.session {
            Some(session) => session,
            None => self.session.insert(Session::new(&self.address, self.patience)?),
        };
        session.next().await
    }

    fn steered(&mut self, at_us: i64, now_us: i64) -> i64 {
        let shift = self.shift_us.get_or_insert(now_us - at_us);
        let apart = now_us - at_us - *shift;
        *shift += if apart.abs() > APART_MAX_US { apart } else { apart.clamp(-STEER_US, STEER_US) };
        at_us + *shift
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_half_a_minute_and_begin_anew() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..7).map(|_| backoff.pause(Kind::Unreachable).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        backoff.reset();
        assert_eq!(backoff.pause(Kind::Damaged).as_secs(), 1);
        assert_eq!(backoff.pause(Kind::AuthFailed).as_secs(), PAUSE_REFUSED_S);
    }

    #[test]
    fn a_camera_that_counts_wrong_is_kept_near_the_clock_of_the_host() {
        let mut live = Live::new(String::new(), Duration::ZERO);
        assert_eq!(live.steered(7_000, 1_000_000), 1_000_000);
        // An hour at 25 a second, counted too fast by a thousandth, and each tenth unit late by 0.3 s.
        let mut last = 1_000_000;
        for frame in 1..90_000_i64 {
            let late = if frame % 10 == 0 { 300_000 } else { 0 };
            let now_us = 1_000_000 + frame * 40_000;
            let at_us = live.steered(7_000 + frame * 40_040, now_us + late);
            assert!(at_us > last && (at_us - now_us).abs() < 50_000, "{frame} {}", at_us - now_us);
            last = at_us;
        }
        // A count that begins anew in the middle of a session.
        assert_eq!(live.steered(0, 5_000_000_000), 5_000_000_000);
    }
}
