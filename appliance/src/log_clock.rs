//! Log time of live events, from two clocks: the wall clock, which people and time servers set, and
//! the running clock, which only counts.
//!
//! Log time never goes back. When the wall clock jumps, log time goes on with the running clock
//! until the jump has lasted [`HOLD_MS`]: a jump that is taken back before that changes nothing, so
//! no deadline fires early because of it. After that the wall clock is believed; if it is behind,
//! log time stands still until it has caught up. Nothing here reads a clock.

use plumbline_contract::time::{MS_PER_MINUTE, Millis};

/// How far the clocks may drift apart between two readings, in milliseconds: a time server that
/// corrects by more is a jump.
const DRIFT_MS: i64 = 2 * MS_PER_MINUTE;
/// How long a jump must last until it is believed, in milliseconds: time for a time server, or the
/// person who mistyped, to take it back.
pub const HOLD_MS: i64 = 10 * MS_PER_MINUTE;

/// See the module.
#[derive(Clone, Debug)]
pub struct LogClock {
    /// The newest log time that was given out.
    last: Millis,
    /// Wall clock minus running clock, as believed; `None` before the first reading.
    believed: Option<i64>,
    /// A difference that is not believed yet, and the running clock when it was first seen.
    jump: Option<(i64, i64)>,
    /// The running clock at the first reading.
    since: Option<i64>,
}

impl LogClock {
    /// A clock that goes on from the newest live log time of a log.
    #[must_use]
    pub fn after(last: Millis) -> Self {
        Self { last, believed: None, jump: None, since: None }
    }

    /// Log time at a reading of both clocks; `running` counts from any fixed moment of the process.
    pub fn at(&mut self, wall: Millis, running: Millis) -> Millis {
        self.since.get_or_insert(running.0);
        let found = wall.0.saturating_sub(running.0);
        let is_near = |other: i64| found.abs_diff(other) <= DRIFT_MS.unsigned_abs();
        let believed = self.believed.unwrap_or(found);
        let since = match self.jump {
            _ if is_near(believed) => None,
            Some((other, since)) if is_near(other) => Some(since),
            _ => Some(running.0),
        };
        let is_lasting = since.is_some_and(|since| running.0.saturating_sub(since) >= HOLD_MS);
        if since.is_none() || is_lasting {
            (self.believed, self.jump) = (Some(found), None);
        } else {
            (self.believed, self.jump) = (Some(believed), since.map(|since| (found, since)));
        }
        let time = running.0.saturating_add(self.believed.unwrap_or(found));
        self.last = self.last.max(Millis(time));
        self.last
    }

    /// The earlier of wall clock and log time, for what cannot be undone, such as a deletion; `None`
    /// until the first reading, which is believed at once, has had [`HOLD_MS`] to be taken back.
    pub fn sure(&mut self, wall: Millis, running: Millis) -> Option<Millis> {
        let time = self.at(wall, running);
        let since = self.since.unwrap_or(running.0);
        (running.0.saturating_sub(since) >= HOLD_MS).then_some(time.min(wall))
    }

    /// By how much the wall clock is ahead of what is believed, in milliseconds, while a jump is
    /// on hold; negative if it is behind.
    #[must_use]
    pub fn held_back(&self) -> Option<i64> {
        let (found, _) = self.jump?;
        Some(found.saturating_sub(self.believed?))
    }
}

#[cfg(test)]
mod tests {
    use super::{HOLD_MS, LogClock};
    use plumbline_contract::time::{MS_PER_MINUTE, Millis};

    const START: i64 = 1_000_000_000_000;
    const YEAR: i64 = 365 * 24 * 60;

    /// (minute of the running clock, how far the wall clock is off in minutes, minutes of log time).
    type Row = (i64, i64, i64);

