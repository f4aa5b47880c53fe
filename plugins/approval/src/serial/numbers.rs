//! The running numbers of one range, kept as the gaps between them: a hundred thousand numbers
//! without a gap are two numbers.

use plumbline_guest::Local;
use plumbline_guest::serde::{Deserialize, Serialize};

/// Most gaps that are kept; beyond it the earliest are given up and only their size is remembered.
/// A department that loses a number every hour of the year stays below.
const GAPS_MAX: usize = 2_000;

/// Numbers that are missing between present ones, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Gap {
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// Earliest record of any higher number: since then the gap's numbers are overdue.
    pub(crate) since: Local,
}

impl Gap {
    pub(crate) fn len(&self) -> i64 {
        self.last - self.first + 1
    }
}

/// The numbers from the lowest to the highest that were seen, less the gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Numbers {
    /// Lowest and highest number, and the earliest record of any.
    hull: Option<(i64, i64, Local)>,
    /// Ascending, disjoint, never adjacent, strictly inside the hull.
    gaps: Vec<Gap>,
    /// Missing numbers in gaps that were given up.
    given_up: i64,
}

impl Numbers {
    /// Takes a number; returns the earliest record of any higher number if it was missing, that is,
    /// since when it had been overdue.
    pub(crate) fn insert(&mut self, number: i64, recorded: Local) -> Option<Local> {
        let Some((low, high, earliest)) = self.hull else {
            self.hull = Some((number, number, recorded));
            return None;
        };
        self.hull = Some((low.min(number), high.max(number), earliest.min(recorded)));
        let was_overdue = if number < low {
            self.fill_below(number, low, earliest);
            Some(earliest)
        } else {
            self.fill(number)
        };
        if number > high && number - high > 1 {
            self.gaps.push(Gap { first: high + 1, last: number - 1, since: recorded });
        }
        for gap in self.gaps.iter_mut().take_while(|gap| gap.last < number) {
            gap.since = gap.since.min(recorded);
        }
        self.give_up();
        was_overdue
    }

    fn fill_below(&mut self, number: i64, low: i64, since: Local) {
        if low - number > 1 {
            self.gaps.insert(0, Gap { first: number + 1, last: low - 1, since });
        }
    }

    /// Takes a number out of the gap that it lies in.
    fn fill(&mut self, number: i64) -> Option<Local> {
        let index = self.gaps.partition_point(|gap| gap.last < number);
        let gap = *self.gaps.get(index).filter(|gap| gap.first <= number)?;
        let below = Gap { last: number - 1, ..gap };
        let above = Gap { first: number + 1, ..gap };
        let parts = [below, above].into_iter().filter(|part| part.first <= part.last);
        self.gaps.splice(index..=index, parts);
        Some(gap.since)
    }

    /// Takes back a number that a correction replaced, as missing since then.
    pub(crate) fn remove(&mut self, number: i64, at: Local) {
        let Some((low, high, earliest)) = self.hull else { return };
        if !self.contains(number) {
            return;
        }
        if low == high {
            *self = Self { given_up: self.given_up, ..Self::default() };
            return;
        }
        let index = self.gaps.partition_point(|gap| gap.last < number);
        self.gaps.insert(index, Gap { first: number, last: number, since: at });
        // Adjacent gaps become one; a gap at an end is no gap but the end of the range.
        self.merge(index + 1);
        self.merge(index);
        let mut hull = (low, high, earliest);
        if let Some(gap) = self.gaps.first().copied().filter(|gap| gap.first <= low) {
            self.gaps.remove(0);
            hull.0 = gap.last + 1;
        }
        if let Some(gap) = self.gaps.last().copied().filter(|gap| gap.last >= high) {
            self.gaps.pop();
            hull.1 = gap.first - 1;
        }
        self.hull = Some(hull);
    }

