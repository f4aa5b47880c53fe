//! The formulas that have names of their own, in whole numbers.

use crate::exact::{Milli, Share, divide_rounded};

/// 法定提速率 and 承诺提速率: (Σ limit − Σ used) / Σ limit, over cases that have both.
#[must_use]
pub fn limit_saved(cases: impl IntoIterator<Item = (Option<i32>, Option<i32>)>) -> Share {
    let mut share = Share::default();
    for (limit, used) in cases {
        if let (Some(limit), Some(used)) = (limit, used) {
            share.whole += i64::from(limit);
            share.part += i64::from(limit) - i64::from(used);
        }
    }
    share
}

/// What the score of a grid is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GridCounts {
    /// Hazards and reports that came up.
    pub all: u32,
    pub done: u32,
    pub done_in_time: u32,
    /// Done, and put right more than once.
    pub reworked: u32,
    /// Not done and beyond their day.
    pub open_overdue: u32,
    pub extended: u32,
}

/// 处置率 × 30 + 按期处置率 × 20 + (1 − 返工率) × 20 + (1 − 超期待处置率) × 20 + (1 − 延期率) × 10;
/// `None` if nothing came up. Of nothing done, the share in time is 0 and the share reworked is 0.
#[must_use]
pub fn grid_score(counts: GridCounts) -> Option<Milli> {
    if counts.all == 0 {
        return None;
    }
    let (all, done) = (i128::from(counts.all), i128::from(counts.done));
    let of_all = 30 * done
        + 20 * (all - i128::from(counts.open_overdue))
        + 10 * (all - i128::from(counts.extended));
    let of_done = 20 * i128::from(counts.done_in_time) + 20 * (done - i128::from(counts.reworked));
    // One fraction over both denominators, rounded once.
    let (number, by) = if done == 0 {
        (of_all + 20 * all, all)
    } else {
        (of_all * done + of_done * all, all * done)
    };
    Some(Milli(divide_rounded(number * 1000, by) as i64))
}
