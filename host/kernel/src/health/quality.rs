//! The quality of what a source sends, counted day by day, how far its clock is off, and how long it
//! is usually still. Counted and measured only: from where on it is too much, others say.

use super::SourceBook;
use plumbline_contract::time::{Day, Millis};
use serde::{Deserialize, Serialize};

/// Days whose quality is remembered: a host that was off over a long weekend still tells of them.
const QUALITY_DAYS_MAX: usize = 5;
/// Pauses that are remembered: enough for a median, few enough to follow a new rhythm.
const PAUSES_MAX: usize = 128;
/// Pauses from which on the usual one counts as known.
const PAUSES_MIN: usize = 8;
/// A record that was created later than this after its receipt comes from the future: below it are
/// clocks that are a little ahead.
const FUTURE_MS: i64 = 60_000;
/// Delays that must be known before a clock is measured.
const DELAYS_MIN: usize = 20;
/// Delays that lie closer together than this come from the clock, not from waiting, milliseconds.
const STEADY_MS: i64 = 60_000;

/// Why a record is faulty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A required field is missing.
    Missing,
    /// A code or value is not what it may be.
    Invalid,
    /// From the future.
    Future,
    /// Known already.
    Duplicate,
}

/// The records that were received on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayQuality {
    /// All of them, refused ones included.
    pub events: u64,
    pub missing: u64,
    pub invalid: u64,
    pub future: u64,
    pub duplicates: u64,
    /// Those with a fault, each counted once.
    pub faulty: u64,
}

impl DayQuality {
    /// Counts one record with all that is wrong with it.
    pub fn count(&mut self, flaws: &[Flaw]) {
        self.events += 1;
        self.faulty += u64::from(!flaws.is_empty());
        for flaw in flaws {
            *match flaw {
                Flaw::Missing => &mut self.missing,
                Flaw::Invalid => &mut self.invalid,
                Flaw::Future => &mut self.future,
                Flaw::Duplicate => &mut self.duplicates,
            } += 1;
        }
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: Self) {
        self.events += other.events;
        self.missing += other.missing;
        self.invalid += other.invalid;
        self.future += other.future;
        self.duplicates += other.duplicates;
        self.faulty += other.faulty;
    }
}

/// Whether a record comes from the future.
#[must_use]
pub fn is_future(recorded: Millis, received: Millis) -> bool {
    recorded.0.saturating_sub(received.0) > FUTURE_MS
}

impl SourceBook {
    /// The quality of a day, to be counted on.
    pub fn quality_of(&mut self, day: Day) -> &mut DayQuality {
        while self.quality.len() >= QUALITY_DAYS_MAX && !self.quality.contains_key(&day) {
            self.quality.pop_first();
        }
        self.quality.entry(day).or_default()
    }

    /// Takes note of a pause between two reports, in seconds of working time.
    pub fn note_pause(&mut self, seconds: u32) {
        self.pauses.push_back(seconds);
        if self.pauses.len() > PAUSES_MAX {
            self.pauses.pop_front();
        }
    }

    /// The usual pause between two reports in seconds of working time; `None` while too few are
    /// known.
    #[must_use]
    pub fn usual_pause(&self) -> Option<u32> {
        let mut pauses: Vec<_> = self.pauses.iter().copied().collect();
        pauses.sort_unstable();
        (pauses.len() >= PAUSES_MIN).then(|| pauses[pauses.len() / 2])
    }

    /// How far the source's clock is off, in seconds, ahead if positive, and the number of delays
    /// that say so. A clock that is behind cannot be told from a steady delay.
    #[must_use]
    pub fn drift(&self) -> Option<(i64, usize)> {
        let mut delays: Vec<_> = self.delays.iter().copied().collect();
        if delays.len() < DELAYS_MIN {
            return None;
        }
        delays.sort_unstable();
        let at = |percent: usize| delays[(delays.len() - 1) * percent / 100];
        let (low, median, high) = (at(10), at(50), at(90));
        let ahead_ms = match low {
            ..0 => -low,
            _ if high - low < STEADY_MS => -median,
            _ => 0,
        };
        Some((ahead_ms / 1000, delays.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_with_several_flaws_is_faulty_once() {
        let mut day = DayQuality::default();
        for flaws in [&[][..], &[Flaw::Missing, Flaw::Invalid], &[Flaw::Duplicate], &[]] {
            day.count(flaws);
        }
        let twice =
            DayQuality { events: 8, missing: 2, invalid: 2, future: 0, duplicates: 2, faulty: 4 };
        day.add(day);
        assert_eq!(day, twice);
        assert!(is_future(Millis(60_001), Millis(0)) && !is_future(Millis(60_000), Millis(0)));
    }

    #[test]
    fn the_drift_is_told_from_waiting() {
        let drift = |delays: &[i64]| {
            let delays = delays.iter().copied().cycle().take(30).collect();
            SourceBook { delays, ..SourceBook::default() }.drift()
        };
        let cases: [(&str, &[i64], i64); 4] = [
            ("as it should be", &[2_000], -2),
            ("ahead", &[-90_000, -88_000, 4_000], 90),
            ("a steady delay or behind", &[600_000, 610_000], -600),
            ("records wait for the next transmission", &[5_000, 400_000, 1_700_000], 0),
        ];
        for (name, delays, seconds) in cases {
            assert_eq!(drift(delays), Some((seconds, 30)), "{name}");
        }
        assert_eq!(SourceBook::default().drift(), None);
    }

    #[test]
    fn the_usual_pause_is_known_after_some() {
        let mut book = SourceBook::default();
        (0..7).for_each(|_| book.note_pause(300));
        assert_eq!(book.usual_pause(), None);
        (0..4).for_each(|_| book.note_pause(7_200));
        assert_eq!(book.usual_pause(), Some(300));
        (0..128).for_each(|_| book.note_pause(60));
        assert_eq!((book.usual_pause(), book.pauses.len()), (Some(60), PAUSES_MAX));
    }

    #[test]
    fn old_days_are_forgotten() {
        let mut book = SourceBook::default();
        for number in 0..9 {
            book.quality_of(Day(number)).count(&[]);
        }
        let days: Vec<_> = book.quality.keys().map(|day| day.0).collect();
        assert_eq!(days, [4, 5, 6, 7, 8]);
    }
}
