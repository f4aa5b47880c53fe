//! A camera for months: one session after another, with pauses that grow while it is away.

use crate::error::{Kind, VideoError};
use crate::source::{Opened, Source};
use crate::unit::{AccessUnit, Codec};
use std::time::Duration;

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

/// See the module. Times are those of the caller's clock, so that sessions follow one another on one
/// line.
#[derive(Debug)]
pub struct Live {
    address: String,
    patience: Duration,
    source: Option<Source>,
    backoff: Backoff,
    /// Difference of the caller's clock and the session's.
    shift_us: Option<i64>,
}

impl Live {
    /// `patience` is how long the camera may take to answer and to bring the next picture.
    #[must_use]
    pub fn new(address: String, patience: Duration) -> Self {
        Self { address, patience, source: None, backoff: Backoff::default(), shift_us: None }
    }

    /// The next unit, from a new session if there is none. Blocks for as long as the patience.
    ///
    /// # Errors
    /// Why there is none, and how long to wait before asking again. The next call opens a session.
    pub fn next(&mut self, now_us: impl Fn() -> i64) -> Result<AccessUnit, (VideoError, Duration)> {
        let result = self.unit();
        match result {
            Ok(mut unit) => {
                self.backoff.reset();
                let shift = *self.shift_us.get_or_insert_with(|| now_us() - unit.at_us);
                unit.at_us += shift;
                Ok(unit)
            }
            Err(error) => {
                (self.source, self.shift_us) = (None, None);
                let pause = self.backoff.pause(error.kind());
                Err((error, pause))
            }
        }
    }

    fn unit(&mut self) -> Result<AccessUnit, VideoError> {
        let source = match &mut self.source {
            Some(source) => source,
            None => {
                let Opened { source, codec, .. } = Source::connect(&self.address, self.patience)?;
                if codec != Codec::H264 {
                    return Err(VideoError::Codec(codec));
                }
                self.source.insert(source)
            }
        };
        source.next()?.ok_or(VideoError::Ended)
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
}