    /// Joins the gap at `index` to the one before it, if they touch.
    fn merge(&mut self, index: usize) {
        let Some(before) = index.checked_sub(1) else { return };
        let (Some(left), Some(right)) = (self.gaps.get(before), self.gaps.get(index)) else {
            return;
        };
        if left.last + 1 == right.first {
            let since = left.since.max(right.since);
            let joined = Gap { first: left.first, last: right.last, since };
            self.gaps.splice(before..=index, [joined]);
        }
    }

    fn give_up(&mut self) {
        if self.gaps.len() > GAPS_MAX {
            self.given_up += self.gaps.remove(0).len();
        }
    }

    pub(crate) fn contains(&self, number: i64) -> bool {
        let inside = self.hull.is_some_and(|(low, high, _)| low <= number && number <= high);
        let index = self.gaps.partition_point(|gap| gap.last < number);
        inside && self.gaps.get(index).is_none_or(|gap| number < gap.first)
    }

    /// The lowest and the highest number.
    pub(crate) fn hull(&self) -> Option<(i64, i64)> {
        self.hull.map(|(low, high, _)| (low, high))
    }

    pub(crate) fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Of the numbers up to the end of a gap: how many there are, and how many are missing at least
    /// besides those in kept gaps.
    pub(crate) fn up_to(&self, gap: &Gap) -> (i64, i64) {
        let low = self.hull.map_or(gap.first, |(low, _, _)| low);
        (gap.last - low + 1, self.given_up)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The same by the book: a list of all numbers with their records.
    fn gaps_of(present: &[(i64, i64)]) -> Vec<(i64, i64, i64)> {
        let mut sorted = present.to_vec();
        sorted.sort_unstable();
        let pairs = sorted.windows(2).filter(|pair| pair[1].0 - pair[0].0 > 1);
        let since = |above: i64| {
            present.iter().filter(|(number, _)| *number >= above).map(|(_, at)| *at).min().unwrap()
        };
        pairs.map(|p| (p[0].0 + 1, p[1].0 - 1, since(p[1].0))).collect()
    }

    #[test]
    fn gaps_do_not_depend_on_the_order_of_arrival() {
        // A small multiplicative generator: many orders, the same ones on every run.
        let mut seed = 7_u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..500 {
            let mut numbers = Numbers::default();
            let mut present: Vec<(i64, i64)> = Vec::new();
            for _ in 0..20 {
                let (number, at) = (next(40) as i64, next(1000) as i64);
                if present.iter().any(|(known, _)| *known == number) {
                    continue;
                }
                numbers.insert(number, Local(at));
                present.push((number, at));
                let gaps: Vec<_> =
                    numbers.gaps().iter().map(|gap| (gap.first, gap.last, gap.since.0)).collect();
                assert_eq!(gaps, gaps_of(&present), "{present:?}");
            }
            while let Some((number, _)) = present.pop() {
                numbers.remove(number, Local(0));
                let gaps: Vec<_> = numbers.gaps().iter().map(|gap| (gap.first, gap.last)).collect();
                let wanted: Vec<_> =
                    gaps_of(&present).iter().map(|(first, last, _)| (*first, *last)).collect();
                assert_eq!(gaps, wanted, "without {number}: {present:?}");
            }
        }
    }

    #[test]
    fn a_year_of_numbers_without_a_gap_stays_small() {
        let mut numbers = Numbers::default();
        for number in 1..=100_000 {
            assert_eq!(numbers.insert(number, Local(number)), None);
        }
        assert!(numbers.gaps().is_empty() && numbers.contains(1) && numbers.contains(100_000));
    }

    #[test]
    fn gaps_beyond_the_limit_are_counted() {
        let mut numbers = Numbers::default();
        for number in 0..=(GAPS_MAX as i64 + 5) {
            numbers.insert(number * 2, Local(0));
        }
        assert_eq!(numbers.gaps().len(), GAPS_MAX);
        assert_eq!(numbers.up_to(numbers.gaps().last().unwrap()).1, 5);
    }
}
