//! When a camera is looked at by a detector, and that only one is at a time: a model that is slower
//! than it should be then takes one core and never the whole machine.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// How often one camera is looked at. Times are microseconds of its source's clock.
#[derive(Debug)]
pub(crate) struct Pace {
    every_us: i64,
    last_us: Option<i64>,
}

impl Pace {
    /// The first picture is looked at, and then one in so many microseconds at most.
    pub(crate) fn new(every_us: i64) -> Self {
        Self { every_us, last_us: None }
    }

    /// The first look comes so long after `now_us`, as if the last one had been just that earlier: a
    /// clock that is set back later holds nothing up.
    pub(crate) fn beginning(every_us: i64, now_us: i64, delay_us: i64) -> Self {
        let past_us = every_us.saturating_sub(delay_us.clamp(0, every_us));
        Self { every_us, last_us: Some(now_us.saturating_sub(past_us)) }
    }

    /// Whether a picture of this moment should be looked at. A source whose clock was set back is
    /// looked at at once.
    pub(crate) fn is_due(&self, at_us: i64) -> bool {
        let wait = |last: i64| (last..last.saturating_add(self.every_us)).contains(&at_us);
        !self.last_us.is_some_and(wait)
    }

    /// It was. A camera that was due and had to let another one go first stays due.
    pub(crate) fn looked(&mut self, at_us: i64) {
        self.last_us = Some(at_us);
    }
}

/// How long the camera in a place waits with its first look so that the looks of all are spread
/// evenly over the time between two of them.
pub(crate) fn delay_us(every_us: i64, place: usize, cameras: usize) -> i64 {
    let [place, cameras] = [place, cameras.max(1)].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    (every_us / cameras).saturating_mul(place).clamp(0, every_us)
}

/// Whose turn it is to look.
#[derive(Debug, Default)]
pub(super) struct Turn(Mutex<()>);

impl Turn {
    /// The turn until it is dropped; `None` while another has it. Never waits.
    pub(super) fn take(&self) -> Option<MutexGuard<'_, ()>> {
        match self.0.try_lock() {
            Ok(turn) => Some(turn),
            // There is nothing under this lock that could be half changed.
            Err(TryLockError::Poisoned(turn)) => Some(PoisonError::into_inner(turn)),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    const EVERY_US: i64 = 10_000_000;
    const KEY_US: i64 = 2_000_000;

    #[test]
    fn a_camera_is_looked_at_once_in_its_time() {
        let mut pace = Pace::new(EVERY_US);
        let mut looks = Vec::new();
        for at_us in (0..60_000_000).step_by(3_000_000) {
            if pace.is_due(at_us) {
                pace.looked(at_us);
                looks.push(at_us / 1_000_000);
            }
        }
        assert_eq!(looks, [0, 12, 24, 36, 48]);
        assert!(pace.is_due(40_000_000), "the clock was set back");
        // Who had to let another one go first is due at its next picture.
        assert!(pace.is_due(60_000_000) && pace.is_due(62_000_000));
    }

    #[test]
    fn a_delay_is_for_the_first_look_only() {
        for delay_us in [0, 1, KEY_US, EVERY_US] {
            let mut pace = Pace::beginning(EVERY_US, 100, delay_us);
            assert_eq!(pace.is_due(100), delay_us == 0, "{delay_us}");
            assert!(delay_us == 0 || !pace.is_due(99 + delay_us));
            assert!(pace.is_due(100 + delay_us));
            pace.looked(100 + delay_us);
            assert!(!pace.is_due(99 + delay_us + EVERY_US));
            assert!(pace.is_due(100 + delay_us + EVERY_US));
        }
        // One that began before a clock was set back by an hour does not wait for an hour.
        assert!(Pace::beginning(EVERY_US, 0, KEY_US).is_due(-3_600_000_000));
    }

    #[test]
    fn the_looks_of_a_fleet_are_spread() {
        let delays: BTreeSet<_> = (0..45).map(|place| delay_us(EVERY_US, place, 45)).collect();
        assert_eq!(delays.len(), 45);
        let gaps: BTreeSet<_> =
            delays.iter().zip(delays.iter().skip(1)).map(|(a, b)| b - a).collect();
        assert_eq!(gaps, BTreeSet::from([EVERY_US / 45]));
        assert_eq!(delays.first(), Some(&0));
        assert!(*delays.last().unwrap() < EVERY_US);
        assert_eq!(delay_us(EVERY_US, 0, 0), 0);
        assert_eq!(delay_us(EVERY_US, 9, 1), EVERY_US, "more places than cameras");
    }

    #[test]
    fn one_has_the_turn_and_nobody_waits_for_it() {
        let turn = Turn::default();
        let mine = turn.take();
        assert!(mine.is_some());
        std::thread::scope(|scope| {
            let other = scope.spawn(|| turn.take().is_none()).join();
            assert!(other.unwrap());
        });
        drop(mine);
        assert!(turn.take().is_some());
        // Whoever panicked with it has not taken it away for good.
        let spoilt = std::thread::scope(|scope| {
            let panics = || {
                let _mine = turn.take();
                panic!("on purpose");
            };
            scope.spawn(panics).join()
        });
        assert!(spoilt.is_err() && turn.take().is_some());
    }
}
