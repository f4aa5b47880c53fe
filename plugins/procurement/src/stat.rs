//! Small exact statistics: they decide on thresholds only, so that the last digits do not matter.

/// Mean and sample standard deviation; none of fewer than two values.
pub(crate) fn spread(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
    Some((mean, (square / (n - 1.0)).sqrt()))
}

/// The middle value of a list, the lower of the two middle ones if it is even.
pub(crate) fn median(values: &mut [i64]) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

/// Entropy of shares over `n` holders, from 0 (one has all) to 1 (all have the same).
pub(crate) fn evenness(counts: &[usize]) -> f64 {
    let total = counts.iter().sum::<usize>() as f64;
    if counts.len() < 2 || total == 0.0 {
        return 0.0;
    }
    let part = |count: &usize| match *count {
        0 => 0.0,
        count => {
            let share = count as f64 / total;
            -share * share.ln()
        }
    };
    counts.iter().map(part).sum::<f64>() / (counts.len() as f64).ln()
}

/// Probability of at least `wanted` successes in trials with their own chances.
pub(crate) fn at_least(wanted: usize, chances: &[f64]) -> f64 {
    let mut exactly = vec![0.0; chances.len() + 1];
    exactly[0] = 1.0;
    for (done, chance) in chances.iter().enumerate() {
        for hits in (0..=done).rev() {
            let before = exactly[hits];
            exactly[hits + 1] += before * chance;
            exactly[hits] = before * (1.0 - chance);
        }
    }
    exactly.iter().skip(wanted).sum()
}

/// Whether the probability of at least `wanted` successes in `trials` equal trials is one that
/// `is_low` accepts; whatever it refuses, it must refuse everything above. Most probabilities are
/// refused by their first term.
pub(crate) fn is_below(
    wanted: usize,
    trials: usize,
    chance: f64,
    is_low: impl Fn(f64) -> bool,
) -> bool {
    is_low(upper_tail(wanted, trials, chance, &is_low))
}

/// Probability of at least `wanted` successes in `trials` equal trials, summed up while `goes_on` with what there is.
fn upper_tail(wanted: usize, trials: usize, chance: f64, goes_on: impl Fn(f64) -> bool) -> f64 {
    if wanted == 0 || chance >= 1.0 {
        return 1.0;
    }
    // The sum of the lower terms loses what is small; the upper terms are summed one by one.
    let mut term = 1.0;
    for k in 0..wanted {
        term *= (trials - k.min(trials)) as f64 / (k + 1) as f64 * chance;
    }
    let quiet = 1.0 - chance;
    let mut tail = 0.0;
    for k in wanted..=trials {
        tail += term * power(quiet, trials - k);
        if term == 0.0 || !goes_on(tail) {
            break;
        }
        term *= (trials - k) as f64 / (k + 1) as f64 * chance;
    }
    tail
}

/// A power by squaring, the same on every machine.
fn power(mut base: f64, mut exponent: usize) -> f64 {
    let mut result = 1.0;
    while exponent > 0 {
        if exponent % 2 == 1 {
            result *= base;
        }
        base *= base;
        exponent /= 2;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_tables() {
        let binomial_at_least =
            |wanted, trials, chance| upper_tail(wanted, trials, chance, |_| true);
        let near = |value: f64, wanted: f64| (value - wanted).abs() <= wanted * 1e-6 + 1e-12;
        let rows = [(2, 10, 0.5, 0.989_257_812_5), (3, 3, 0.1, 0.001), (0, 5, 0.2, 1.0)];
        for (wanted, trials, chance, tail) in rows {
            assert!(near(binomial_at_least(wanted, trials, chance), tail), "{wanted}/{trials}");
            assert!(near(at_least(wanted, &vec![chance; trials]), tail), "{wanted}/{trials}");
            for limit in [tail * 0.9, tail * 1.1] {
                let is_low = is_below(wanted, trials, chance, |p| p < limit);
                assert_eq!(is_low, tail < limit, "{wanted}/{trials} against {limit}");
            }
        }
        assert!(near(evenness(&[3, 3, 3]), 1.0));
        assert!(near(evenness(&[9, 0, 0]), 0.0));
        assert_eq!(median(&mut [5, 1, 3]), Some(3));
        assert_eq!(median(&mut []), None);
    }
}
