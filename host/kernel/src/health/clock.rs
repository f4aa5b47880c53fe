//! The host's own clock: does it go as fast as time, and is it behind what the log already says?

use super::ClockLimits;
use plumbline_contract::time::Millis;

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockLook {
    /// The wall clock.
    pub wall: Millis,
    /// Time that only ever goes on, in milliseconds from an origin of its own; `None` across a
    /// restart, where it begins anew.
    pub steady_ms: Option<i64>,
}

/// What is wrong with the clock, each by so many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockFault {
    /// It shows an earlier time than it should.
    Back { by_ms: i64 },
    /// It shows a later time than it should; a machine that slept looks the same.
    Forward { by_ms: i64 },
    /// The newest event of the log was received later than now.
    BehindLog { by_ms: i64 },
}

impl ClockFault {
    /// Stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Back { .. } => "back",
            Self::Forward { .. } => "forward",
            Self::BehindLog { .. } => "behind-log",
        }
    }

    #[must_use]
    pub fn by_ms(self) -> i64 {
        match self {
            Self::Back { by_ms } | Self::Forward { by_ms } | Self::BehindLog { by_ms } => by_ms,
        }
    }
}

/// Compares two looks at the clock, and the later one with the newest time of the log.
///
/// Across a restart steady time is unknown: a clock that went forward cannot be told from a pause,
/// one that went back can.
#[must_use]
pub fn judge_clock(
    before: Option<ClockLook>,
    now: ClockLook,
    newest_logged: Option<Millis>,
    limits: &ClockLimits,
) -> Option<ClockFault> {
    let most = i64::from(limits.jump_seconds) * 1000;
    if let Some(before) = before {
        let shown = now.wall.0.saturating_sub(before.wall.0);
        let steady = match (before.steady_ms, now.steady_ms) {
            (Some(before), Some(now)) => Some(now.saturating_sub(before)),
            _ => None,
        };
        let gone = steady.unwrap_or_else(|| shown.max(0));
        let by_ms = shown.saturating_sub(gone);
        if by_ms < -most {
            return Some(ClockFault::Back { by_ms: -by_ms });
        }
        if by_ms > most {
            return Some(ClockFault::Forward { by_ms });
        }
    }
    let behind = newest_logged.map_or(0, |newest| newest.0.saturating_sub(now.wall.0));
    (behind > most).then_some(ClockFault::BehindLog { by_ms: behind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_judged_by_steady_time_and_by_the_log() {
        let look = |wall: i64, steady_ms: Option<i64>| ClockLook { wall: Millis(wall), steady_ms };
        let minute = 60_000;
        let base = 1_000_000_000;
        let before = look(base, Some(500));
        let cases = [
            (
                "goes as it should",
                Some(before),
                look(base + minute, Some(500 + minute)),
                None,
                None,
            ),
            ("first look", None, look(base, Some(0)), None, None),
            (
                "set by a time server",
                Some(before),
                look(base + 2 * minute, Some(60_500)),
                None,
                None,
            ),
            (
                "an hour back",
                Some(before),
                look(base - 59 * minute, Some(60_500)),
                None,
                Some(ClockFault::Back { by_ms: 60 * minute }),
            ),
            (
                "a day forward",
                Some(before),
                look(base + 1441 * minute, Some(60_500)),
                None,
                Some(ClockFault::Forward { by_ms: 1440 * minute }),
            ),
            (
                "the host was off for a day",
                Some(look(base, None)),
                look(base + 1440 * minute, Some(9)),
                None,
                None,
            ),
            (
                "back while the host was off",
                Some(look(base, None)),
                look(base - 10 * minute, Some(9)),
                None,
                Some(ClockFault::Back { by_ms: 10 * minute }),
            ),
            (
                "behind the log",
                Some(before),
                look(base + minute, Some(60_500)),
                Some(Millis(base + 61 * minute)),
                Some(ClockFault::BehindLog { by_ms: 60 * minute }),
            ),
            ("a little behind", None, look(base, Some(0)), Some(Millis(base + minute)), None),
        ];
        for (name, before, now, newest, expected) in cases {
            let judged = judge_clock(before, now, newest, &ClockLimits::default());
            assert_eq!(judged, expected, "{name}");
        }
    }
}
