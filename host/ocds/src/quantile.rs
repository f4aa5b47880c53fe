//! Quartiles and percentiles as the published tool takes them.
//!
//! Cardinal uses `OrderStatistics` of the crate statrs: the median-unbiased estimate of Hyndman and
//! Fan ("Sample Quantiles in Statistical Packages", 1996), number 8 there and in R: with n values the
//! place of the quantile t is h = (n + 1/3) t + 1/3, counted from 1, and between two places the line.
//! Below the first place it is the smallest value, from the last on the largest. The steps here are
//! the same floating-point operations in the same order, so that fences are equal to the last bit.

/// Values in ascending order, none of them NaN.
#[derive(Clone, Debug, Default)]
pub struct Sorted(Vec<f64>);

impl Sorted {
    /// Sorts values; NaN has no order and is left out.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
        values.sort_unstable_by(f64::total_cmp);
        Self(values)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn min(&self) -> Option<f64> {
        self.0.first().copied()
    }

    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.0.last().copied()
    }

    /// The quantile of a share from 0 to 1; `None` for no values or another share.
    #[must_use]
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let (least, greatest) = (self.min()?, self.max()?);
        if !(0.0..=1.0).contains(&share) {
            return None;
        }
        let n = self.0.len();
        let place = (n as f64 + 1.0 / 3.0) * share + 1.0 / 3.0;
        // From 0.33 to n + 0.67, so that it fits.
        let below = place as usize;
        if below == 0 || share == 0.0 {
            return Some(least);
        }
        if below >= n {
            return Some(greatest);
        }
        let (a, b) = (self.0[below - 1], self.0[below]);
        Some(a + (place - below as f64) * (b - a))
    }
}

/// First quartile, median, third quartile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quartiles {
    pub q1: f64,
    pub median: f64,
    pub q3: f64,
}

/// Whiskers of a box plot: how many times the distance of the quartiles an outlier is away.
const WHISKER: f64 = 1.5;

impl Quartiles {
    #[must_use]
    pub fn of(values: &Sorted) -> Option<Self> {
        let at = |share| values.quantile(share);
        Some(Self { q1: at(0.25)?, median: at(0.5)?, q3: at(0.75)? })
    }

    /// `q1 - 1.5 (q3 - q1)`, rounded once.
    #[must_use]
    pub fn lower_fence(self) -> f64 {
        (self.q3 - self.q1).mul_add(-WHISKER, self.q1)
    }

    /// `q3 + 1.5 (q3 - q1)`, rounded once.
    #[must_use]
    pub fn upper_fence(self) -> f64 {
        (self.q3 - self.q1).mul_add(WHISKER, self.q3)
    }

    /// The fence lies on both quartiles: half of the values and more are the same.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "equal quartiles come from equal values")]
    pub fn is_degenerate(self) -> bool {
        self.q1 == self.q3
    }
}
