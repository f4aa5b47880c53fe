//! The last seconds of one camera as they came, still encoded, so that a clip can be cut around a
//! moment that has just passed. Bounded by time and by bytes; nothing is ever written to a disk here.

use crate::unit::AccessUnit;
use std::collections::VecDeque;
use std::sync::Arc;

/// How far back a ring reaches, microseconds, before the rest of the group of pictures it begins
/// with: a notice is judged within seconds, and what led to it is in the seconds before.
pub const RING_US: i64 = 15_000_000;
/// Bytes of one ring, at most: 15 s at 2 Mbit/s, four times a usual sub-stream. 45 cameras that all
/// reach it hold 180 MiB.
pub const RING_BYTES_MAX: usize = 4 << 20;
/// ... while a clip is awaited, which may begin before the usual 15 s.
const PINNED_BYTES_MAX: usize = 2 * RING_BYTES_MAX;

/// See the module. It always begins with a key frame, so that whatever is cut from it can be decoded.
#[derive(Debug)]
pub struct Ring {
    units: VecDeque<Arc<AccessUnit>>,
    bytes: usize,
    span_us: i64,
    /// Units from here on are awaited by a clip.
    pinned_us: Option<i64>,
    /// Whether units are missing since the last one, so that only a key frame may follow.
    broken: bool,
}

impl Ring {
    /// `span_us` is how far back it reaches; 0 keeps the group of pictures that goes on.
    #[must_use]
    pub fn new(span_us: i64) -> Self {
        Self { units: VecDeque::new(), bytes: 0, span_us, pinned_us: None, broken: true }
    }

    /// Takes the next unit and lets go what is too old or too much.
    pub fn push(&mut self, unit: Arc<AccessUnit>) {
        if self.broken && !unit.key {
            return;
        }
        self.broken = false;
        self.bytes += unit.data.len();
        self.units.push_back(unit);
        self.trim();
    }

    /// The stream has broken off; what comes next may refer to pictures that never came.
    pub fn interrupted(&mut self) {
        self.broken = true;
    }

    /// Keeps everything from a moment on until the next call, as far as the bytes allow.
    pub fn pin(&mut self, from_us: Option<i64>) {
        self.pinned_us = from_us;
    }

    /// Reaches back this far from now on.
    pub fn reach(&mut self, span_us: i64) {
        self.span_us = span_us;
        self.trim();
    }

    /// The units between two moments, from the key frame at or before the first one. Without one that
    /// old, from the oldest there is. Empty if none of it is left or has come yet.
    #[must_use]
    pub fn cut(&self, from_us: i64, to_us: i64) -> Vec<Arc<AccessUnit>> {
        let begin = self.key_before(from_us).unwrap_or(0);
        let Some(end) = self.units.iter().rposition(|unit| unit.at_us <= to_us) else {
            return Vec::new();
        };
        let stale = self.units.back().is_none_or(|last| last.at_us < from_us);
        if stale || begin > end {
            return Vec::new();
        }
        self.units.range(begin..=end).cloned().collect()
    }

    /// The key frame at or before a moment, or the first one after it.
    #[must_use]
    pub fn key(&self, at_us: i64) -> Option<Arc<AccessUnit>> {
        let place = self.key_before(at_us).unwrap_or(0);
        self.units.get(place).cloned()
    }

    /// Units a second over what is held; `None` before the second unit.
    #[must_use]
    pub fn fps(&self) -> Option<f64> {
        let (first, last) = (self.units.front()?, self.units.back()?);
        let steps = u32::try_from(self.units.len() - 1).unwrap_or(u32::MAX);
        #[expect(clippy::cast_precision_loss, reason = "some seconds")]
        let seconds = (last.at_us - first.at_us) as f64 / 1e6;
        (seconds > 0.0).then(|| f64::from(steps) / seconds)
    }

    /// Bytes of all units.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Oldest and newest moment that is held, microseconds.
    #[must_use]
    pub fn span(&self) -> Option<(i64, i64)> {
        Some((self.units.front()?.at_us, self.units.back()?.at_us))
    }

    fn key_before(&self, at_us: i64) -> Option<usize> {
        self.units.iter().rposition(|unit| unit.key && unit.at_us <= at_us)
    }

