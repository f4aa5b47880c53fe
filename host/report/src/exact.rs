//! Exact figures: fractions of whole numbers, points in thousandths, percentages cut off or rounded
//! by whole-number arithmetic. No floating point, so that a figure is the same on every machine and
//! in every year. How a figure is shown is decided here; what it means is not.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Thousandths in one.
pub const MILLI: i64 = 1000;

/// A number with three decimals, as whole thousandths: points of a score, factors, shares.
///
/// It is written and read as the plain number: `18.5`, never 18500. What is read from a file is not
/// negative and has three decimals at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Milli(pub i64);

impl Milli {
    pub const ZERO: Self = Self(0);

    /// A whole number.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self(number.saturating_mul(MILLI))
    }
}

impl fmt::Display for Milli {
    /// `18.5`, `-0.125`, `10`: as few decimals as are needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, size) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let (whole, rest) = (size / MILLI as u64, size % MILLI as u64);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let decimals = format!("{rest:03}");
        write!(f, "{sign}{whole}.{}", decimals.trim_end_matches('0'))
    }
}

impl Serialize for Milli {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % MILLI == 0 {
            return serializer.serialize_i64(self.0 / MILLI);
        }
        // The nearest double is written with the three decimals that it was made from.
        serializer.serialize_f64(self.0 as f64 / MILLI as f64)
    }
}

impl<'de> Deserialize<'de> for Milli {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainNumber)
    }
}

struct PlainNumber;

/// Largest number that a file may give; every sum of a million of them fits.
const NUMBER_MAX: i64 = 1_000_000;

impl Visitor<'_> for PlainNumber {
    type Value = Milli;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number from 0 to 1000000 with three decimals at most")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Milli, E> {
        if (0..=NUMBER_MAX).contains(&number) {
            return Ok(Milli::whole(number));
        }
        Err(E::custom(format!("{number} is negative or too large")))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Milli, E> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Milli, E> {
        let thousandths = (number * MILLI as f64).round();
        if !(0.0..=(NUMBER_MAX * MILLI) as f64).contains(&thousandths) || number < 0.0 {
            return Err(E::custom(format!("{number} is negative or too large")));
        }
        // Written and read again it must be the same number, else it has more decimals.
        if (thousandths / MILLI as f64).to_bits() != number.to_bits() {
            return Err(E::custom(format!("{number} has more than three decimals")));
        }
        Ok(Milli(thousandths as i64))
    }
}

/// `number / by`, rounded half away from zero. Zero if `by` is zero.
#[must_use]
pub fn divide_rounded(number: i128, by: i128) -> i128 {
    if by == 0 {
        return 0;
    }
    let (size, by_size) = (number.unsigned_abs(), by.unsigned_abs());
    let rounded = ((size * 2 + by_size) / (by_size * 2)) as i128;
    if (number < 0) == (by < 0) { rounded } else { -rounded }
}

/// A fraction of counts or of days, never reduced: both parts are shown beside the percentage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Share {
    pub part: i64,
    pub whole: i64,
}

impl Share {
    #[must_use]
    pub fn new(part: usize, whole: usize) -> Self {
        Self { part: saturate(part), whole: saturate(whole) }
    }

    /// Hundredths of a percent, cut off towards zero; `None` of nothing.
    #[must_use]
    pub fn basis_points(self) -> Option<i64> {
        let parts = i128::from(self.part) * 10_000;
        (self.whole != 0).then(|| (parts / i128::from(self.whole)) as i64)
    }

    /// `97.22%`: a percentage with two decimals, cut off. `–` of nothing.
    #[must_use]
    pub fn percent(self) -> String {
        self.basis_points().map_or_else(|| "–".to_owned(), percent)
    }
}

/// Hundredths of a percent as text: `97.22%`.
#[must_use]
pub fn percent(basis_points: i64) -> String {
    let (sign, size) = (if basis_points < 0 { "-" } else { "" }, basis_points.unsigned_abs());
    format!("{sign}{}.{:02}%", size / 100, size % 100)
}

fn saturate(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Bounds of a share, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Interval {
    pub low: i64,
    pub high: i64,
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}–{}", percent(self.low), percent(self.high))
    }
}

/// The Wilson score interval of 95 % for `part` of `whole`, rounded outward to hundredths of a
/// percent; `None` of nothing. Counts beyond a hundred million are taken as that many.
///
/// (2k + z² ∓ z·√(z² + 4k(n−k)/n)) / (2(n + z²)) with z = 1.96 (E. B. Wilson, 1927).
#[must_use]
pub fn wilson(share: Share) -> Option<Interval> {
    /// Largest count, so that no product below leaves 128 bits.
    const COUNT_MAX: i64 = 100_000_000;
    /// 1.96 in hundredths.
    const Z: u128 = 196;
    let whole = u128::try_from(share.whole.min(COUNT_MAX)).ok().filter(|whole| *whole > 0)?;
    let part = u128::try_from(share.part.min(COUNT_MAX)).unwrap_or(0).min(whole);
    // Everything times 10^4 · n, and the root times 10^4 more, so that it is exact to that place.
    let square = Z * Z * whole * whole + 40_000 * part * (whole - part) * whole;
    let fine = square * 100_000_000;
    let root = fine.isqrt();
    let root_up = if root * root == fine { root } else { root + 1 };
    let middle = (20_000 * part + Z * Z) * whole * 10_000;
    let bottom = 2 * (10_000 * whole + Z * Z) * whole * 10_000;
    let low = middle.saturating_sub(Z * root_up) * 10_000 / bottom;
    let high = ((middle + Z * root_up) * 10_000).div_ceil(bottom).min(10_000);
    // At the ends the formula gives 0 and 1 exactly; the rounding of the root must not move them.
    let low = if part == 0 { 0 } else { low };
    Some(Interval { low: low as i64, high: if part == whole { 10_000 } else { high as i64 } })
}

/// The value at the `share` of thousandths of sorted values (nearest rank); `None` of none.
#[must_use]
pub fn quantile(sorted: &[i64], share: usize) -> Option<i64> {
    let rank = (sorted.len() * share).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied()
}