    fn check(name: &str, rows: &[Row]) {
        let mut clock = LogClock::after(Millis(0));
        let mut last = Millis(0);
        for (minute, off, wanted) in rows {
            let running = minute * MS_PER_MINUTE;
            let wall = Millis(START + running + off * MS_PER_MINUTE);
            let time = clock.at(wall, Millis(running));
            assert_eq!((time.0 - START) / MS_PER_MINUTE, *wanted, "{name}: minute {minute}");
            assert!(time >= last, "{name}: log time goes back");
            last = time;
        }
    }

    #[test]
    fn log_time_follows_the_clocks() {
        let hold = HOLD_MS / MS_PER_MINUTE;
        check("an even run", &[(0, 0, 0), (1, 0, 1), (90, 0, 90)]);
        check("small corrections", &[(0, 0, 0), (1, 1, 2), (2, -1, 2), (3, 0, 3)]);
        let taken_back = [(0, 0, 0), (1, YEAR, 1), (hold, YEAR, hold), (hold + 1, 0, hold + 1)];
        check("a jump forward that is taken back", &taken_back);
        let lasting = [(0, 0, 0), (1, YEAR, 1), (hold + 1, YEAR, YEAR + hold + 1)];
        check("a jump forward that lasts", &lasting);
        let back = [(0, 0, 0), (1, -600, 1), (5, -600, 5), (6, 0, 6)];
        check("a jump back that is taken back", &back);
        let behind =
            [(0, 0, 0), (1, -60, 1), (9, -60, 9), (hold + 1, -60, 9), (65, -60, 9), (75, -60, 15)];
        check("a jump back that lasts: time stands still until the clock has caught up", &behind);
        let to_and_fro: Vec<Row> = (0..60)
            .map(|minute| (minute, if minute % 2 == 0 { 0 } else { YEAR }, minute))
            .collect();
        check("to and fro", &to_and_fro);
        let wandering: Vec<Row> =
            (0..60).map(|minute| (minute, minute % 7 * 1000, minute)).collect();
        check("never twice the same", &wandering);
    }

    #[test]
    fn what_cannot_be_undone_waits_for_a_sure_time() {
        let hold = HOLD_MS / MS_PER_MINUTE;
        // (minute of the running clock, how far the wall clock is off, minutes of the sure time).
        type Row = (i64, i64, Option<i64>);
        let runs: [(&str, &[Row]); 4] = [
            ("an even run", &[(0, 0, None), (hold - 1, 0, None), (hold, 0, Some(hold))]),
            ("begun ahead", &[(0, YEAR, None), (1, 0, None), (hold, 0, Some(hold))]),
            ("a second ahead", &[(0, 0, None), (50, YEAR, Some(50)), (51, 0, Some(51))]),
            ("behind", &[(0, 0, None), (50, -60, Some(-10)), (61, -60, Some(1))]),
        ];
        for (name, rows) in runs {
            let mut clock = LogClock::after(Millis(0));
            for (minute, off, wanted) in rows {
                let running = minute * MS_PER_MINUTE;
                let wall = Millis(START + running + off * MS_PER_MINUTE);
                let sure = clock.sure(wall, Millis(running));
                let sure = sure.map(|time| (time.0 - START) / MS_PER_MINUTE);
                assert_eq!(sure, *wanted, "{name}: minute {minute}");
            }
        }
    }

    #[test]
    fn a_log_that_is_ahead_is_not_left_behind() {
        let mut clock = LogClock::after(Millis(START));
        assert_eq!(clock.at(Millis(START - 5), Millis(0)), Millis(START));
        assert_eq!(clock.at(Millis(START + 5), Millis(10)), Millis(START + 5));
        assert_eq!(clock.held_back(), None);
        assert_eq!(clock.at(Millis(i64::MAX), Millis(20)), Millis(START + 15));
        assert!(clock.held_back().is_some_and(|ahead| ahead > 0));
        assert_eq!(clock.at(Millis(i64::MIN), Millis(30)), Millis(START + 25));
        assert!(clock.held_back().is_some_and(|ahead| ahead < 0));
    }
}