    fn trim(&mut self) {
        let newest = self.units.back().map_or(0, |unit| unit.at_us);
        let usual = newest.saturating_sub(self.span_us);
        let from_us = self.pinned_us.map_or(usual, |pinned| pinned.min(usual));
        let most = if self.pinned_us.is_some() { PINNED_BYTES_MAX } else { RING_BYTES_MAX };
        while let Some(second) = self.second_key()
            && (self.bytes > most || self.units[second].at_us <= from_us)
        {
            self.drop_front(second);
        }
        if self.bytes > most {
            // One group of pictures alone is too much: nothing can be cut from what would be left.
            self.drop_front(self.units.len());
            self.broken = true;
        }
    }

    fn second_key(&self) -> Option<usize> {
        self.units.iter().skip(1).position(|unit| unit.key).map(|place| place + 1)
    }

    fn drop_front(&mut self, number: usize) {
        self.bytes -= self.units.drain(..number).map(|unit| unit.data.len()).sum::<usize>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn unit(at_us: i64, key: bool, bytes: usize) -> Arc<AccessUnit> {
        Arc::new(AccessUnit { at_us, key, data: vec![0; bytes] })
    }

    /// Two units a second, a key frame every two seconds.
    fn filled(seconds: i64, bytes: usize) -> Ring {
        let mut ring = Ring::new(RING_US);
        for half in 0..=seconds * 2 {
            ring.push(unit(half * SECOND / 2, half % 4 == 0, bytes));
        }
        ring
    }

    fn times(units: &[Arc<AccessUnit>]) -> Option<(i64, i64)> {
        Some((units.first()?.at_us / SECOND, units.last()?.at_us / SECOND))
    }

    #[test]
    fn it_holds_fifteen_seconds_and_the_group_they_begin_in() {
        let ring = filled(60, 10);
        assert_eq!(ring.span(), Some((44 * SECOND, 60 * SECOND)));
        assert_eq!((ring.bytes(), ring.fps()), (33 * 10, Some(2.0)));
    }

    #[test]
    fn a_cut_begins_at_a_key_frame() {
        let ring = filled(60, 10);
        let cases = [
            ((51, 55), Some((50, 55))),
            ((52, 52), Some((52, 52))),
            ((10, 50), Some((44, 50))),
            ((58, 99), Some((58, 60))),
            ((10, 40), None),
            ((61, 70), None),
        ];
        for ((from, to), expected) in cases {
            let cut = ring.cut(from * SECOND, to * SECOND);
            assert_eq!(times(&cut), expected, "{from} to {to}");
            assert!(cut.first().is_none_or(|unit| unit.key));
        }
        let key = |second: i64| ring.key(second * SECOND).map(|unit| unit.at_us / SECOND);
        assert_eq!((key(51), key(3), key(99)), (Some(50), Some(44), Some(60)));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let ring = filled(60, RING_BYTES_MAX / 10);
        assert!(ring.bytes() <= RING_BYTES_MAX);
        assert!(ring.span().is_some_and(|(first, _)| first % (2 * SECOND) == 0));
        // A group of pictures that alone is too large leaves nothing, until the next one.
        let mut ring = Ring::new(RING_US);
        ring.push(unit(0, true, RING_BYTES_MAX));
        ring.push(unit(1, false, 1));
        ring.push(unit(2, false, 1));
        assert_eq!((ring.bytes(), ring.span()), (0, None));
        ring.push(unit(3, true, 1));
        assert_eq!(ring.bytes(), 1);
    }

    #[test]
    fn what_a_clip_waits_for_is_kept() {
        let mut ring = Ring::new(0);
        for half in 0..=40 {
            ring.push(unit(half * SECOND / 2, half % 4 == 0, 10));
            if half == 8 {
                ring.pin(Some(3 * SECOND));
            }
        }
        assert_eq!(ring.span(), Some((4 * SECOND, 20 * SECOND)));
        ring.pin(None);
        ring.push(unit(20 * SECOND + 1, false, 10));
        assert_eq!(ring.span(), Some((20 * SECOND, 20 * SECOND + 1)));
    }

    #[test]
    fn after_a_gap_only_a_key_frame_goes_on() {
        let mut ring = Ring::new(RING_US);
        ring.push(unit(0, false, 10));
        assert_eq!(ring.span(), None);
        ring.push(unit(1, true, 10));
        ring.interrupted();
        ring.push(unit(2, false, 10));
        ring.push(unit(3, true, 10));
        assert_eq!((ring.span(), ring.bytes()), (Some((1, 3)), 20));
    }
}
