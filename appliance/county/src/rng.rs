//! A small generator of numbers that look random: the same seed gives the same numbers, for ever and
//! on every machine. It is not meant to keep secrets.

/// SplitMix64: one word of state, and every seed is a good one.
/// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// A generator of its own for each named part, so that a change in one part leaves the others
    /// as they are.
    pub(crate) fn new(seed: u64, part: &str) -> Self {
        Self(seed ^ plumbline_contract::event::fingerprint(&[part.as_bytes()]))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn range(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as usize) as i64
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// As many whole things as a fractional number says on average.
    pub(crate) fn round(&mut self, number: f64) -> usize {
        let whole = number as usize;
        let rest = ((number - whole as f64) * 1_000_000.0) as usize;
        whole + usize::from(self.below(1_000_000) < rest)
    }

    /// Sixteen hexadecimal digits.
    pub(crate) fn hex(&mut self) -> String {
        format!("{:016x}", self.next())
    }
}
